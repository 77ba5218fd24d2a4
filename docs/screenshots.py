"""Take the README's screenshots in an installed Chromium. Run as: python docs/screenshots.py [FOLDER [light|dark [WIDTH]]]."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser.server import chromium_options, served  # noqa: E402

PAGES = {
    "record_and_predict": "Record & predict",
    "several_clips": "Several clips",
    "feature_explorer": "Feature explorer",
    "model_comparison": "Model comparison",
    "two_models": "Model comparison",
    "home": "Home",
}
"""The link that leads to each picture's page."""


def visit(page: Page, name: str) -> None:
    """Go to a page by its link, as a person would; in a narrow window the links are behind the menu."""
    links = [page.get_by_test_id(kind).filter(has_text=PAGES[name]) for kind in ("stTopNavLink", "stSidebarNavLink")]
    page.wait_for_timeout(500)
    if links[0].count():
        links[0].click()
    else:
        menu = page.get_by_test_id("stExpandSidebarButton")
        if menu.is_visible():
            menu.click()
        links[1].click()
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click(force=True)
    page.get_by_role("heading", level=1).first.wait_for()
    page.wait_for_timeout(3000)  # charts draw themselves after the page says that it is done


def main(folder: str = str(ROOT / "docs"), scheme: str = "light", width: str = "1280") -> None:
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium_options())
        page = browser.new_page(viewport={"width": int(width), "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(f"{url}/record_and_predict")
        page.get_by_role("radio", name="Sample").or_(page.get_by_role("button", name="Sample")).first.click()
        page.get_by_text("Fast sharp").click()
        page.get_by_role("heading", name=re.compile("Sounds|Cannot tell")).wait_for(timeout=60_000)
        page.wait_for_timeout(3000)
        for name in PAGES:
            if name != "record_and_predict":
                visit(page, name)
            if name == "several_clips":
                page.locator("input[type=file]").set_input_files(sorted((ROOT / "data" / "samples").glob("*.flac")))
                page.get_by_text("clips: ").wait_for(timeout=60_000)
            if name == "two_models":
                page.get_by_text("Two models").click()
            page.wait_for_timeout(2000)
            height = page.evaluate("Math.max(...[...document.querySelectorAll('[data-testid=stMain] > *')].map(e => e.scrollHeight)) + 60")
            page.set_viewport_size({"width": int(width), "height": min(max(int(height), 600), 3000)})
            page.wait_for_timeout(1000)
            page.screenshot(path=Path(folder) / f"{name}.png")
            page.set_viewport_size({"width": int(width), "height": 900})
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
