"""Sessions are apart: many people at once in real browsers, each with a voice of their own.

And what a lost connection does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from ser_core import audio, models, prediction
from ser_core.emotions import LABELS
from ser_core.storage.paths import DATA_DIR
from tests.support.browsing import (
    MODEL_TIMEOUT_MS,
    choose,
    chromium,
    connected,
    context_of,
    expect_bars,
    opened,
    settled,
    watched,
)
from tests.support.line import Line, line_to
from tests.support.synthesis import voice, wav

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PEOPLE = 10
WITH_BASELINE = (1, 4, 7)


def clip_of(number: int) -> bytes:
    """A voice like no other: of its own pitch and length."""
    return wav(
        voice(100.0 + 17 * number, seconds=2.0 + 0.2 * number, seed=number, glide=0.1 * number)
    )


def neutral_of(number: int) -> bytes:
    """What somebody reads first.

    It has to sound like speech, so it is a synthetic voice that comes with the app.
    """
    return sorted((DATA_DIR / "samples").glob("*.flac"))[number % 3].read_bytes()


def file(number: int, data: bytes) -> Any:
    return {"name": f"person-{number}.wav", "mimeType": "audio/wav", "buffer": data}


def answer(page: Page) -> dict[str, Any]:
    """The JSON that the page saves."""
    page.get_by_text("Details and downloads").click()
    with page.expect_download(timeout=MODEL_TIMEOUT_MS) as download:
        # By keyboard: while the section unfolds the button moves, and a mouse would miss it.
        page.get_by_role("button", name="Save JSON").press("Enter")
    page.get_by_text("Details and downloads").click()
    return json.loads(Path(download.value.path()).read_text(encoding="utf-8"))


def test_ten_people_at_once_see_only_what_is_theirs(url):
    pair = [models.load_default(task) for task in LABELS]
    alone = [
        prediction.predict(audio.decode(clip_of(number)), *pair).to_dict()
        for number in range(PEOPLE)
    ]
    assert len({tuple(said["emotion_probabilities"].values()) for said in alone}) == PEOPLE
    with chromium() as browser:
        pages = [context_of(browser).new_page() for _ in range(PEOPLE)]
        problems = [watched(page, url) for page in pages]
        for page in pages:
            page.goto(f"{url}/record_and_predict?source=Upload")
        for number, page in enumerate(pages):  # nobody waits for anybody's answer
            page.locator("input[type=file]").first.set_input_files(file(number, clip_of(number)))
        for number in WITH_BASELINE:
            settled(pages[number])
            pages[number].get_by_text("Personal baseline: let it hear").click()
            pages[number].locator("input[type=file]").nth(1).set_input_files(
                file(number, neutral_of(number))
            )
        for number, page in enumerate(pages):
            if number in WITH_BASELINE:
                expect(page.get_by_text("Judged against your baseline")).to_be_visible(
                    timeout=MODEL_TIMEOUT_MS
                )
            else:
                expect_bars(page)
                expect(page.get_by_text("Judged against your baseline")).to_have_count(0)
            settled(page)
        for number in reversed(range(PEOPLE)):
            page = pages[number]
            said = answer(page)
            assert (said["file"], said["sha256"]) == (
                f"person-{number}.wav",
                alone[number]["sha256"],
            )
            assert said["duration_s"] == pytest.approx(2.0 + 0.2 * number, abs=0.05)
            if number in WITH_BASELINE:
                assert said["baseline"]["sha256"] == [audio.decode(neutral_of(number)).sha256]
            else:
                assert said["baseline"] is None
                assert said["emotion_probabilities"] == pytest.approx(
                    alone[number]["emotion_probabilities"], abs=1e-4
                )
            names = {other for other in range(PEOPLE) if f"person-{other}.wav" in page.content()}
            assert names == {number}
        pages[0].get_by_role(
            "button", name="Delete this recording"
        ).click()  # deletes one, and nobody else's
        expect(pages[0].get_by_text("The answer appears here")).to_be_visible()
        settled(pages[0])
        pages[1].get_by_role("link", name="Feature explorer").click()
        expect(pages[1].get_by_text("Your recording:").first).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )
        pages[0].get_by_role("link", name="Feature explorer").click()
        settled(pages[0])
        expect(pages[0].get_by_text("Your recording:")).to_have_count(0)
    assert [problem for of_page in problems for problem in of_page] == []


# --- a lost connection


def lose_and_find(page: Page, line: Line) -> None:
    """Cut the line, and mend it when the page knows."""
    line.cut()
    connected(page, False)
    line.mend()
    connected(page)


def reopened(page: Page) -> Locator:
    """Nothing to see of a lost connection: what was before is there, and the page does what it is
    asked for.
    """
    page.get_by_role("link", name="Feature explorer").click()
    return page.get_by_text("Your recording:").first


def assert_well(url: str) -> None:
    """Somebody else comes and gets an answer."""
    with opened(url, "record_and_predict") as page:
        choose(page, "Sample")
        page.get_by_text("Lively high").click()
        expect_bars(page)


@pytest.mark.fault(
    "the connection is lost with an answer on the page", "the page finds the clip again"
)
def test_a_connection_lost_with_an_answer_on_the_page_finds_the_clip_again(url):
    with line_to(url) as line, chromium() as browser:
        page = context_of(browser).new_page()
        page.goto(f"http://localhost:{line.port}/record_and_predict?source=Sample")
        page.get_by_text("Lively high").click()
        expect_bars(page)
        lose_and_find(page, line)
        expect(reopened(page)).to_be_visible(timeout=MODEL_TIMEOUT_MS)


@pytest.mark.fault(
    "the connection is lost in the middle of an upload",
    "the page says so; the file can be chosen again",
)
def test_a_connection_lost_in_the_middle_of_an_upload_says_so_and_the_file_can_be_chosen_again(url):
    long = wav(np.tile(voice(seconds=10.0), 12))  # 4 MB
    with line_to(url) as line, chromium() as browser:
        page = context_of(browser).new_page()
        page.goto(f"http://localhost:{line.port}/record_and_predict?source=Upload")
        chooser = page.locator("input[type=file]").first
        expect(chooser).to_be_attached(timeout=MODEL_TIMEOUT_MS)
        settled(page)
        line.cut_after(1_000_000)
        chooser.set_input_files({"name": "long.wav", "mimeType": "audio/wav", "buffer": long})
        expect(page.get_by_test_id("stFileChip").get_by_role("alert")).to_contain_text(
            "Error", timeout=MODEL_TIMEOUT_MS
        )
        assert line.cuts == 1
        line.mend()
        connected(page)
        expect(page.get_by_text("The answer appears here")).to_be_visible()
        page.get_by_role("button", name="Remove long.wav").click()
        chooser.set_input_files(
            {"name": "short.wav", "mimeType": "audio/wav", "buffer": wav(voice(seconds=2.0))}
        )
        expect_bars(page)
    assert_well(url)


@pytest.mark.fault("the connection is lost while predicting", "the page goes on where it was")
def test_a_connection_lost_in_the_middle_of_predicting_goes_on_where_it_was(url):
    clips = [
        {
            "name": f"{n}.wav",
            "mimeType": "audio/wav",
            "buffer": wav(voice(100.0 + n, seconds=15.0, seed=n)),
        }
        for n in range(25)
    ]
    with line_to(url) as line, chromium() as browser:
        page = context_of(browser).new_page()
        page.goto(f"http://localhost:{line.port}/several_clips")
        page.locator("input[type=file]").set_input_files(clips)
        expect(page.get_by_text("of 25) ...")).to_be_visible(timeout=MODEL_TIMEOUT_MS)
        lose_and_find(page, line)
        expect(page.get_by_text("25 clips: ")).to_be_visible(timeout=2 * MODEL_TIMEOUT_MS)
    assert_well(url)


@pytest.mark.fault("a page is closed while predicting", "the server is well")
def test_a_page_closed_in_the_middle_of_predicting_leaves_the_server_well(url):
    with chromium() as browser:
        page = context_of(browser).new_page()
        page.goto(f"{url}/record_and_predict?source=Upload")
        page.locator("input[type=file]").first.set_input_files(
            file(0, wav(np.tile(voice(seconds=10.0), 6)))
        )
        expect(page.get_by_test_id("stApp")).to_have_attribute(
            "data-test-script-state", "running", timeout=MODEL_TIMEOUT_MS
        )
    assert_well(url)
