"""The app in a real Chromium whose microphone plays a file: what a person does, from speaking to the bars."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from ser_core import audio
from ser_core.features.cues import TITLES
from ser_core.storage.paths import DATA_DIR
from tests.support.browsing import (
    MODEL_TIMEOUT_MS,
    PATHS,
    chart,
    expect_bars,
    listen,
    opened,
    settled,
)
from tests.support.server import microphone_file, served
from tests.support.synthesis import FORMATS, RATE, bad_inputs, voice, wav

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SAMPLES = DATA_DIR / "samples"


def saved_clip(page: Page) -> audio.Recording:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save WAV").click()
    return audio.decode(Path(download.value.path()).read_bytes())


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """The best correlation of two envelopes (20 ms) over all shifts: codecs, gain and timing
    differ, syllables do not.
    """
    first, second = (
        np.sqrt((x[: len(x) // 320 * 320].reshape(-1, 320) ** 2).mean(axis=1)) for x in (one, other)
    )
    first, second = ((x - x.mean()) / x.std() for x in (first, second))
    return float(np.correlate(np.pad(first, len(second)), second).max() / len(second))


@pytest.fixture(params=["synthetic", pytest.param("ravdess", marks=pytest.mark.corpus)])
def spoken(request: pytest.FixtureRequest) -> np.ndarray:
    """What is said into the microphone: our synthetic clip, and one of RAVDESS where it is there."""
    if request.param == "synthetic":
        return voice(seconds=3.0)
    clips = request.getfixturevalue("ravdess_clips")
    return audio.load(clips.get("03-01-05-01-02-01-11") or next(iter(clips.values()))).samples


@pytest.mark.parametrize("path", PATHS)
def test_every_page_opens_with_no_error(path, url):
    with opened(url, path) as page:
        page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("path", PATHS)
def test_every_page_fits_the_width_of_a_phone(path, url):
    with opened(url, path, width=390) as page:
        settled(page)
        wider = (
            "[...document.querySelectorAll('[data-testid=stMain], "
            "[data-testid=stMainBlockContainer]')].map(e => e.scrollWidth - e.clientWidth)"
        )
        assert max(page.evaluate(wider)) <= 0


def test_the_tour_can_be_taken_by_keyboard_alone(url):
    with opened(url, "tour") as page:
        expect(page.get_by_text("This browser finds no microphone")).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )  # the last to appear
        settled(page)
        press(page, "Take a sample voice")
        expect(page.get_by_text("which emotion will it hear")).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )
        for step in ("2. Read the answer", "3. Ask why", "4. What makes an emotion"):
            settled(page)
            press(page, "Next: ")
            expect(page.get_by_role("heading", name=step)).to_be_visible(timeout=MODEL_TIMEOUT_MS)
        settled(page)
        expect(chart(page, "Effect (standard")).to_be_visible()
        assert "step=4" in page.url


def press(page: Page, name: str) -> None:
    """Go to a button with the tabulator key, and press it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if (
            page.evaluate("document.activeElement.innerText || ''")
            .strip()
            .rpartition("\n")[2]
            .startswith(name)
        ):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"the tabulator key does not reach {name!r}")


def test_a_chart_is_saved_as_svg(url):
    with opened(url, "tour") as page:
        page.get_by_text("4", exact=True).click()
        expect(chart(page, "Effect (standard")).to_be_visible(timeout=MODEL_TIMEOUT_MS)
        settled(page)
        page.get_by_role("button", name="Save charts").click()
        with page.expect_download() as download:
            page.get_by_test_id("stPopoverBody").get_by_role(
                "button", name="The attributes that set angry apart"
            ).click()
        svg = Path(download.value.path()).read_text(encoding="utf-8")
        assert svg.startswith("<svg")
        assert "Pitch (F0), median" in svg


def test_a_deep_link_may_be_the_first_thing_a_server_is_asked_for():
    with served() as url, opened(url, "model_comparison") as page:
        expect(page.get_by_role("link", name="Record & predict")).to_be_visible()
        expect(page.get_by_text("Page not found")).to_have_count(0)
        page.get_by_role("link", name="Home").click()
        page.get_by_role("button", name="Record your voice").click()
        expect(page.get_by_role("heading", name="Record & predict")).to_be_visible()


