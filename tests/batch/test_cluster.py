"""Work on a cluster: the same output, whatever becomes of a worker."""

import os
import sys

import pandas as pd
import pytest

from ser_core import cli
from ser_core.batch.cluster import use_cluster
from ser_core.batch.parallel import FileTask, map_files
from ser_core.storage.paths import DATA_DIR
from tests.batch.program_runs import start, wait_while
from tests.support.dask_cluster import cluster


@pytest.mark.slow
@pytest.mark.parametrize("send", ["paths", "bytes"])
def test_a_cluster_writes_the_same_and_a_killed_worker_costs_nothing_but_time(
    clips, table, tmp_path, send
):
    output = tmp_path / "features.csv"
    with cluster(tmp_path, 2) as (address, _, workers):
        process = start(
            "extract", clips, "--output", output, "--scheduler", address, "--send", send
        )
        part = tmp_path / ".features.csv.part"  # written to from the first results on
        wait_while(lambda: not part.exists(), process)
        workers[0].kill()
        _, messages = process.communicate(timeout=120)
    assert process.returncode == 1, messages
    assert output.read_bytes() == table


def process_number(content):
    return str(os.getpid()).encode()


@pytest.mark.slow
def test_a_single_worker_does_the_work_and_not_the_command(clips, tmp_path):
    tasks = [FileTask(path) for path in sorted(clips.iterdir())]
    with cluster(tmp_path, 1) as (address, _, workers), use_cluster(address):
        assert set(map_files(process_number, tasks)) == {str(workers[0].pid).encode()}


@pytest.mark.slow
def test_training_on_a_cluster_gives_the_same_scores(tmp_path, capfd):
    rows = pd.read_parquet(DATA_DIR / "nemo" / "acoustic128_v1.parquet")
    rows.groupby(["speaker", "emotion"]).head(4).to_csv(tmp_path / "few.csv", index=False)
    features = str(tmp_path / "few.csv")
    arguments = [
        "train",
        "--features",
        features,
        "--classifier",
        "knn",
        "--task",
        "emotion",
        "--output",
    ]
    assert cli.main([*arguments, str(tmp_path / "here")]) == 0
    here = capfd.readouterr().out
    with cluster(tmp_path, 1) as (address, *_):
        assert cli.main([*arguments, str(tmp_path / "there"), "--scheduler", address]) == 0
    assert capfd.readouterr().out == here
    assert "unseen" in here


def test_no_scheduler_at_the_address_is_said_so(clips, capsys, monkeypatch):
    monkeypatch.setattr("ser_core.batch.cluster.PATIENCE_S", 0.5)
    assert cli.main(["extract", str(clips), "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert "No Dask scheduler" in capsys.readouterr().err


def test_without_distributed_it_says_what_to_install(clips, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    assert cli.main(["extract", str(clips), "--scheduler", "tcp://127.0.0.1:8786"]) == 2
    assert "requirements/cluster.txt" in capsys.readouterr().err
