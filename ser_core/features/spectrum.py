"""The short-time spectrum of a clip, computed once.

Conventions: samples are [n], spectra [bins, frames] (in memory frame by frame), contours [frames] or [k,
frames]. Frames lie under a periodic Hann window. The arithmetic is in the type of the samples: float32 is
enough for log-mel spectra, but spectral contrast agrees with librosa's to 1e-4 only in float64. Each function
names the librosa function that defines it.
"""

from __future__ import annotations

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

LEAST_POWER = 1e-10
"""The floor of `librosa.power_to_db`."""

_TOP_DB = 80.0  # the range of librosa.power_to_db
_BLOCK_BYTES = 420_000  # of a block's spectrum
_MEL_BLOCK_BYTES = 640_000  # where nothing else needs to stay in the cache
_BANDS_TOGETHER = 16  # of a mel bank; each such group looks only at the bins that it covers


def mel_centres_hz(n_mels: int, highest_hz: float) -> list[float]:
    """The centre frequencies of mel bands on Slaney's mel scale (`librosa.mel_frequencies`).

    Below 1,000 Hz the scale is linear, 200/3 Hz to the mel; above, 27 mel multiply the frequency by 6.4.

    Parameters
    ----------
    n_mels : int
        The number of bands.
    highest_hz : float
        The upper end of the highest band.

    Returns
    -------
    list of float
        In Hz, rising.
    """
    step, corner = 200.0 / 3, 15.0
    log_step = np.log(6.4) / 27
    top = highest_hz / step if highest_hz < 1000 else corner + np.log(highest_hz / 1000) / log_step

    def centre(mel: float) -> float:
        if mel < corner:
            return float(mel * step)
        return float(1000 * np.exp(log_step * (mel - corner)))

    return [centre(mel) for mel in np.linspace(0.0, top, n_mels + 2)[1:-1]]


def hz_to_mel(hertz: Array) -> Array:
    """Frequencies on Slaney's mel scale (`librosa.hz_to_mel`), on which the mel bands lie evenly.

    Parameters
    ----------
    hertz : array
        Frequencies in Hz.

    Returns
    -------
    array
        The same in mel, of the same shape.

    Examples
    --------
    >>> hz_to_mel(np.array([0.0, 1000.0, 6400.0])).round(9).tolist()
    [0.0, 15.0, 42.0]
    """
    above = 15.0 + 27 * np.log(np.maximum(hertz, 1000.0) / 1000) / np.log(6.4)
    return np.where(hertz < 1000, hertz * 3 / 200, above)


