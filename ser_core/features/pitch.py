"""The fundamental frequency (F0) of a voice, frame by frame, from its autocorrelation.

Source: Boersma P (1993), Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a
sampled sound, IFA Proceedings 17: the autocorrelation of the windowed frame over that of the window, with a small cost
for long periods so that the octave below does not win. Without his path search: frames are decided one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ser_core.features.spectrum import Array, framed

if TYPE_CHECKING:
    from ser_core.audio import Samples

LOWEST_HZ, HIGHEST_HZ = 60.0, 600.0
_OCTAVE_COST = 0.02  # of full correlation for each octave down
_FRAME = 1024  # 64 ms at 16 kHz: the window needs four periods of 62 Hz


@dataclass(frozen=True, eq=False)
class Pitch:
    """Per frame: F0 in Hz (meaningful where voiced) and periodicity, the correlation with itself a period on, 0 to 1."""

    f0_hz: Array
    periodicity: Array


def track(samples: Samples | Array, sample_rate: int, hop: int) -> Pitch:
    """F0 between 60 and 600 Hz and periodicity of the frames centred on every `hop`-th sample.

    >>> tone = np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> round(float(np.median(track(tone, 16000, 256).f0_hz)), 1)
    220.0
    """
    import scipy.fft

    frames = framed(samples, _FRAME, hop)
    frames = frames - frames.mean(axis=1, keepdims=True)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / _FRAME)
    shortest, longest = int(sample_rate / HIGHEST_HZ), int(np.ceil(sample_rate / LOWEST_HZ))
    spectrum = scipy.fft.rfft(frames * window, 2 * _FRAME, axis=1)
    correlation = scipy.fft.irfft(spectrum.real**2 + spectrum.imag**2, axis=1)[:, : longest + 2]
    reference = scipy.fft.irfft(np.abs(scipy.fft.rfft(window, 2 * _FRAME)) ** 2)[: longest + 2]
    energy = correlation[:, :1]
    normalised = correlation / np.where(energy > 1e-12 * energy.max(), energy, np.inf) / (reference / reference[0])

    lags = np.arange(shortest, longest + 1)
    before, at, after = (normalised[:, lags + step] for step in (-1, 0, 1))
    peaks = (at >= before) & (at > after)
    # The vertex of the parabola through three points: between samples the true peak of a short period is well above them,
    # and comparing the samples would favour whichever multiple of the period happens to fall on one.
    curvature = np.where(peaks, before - 2 * at + after, -1.0)
    shift = np.where(peaks, 0.5 * (before - after) / curvature, 0.0)
    height = at - 0.25 * (before - after) * shift
    score = np.where(peaks, height - _OCTAVE_COST * np.log2(lags / shortest), -np.inf)
    best = score.argmax(axis=1)
    rows = np.arange(len(frames))
    voiced = peaks[rows, best]
    f0 = sample_rate / (lags[best] + shift[rows, best])
    return Pitch(np.where(voiced, f0, np.nan), np.where(voiced, np.clip(height[rows, best], 0.0, 1.0), 0.0))
