"""What is promised of refusals and prediction sets."""

import numpy as np
import pandas as pd
import pytest

from ser_core import refusal, selective
from ser_core.emotions import EMOTIONS
from ser_core.refusal import Limits


def calibrated(rng, n, labels=8):
    """Probabilities, and truths that are drawn from them."""
    probabilities = rng.dirichlet(np.full(labels, 0.5), n)
    return np.array([rng.choice(labels, p=p) for p in probabilities]), probabilities


def test_the_sets_cover_what_they_promise_on_other_clips_of_the_kind(rng):
    (truth, probabilities), (other_truth, others) = calibrated(rng, 4000), calibrated(rng, 4000)
    limits = refusal.fit(truth, probabilities, np.ones(4000))
    covered = refusal.in_set(others, limits)[np.arange(4000), other_truth]
    assert covered.mean() == pytest.approx(refusal.COVERAGE, abs=0.02)
    assert (others.max(axis=1) >= limits.answered).mean() == pytest.approx(1 - refusal.REFUSED, abs=0.02)


def test_a_speaker_with_many_clips_counts_no_more_than_one_with_few():
    weights = refusal.each_speaker_once(["a"] * 9 + ["b"])
    assert weights[:9].sum() == pytest.approx(weights[9])


def test_a_set_is_never_empty():
    assert refusal.prediction_set({"sad": 0.3, "happy": 0.28, "calm": 0.42}, Limits(0.9, 0.5)) == ("calm",)


def test_refusing_the_uncertain_makes_the_rest_more_accurate(rng):
    truth, probabilities = calibrated(rng, 3000)
    table = pd.DataFrame(probabilities, columns=list(EMOTIONS)).assign(truth=np.array(EMOTIONS)[truth], fold=1, speaker=np.arange(3000) % 30)
    found = refusal.fit(truth, probabilities, np.ones(3000))
    scores = selective.scores(table, pd.DataFrame([("m", "unseen_speakers", 1, found.in_set, found.answered)], columns=selective.LIMITS_COLUMNS))
    assert scores["answered"] == pytest.approx(0.8, abs=0.02)
    assert scores["accuracy_answered"] > scores["accuracy"] + 0.02
    assert scores["coverage"] == pytest.approx(0.9, abs=0.02)
    assert 1 <= scores["set_size"] <= 8
