"""Two models on the same clips: against scikit-learn, direct counting and known cases."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score

from ser_core import evaluation
from ser_core.emotions import EMOTIONS, LABELS
from ser_core.evaluation import paired
from tests.support.predictions import N_SPEAKERS, PER_SPEAKER, predicted_by, rows_of


@pytest.fixture(scope="module")
def good():
    return rows_of(0.85)


@pytest.fixture(scope="module")
def poor():
    return rows_of(0.3, seed=1)


def test_the_difference_is_that_of_the_recalls(good, poor):
    comparison = paired.compare_models(good, poor, "emotion")
    uar = [
        recall_score(rows["truth"], predicted_by(rows), average="macro") for rows in (good, poor)
    ]
    assert comparison.difference.value == pytest.approx(uar[0] - uar[1])
    assert comparison.difference.low < comparison.difference.value < comparison.difference.high
    shares = (
        comparison.both_right,
        comparison.only_first,
        comparison.only_second,
        comparison.neither,
    )
    assert sum(shares) == pytest.approx(1)
    assert comparison.p_value < 0.005
    assert (comparison.n_clips, comparison.n_speakers) == (N_SPEAKERS * PER_SPEAKER, N_SPEAKERS)


def test_a_model_against_itself_differs_in_nothing(good):
    comparison = paired.compare_models(good, good, "emotion")
    assert comparison.difference == evaluation.Interval(0, 0, 0)
    assert comparison.p_value == 1


def test_two_equally_good_models_seldom_look_different():
    """The test keeps its word: among alike pairs about one in twenty is below 5%."""
    values = [
        paired.compare_models(rows_of(0.5, seed), rows_of(0.5, 1000 + seed), "emotion").p_value
        for seed in range(60)
    ]
    assert np.mean(np.array(values) < 0.05) < 0.17
    assert np.mean(np.array(values) < 0.5) == pytest.approx(0.5, abs=0.2)


def test_few_speakers_make_no_certainty():
    """With three speakers the models' predictions can be exchanged in eight ways only."""
    few = [rows[rows["speaker"] < "s03"] for rows in (rows_of(0.9), rows_of(0.2, seed=1))]
    assert paired.compare_models(*few, "emotion").p_value > 0.2


def test_only_clips_of_both_are_compared(good, poor):
    same = paired.match_clips(good.iloc[:200], poor.iloc[100:], "emotion")
    assert list(same["path"]) == [f"clip-{number}" for number in range(100, 200)]


def test_recalls_of_both_are_those_of_each(good, poor):
    recalls = paired.paired_recalls(paired.match_clips(good, poor, "emotion"), "emotion")
    assert list(recalls["label"]) == list(EMOTIONS)
    for column, rows in (("first", good), ("second", poor)):
        expected = recall_score(
            rows["truth"], predicted_by(rows), average=None, labels=list(EMOTIONS)
        )
        np.testing.assert_allclose(recalls[column], expected)


def test_disagreements_are_the_clips_with_different_predictions(good, poor):
    clips = paired.clips_in_disagreement(paired.match_clips(good, poor, "emotion"))
    assert len(clips) == np.sum(predicted_by(good) != predicted_by(poor))
    assert (clips["predicted_1"] != clips["predicted_2"]).all()
    first = clips[clips["right"] == "the first"]
    assert (first["predicted_1"] == first["truth"]).all()
    neither = clips[clips["right"] == "neither"]
    assert (
        (neither["predicted_1"] != neither["truth"]) & (neither["predicted_2"] != neither["truth"])
    ).all()


@pytest.mark.parametrize(("first", "second"), [("A", "B"), ("B", "A")])
def test_the_better_model_is_named_first(first, second, good, poor):
    sides = {"A": good, "B": poor}
    comparison = paired.compare_models(sides[first], sides[second], "emotion")
    text = paired.describe_comparison(comparison, first, second)
    assert "**A** recognises" in text
    assert "If the two were alike, a difference like this would come up" in text
    ends = text.split("95% interval ")[1].split(")")[0].split(" to ")
    low, high = (float(end) for end in ends)
    assert 0 < low < high


@pytest.mark.parametrize("task", LABELS)
def test_the_shipped_predictions_can_be_compared(task):
    stored = evaluation.read_out_of_fold("nemo")
    sides = [
        evaluation.model_rows(stored, task, *model, "unseen_speakers", "nemo")
        for model in (("several", "combination"), ("acoustic128_v1", "svc"))
    ]
    comparison = paired.compare_models(*sides, task)
    scores = [evaluation.score(rows, task).uar.value for rows in sides]
    assert comparison.difference.value == pytest.approx(scores[0] - scores[1], abs=1e-9)


def test_several_seeds_count_as_their_average(good, poor):
    several = pd.concat([good, poor.assign(seed=1)], ignore_index=True)
    comparison = paired.compare_models(several, poor, "emotion")
    uar = [
        recall_score(rows["truth"], predicted_by(rows), average="macro") for rows in (good, poor)
    ]
    assert comparison.difference.value == pytest.approx((uar[0] + uar[1]) / 2 - uar[1])
    assert comparison.n_clips == N_SPEAKERS * PER_SPEAKER


@pytest.mark.parametrize(("speaker", "n_speakers"), [("", None), ("Ann", 1)])
def test_without_two_known_speakers_a_difference_has_no_interval_and_no_test(
    good, poor, speaker, n_speakers
):
    known = paired.compare_models(good, poor, "emotion")
    comparison = paired.compare_models(
        good.assign(speaker=speaker), poor.assign(speaker=speaker), "emotion"
    )
    assert comparison.difference.value == pytest.approx(known.difference.value)
    assert np.isnan(
        [comparison.difference.low, comparison.difference.high, comparison.p_value]
    ).all()
    assert comparison.n_speakers == n_speakers
    text = paired.describe_comparison(comparison, "A", "B")
    assert "cannot be told" in text
    assert "nan" not in text


def test_two_models_that_recognise_the_same_are_called_alike(good):
    comparison = paired.compare_models(good, good, "emotion")
    assert paired.describe_comparison(comparison, "A", "B").endswith(
        "**A** and **B** recognise equally much "
        "(UAR; 95% interval of the difference 0.0 to 0.0 points)."
    )
