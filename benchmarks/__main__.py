"""Run the benchmarks and write docs/benchmarks.md. Run as: python -m benchmarks [--only NAME]."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.speed_page import BENCHMARKS, PAGE, RESULTS, format_measures, make_page
from tests.support.server import ROOT

PEERS = (
    "librosa",
    "opensmile",
    "praat-parselmouth",
    "numpy",
    "scipy",
    "soxr",
    "soundfile",
    "streamlit",
)
"""The libraries whose versions the page names."""


def main() -> None:
    """Run all benchmarks or those that were named; print the measures, keep them and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=tuple(BENCHMARKS), help="only this part; may be repeated"
    )
    options = parser.parse_args()
    stored: dict[str, Any] = {}
    if RESULTS.exists():
        stored = json.loads(RESULTS.read_text(encoding="utf-8"))
    for name in options.only or BENCHMARKS:
        print(f"{BENCHMARKS[name]} ...", file=sys.stderr)
        measures = run_benchmark(name)
        stored[name] = {
            "measured": datetime.now(UTC).date().isoformat(),
            "machine": describe_machine(),
            "measures": measures,
        }
        print(format_measures(measures), end="")
        results = {part: stored[part] for part in BENCHMARKS if part in stored}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(make_page(results), encoding="utf-8")


def run_benchmark(name: str) -> list[dict[str, Any]]:
    """Return the measures of one benchmark, which runs in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "measures.json"
        command = [sys.executable, "-m", f"benchmarks.{name}", "--json", str(target)]
        ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        if ended.returncode or not target.exists():
            raise SystemExit(
                f"The benchmark {name} ended with an error: its message is above. "
                "Peers are installed by: pip install -r benchmarks/requirements.txt"
            )
        measures: list[dict[str, Any]] = json.loads(target.read_text(encoding="utf-8"))
    return measures


def describe_machine() -> str:
    """Return the number of cores and the versions of Python and the libraries that are installed."""
    parts = [f"{os.cpu_count()} cores", f"Python {sys.version_info.major}.{sys.version_info.minor}"]
    for library in PEERS:
        try:
            parts.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            continue
    return ", ".join(parts)


if __name__ == "__main__":
    main()
