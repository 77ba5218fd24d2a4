"""A clip that is changed sounds as it was asked to, and is another clip."""

import numpy as np
import pytest

from ser_core import audio
from ser_core.audio import manipulation, tempo
from ser_core.audio.manipulation import Changes
from ser_core.features import pitch
from tests.support.synthesis import RATE, voice


def f0(samples):
    track = pitch.track(samples, RATE, 256)
    return float(np.median(track.f0_hz[track.periodicity > 0.55]))


@pytest.mark.parametrize("speed", [0.6, 0.8, 1.25, 1.6])
def test_another_speed_changes_the_length_and_not_the_pitch(speed):
    samples = voice(seconds=3.0, f0=150.0)
    changed = tempo.change_tempo(samples, speed)
    assert len(changed) == pytest.approx(len(samples) / speed, rel=0.02)
    assert f0(changed) == pytest.approx(f0(samples), rel=0.02)


@pytest.mark.parametrize("semitones", [-6, -2, 3, 6])
def test_another_pitch_changes_the_pitch_and_not_the_length(semitones):
    samples = voice(seconds=3.0, f0=150.0)
    changed = tempo.shift_pitch(samples, semitones)
    assert len(changed) == len(samples)
    assert f0(changed) == pytest.approx(f0(samples) * 2 ** (semitones / 12), rel=0.02)


@pytest.mark.parametrize("speed", [0.1, 3.0])
def test_a_speed_beyond_the_limits_is_refused(speed):
    with pytest.raises(ValueError, match=r"between 0\.5 and 2\.0"):
        tempo.change_tempo(voice(seconds=1.0), speed)


def test_nothing_changed_is_the_same_clip():
    clip = audio.from_samples(voice(seconds=2.0), RATE)
    assert not Changes().any
    assert manipulation.apply_changes(clip, Changes()) is clip


@pytest.mark.parametrize(
    "changes",
    [
        Changes(semitones=2),
        Changes(speed=0.8),
        Changes(noise_db=10),
        Changes(telephone=True),
        Changes(gain_db=-20),
    ],
    ids=str,
)
def test_every_change_makes_another_clip_and_the_same_one_twice(changes):
    clip = audio.from_samples(voice(seconds=2.0), RATE)
    changed, again = (
        manipulation.apply_changes(clip, changes),
        manipulation.apply_changes(clip, changes),
    )
    assert changed.sha256 != clip.sha256
    assert changed.sha256 == again.sha256
    assert np.isfinite(changed.samples).all()


def test_noise_is_said_in_words():
    assert [manipulation.describe_noise(noise) for noise in (None, 20, 0)] == [
        "none",
        "20 dB below the voice",
        "as loud as the voice",
    ]
