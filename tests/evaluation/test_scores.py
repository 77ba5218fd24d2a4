import json

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from ser_core import evaluation
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.evaluation import enrolment, scores, selective


def table(truth, probabilities, speakers, seed=0):
    columns = dict(
        zip(EMOTIONS, np.asarray(probabilities, dtype=float).T, strict=True)
    ) | dict.fromkeys(GENDERS, np.nan)
    return pd.DataFrame(
        {"truth": [EMOTIONS[i] for i in truth], "speaker": speakers, "seed": seed, **columns}
    )


@pytest.fixture
def random_case(rng):
    truth = rng.integers(0, 8, 400)
    probabilities = rng.dirichlet(np.ones(8), 400)
    probabilities[np.arange(400), truth] += 0.3
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return truth, probabilities, probabilities.argmax(axis=1)


def test_the_scores_are_scikit_learns(random_case):
    truth, _, predicted = random_case
    counts = evaluation.confusion(truth, predicted, 8)
    np.testing.assert_array_equal(counts, metrics.confusion_matrix(truth, predicted))
    assert evaluation.uar(counts) == pytest.approx(
        metrics.balanced_accuracy_score(truth, predicted)
    )
    assert evaluation.accuracy(counts) == pytest.approx(metrics.accuracy_score(truth, predicted))
    assert evaluation.macro_f1(counts) == pytest.approx(
        metrics.f1_score(truth, predicted, average="macro")
    )
    np.testing.assert_allclose(
        evaluation.recalls(counts), metrics.recall_score(truth, predicted, average=None)
    )


def test_perfect_predictions_score_one_and_constant_ones_chance():
    truth = np.repeat(np.arange(8), 5)
    perfect = evaluation.confusion(truth, truth, 8)
    constant = evaluation.confusion(truth, np.zeros(40, dtype=int), 8)
    assert (
        evaluation.uar(perfect)
        == evaluation.accuracy(perfect)
        == evaluation.macro_f1(perfect)
        == 1.0
    )
    assert evaluation.uar(constant) == 1 / 8
    assert evaluation.ece(truth, np.eye(8)[truth]) == 0.0


def test_a_label_without_clips_does_not_count():
    counts = evaluation.confusion(np.array([0, 0, 1]), np.array([0, 0, 0]), 3)
    assert evaluation.uar(counts) == 0.5
    assert evaluation.macro_f1(counts) == pytest.approx(
        metrics.f1_score([0, 0, 1], [0, 0, 0], average="macro")
    )


def test_ece_is_the_gap_of_equal_mass_bins_computed_by_hand():
    confidence = np.array([0.6, 0.6, 0.9, 0.9])
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    truth = np.array(
        [0, 1, 0, 0]
    )  # the less certain half is right once of twice, the more certain half always
    assert evaluation.ece(truth, probabilities, n_bins=2) == pytest.approx(
        (abs(0.6 - 0.5) + abs(0.9 - 1.0)) / 2
    )


def test_intervals_are_over_speakers_not_clips():
    # One speaker is always right, one never: however many clips they have, nothing is known of the third.
    for clips in (10, 1000):
        truth = np.tile([0, 1], clips)
        speakers = np.repeat(["good", "bad"], clips)
        right = np.eye(8)[truth]
        probabilities = np.where((speakers == "good")[:, None], right, np.roll(right, 1, axis=1))
        uar = evaluation.score(table(truth, probabilities, speakers), "emotion").uar
        assert (uar.value, uar.low, uar.high) == (0.5, 0.0, 1.0)


def test_the_same_rows_always_give_the_same_interval(random_case):
    truth, probabilities, _ = random_case
    rows = table(truth, probabilities, np.arange(400) % 20)
    assert evaluation.score(rows, "emotion") == evaluation.score(rows, "emotion")


def test_several_seeds_give_the_mean_run():
    truth, right = np.array([0, 1]), np.eye(8)[[0, 1]]
    wrong = np.roll(right, 1, axis=1)
    rows = pd.concat([table(truth, right, ["a", "b"], 0), table(truth, wrong, ["a", "b"], 1)])
    scores = evaluation.score(rows, "emotion")
    assert (scores.n_utterances, scores.n_speakers, scores.seeds) == (2, 2, (0, 1))
    assert scores.uar.value == scores.accuracy.value == scores.ece == 0.5
    assert evaluation.mean_confusion(rows, "emotion").sum() == 2


# --------------------------------------------------------------------------------------------------- what is stored


@pytest.fixture(scope="module")
def stored():
    return evaluation.read_out_of_fold()


CLIPS = {"ravdess": 1440, "crema-d": 7435, "nemo": 4481}
OF_ALL_CORPORA = ("network", "bagged_mlp", "combination")


