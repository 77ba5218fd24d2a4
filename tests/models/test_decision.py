"""Thresholds: what they promise of answers, prediction sets and personal baselines."""

import numpy as np
import pandas as pd
import pytest

from ser_core.emotions import EMOTIONS
from ser_core.evaluation import selective
from ser_core.models import decision
from ser_core.models.decision import Thresholds


def calibrated(rng, n, labels=8):
    """Probabilities, and truths that are drawn from them."""
    probabilities = rng.dirichlet(np.full(labels, 0.5), n)
    return np.array([rng.choice(labels, p=p) for p in probabilities]), probabilities


def test_the_sets_cover_what_they_promise_on_other_clips_of_the_kind(rng):
    (truth, probabilities), (other_truth, others) = calibrated(rng, 4000), calibrated(rng, 4000)
    thresholds = decision.fit_thresholds(truth, probabilities, np.ones(4000))
    covered = decision.in_prediction_set(others, thresholds)[np.arange(4000), other_truth]
    assert covered.mean() == pytest.approx(decision.COVERAGE, abs=0.02)
    is_answered = others.max(axis=1) >= thresholds.answered
    assert is_answered.mean() == pytest.approx(1 - decision.REFUSED, abs=0.02)


def test_a_speaker_with_many_clips_counts_no_more_than_one_with_few():
    weights = decision.equal_group_weights(["a"] * 9 + ["b"])
    assert weights[:9].sum() == pytest.approx(weights[9])


def test_a_set_is_never_empty():
    assert decision.prediction_set(
        {"sad": 0.3, "happy": 0.28, "calm": 0.42}, Thresholds(0.9, 0.5)
    ) == ("calm",)


def test_refusing_the_uncertain_makes_the_rest_more_accurate(rng):
    truth, probabilities = calibrated(rng, 3000)
    table = pd.DataFrame(probabilities, columns=list(EMOTIONS)).assign(
        truth=np.array(EMOTIONS)[truth], fold=1, speaker=np.arange(3000) % 30
    )
    thresholds = decision.fit_thresholds(truth, probabilities, np.ones(3000))
    row = ("m", "unseen_speakers", 1, thresholds.in_set, thresholds.answered, 0.2)
    limits = pd.DataFrame([row], columns=selective.LIMITS_COLUMNS)
    scores = selective.score_refusals(table, limits)
    assert scores["answered"] == pytest.approx(0.8, abs=0.02)
    assert scores["accuracy_answered"] > scores["accuracy"] + 0.02
    assert scores["coverage"] == pytest.approx(0.9, abs=0.02)
    assert 1 <= scores["set_size"] <= 8


def test_a_baseline_that_does_not_sound_neutral_is_noticed():
    # The probabilities of neutral and calm, by the emotion of the clips.
    probabilities = {"neutral": (0.9, 0.05), "calm": (0.05, 0.6), "angry": (0.02, 0.08)}
    rows = []
    for truth, (neutral, calm) in probabilities.items():
        row = dict.fromkeys(EMOTIONS, 0.0) | {
            "neutral": neutral,
            "calm": calm,
            "happy": 1 - neutral - calm,
        }
        rows += [row | {"truth": truth, "speaker": "a", "fold": 1}] * 3
    limits = pd.DataFrame(
        [("m", "unseen_speakers", 1, 0.1, 0.4, 0.3)], columns=selective.LIMITS_COLUMNS
    )
    assert selective.rejected_baselines(pd.DataFrame(rows), limits) == {
        "neutral": 0.0,
        "calm": 0.0,
        "angry": 1.0,
    }


def test_another_voice_is_noticed_by_its_gender_and_the_same_one_is_not():
    rows = pd.DataFrame(
        [
            ("a", "female", "a1", 0.02),
            ("a", "female", "a2", 0.03),
            ("a", "female", "a3", 0.4),
            ("b", "male", "b1", 0.99),
            ("b", "male", "b2", 0.97),
        ],
        columns=["speaker", "truth", "path", "male"],
    ).assign(female=lambda table: 1 - table["male"])
    emotion_of = {"a1": "neutral", "a2": "neutral", "a3": "happy", "b1": "neutral", "b2": "neutral"}
    rejected = selective.rejected_voices(rows, emotion_of)
    # The happy clip is not sure enough.
    assert rejected == {"same": 0.0, "other": 0.8, "other_gender": 0.8}
