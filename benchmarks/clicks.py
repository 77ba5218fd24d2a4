"""How long a click on the explorer or the comparison takes in an installed Chromium: until the server has answered, and until all is drawn.

Everything that is clicked is computed from the tables that ship. Run as: python benchmarks/clicks.py [REPEATS]. Each repeat opens the
page anew, in the same server: so the first one computes what the others find in the caches.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.server import chromium_options, served  # noqa: E402

QUIET_MS = 700
"""Nothing has changed for so long: the page has answered."""

WATCH = """
() => {
  window.changed = 0; window.clicked = 0; window.answered = 0;
  const app = document.querySelector('[data-testid=stApp]');
  new MutationObserver(() => { if (app.dataset.testScriptState === 'notRunning') window.answered = performance.now(); })
    .observe(app, {attributeFilter: ['data-test-script-state']});
  new MutationObserver(() => { window.changed = performance.now(); })
    .observe(document.querySelector('[data-testid=stMain]'), {subtree: true, childList: true, characterData: true});
  document.addEventListener('pointerup', () => { window.clicked = performance.now(); }, true);
}
"""
_QUIET = """
(quiet) => document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'
  && performance.now() - Math.max(window.changed, window.clicked) > quiet
"""


def control(text: str) -> Callable[[Page], Locator]:
    """A segment or pill by its text."""
    return lambda page: page.get_by_test_id("stButtonGroup").get_by_text(text, exact=True).first


def point(page: Page) -> Locator:
    """A point of the chart of effects."""
    return page.locator("[class*='st-key-effects'] .mark-symbol path").nth(3)


CLICKS: dict[str, tuple[tuple[str, Callable[[Page], Locator]], ...]] = {
    "feature_explorer": (
        ("another attribute of the ranking", point),
        ("women only", control("Female")),
        ("the attributes", control("Attributes")),
        ("side by side by gender", control("Gender")),
        ("as violins", control("Violin")),
        ("the frequencies", control("Frequencies")),
        ("on the mel scale", control("Mel")),
        ("the map", control("Map")),
        ("coloured by speaker", control("Speaker")),
        ("the linear map", control("Linear (principal components)")),
        ("a second corpus", control("CREMA-D")),
    ),
    "model_comparison": (
        ("another corpus", control("CREMA-D")),
        ("the other task", control("Gender")),
        ("one model", control("One model")),
        ("counts", control("Counts")),
        ("the random split", control("Corpus left out")),
        ("two models", control("Two models")),
        ("noise and rooms", control("Noise and rooms")),
        ("other voices", control("Other voices")),
    ),
}
"""By page: what is clicked, in this order."""


def settle(page: Page) -> None:
    page.wait_for_function(_QUIET, arg=QUIET_MS, timeout=60_000)


def timed(page: Page, find: Callable[[Page], Locator]) -> tuple[float, float]:
    """Seconds from a click until the server has sent everything, and until the last change of the page."""
    place = find(page)
    place.scroll_into_view_if_needed()
    settle(page)
    place.click(force=True)
    settle(page)
    answered, drawn = page.evaluate(
        "[window.answered, window.changed].map(at => (at - window.clicked) / 1000)"
    )
    return max(0.0, float(answered)), max(0.0, float(drawn))


def main(repeats: str = "5") -> None:
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium_options())
        for _ in range(int(repeats)):
            for path, clicks in CLICKS.items():
                page = browser.new_page(viewport={"width": 1280, "height": 1400})
                page.goto(f"{url}/{path}")
                page.get_by_test_id("stVegaLiteChart").first.wait_for(timeout=60_000)
                page.evaluate(WATCH)
                settle(page)
                for name, find in clicks:
                    found.setdefault((path, name), []).append(timed(page, find))
                page.close()
        browser.close()
    print(
        f"{'page':<18}{'click':<36}{'first: answered':>17}{'drawn':>8}{'later: answered':>17}{'drawn':>8}   (s, medians)"
    )
    for (path, name), seconds in found.items():
        later = [
            statistics.median(values) for values in zip(*(seconds[1:] or seconds), strict=True)
        ]
        print(
            f"{path:<18}{name:<36}{seconds[0][0]:17.2f}{seconds[0][1]:8.2f}{later[0]:17.2f}{later[1]:8.2f}"
        )
    for which, title in enumerate(("answered", "drawn")):
        every = [pair[which] for seconds in found.values() for pair in (seconds[1:] or seconds)]
        within = sum(value <= 0.3 for value in every) / len(every)
        print(
            f"{len(every)} clicks {title}: median {statistics.median(every):.2f} s, within 0.3 s: {within:.0%}"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
