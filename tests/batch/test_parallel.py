"""Work on many files: killed and gone on with, and in parallel; always the same output."""

import itertools
import json
import os
import signal
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

from ser_core import cli
from ser_core.audio import isolated
from ser_core.batch.checkpoint import job_digest, open_checkpoint
from ser_core.batch.parallel import FileTask, _work_on, map_files
from ser_core.errors import ErrorCode, SerError
from ser_core.storage.paths import DATA_DIR
from tests.batch.program_runs import done_in, kill_when_done, run, start, wait_while
from tests.support.synthesis import wav


@contextmanager
def interrupted(output, job):
    """A run that is stopped from the keyboard after the body."""
    with suppress(KeyboardInterrupt), open_checkpoint(output, job) as checkpoint:
        yield checkpoint
        raise KeyboardInterrupt


def upper_case(content):
    return content.data.upper()


@pytest.mark.slow
def test_all_rows_are_there_once_and_in_order(table, clips):
    paths = [line.split(b",")[0].decode() for line in table.splitlines()[1:]]
    assert paths == sorted(path.name for path in clips.iterdir() if path.name != "zz.wav")


@pytest.mark.slow
@pytest.mark.fault("a long run is killed", "the same command goes on and writes the same")
def test_a_run_that_is_killed_twice_goes_on_and_writes_the_same(clips, table, tmp_path):
    output = tmp_path / "features.csv"
    partial = tmp_path / ".features.csv.partial"
    command = ("extract", clips, "--output", output, "--jobs", 1)
    kill_when_done(1, partial, *command)
    first = done_in(partial)
    kill_when_done(first + 1, partial, *command)
    assert not output.exists()
    n_done = done_in(partial)
    ended = run(*command)
    assert ended.returncode == 1
    assert f"goes on: {n_done:,} files are done" in ended.stderr
    assert output.read_bytes() == table
    assert [path.name for path in tmp_path.iterdir()] == ["features.csv"]


def test_what_is_done_is_not_done_again_but_a_changed_file_is(tmp_path):
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_bytes(path.name.encode())
    worked = []

    def work(content):
        worked.append(content.data)
        if content.data == b"b":
            raise SerError(ErrorCode.EMPTY, "Nothing in it.", "Fill it.")
        return content.data.upper()

    def results(checkpoint):
        return [
            str(result) if isinstance(result, SerError) else result
            for result in map_files(work, tasks, checkpoint=checkpoint)
        ]

    tasks = [FileTask(path) for path in paths]
    with interrupted(tmp_path / "out", "job") as checkpoint:
        assert results(checkpoint) == [b"A", "Nothing in it.", b"C"]
    paths[2].write_bytes(b"d")
    worked.clear()
    with open_checkpoint(tmp_path / "out", "job") as checkpoint:
        assert (checkpoint.n_done, checkpoint.started_over) == (3, False)
        assert results(checkpoint) == [b"A", "Nothing in it.", b"D"]
    assert worked == [b"d"]
    with open_checkpoint(tmp_path / "out", "job") as checkpoint:  # it ended well: nothing is left
        assert checkpoint.n_done == 0


def test_a_file_that_cannot_be_read_is_tried_again(tmp_path):
    tasks = [FileTask(tmp_path / "late")]
    with interrupted(tmp_path / "out", "job") as checkpoint:
        (missing,) = map_files(upper_case, tasks, checkpoint=checkpoint)
        assert missing.code == "NOT_FOUND"
    tasks[0].path.write_bytes(b"x")
    with open_checkpoint(tmp_path / "out", "job") as checkpoint:
        assert list(map_files(upper_case, tasks, checkpoint=checkpoint)) == [b"X"]


@pytest.mark.parametrize("left", ["another job", "damaged"])
def test_what_another_job_left_or_what_is_damaged_is_not_used(tmp_path, left):
    partial = tmp_path / ".out.partial"
    if left == "damaged":
        partial.write_bytes(b"SQLite format 3\0 and then nothing of use" * 100)
    else:
        with interrupted(tmp_path / "out", "another") as checkpoint:
            checkpoint.put(b"key", b"+other")
    with open_checkpoint(tmp_path / "out", "job") as checkpoint:
        assert checkpoint.started_over
        assert (checkpoint.n_done, checkpoint.get(b"key")) == (0, None)


