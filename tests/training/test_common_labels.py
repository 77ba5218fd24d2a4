"""Predictions are compared on the labels that both the tested corpus and the training have."""

import numpy as np
import pytest

from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS
from ser_core.training.common_labels import restrict_to_common_labels
from tests.support.joint_runs import TABLE

CALM, NEUTRAL = EMOTIONS.index("calm"), EMOTIONS.index("neutral")


def rows_of(corpus):
    return np.flatnonzero((TABLE["corpus"] == corpus).to_numpy())


def learnt(*names):
    return np.isin(EMOTIONS, [emotion for name in names for emotion in CORPORA[name].emotions])


def restrict_even(corpus, *trained_on):
    """What becomes of even probabilities of the clips of a corpus."""
    rows = rows_of(corpus)
    even = np.full((len(rows), 8), 1 / 8)
    return restrict_to_common_labels(TABLE, rows, even, "emotion", learnt(*trained_on))


def test_predictions_are_restricted_to_the_labels_of_the_tested_corpus_and_sum_to_one():
    rows, truth, probabilities = restrict_even("nemo", *CORPORA)
    assert rows.tolist() == rows_of("nemo").tolist()
    assert [EMOTIONS[position] for position in truth] == TABLE["emotion"].iloc[rows].tolist()
    assert (probabilities[:, [CALM, EMOTIONS.index("disgust")]] == 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_calm_counts_as_neutral_where_the_tested_corpus_lacks_it():
    _, _, probabilities = restrict_even("crema-d", *CORPORA)
    # Two of the seven eighths that are left.
    assert probabilities[0, NEUTRAL] == pytest.approx(2 / 7)


def test_calm_counts_as_neutral_where_the_training_lacks_it():
    rows, truth, probabilities = restrict_even("ravdess", "crema-d", "nemo")
    calm = (TABLE["emotion"].iloc[rows] == "calm").to_numpy()
    assert set(truth[calm]) == {NEUTRAL}
    assert (probabilities[:, CALM] == 0).all()


def test_clips_of_an_emotion_that_training_lacks_are_dropped():
    rows, _, _ = restrict_even("nemo", "crema-d")
    assert set(TABLE["emotion"].iloc[rows]) == set(CORPORA["nemo"].emotions) - {"surprised"}


def test_all_eight_labels_stay_on_unseen_speakers_of_ravdess():
    rows = rows_of("ravdess")
    given = np.random.default_rng(0).dirichlet(np.ones(8), len(rows))
    _, _, probabilities = restrict_to_common_labels(TABLE, rows, given, "emotion", learnt(*CORPORA))
    np.testing.assert_allclose(probabilities, given, atol=1e-6)
