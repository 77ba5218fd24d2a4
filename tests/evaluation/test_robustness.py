"""The stored predictions under noise, rooms and codecs: against scikit-learn and known cases."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score

from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.evaluation import robustness


def test_what_a_condition_costs_is_counted_against_the_same_clips(tmp_path, monkeypatch):
    monkeypatch.setattr(robustness, "SUMMARY", ("as it is", "noise"))
    rows = []
    for number, emotion in enumerate(EMOTIONS):
        for condition in ("as it is", "noise"):
            predicted = "happy" if condition == "noise" and emotion == "calm" else emotion
            gender = GENDERS[number % 2]
            rows.append(
                {
                    "classifier": robustness.DEFAULT,
                    "condition": condition,
                    "clip": emotion,
                    "emotion": emotion,
                    "gender": gender,
                }
                | {label: float(label == predicted) for label in EMOTIONS}
                | {label: float(label == gender) for label in GENDERS}
            )
    # The rows of another model change nothing.
    other = pd.DataFrame(rows).assign(classifier="svc", happy=1.0)
    robustness.write_conditions(pd.concat([pd.DataFrame(rows), other]), tmp_path / "c.parquet")
    scores = robustness.score_conditions(tmp_path / "c.parquet").set_index("condition")
    clean = scores.loc["as it is", ["UAR", "lost", "same emotion", "gender"]]
    assert clean.tolist() == ["100.0", "+0.0", "100.0", "100.0"]
    noise = scores.loc["noise"]
    assert (noise["UAR"], noise["lost"], noise["same emotion"]) == ("87.5", "+12.5", "87.5")
    assert (noise["lost on calm"], noise["lost on surprised"]) == ("+100.0", "+0.0")


def test_what_the_recorder_costs(tmp_path):
    rows = [
        {"clip": emotion, "truth": emotion, "level_change_db": 10.0}
        | {f"file_{label}": float(label == emotion) for label in EMOTIONS}
        | {
            f"recorder_{label}": float(label == ("sad" if emotion == "calm" else emotion))
            for label in EMOTIONS
        }
        for emotion in EMOTIONS
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "r.csv", index=False)
    (scores,) = robustness.score_recorder(tmp_path / "r.csv").to_dict("records")
    assert (scores["clips"], scores["same emotion"], scores["lost"]) == ("8", "87.5", "+12.5")


@pytest.fixture(scope="module")
def conditions():
    return robustness.score_conditions().set_index("condition")


def test_the_stored_conditions_are_those_of_the_code(conditions):
    assert tuple(conditions.index) == robustness.SUMMARY


def test_loudness_changes_no_answer(conditions):
    for name in ("gain of -30 dB", "gain of -15 dB", "gain of +10 dB"):
        assert float(conditions.loc[name, "same emotion"]) >= 99


@pytest.fixture(scope="module")
def stored():
    return robustness.read_conditions()


@pytest.mark.parametrize(
    "model",
    [("several", "combination"), ("acoustic128_v1", "svc"), ("mfcc128_v1", "random_forest")],
)
@pytest.mark.parametrize("condition", ["white noise, 10 dB", "Opus, 6 kbit/s", "telephone band"])
def test_a_point_of_a_curve_is_the_recall_of_the_stored_predictions(model, condition, stored):
    curves = robustness.compute_robustness_curves(stored, ["as it is", condition]).set_index(
        ["feature_set", "classifier", "condition"]
    )
    rows = stored[
        (stored["feature_set"] == model[0])
        & (stored["classifier"] == model[1])
        & (stored["condition"] == condition)
    ]
    predicted = np.array(EMOTIONS)[rows[list(EMOTIONS)].to_numpy().argmax(axis=1)]
    point = curves.loc[(*model, condition)]
    assert point["value"] == pytest.approx(
        recall_score(rows["emotion"], predicted, average="macro")
    )
    assert point["low"] < point["value"] < point["high"]


def test_the_interval_is_that_of_drawing_clips_inside_each_speaker(stored):
    rows = stored[(stored["classifier"] == "svc") & (stored["condition"] == "reverberation, 0.4 s")]
    predicted = np.array(EMOTIONS)[rows[list(EMOTIONS)].to_numpy().argmax(axis=1)]
    rng = np.random.default_rng(5)
    places = [np.flatnonzero(rows["speaker"] == speaker) for speaker in rows["speaker"].unique()]
    drawn = [np.concatenate([rng.choice(own, len(own)) for own in places]) for _ in range(800)]
    recalls = [
        recall_score(rows["emotion"].to_numpy()[chosen], predicted[chosen], average="macro")
        for chosen in drawn
    ]
    (point,) = robustness.compute_robustness_curves(rows, ["reverberation, 0.4 s"]).to_dict(
        "records"
    )
    np.testing.assert_allclose(
        [point["low"], point["high"]], np.percentile(recalls, [2.5, 97.5]), atol=0.015
    )


def test_curves_side_by_side_are_the_same_figures_and_the_sentence_names_the_ends(stored):
    names = ["as it is", "babble, 10 dB", "babble, 0 dB"]
    curves = robustness.compute_robustness_curves(stored, names)
    curves = curves.assign(
        title=curves["classifier"] + curves["feature_set"], level=curves["condition"]
    )
    wide = robustness.tabulate_robustness_curves(curves).set_index("level")
    assert list(wide.index) == names
    for row in curves.itertuples():
        assert wide.loc[row.level, row.title] == pytest.approx(100 * row.value)
    own = curves[curves["classifier"] == "svc"].set_index("condition")["value"]
    text = robustness.describe_losses(curves[curves["classifier"].isin(["svc"])])
    assert f"from {own['as it is']:.0%} to **{own['babble, 0 dB']:.0%}**" in text