def test_speaking_into_the_recorder_ends_in_bars(spoken, url, tmp_path):
    with opened(url, "record_and_predict", microphone=microphone_file(tmp_path, spoken)) as page:
        recorder = page.frame_locator("iframe[title*='audiorecorder']")
        recorder.get_by_role("button", name="Record").click()
        listen(page, len(spoken) / RATE)
        recorder.get_by_role("button", name="Stop").click()
        expect_bars(page)
        assert similarity(saved_clip(page).samples, spoken) > 0.7
        assert_plays(page)


def test_speaking_into_the_plain_recording_ends_in_bars(spoken, url, tmp_path):
    with opened(url, "record_and_predict", microphone=microphone_file(tmp_path, spoken)) as page:
        page.get_by_role("radio", name="Plain recording").or_(
            page.get_by_role("button", name="Plain recording")
        ).first.click()
        page.get_by_role("button", name="Record", exact=True).last.click()
        listen(page, len(spoken) / RATE)
        page.get_by_role("button", name="Stop recording").click()
        expect_bars(page)
        assert similarity(saved_clip(page).samples, spoken) > 0.9


def test_an_upload_ends_in_bars_and_a_bad_one_in_a_sentence(url, tmp_path):
    with opened(url, "record_and_predict") as page:
        page.get_by_role("radio", name="Upload").or_(
            page.get_by_role("button", name="Upload")
        ).first.click()
        chooser = page.locator("input[type=file]")
        chooser.set_input_files(
            {
                "name": "clip.m4a",
                "mimeType": "audio/mp4",
                "buffer": FORMATS["m4a"](voice(seconds=2.0)),
            }
        )
        expect_bars(page)
        page.get_by_role("button", name="Delete this recording", exact=True).click()
        expect(page.get_by_text("The answer appears here")).to_be_visible()
        chooser.set_input_files(
            {"name": "clip.wav", "mimeType": "audio/wav", "buffer": bad_inputs()["text"][0]}
        )
        expect(page.get_by_text("no sound file")).to_be_visible()
        expect(page.get_by_text("The answer appears here")).to_be_visible()


def test_a_sample_ends_in_bars_and_survives_a_change_of_page(url):
    with opened(url, "record_and_predict") as page:
        page.get_by_role("radio", name="Sample").or_(
            page.get_by_role("button", name="Sample")
        ).first.click()
        page.get_by_text("Lively high").click()
        expect_bars(page)
        page.get_by_role("link", name="Feature explorer").click()
        expect(page.get_by_text("Your recording:").first).to_be_visible()
        page.get_by_role("link", name="Record & predict").click()
        expect_bars(page)


def test_reading_a_neutral_sentence_into_the_recorder_changes_the_answer(url, tmp_path):
    neutral = audio.load(SAMPLES / "steady-low-voice.flac").samples
    with opened(url, "record_and_predict", microphone=microphone_file(tmp_path, neutral)) as page:
        page.get_by_role("radio", name="Sample").or_(
            page.get_by_role("button", name="Sample")
        ).first.click()
        page.get_by_text("Lively high").click()
        expect_bars(page)
        page.get_by_text("Personal baseline: let it hear").click()
        recorder = page.frame_locator("iframe[title*='audiorecorder']")
        recorder.get_by_role("button", name="Record").click()
        listen(page, len(neutral) / RATE)
        recorder.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("Judged against your baseline")).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )
        page.get_by_role("button", name="Delete the baseline").click()
        expect(page.get_by_text("Judged against your baseline")).to_have_count(0)
        expect_bars(page)


def test_a_click_on_the_timeline_of_a_long_recording_plays_the_stretch(url, tmp_path):
    voices = np.concatenate([audio.load(path).samples for path in sorted(SAMPLES.glob("*.flac"))])
    with opened(url, "record_and_predict") as page:
        page.get_by_role("radio", name="Upload").or_(
            page.get_by_role("button", name="Upload")
        ).first.click()
        page.locator("input[type=file]").set_input_files(
            {"name": "long.wav", "mimeType": "audio/wav", "buffer": FORMATS["wav"](voices)}
        )
        expect(page.get_by_text("Hear a stretch")).to_be_visible(timeout=MODEL_TIMEOUT_MS)
        players = page.get_by_test_id("stAudio").count()
        chart(page, "Time (s)0%").locator(".mark-rect path").first.click(force=True)
        expect(page.get_by_test_id("stAudio")).to_have_count(players + 1, timeout=MODEL_TIMEOUT_MS)
        expect(page.get_by_role("combobox", name="Hear a stretch")).to_have_value("0 to 4 s")


