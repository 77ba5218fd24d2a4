"""Measure the first page and the first prediction. Run as: python -m benchmarks.startup.

The time counts from the start of the server. A new server each time, an installed Chromium that is
already open, median of 5 after a start that leaves the bytecode. In turn the same is measured of a server
whose entry imports librosa.feature, scikit-learn and Altair at the top and does not warm up in the
background: what it costs where nobody takes care. Both run with the settings in .streamlit/config.toml.
"""

from __future__ import annotations

from benchmarks.measuring import ROOT, Measure, report  # isort: skip  (first: it sets the number of threads)

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.support.server import chromium_options, free_port, wait_until_up

RUNS = 5
HEAVY = "import altair, librosa.feature, sklearn.ensemble, sklearn.svm\nlibrosa.feature.mfcc\n"
WARM_UP = "warming.warm_up()\n"

Waits = tuple[float, float]
"""Seconds until the first page, and until the first prediction."""


def measure_start(entry: Path, browser: Browser) -> Waits:
    """Start a server and wait for the title of the first page, then choose a sample and wait for its
    answer.
    """
    port = free_port()
    start = time.perf_counter()
    command = [sys.executable, "-m", "streamlit", "run", str(entry), "--server.port", str(port)]
    server = subprocess.Popen(
        command, cwd=ROOT, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until_up(port)
        page = browser.new_page()
        page.goto(f"http://localhost:{port}")
        page.get_by_role("heading", name="Speech Emotion Predictor").wait_for()
        first_page = time.perf_counter() - start
        page.goto(f"http://localhost:{port}/record_and_predict?source=Sample")
        page.get_by_text("Lively high").click(timeout=60_000)
        page.get_by_role("heading", name=re.compile("Sounds|Cannot tell")).wait_for(timeout=60_000)
        page.close()
        return first_page, time.perf_counter() - start
    finally:
        server.terminate()
        server.wait()


def _environment() -> dict[str, str]:
    """A person's environment: with Python's cache of bytecode, which build machines often switch off."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measure_both() -> tuple[list[Waits], list[Waits]]:
    """Return the waits of our server and of the careless one, in turn."""
    home = (ROOT / "Home.py").read_text(encoding="utf-8")
    if WARM_UP not in home:
        raise SystemExit("Home.py no longer warms up in the way that this measures.")
    ours: list[Waits] = []
    careless: list[Waits] = []
    with (
        tempfile.NamedTemporaryFile("w", suffix=".py", dir=ROOT, prefix="careless_") as entry,
        sync_playwright() as playwright,
    ):
        entry.write(HEAVY + home.replace(WARM_UP, "pass\n"))
        entry.flush()
        browser = playwright.chromium.launch(**chromium_options())
        for _ in range(RUNS + 1):
            ours.append(measure_start(ROOT / "Home.py", browser))
            careless.append(measure_start(Path(entry.name), browser))
        browser.close()
    return ours[1:], careless[1:]


def measure() -> list[Measure]:
    """Return both waits, compared with those of the careless server."""
    ours, careless = measure_both()
    measures = []
    for number, (name, aim) in enumerate((("first page", 2.2), ("first prediction", 3.0))):
        own = [waits[number] for waits in ours]
        other = [waits[number] for waits in careless]
        ratios = [b / a for a, b in zip(own, other, strict=True)]
        measures.append(
            Measure(
                name,
                ours=statistics.median(own),
                other=statistics.median(other),
                compared_with="librosa and scikit-learn at the top",
                unit="s",
                figure=statistics.median(ratios),
                must=1.8,
                aim=aim,
            )
        )
    return measures


if __name__ == "__main__":
    report(measure(), __doc__ or "")
