"""The command `bench`: run the benchmarks one after the other, keep their figures, and write BENCHMARKS.md from them."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ser_core.cli.output import aligned, markdown
from ser_core.errors import ErrorCode, SerError

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = {
    "features": "Features, one thread",
    "scaling": "Two processes against one",
    "cluster": "On a cluster",
    "startup": "From the start of the process",
    "load": "The app under load",
}
"""The modules of benchmarks/ that are run, and their titles."""

_PEERS = (
    "librosa",
    "opensmile",
    "praat-parselmouth",
    "numpy",
    "scipy",
    "soxr",
    "soundfile",
    "streamlit",
)
_RESULTS, _PAGE = ROOT / "benchmarks" / "results.json", ROOT / "BENCHMARKS.md"
_HEADER = ("measure", "ours", "beside", "figure", "must", "aim", "met")

Measures = Sequence[Mapping[str, Any]]


def bench(options: argparse.Namespace) -> int:
    """Run the benchmarks (or some of them), print what was measured, keep it in benchmarks/results.json and write BENCHMARKS.md."""
    results: dict[str, Any] = (
        json.loads(_RESULTS.read_text(encoding="utf-8")) if _RESULTS.exists() else {}
    )
    for name in options.only or BENCHMARKS:
        sys.stderr.write(f"{BENCHMARKS[name]} ...\n")
        measures = _run(name)
        results[name] = {
            "measured": datetime.now(UTC).date().isoformat(),
            "machine": _machine(),
            "measures": measures,
        }
        sys.stdout.write(aligned(_HEADER, [_row(measure) for measure in measures]))
        results = {part: results[part] for part in BENCHMARKS if part in results}
        _RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        _PAGE.write_text(page(results), encoding="utf-8")
    return 0


def page(results: Mapping[str, Any]) -> str:
    """BENCHMARKS.md from what was measured."""
    text = [_PREFACE]
    for name, title in BENCHMARKS.items():
        if name not in results:
            continue
        found = results[name]
        about = "; ".join(
            dict.fromkeys(measure["about"] for measure in found["measures"] if measure["about"])
        )
        text.append(f"## {title}\n")
        text.append(
            f"{about + '. ' if about else ''}Measured on {found['measured']}: {found['machine']}.\n"
        )
        text.append(markdown(_HEADER, [_row(measure) for measure in found["measures"]]))
        if name == "cluster":
            text.append(_projection({measure["name"]: measure for measure in found["measures"]}))
    return "\n".join(text)


_PREFACE = """# Benchmarks

Made by `python -m ser_core bench` from `benchmarks/results.json`, which it writes, too; nothing here is typed in. It needs
`pip install -r benchmarks/requirements.txt`, `SER_CORPORA` with RAVDESS and CREMA-D, and an installed Chromium. `--only NAME` runs one part.

Each figure compares two things measured in one run, in turn, so that a slow or busy machine meets both. Where the bounds say ≥, the figure says
how many times as fast ours is; where they say ≤, less is better. Timings are medians of rounds. *must* is what is promised, *aim* what is aspired to.
"""


CLIPS, WORKERS = 10_000_000, (2, 16, 64)
DOLLARS_A_CORE_HOUR = 0.05
"""What a virtual core costs by the hour, about; a price, not a measurement."""


def _projection(measures: Mapping[str, Mapping[str, Any]]) -> str:
    """What ten million clips would cost, from what a clip takes a worker and the command, and where that would end."""
    rows, limits = [], []
    for command in ("extract", "predict"):
        of_command = measures[f"workers that one {command} can feed"]
        own, worker = of_command["ours"], of_command["other"]  # ms a clip
        core_hours = CLIPS * worker / 3.6e6
        hours = [max(core_hours / workers, CLIPS * own / 3.6e6) for workers in WORKERS]
        rows.append(
            [
                command,
                f"{worker:.1f} ms",
                f"{core_hours:,.0f}",
                f"${core_hours * DOLLARS_A_CORE_HOUR:,.2f}",
                *(f"{h:,.1f} h" for h in hours),
            ]
        )
        limits.append(f"{of_command['figure']:.0f} workers for `{command}`")
    memory = measures["memory of the command"]
    gigabytes, disk = (CLIPS * memory[of] / 1e6 for of in ("ours", "other"))
    return f"""### Ten million clips, on paper

Multiplied from the figures above, not tried; a core-hour is taken to cost ${DOLLARS_A_CORE_HOUR:.2f}. Clips of about 2.5 s, in Opus.

{markdown(("command", "a clip", "core-hours", "cost", *(f"{workers} workers" for workers in WORKERS)), rows)}
Where it would break: one command, with its scheduler, can feed about {limits[0]} and {limits[1]}; more of them stand idle.
The list of what is to be done takes {gigabytes:.1f} GB of the command's memory, and what is done {disk:.0f} GB beside the output until that is whole.
Past any of these, give each command a folder of its own, of a million clips or so: nothing ties one clip to another. Start the workers first:
those that join later only take over from those that are lost. Reading 10 million small files is up to the storage, which was a local disk here.
"""


def _run(name: str) -> list[dict[str, Any]]:
    """The measures of one benchmark, run in a process of its own."""
    if not (ROOT / "benchmarks" / f"{name}.py").exists():
        raise SerError(
            ErrorCode.NOT_FOUND,
            "The folder benchmarks/ is missing.",
            "Run this in a checkout of the project.",
        )
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "measures.json"
        ended = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", "--json", str(target)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        if ended.returncode or not target.exists():
            hint = "Its message is above; peers are installed by: pip install -r benchmarks/requirements.txt"
            raise SerError(ErrorCode.BAD_USAGE, f"The benchmark {name} ended with an error.", hint)
        measures: list[dict[str, Any]] = json.loads(target.read_text(encoding="utf-8"))
    return measures


def _machine() -> str:
    installed = []
    for library in _PEERS:
        try:
            installed.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            continue
    return f"{os.cpu_count()} cores, Python {sys.version_info.major}.{sys.version_info.minor}, {', '.join(installed)}"


def _row(measure: Mapping[str, Any]) -> list[str]:
    at_most = measure["at_most"]
    figure, sign = measure["figure"], "≤ " if at_most else "≥ "
    reached = (
        "aim"
        if _within(figure, measure["aim"], at_most)
        else "must"
        if _within(figure, measure["must"], at_most)
        else "no"
    )
    unit = measure["figure_unit"]
    return [
        measure["name"],
        f"{measure['ours']:.3g} {measure['unit']}",
        f"{measure['beside']}: {measure['other']:.3g} {measure['unit']}",
        f"{figure:.2f}{unit}",
        f"{sign}{measure['must']:g}{unit}",
        f"{sign}{measure['aim']:g}{unit}",
        reached,
    ]


def _within(figure: float, bound: float, at_most: bool) -> bool:
    return figure <= bound if at_most else figure >= bound
