"""One model from several sides: against direct counting."""

import pytest

from ser_core import evaluation
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.evaluation import single_model
from tests.support.predictions import N_SPEAKERS, predicted_by, rows_of


@pytest.fixture(scope="module")
def good():
    return rows_of(0.85)


def test_risk_and_coverage_by_counting(good):
    curve = single_model.risk_coverage(good, "emotion").set_index("threshold")
    confidence = good[list(EMOTIONS)].max(axis=1)
    right = predicted_by(good) == good["truth"]
    assert curve.loc[0.0].tolist() == pytest.approx([1.0, right.mean()])
    at = curve.loc[0.5]
    assert at["coverage"] == pytest.approx((confidence >= 0.5).mean())
    assert at["accuracy"] == pytest.approx(right[confidence >= 0.5].mean())
    assert curve["coverage"].is_monotonic_decreasing
    assert at["accuracy"] > right.mean()


def test_groups_are_scored_as_if_they_stood_alone(good):
    # There is one intensity only: it makes no groups.
    assert single_model.available_groups(good) == ["gender", "statement", "speaker"]
    groups = single_model.score_groups(good, "emotion", "gender").set_index("group")
    for gender in GENDERS:
        own = evaluation.score(good[good["gender"] == gender].assign(seed=0), "emotion")
        assert groups.loc[gender, ["value", "low", "high"]].tolist() == pytest.approx(
            [own.uar.value, own.uar.low, own.uar.high]
        )
        assert groups.loc[gender, "speakers"] == N_SPEAKERS / 2
    speakers = single_model.score_groups(good, "emotion", "speaker")
    assert speakers["low"].isna().all()  # one speaker has no interval over speakers


def test_the_clips_behind_a_cell_are_as_many_as_the_cell_says(good):
    counts = evaluation.mean_confusion(good, "emotion")
    for truth, predicted in (("angry", "angry"), ("angry", "happy"), ("sad", "calm")):
        clips = single_model.clips_in_cell(good, "emotion", truth, predicted)
        assert len(clips) == counts[EMOTIONS.index(truth), EMOTIONS.index(predicted)]
        assert clips["confidence"].is_monotonic_decreasing
