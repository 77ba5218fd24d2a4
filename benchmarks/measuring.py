"""What all benchmarks share: one thread, pairs of timings in turn, and how a result is written down."""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse  # noqa: E402
import json  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402
from dataclasses import asdict, dataclass  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


@dataclass(frozen=True)
class Measure:
    """One line of BENCHMARKS.md: ours beside another, in `unit`; `figure` is what is promised, at least (or at most) `must`, meant to be `aim`."""

    name: str
    ours: float
    other: float
    beside: str
    unit: str
    figure: float
    must: float
    aim: float
    at_most: bool = False
    figure_unit: str = "x"
    about: str = ""


def in_turn(
    ours: Callable[[Any], object],
    other: Callable[[Any], object],
    over: Sequence[tuple[Any, Any]],
    repeats: int,
) -> tuple[float, float, float]:
    """Median milliseconds of one call of each over pairs of arguments, and the median of the ratios other / ours.

    In each round first one goes through all arguments, then the other, as over a corpus: whatever slows the machine down meets both.
    """
    times: list[tuple[float, float]] = []
    for _ in range(repeats + 1):  # the first round warms up
        spent = []
        for number, work in enumerate((ours, other)):
            start = time.perf_counter()
            for pair in over:
                work(pair[number])
            spent.append(1000 * (time.perf_counter() - start) / len(over))
        times.append((spent[0], spent[1]))
    del times[0]
    return (
        statistics.median(a for a, _ in times),
        statistics.median(b for _, b in times),
        statistics.median(b / a for a, b in times),
    )


def report(measures: Sequence[Measure], description: str) -> None:
    """Print the measures, or with `--json FILE` write them too."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measures here, too")
    options = parser.parse_args()
    for measure in measures:
        sign = "<=" if measure.at_most else ">="
        print(
            f"{measure.name}: {measure.ours:.3g} {measure.unit}, {measure.beside} {measure.other:.3g} {measure.unit}: "
            f"{measure.figure:.2f}{measure.figure_unit} (must {sign} {measure.must:g}, aim {measure.aim:g})"
        )
    if options.json:
        options.json.write_text(
            json.dumps([asdict(measure) for measure in measures], indent=1) + "\n", encoding="utf-8"
        )