def test_the_reasons_are_said_drawn_and_heard(url):
    with opened(url, "record_and_predict") as page:
        page.get_by_role("radio", name="Sample").or_(
            page.get_by_role("button", name="Sample")
        ).first.click()
        page.get_by_text("Steady low").click()
        expect_bars(page)
        expect(page.get_by_text("What speaks most for")).to_be_visible()
        expect(page.get_by_text("matters most: without it")).to_be_visible()
        page.get_by_text("Why, in figures").click()
        for title in TITLES.values():
            expect(chart(page, "Points of probability")).to_contain_text(title)
        expect(chart(page, "Points lost").locator(".mark-rect path").first).to_be_visible()
        page.get_by_test_id("stAudio").nth(1).evaluate("player => player.play()")  # the moment
        page.wait_for_function("[...document.querySelectorAll('audio')][1].ended", timeout=10_000)


def test_many_clips_are_predicted_heard_narrowed_down_and_saved(url, tmp_path):
    voices = sorted(SAMPLES.glob("*.flac"))
    with opened(url, "several_clips") as page:
        broken = tmp_path / "broken.wav"
        broken.write_bytes(b"RIFF")
        page.locator("input[type=file]").set_input_files([*voices, broken])
        expect(page.get_by_text(f"{len(voices) + 1} clips: ")).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )
        table = page.get_by_test_id("stDataFrame").bounding_box()
        assert table is not None
        page.mouse.click(table["x"] + 18, table["y"] + 54)
        expect(page.get_by_test_id("stAudio")).to_have_count(1)
        assert_plays(page)
        page.get_by_label("Only names with").fill("steady")
        page.get_by_label("Only names with").press("Enter")
        expect(page.get_by_text(f"1 of {len(voices) + 1} clips shown")).to_be_visible()
        settled(page)  # the buttons stand below
        with page.expect_download() as download:
            page.get_by_role("button", name="Save JSON").click()
        (entry,) = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
        assert entry["file"] == "steady-low-voice.flac"


def test_a_link_leads_to_what_was_looked_at_and_a_cell_to_its_clips(url):
    with opened(url, "model_comparison") as page:
        page.get_by_text("One model").click()
        page.get_by_text("nEMO", exact=True).click()
        expect(page.get_by_text("emotion recognised; 4,481 clips of 9 speakers")).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )
        link = page.url
        assert "nEMO" in link
        page.goto(link)
        expect(page.get_by_text("emotion recognised; 4,481 clips of 9 speakers")).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )
        chart(page, "The model said").locator(".mark-rect path").nth(1).click(force=True)
        expect(page.get_by_text(", taken for ")).to_be_visible(timeout=MODEL_TIMEOUT_MS)


@contextlib.contextmanager
def map_of(url: str, corpora: str) -> Iterator[tuple[Page, Locator]]:
    """The explorer's map of some corpora, by a link, and where it is drawn: many clips on a canvas,
    fewer as SVG.
    """
    with opened(url, "feature_explorer") as page:
        page.goto(f"{url}/feature_explorer?look=Map&{corpora}")
        drawn = page.locator("[class*='st-key-clip_map'] .marks")
        expect(drawn).to_be_visible(timeout=MODEL_TIMEOUT_MS)
        drawn.scroll_into_view_if_needed()
        drawn.click(trial=True)  # returns when it stands still
        yield page, drawn


