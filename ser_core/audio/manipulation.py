"""A clip with changes: higher, faster, louder, in noise, over the telephone; to see how a model reacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ser_core import audio
from ser_core.audio import Recording, effects, tempo

NOISES = (None, 30, 20, 10, 5, 0)
"""The choices of noise: how many dB the clip is above white noise; None is no noise."""


@dataclass(frozen=True)
class Changes:
    """The changes to a clip, in the order in which they are made."""

    semitones: float = 0.0
    """How much higher the voice is."""
    speed: float = 1.0
    """How many times as fast."""
    noise_db: float | None = None
    """How many dB the clip is above white noise; None is no noise."""
    telephone: bool = False
    """Whether the clip goes through a telephone line."""
    gain_db: float = 0.0
    """How much louder the clip is, in dB."""

    @property
    def any(self) -> bool:
        """Whether there is any change at all."""
        return self != Changes()


def apply_changes(recording: Recording, changes: Changes) -> Recording:
    """Make the changes to a recording. The same clip always gets the same noise.

    Parameters
    ----------
    recording : Recording
        The clip as it was recorded, at 16 kHz.
    changes : Changes
        What to change.

    Returns
    -------
    Recording
        A new recording; the same one where there are no changes.

    Raises
    ------
    SerError
        TOO_SHORT where the changed clip is too short.
    """
    if not changes.any:
        return recording
    samples = recording.samples
    if changes.semitones:
        samples = tempo.shift_pitch(samples, changes.semitones)
    if changes.speed != 1.0:
        samples = tempo.change_tempo(samples, changes.speed)
    if changes.noise_db is not None:
        noise = effects.coloured_noise(len(samples), np.random.default_rng(0))
        samples = effects.add_noise(samples, noise, changes.noise_db)
    if changes.telephone:
        samples = effects.simulate_telephone(samples)
    if changes.gain_db:
        samples = effects.apply_gain(samples, changes.gain_db)
    return audio.from_samples(samples, recording.sample_rate)


def describe_noise(noise_db: float | None) -> str:
    """Say in words how loud a noise of `NOISES` is."""
    if noise_db is None:
        return "none"
    return f"{noise_db:g} dB below the voice" if noise_db else "as loud as the voice"
