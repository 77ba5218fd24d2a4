"""The short-time spectrum of a clip, computed once, and what librosa's spectral features make of it.

Conventions: `samples` has shape [n], spectra [bins, frames], per-frame features [frames] or [k, frames]; everything is
float64, because spectral contrast agrees with librosa's to 1e-4 only so. Each function names the librosa function that
defines it; only librosa's filter banks are called, so that nothing that numba compiles runs on the way to a prediction.
"""

from __future__ import annotations

import importlib
import itertools
import os
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.cache import locked

if TYPE_CHECKING:
    from ser_core.audio import Samples

Array = npt.NDArray[np.float64]

_AMIN = 1e-10  # librosa.power_to_db's floor
_TOP_DB = 80.0  # librosa.power_to_db's range


@cache
def _librosa_filters() -> ModuleType:
    """`librosa.filters`, imported by one process at a time into a numba cache of our own.

    Importing it compiles a few numba functions into a cache on disk; two processes that fill an empty one at the same
    time corrupt it, and every later process that touches those functions dies with a segmentation fault.
    """
    with locked("numba") as folder:
        os.environ.setdefault("NUMBA_CACHE_DIR", str(folder / "numba"))
        return importlib.import_module("librosa.filters")


@cache
def mel_filters(sample_rate: int, n_fft: int, n_mels: int, lowest_hz: float = 0.0, highest_hz: float | None = None) -> Array:
    """`librosa.filters.mel` (Slaney's scale and area), by default up to half the rate, shape [n_mels, n_fft / 2 + 1]."""
    filters = _librosa_filters().mel(sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=lowest_hz, fmax=highest_hz)
    return np.asarray(filters, dtype=np.float64)


@cache
def chroma_filters(sample_rate: int, n_fft: int) -> Array:
    """`librosa.filters.chroma` at concert pitch (tuning 0), shape [12, n_fft / 2 + 1]."""
    return np.asarray(_librosa_filters().chroma(sr=sample_rate, n_fft=n_fft, tuning=0.0), dtype=np.float64)


def mel_centres_hz(n_mels: int, highest_hz: float) -> list[float]:
    """The centre frequencies in Hz of `n_mels` bands up to `highest_hz` on Slaney's mel scale (`librosa.mel_frequencies`).

    Below 1,000 Hz the scale is linear, 200/3 Hz to the mel; above, 27 mel multiply the frequency by 6.4.
    """
    step, corner = 200.0 / 3, 15.0
    log_step = np.log(6.4) / 27
    top = highest_hz / step if highest_hz < 1000 else corner + np.log(highest_hz / 1000) / log_step
    mels = np.linspace(0.0, top, n_mels + 2)[1:-1]
    return [float(mel * step if mel < corner else 1000 * np.exp(log_step * (mel - corner))) for mel in mels]


def mel_of(hertz: Array) -> Array:
    """Frequencies in Hz on Slaney's mel scale (`librosa.hz_to_mel`), on which the mel bands lie evenly.

    >>> mel_of(np.array([0.0, 1000.0, 6400.0])).round(9).tolist()
    [0.0, 15.0, 42.0]
    """
    above = 15.0 + 27 * np.log(np.maximum(hertz, 1000.0) / 1000) / np.log(6.4)
    return np.where(hertz < 1000, hertz * 3 / 200, above)