def test_two_runs_towards_one_output_do_not_get_into_each_others_way(clips, tmp_path):
    output = tmp_path / "features.csv"
    with FileLock(tmp_path / ".features.csv.lock"):
        ended = run("extract", clips, "--output", output)
    assert ended.returncode == 2
    assert "Another process is writing" in ended.stderr
    assert not output.exists()


def test_another_job_is_told_by_what_it_asks_for_and_by_the_code(monkeypatch):
    assert job_digest("extract", "a") == job_digest("extract", "a")
    assert job_digest("extract", "a") != job_digest("extract", "b")
    before = job_digest("extract", "a")
    monkeypatch.setattr("ser_core.batch.checkpoint.program_digest", lambda: "changed")
    assert job_digest("extract", "a") != before


@pytest.mark.slow
@pytest.mark.fault(
    "a worker process of a long run is killed",
    "one clear sentence, exit code 1; the same command goes on and writes the same",
)
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the processes in /proc")
def test_a_killed_worker_process_ends_the_run_clearly_and_it_goes_on(clips, table, tmp_path):
    output = tmp_path / "features.csv"
    command = ("extract", clips, "--output", output, "--jobs", 2)
    process = start(*command)
    wait_while(lambda: done_in(tmp_path / ".features.csv.partial") < 1, process)
    workers = [
        int(pid)
        for task in Path(f"/proc/{process.pid}/task").iterdir()
        for pid in (task / "children").read_text().split()
    ]
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in workers}
    of_loky = [pid for pid, command in commands.items() if b"popen_loky" in command]
    os.kill(of_loky[0], signal.SIGKILL)
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "error: A worker process was killed" in messages
    assert "Traceback" not in messages
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
    tasks = [FileTask(path) for path in files]
    with open_checkpoint(tmp_path / "out", "job") as checkpoint:
        results = list(map_files(_length, tasks, 1, checkpoint))
        assert checkpoint.n_done == 0
        again = list(map_files(_length, tasks, 1, checkpoint))
    assert results == again == [b"16000"] * 40


def _length(content):
    return str(len(isolated.decode(content.data).samples)).encode()


@pytest.mark.slow
def test_predictions_go_on_too(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for number, path in enumerate(sorted((DATA_DIR / "samples").glob("*.flac"))):
        for copy in range(12):
            # Trailing zeros: other bytes, the same sound.
            (folder / f"{number}-{copy}.flac").write_bytes(path.read_bytes() + bytes(copy))
    whole, output = tmp_path / "whole.jsonl", tmp_path / "out.jsonl"
    assert (
        run("predict", folder, "--format", "jsonl", "--output", whole, "--jobs", 1).returncode == 0
    )
    command = ("predict", folder, "--format", "jsonl", "--output", output, "--jobs", 1)
    kill_when_done(1, tmp_path / ".out.jsonl.partial", *command)
    ended = run(*command)
    assert ended.returncode == 0
    assert "goes on: " in ended.stderr
    assert output.read_bytes() == whole.read_bytes()
    assert len([json.loads(line) for line in whole.read_text().splitlines()]) == len(
        list(folder.iterdir())
    )


@pytest.mark.slow
def test_parts_make_one_parquet_table_and_two_processes_the_same_one(
    clips, table, tmp_path, monkeypatch
):
    monkeypatch.setattr("ser_core.batch.extraction.ROWS_A_PART", 64)
    for jobs in (1, 2):
        output = str(tmp_path / f"{jobs}.parquet")
        assert cli.main(["extract", str(clips), "--output", output, "--jobs", str(jobs)]) == 1
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()
    in_parts = pd.read_parquet(tmp_path / "1.parquet")
    (tmp_path / "whole.csv").write_bytes(table)
    pd.testing.assert_frame_equal(
        in_parts, pd.read_csv(tmp_path / "whole.csv"), check_dtype=False, rtol=1e-6
    )


def test_a_model_that_a_worker_lacks_is_no_fault_of_the_clips(tmp_path):
    (tmp_path / "clip").write_bytes(b"x")

    def work(data):
        raise SerError(ErrorCode.MODEL_NOT_FOUND, "There is no such model here.", "Install it.")

    with pytest.raises(SerError, match="no such model"):
        list(map_files(work, [FileTask(tmp_path / "clip")]))


def test_a_worker_with_another_version_is_refused():
    with pytest.raises(SerError, match="another version"):
        _work_on(upper_case, [], "another program")
