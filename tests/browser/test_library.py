"""The library in a real Chromium: what was kept is there when everything else has gone, until it is
deleted.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ser_core.library import FILE, export
from ser_core.library.store import Library
from tests.support.browsing import MODEL_TIMEOUT_MS, expect_bars, opened, settled
from tests.support.server import served

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def keep_a_sample(page: Page, name: str) -> None:
    page.get_by_role("radio", name="Sample").or_(
        page.get_by_role("button", name="Sample")
    ).first.click()
    page.get_by_text(name).click()
    expect_bars(page)
    page.get_by_role("button", name="Keep this recording").click()
    expect(page.get_by_text("Kept in your library.")).to_be_visible(timeout=MODEL_TIMEOUT_MS)


def label(page: Page, emotion: str) -> None:
    page.get_by_test_id("stButtonGroup").get_by_text(emotion, exact=True).last.click()
    expect(page.get_by_text(f"Saved: {emotion.lower()}")).to_be_visible(timeout=MODEL_TIMEOUT_MS)


def select_first_row(page: Page) -> None:
    settled(page)
    table = page.get_by_test_id("stDataFrame").bounding_box()
    assert table is not None
    page.mouse.click(table["x"] + 18, table["y"] + 54)
    expect(page.get_by_test_id("stAudio")).to_have_count(1, timeout=MODEL_TIMEOUT_MS)


def test_a_kept_and_corrected_recording_outlives_page_and_server_until_all_is_deleted(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("SER_LIBRARY", str(tmp_path))
    with served() as url, opened(url, "record_and_predict") as page:
        keep_a_sample(page, "Lively high")
        label(page, "Angry")
        page.reload()
        expect(page.get_by_role("heading", name="Record & predict")).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )
        expect(
            page.get_by_text("The answer appears here")
        ).to_be_visible()  # the clip itself is gone, as ever
        page.get_by_role("link", name="Library").click()
        expect(page.get_by_text("1 recording kept")).to_be_visible(timeout=MODEL_TIMEOUT_MS)
    with served() as url, opened(url, "library") as page:  # another server
        expect(page.get_by_text("1 recording kept, 1 of them with your own label")).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )
        select_first_row(page)
        expect(page.get_by_text("Saved: angry")).to_be_visible()
        player = page.get_by_test_id("stAudio").first
        player.evaluate("player => player.play()")
        page.wait_for_function("document.querySelector('audio').currentTime > 0.2", timeout=10_000)
        label(page, "Happy")
        with page.expect_download() as download:
            page.get_by_role("button", name="Export as ZIP").click()
        archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
        assert archive.read("library/labels.csv").decode().splitlines()[1] == "000001.flac,happy,,"
        page.get_by_role("button", name="Delete all").click()
        page.get_by_role("button", name="Yes, delete all of it").click()
        expect(page.get_by_text("Nothing is kept yet")).to_be_visible(timeout=MODEL_TIMEOUT_MS)
        page.reload()
        expect(page.get_by_text("Nothing is kept yet")).to_be_visible(timeout=MODEL_TIMEOUT_MS)
    assert Library.in_folder(tmp_path).entries("local") == []


def test_a_server_killed_right_after_it_said_kept_has_kept_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SER_LIBRARY", str(tmp_path))
    with served() as url, opened(url, "record_and_predict") as page:
        keep_a_sample(page, "Steady low")
        port = url.rpartition(":")[2]
        pids = subprocess.run(
            ["pgrep", "-f", f"server.port {port}"], capture_output=True, text=True, check=True
        ).stdout.split()
        page.goto("about:blank")  # or it would complain that the server has gone
        for pid in pids:
            os.kill(int(pid), signal.SIGKILL)
    assert (tmp_path / FILE).exists()
    kept = Library.in_folder(tmp_path)
    (entry,) = kept.entries("local")
    assert kept.recording("local", entry.id).duration_s == pytest.approx(entry.duration_s)
    assert export.export_zip(kept, "local")


def test_the_page_fits_the_width_of_a_phone(tmp_path, monkeypatch):
    monkeypatch.setenv("SER_LIBRARY", str(tmp_path))
    wider = (
        "[...document.querySelectorAll('[data-testid=stMain], "
        "[data-testid=stMainBlockContainer]')].map(e => e.scrollWidth - e.clientWidth)"
    )
    with served() as url, opened(url, "record_and_predict", width=390) as page:
        keep_a_sample(page, "Slow soft")
        settled(page)
        assert max(page.evaluate(wider)) <= 0
        page.goto(f"{url}/library")
        select_first_row(page)
        assert max(page.evaluate(wider)) <= 0


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP"])
def test_through_a_proxy_that_names_nobody_the_real_page_offers_nothing(
    header, tmp_path, monkeypatch
):
    monkeypatch.setenv("SER_LIBRARY", str(tmp_path))
    with served() as url, opened(url, "library") as page:
        expect(page.get_by_text("Nothing is kept yet")).to_be_visible(timeout=MODEL_TIMEOUT_MS)
        page.context.set_extra_http_headers({header: "10.0.0.1"})
        page.reload()
        expect(page.get_by_text("people cannot be told apart")).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )


def test_who_the_proxy_names_sees_only_what_is_theirs(tmp_path, monkeypatch):
    monkeypatch.setenv("SER_LIBRARY", str(tmp_path))
    monkeypatch.setenv("SER_USER_HEADER", "X-Forwarded-User")
    with served() as url, opened(url, "library") as page:
        expect(
            page.get_by_text("should name the person in the header X-Forwarded-User")
        ).to_be_visible(timeout=MODEL_TIMEOUT_MS)
        page.context.set_extra_http_headers({"X-Forwarded-User": "ann"})
        page.goto(f"{url}/record_and_predict")
        expect(page.get_by_role("heading", name="Record & predict")).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )
        keep_a_sample(page, "Lively high")
        page.context.set_extra_http_headers({"X-Forwarded-User": "bob"})
        page.goto(f"{url}/library")
        expect(page.get_by_text("Nothing is kept yet")).to_be_visible(timeout=MODEL_TIMEOUT_MS)
    kept = Library.in_folder(tmp_path)
    assert [len(kept.entries(person)) for person in ("ann", "bob", "local")] == [1, 0, 0]
