"""Two models on the same clips, and one model from several sides: against scikit-learn, direct counting and known cases."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score

from ser_core import evaluation
from ser_core.emotions import EMOTIONS, GENDERS, LABELS
from ser_core.evaluation import paired

N_SPEAKERS, PER_SPEAKER = 12, 32


def rows_of(accuracy, seed=0, intensity=None):
    """Out-of-fold rows of a model of emotions that is right on a share of the clips, the same clips for every seed."""
    rng = np.random.default_rng(100 + seed)
    n = N_SPEAKERS * PER_SPEAKER
    truth = np.tile(np.arange(8), n // 8)
    right = rng.random(n) < accuracy
    said = np.where(right, truth, (truth + rng.integers(1, 8, n)) % 8)
    sure = np.where(right, rng.uniform(0.4, 1.0, n), rng.uniform(0.2, 0.7, n))
    probabilities = np.full((n, 8), 0.0) + ((1 - sure) / 7)[:, None]
    probabilities[np.arange(n), said] = sure
    about = {
        "path": [f"clip-{number}" for number in range(n)],
        "corpus": "ravdess",
        "speaker": np.repeat([f"s{number:02d}" for number in range(N_SPEAKERS)], PER_SPEAKER),
        "gender": np.repeat(list(GENDERS), n // 2),
        "intensity": intensity or "normal",
        "statement": np.tile(["a", "b"], n // 2),
        "seed": 0,
        "truth": np.array(EMOTIONS)[truth],
    }
    return pd.DataFrame(about | dict(zip(EMOTIONS, probabilities.T, strict=True)))


@pytest.fixture(scope="module")
def good():
    return rows_of(0.85)


@pytest.fixture(scope="module")
def poor():
    return rows_of(0.3, seed=1)


def said_by(rows):
    return np.array(EMOTIONS)[rows[list(EMOTIONS)].to_numpy().argmax(axis=1)]


def test_the_difference_is_that_of_the_recalls(good, poor):
    found = paired.paired(good, poor, "emotion")
    uar = [recall_score(rows["truth"], said_by(rows), average="macro") for rows in (good, poor)]
    assert found.difference.value == pytest.approx(uar[0] - uar[1])
    assert found.difference.low < found.difference.value < found.difference.high
    assert found.both_right + found.only_first + found.only_second + found.neither == pytest.approx(
        1
    )
    assert found.p_value < 0.005
    assert (found.n_clips, found.n_speakers) == (N_SPEAKERS * PER_SPEAKER, N_SPEAKERS)


def test_a_model_against_itself_differs_in_nothing(good):
    found = paired.paired(good, good, "emotion")
    assert (found.difference.value, found.difference.low, found.difference.high, found.p_value) == (
        0,
        0,
        0,
        1,
    )


def test_two_equally_good_models_seldom_look_different():
    """The test keeps its word: among alike pairs about one in twenty is below 5%."""
    values = [
        paired.paired(rows_of(0.5, seed), rows_of(0.5, 1000 + seed), "emotion").p_value
        for seed in range(60)
    ]
    assert np.mean(np.array(values) < 0.05) < 0.17
    assert np.mean(np.array(values) < 0.5) == pytest.approx(0.5, abs=0.2)


def test_few_speakers_make_no_certainty():
    """With three speakers the models' answers can be exchanged in eight ways only."""
    few = [rows[rows["speaker"] < "s03"] for rows in (rows_of(0.9), rows_of(0.2, seed=1))]
    assert paired.paired(*few, "emotion").p_value > 0.2


def test_only_clips_of_both_are_compared(good, poor):
    same = paired.same_clips(good.iloc[:200], poor.iloc[100:], "emotion")
    assert list(same["path"]) == [f"clip-{number}" for number in range(100, 200)]


def test_recalls_of_both_are_those_of_each(good, poor):
    found = paired.recalls_of_both(paired.same_clips(good, poor, "emotion"), "emotion")
    assert list(found["label"]) == list(EMOTIONS)
    for column, rows in (("first", good), ("second", poor)):
        expected = recall_score(rows["truth"], said_by(rows), average=None, labels=list(EMOTIONS))
        np.testing.assert_allclose(found[column], expected)


def test_disagreements_are_the_clips_of_which_different_things_are_said(good, poor):
    found = paired.disagreements(paired.same_clips(good, poor, "emotion"))
    assert len(found) == np.sum(said_by(good) != said_by(poor))
    assert (found["said_1"] != found["said_2"]).all()
    first = found[found["right"] == "the first"]
    assert (first["said_1"] == first["truth"]).all()
    neither = found[found["right"] == "neither"]
    assert ((neither["said_1"] != neither["truth"]) & (neither["said_2"] != neither["truth"])).all()


