"""Measure how long a click takes in an installed Chromium. Run as: python -m benchmarks.clicks [REPEATS].

Until the server has answered, and until all is drawn, on the explorer and the comparison. Everything that
is clicked is computed from the tables that ship. Each repeat opens the page anew, in the same server: so
the first one computes what the others find in the caches.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable

from playwright.sync_api import Locator, Page, sync_playwright

from tests.support.server import chromium_options, served

QUICK_S = 0.3
QUIET_MS = 700
"""A page that has not changed for so long has answered."""

WATCH = """
() => {
  window.changed = 0; window.clicked = 0; window.answered = 0;
  const app = document.querySelector('[data-testid=stApp]');
  new MutationObserver(() => {
    if (app.dataset.testScriptState === 'notRunning') window.answered = performance.now();
  }).observe(app, {attributeFilter: ['data-test-script-state']});
  new MutationObserver(() => { window.changed = performance.now(); }).observe(
    document.querySelector('[data-testid=stMain]'), {subtree: true, childList: true, characterData: true});
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


Times = tuple[float, float]
"""Seconds until the server has answered, and until all is drawn."""


def measure_page(page: Page, path: str) -> dict[tuple[str, str], Times]:
    """Return the times of all clicks of a page, by the page and the name of the click."""
    page.get_by_test_id("stVegaLiteChart").first.wait_for(timeout=60_000)
    page.evaluate(WATCH)
    settle(page)
    return {(path, name): timed(page, find) for name, find in CLICKS[path]}


def print_table(times: dict[tuple[str, str], list[Times]]) -> None:
    """Print the first times of each click, and the medians of the later ones."""
    print(
        f"{'page':<18}{'click':<36}{'first: answered':>17}{'drawn':>8}"
        f"{'later: answered':>17}{'drawn':>8}   (s, medians)"
    )
    for (path, name), every in times.items():
        first, *later = every
        medians = [statistics.median(column) for column in zip(*(later or every), strict=True)]
        cells = f"{first[0]:17.2f}{first[1]:8.2f}{medians[0]:17.2f}{medians[1]:8.2f}"
        print(f"{path:<18}{name:<36}{cells}")


def print_totals(times: dict[tuple[str, str], list[Times]]) -> None:
    """Print the median of all later clicks, and how many of them are quick."""
    for number, title in enumerate(("answered", "drawn")):
        seconds = [pair[number] for every in times.values() for pair in (every[1:] or every)]
        quick = sum(value <= QUICK_S for value in seconds) / len(seconds)
        median = statistics.median(seconds)
        print(
            f"{len(seconds)} clicks {title}: median {median:.2f} s, within {QUICK_S} s: {quick:.0%}"
        )


def main(repeats: str = "5") -> None:
    """Measure all clicks of all pages and print the times."""
    times: dict[tuple[str, str], list[Times]] = {}
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium_options())
        for _ in range(int(repeats)):
            for path in CLICKS:
                page = browser.new_page(viewport={"width": 1280, "height": 1400})
                page.goto(f"{url}/{path}")
                for click, seconds in measure_page(page, path).items():
                    times.setdefault(click, []).append(seconds)
                page.close()
        browser.close()
    print_table(times)
    print_totals(times)


if __name__ == "__main__":
    main(*sys.argv[1:])
