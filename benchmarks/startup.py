"""How long from the start of the server's process to the first page, and to the first prediction. Run as: python -m benchmarks.startup.

A new server each time, an installed Chromium that is already open, median of 5 after a start that leaves the bytecode. Beside it, in turn, the
same server whose entry imports librosa.feature, scikit-learn and Altair at the top and does not warm up in the background: what it costs where
nobody takes care. Both run with the settings in .streamlit/config.toml.
"""

from __future__ import annotations

from benchmarks.measuring import ROOT, Measure, report  # isort: skip

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
WARM_UP = "ui.warm_up()\n"


def seconds(entry: Path, browser: Browser) -> tuple[float, float]:
    """From the start of the process until the first page's title is on the screen, and until a sample that is then chosen has its answer."""
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
        first = time.perf_counter() - start
        page.goto(f"http://localhost:{port}/record_and_predict?source=Sample")
        page.get_by_text("Lively high").click(timeout=60_000)
        page.get_by_role("heading", name=re.compile("Sounds|Cannot tell")).wait_for(timeout=60_000)
        page.close()
        return first, time.perf_counter() - start
    finally:
        server.terminate()
        server.wait()


def _environment() -> dict[str, str]:
    """As a person's: with Python's cache of bytecode, which machines that build software like to do without."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measured() -> list[Measure]:
    """Both waits beside those of the careless server."""
    ours, careless = [], []
    home = (ROOT / "Home.py").read_text(encoding="utf-8")
    if WARM_UP not in home:
        raise SystemExit("Home.py no longer warms up in the way that this measures.")
    with (
        tempfile.NamedTemporaryFile("w", suffix=".py", dir=ROOT, prefix="careless_") as entry,
        sync_playwright() as playwright,
    ):
        entry.write(HEAVY + home.replace(WARM_UP, ""))
        entry.flush()
        browser = playwright.chromium.launch(**chromium_options())
        for entry_point in (ROOT / "Home.py", Path(entry.name)):
            seconds(entry_point, browser)
        for _ in range(RUNS):
            ours.append(seconds(ROOT / "Home.py", browser))
            careless.append(seconds(Path(entry.name), browser))
        browser.close()
    found = []
    for number, (name, aim) in enumerate((("first page", 2.2), ("first prediction", 3.0))):
        mine, theirs = ([run[number] for run in runs] for runs in (ours, careless))
        ratio = statistics.median(b / a for a, b in zip(mine, theirs, strict=True))
        beside = "librosa and scikit-learn at the top"
        found.append(
            Measure(
                name,
                statistics.median(mine),
                statistics.median(theirs),
                beside,
                "s",
                ratio,
                1.8,
                aim,
            )
        )
    return found


if __name__ == "__main__":
    report(measured(), __doc__ or "")
