"""Runs of the program in processes of their own: to their end, or until they are killed."""

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress

from tests.conftest import ROOT


def command_line(*arguments):
    return [sys.executable, "-m", "ser_core", *map(str, arguments)]


def run(*arguments):
    """What became of a run."""
    return subprocess.run(command_line(*arguments), capture_output=True, text=True, cwd=ROOT)


def start(*arguments):
    """A run in progress."""
    return subprocess.Popen(command_line(*arguments), stderr=subprocess.PIPE, text=True, cwd=ROOT)


def wait_while(condition, process):
    """Wait while a condition holds, as long as a run is in progress."""
    while condition():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)


def done_in(partial):
    """How many files an interrupted run has put safely away."""
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"file:{partial}?mode=ro", uri=True)) as database,
    ):
        return database.execute("SELECT count(*) FROM done").fetchone()[0]
    return 0


def kill_when_done(at_least, partial, *arguments):
    """Kill a run as soon as its checkpoint holds so many files."""
    process = start(*arguments)
    wait_while(lambda: done_in(partial) < at_least, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