@pytest.mark.parametrize("corpora", ["corpora=RAVDESS", "corpora=RAVDESS&corpora=nEMO"])
def test_a_rectangle_on_the_map_lists_the_clips_inside_it(corpora, url):
    with map_of(url, corpora) as (page, drawn):
        place = drawn.bounding_box()
        assert place is not None
        page.mouse.move(place["x"] + 0.2 * place["width"], place["y"] + 0.3 * place["height"])
        page.mouse.down()
        page.mouse.move(
            place["x"] + 0.7 * place["width"], place["y"] + 0.7 * place["height"], steps=5
        )
        page.mouse.up()
        expect(page.get_by_text("inside the rectangle.")).to_be_visible(timeout=MODEL_TIMEOUT_MS)


@pytest.mark.corpus
def test_a_click_on_the_map_shows_the_clip_and_plays_it(url):
    with map_of(url, "corpora=RAVDESS") as (page, drawn):
        drawn.locator(".mark-symbol path").nth(700).click(force=True)
        expect(page.get_by_text("the most unusual first")).to_be_visible(timeout=MODEL_TIMEOUT_MS)
        expect(chart(page, "Frequency (Hz)").locator("image")).to_have_attribute(
            "href", re.compile("^data:image/png")
        )
        expect(chart(page, "F0 (Hz)")).to_be_visible()
        assert_plays(page)


def test_without_the_corpus_a_click_on_the_map_says_how_to_get_it(monkeypatch):
    monkeypatch.delenv("SER_CORPORA", raising=False)
    with served() as address, map_of(address, "corpora=RAVDESS") as (page, drawn):
        drawn.locator(".mark-symbol path").nth(700).click(force=True)
        expect(page.get_by_text("To hear the clips, get the corpus")).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )
        expect(chart(page, "F0 (Hz)")).to_be_visible()
        expect(page.get_by_text("the most unusual first")).to_be_visible()


def test_an_attribute_that_tells_two_emotions_apart_leads_on_to_men_and_women(url):
    with opened(url, "feature_explorer") as page:
        effects = chart(page, "of the differences")
        expect(effects).to_be_visible(timeout=MODEL_TIMEOUT_MS)
        heading = page.get_by_role("heading", level=3).first
        first = heading.inner_text()
        effects.locator(".mark-symbol path").nth(3).click(force=True)
        expect(heading).not_to_have_text(first, timeout=MODEL_TIMEOUT_MS)
        chosen = heading.inner_text()
        page.get_by_role("button", name="See it in every emotion").click()
        page.get_by_text("Gender", exact=True).click()
        expect(page.get_by_role("heading", name=chosen, exact=True)).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )
        expect(chart(page, "Angry \u00b7 male")).to_contain_text("Surprised \u00b7 male")
        link = page.url
        page.goto(link)
        expect(chart(page, "Angry \u00b7 male")).to_be_visible(timeout=MODEL_TIMEOUT_MS)


def test_a_folder_per_emotion_becomes_a_corpus_that_models_are_trained_on_and_compared_on(
    url, tmp_path
):
    for emotion, f0 in (("happy", 300.0), ("sad", 120.0)):
        (tmp_path / "mine" / emotion).mkdir(parents=True)
        for number in range(6):
            (tmp_path / "mine" / emotion / f"take {number}.wav").write_bytes(
                wav(voice(f0 + number, seconds=1.5, seed=number))
            )
    with opened(url, "own_corpus") as page:
        page.locator("input[type=file]").first.set_input_files(tmp_path / "mine")
        page.get_by_role("button", name="Measure 12 clips").click(timeout=MODEL_TIMEOUT_MS)
        page.get_by_role("button", name="Train and test").click(timeout=MODEL_TIMEOUT_MS)
        expect(page.get_by_text("It is not known who speaks")).to_be_visible(
            timeout=5 * MODEL_TIMEOUT_MS
        )
        page.get_by_role("link", name="Compare models on it").click()
        expect(
            page.get_by_role("radio", name="mine (yours)").or_(
                page.get_by_role("button", name="mine (yours)")
            )
        ).to_be_visible()
        expect(page.get_by_text("It is not known who speaks")).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )
        expect(chart(page, "Recognised on average")).to_contain_text("Random forest")
        page.get_by_text("One model").click()
        chart(page, "The model said").locator(".mark-rect path").first.click(
            force=True, timeout=MODEL_TIMEOUT_MS
        )
        table = page.get_by_test_id("stDataFrame")
        expect(table).to_be_visible(timeout=MODEL_TIMEOUT_MS)
        table.scroll_into_view_if_needed()
        expect(page.get_by_test_id("stApp")).to_have_attribute(
            "data-test-script-state", "notRunning"
        )
        place = table.bounding_box()
        assert place is not None
        page.mouse.click(place["x"] + 18, place["y"] + 54)
        expect(page.get_by_test_id("stAudio")).to_have_count(1)
        assert_plays(page)