def test_every_clip_is_predicted_once_per_run_and_seed(stored):
    single = stored[~stored["classifier"].isin([*OF_ALL_CORPORA, "combination_of_one"])]
    at_home = single[(single["corpus"] == "ravdess") & (single["protocol"] != "corpus_left_out")]
    runs = at_home.groupby(["task", "feature_set", "classifier", "protocol", "seed"], observed=True)
    assert len(runs) == 2 * 2 * 2 * (
        3 * 3 + 3
    )  # tasks, feature sets, protocols; three seeded classifiers, three not
    elsewhere = single.drop(at_home.index).groupby(
        ["corpus", "task", "feature_set", "classifier", "protocol"], observed=True
    )
    assert len(elsewhere) == 7 * (
        3 * 2 + 2 * 2 + 2
    )  # models; left out corpora and tasks, unseen speakers of two, random split of emotions
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
    assert rows.groupby(["corpus", "task", "protocol", "seed"], observed=True)[
        "path"
    ].nunique().to_dict() == {
        ("ravdess", "emotion", "unseen_speakers", seed): 1440 for seed in (0, 1, 2)
    }


def test_there_are_limits_for_every_run_of_the_default(stored):
    limits = selective.read_limits()
    rows = evaluation.model_rows(stored, "emotion", "several", "combination", "unseen_speakers")
    chosen = limits[
        (limits["classifier"] == "combination") & (limits["protocol"] == "unseen_speakers")
    ]
    assert set(rows["fold"]) == set(chosen["fold"])
    scores = selective.scores(rows, chosen)
    assert scores["coverage"] == pytest.approx(0.9, abs=0.04)
    assert scores["accuracy_best"] > scores["accuracy"] + 0.05


def test_every_clip_that_can_be_is_tested_with_a_baseline():
    table = enrolment.read()
    sizes = table.groupby(["corpus", "classifier", "protocol", "clips"], observed=True)["path"].agg(
        ["size", "nunique"]
    )
    assert (sizes["size"] == sizes["nunique"]).all()
    assert set(table["clips"]) == {1, 2}
    counts = table[table["truth"] != "neutral"][list(EMOTIONS)].sum(axis=1)
    assert counts.min() >= 4
    assert counts.max() <= 12


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


def test_the_baseline_of_the_field_is_reproduced(stored):
    board = scores.leaderboard(stored, "emotion").set_index(["feature_set", "classifier"])
    forest = board.loc[("mfcc128_v1", "random_forest")]
    assert forest["unseen_speakers_uar"] == pytest.approx(0.36, abs=0.03)
    assert forest["random_split_uar"] == pytest.approx(0.55, abs=0.03)


def test_choosing_the_classifier_inside_the_folds_predicts_every_clip_once_and_is_no_better_than_picking_the_best(
    stored,
):
    selections = evaluation.read_selections()
    for task in ("emotion", "gender"):
        rows = evaluation.chosen_inside(stored, selections, task)
        assert len(rows) == rows["path"].nunique() == 1440
        best = scores.leaderboard(stored, task)["unseen_speakers_uar"].max()
        assert evaluation.score(rows, task).uar.value <= best + 0.01
    assert (
        evaluation.score(
            evaluation.chosen_inside(stored, selections, "emotion"), "emotion"
        ).uar.value
        >= 0.50
    )


def test_the_promised_figures_hold_on_unseen_speakers(stored):
    emotion, gender = (scores.leaderboard(stored, task) for task in ("emotion", "gender"))
    assert emotion[emotion["feature_set"] == "acoustic128_v1"]["unseen_speakers_uar"].max() >= 0.50
    assert gender["unseen_speakers_uar"].max() >= 0.97
    assert (emotion["inflation"].dropna() > 0).all()


def test_the_reliability_diagram_averages_to_the_ece(stored):
    rows = evaluation.model_rows(stored, "emotion", "acoustic128_v1", "svc", "unseen_speakers")
    bins = evaluation.reliability(rows, "emotion")
    assert bins["clips"].sum() == len(rows)
    gaps = (bins["confidence"] - bins["right"]).abs()
    assert np.average(gaps, weights=bins["clips"]) == pytest.approx(
        evaluation.score(rows, "emotion").ece
    )


@pytest.mark.parametrize(
    ("speakers", "n_speakers"), [([""], None), (["Ann"], 1), (["Ann", ""], None)]
)
def test_without_two_known_speakers_there_is_no_interval(speakers, n_speakers):
    rows = evaluation.read_out_of_fold("ravdess")
    rows = evaluation.model_rows(rows, "emotion", "acoustic128_v1", "svc", "random_split").head(80)
    few = rows.assign(speaker=(speakers * 80)[:80])
    known, unknown = evaluation.score(rows, "emotion"), evaluation.score(few, "emotion")
    assert (unknown.uar.value, unknown.n_speakers) == (known.uar.value, n_speakers)
    assert np.isnan([unknown.uar.low, unknown.uar.high, unknown.accuracy.low]).all()
    written = unknown.to_dict()
    assert written["uar"]["low"] is None
    json.dumps(written, allow_nan=False)


def test_a_leaderboard_without_unseen_voices_is_ordered_by_what_there_is():
    stored = evaluation.read_out_of_fold("ravdess")
    board = scores.leaderboard(stored[stored["protocol"] == "random_split"], "emotion")
    assert board["unseen_speakers_uar"].isna().all()
    assert board["random_split_uar"].is_monotonic_decreasing
