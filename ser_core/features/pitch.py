"""The fundamental frequency (F0) of a voice, frame by frame, from its autocorrelation.

Conventions: samples are [n], F0 is in Hz, periodicity is a correlation from 0 to 1. The arithmetic is in
float32, whose rounding moves F0 by less than 1e-5 of it.

Source: Boersma P (1993), Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise
ratio of a sampled sound, IFA Proceedings 17: the autocorrelation of the windowed frame over that of the
window, with a small cost for long periods so that the octave below does not win. His path search is left out:
each frame is judged alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.features.spectrum import Array, blocks, framed, hann

if TYPE_CHECKING:
    from ser_core.audio import Samples

LOWEST_HZ, HIGHEST_HZ = 60.0, 600.0
SILENCE = 0.03
"""A frame that does not reach this share of the clip's highest peak is silent (Praat's silence threshold)."""

_OCTAVE_COST = 0.02  # of full correlation for each octave down
_FRAME = 1024  # 64 ms at 16 kHz: the window needs four periods of 62 Hz
_MEAN_WEIGHTS = np.full(_FRAME, 1 / _FRAME, dtype=np.float32)
"""The product of a frame with these is its mean."""


@dataclass(frozen=True, eq=False)
class Pitch:
    """F0 in Hz, meaningful where voiced, and periodicity: the correlation with itself one period later."""

    f0_hz: Array
    periodicity: Array


def track(
    samples: Samples | Array, sample_rate: int, hop: int, among: npt.NDArray[np.bool_] | None = None
) -> Pitch:
    """F0 between 60 and 600 Hz and periodicity of the frames centred on every `hop`-th sample.

    Parameters
    ----------
    samples : array [n]
        The clip.
    sample_rate : int
        In Hz; frames of 1,024 samples suit 16 kHz.
    hop : int
        The distance of frames in samples.
    among : array of bool [frames], optional
        The frames that are analysed, by default those whose peak reaches `SILENCE` of the clip's. The others
        count as unvoiced.

    Returns
    -------
    Pitch
        F0 is NaN and periodicity 0 in a frame that does not repeat itself.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> round(float(np.median(track(tone, 16000, 256).f0_hz)), 1)
    220.0
    """
    frames = framed(np.asarray(samples, dtype=np.float32), _FRAME, hop)
    rows = np.flatnonzero(_sounding(samples, hop, len(frames)) if among is None else among)
    first_lag = int(sample_rate / HIGHEST_HZ) - 1
    longest = int(np.ceil(sample_rate / LOWEST_HZ))
    correlation = _autocorrelation(frames, rows, first_lag, longest + 1)
    periodic, lag, height = _best_peaks(correlation, first_lag)

    f0_hz, periodicity = np.full(len(frames), np.nan), np.zeros(len(frames))
    f0_hz[rows[periodic]] = sample_rate / lag
    periodicity[rows[periodic]] = np.clip(height, 0.0, 1.0)
    return Pitch(f0_hz, periodicity)


def _best_peaks(
    correlation: Samples, first_lag: int
) -> tuple[npt.NDArray[np.intp], Array, Samples]:
    """The best peak of each row [rows, lags]: the rows that have one, its lag in samples, and its height."""
    n_rows, n_lags = correlation.shape
    inner = correlation[:, 1:-1]
    is_peak = np.zeros(correlation.shape, dtype=bool)
    np.logical_and(inner >= correlation[:, :-2], inner > correlation[:, 2:], out=is_peak[:, 1:-1])
    peaks = np.flatnonzero(is_peak)
    shift, height = _vertices(correlation.ravel(), peaks)
    score = np.full(correlation.shape, -np.inf, dtype=np.float32)
    score.ravel()[peaks] = height - _costs(first_lag, n_lags)[peaks % n_lags]
    best = score.argmax(axis=1)
    rows = np.flatnonzero(is_peak[np.arange(n_rows), best])
    best = best[rows]
    chosen = np.searchsorted(peaks, rows * n_lags + best)
    return rows, first_lag + best + shift[chosen].astype(np.float64), height[chosen]


def _vertices(values: Samples, peaks: npt.NDArray[np.intp]) -> tuple[Samples, Samples]:
    """The vertex of the parabola through each peak and its neighbours: shift from the peak, and height.

    Between samples the true peak of a short period is well above them. A comparison of the samples would
    favour the multiple of the period that happens to fall on one.
    """
    before, at, after = values[peaks - 1], values[peaks], values[peaks + 1]
    slope = before - after
    shift = 0.5 * slope / (before - 2 * at + after)
    return shift, at - 0.25 * slope * shift


def _sounding(samples: Samples | Array, hop: int, n_frames: int) -> npt.NDArray[np.bool_]:
    """Whether each frame reaches `SILENCE` of the clip's peak, by the peaks of stretches of one hop."""
    per_frame = -(-_FRAME // hop)
    padded = np.zeros((n_frames + per_frame) * hop, dtype=np.float32)
    padded[_FRAME // 2 : _FRAME // 2 + len(samples)] = np.abs(samples)
    peaks = padded.reshape(-1, hop).max(axis=1)
    highest = np.lib.stride_tricks.sliding_window_view(peaks, per_frame).max(axis=1)[:n_frames]
    return np.asarray(highest >= SILENCE * peaks.max())


def _autocorrelation(
    frames: Samples, rows: npt.NDArray[np.intp], shortest: int, longest: int
) -> Samples:
    """The autocorrelation of some frames over that of the window, [rows, lags]; 0 for a frame of silence."""
    import scipy.fft

    window, over_window, n = _window(longest + 1)
    lags = slice(shortest, longest + 1)
    correlation = np.empty((len(rows), longest + 1 - shortest), np.float32)
    energy = np.empty((len(rows), 1), np.float32)
    for block in blocks(len(rows), n, np.float32):
        windowed = frames[rows[block]]
        windowed -= (windowed @ _MEAN_WEIGHTS)[:, None]
        windowed *= window
        transformed = scipy.fft.rfft(windowed, n, axis=1, overwrite_x=True)
        power = transformed.real**2
        power += transformed.imag**2
        # The inverse transform of a power spectrum, which is even, is a cosine transform.
        own = scipy.fft.dct(power, type=1, axis=1, overwrite_x=True)
        energy[block] = own[:, :1]
        np.multiply(own[:, lags], over_window[lags], out=correlation[block])
    silent = energy <= 1e-12 * energy.max(initial=0.0)
    correlation *= np.where(silent, np.float32(0), 1 / np.where(silent, np.float32(1), energy))
    return correlation


@cache
def _costs(shortest: int, n_lags: int) -> Samples:
    """The cost of each lag from `shortest` on, but for a constant, so that the octave below does not win."""
    return (_OCTAVE_COST * np.log2(shortest + np.arange(n_lags))).astype(np.float32)


@cache
def _window(n_lags: int) -> tuple[Samples, Samples, int]:
    """The window, one over its autocorrelation [n_lags], and the least length of FFT without aliased lags."""
    import scipy.fft

    window = hann(_FRAME)
    n = scipy.fft.next_fast_len(_FRAME + n_lags, real=True)
    own = scipy.fft.irfft(np.abs(scipy.fft.rfft(window, n)) ** 2, n)[:n_lags]
    return window.astype(np.float32), (own[0] / own).astype(np.float32), n
