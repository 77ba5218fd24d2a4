"""The fundamental frequency (F0) of a voice, frame by frame, from its autocorrelation.

Source: Boersma P (1993), Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a
sampled sound, IFA Proceedings 17: the autocorrelation of the windowed frame over that of the window, with a small cost
for long periods so that the octave below does not win. Without his path search: frames are decided one by one.
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
"""Of the clip's highest peak: a frame that does not reach it is silent (Praat's silence threshold)."""

_OCTAVE_COST = 0.02  # of full correlation for each octave down
_FRAME = 1024  # 64 ms at 16 kHz: the window needs four periods of 62 Hz

_EVEN = np.full(
    _FRAME, 1 / _FRAME, dtype=np.float32
)  # what a frame is multiplied with to have its mean


@dataclass(frozen=True, eq=False)
class Pitch:
    """Per frame: F0 in Hz (meaningful where voiced) and periodicity, the correlation with itself a period on, 0 to 1."""

    f0_hz: Array
    periodicity: Array


def track(
    samples: Samples | Array, sample_rate: int, hop: int, among: npt.NDArray[np.bool_] | None = None
) -> Pitch:
    """F0 between 60 and 600 Hz and periodicity of the frames centred on every `hop`-th sample.

    Only the frames `among` [frames] are looked at, by default those whose peak reaches `SILENCE` of the clip's; the others count as
    unvoiced. The arithmetic is in float32, whose rounding moves F0 by less than 1e-5 of it.

    >>> tone = np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> round(float(np.median(track(tone, 16000, 256).f0_hz)), 1)
    220.0
    """
    frames = framed(np.asarray(samples, dtype=np.float32), _FRAME, hop)
    rows = np.flatnonzero(_sounding(samples, hop, len(frames)) if among is None else among)
    shortest, longest = int(sample_rate / HIGHEST_HZ), int(np.ceil(sample_rate / LOWEST_HZ))
    first = shortest - 1
    correlation = _autocorrelation(frames, rows, first, longest + 1)
    n_lags = correlation.shape[1]
    inner = correlation[:, 1:-1]
    is_peak = np.zeros(correlation.shape, dtype=bool)
    np.logical_and(inner >= correlation[:, :-2], inner > correlation[:, 2:], out=is_peak[:, 1:-1])
    peaks = np.flatnonzero(is_peak)
    # The vertex of the parabola through a peak and its neighbours: between samples the true peak of a short period is well above them,
    # and comparing the samples would favour whichever multiple of the period happens to fall on one.
    flat = correlation.ravel()
    before, at, after = flat[peaks - 1], flat[peaks], flat[peaks + 1]
    slope = before - after
    shift = 0.5 * slope / (before - 2 * at + after)
    height = at - 0.25 * slope * shift
    score = np.full(correlation.shape, -np.inf, dtype=np.float32)
    score.ravel()[peaks] = height - _costs(first, n_lags)[peaks % n_lags]
    best = score.argmax(axis=1)
    voiced = np.flatnonzero(is_peak[np.arange(len(rows)), best])
    best = best[voiced]
    chosen = np.searchsorted(peaks, voiced * n_lags + best)

    f0_hz, periodicity = np.full(len(frames), np.nan), np.zeros(len(frames))
    f0_hz[rows[voiced]] = sample_rate / (first + best + shift[chosen].astype(np.float64))
    periodicity[rows[voiced]] = np.clip(height[chosen], 0.0, 1.0)
    return Pitch(f0_hz, periodicity)


def _sounding(samples: Samples | Array, hop: int, n_frames: int) -> npt.NDArray[np.bool_]:
    """Which frames reach `SILENCE` of the clip's peak anywhere, by the peaks of its stretches of one hop."""
    per_frame = -(-_FRAME // hop)
    padded = np.zeros((n_frames + per_frame) * hop, dtype=np.float32)
    padded[_FRAME // 2 : _FRAME // 2 + len(samples)] = np.abs(samples)
    peaks = padded.reshape(-1, hop).max(axis=1)
    highest = np.lib.stride_tricks.sliding_window_view(peaks, per_frame).max(axis=1)[:n_frames]
    return np.asarray(highest >= SILENCE * peaks.max())


def _autocorrelation(
    frames: Samples, rows: npt.NDArray[np.intp], shortest: int, longest: int
) -> Samples:
    """The autocorrelation of the frames `rows` of [n, 1024] over that of the window, shape [rows, lags]; 0 for a frame of silence."""
    import scipy.fft

    window, over_window, n = _window(longest + 1)
    lags = slice(shortest, longest + 1)
    correlation, energy = (
        np.empty((len(rows), longest + 1 - shortest), np.float32),
        np.empty((len(rows), 1), np.float32),
    )
    for block in blocks(len(rows), n, np.float32):
        windowed = frames[rows[block]]
        windowed -= (windowed @ _EVEN)[:, None]
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
    """What each of the lags from `shortest` on costs, but for a constant, so that the octave below does not win, shape [lags]."""
    return (_OCTAVE_COST * np.log2(shortest + np.arange(n_lags))).astype(np.float32)


@cache
def _window(n_lags: int) -> tuple[Samples, Samples, int]:
    """The window [1024], one over its autocorrelation at `n_lags` lags, and the least length of FFT that does not fold lags over."""
    import scipy.fft

    window = hann(_FRAME)
    n = scipy.fft.next_fast_len(_FRAME + n_lags, real=True)
    own = scipy.fft.irfft(np.abs(scipy.fft.rfft(window, n)) ** 2, n)[:n_lags]
    return window.astype(np.float32), (own[0] / own).astype(np.float32), n
