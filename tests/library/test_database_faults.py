"""Nothing that was confirmed is lost: when processes write at once or are killed, and when a disk is full."""

import os
import random
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event

from ser_core.errors import ErrorCode
from ser_core.library import (
    database,
    kept_recordings,
)
from ser_core.library.store import Library
from tests.conftest import ROOT
from tests.support.keeper import recording_of
from tests.support.libraries import fails, keep
from tests.support.postgres import Server


def test_several_threads_and_two_processes_write_at_once_and_nothing_is_lost(store, url):
    others = [keeper(url, "local", 10_000 * number) for number in (1, 2)]
    for process in others:
        assert process.stdout.readline() == "ready\n"
    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(lambda seed: keep(store, seed=seed), range(80)))
    assert len(set(numbers)) == 80
    assert all(process.stdout.readline() for process in others)  # each has kept something, too
    confirmed = [line for process in others for line in killed(process)]
    there = {entry.id for entry in store.entries("local")}
    assert there >= set(numbers) | {number for number, _ in confirmed}


def keeper(url, owner, seed):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.keeper", url, owner, str(seed)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def killed(process):
    """Kill it; gives (number, seed) of all that it had confirmed. A line that was broken off was not."""
    process.kill()
    said = process.stdout.read()
    process.wait()
    return [tuple(map(int, line.split())) for line in said[: said.rfind("\n") + 1].splitlines()]


@pytest.mark.fault(
    "a process that writes to the library is killed",
    "nothing that was confirmed is lost (SQLite and PostgreSQL)",
)
@pytest.mark.slow
def test_a_process_that_is_killed_at_any_moment_loses_nothing_that_it_had_confirmed(url):
    chance = random.Random(20261125)
    confirmed = []
    for round_ in range(8):
        process = keeper(url, "local", 1000 * round_)
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.0, 0.4))
        confirmed += killed(process)
    assert len(confirmed) > 8
    store = Library.at(url)
    entries = {entry.id: entry for entry in store.entries("local")}
    for number, seed in confirmed:
        assert (entries[number].name, entries[number].emotion, entries[number].speaker) == (
            f"{seed}.wav",
            "happy",
            f"speaker {seed}",
        )
        assert store.flac("local", number) == kept_recordings.encode_flac(recording_of(seed))
    assert len(entries) - len(confirmed) <= 8  # at most one a round was written but not yet said
    if url.startswith("sqlite"):
        with store.database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    store.database.close()


@pytest.mark.fault(
    "the library's database is full", "one sentence; nothing that was confirmed is lost"
)
def test_a_full_database_is_one_sentence_and_loses_nothing(tmp_path):
    store = Library.in_folder(tmp_path)
    confirmed = [keep(store, seed=seed) for seed in range(3)]
    pages = sqlite3.connect(tmp_path / "library.db").execute("PRAGMA page_count").fetchone()[0]
    event.listen(
        store.database.engine,
        "connect",
        lambda connection, _: connection.execute(f"PRAGMA max_page_count = {pages + 2}"),
    )
    store.database.close()
    with fails(ErrorCode.LIBRARY_FAILED) as caught:
        for seed in range(100, 110):
            confirmed.append(keep(store, seed=seed))
    assert "full" in str(caught.value)
    assert [entry.id for entry in store.entries("local")] == confirmed
    assert all(store.flac("local", number) for number in confirmed)
    store.delete("local", confirmed[:1])  # which makes room
    assert keep(store, seed=500)


@pytest.mark.fault(
    "the disk is full while the library writes", "one sentence; nothing that was confirmed is lost"
)
@pytest.mark.skipif(os.name != "posix", reason="limits the size of files as POSIX has it")
def test_a_disk_that_takes_no_more_is_one_sentence_and_loses_nothing(tmp_path):
    code = """
import resource, sys
from tests.support.libraries import keep
from ser_core.errors import SerError
from ser_core.library.store import Library
from pathlib import Path
kept = Library.in_folder(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    for seed in range(1000):
        print(keep(kept, seed=seed), flush=True)
except SerError as error:
    print(error.code, error, flush=True)
print(len(kept.entries("local")))
"""
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    *confirmed, error, n_then = result.stdout.splitlines()
    assert error.startswith("LIBRARY_FAILED The ")
    assert int(n_then) == len(confirmed) > 2
    store = Library.in_folder(tmp_path)
    assert [str(entry.id) for entry in store.entries("local")] == confirmed
    assert all(store.flac("local", int(number)) for number in confirmed)


@pytest.mark.fault("the library is locked by another program", "one sentence")
def test_a_library_that_somebody_else_holds_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "_WAIT_SECONDS", 0.1)
    store = Library.in_folder(tmp_path)
    other = sqlite3.connect(tmp_path / "library.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with fails(ErrorCode.LIBRARY_FAILED) as caught:
        keep(store)
    assert "busy" in str(caught.value)
    assert store.entries("local") == []  # reading goes on
    other.execute("ROLLBACK")
    assert keep(store)


@pytest.mark.fault("the PostgreSQL server is gone", "one sentence; when it is back, all goes on")
@pytest.mark.postgres
def test_a_server_that_is_gone_is_one_sentence_and_afterwards_all_goes_on():
    server = Server()
    store = Library.at(server.url)
    try:
        number = keep(store, seed=1)
        server.stop()  # as if the power went
        for attempt in (lambda: keep(store, seed=2), lambda: store.entries("local")):
            with fails(ErrorCode.LIBRARY_FAILED) as caught:
                attempt()
            assert "server" in str(caught.value)
        server.start()
        assert [entry.id for entry in store.entries("local")] == [number]
        assert keep(store, seed=2) > number
    finally:
        store.database.close()
        server.close()
