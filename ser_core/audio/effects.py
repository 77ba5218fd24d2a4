"""What a room, a microphone, a browser and a telephone do to a voice.

Conventions: `samples` is float32 [n], mono, at 16 kHz; every function returns a new float32 array, of the
same length unless it says otherwise; levels are in dB. Training imitates these effects, and
`evaluate --conditions` measures what each of them costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ser_core.audio.recording import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy.typing as npt

    from ser_core.audio.recording import Samples

_TELEPHONE_RATE = 8_000  # Hz
_DECAY = 3 * np.log(10)  # amplitude falls by 60 dB, a factor of 1,000, in one reverberation time
_TINY = 1e-12


def apply_gain(samples: Samples, decibels: float) -> Samples:
    """Make a clip louder or quieter, without clipping."""
    return (samples * np.float32(10 ** (decibels / 20))).astype(np.float32)


def add_noise(samples: Samples, noise: Samples, snr_db: float) -> Samples:
    """Add noise to a clip.

    Parameters
    ----------
    samples : ndarray, float32 [n]
    noise : ndarray, float32 [m]
        Repeated where it is shorter than the clip, cut where it is longer.
    snr_db : float
        The mean power of the clip over that of the noise.

    Returns
    -------
    ndarray, float32 [n]
    """
    fitted = np.resize(noise, len(samples))
    ratio = np.sqrt(_power(samples) / _power(fitted) * 10 ** (-snr_db / 10))
    return (samples + np.float32(ratio) * fitted).astype(np.float32)


def coloured_noise(n: int, rng: np.random.Generator, decibels_per_octave: float = 0.0) -> Samples:
    """Make Gaussian noise.

    Parameters
    ----------
    n : int
        The number of samples.
    rng : Generator
    decibels_per_octave : float
        How its power changes with frequency: white 0, pink -3, brown -6.

    Returns
    -------
    ndarray, float32 [n]
    """
    white = rng.standard_normal(n).astype(np.float32)
    if decibels_per_octave == 0.0:
        return white
    hertz = np.array([20.0, SAMPLE_RATE / 2])
    return equalise(white, hertz, decibels_per_octave * np.log2(hertz / 1000))


def babble(n: int, voices: Sequence[Samples], rng: np.random.Generator) -> Samples:
    """Mix several voices, all equally loud; each starts anywhere in its clip and goes round.

    Parameters
    ----------
    n : int
        The number of samples.
    voices : sequence of ndarray, float32
        The clips, of any lengths.
    rng : Generator
        Draws where each starts.

    Returns
    -------
    ndarray, float32 [n]
    """
    mixed = np.zeros(n, np.float32)
    for voice in voices:
        turned = np.roll(voice, -int(rng.integers(len(voice))))
        mixed += np.resize(turned / np.float32(np.sqrt(_power(voice))), n)
    return mixed


def add_reverberation(
    samples: Samples, rt60_s: float, rng: np.random.Generator, direct_to_reverberant_db: float = 0.0
) -> Samples:
    """Put speech into a room.

    The response of the room is a direct path and exponentially decaying Gaussian noise (Polack 1988).

    Parameters
    ----------
    samples : ndarray, float32 [n]
    rt60_s : float
        In how many seconds the sound in the room falls by 60 dB.
    rng : Generator
        Draws the noise.
    direct_to_reverberant_db : float
        The energy of the direct path over that of the noise.

    Returns
    -------
    ndarray, float32 [n]
    """
    import scipy.signal

    n = int(rt60_s * SAMPLE_RATE)
    tail = rng.standard_normal(n) * np.exp(-_DECAY * np.arange(n) / n)
    tail[0] = 0.0
    response = tail * np.sqrt(10 ** (-direct_to_reverberant_db / 10) / np.sum(tail**2))
    response[0] = 1.0
    in_room = scipy.signal.fftconvolve(samples, response.astype(np.float32))
    return in_room[: len(samples)].astype(np.float32)


def equalise(samples: Samples, hertz: npt.ArrayLike, decibels: npt.ArrayLike) -> Samples:
    """Apply a frequency response.

    Parameters
    ----------
    samples : ndarray, float32 [n]
    hertz, decibels : array_like, shape [points]
        Points of the response: linear in dB over log frequency between them, flat beyond.

    Returns
    -------
    ndarray, float32 [n]
    """
    import scipy.fft

    n = scipy.fft.next_fast_len(len(samples), real=True)
    frequencies = np.maximum(np.fft.rfftfreq(n, 1 / SAMPLE_RATE), 1.0)
    log_hertz = np.log(np.asarray(hertz, dtype=float))
    points_db = np.asarray(decibels, dtype=float)
    response = 10 ** (np.interp(np.log(frequencies), log_hertz, points_db) / 20)
    spectrum = scipy.fft.rfft(samples, n) * response.astype(np.float32)
    return scipy.fft.irfft(spectrum, n)[: len(samples)].astype(np.float32)


def simulate_telephone(samples: Samples) -> Samples:
    """Send a clip over a telephone line: 300-3,400 Hz and mu-law in 8 bits at 8 kHz (ITU-T G.711)."""
    import scipy.signal
    import soxr

    low = soxr.resample(samples, SAMPLE_RATE, _TELEPHONE_RATE, quality="HQ")
    low = scipy.signal.sosfilt(_telephone_band(), low)
    full = max(float(np.abs(low).max()), _TINY)
    compressed = np.sign(low) * np.log1p(255 * np.abs(low) / full) / np.log(256)
    steps = np.round(compressed * 127) / 127
    expanded = np.sign(steps) * np.expm1(np.abs(steps) * np.log(256)) / 255 * full
    back = soxr.resample(expanded.astype(np.float32), _TELEPHONE_RATE, SAMPLE_RATE, quality="HQ")
    return _fit_length(back, len(samples))


def apply_automatic_gain(
    samples: Samples, target_dbfs: float = -18.0, most_db: float = 30.0, seconds: float = 0.4
) -> Samples:
    """Imitate the automatic gain of a recorder: a slow gain, and a soft limit at full scale.

    The gain follows the smoothed level of what is not a pause (30 dB below the loudest).

    Parameters
    ----------
    samples : ndarray, float32 [n]
    target_dbfs : float
        The level that the gain aims at.
    most_db : float
        The most that it raises or lowers the level.
    seconds : float
        The time constant of the smoothing.

    Returns
    -------
    ndarray, float32 [n]
    """
    import scipy.signal

    hop = SAMPLE_RATE // 100
    n_frames = -(-len(samples) // hop)
    frames = np.resize(samples, n_frames * hop)
    power = np.square(frames).reshape(n_frames, hop).mean(axis=1) + _TINY
    spoken = power > 1e-3 * power.max()
    # In a pause, the gain stays as it was before it.
    last_spoken = np.where(spoken, np.arange(n_frames), np.argmax(spoken))
    held = power[np.maximum.accumulate(last_spoken)]
    keep = np.exp(-1 / (100 * seconds))
    level, _ = scipy.signal.lfilter([1 - keep], [1, -keep], held, zi=[keep * held[0]])
    decibels = np.clip(target_dbfs - 10 * np.log10(level), -most_db, most_db)
    curve = np.interp(np.arange(len(samples)), np.arange(n_frames) * hop, 10 ** (decibels / 20))
    return np.tanh(samples * curve).astype(np.float32)


def suppress_noise(samples: Samples, least_db: float = -15.0) -> Samples:
    """Imitate the noise suppression of a browser: a Wiener gain per band over a stationary noise floor.

    The floor of a band is five times the 10th percentile of its power over the clip, which is half the mean
    power of Gaussian noise. (Browsers estimate the floor with more care; after Ephraim & Malah 1984.)

    Parameters
    ----------
    samples : ndarray, float32 [n]
    least_db : float
        The lowest gain.

    Returns
    -------
    ndarray, float32 [n]
    """
    import scipy.signal

    _, _, spectrum = scipy.signal.stft(samples, SAMPLE_RATE, nperseg=512)
    power = np.abs(spectrum) ** 2
    floor = np.percentile(power, 10, axis=1, keepdims=True) * 5.0
    wiener = np.maximum(1 - floor / np.maximum(power, _TINY), 10 ** (least_db / 20))
    smooth = scipy.signal.lfilter([0.6], [1, -0.4], wiener, axis=1)
    _, cleaned = scipy.signal.istft(spectrum * smooth, SAMPLE_RATE, nperseg=512)
    return _fit_length(cleaned, len(samples))


def encode_and_decode(samples: Samples, codec: str, bit_rate: int) -> Samples:
    """Send a clip through a lossy codec.

    Parameters
    ----------
    samples : ndarray, float32 [n]
    codec : str
        "opus", coded for speech as a browser does it, or "mp3".
    bit_rate : int
        In bit/s.

    Returns
    -------
    ndarray, float32 [n]

    Raises
    ------
    ValueError
        If the codec is another one.
    """
    from ser_core.audio.encoding import encode_lossy

    return _fit_length(encode_lossy(samples, SAMPLE_RATE, codec, bit_rate), len(samples))


def change_speed(samples: Samples, factor: float) -> Samples:
    """Play a clip `factor` times as fast: pitch, formants and tempo change together.

    Parameters
    ----------
    samples : ndarray, float32 [n]
    factor : float

    Returns
    -------
    ndarray, float32 [n / factor]
    """
    import soxr

    faster = soxr.resample(samples, SAMPLE_RATE * factor, SAMPLE_RATE, quality="HQ")
    return np.asarray(faster, dtype=np.float32)


@cache
def _telephone_band() -> npt.NDArray[np.float64]:
    import scipy.signal

    band = scipy.signal.butter(4, [300, 3400], "bandpass", fs=_TELEPHONE_RATE, output="sos")
    return np.asarray(band)


def _power(samples: Samples) -> float:
    return float(np.mean(np.square(samples, dtype=np.float64))) + _TINY


def _fit_length(samples: npt.NDArray[np.floating], n: int) -> Samples:
    """The first n samples, with silence behind them where there are fewer."""
    fitted = samples[:n].astype(np.float32)
    return np.pad(fitted, (0, n - len(fitted)))
