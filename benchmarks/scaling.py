"""Measure `extract` in one process and in two. Run as: python -m benchmarks.scaling.

Over CREMA-D (below SER_CORPORA), from start to end. Two runs each in turn, as whole commands; both must
write the same file. The memory of the main process is its highest, over a twentieth of the clips and over
all.
"""

from __future__ import annotations

from benchmarks.measuring import ROOT, Measure, report  # isort: skip  (first: it sets the number of threads)

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ser_core import corpora

RUNS = 2


def run_extract(paths: Sequence[Path], jobs: int, output: Path) -> tuple[float, float]:
    """Return the seconds of one `extract`, and the highest memory of its main process in MB."""
    command = [sys.executable, "-m", "ser_core", "extract", *map(str, paths)]
    command += ["--output", str(output), "--jobs", str(jobs)]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"extract ended with {os.waitstatus_to_exitcode(status)}.")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def measure() -> list[Measure]:
    """Return how much faster two processes are, and how memory grows with the number of clips."""
    folder = corpora.resolve("crema-d")
    with tempfile.TemporaryDirectory() as temporary:
        one, two = Path(temporary) / "1.parquet", Path(temporary) / "2.parquet"
        one_seconds: list[float] = []
        two_seconds: list[float] = []
        for _ in range(RUNS):
            one_seconds.append(run_extract([folder], 1, one)[0])
            two_seconds.append(run_extract([folder], 2, two)[0])
            print(
                f"1 process: {one_seconds[-1]:.1f} s, 2: {two_seconds[-1]:.1f} s", file=sys.stderr
            )
            if one.read_bytes() != two.read_bytes():
                raise SystemExit("One process and two did not write the same.")
        files = corpora.list_audio_files(folder)
        twentieth = files[: len(files) // 20]
        _, few_mb = run_extract(twentieth, 2, Path(temporary) / "few.parquet")
        _, all_mb = run_extract([folder], 2, two)
    ratios = [first / second for first, second in zip(one_seconds, two_seconds, strict=True)]
    return [
        Measure(
            "extract over CREMA-D, two processes",
            ours=statistics.median(two_seconds),
            other=statistics.median(one_seconds),
            compared_with="one process",
            unit="s",
            figure=statistics.median(ratios),
            must=1.7,
            aim=1.9,
            about="acoustic128_v1, whole commands",
        ),
        Measure(
            "memory for all clips",
            ours=all_mb,
            other=few_mb,
            compared_with="for a twentieth",
            unit="MB",
            figure=all_mb / few_mb,
            must=1.3,
            aim=1.1,
            at_most=True,
        ),
    ]


if __name__ == "__main__":
    report(measure(), __doc__ or "")
