"""What the benchmarks share: one thread, pairs of timings in turn, and how a measure is written down.

A benchmark imports this module before NumPy: the number of threads is set when NumPy is loaded. Times are in
milliseconds.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse  # noqa: E402
import json  # noqa: E402
import statistics  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402
from dataclasses import asdict, dataclass  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Measure:
    """One row of docs/benchmarks.md: ours and another, in `unit`.

    `figure` is promised to be at least (or at most) `must`, and meant to be `aim`.
    """

    name: str
    ours: float
    other: float
    compared_with: str
    unit: str
    figure: float
    must: float
    aim: float
    at_most: bool = False
    figure_unit: str = "x"
    about: str = ""


def median_milliseconds(
    work: Callable[[], object], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return the median time of one call, after a first call that warms up."""
    work()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(1000 * (clock() - start))
    return statistics.median(times)


def time_in_turn(
    ours: Callable[[Any], object],
    other: Callable[[Any], object],
    arguments: Sequence[tuple[Any, Any]],
    rounds: int,
) -> tuple[float, float, float]:
    """Return the median milliseconds of one call of each, and the median of the ratios other / ours.

    In each round first one goes through all its arguments, then the other: whatever slows the machine down
    meets both. A further round at the start warms up.

    Parameters
    ----------
    ours, other : callable
        Each takes one argument.
    arguments : sequence of (argument of ours, argument of other)
    rounds : int
    """
    times: list[tuple[float, float]] = []
    for _ in range(rounds + 1):
        of_ours = _milliseconds_a_call(ours, [pair[0] for pair in arguments])
        of_other = _milliseconds_a_call(other, [pair[1] for pair in arguments])
        times.append((of_ours, of_other))
    del times[0]
    return (
        statistics.median(of_ours for of_ours, _ in times),
        statistics.median(of_other for _, of_other in times),
        statistics.median(of_other / of_ours for of_ours, of_other in times),
    )


def _milliseconds_a_call(work: Callable[[Any], object], arguments: Sequence[Any]) -> float:
    start = time.perf_counter()
    for argument in arguments:
        work(argument)
    return 1000 * (time.perf_counter() - start) / len(arguments)


def report(measures: Sequence[Measure], description: str) -> None:
    """Print the measures; with `--json FILE` write them there, too."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measures here, too")
    options = parser.parse_args()
    for measure in measures:
        sign = "<=" if measure.at_most else ">="
        print(
            f"{measure.name}: {measure.ours:.3g} {measure.unit}, "
            f"{measure.compared_with} {measure.other:.3g} {measure.unit}: "
            f"{measure.figure:.2f}{measure.figure_unit} "
            f"(must {sign} {measure.must:g}, aim {measure.aim:g})"
        )
    if options.json:
        values = [asdict(measure) for measure in measures]
        options.json.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
