"""How long from the start of the server's process to a visible page. Run as: python benchmarks/startup.py.

A new server each time, an installed Chromium that is already open, median of 5. Beside it, in turn, the same server whose entry
imports librosa.feature, scikit-learn and Altair at the top: what the page costs where nobody takes care.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.browser.server import chromium_options, free_port, wait_until_up  # noqa: E402

RUNS = 5
HEAVY = "import altair, librosa.feature, sklearn.ensemble, sklearn.svm\nlibrosa.feature.mfcc\n"


def seconds_to_page(entry: Path, browser: Browser) -> float:
    """From the start of the process until the page's title is on the screen."""
    port = free_port()
    start = time.perf_counter()
    command = [sys.executable, "-m", "streamlit", "run", str(entry), "--server.port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_up(port)
        page = browser.new_page()
        page.goto(f"http://localhost:{port}")
        page.get_by_role("heading", name="Speech Emotion Predictor").wait_for()
        page.close()
        return time.perf_counter() - start
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    ours, heavy = [], []
    with tempfile.NamedTemporaryFile("w", suffix=".py", dir=ROOT, prefix=".heavy-") as entry, sync_playwright() as playwright:
        entry.write(HEAVY + (ROOT / "Home.py").read_text(encoding="utf-8"))
        entry.flush()
        browser = playwright.chromium.launch(**chromium_options())
        for _ in range(RUNS):
            ours.append(seconds_to_page(ROOT / "Home.py", browser))
            heavy.append(seconds_to_page(Path(entry.name), browser))
        browser.close()
    print(f"{os.cpu_count()} cores, median of {RUNS} (lowest to highest)")
    for name, times in (("page visible", ours), ("with heavy imports at the top", heavy)):
        print(f"{name:30} {statistics.median(times):5.2f} s ({min(times):.2f} to {max(times):.2f})")
    print(f"{'ratio':30} {statistics.median(b / a for a, b in zip(ours, heavy, strict=True)):5.2f}")


if __name__ == "__main__":
    main()
