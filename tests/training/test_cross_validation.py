"""Out-of-fold predictions of one corpus: no tested clip is in the training, nothing is done twice."""

import numpy as np
import pandas as pd
import pytest

from ser_core.emotions import LABELS
from ser_core.features import csv_tables, feature_table, tables
from ser_core.training import cross_validation
from ser_core.training.classifiers import CLASSIFIERS, tune
from tests.support.own_tables import NAMES, own_table


@pytest.fixture
def own_csv(tmp_path):
    path = tmp_path / "mine.csv"
    tables.write_csv([own_table()], path)
    return path


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(cross_validation, "cache_folder", lambda: tmp_path / "cache")


@pytest.mark.parametrize("name", ["logistic_regression", "svc"])
def test_nothing_of_the_tested_speaker_is_used_in_training(name, tmp_path):
    """Other labels for a speaker, or one clip far away, do not change what the speaker's other clips get."""
    rows = own_table(n_speakers=6)
    changed = rows.copy()
    of_s0 = changed["speaker"] == "s0"
    changed.loc[of_s0, "emotion"] = changed.loc[of_s0, "emotion"].to_numpy()[::-1]
    changed.loc[0, list(NAMES)] = 1e3
    results = []
    for number, table in enumerate((rows, changed)):
        tables.write_csv([table], tmp_path / f"{number}.csv")
        out_of_fold, _ = cross_validation.out_of_fold(
            csv_tables.read_table(tmp_path / f"{number}.csv"), [name]
        )
        unseen = out_of_fold[out_of_fold["protocol"] == "unseen_speakers"]
        results.append(unseen.loc[unseen["speaker"] == "s0", ["happy", "fearful"]].to_numpy()[1:])
    assert len(results[0]) == 7
    np.testing.assert_array_equal(*results)


def test_an_interrupted_run_goes_on_where_it_stopped(own_csv, monkeypatch):
    table = csv_tables.read_table(own_csv)
    whole, _ = cross_validation.out_of_fold(table, ["knn"])
    calls = []

    def counted(*arguments):
        calls.append(arguments)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return tune(*arguments)

    monkeypatch.setattr("ser_core.training.cross_validation.tune", counted)
    with pytest.raises(KeyboardInterrupt):
        cross_validation.out_of_fold(table, ["knn"])
    resumed, _ = cross_validation.out_of_fold(table, ["knn"])
    n_folds = 4 + 5  # speakers, random folds
    assert len(calls) == n_folds + 1  # the interrupted one again, the three before it not
    pd.testing.assert_frame_equal(resumed, whole)


def test_a_finished_run_is_not_taken_for_an_interrupted_one(own_csv, monkeypatch):
    table = csv_tables.read_table(own_csv)
    cross_validation.out_of_fold(table, ["knn"])
    calls = []
    monkeypatch.setattr(
        "ser_core.training.cross_validation.tune",
        lambda *arguments: calls.append(arguments) or tune(*arguments),
    )
    cross_validation.out_of_fold(table, ["knn"])
    assert len(calls) == 9


@pytest.mark.parametrize("n_speakers", [2, 4])
def test_the_smallest_tables_that_are_accepted_are_trained_by_every_classifier(
    n_speakers, tmp_path
):
    path = tmp_path / "small.csv"
    rows = own_table(n_speakers=n_speakers, clips=6)
    # Only one speaker's gender is known: no gender model.
    rows["gender"] = np.where(rows["speaker"] == "s0", "male", "")
    rows["corpus"] = 7  # a number is a name, too
    tables.write_csv([rows], path)
    table = csv_tables.read_table(path)
    assert feature_table.trainable_tasks(table) == ("emotion",)
    out_of_fold, _ = cross_validation.out_of_fold(table)
    assert set(out_of_fold["classifier"]) == set(CLASSIFIERS)


def test_the_shipped_tables_hold_every_clip_with_its_labels():
    for table in cross_validation.shipped_tables():
        assert len(table.rows) == 1440
        assert table.rows["speaker"].nunique() == 24
        assert table.rows["path"].nunique() == 1440
        # RAVDESS holds one happy clip of actor 7 twice, as both repetitions.
        assert table.rows["sha256"].nunique() == 1439
        assert feature_table.trainable_tasks(table) == tuple(LABELS)
