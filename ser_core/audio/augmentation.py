"""Clips as a person at home would have recorded them: disturbed copies for training.

Every corpus goes through the same chain, so that no codec, bandwidth or room tells the corpus and, with it, the labels that
only one corpus has. What needs the waveform is done here, once per clip and copy; what can be done to a log-mel spectrogram
(noise, babble, equalising, masking, stretching) is done anew for every batch in `network`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ser_core.audio import effects
from ser_core.audio.recording import Samples

_EQUALISER_HZ = np.array([60.0, 150, 400, 1000, 2500, 5000, 7500])
_OPUS_RATES = (12_000, 16_000, 20_000, 24_000, 30_000, 40_000, 64_000)
_MP3_RATES = (24_000, 32_000, 48_000, 64_000)


COPIES = ("disturbed", "noisy")
"""The kinds of copies that training adds to the clips as they are: `disturbed` and `noisy`."""


def changed_copy(
    kind: str, samples: Samples, digest: str, voices: Sequence[Samples] = ()
) -> Samples:
    """A copy of the clip whose file has the SHA-256 `digest`: the same for the same clip, kind and voices everywhere."""
    rng = np.random.default_rng([COPIES.index(kind) + 1, int(digest[:16], 16)])
    return disturbed(samples, rng) if kind == "disturbed" else noisy(samples, rng, voices)


def disturbed(samples: Samples, rng: np.random.Generator) -> Samples:
    """A copy of a clip at 16 kHz as another voice, room, microphone and recorder would have given it. About 40 ms of work.

    In the order of the real world: the voice (speed and pitch together, at most 14%, which keeps the emotion), the room, the
    microphone, noise, the browser's noise suppression and automatic gain, and the codec or telephone line. Each happens to
    some copies only.
    """

    happens = _chance(rng)
    samples = _in_a_room(samples, rng)
    if happens(0.6):
        response = rng.normal(0, 5, len(_EQUALISER_HZ)) + rng.uniform(-3, 3) * np.log2(
            _EQUALISER_HZ / 1000
        )
        samples = effects.equalised(samples, _EQUALISER_HZ, response)
    if happens(0.35):
        samples = effects.with_noise(
            samples,
            effects.coloured_noise(len(samples), rng, rng.uniform(-6, 2)),
            rng.uniform(3, 30),
        )
    if happens(0.25):
        samples = effects.noise_suppressed(samples, rng.uniform(-25, -8))
    if happens(0.35):
        samples = effects.automatic_gain(
            samples, rng.uniform(-24, -10), 30.0, rng.uniform(0.1, 1.0)
        )
    if happens(0.12):
        return effects.telephone(samples)
    if happens(0.55):
        codec, rates = ("opus", _OPUS_RATES) if happens(0.7) else ("mp3", _MP3_RATES)
        return effects.coded(samples, codec, int(rng.choice(rates)))
    return samples


def noisy(samples: Samples, rng: np.random.Generator, voices: Sequence[Samples] = ()) -> Samples:
    """A copy of a clip at 16 kHz as recorded among other people or in noise, 0 to 25 dB below the voice. About 40 ms of work.

    The other people are made of `voices`, each at another speed and so another pitch. Where these are clips of the same speaker,
    the copy holds nobody else's voice, and a speaker who is left out is left out of all babble too.
    """

    happens = _chance(rng)
    samples = _in_a_room(samples, rng)
    if voices and happens(0.6):
        people = [
            effects.resampled_speed(voice, float(np.exp(rng.uniform(np.log(0.75), np.log(1.35)))))
            for voice in voices
        ]
        noise = effects.babble(len(samples), people, rng)
    else:
        noise = effects.coloured_noise(len(samples), rng, rng.uniform(-6, 2))
    samples = effects.with_noise(samples, noise, rng.uniform(0, 25))
    if happens(0.25):
        return effects.telephone(samples)
    return effects.coded(samples, "opus", int(rng.choice(_OPUS_RATES))) if happens(0.3) else samples


def _in_a_room(samples: Samples, rng: np.random.Generator) -> Samples:
    """Half the voices faster or slower, four in ten in a room."""
    happens = _chance(rng)
    if happens(0.5):
        samples = effects.resampled_speed(
            samples, float(np.exp(rng.uniform(np.log(0.88), np.log(1.14))))
        )
    if happens(0.4):
        samples = effects.reverberated(samples, rng.uniform(0.15, 0.9), rng, rng.uniform(-3, 12))
    return samples


def _chance(rng: np.random.Generator) -> Callable[[float], bool]:
    return lambda probability: bool(rng.random() < probability)