def test_two_models_stand_side_by_side(url):
    with opened(url, "model_comparison") as page:
        page.get_by_text("Two models").click()
        expect(page.get_by_text("On the same 1,440 clips of 24 speakers")).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )
        expect(page.get_by_text("Only the second")).to_be_visible()
        expect(chart(page, "Share recognised")).to_be_visible()
        click_a_cell_of_each_matrix(page)


@pytest.mark.corpus
def test_the_clips_behind_a_cell_can_be_heard(url):
    with opened(url, "model_comparison?view=Two+models&second_model=Random+forest") as page:
        click_a_cell_of_each_matrix(page)
        expect(page.get_by_test_id("stApp")).to_have_attribute(
            "data-test-script-state", "notRunning"
        )
        tables = page.get_by_test_id("stDataFrame")
        for number in range(2):  # that of each model
            tables.nth(number).scroll_into_view_if_needed()
            place = tables.nth(number).bounding_box()
            assert place is not None
            page.mouse.click(place["x"] + 18, place["y"] + 54)
            expect(page.get_by_test_id("stAudio")).to_have_count(
                number + 1, timeout=MODEL_TIMEOUT_MS
            )
        assert_plays(page)


def click_a_cell_of_each_matrix(page: Page) -> None:
    """Of the two confusion matrices; each then has a list of its own below."""
    matrices = (
        page.get_by_test_id("stVegaLiteChart")
        .locator("svg.marks")
        .filter(has_text="The model said")
    )
    expect(matrices).to_have_count(2, timeout=MODEL_TIMEOUT_MS)
    for number in range(2):
        matrices.nth(number).locator(".mark-rect path").first.click(force=True)
        expect(page.get_by_text("Neutral, taken for neutral")).to_have_count(
            number + 1, timeout=MODEL_TIMEOUT_MS
        )


def test_curves_are_chosen_and_a_link_leads_back_to_them(url):
    with opened(url, "model_comparison") as page:
        page.get_by_text("Noise and rooms", exact=True).click()
        page.get_by_text("Rooms", exact=True).click()
        expect(chart(page, "Reverberation time of the room (s)")).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )
        expect(chart(page, "Reverberation time").locator(".mark-line path")).to_have_count(4)
        page.get_by_role("combobox").click()
        page.get_by_role("option", name="Random forest, mfcc128_v1").click()
        expect(chart(page, "Reverberation time").locator(".mark-line path")).to_have_count(5)
        link = page.url
        page.goto(link)
        expect(chart(page, "Reverberation time").locator(".mark-line path")).to_have_count(
            5, timeout=MODEL_TIMEOUT_MS
        )
        page.get_by_text("Training speakers", exact=True).click()
        expect(
            chart(page, "Speakers that it learnt from").locator(".mark-line path")
        ).to_have_count(4, timeout=MODEL_TIMEOUT_MS)


def test_a_blocked_microphone_is_said_plainly(url):
    with opened(url, "record_and_predict", blocked=True) as page:
        expect(page.get_by_text("blocks the microphone")).to_be_visible()


def test_a_microphone_that_works_is_not_complained_of(url, tmp_path):
    with opened(
        url, "record_and_predict", microphone=microphone_file(tmp_path, voice(seconds=1.0))
    ) as page:
        expect(
            page.frame_locator("iframe[title*='audiorecorder']").get_by_role(
                "button", name="Record"
            )
        ).to_be_visible()
        expect(page.get_by_text("microphone").filter(has_text="This browser")).to_have_count(0)


def assert_plays(page: Page) -> None:
    """The player has the clip and its time moves."""
    player = page.get_by_test_id("stAudio").first
    assert player.evaluate("p => p.play().then(() => p.duration)") > 1
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stAudio]').currentTime > 0.2"
    )
