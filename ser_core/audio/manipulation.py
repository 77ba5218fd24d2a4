"""The current clip, changed: higher, faster, louder, in noise, over the telephone; to see what a model makes of that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ser_core import audio
from ser_core.audio import Recording, effects, tempo

NOISES = (None, 30, 20, 10, 5, 0)
"""How far the clip is above white noise, in dB; None is no noise."""


@dataclass(frozen=True)
class Changes:
    """What is changed, in the order in which a voice meets it."""

    semitones: float = 0.0
    speed: float = 1.0
    noise_db: float | None = None
    telephone: bool = False
    gain_db: float = 0.0

    @property
    def any(self) -> bool:
        """Whether anything is changed at all."""
        return self != Changes()


def changed(recording: Recording, changes: Changes) -> Recording:
    """The recording with the changes; the same noise for the same clip."""
    samples = recording.samples
    if changes.semitones:
        samples = tempo.pitched(samples, changes.semitones)
    if changes.speed != 1.0:
        samples = tempo.paced(samples, changes.speed)
    if changes.noise_db is not None:
        noise = effects.coloured_noise(len(samples), np.random.default_rng(0))
        samples = effects.with_noise(samples, noise, changes.noise_db)
    if changes.telephone:
        samples = effects.telephone(samples)
    if changes.gain_db:
        samples = effects.gain(samples, changes.gain_db)
    return audio.from_samples(samples, recording.sample_rate) if changes.any else recording


def noise_in_words(noise_db: float | None) -> str:
    """A noise as people call it."""
    return (
        "none"
        if noise_db is None
        else f"{noise_db:g} dB below the voice"
        if noise_db
        else "as loud as the voice"
    )
