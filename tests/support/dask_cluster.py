"""A real Dask scheduler and workers on this computer, as processes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT


@contextmanager
def cluster(
    folder: Path, n_workers: int
) -> Iterator[tuple[str, subprocess.Popen, list[subprocess.Popen]]]:
    """Start a scheduler and workers of one thread each.

    Gives the address, the scheduler's process and those of the workers.
    """
    address = folder / "scheduler.json"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SER_CACHE": str(folder)}
    log = (folder / "log").open("w")

    def start(module: str, *arguments: str) -> subprocess.Popen:
        command = [
            sys.executable,
            "-m",
            f"distributed.cli.{module}",
            "--scheduler-file",
            str(address),
            *arguments,
        ]
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)

    processes = [start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")]
    try:
        while not address.exists() or not address.read_text():
            assert processes[0].poll() is None, Path(log.name).read_text()
            time.sleep(0.05)
        processes += [
            start("dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard")
            for _ in range(n_workers)
        ]
        yield json.loads(address.read_text())["address"], processes[0], processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()
        log.close()
