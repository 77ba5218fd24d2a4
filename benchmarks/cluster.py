"""The same work on a Dask cluster: how time falls with workers, what a killed one costs, and how many workers one command could feed.

Run as: python -m benchmarks.cluster. A real scheduler and workers, on this computer; half of CREMA-D (below SER_CORPORA), whole commands. All
runs must write the same file. What a command could feed follows from processor time: that of a worker for a clip, over that of the command
itself or of the scheduler, whichever has more to do. From these figures BENCHMARKS.md projects what ten million clips would cost.
"""

from __future__ import annotations

from benchmarks.measuring import ROOT, Measure, report  # isort: skip

import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ser_core import corpora
from ser_core.batch import checkpointed
from tests.support.dask_cluster import cluster

EVERY, FEW = 2, 20
"""Every second clip is worked on; and of these a twentieth, to take off what starting costs."""
PREDICTED = 600
LISTED = 20_000
RECORD = bytes(1 + 32 + 129 * 8)
"""As long as that of one clip's features in the file of what is done."""


@dataclass(frozen=True)
class Run:
    """A command that has ended: its seconds, and the seconds of processor time of itself, the scheduler and the workers."""

    seconds: float
    command: float
    scheduler: float = 0.0
    workers: float = 0.0


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """What a process has used so far (Linux)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(
    command: str, named: Sequence[Path], output: Path, kill_after: float = 0.0, *, workers: int = 0
) -> Run:
    """One `extract` or `predict` in one process of its own, or on a cluster of so many workers, one of whom may be killed."""
    arguments = [
        sys.executable,
        "-m",
        "ser_core",
        command,
        *map(str, named),
        "--output",
        str(output),
    ]
    arguments += ["--format", "jsonl"] if command == "predict" else []
    if not workers:
        return _ended([*arguments, "--jobs", "1"])
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster(Path(folder), workers) as (address, scheduler, processes),
    ):
        time.sleep(5)  # until the workers are there
        before = processor_seconds(scheduler), sum(map(processor_seconds, processes))
        found = _ended(
            [*arguments, "--scheduler", address], processes[0] if kill_after else None, kill_after
        )
        if kill_after:
            return found
        return Run(
            found.seconds,
            found.command,
            processor_seconds(scheduler) - before[0],
            sum(map(processor_seconds, processes)) - before[1],
        )


def _ended(
    arguments: Sequence[str], victim: subprocess.Popen[bytes] | None = None, kill_after: float = 0.0
) -> Run:
    start = time.perf_counter()
    process = subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.DEVNULL)
    if victim is not None:
        time.sleep(kill_after)
        victim.kill()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{arguments[3]} ended with {os.waitstatus_to_exitcode(status)}.")
    return Run(time.perf_counter() - start, used.ru_utime + used.ru_stime)


def fed(command: str, files: Sequence[Path], whole: Run, output: Path) -> Measure:
    """How many workers one command could feed."""
    some = files[: len(files) // FEW]
    few = run(command, some, output, workers=1)
    clips = (len(files) - len(some)) / 1000
    worker = (whole.workers - few.workers) / clips
    own = max(whole.command - few.command, whole.scheduler - few.scheduler) / clips
    about = "half of CREMA-D, on one computer with two cores that command and scheduler share with the workers"
    return Measure(
        f"workers that one {command} can feed",
        own,
        worker,
        "a worker's",
        "ms a clip",
        worker / own,
        8,
        32,
        figure_unit="",
        about=about,
    )


def kilobytes_a_clip() -> float:
    """Of memory, for the list of what is to be done."""
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(LISTED):
            (Path(temporary) / f"recording-{number:08d}.flac").touch()
        tracemalloc.start()
        items = [checkpointed.Item(path) for path in corpora.audio_files(Path(temporary))]
        used, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return used / len(items) / 1000


def kilobytes_done() -> float:
    """On disk, for one clip's features in the file of what is done."""
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "done"
        store = checkpointed.Store(path, "a job")
        for number in range(LISTED):
            store.put(number.to_bytes(32, "little"), RECORD)
        store.close()
        return path.stat().st_size / LISTED / 1000


def measured() -> list[Measure]:
    """Times with one and two workers and with one killed, and what limits how far that goes."""
    files = corpora.audio_files(corpora.resolve("crema-d"))[::EVERY]
    with tempfile.TemporaryDirectory() as temporary:
        outputs = [Path(temporary) / f"{name}.parquet" for name in ("here", "one", "two", "killed")]
        here = run("extract", files, outputs[0])
        one = run("extract", files, outputs[1], workers=1)
        two = run("extract", files, outputs[2], workers=2)
        killed = run("extract", files, outputs[3], two.seconds / 2, workers=2)
        for output in outputs[1:]:
            if output.read_bytes() != outputs[0].read_bytes():
                raise SystemExit(f"{output.stem}: not the same as in one process.")
        extract = fed("extract", files, one, Path(temporary) / "few.parquet")
        some = files[: PREDICTED * (len(files) // PREDICTED) : len(files) // PREDICTED]
        predict = fed(
            "predict",
            some,
            run("predict", some, Path(temporary) / "all.jsonl", workers=1),
            Path(temporary) / "few.jsonl",
        )
    listed, kept = kilobytes_a_clip(), kilobytes_done()
    return [
        Measure(
            "extract with two workers",
            two.seconds,
            one.seconds,
            "one worker",
            "s",
            one.seconds / two.seconds,
            1.5,
            1.9,
        ),
        Measure(
            "extract with one worker",
            one.seconds,
            here.seconds,
            "one process",
            "s",
            one.seconds / here.seconds,
            1.3,
            1.1,
            at_most=True,
        ),
        Measure(
            "extract, one of two killed",
            killed.seconds,
            two.seconds,
            "both alive",
            "s",
            killed.seconds / two.seconds,
            2,
            1.5,
            at_most=True,
        ),
        extract,
        predict,
        Measure(
            "memory of the command",
            listed,
            kept,
            "on disk, until the end",
            "kB a clip",
            listed,
            2,
            0.5,
            at_most=True,
            figure_unit=" kB",
        ),
    ]


if __name__ == "__main__":
    report(measured(), __doc__ or "")