def framed(samples: Samples | Array, length: int, hop: int) -> Array:
    """Frames centred on every `hop`-th sample, zeros beyond the ends, shape [frames, length]."""
    padded = np.pad(samples, length // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]


def power_spectrogram(samples: Samples | Array, n_fft: int, hop: int) -> Array:
    """|`librosa.stft`| squared (periodic Hann window, centred frames), shape [n_fft / 2 + 1, frames]."""
    import scipy.fft

    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    spectrum = scipy.fft.rfft(framed(samples, n_fft, hop) * window, axis=1)
    return np.ascontiguousarray((spectrum.real**2 + spectrum.imag**2).T)


def power_to_db(power: Array) -> Array:
    """`librosa.power_to_db` with its defaults: 10 log10, at most 80 dB below the largest value."""
    decibels = 10 * np.log10(np.maximum(_AMIN, power))
    return np.maximum(decibels, decibels.max() - _TOP_DB)


def mfcc(mel_db: Array, n_mfcc: int) -> Array:
    """`librosa.feature.mfcc(S=mel_db)`: the orthonormal DCT-II over the bands, shape [n_mfcc, frames]."""
    import scipy.fft

    return np.asarray(scipy.fft.dct(mel_db, axis=0, type=2, norm="ortho")[:n_mfcc])


def delta(features: Array, width: int = 9) -> Array:
    """`librosa.feature.delta`: the slope of a line through `width` frames, per frame; same shape as the input."""
    import scipy.signal

    return np.asarray(scipy.signal.savgol_filter(features, width, polyorder=1, deriv=1, axis=-1, mode="interp"))


def onset_strength(mel_db: Array) -> Array:
    """`librosa.onset.onset_strength(S=mel_db, center=False)`: the mean rise over the bands in dB, shape [frames]."""
    rise = np.maximum(0.0, np.diff(mel_db, axis=1)).mean(axis=0)
    return np.concatenate([[0.0], rise])


def chroma(power: Array, sample_rate: int, n_fft: int) -> Array:
    """`librosa.feature.chroma_stft(S=power, tuning=0)`: energy of 12 pitch classes, largest = 1, shape [12, frames]."""
    raw = chroma_filters(sample_rate, n_fft) @ power
    largest = raw.max(axis=0)
    # librosa's rule: what is below the smallest normal float32 is left as it is, not divided
    return np.asarray(raw / np.where(largest < np.finfo(np.float32).tiny, 1.0, largest))


def contrast(magnitude: Array, sample_rate: int, lowest_hz: float = 200.0, n_bands: int = 5) -> Array:
    """`librosa.feature.spectral_contrast(S=magnitude, n_bands=5)`: peaks over valleys in dB per octave band, [6, frames].

    The highest and lowest 2% of each band's bins are its peak and its valley.
    """
    frequencies = np.linspace(0, sample_rate / 2, len(magnitude))
    edges = np.concatenate([[0.0], lowest_hz * 2.0 ** np.arange(n_bands + 1)])
    peaks, valleys = [], []
    for band, (low, high) in enumerate(itertools.pairwise(edges)):
        inside = (frequencies >= low) & (frequencies <= high)
        first, last = np.flatnonzero(inside)[[0, -1]]
        if band > 0:
            inside[first - 1] = True
        if band == n_bands:
            inside[last + 1 :] = True
        count = max(int(np.rint(0.02 * inside.sum())), 1)
        bins = magnitude[inside] if band == n_bands else magnitude[inside][:-1]
        ordered = np.sort(bins, axis=0)
        valleys.append(ordered[:count].mean(axis=0))
        peaks.append(ordered[-count:].mean(axis=0))
    return power_to_db(np.stack(peaks)) - power_to_db(np.stack(valleys))


def shape(magnitude: Array, sample_rate: int) -> dict[str, Array]:
    """Centroid, bandwidth, roll-off (85%) in Hz and flatness of each frame, as librosa's functions on `S=magnitude`."""
    frequencies = np.linspace(0, sample_rate / 2, len(magnitude))
    total = magnitude.sum(axis=0)
    weights = magnitude / np.where(total < np.finfo(np.float64).tiny, 1.0, total)
    centroid = frequencies @ weights
    bandwidth = np.sqrt(np.sum(weights * (frequencies[:, None] - centroid) ** 2, axis=0))
    cumulated = np.cumsum(magnitude, axis=0)
    rolloff = frequencies[np.argmax(cumulated >= 0.85 * cumulated[-1], axis=0)]
    power = np.maximum(_AMIN, magnitude**2)
    flatness = np.exp(np.mean(np.log(power), axis=0)) / np.mean(power, axis=0)
    return {"centroid": centroid, "bandwidth": bandwidth, "rolloff": rolloff, "flatness": flatness}


def zero_crossing_rate(samples: Samples | Array, length: int, hop: int) -> Array:
    """`librosa.feature.zero_crossing_rate`: the share of sign changes between neighbouring samples, shape [frames]."""
    padded = np.pad(samples, length // 2, mode="edge")
    negative = np.signbit(np.where(np.abs(padded) <= 1e-10, 0.0, padded))
    changes = np.concatenate([[0], np.cumsum(negative[1:] != negative[:-1])])  # changes up to and with each sample
    starts = np.arange(0, len(padded) - length + 1, hop)
    return np.asarray((changes[starts + length - 1] - changes[starts]) / length, dtype=np.float64)
