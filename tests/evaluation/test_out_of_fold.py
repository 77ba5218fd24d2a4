"""The out-of-fold tables: how rows are made, and that what is stored is complete."""

import numpy as np
import pandas as pd
import pytest

from ser_core import evaluation
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.evaluation import leaderboard


def test_rows_have_a_column_for_each_label_and_nan_for_the_other_task():
    clips = pd.DataFrame({"corpus": "mine", "path": ["a", "b", "c"], "speaker": ["A", "B", "C"]})
    run = ("gender", "features", "svc", "random_split", 2, 4)
    probabilities = np.array([[0.123456, 0.876544], [0.25, 0.75]])
    rows = evaluation.out_of_fold_rows(
        clips, np.array([0, 2]), np.array([1, 0]), probabilities, run
    )
    assert list(rows.columns) == list(evaluation.OUT_OF_FOLD_COLUMNS)
    assert rows["path"].tolist() == ["a", "c"]
    assert rows["truth"].tolist() == [GENDERS[1], GENDERS[0]]
    assert set(rows["intensity"]) == {""}  # not known
    assert tuple(rows.loc[0, list(evaluation.RUN_COLUMNS)]) == run
    assert rows[list(EMOTIONS)].isna().all(axis=None)
    np.testing.assert_array_equal(
        rows[list(GENDERS)], np.float32([[0.12346, 0.87654], [0.25, 0.75]])
    )


@pytest.fixture(scope="module")
def stored():
    return evaluation.read_out_of_fold()


CLIPS = {"ravdess": 1440, "crema-d": 7435, "nemo": 4481}
OF_ALL_CORPORA = ("network", "bagged_mlp", "combination")


def test_every_clip_is_predicted_once_per_run_and_seed(stored):
    single = stored[~stored["classifier"].isin([*OF_ALL_CORPORA, "combination_of_one"])]
    at_home = single[(single["corpus"] == "ravdess") & (single["protocol"] != "corpus_left_out")]
    runs = at_home.groupby(["task", "feature_set", "classifier", "protocol", "seed"], observed=True)
    n_seeded, n_unseeded = 3, 3  # classifiers
    n_tasks, n_feature_sets, n_protocols = 2, 2, 2
    assert len(runs) == n_tasks * n_feature_sets * n_protocols * (3 * n_seeded + n_unseeded)
    elsewhere = single.drop(at_home.index).groupby(
        ["corpus", "task", "feature_set", "classifier", "protocol"], observed=True
    )
    # Each corpus left out and unseen speakers of two, for both tasks; the random split for emotions only.
    assert len(elsewhere) == 7 * (3 * 2 + 2 * 2 + 2)
    for _, rows in [*runs, *elsewhere]:
        assert len(rows) == rows["path"].nunique() == CLIPS[rows["corpus"].iloc[0]]


def test_the_models_of_all_corpora_predict_every_clip_of_every_corpus(stored):
    chosen = stored[
        stored["classifier"].isin(OF_ALL_CORPORA)
        & stored["protocol"].isin(["unseen_speakers", "corpus_left_out"])
    ]
    runs = chosen.groupby(["corpus", "task", "classifier", "protocol", "seed"], observed=True)
    for (corpus, *_), rows in runs:
        assert len(rows) == rows["path"].nunique() == CLIPS[corpus]
    networks = chosen[
        (chosen["classifier"] == "network") & (chosen["protocol"] == "unseen_speakers")
    ]
    assert networks["seed"].nunique() >= 2


def test_the_default_is_scored_with_one_network_of_each_of_three_seeds(stored):
    rows = stored[stored["classifier"] == "combination_of_one"]
    runs = rows.groupby(["corpus", "task", "protocol", "seed"], observed=True)
    expected = {("ravdess", "emotion", "unseen_speakers", seed): 1440 for seed in (0, 1, 2)}
    assert runs["path"].nunique().to_dict() == expected


def test_no_speaker_is_in_two_folds_of_unseen_speakers_and_all_are_in_random_ones(stored):
    per_fold = (
        stored[stored["protocol"] == "unseen_speakers"]
        .groupby(["corpus", "feature_set", "classifier", "speaker"])["fold"]
        .nunique()
    )
    assert per_fold.max() == 1
    random = stored[(stored["protocol"] == "random_split") & (stored["task"] == "emotion")]
    assert random.groupby("speaker")["fold"].nunique().min() == 5


def test_stored_probabilities_sum_to_one(stored):
    for task, labels in (("emotion", EMOTIONS), ("gender", GENDERS)):
        np.testing.assert_allclose(
            stored.loc[stored["task"] == task, list(labels)].sum(axis=1), 1, atol=1e-3
        )


def test_a_classifier_chosen_inside_predicts_every_clip_and_is_no_better_than_the_best(stored):
    selections = evaluation.read_selections()
    for task in ("emotion", "gender"):
        rows = evaluation.chosen_inside(stored, selections, task)
        assert len(rows) == rows["path"].nunique() == 1440
        uar = evaluation.score(rows, task).uar.value
        best = leaderboard.rank_models(stored, task)["unseen_speakers_uar"].max()
        assert 0.5 <= uar <= best + 0.01
