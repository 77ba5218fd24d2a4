"""Cues of the voice: what a feature vector or a spectrogram is without one of them."""

import dataclasses

import numpy as np
import pytest

from ser_core import audio, models
from ser_core.features import FEATURE_SETS, Inputs, cues, functionals, logmel
from ser_core.features.cues import CUES
from ser_core.storage.paths import DATA_DIR
from tests.support.synthesis import RATE

VOICES = sorted((DATA_DIR / "samples").glob("*.flac"))


@pytest.fixture(scope="module")
def clip():
    return audio.load(VOICES[0])


@pytest.fixture(scope="module")
def emotion_model():
    return models.load_default("emotion")


@pytest.mark.parametrize("feature_set", FEATURE_SETS)
def test_every_feature_belongs_to_one_cue(feature_set):
    specs = FEATURE_SETS[feature_set].specs
    values, average = np.ones(len(specs)), np.zeros(len(specs))
    total = sum(cues.remove_cues(values, specs, {cue}, average) for cue in CUES)
    np.testing.assert_array_equal(total, 3)  # each is taken out once
    assert not cues.remove_cues(values, specs, CUES, average).any()


@pytest.fixture(scope="module")
def average():
    return cues.average_speech([Inputs(audio.load(path)).log_mel for path in VOICES[1:]])


def test_without_energy_all_speech_has_one_level(clip, average):
    log_mel = Inputs(clip).log_mel
    changed = cues.LogMelParts.of(log_mel).without({"energy"}, average)
    level = log_mel.mean(axis=1)
    speech = level > level.max() - 20
    assert level[speech].std() > 3
    assert changed.mean(axis=1)[speech].std() < 0.1


def test_without_spectrum_the_outline_is_the_average_one(clip, average):
    changed = cues.average_speech(
        [cues.LogMelParts.of(Inputs(clip).log_mel).without({"spectrum"}, average)]
    )
    before = cues.average_speech([Inputs(clip).log_mel])
    assert np.abs(before.outline - average.outline).max() > 3
    np.testing.assert_allclose(changed.outline, average.outline, atol=1.5)
    assert changed.movement == pytest.approx(average.movement, rel=0.1)


def test_without_pitch_the_harmonics_are_gone_and_the_rest_stays(average):
    """A buzz of 200 Hz: its harmonics stand out by some 10 dB between 400 and 1,000 Hz."""
    t = np.arange(2 * RATE) / RATE
    buzz = sum(np.sin(2 * np.pi * 200 * k * t) / k for k in range(1, 30)) * (
        0.6 + 0.4 * np.sin(2 * np.pi * 3 * t)
    )
    log_mel = logmel.log_mel((0.1 * buzz).astype(np.float32))
    changed = cues.LogMelParts.of(log_mel).without({"pitch"}, average)
    ripple = [np.abs(np.diff(each[:, 8:22], 2, axis=1)).mean() for each in (log_mel, changed)]
    assert ripple[0] > 3 * ripple[1]
    audible = np.maximum(log_mel, log_mel.max() - logmel.RANGE_DB)
    np.testing.assert_allclose(changed.mean(axis=1), audible.mean(axis=1), atol=1e-3)


def test_without_rhythm_there_are_no_pauses_and_the_average_rate(clip, average):
    log_mel = Inputs(clip).log_mel
    with_pause = np.concatenate(
        [
            log_mel[: len(log_mel) // 2],
            np.full((80, 64), -90, np.float32),
            log_mel[len(log_mel) // 2 :],
        ]
    )
    plain, paused = (
        cues.LogMelParts.of(each).without({"rhythm"}, average) for each in (log_mel, with_pause)
    )
    assert len(paused) < len(plain) + 20
    fast = cues.LogMelParts.of(log_mel).without({"rhythm"}, dataclasses.replace(average, rate=10.0))
    slow = cues.LogMelParts.of(log_mel).without({"rhythm"}, dataclasses.replace(average, rate=1.0))
    assert len(fast) < len(slow)


def test_nothing_taken_out_changes_nothing(clip, average):
    np.testing.assert_array_equal(
        cues.LogMelParts.of(Inputs(clip).log_mel).without((), average), Inputs(clip).log_mel
    )


@pytest.mark.parametrize("path", VOICES, ids=lambda path: path.stem)
def test_silencing_contours_is_nearly_silencing_the_recording(path, emotion_model):
    """The quick way must lead where silence in the recording leads."""
    clip = audio.load(path)
    inputs = Inputs(clip)
    whole = inputs.vector("functionals_v1").values
    deviation = emotion_model.estimator.averages()["functionals_v1"].deviation
    first, last = logmel.speech_span(clip.samples)
    start = (first + last) / 2
    quick = functionals.summarise(
        functionals.silence_contours(functionals.compute_contours(clip), start, start + 0.4)
    )
    samples = clip.samples.copy()
    samples[int(start * RATE) : int((start + 0.4) * RATE)] = 0
    slow = Inputs(dataclasses.replace(clip, samples=samples)).vector("functionals_v1").values
    away, off = (np.mean(np.abs(each - slow) / deviation) for each in (whole, quick))
    assert off < 0.75 * away
    np.testing.assert_array_equal(
        inputs.silenced(start, start + 0.4).log_mel, logmel.log_mel(samples)
    )
