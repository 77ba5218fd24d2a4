"""What is measured of rooms, noise and codecs, and what is stored of it."""

import numpy as np
import pandas as pd
import pytest

from ser_core import robustness
from ser_core.emotions import EMOTIONS, GENDERS
from tests.synthesis import voice


@pytest.mark.parametrize("name", robustness.CONDITIONS)
def test_every_condition_keeps_the_length_and_is_the_same_every_time(name):
    samples = voice(seconds=1.0).astype(np.float32)
    others = [voice(hertz, seconds=1.5, seed=int(hertz)).astype(np.float32) for hertz in (110.0, 140.0, 180.0, 220.0)]
    first, second = (robustness.CONDITIONS[name](samples, np.random.default_rng(1), others) for _ in range(2))
    assert first.shape == samples.shape
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, second)
    assert np.array_equal(first, samples) == (name == "as it is")


def test_babble_is_ten_decibels_below_the_clip():
    samples = voice(seconds=1.0).astype(np.float32)
    others = [voice(hertz, seconds=0.7, seed=int(hertz)).astype(np.float32) for hertz in (110.0, 140.0, 180.0, 220.0)]
    added = robustness.CONDITIONS["babble, 10 dB"](samples, np.random.default_rng(1), others) - samples
    assert 10 * np.log10(np.mean(samples**2) / np.mean(added**2)) == pytest.approx(10, abs=0.1)


def test_what_a_condition_costs_is_counted_against_the_same_clips(tmp_path):
    rows = []
    for number, emotion in enumerate(EMOTIONS):
        for condition in ("as it is", "noise"):
            said = "happy" if condition == "noise" and emotion == "calm" else emotion
            gender = GENDERS[number % 2]
            rows.append(
                {"condition": condition, "clip": emotion, "emotion": emotion, "gender": gender}
                | {label: float(label == said) for label in EMOTIONS}
                | {label: float(label == gender) for label in GENDERS}
            )
    pd.DataFrame(rows).to_csv(tmp_path / "c.csv", index=False)
    scores = robustness.condition_scores(tmp_path / "c.csv").set_index("condition")
    assert scores.loc["as it is", ["UAR", "lost", "same emotion", "gender"]].tolist() == ["100.0", "+0.0", "100.0", "100.0"]
    noise = scores.loc["noise"]
    assert (noise["UAR"], noise["lost"], noise["same emotion"]) == ("87.5", "+12.5", "87.5")
    assert (noise["lost on calm"], noise["lost on surprised"]) == ("+100.0", "+0.0")


def test_what_the_recorder_costs(tmp_path):
    rows = [
        {"clip": emotion, "truth": emotion, "level_change_db": 10.0}
        | {f"file_{label}": float(label == emotion) for label in EMOTIONS}
        | {f"recorder_{label}": float(label == ("sad" if emotion == "calm" else emotion)) for label in EMOTIONS}
        for emotion in EMOTIONS
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "r.csv", index=False)
    (scores,) = robustness.recorder_scores(tmp_path / "r.csv").to_dict("records")
    assert (scores["clips"], scores["same emotion"], scores["lost"]) == ("8", "87.5", "+12.5")


@pytest.fixture(scope="module")
def conditions():
    return robustness.condition_scores().set_index("condition")


def test_the_stored_conditions_are_those_of_the_code(conditions):
    assert list(conditions.index) == list(robustness.CONDITIONS)


def test_loudness_changes_no_answer(conditions):
    for name in ("gain of -30 dB", "gain of -15 dB", "gain of +10 dB"):
        assert float(conditions.loc[name, "same emotion"]) >= 99
