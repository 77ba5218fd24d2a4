"""Work on many files: killed and gone on with, in parallel, on a cluster; always the same output."""

import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

from ser_core import cli
from ser_core.audio import isolated
from ser_core.batch import checkpointed
from ser_core.batch.cluster import on as on_cluster
from ser_core.errors import ErrorCode, SerError
from tests.conftest import ROOT
from tests.support.dask_cluster import cluster
from tests.support.synthesis import wav

N_CLIPS = 1000


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Short clips of coloured noise, no two alike, one of them twice, and a file that is no audio."""
    folder = tmp_path_factory.mktemp("clips")
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 0.1, 16_000 * 5).astype(np.float32)
    for number in range(N_CLIPS):
        (folder / f"{number:04d}.wav").write_bytes(wav(noise[number * 40 : number * 40 + 24_000]))
    (folder / "twin.wav").write_bytes((folder / "0003.wav").read_bytes())
    (folder / "zz.wav").write_bytes(b"no audio")
    return folder


@pytest.fixture(scope="module")
def table(clips, tmp_path_factory):
    """What an uninterrupted run writes."""
    output = tmp_path_factory.mktemp("whole") / "features.csv"
    assert (
        cli.main(["extract", str(clips), "--output", str(output), "--jobs", "1"]) == 1
    )  # one file is no audio
    return output.read_bytes()


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "ser_core", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


def done_in(partial):
    """How many files an interrupted run has put safely away."""
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"file:{partial}?mode=ro", uri=True)) as database,
    ):
        return database.execute("SELECT count(*) FROM done").fetchone()[0]
    return 0


def started_and_killed(partial, at_least, *arguments):
    process = subprocess.Popen(
        [sys.executable, "-m", "ser_core", *map(str, arguments)],
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )
    while done_in(partial) < at_least:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()


@contextmanager
def interrupted(output, job):
    """A run that is stopped from the keyboard after the body."""
    with suppress(KeyboardInterrupt), checkpointed.beside(output, job) as store:
        yield store
        raise KeyboardInterrupt


# ----------------------------------------------------------------------------------------------------------- going on


def test_all_rows_are_there_once_and_in_order(table, clips):
    paths = [line.split(b",")[0].decode() for line in table.splitlines()[1:]]
    assert paths == sorted(path.name for path in clips.iterdir() if path.name != "zz.wav")


@pytest.mark.fault("a long run is killed", "the same command goes on and writes the same")
def test_a_run_that_is_killed_twice_goes_on_and_writes_the_same(clips, table, tmp_path):
    output = tmp_path / "features.csv"
    partial = tmp_path / ".features.csv.partial"
    command = ("extract", clips, "--output", output, "--jobs", 1)
    started_and_killed(partial, 1, *command)
    first = done_in(partial)
    started_and_killed(partial, first + 1, *command)
    assert not output.exists()
    kept = done_in(partial)
    ended = run(*command)
    assert ended.returncode == 1
    assert f"goes on: {kept:,} files are done" in ended.stderr
    assert output.read_bytes() == table
    assert [path.name for path in tmp_path.iterdir()] == ["features.csv"]


def test_what_is_done_is_not_done_again_but_a_changed_file_is(tmp_path):
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_bytes(path.name.encode())
    worked = []

    def work(data):
        worked.append(data)
        if data == b"b":
            raise SerError(ErrorCode.EMPTY, "Nothing in it.", "Fill it.")
        return data.upper()

    def results(store):
        return [
            str(result) if isinstance(result, SerError) else result
            for result in checkpointed.over_files(work, items, store=store)
        ]

    items = [checkpointed.Item(path) for path in paths]
    with interrupted(tmp_path / "out", "job") as store:
        assert results(store) == [b"A", "Nothing in it.", b"C"]
    paths[2].write_bytes(b"d")
    worked.clear()
    with checkpointed.beside(tmp_path / "out", "job") as store:
        assert (store.n_done, store.begun_anew) == (3, False)
        assert results(store) == [b"A", "Nothing in it.", b"D"]
    assert worked == [b"d"]
    with checkpointed.beside(tmp_path / "out", "job") as store:  # it ended well: nothing is left
        assert store.n_done == 0


def test_a_file_that_cannot_be_read_is_tried_again(tmp_path):
    items = [checkpointed.Item(tmp_path / "late")]
    with interrupted(tmp_path / "out", "job") as store:
        (missing,) = checkpointed.over_files(bytes.upper, items, store=store)
        assert missing.code == "NOT_FOUND"
    items[0].path.write_bytes(b"x")
    with checkpointed.beside(tmp_path / "out", "job") as store:
        assert list(checkpointed.over_files(bytes.upper, items, store=store)) == [b"X"]


@pytest.mark.parametrize("left", ["another job", "damaged"])
def test_what_another_job_left_or_what_is_damaged_is_not_used(tmp_path, left):
    partial = tmp_path / ".out.partial"
    if left == "damaged":
        partial.write_bytes(b"SQLite format 3\0 and then nothing of use" * 100)
    else:
        with interrupted(tmp_path / "out", "another") as store:
            store.put(b"key", b"+other")
    with checkpointed.beside(tmp_path / "out", "job") as store:
        assert store.begun_anew
        assert (store.n_done, store.get(b"key")) == (0, None)


def test_two_runs_towards_one_output_do_not_get_into_each_others_way(clips, tmp_path):
    output = tmp_path / "features.csv"
    with FileLock(tmp_path / ".features.csv.lock"):
        ended = run("extract", clips, "--output", output)
    assert ended.returncode == 2
    assert "Another process is writing" in ended.stderr
    assert not output.exists()


def test_another_job_is_told_by_what_it_asks_for_and_by_the_code(monkeypatch):
    assert checkpointed.job_of("extract", "a") == checkpointed.job_of("extract", "a")
    assert checkpointed.job_of("extract", "a") != checkpointed.job_of("extract", "b")
    before = checkpointed.job_of("extract", "a")
    monkeypatch.setattr(checkpointed, "program", lambda: "changed")
    assert checkpointed.job_of("extract", "a") != before


@pytest.mark.fault(
    "a worker process of a long run is killed",
    "one clear sentence, exit code 1; the same command goes on and writes the same",
)
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the processes in /proc")
def test_a_killed_worker_process_ends_the_run_clearly_and_it_goes_on(clips, table, tmp_path):
    output = tmp_path / "features.csv"
    command = ("extract", clips, "--output", output, "--jobs", 2)
    process = subprocess.Popen(
        [sys.executable, "-m", "ser_core", *map(str, command)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    while done_in(tmp_path / ".features.csv.partial") < 1:
        assert process.poll() is None
        time.sleep(0.02)
    workers = [
        int(pid)
        for task in Path(f"/proc/{process.pid}/task").iterdir()
        for pid in (task / "children").read_text().split()
    ]
    of_loky = [pid for pid in workers if b"popen_loky" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(of_loky[0], signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "error: A worker process was killed" in said
    assert "Traceback" not in said
    assert not output.exists()
    ended = run(*command)
    assert "goes on: " in ended.stderr
    assert output.read_bytes() == table


@pytest.mark.fault(
    "the clock jumps by years, either way, in the middle of a run",
    "nothing is measured by it: the run goes on and writes the same",
)
def test_a_clock_that_jumps_changes_nothing(tmp_path, monkeypatch):
    jumps = itertools.cycle([1e9, -1e9, 0.0])
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + next(jumps))
    files = []
    for number in range(40):
        files.append(tmp_path / f"{number}.wav")
        files[-1].write_bytes(
            wav(np.random.default_rng(number).normal(0, 0.1, 16_000).astype(np.float32))
        )
    with checkpointed.beside(tmp_path / "out", "job") as store:
        found = list(
            checkpointed.over_files(_length, [checkpointed.Item(path) for path in files], 1, store)
        )
        assert store.n_done == 0
        again = list(
            checkpointed.over_files(_length, [checkpointed.Item(path) for path in files], 1, store)
        )
    assert found == again == [b"16000"] * 40


def _length(data):
    return str(len(isolated.decode(data).samples)).encode()


def test_predictions_go_on_too(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for number, path in enumerate(sorted((ROOT / "data" / "samples").glob("*.flac"))):
        for copy in range(12):
            (folder / f"{number}-{copy}.flac").write_bytes(
                path.read_bytes() + bytes(copy)
            )  # trailing zeros: other bytes, the same sound
    whole, output = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    assert (
        run("predict", folder, "--format", "jsonl", "--output", whole, "--jobs", 1).returncode == 0
    )
    command = ("predict", folder, "--format", "jsonl", "--output", output, "--jobs", 1)
    started_and_killed(tmp_path / ".out.jsonl.partial", 1, *command)
    ended = run(*command)
    assert ended.returncode == 0
    assert "goes on: " in ended.stderr
    assert output.read_bytes() == whole.read_bytes()
    assert len([json.loads(line) for line in whole.read_text().splitlines()]) == len(
        list(folder.iterdir())
    )


def test_parts_make_one_parquet_table_and_two_processes_the_same_one(
    clips, table, tmp_path, monkeypatch
):
    monkeypatch.setattr("ser_core.batch.extraction.ROWS_TOGETHER", 64)
    for jobs in (1, 2):
        assert (
            cli.main(
                [
                    "extract",
                    str(clips),
                    "--output",
                    str(tmp_path / f"{jobs}.parquet"),
                    "--jobs",
                    str(jobs),
                ]
            )
            == 1
        )
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()
    in_parts = pd.read_parquet(tmp_path / "1.parquet")
    (tmp_path / "whole.csv").write_bytes(table)
    pd.testing.assert_frame_equal(
        in_parts, pd.read_csv(tmp_path / "whole.csv"), check_dtype=False, rtol=1e-6
    )


# ---------------------------------------------------------------------------------------------------------- a cluster


@pytest.mark.parametrize("send", ["paths", "bytes"])
def test_a_cluster_writes_the_same_and_a_killed_worker_costs_nothing_but_time(
    clips, table, tmp_path, send
):
    output = tmp_path / "features.csv"
    with cluster(tmp_path, 2) as (address, _, workers):
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "ser_core",
                "extract",
                clips,
                "--output",
                output,
                "--scheduler",
                address,
                "--send",
                send,
            ],
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        while not (
            tmp_path / ".features.csv.part"
        ).exists():  # written to from the first results on
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.02)
        workers[0].kill()
        _, said = process.communicate(timeout=120)
    assert process.returncode == 1, said
    assert output.read_bytes() == table


def done_by(data):
    """What tells in which process the work was done."""
    return str(os.getpid()).encode()


def test_a_single_worker_does_the_work_and_not_the_command(clips, tmp_path):
    items = [checkpointed.Item(path) for path in sorted(clips.iterdir())]
    with cluster(tmp_path, 1) as (address, _, workers), on_cluster(address):
        assert set(checkpointed.over_files(done_by, items)) == {str(workers[0].pid).encode()}


def test_training_on_a_cluster_gives_the_same_scores(tmp_path, capfd):
    features = ROOT / "data" / "nemo" / "acoustic128_v1.csv"
    rows = (
        pd.read_parquet(features.with_suffix(".parquet"))
        if not features.exists()
        else pd.read_csv(features)
    )
    rows.groupby(["speaker", "emotion"]).head(4).to_csv(tmp_path / "few.csv", index=False)
    arguments = [
        "train",
        "--features",
        str(tmp_path / "few.csv"),
        "--classifier",
        "knn",
        "--task",
        "emotion",
        "--output",
    ]
    assert cli.main([*arguments, str(tmp_path / "here")]) == 0
    alone = capfd.readouterr().out
    with cluster(tmp_path, 1) as (address, *_):
        assert cli.main([*arguments, str(tmp_path / "there"), "--scheduler", address]) == 0
    assert capfd.readouterr().out == alone
    assert "unseen" in alone


def test_no_scheduler_at_the_address_is_said_so(clips, capsys, monkeypatch):
    monkeypatch.setattr("ser_core.batch.cluster.PATIENCE_S", 0.5)
    assert cli.main(["extract", str(clips), "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert "No Dask scheduler" in capsys.readouterr().err


def test_without_distributed_it_says_what_to_install(clips, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    assert cli.main(["extract", str(clips), "--scheduler", "tcp://127.0.0.1:8786"]) == 2
    assert "requirements-cluster.txt" in capsys.readouterr().err


def test_a_model_that_a_worker_lacks_is_no_fault_of_the_clips(tmp_path):
    (tmp_path / "clip").write_bytes(b"x")

    def work(data):
        raise SerError(ErrorCode.MODEL_NOT_FOUND, "There is no such model here.", "Install it.")

    with pytest.raises(SerError, match="no such model"):
        list(checkpointed.over_files(work, [checkpointed.Item(tmp_path / "clip")]))


def test_a_worker_with_another_version_is_refused():
    with pytest.raises(SerError, match="another version"):
        checkpointed._worked(bytes.upper, [], "another program")
