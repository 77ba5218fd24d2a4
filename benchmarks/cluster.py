"""Measure the same work on a Dask cluster. Run as: python -m benchmarks.cluster.

How time falls with workers, what a killed one costs, and how many workers one command could feed. A real
scheduler and workers, on this computer; half of CREMA-D (below SER_CORPORA), whole commands. All runs
must write the same file. What a command could feed follows from processor time: that of a worker for a
clip, over that of the command itself or of the scheduler, whichever has more to do. From these figures
docs/benchmarks.md projects what ten million clips would cost.
"""

from __future__ import annotations

from benchmarks.measuring import ROOT, Measure, report  # isort: skip  (first: it sets the number of threads)

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
from ser_core.batch import checkpoint, parallel
from tests.support.dask_cluster import cluster

EVERY, FEW = 2, 20
"""Every second clip is worked on; and of these a twentieth, to take off what starting costs."""
PREDICTED = 600
LISTED = 20_000
RECORD = bytes(1 + 32 + 129 * 8)
"""As long as that of one clip's features in the file of what is done."""


@dataclass(frozen=True)
class Run:
    """A command that has ended: its seconds, and the processor seconds of itself, scheduler and workers."""

    seconds: float
    command: float
    scheduler: float = 0.0
    workers: float = 0.0


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """Return the processor time of a process so far (Linux)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(
    command: str, paths: Sequence[Path], output: Path, kill_after: float = 0.0, *, workers: int = 0
) -> Run:
    """Run one `extract` or `predict`, in a process of its own or on a cluster of so many workers.

    With `kill_after`, one worker is killed after so many seconds.
    """
    arguments = [sys.executable, "-m", "ser_core", command, *map(str, paths)]
    arguments += ["--output", str(output)]
    arguments += ["--format", "jsonl"] if command == "predict" else []
    if not workers:
        return _wait_for([*arguments, "--jobs", "1"])
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster(Path(folder), workers) as (address, scheduler, processes),
    ):
        time.sleep(5)  # until the workers are there
        arguments += ["--scheduler", address]
        if kill_after:
            return _wait_for(arguments, processes[0], kill_after)
        scheduler_before = processor_seconds(scheduler)
        workers_before = sum(map(processor_seconds, processes))
        ended = _wait_for(arguments)
        return Run(
            ended.seconds,
            ended.command,
            processor_seconds(scheduler) - scheduler_before,
            sum(map(processor_seconds, processes)) - workers_before,
        )


def _wait_for(
    arguments: Sequence[str], victim: subprocess.Popen[bytes] | None = None, kill_after: float = 0.0
) -> Run:
    """Run a command to its end; a worker may be killed meanwhile."""
    start = time.perf_counter()
    process = subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.DEVNULL)
    if victim is not None:
        time.sleep(kill_after)
        victim.kill()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{arguments[3]} ended with {os.waitstatus_to_exitcode(status)}.")
    return Run(time.perf_counter() - start, usage.ru_utime + usage.ru_stime)


def measure_workers_fed(command: str, files: Sequence[Path], whole: Run, output: Path) -> Measure:
    """Return how many workers one command could feed."""
    some = files[: len(files) // FEW]
    few = run(command, some, output, workers=1)
    clips = (len(files) - len(some)) / 1000
    worker = (whole.workers - few.workers) / clips
    own = max(whole.command - few.command, whole.scheduler - few.scheduler) / clips
    return Measure(
        f"workers that one {command} can feed",
        ours=own,
        other=worker,
        compared_with="a worker's",
        unit="ms a clip",
        figure=worker / own,
        must=8,
        aim=32,
        figure_unit="",
        about="half of CREMA-D, on one computer with two cores "
        "that command and scheduler share with the workers",
    )


def listed_kilobytes_a_clip() -> float:
    """Return the memory for the list of what is to be done."""
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(LISTED):
            (Path(temporary) / f"recording-{number:08d}.flac").touch()
        tracemalloc.start()
        items = [parallel.FileTask(path) for path in corpora.list_audio_files(Path(temporary))]
        used, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return used / len(items) / 1000


def stored_kilobytes_a_clip() -> float:
    """Return the disk space for one clip's features in the file of what is done."""
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "done"
        store = checkpoint.Checkpoint(path, "a job")
        for number in range(LISTED):
            store.put(number.to_bytes(32, "little"), RECORD)
        store.close()
        return path.stat().st_size / LISTED / 1000


def measure_extract(files: Sequence[Path], folder: Path) -> tuple[Run, Run, Run, Run]:
    """Return `extract` in one process, with one worker, with two, and with one of two killed."""
    outputs = [folder / f"{name}.parquet" for name in ("here", "one", "two", "killed")]
    here = run("extract", files, outputs[0])
    one = run("extract", files, outputs[1], workers=1)
    two = run("extract", files, outputs[2], workers=2)
    killed = run("extract", files, outputs[3], two.seconds / 2, workers=2)
    for output in outputs[1:]:
        if output.read_bytes() != outputs[0].read_bytes():
            raise SystemExit(f"{output.stem}: not the same as in one process.")
    return here, one, two, killed


def compare_seconds(
    name: str, ours: Run, other: Run, compared_with: str, must: float, aim: float
) -> Measure:
    """Return how many times as long one run took as another; at most `must`."""
    ratio = ours.seconds / other.seconds
    return Measure(
        name, ours.seconds, other.seconds, compared_with, "s", ratio, must, aim, at_most=True
    )


def measure() -> list[Measure]:
    """Return times with one and two workers and with one killed, and what limits how far that goes."""
    files = corpora.list_audio_files(corpora.resolve("crema-d"))[::EVERY]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        here, one, two, killed = measure_extract(files, folder)
        extract = measure_workers_fed("extract", files, one, folder / "few.parquet")
        step = len(files) // PREDICTED
        some = files[: PREDICTED * step : step]
        whole = run("predict", some, folder / "all.jsonl", workers=1)
        predict = measure_workers_fed("predict", some, whole, folder / "few.jsonl")
    speedup = one.seconds / two.seconds
    listed = listed_kilobytes_a_clip()
    return [
        Measure(
            "extract with two workers",
            two.seconds,
            one.seconds,
            "one worker",
            "s",
            speedup,
            1.5,
            1.9,
        ),
        compare_seconds("extract with one worker", one, here, "one process", 1.3, 1.1),
        compare_seconds("extract, one of two killed", killed, two, "both alive", 2, 1.5),
        extract,
        predict,
        Measure(
            "memory of the command",
            ours=listed,
            other=stored_kilobytes_a_clip(),
            compared_with="on disk, until the end",
            unit="kB a clip",
            figure=listed,
            must=2,
            aim=0.5,
            at_most=True,
            figure_unit=" kB",
        ),
    ]


if __name__ == "__main__":
    report(measure(), __doc__ or "")
