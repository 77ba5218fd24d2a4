"""`extract` over CREMA-D (below SER_CORPORA) in one process and in two, from start to end. Run as: python -m benchmarks.scaling.

Two runs each in turn, as whole commands; both must write the same file. The memory of the main process is its highest, over a twentieth of the
clips and over all.
"""

from __future__ import annotations

from benchmarks.measuring import ROOT, Measure, report  # isort: skip

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


def extracted(named: Sequence[Path], jobs: int, output: Path) -> tuple[float, float]:
    """Seconds, and the highest memory of the main process in MB, of one `extract`."""
    start = time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "ser_core",
        "extract",
        *map(str, named),
        "--output",
        str(output),
        "--jobs",
        str(jobs),
    ]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"extract ended with {os.waitstatus_to_exitcode(status)}.")
    return time.perf_counter() - start, used.ru_maxrss / 1024


def measured() -> list[Measure]:
    """How much faster two processes are, and how memory grows with the number of clips."""
    folder = corpora.resolve("crema-d")
    with tempfile.TemporaryDirectory() as temporary:
        one, two = Path(temporary) / "1.parquet", Path(temporary) / "2.parquet"
        times = []
        for run in range(RUNS):
            times.append((extracted([folder], 1, one)[0], extracted([folder], 2, two)[0]))
            print(
                f"run {run + 1}: {times[-1][0]:.1f} s with one process, {times[-1][1]:.1f} s with two",
                file=sys.stderr,
            )
            if one.read_bytes() != two.read_bytes():
                raise SystemExit("One process and two did not write the same.")
        files = corpora.audio_files(folder)
        _, few = extracted(files[: len(files) // 20], 2, Path(temporary) / "few.parquet")
        _, all_of_them = extracted([folder], 2, two)
    alone, together = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(a / b for a, b in times)
    return [
        Measure(
            "extract over CREMA-D, two processes",
            together,
            alone,
            "one process",
            "s",
            ratio,
            1.7,
            1.9,
            about="acoustic128_v1, whole commands",
        ),
        Measure(
            "memory for all clips",
            all_of_them,
            few,
            "for a twentieth",
            "MB",
            all_of_them / few,
            1.3,
            1.1,
            at_most=True,
        ),
    ]


if __name__ == "__main__":
    report(measured(), __doc__ or "")
