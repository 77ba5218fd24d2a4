import json

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from ser_core import evaluation
from ser_core.emotions import EMOTIONS, GENDERS


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


def test_the_reliability_diagram_averages_to_the_ece():
    stored = evaluation.read_out_of_fold("ravdess")
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