def test_risk_and_coverage_by_counting(good):
    curve = paired.risk_coverage(good, "emotion").set_index("threshold")
    sure, right = good[list(EMOTIONS)].max(axis=1), said_by(good) == good["truth"]
    assert curve.loc[0.0].tolist() == pytest.approx([1.0, right.mean()])
    at = curve.loc[0.5]
    assert at["coverage"] == pytest.approx((sure >= 0.5).mean())
    assert at["accuracy"] == pytest.approx(right[sure >= 0.5].mean())
    assert curve["coverage"].is_monotonic_decreasing
    assert at["accuracy"] > right.mean()


def test_groups_are_scored_as_if_they_stood_alone(good):
    assert paired.groups_of(good) == [
        "gender",
        "statement",
        "speaker",
    ]  # one intensity says nothing
    found = paired.breakdown(good, "emotion", "gender").set_index("group")
    for gender in GENDERS:
        own = evaluation.score(good[good["gender"] == gender].assign(seed=0), "emotion")
        assert found.loc[gender, ["value", "low", "high"]].tolist() == pytest.approx(
            [own.uar.value, own.uar.low, own.uar.high]
        )
        assert found.loc[gender, "speakers"] == N_SPEAKERS / 2
    speakers = paired.breakdown(good, "emotion", "speaker")
    assert speakers["low"].isna().all()  # one speaker has no interval over speakers


def test_the_clips_behind_a_cell_are_as_many_as_the_cell_says(good):
    counts = evaluation.mean_confusion(good, "emotion")
    for meant, said in (("angry", "angry"), ("angry", "happy"), ("sad", "calm")):
        clips = paired.behind(good, "emotion", meant, said)
        assert len(clips) == counts[EMOTIONS.index(meant), EMOTIONS.index(said)]
        assert clips["sure"].is_monotonic_decreasing


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [("A", "B", "**A** recognises"), ("B", "A", "**A** recognises")],
)
def test_the_better_model_is_named_first(first, second, words, good, poor):
    sides = {"A": good, "B": poor}
    found = paired.paired(sides[first], sides[second], "emotion")
    said = paired.in_words(found, first, second)
    assert words in said
    assert "If the two were alike, a difference like this would come up" in said
    low, high = (float(part) for part in said.split("95% interval ")[1].split(")")[0].split(" to "))
    assert 0 < low < high


@pytest.mark.parametrize("task", LABELS)
def test_the_shipped_predictions_can_be_compared(task):
    stored = evaluation.read_out_of_fold("nemo")
    sides = [
        evaluation.model_rows(stored, task, *model, "unseen_speakers", "nemo")
        for model in (("several", "combination"), ("acoustic128_v1", "svc"))
    ]
    found = paired.paired(*sides, task)
    scores = [evaluation.score(rows, task).uar.value for rows in sides]
    assert found.difference.value == pytest.approx(scores[0] - scores[1], abs=1e-9)


def test_several_seeds_count_as_their_average(good, poor):
    several = pd.concat([good, poor.assign(seed=1)], ignore_index=True)
    found = paired.paired(several, poor, "emotion")
    uar = [recall_score(rows["truth"], said_by(rows), average="macro") for rows in (good, poor)]
    assert found.difference.value == pytest.approx((uar[0] + uar[1]) / 2 - uar[1])
    assert found.n_clips == N_SPEAKERS * PER_SPEAKER


@pytest.mark.parametrize(("speaker", "n_speakers"), [("", None), ("Ann", 1)])
def test_without_two_known_speakers_a_difference_has_no_interval_and_no_test(
    good, poor, speaker, n_speakers
):
    known = paired.paired(good, poor, "emotion")
    found = paired.paired(good.assign(speaker=speaker), poor.assign(speaker=speaker), "emotion")
    assert found.difference.value == pytest.approx(known.difference.value)
    assert np.isnan([found.difference.low, found.difference.high, found.p_value]).all()
    assert found.n_speakers == n_speakers
    text = paired.in_words(found, "A", "B")
    assert "cannot be told" in text
    assert "nan" not in text


def test_two_models_that_recognise_the_same_are_said_to_be_alike():
    rows = evaluation.model_rows(
        evaluation.read_out_of_fold("nemo"),
        "emotion",
        "acoustic128_v1",
        "svc",
        "unseen_speakers",
        "nemo",
    )
    assert (
        "**A** and **B** recognise equally much (UAR; 95% interval of the difference 0.0 to 0.0 points)"
        in paired.in_words(paired.paired(rows, rows, "emotion"), "A", "B")
    )
