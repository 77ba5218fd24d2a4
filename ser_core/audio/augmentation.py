"""Augmentation: copies of clips as a person at home would have recorded them, for training.

Conventions: samples are float32 [n], mono, at 16 kHz. Every corpus goes through the same chain, so that no
codec, bandwidth or room gives away the corpus and, with it, the labels that only one corpus has. What needs
the waveform is done here, once for each clip and copy; what a log-mel spectrogram allows (noise, babble,
equalising, masking, stretching) is done anew for every batch in `ser_core.training.neural`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ser_core.audio import effects
from ser_core.audio.recording import Samples

COPIES = ("disturbed", "noisy")
"""The kinds of copies that training adds to the clips; see `disturb` and `add_background`."""

_EQUALISER_HZ = np.array([60.0, 150, 400, 1000, 2500, 5000, 7500])
_OPUS_RATES = (12_000, 16_000, 20_000, 24_000, 30_000, 40_000, 64_000)
_MP3_RATES = (24_000, 32_000, 48_000, 64_000)


def augment(kind: str, samples: Samples, digest: str, voices: Sequence[Samples] = ()) -> Samples:
    """Make a copy of a clip. The same clip, kind and voices give the same copy everywhere.

    Parameters
    ----------
    kind : str
        One of `COPIES`.
    samples : ndarray, float32 [n]
        The clip.
    digest : str
        The SHA-256 of its file, which seeds what is random.
    voices : sequence of ndarray, optional
        As in `add_background`.

    Returns
    -------
    ndarray, float32 [m]
    """
    rng = np.random.default_rng([COPIES.index(kind) + 1, int(digest[:16], 16)])
    return disturb(samples, rng) if kind == "disturbed" else add_background(samples, rng, voices)


def disturb(samples: Samples, rng: np.random.Generator) -> Samples:
    """Make a copy of a clip as another voice, room, microphone and recorder would have given it.

    In the order of the real world: the voice (speed and pitch together, at most 14%, which keeps the
    emotion), the room, the microphone, noise, the browser's noise suppression and automatic gain, and the
    codec or telephone line. Each happens to some copies only. Takes about 40 ms.

    Parameters
    ----------
    samples : ndarray, float32 [n]
    rng : Generator
        Makes the choices.

    Returns
    -------
    ndarray, float32 [m]
    """
    happens = _make_chance(rng)
    samples = _change_voice_and_room(samples, rng)
    if happens(0.6):
        ripple_db = rng.normal(0, 5, len(_EQUALISER_HZ))
        tilt_db = rng.uniform(-3, 3) * np.log2(_EQUALISER_HZ / 1000)
        samples = effects.equalise(samples, _EQUALISER_HZ, ripple_db + tilt_db)
    if happens(0.35):
        noise = effects.coloured_noise(len(samples), rng, rng.uniform(-6, 2))
        samples = effects.add_noise(samples, noise, rng.uniform(3, 30))
    if happens(0.25):
        samples = effects.suppress_noise(samples, rng.uniform(-25, -8))
    if happens(0.35):
        target_dbfs = rng.uniform(-24, -10)
        samples = effects.apply_automatic_gain(samples, target_dbfs, 30.0, rng.uniform(0.1, 1.0))
    if happens(0.12):
        return effects.simulate_telephone(samples)
    if happens(0.55):
        codec, rates = ("opus", _OPUS_RATES) if happens(0.7) else ("mp3", _MP3_RATES)
        return effects.encode_and_decode(samples, codec, int(rng.choice(rates)))
    return samples


def add_background(
    samples: Samples, rng: np.random.Generator, voices: Sequence[Samples] = ()
) -> Samples:
    """Make a copy of a clip as recorded among other people or in noise, 0 to 25 dB below the voice.

    Takes about 40 ms.

    Parameters
    ----------
    samples : ndarray, float32 [n]
    rng : Generator
        Makes the choices.
    voices : sequence of ndarray, optional
        What the other people are made of, each at another speed and so another pitch. Where these are clips
        of the same speaker, the copy holds nobody else's voice, and a speaker who is left out is left out
        of all babble, too.

    Returns
    -------
    ndarray, float32 [m]
    """
    happens = _make_chance(rng)
    samples = _change_voice_and_room(samples, rng)
    if voices and happens(0.6):
        people = [effects.change_speed(voice, _draw_factor(rng, 0.75, 1.35)) for voice in voices]
        noise = effects.babble(len(samples), people, rng)
    else:
        noise = effects.coloured_noise(len(samples), rng, rng.uniform(-6, 2))
    samples = effects.add_noise(samples, noise, rng.uniform(0, 25))
    if happens(0.25):
        return effects.simulate_telephone(samples)
    if happens(0.3):
        return effects.encode_and_decode(samples, "opus", int(rng.choice(_OPUS_RATES)))
    return samples


def _change_voice_and_room(samples: Samples, rng: np.random.Generator) -> Samples:
    """Make half the voices faster or slower, and put four in ten into a room."""
    happens = _make_chance(rng)
    if happens(0.5):
        samples = effects.change_speed(samples, _draw_factor(rng, 0.88, 1.14))
    if happens(0.4):
        rt60_s = rng.uniform(0.15, 0.9)
        samples = effects.add_reverberation(samples, rt60_s, rng, rng.uniform(-3, 12))
    return samples


def _draw_factor(rng: np.random.Generator, least: float, most: float) -> float:
    return float(np.exp(rng.uniform(np.log(least), np.log(most))))


def _make_chance(rng: np.random.Generator) -> Callable[[float], bool]:
    return lambda probability: bool(rng.random() < probability)
