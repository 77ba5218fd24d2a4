"""Explanations: their sentences, and their place in a prediction."""

import dataclasses
import json

import numpy as np
import pytest

from ser_core import audio, models, prediction
from ser_core.features.cues import CUES
from ser_core.prediction import explanation
from ser_core.prediction.explanation import Explanation, Moment
from ser_core.prediction.voice import Enrolment
from ser_core.storage.paths import DATA_DIR
from tests.support.synthesis import RATE

VOICES = sorted((DATA_DIR / "samples").glob("*.flac"))


@pytest.fixture(scope="module")
def clip():
    return audio.load(VOICES[0])


@pytest.fixture(scope="module")
def emotion_model():
    return models.load_default("emotion")


def explained(**cues_of):
    shares = dict.fromkeys(CUES, 0.0) | cues_of
    sounds = {"pitch": ("lively", "rising"), "rhythm": ("slow",)}
    return Explanation(
        emotion="happy",
        start_s=0.0,
        end_s=3.0,
        probability=0.71,
        without_cues=0.1,
        cues=shares,
        cue_losses=shares,
        sounds=sounds,
        is_part=False,
        against_baseline=False,
        moments=(Moment(1.0, 1.5, 0.3), Moment(1.5, 2.0, 0.02)),
    )


MOMENT = "The moment from 1.0 to 1.5 s matters most: without it, happy would fall from 71% to 41%."


@pytest.mark.parametrize(
    ("shares", "sentences"),
    [
        (
            {"pitch": 0.4, "spectrum": 0.2, "energy": 0.1},
            "What speaks most for happy: pitch (lively, rising), then spectrum and timbre.",
        ),
        (
            {"pitch": 0.4, "rhythm": -0.2, "energy": -0.1},
            "What speaks most for happy: pitch (lively, rising). Against it: rhythm (slow).",
        ),
        ({"energy": -0.3}, "What speaks against happy: energy dynamics."),
        ({"energy": 0.01}, "No cue alone speaks for or against happy."),
    ],
)
def test_an_explanation_is_said_plainly(shares, sentences):
    assert explanation.in_words(explained(**shares)) == f"{sentences} {MOMENT}"


@pytest.fixture(scope="module")
def pair(emotion_model):
    return emotion_model, models.load_default("gender")


def test_the_prediction_is_the_same_with_and_without_explanation(clip, pair):
    with_explanation, without = (
        prediction.predict(clip, *pair, explain=explain) for explain in (True, False)
    )
    assert dataclasses.replace(with_explanation, explanation=None) == without
    entry = json.loads(json.dumps(with_explanation.to_dict()))
    assert entry["explanation"]["emotion"] == with_explanation.most_likely
    assert entry["explanation"]["probability"] == pytest.approx(
        max(entry["emotion_probabilities"].values()), abs=1e-6
    )
    assert set(entry["explanation"]["cues"]) == set(CUES)
    assert without.to_dict()["explanation"] is None
    assert with_explanation.to_row()["explanation"] == explanation.in_words(
        with_explanation.explanation
    )


def test_what_is_no_speech_has_no_explanation(pair):
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32)
    assert (
        prediction.predict(audio.from_samples(noise, RATE), *pair, explain=True).explanation is None
    )


def test_a_long_recording_is_explained_where_the_emotion_is_likeliest(pair):
    samples = np.concatenate([audio.load(path).samples for path in VOICES])
    result = prediction.predict(audio.from_samples(samples, RATE), *pair, explain=True)
    spans = [(segment.start_s, segment.end_s) for segment in result.segments]
    assert len(spans) > 2
    assert (result.explanation.start_s, result.explanation.end_s) in spans
    assert all(
        result.explanation.start_s <= moment.start_s for moment in result.explanation.moments
    )
    start, end = result.explanation.start_s, result.explanation.end_s
    assert explanation.in_words(result.explanation).startswith(
        f"Of the stretch from {start:.0f} to {end:.0f} s, "
    )


def test_with_a_baseline_cues_are_compared_with_it(pair):
    """A clip judged against itself differs from its baseline in no feature: nothing is striking."""
    clip = audio.load(VOICES[2])
    own, other = (
        prediction.predict(
            clip, *pair, Enrolment([audio.load(path)], pair[0]), explain=True
        ).explanation
        for path in (VOICES[2], VOICES[3])
    )
    assert own.against_baseline
    assert not any(own.sounds.values())
    assert any(other.sounds.values())
    assert own.to_dict()["average"] == "baseline"
