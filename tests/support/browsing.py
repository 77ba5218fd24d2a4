"""Pages in a real Chromium, for tests: opening one so that nothing wrong goes unnoticed, and what
it shows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    expect,
    sync_playwright,
)

from ser_core.emotions import LABELS, display_name
from tests.support.server import chromium_options

PATHS = {
    "": "Speech Emotion Predictor",
    "tour": "Tour",
    "record_and_predict": "Record & predict",
    "several_clips": "Several clips",
    "own_corpus": "Own corpus",
    "feature_explorer": "Feature explorer",
    "model_comparison": "Model comparison",
    "privacy": "Privacy",
}
TITLES_OF_ALL = PATHS | {
    "library": "Library"
}  # there only where the operator has named a place for one
MODEL_TIMEOUT_MS = 60_000  # a first prediction on a busy machine


@contextlib.contextmanager
def chromium(microphone: Path | None = None, *, blocked: bool = False) -> Iterator[Browser]:
    """A new Chromium, whose microphone plays a file or is blocked."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium_options(microphone, blocked=blocked))
        yield browser
        browser.close()


def context_of(browser: Browser, *, width: int = 1280, blocked: bool = False) -> BrowserContext:
    """A new person at a browser: shares no cookie and no storage with others.

    A self-signed certificate is accepted.
    """
    permissions = [] if blocked else ["microphone"]
    return browser.new_context(
        viewport={"width": width, "height": 900},
        permissions=permissions,
        accept_downloads=True,
        ignore_https_errors=True,
    )


def watched(page: Page, url: str) -> list[str]:
    """What will go wrong on a page: what it logs as an error, and whatever it asks of anyone but
    the server at `url`, frames and sockets included.
    """
    problems: list[str] = []
    own = tuple(
        f"{scheme}{urlsplit(url).netloc}/" for scheme in ("http://", "https://", "ws://", "wss://")
    )
    page.on(
        "console",
        lambda message: (
            problems.append(f"{message.text} {message.location}") if is_error(message) else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            problems.append(request.url)
            if not request.url.startswith((*own, "data:", "blob:"))
            else None
        ),
    )
    page.on(
        "websocket",
        lambda socket: problems.append(socket.url) if not socket.url.startswith(own) else None,
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    return problems


@contextlib.contextmanager
def opened(
    url: str,
    path: str = "",
    *,
    microphone: Path | None = None,
    blocked: bool = False,
    width: int = 1280,
) -> Iterator[Page]:
    """A page in a new Chromium.

    The test fails if it logs an error, shows a traceback or asks another machine for anything.
    """
    name = path.split("?")[0]
    with chromium(microphone, blocked=blocked) as browser:
        page = context_of(browser, width=width, blocked=blocked).new_page()
        problems = watched(page, url)
        page.goto(f"{url}/{path}")
        expect(page.get_by_role("heading", name=TITLES_OF_ALL[name], exact=True)).to_be_visible(
            timeout=30_000
        )
        yield page
        expect(page.get_by_test_id("stException")).to_have_count(0)
    assert problems == []


def is_error(message: ConsoleMessage) -> bool:
    """Whether a console message is an error of ours.

    On a deep link Streamlit looks for its server below the page's own path first, and the browser
    logs the two 404s.
    """
    probes = tuple(
        f"/{path}/_stcore/{name}"
        for path in TITLES_OF_ALL
        if path
        for name in ("health", "host-config")
    )
    return message.type == "error" and not message.location["url"].endswith(probes)


def expect_bars(page: Page) -> None:
    """A sentence, and drawn charts: the waveform, the bars of eight emotions and those of two genders."""
    expect(
        page.get_by_role("heading", name="Sounds").or_(
            page.get_by_role("heading", name="Cannot tell")
        )
    ).to_be_visible(timeout=MODEL_TIMEOUT_MS)
    expect(chart(page, "Amplitude")).to_be_visible(timeout=MODEL_TIMEOUT_MS)
    for task, labels in LABELS.items():
        bars = chart(page, display_name(LABELS[task][-1]))
        for label in labels:
            expect(bars).to_contain_text(display_name(label), timeout=MODEL_TIMEOUT_MS)
        expect(bars.locator(".mark-rect path")).to_have_count(len(labels))
    expect(page.get_by_text("On unseen voices")).to_be_visible()


def chart(page: Page, text: str) -> Locator:
    """The first drawn chart that has a text in it."""
    return page.get_by_test_id("stVegaLiteChart").locator("svg.marks").filter(has_text=text).first


def settled(page: Page) -> None:
    """Return when the page has done what it was asked for."""
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=MODEL_TIMEOUT_MS
    )


def connected(page: Page, is_connected: bool = True) -> None:
    """Return when the page is connected to its server, or knows that it is not."""
    app = expect(page.get_by_test_id("stApp"))
    check = app.to_have_attribute if is_connected else app.not_to_have_attribute
    check("data-test-connection-state", "CONNECTED", timeout=MODEL_TIMEOUT_MS)


def choose(page: Page, source: str) -> None:
    """Choose where the voice comes from."""
    page.get_by_role("radio", name=source).or_(
        page.get_by_role("button", name=source)
    ).first.click()


def speak(page: Page, seconds: float) -> None:
    """Record for so long with the recorder of the page; the fake microphone plays in real time."""
    recorder = page.frame_locator("iframe[title*='audiorecorder']")
    recorder.get_by_role("button", name="Record").click()
    listen(page, seconds)
    recorder.get_by_role("button", name="Stop").click()


def listen(page: Page, seconds: float) -> None:
    """Let the fake microphone play for so long: a recording takes its time."""
    page.wait_for_timeout(1000 * seconds + 500)
