"""The short-time spectrum of a clip, computed once, and what librosa's spectral features make of it.

Conventions: `samples` has shape [n], spectra [bins, frames] (in memory frame by frame), per-frame features [frames] or [k, frames].
The arithmetic is in the type of the samples: float32 is enough for log-mel spectra, but spectral contrast agrees with librosa's to 1e-4
only in float64. Each function names the librosa function that defines it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ser_core.features import filter_banks

if TYPE_CHECKING:
    from ser_core.audio import Samples

Array = npt.NDArray[np.float64]
Spectrum = npt.NDArray[Any]
"""Float32 or float64, as the samples were."""

_AMIN = 1e-10  # librosa.power_to_db's floor
_TOP_DB = 80.0  # librosa.power_to_db's range
_BLOCK_BYTES = 420_000  # of a block's spectrum
_MEL_BLOCK_BYTES = 640_000  # where nothing else needs to stay in the cache
_BANDS_TOGETHER = 16  # of a mel bank; each such group looks only at the bins that it covers


def mel_centres_hz(n_mels: int, highest_hz: float) -> list[float]:
    """The centre frequencies in Hz of `n_mels` bands up to `highest_hz` on Slaney's mel scale (`librosa.mel_frequencies`).

    Below 1,000 Hz the scale is linear, 200/3 Hz to the mel; above, 27 mel multiply the frequency by 6.4.
    """
    step, corner = 200.0 / 3, 15.0
    log_step = np.log(6.4) / 27
    top = highest_hz / step if highest_hz < 1000 else corner + np.log(highest_hz / 1000) / log_step
    mels = np.linspace(0.0, top, n_mels + 2)[1:-1]
    return [
        float(mel * step if mel < corner else 1000 * np.exp(log_step * (mel - corner)))
        for mel in mels
    ]


def mel_of(hertz: Array) -> Array:
    """Frequencies in Hz on Slaney's mel scale (`librosa.hz_to_mel`), on which the mel bands lie evenly.

    >>> mel_of(np.array([0.0, 1000.0, 6400.0])).round(9).tolist()
    [0.0, 15.0, 42.0]
    """
    above = 15.0 + 27 * np.log(np.maximum(hertz, 1000.0) / 1000) / np.log(6.4)
    return np.where(hertz < 1000, hertz * 3 / 200, above)


def framed(samples: Samples | Array, length: int, hop: int) -> npt.NDArray[Any]:
    """Frames centred on every `hop`-th sample, zeros beyond the ends, shape [frames, length]."""
    padded = np.zeros(len(samples) + length // 2 * 2, samples.dtype)
    padded[length // 2 : length // 2 + len(samples)] = samples
    return np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]


@cache
def hann(length: int, dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """The periodic Hann window (`scipy.signal.get_window("hann", length)`), shape [length]; computed once, so not to be written to."""
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(dtype)
    window.flags.writeable = False
    return window


def power_spectrogram(
    samples: Samples | Array, n_fft: int, hop: int, among: npt.NDArray[np.bool_] | None = None
) -> Spectrum:
    """|`librosa.stft`| squared (periodic Hann window, centred frames), shape [n_fft / 2 + 1, frames]; of the frames `among` where those are given."""
    frames = framed(samples, n_fft, hop)
    return power_of(frames if among is None else frames[among])


def power_of(frames: Spectrum) -> Spectrum:
    """The power spectra of frames [n, length], each under a Hann window, shape [length / 2 + 1, n]."""
    power = np.empty((len(frames), frames.shape[1] // 2 + 1), frames.dtype)
    for block, squares in _squares(frames):
        np.add(squares[:, ::2], squares[:, 1::2], out=power[block])
    return power.T


def mel_power_of(frames: Spectrum, sample_rate: int, n_mels: int) -> Spectrum:
    """`mel_power` of `power_of`, shape [n_mels, n], where the spectra themselves are not needed: they are never all in memory."""
    mel = np.empty((len(frames), n_mels), frames.dtype)
    for block, squares in _squares(frames, _MEL_BLOCK_BYTES):
        _filtered(
            squares,
            _mel_groups(sample_rate, frames.shape[1], n_mels, frames.dtype, parts=2),
            mel[block],
        )
    return mel.T


def _squares(frames: Spectrum, block_bytes: int = _BLOCK_BYTES) -> Iterator[tuple[slice, Spectrum]]:
    """The squares of the real and the imaginary parts, in turn, of the spectra of frames under a Hann window: blocks [n, length + 2]."""
    import scipy.fft

    n_frames, length = frames.shape
    window, work = hann(length, frames.dtype), np.empty((0, length), frames.dtype)
    for block in blocks(n_frames, length, frames.dtype, block_bytes):
        part = frames[block]
        work = (
            work if len(work) else np.empty(part.shape, part.dtype)
        )  # the first block is the longest
        windowed = np.multiply(part, window, out=work[: len(part)])
        parts = scipy.fft.rfft(windowed, axis=1, overwrite_x=True).view(frames.dtype)
        yield block, np.multiply(parts, parts, out=parts)


def frame_power(samples: Array, n_fft: int, hop: int) -> Array:
    """The sum over the bins of `power_spectrogram`, shape [frames], by Parseval's theorem and so without a transform.

    A frame is `n_fft / hop` stretches of one hop; what a stretch adds to each of the frames that it is in are products with a part of the
    window. `hop` must divide `n_fft`.
    """
    per_frame = n_fft // hop
    padded = np.zeros((len(samples) // hop + per_frame + 1) * hop)
    padded[n_fft // 2 : n_fft // 2 + len(samples)] = samples
    stretches = padded.reshape(-1, hop)
    window, window_squared, turning = _parts_of_window(n_fft, hop)
    n_frames = len(samples) // hop + 1

    def summed(parts: Array) -> Array:
        return np.sum([parts[part : part + n_frames, part] for part in range(per_frame)], axis=0)

    squares, lowest, highest = (
        summed(stretches**2 @ window_squared),
        summed(stretches @ window),
        summed(stretches @ turning),
    )
    return np.asarray((n_fft * squares + lowest**2 + highest**2) / 2)


@cache
def _parts_of_window(n_fft: int, hop: int) -> tuple[Array, Array, Array]:
    """The window in parts of one hop, [hop, n_fft / hop]: as it is, squared, and for the highest bin, where it changes its sign at every sample."""
    window = hann(n_fft).reshape(-1, hop).T
    signs = np.where(np.arange(hop) % 2, -1.0, 1.0)  # as hop is even, each part begins with 1
    return window, window**2, window * signs[:, None]


def blocks(
    n_frames: int, n_fft: int, dtype: npt.DTypeLike, block_bytes: int = _BLOCK_BYTES
) -> Iterator[slice]:
    """The frames in blocks that are best transformed together: what is in work stays in a core's cache, and in memory that is there."""
    together = max(1, block_bytes // ((n_fft + 2) * np.dtype(dtype).itemsize))
    return (slice(start, start + together) for start in range(0, n_frames, together))


def mel_power(power: Spectrum, sample_rate: int, n_fft: int, n_mels: int) -> Spectrum:
    """`librosa.feature.melspectrogram(S=power)` up to half the rate, shape [n_mels, frames]."""
    return _filtered(
        power.T,
        _mel_groups(sample_rate, n_fft, n_mels, power.dtype),
        np.empty((power.shape[1], n_mels), power.dtype),
    ).T


MelGroups = list[tuple[slice, slice, Spectrum]]


def _filtered(by_frame: Spectrum, groups: MelGroups, mel: Spectrum) -> Spectrum:
    """Spectra [n, bins] through the groups of a mel bank, into `mel` [n, n_mels]."""
    for bands, bins, filters in groups:
        np.matmul(by_frame[:, bins], filters, out=mel[:, bands])
    return mel


@cache
def _mel_groups(
    sample_rate: int, n_fft: int, n_mels: int, dtype: npt.DTypeLike, parts: int = 1
) -> MelGroups:
    """The mel bank in groups of neighbouring bands: the bands, the bins that they cover, and their filters there, shape [bins, bands].

    With two `parts` each bin is there twice: for the squares of its real and its imaginary part, which the filter adds up.
    """
    bank = np.repeat(filter_banks.mel(sample_rate, n_fft, n_mels), parts, axis=1)
    groups = []
    for start in range(0, n_mels, _BANDS_TOGETHER):
        group = bank[start : start + _BANDS_TOGETHER]
        first, last = np.flatnonzero(group.any(axis=0))[[0, -1]]
        filters = np.ascontiguousarray(group[:, first : last + 1].T, dtype=dtype)
        groups.append((slice(start, start + len(group)), slice(first, last + 1), filters))
    return groups


def decibels(power: Spectrum) -> Spectrum:
    """10 log10 of power above 0, by way of the natural logarithm, which NumPy computes several times as fast."""
    return np.log(power) * power.dtype.type(10 / np.log(10))


def power_to_db(power: Spectrum) -> Spectrum:
    """`librosa.power_to_db` with its defaults: 10 log10, at most 80 dB below the largest value."""
    level = decibels(np.maximum(_AMIN, power))
    return np.maximum(level, level.max() - _TOP_DB)


def mfcc(mel_db: Spectrum, n_mfcc: int) -> Spectrum:
    """`librosa.feature.mfcc(S=mel_db)`: the orthonormal DCT-II over the bands, shape [n_mfcc, frames]."""
    return _cosines(len(mel_db), n_mfcc, mel_db.dtype) @ mel_db


@cache
def _cosines(n_bands: int, n_mfcc: int, dtype: npt.DTypeLike) -> Spectrum:
    import scipy.fft

    return np.asarray(
        scipy.fft.dct(np.eye(n_bands), axis=0, type=2, norm="ortho")[:n_mfcc], dtype=dtype
    )


def delta(features: Array, width: int = 9) -> Array:
    """`librosa.feature.delta`: the slope of a line through `width` frames, per frame; same shape as the input.

    The frames at either end, which have too few neighbours, have the slope of the first or last whole line (librosa's mode "interp").

    >>> delta(np.arange(12.0)[None] ** 2)[0, [0, 4, 5, 11]].tolist()
    [8.0, 8.0, 10.0, 14.0]
    """
    half, n = width // 2, features.shape[-1]
    if n < width:
        raise ValueError(f"The slope is through {width} frames. Got {n}.")
    middle = slice(half, n - half)
    slopes = np.empty_like(features)
    slopes[..., middle] = sum(
        step
        * (
            features[..., half + step : n - half + step]
            - features[..., half - step : n - half - step]
        )
        for step in range(1, half + 1)
    ) / (2 * sum(step**2 for step in range(1, half + 1)))
    slopes[..., :half] = slopes[..., half : half + 1]
    slopes[..., n - half :] = slopes[..., n - half - 1 : n - half]
    return slopes


def onset_strength(mel_db: Array) -> Array:
    """`librosa.onset.onset_strength(S=mel_db, center=False)`: the mean rise over the bands in dB, shape [frames]."""
    rise = np.maximum(0.0, np.diff(mel_db, axis=1)).mean(axis=0)
    return np.concatenate([[0.0], rise])


def chroma(power: Array, sample_rate: int, n_fft: int) -> Array:
    """`librosa.feature.chroma_stft(S=power, tuning=0)`: energy of 12 pitch classes, largest = 1, shape [12, frames]."""
    raw = filter_banks.chroma(sample_rate, n_fft).astype(power.dtype) @ power
    largest = raw.max(axis=0)
    # librosa's rule: what is below the smallest normal float32 is left as it is, not divided
    return np.asarray(raw / np.where(largest < np.finfo(np.float32).tiny, 1.0, largest))


def contrast(
    magnitude: Array, sample_rate: int, lowest_hz: float = 200.0, n_bands: int = 5
) -> Array:
    """`librosa.feature.spectral_contrast(S=magnitude, n_bands=5)`: peaks over valleys in dB per octave band, [6, frames].

    The highest and lowest 2% of each band's bins are its peak and its valley.
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
    """The bins of each band of `contrast`, and how many of them 2% are. As librosa: all but the lowest begin a bin early, all but the
    highest end a bin early, and the highest goes on to the end."""
    frequencies = np.linspace(0, sample_rate / 2, n_bins)
    edges = np.concatenate([[0.0], lowest_hz * 2.0 ** np.arange(n_bands + 1)])
    bands = []
    for band, (low, high) in enumerate(itertools.pairwise(edges)):
        first, last = np.flatnonzero((frequencies >= low) & (frequencies <= high))[[0, -1]]
        start, end = first - (band > 0), n_bins if band == n_bands else last + 1
        bands.append(
            (
                slice(start, end if band == n_bands else end - 1),
                max(int(np.rint(0.02 * (end - start))), 1),
            )
        )
    return bands


def shape(magnitude: Array, sample_rate: int) -> dict[str, Array]:
    """Centroid, bandwidth and roll-off (85%) in Hz of each frame, as `librosa.feature.spectral_...(S=magnitude)`."""
    frequencies = np.linspace(0, sample_rate / 2, len(magnitude))
    total, first, second = (
        np.stack([np.ones_like(frequencies), frequencies, frequencies**2]) @ magnitude
    )
    total = np.where(total < np.finfo(np.float64).tiny, 1.0, total)
    centroid = first / total
    cumulated = np.cumsum(magnitude, axis=0)
    return {
        "centroid": centroid,
        "bandwidth": np.sqrt(np.maximum(second / total - centroid**2, 0.0)),
        "rolloff": frequencies[np.argmax(cumulated >= 0.85 * cumulated[-1], axis=0)],
    }


def flatness_db(power: Array) -> Array:
    """10 log10 of `librosa.feature.spectral_flatness`: the geometric over the arithmetic mean of the power, shape [frames]."""
    power = np.maximum(_AMIN, power)
    # The logarithms of float32 are good to 1e-5 dB and take a quarter of the time.
    return np.asarray(
        decibels(power.astype(np.float32)).mean(axis=0, dtype=np.float64)
        - decibels(power.mean(axis=0))
    )


def zero_crossing_rate(samples: Samples | Array, length: int, hop: int) -> Array:
    """`librosa.feature.zero_crossing_rate`: the share of sign changes between neighbouring samples, shape [frames]."""
    negative = samples < -1e-10
    changes = (
        np.flatnonzero(negative[1:] != negative[:-1]) + 1 + length // 2
    )  # beyond either end librosa repeats the last sample
    starts = np.arange(0, len(samples) + 1, hop)
    return (
        np.asarray(np.searchsorted(changes, starts + length) - np.searchsorted(changes, starts + 1))
        / length
    )
