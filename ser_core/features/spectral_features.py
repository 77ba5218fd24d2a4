"""The spectral features of librosa, from spectra that are computed once.

Conventions: power and magnitude spectra are [bins, frames], levels are in dB, contours are [frames] or [k,
frames]. Each function names the librosa function that defines it; tests compare the two.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.features import filter_banks
from ser_core.features.spectrum import LEAST_POWER, Array, Spectrum, decibels, power_to_db

if TYPE_CHECKING:
    from ser_core.audio import Samples

_ROLLOFF_SHARE = 0.85
_PEAK_SHARE = 0.02  # of a band's bins


def mfcc(mel_db: Spectrum, n_mfcc: int) -> Spectrum:
    """`librosa.feature.mfcc(S=mel_db)`: the orthonormal DCT-II over the bands.

    Parameters
    ----------
    mel_db : array [bands, frames]
        Mel bands in dB.
    n_mfcc : int
        How many coefficients, from the zeroth on.

    Returns
    -------
    array [n_mfcc, frames]
        In dB, in the type of the bands.
    """
    return _cosines(len(mel_db), n_mfcc, mel_db.dtype) @ mel_db


@cache
def _cosines(n_bands: int, n_mfcc: int, dtype: npt.DTypeLike) -> Spectrum:
    import scipy.fft

    cosines = scipy.fft.dct(np.eye(n_bands), axis=0, type=2, norm="ortho")
    return np.asarray(cosines[:n_mfcc], dtype=dtype)


def delta(features: Array, width: int = 9) -> Array:
    """`librosa.feature.delta`: the slope of a line through some frames.

    The frames at either end, which have too few neighbours, have the slope of the first or last whole line
    (librosa's mode "interp").

    Parameters
    ----------
    features : array [..., frames]
        Contours.
    width : int
        How many frames a line goes through, an odd number.

    Returns
    -------
    array [..., frames]
        By frame.

    Raises
    ------
    ValueError
        If there are fewer than `width` frames.

    Examples
    --------
    >>> delta(np.arange(12.0)[None] ** 2)[0, [0, 4, 5, 11]].tolist()
    [8.0, 8.0, 10.0, 14.0]
    """
    half, n = width // 2, features.shape[-1]
    if n < width:
        raise ValueError(f"The slope is through {width} frames. Got {n}.")

    def difference(step: int) -> Array:
        later = features[..., half + step : n - half + step]
        earlier = features[..., half - step : n - half - step]
        return later - earlier

    steps = range(1, half + 1)
    slopes = np.empty_like(features)
    weighted = sum(step * difference(step) for step in steps)
    slopes[..., half : n - half] = weighted / (2 * sum(step**2 for step in steps))
    slopes[..., :half] = slopes[..., half : half + 1]
    slopes[..., n - half :] = slopes[..., n - half - 1 : n - half]
    return slopes


def onset_strength(mel_db: Array) -> Array:
    """`librosa.onset.onset_strength(S=mel_db, center=False)`: the mean rise over the bands.

    Parameters
    ----------
    mel_db : array [bands, frames]
        Mel bands in dB.

    Returns
    -------
    array [frames]
        In dB, 0 in the first frame.
    """
    rise = np.maximum(0.0, np.diff(mel_db, axis=1)).mean(axis=0)
    return np.concatenate([[0.0], rise])


def chroma(power: Array, sample_rate: int, n_fft: int) -> Array:
    """`librosa.feature.chroma_stft(S=power, tuning=0)`: the energy of 12 pitch classes.

    Parameters
    ----------
    power : array [bins, frames]
        Power spectra.
    sample_rate, n_fft : int
        The rate in Hz, and the length of the frames.

    Returns
    -------
    array [12, frames]
        Shares of the strongest pitch class of each frame.
    """
    raw = filter_banks.chroma(sample_rate, n_fft).astype(power.dtype) @ power
    largest = raw.max(axis=0)
    # librosa's rule: what is below the smallest normal float32 is left as it is, not divided.
    return np.asarray(raw / np.where(largest < np.finfo(np.float32).tiny, 1.0, largest))


def contrast(
    magnitude: Array, sample_rate: int, lowest_hz: float = 200.0, n_bands: int = 5
) -> Array:
    """`librosa.feature.spectral_contrast(S=magnitude, n_bands=5)`: peaks over valleys of each octave band.

    The highest and the lowest 2% of a band's bins are its peak and its valley.

    Parameters
    ----------
    magnitude : array [bins, frames]
        Magnitude spectra.
    sample_rate : int
        In Hz.
    lowest_hz : float
        The upper end of the lowest band.
    n_bands : int
        The number of octaves above it.

    Returns
    -------
    array [n_bands + 1, frames]
        In dB.
    """
    peaks, valleys = [], []
    for bins, count in _octaves(len(magnitude), sample_rate, lowest_hz, n_bands):
        ordered = np.sort(magnitude[bins], axis=0)
        valleys.append(ordered[:count].mean(axis=0))
        peaks.append(ordered[-count:].mean(axis=0))
    return power_to_db(np.stack(peaks)) - power_to_db(np.stack(valleys))


@cache
def _octaves(
    n_bins: int, sample_rate: int, lowest_hz: float, n_bands: int
) -> list[tuple[slice, int]]:
    """The bins of each band of `contrast`, and how many bins are 2% of them.

    As librosa: all bands but the lowest begin a bin early, all but the highest end a bin early, and the
    highest goes on to the end.
    """
    frequencies = np.linspace(0, sample_rate / 2, n_bins)
    edges = np.concatenate([[0.0], lowest_hz * 2.0 ** np.arange(n_bands + 1)])
    bands = []
    for band, (low, high) in enumerate(itertools.pairwise(edges)):
        first, last = np.flatnonzero((frequencies >= low) & (frequencies <= high))[[0, -1]]
        start = first - (band > 0)
        end = n_bins if band == n_bands else last + 1
        count = max(int(np.rint(_PEAK_SHARE * (end - start))), 1)
        bins = slice(start, end if band == n_bands else end - 1)
        bands.append((bins, count))
    return bands


def spectral_shape(magnitude: Array, sample_rate: int) -> dict[str, Array]:
    """Centroid, bandwidth and roll-off (85%), as `librosa.feature.spectral_...(S=magnitude)`.

    Parameters
    ----------
    magnitude : array [bins, frames]
        Magnitude spectra.
    sample_rate : int
        In Hz.

    Returns
    -------
    dict from str to array [frames]
        "centroid", "bandwidth" and "rolloff", in Hz.
    """
    frequencies = np.linspace(0, sample_rate / 2, len(magnitude))
    powers = np.stack([np.ones_like(frequencies), frequencies, frequencies**2])
    total, first, second = powers @ magnitude
    total = np.where(total < np.finfo(np.float64).tiny, 1.0, total)
    centroid = first / total
    cumulated = np.cumsum(magnitude, axis=0)
    reached = cumulated >= _ROLLOFF_SHARE * cumulated[-1]
    return {
        "centroid": centroid,
        "bandwidth": np.sqrt(np.maximum(second / total - centroid**2, 0.0)),
        "rolloff": frequencies[np.argmax(reached, axis=0)],
    }


def flatness_db(power: Array) -> Array:
    """10 log10 of `librosa.feature.spectral_flatness`: the geometric over the arithmetic mean of the power.

    Parameters
    ----------
    power : array [bins, frames]
        Power spectra.

    Returns
    -------
    array [frames]
        In dB: 0 for white noise, far below for a tone.
    """
    power = np.maximum(LEAST_POWER, power)
    # The logarithms of float32 are good to 1e-5 dB and take a quarter of the time.
    geometric = decibels(power.astype(np.float32)).mean(axis=0, dtype=np.float64)
    return np.asarray(geometric - decibels(power.mean(axis=0)))


def zero_crossing_rate(samples: Samples | Array, length: int, hop: int) -> Array:
    """`librosa.feature.zero_crossing_rate`: the share of sign changes between neighbouring samples.

    Parameters
    ----------
    samples : array [n]
        The clip.
    length, hop : int
        The length and the distance of the centred frames, in samples.

    Returns
    -------
    array [frames]
        From 0 to 1.
    """
    negative = samples < -1e-10
    # Beyond either end librosa repeats the last sample.
    changes = np.flatnonzero(negative[1:] != negative[:-1]) + 1 + length // 2
    starts = np.arange(0, len(samples) + 1, hop)
    before_end = np.searchsorted(changes, starts + length)
    before_start = np.searchsorted(changes, starts + 1)
    return np.asarray(before_end - before_start) / length
