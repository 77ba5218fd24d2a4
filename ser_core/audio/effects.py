"""What a room, a microphone, a browser and a telephone do to a voice before anything hears it.

Training imitates these, and `evaluate --conditions` measures what each costs. Conventions: `samples` is float32 [n], mono,
16 kHz unless a rate is asked for; every function returns a new float32 [n] of the same length; levels are in dB.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from ser_core.audio.recording import Samples

SAMPLE_RATE = 16_000
_SPEED_OF_DECAY = 3 * np.log(
    10
)  # amplitude falls by 60 dB, a factor of 1,000, in one reverberation time
_TINY = 1e-12


def gain(samples: Samples, decibels: float) -> Samples:
    """Louder or quieter, without clipping."""
    return (samples * np.float32(10 ** (decibels / 20))).astype(np.float32)


def with_noise(samples: Samples, noise: Samples, snr_db: float) -> Samples:
    """Speech and noise together, the mean power of the clip `snr_db` above that of the noise.

    Noise that is shorter is repeated, noise that is longer is cut.
    """
    fitted = np.resize(noise, len(samples))
    ratio = np.sqrt(_power(samples) / _power(fitted) * 10 ** (-snr_db / 10))
    return (samples + np.float32(ratio) * fitted).astype(np.float32)


def coloured_noise(n: int, rng: np.random.Generator, decibels_per_octave: float = 0.0) -> Samples:
    """Gaussian noise, shape [n]: white, or falling (pink: -3, brown: -6) or rising in power with frequency."""
    white = rng.standard_normal(n)
    if decibels_per_octave == 0.0:
        return white.astype(np.float32)
    hertz = np.array([20.0, SAMPLE_RATE / 2])
    return equalised(white.astype(np.float32), hertz, decibels_per_octave * np.log2(hertz / 1000))


def babble(n: int, voices: Sequence[Samples], rng: np.random.Generator) -> Samples:
    """Several voices at once, all equally loud, each beginning anywhere in its clip and going round. Shape [n]."""
    mixed = np.zeros(n, np.float32)
    for voice in voices:
        turned = np.roll(voice, -int(rng.integers(len(voice))))
        mixed += np.resize(turned / np.float32(np.sqrt(_power(voice))), n)
    return mixed


def reverberated(
    samples: Samples, rt60_s: float, rng: np.random.Generator, direct_to_reverberant_db: float = 0.0
) -> Samples:
    """Speech in a room whose sound falls by 60 dB in `rt60_s` seconds.

    The room's response is a direct path and exponentially decaying Gaussian noise (Polack 1988, the diffuse tail of a room),
    `direct_to_reverberant_db` being the energy of the one over that of the other.
    """
    import scipy.signal

    n = int(rt60_s * SAMPLE_RATE)
    tail = rng.standard_normal(n) * np.exp(-_SPEED_OF_DECAY * np.arange(n) / n)
    tail[0] = 0.0
    response = tail * np.sqrt(10 ** (-direct_to_reverberant_db / 10) / np.sum(tail**2))
    response[0] = 1.0
    return scipy.signal.fftconvolve(samples, response.astype(np.float32))[: len(samples)].astype(
        np.float32
    )


def equalised(samples: Samples, hertz: npt.ArrayLike, decibels: npt.ArrayLike) -> Samples:
    """A frequency response given by points, linear in dB over log frequency between them and flat beyond."""
    import scipy.fft

    n = scipy.fft.next_fast_len(len(samples), real=True)
    frequencies = np.maximum(np.fft.rfftfreq(n, 1 / SAMPLE_RATE), 1.0)
    response = 10 ** (
        np.interp(
            np.log(frequencies),
            np.log(np.asarray(hertz, dtype=float)),
            np.asarray(decibels, dtype=float),
        )
        / 20
    )
    return scipy.fft.irfft(scipy.fft.rfft(samples, n) * response.astype(np.float32), n)[
        : len(samples)
    ].astype(np.float32)


def telephone(samples: Samples) -> Samples:
    """A telephone line: 300-3,400 Hz and mu-law in 8 bits at 8 kHz (ITU-T G.711)."""
    import scipy.signal
    import soxr

    low = soxr.resample(samples, SAMPLE_RATE, 8000, quality="HQ")
    low = scipy.signal.sosfilt(_telephone_band(), low)
    full = max(float(np.abs(low).max()), _TINY)
    compressed = np.sign(low) * np.log1p(255 * np.abs(low) / full) / np.log(256)
    steps = np.round(compressed * 127) / 127
    expanded = np.sign(steps) * np.expm1(np.abs(steps) * np.log(256)) / 255 * full
    return _same_length(
        soxr.resample(expanded.astype(np.float32), 8000, SAMPLE_RATE, quality="HQ"), len(samples)
    )


def automatic_gain(
    samples: Samples, target_dbfs: float = -18.0, most_db: float = 30.0, seconds: float = 0.4
) -> Samples:
    """A recorder's automatic gain: a slow gain towards `target_dbfs`, at most `most_db`, and a soft limit at full scale.

    The gain follows the smoothed level of what is not pause (30 dB below the loudest) with the time constant `seconds`.
    """
    import scipy.signal

    hop = SAMPLE_RATE // 100
    n_frames = -(-len(samples) // hop)
    power = (
        np.square(np.resize(samples, n_frames * hop)).reshape(n_frames, hop).mean(axis=1) + _TINY
    )
    heard = power > 1e-3 * power.max()
    held = np.maximum.accumulate(
        np.where(heard, np.arange(n_frames), np.argmax(heard))
    )  # pauses keep the gain of what came before
    keep = np.exp(-1 / (100 * seconds))
    level, _ = scipy.signal.lfilter([1 - keep], [1, -keep], power[held], zi=[keep * power[held[0]]])
    decibels = np.clip(target_dbfs - 10 * np.log10(level), -most_db, most_db)
    curve = np.interp(np.arange(len(samples)), np.arange(n_frames) * hop, 10 ** (decibels / 20))
    return np.tanh(samples * curve).astype(np.float32)


def noise_suppressed(samples: Samples, least_db: float = -15.0) -> Samples:
    """A recorder's noise suppression: a Wiener gain per band over a stationary noise floor, at least `least_db`.

    The floor of a band is five times the 10th percentile of its power over the clip, which is half the mean power of Gaussian
    noise. (Browsers estimate the floor with more care; after Ephraim & Malah 1984.)
    """
    import scipy.signal

    _, _, spectrum = scipy.signal.stft(samples, SAMPLE_RATE, nperseg=512)
    power = np.abs(spectrum) ** 2
    floor = np.percentile(power, 10, axis=1, keepdims=True) * 5.0
    wiener = np.maximum(1 - floor / np.maximum(power, _TINY), 10 ** (least_db / 20))
    smooth = scipy.signal.lfilter([0.6], [1, -0.4], wiener, axis=1)
    _, cleaned = scipy.signal.istft(spectrum * smooth, SAMPLE_RATE, nperseg=512)
    return _same_length(cleaned, len(samples))


def coded(samples: Samples, codec: str, bit_rate: int) -> Samples:
    """What is left of a clip after a lossy codec: `codec` is "opus" or "mp3", `bit_rate` in bit/s.

    Opus is coded for speech, as a browser does it.
    """
    from ser_core.audio.containers import encode_lossy

    return _same_length(encode_lossy(samples, SAMPLE_RATE, codec, bit_rate), len(samples))


def resampled_speed(samples: Samples, factor: float) -> Samples:
    """Played `factor` times as fast: pitch, formants and tempo move together. Shape [n / factor]."""
    import soxr

    return np.asarray(
        soxr.resample(samples, SAMPLE_RATE * factor, SAMPLE_RATE, quality="HQ"), dtype=np.float32
    )


@cache
def _telephone_band() -> npt.NDArray[np.float64]:
    import scipy.signal

    return np.asarray(scipy.signal.butter(4, [300, 3400], "bandpass", fs=8000, output="sos"))


def _power(samples: Samples) -> float:
    return float(np.mean(np.square(samples, dtype=np.float64))) + _TINY


def _same_length(samples: npt.NDArray[np.floating], n: int) -> Samples:
    kept = samples[:n].astype(np.float32)
    return np.pad(kept, (0, n - len(kept)))
