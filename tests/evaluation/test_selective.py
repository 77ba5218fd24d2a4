"""Refusals, prediction sets and baselines that are noticed, on the stored predictions."""

import pytest

from ser_core import evaluation
from ser_core.evaluation import selective


def test_there_are_limits_for_every_run_of_the_default():
    stored = evaluation.read_out_of_fold("ravdess")
    limits = selective.read_limits()
    rows = evaluation.model_rows(stored, "emotion", "several", "combination", "unseen_speakers")
    chosen = limits[
        (limits["classifier"] == "combination") & (limits["protocol"] == "unseen_speakers")
    ]
    assert set(rows["fold"]) == set(chosen["fold"])
    scores = selective.score_refusals(rows, chosen)
    assert scores["coverage"] == pytest.approx(0.9, abs=0.04)
    assert scores["accuracy_best"] > scores["accuracy"] + 0.05