def framed(samples: Samples | Array, length: int, hop: int) -> npt.NDArray[Any]:
    """Frames centred on every `hop`-th sample, with zeros beyond both ends.

    Parameters
    ----------
    samples : array [n]
        The clip.
    length, hop : int
        In samples.

    Returns
    -------
    array [frames, length]
        A view that shares its memory between frames.
    """
    padded = np.zeros(len(samples) + length // 2 * 2, samples.dtype)
    padded[length // 2 : length // 2 + len(samples)] = samples
    return np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]


@cache
def hann(length: int, dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """The periodic Hann window [length] (`scipy.signal.get_window("hann", length)`), read-only."""
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(dtype)
    window.flags.writeable = False
    return window


def power_spectrogram(
    samples: Samples | Array, n_fft: int, hop: int, among: npt.NDArray[np.bool_] | None = None
) -> Spectrum:
    """The square of |`librosa.stft`| over centred frames.

    Parameters
    ----------
    samples : array [n]
        The clip.
    n_fft, hop : int
        The length and the distance of frames, in samples.
    among : array of bool [frames], optional
        The frames that count; by default all.

    Returns
    -------
    array [n_fft / 2 + 1, frames]
        Power, in the type of the samples.
    """
    frames = framed(samples, n_fft, hop)
    return power_spectra(frames if among is None else frames[among])


def power_spectra(frames: Spectrum) -> Spectrum:
    """The power spectra of frames.

    Parameters
    ----------
    frames : array [n, length]
        Without a window.

    Returns
    -------
    array [length / 2 + 1, n]
        Power, in the type of the frames.
    """
    power = np.empty((len(frames), frames.shape[1] // 2 + 1), frames.dtype)
    for block, squares in _squares(frames):
        np.add(squares[:, ::2], squares[:, 1::2], out=power[block])
    return power.T


def mel_power_of_frames(frames: Spectrum, sample_rate: int, n_mels: int) -> Spectrum:
    """`mel_power` of the `power_spectra` of frames, without all spectra in memory.

    Parameters
    ----------
    frames : array [n, length]
        Without a window.
    sample_rate : int
        In Hz.
    n_mels : int
        The number of bands up to half the rate.

    Returns
    -------
    array [n_mels, n]
        Power, in the type of the frames.
    """
    groups = _mel_groups(sample_rate, frames.shape[1], n_mels, frames.dtype, parts=2)
    mel = np.empty((len(frames), n_mels), frames.dtype)
    for block, squares in _squares(frames, _MEL_BLOCK_BYTES):
        _apply_filters(squares, groups, mel[block])
    return mel.T


def _squares(frames: Spectrum, block_bytes: int = _BLOCK_BYTES) -> Iterator[tuple[slice, Spectrum]]:
    """The squares of real and imaginary parts, alternating, of frames' spectra: blocks [n, length + 2]."""
    import scipy.fft

    n_frames, length = frames.shape
    window = hann(length, frames.dtype)
    work = np.empty((0, length), frames.dtype)
    for block in blocks(n_frames, length, frames.dtype, block_bytes):
        part = frames[block]
        if not len(work):  # the first block is the longest
            work = np.empty(part.shape, part.dtype)
        windowed = np.multiply(part, window, out=work[: len(part)])
        parts = scipy.fft.rfft(windowed, axis=1, overwrite_x=True).view(frames.dtype)
        yield block, np.multiply(parts, parts, out=parts)


def frame_power(samples: Array, n_fft: int, hop: int) -> Array:
    """The sum over the bins of `power_spectrogram`, by Parseval's theorem and so without a transform.

    A frame consists of `n_fft / hop` stretches of one hop. The contributions of a stretch to its frames are
    products with parts of the window.

    Parameters
    ----------
    samples : array [n]
        The clip.
    n_fft, hop : int
        The length and the distance of frames; `hop` is even and divides `n_fft`.

    Returns
    -------
    array [frames]
        Power.
    """
    per_frame = n_fft // hop
    padded = np.zeros((len(samples) // hop + per_frame + 1) * hop)
    padded[n_fft // 2 : n_fft // 2 + len(samples)] = samples
    stretches = padded.reshape(-1, hop)
    window, window_squared, turning = _parts_of_window(n_fft, hop)
    n_frames = len(samples) // hop + 1

    def sum_parts(parts: Array) -> Array:
        return np.sum([parts[part : part + n_frames, part] for part in range(per_frame)], axis=0)

    squares = sum_parts(stretches**2 @ window_squared)
    lowest = sum_parts(stretches @ window)
    highest = sum_parts(stretches @ turning)
    return np.asarray((n_fft * squares + lowest**2 + highest**2) / 2)


@cache
def _parts_of_window(n_fft: int, hop: int) -> tuple[Array, Array, Array]:
    """The window in parts of one hop, [hop, n_fft / hop]: as it is, squared, and with alternating signs."""
    window = hann(n_fft).reshape(-1, hop).T
    signs = np.where(np.arange(hop) % 2, -1.0, 1.0)  # as hop is even, each part begins with 1
    return window, window**2, window * signs[:, None]


def blocks(
    n_frames: int, n_fft: int, dtype: npt.DTypeLike, block_bytes: int = _BLOCK_BYTES
) -> Iterator[slice]:
    """The frames in blocks that are best transformed together, because they fit into a core's cache.

    Parameters
    ----------
    n_frames, n_fft : int
        The number of frames, and their length.
    dtype : dtype
        The type of the samples.
    block_bytes : int
        The size of a block's spectra.

    Returns
    -------
    iterator of slice
        The blocks in order.
    """
    together = max(1, block_bytes // ((n_fft + 2) * np.dtype(dtype).itemsize))
    return (slice(start, start + together) for start in range(0, n_frames, together))


def mel_power(power: Spectrum, sample_rate: int, n_fft: int, n_mels: int) -> Spectrum:
    """The power in mel bands up to half the rate (`librosa.feature.melspectrogram(S=power)`).

    Parameters
    ----------
    power : array [bins, frames]
        Power spectra.
    sample_rate, n_fft, n_mels : int
        The rate in Hz, the length of the frames, and the number of bands.

    Returns
    -------
    array [n_mels, frames]
        Power, in the type of the spectra.
    """
    groups = _mel_groups(sample_rate, n_fft, n_mels, power.dtype)
    mel = np.empty((power.shape[1], n_mels), power.dtype)
    _apply_filters(power.T, groups, mel)
    return mel.T


MelGroups = list[tuple[slice, slice, Spectrum]]


def _apply_filters(by_frame: Spectrum, groups: MelGroups, mel: Spectrum) -> None:
    """Filter spectra [n, bins] with the groups of a mel bank, into `mel` [n, n_mels]."""
    for bands, bins, filters in groups:
        np.matmul(by_frame[:, bins], filters, out=mel[:, bands])


@cache
def _mel_groups(
    sample_rate: int, n_fft: int, n_mels: int, dtype: npt.DTypeLike, parts: int = 1
) -> MelGroups:
    """The mel bank in groups of neighbouring bands: bands, bins that they cover, filters [bins, bands].

    With two `parts` each bin occurs twice: for the squares of its real and of its imaginary part.
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
    """10 log10 of power above 0; the natural logarithm that it uses is several times as fast in NumPy."""
    return np.log(power) * power.dtype.type(10 / np.log(10))


def power_to_db(power: Spectrum) -> Spectrum:
    """`librosa.power_to_db` with its defaults: 10 log10, at most 80 dB below the largest value."""
    level = decibels(np.maximum(LEAST_POWER, power))
    return np.maximum(level, level.max() - _TOP_DB)
