"""What is promised of the gate: voices pass, other sounds do not, and a refusal says what to do."""

import numpy as np
import pytest

from ser_core import audio
from ser_core.experiments import nonspeech
from ser_core.speech import gate
from ser_core.storage.paths import DATA_DIR
from tests.support.synthesis import RATE

VOICES = sorted((DATA_DIR / "samples").glob("*.flac"))
SOUNDS = list(nonspeech.synthesise_sounds())


def codes(samples):
    return [reason.code for reason in gate.check_speech(audio.from_samples(samples, RATE)).reasons]


@pytest.mark.parametrize("path", VOICES, ids=lambda path: path.stem)
def test_a_voice_passes(path):
    result = gate.check_speech(audio.load(path))
    assert result.reasons == ()
    assert 0.5 < result.speech_s < audio.load(path).duration_s


@pytest.mark.parametrize("gain", [0.01, 1.0])
def test_how_loud_a_voice_is_makes_no_difference(gain):
    samples = audio.load(VOICES[0]).samples * np.float32(gain)
    np.testing.assert_allclose(
        gate.speech_probabilities(samples),
        gate.speech_probabilities(audio.load(VOICES[0]).samples),
        atol=0.02,
    )


@pytest.mark.parametrize("kind", ["tones", "engines"])
def test_other_sounds_are_refused(kind):
    assert all("NOT_SPEECH" in codes(samples) for name, samples in SOUNDS if name == kind)


def test_most_tunes_are_refused():
    tunes = [samples for name, samples in SOUNDS if name == "tunes"]
    assert np.mean(["NOT_SPEECH" in codes(samples) for samples in tunes]) >= 0.85


def test_a_voice_that_noise_covers_is_refused_with_what_to_do(rng):
    samples = audio.load(VOICES[0]).samples
    buried = samples * 0.02 + rng.normal(0, 0.1, len(samples)).astype(np.float32)
    reasons = {
        reason.code: reason.message
        for reason in gate.check_speech(audio.from_samples(buried, RATE)).reasons
    }
    assert "quieter" in reasons["TOO_NOISY"]


def test_a_badly_clipped_voice_is_refused():
    samples = np.clip(audio.load(VOICES[0]).samples * 60, -1, 1)
    assert "CLIPPED" in codes(samples)


def test_what_was_heard_before_makes_no_difference():
    first = gate.speech_probabilities(audio.load(VOICES[1]).samples)
    gate.speech_probabilities(audio.load(VOICES[0]).samples)
    np.testing.assert_array_equal(gate.speech_probabilities(audio.load(VOICES[1]).samples), first)


@pytest.mark.corpus
def test_screams_of_an_actor_pass(ravdess_clips):
    strong = [
        path
        for name, path in ravdess_clips.items()
        if name.endswith("-06") and name.split("-")[3] == "02"
    ]
    refused = [
        "NOT_SPEECH" in [reason.code for reason in gate.check_speech(audio.load(path)).reasons]
        for path in strong
    ]
    assert np.mean(refused) < 0.2
