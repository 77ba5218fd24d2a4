"""Take the screenshots of every page in an installed Chromium: light, dark and as on a phone.

Run as: python docs/screenshots.py [FOLDER].
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.server import chromium_options, served  # noqa: E402
from tests.support.synthesis import voice, wav  # noqa: E402

SAMPLES = sorted((ROOT / "data" / "samples").glob("*.flac"))
LOOKS: dict[str, tuple[str, int]] = {
    "light": ("light", 1280),
    "dark": ("dark", 1280),
    "phone": ("light", 390),
}
"""By folder: colour scheme and width of the window."""
_COLOURS = 256  # of a picture's palette; a page has few, and the pictures stay small
_HIGHEST = 3200  # pixels


def upload(page: Page) -> None:
    """Several clips: the synthetic voices."""
    page.locator("input[type=file]").set_input_files(SAMPLES)
    page.get_by_text(re.compile(r"^\d+ clips: ")).wait_for(timeout=60_000)


def import_folder(page: Page) -> None:
    """Own corpus: a folder per emotion, of synthetic voices, trained on."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(20):
            file = (
                Path(folder)
                / "my-clips"
                / ("happy" if number % 2 else "sad")
                / f"take-{number}.wav"
            )
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(wav(voice(300.0 - 9 * number, seconds=1.5, seed=number)))
        page.locator("input[type=file]").first.set_input_files(Path(folder) / "my-clips")
        page.get_by_role("button", name="Measure 20 clips").click(timeout=60_000)
    page.get_by_role("button", name="Train and test").click(timeout=60_000)
    page.get_by_text("It is not known who speaks").wait_for(timeout=120_000)


def reveal(page: Page) -> None:
    """The tour's fifth step: what was measured."""
    page.get_by_text("Show what was measured").click()


def click_a_clip(page: Page) -> None:
    """The map: one clip in detail."""
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=60_000
    )
    point = page.locator("[class*='st-key-clip_map'] .mark-symbol path").nth(300)
    point.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    point.click(force=True)
    page.get_by_text("of RAVDESS lies below").wait_for(timeout=60_000)


def nothing(_: Page) -> None:
    """The page as it opens."""


VIEWS: dict[str, tuple[str, str, Callable[[Page], None]]] = {
    "home": ("Home", "", nothing),
    "tour": ("Tour", "step=5", reveal),
    "record_and_predict": ("Record & predict", "", nothing),
    "several_clips": ("Several clips", "", upload),
    "own_corpus": ("Own corpus", "", import_folder),
    "feature_explorer": ("Feature explorer", "", nothing),
    "attributes": ("Feature explorer", "look=Attributes&split=Gender", nothing),
    "frequencies": ("Feature explorer", "look=Frequencies", nothing),
    "map": ("Feature explorer", "look=Map", click_a_clip),
    "your_voice": ("Feature explorer", "look=Your+voice", nothing),
    "model_comparison": ("Model comparison", "", nothing),
    "privacy": ("Privacy", "", nothing),
    "one_model": ("Model comparison", "view=One+model", nothing),
    "two_models": ("Model comparison", "view=Two+models", nothing),
    "training_speakers": ("Model comparison", "view=Training+speakers", nothing),
    "noise_and_rooms": ("Model comparison", "view=Noise+and+rooms", nothing),
    "your_clip": ("Model comparison", "view=Your+clip", nothing),
}
"""By picture: the link to its page, what stands in the address, and what is done there."""


def visit(page: Page, title: str, query: str) -> None:
    """Go to a page by its link, as a person would, which keeps the session's clip.

    In a narrow window the links are behind the menu.
    """
    page.wait_for_timeout(500)
    link = page.get_by_test_id("stTopNavLink").filter(has_text=title)
    if link.count():
        link.click()
    else:
        menu = page.get_by_test_id("stExpandSidebarButton")
        if menu.is_visible():
            menu.click()
        page.get_by_test_id("stSidebarNavLink").filter(has_text=title).click()
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click(force=True)
    page.get_by_role("heading", level=1).first.wait_for()
    choose(page, query)
    page.wait_for_timeout(2500)  # charts draw themselves after the page says that it is done


def choose(page: Page, query: str) -> None:
    """Make the choices of an address: by the controls, since opening it would begin a new session
    without the clip.
    """
    for _, _, value in (pair.partition("=") for pair in query.split("&") if pair):
        page.wait_for_timeout(500)
        page.get_by_test_id("stButtonGroup").get_by_text(
            value.replace("+", " "), exact=True
        ).first.click()


def picture(page: Page, file: Path, width: int) -> None:
    """The whole page as a small PNG."""
    height = page.evaluate(
        "Math.max(...[...document.querySelectorAll('[data-testid=stMain] > *')].map(e => "
        "e.scrollHeight)) + 60"
    )
    page.set_viewport_size({"width": width, "height": min(max(int(height), 600), _HIGHEST)})
    page.wait_for_timeout(1000)
    page.screenshot(path=file)
    page.set_viewport_size({"width": width, "height": 900})
    Image.open(file).convert("RGB").quantize(_COLOURS, kmeans=1).save(file, optimize=True)


def main(folder: str = str(ROOT / "docs" / "screenshots")) -> None:
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium_options())
        for look, (scheme, width) in LOOKS.items():
            home = Path(folder) / look
            home.mkdir(parents=True, exist_ok=True)
            size = {"width": width, "height": 900}
            page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(f"{url}/record_and_predict")
            page.get_by_test_id("stButtonGroup").get_by_text("Sample", exact=True).click()
            page.get_by_text("Fast sharp").click()
            page.get_by_role("heading", name=re.compile("Sounds|Cannot tell")).wait_for(
                timeout=60_000
            )
            for name, (title, query, prepare) in VIEWS.items():
                visit(page, title, query)
                prepare(page)
                page.wait_for_timeout(2000)
                picture(page, home / f"{name}.png", width)
            page.close()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
