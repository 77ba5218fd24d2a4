"""`logmel64_v1`: the log-mel spectrogram that the network reads, one row every 10 ms.

Conventions: samples are float32 [n] at 16 kHz, spectrograms float32 [frames, 64] in dB.

The bands are 64 triangular mel bands (Slaney's scale and area, as `librosa.filters.mel`) from 50 to 7,600 Hz
over the power of 32 ms Hann frames. Everything is float32: the network's own noise is far above its rounding.
A gain adds one number to all values, and the network takes that number out again, so that loudness never
matters.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.features import filter_banks, spectrum

if TYPE_CHECKING:
    from ser_core.audio import Samples

SAMPLE_RATE = 16_000
N_FFT = 512
HOP = 160
N_MELS = 64
LOWEST_HZ, HIGHEST_HZ = 50.0, 7600.0
RANGE_DB = 50.0
"""What lies farther below the loudest value is the room, not the voice; the network does not read it."""
LEAST_FRAMES = 40
"""The network needs at least so many rows."""

_EDGE_DB = 40.0
"""Frames so far below the loudest one, at the beginning and at the end, are silence around the speech."""
_EDGE_FRAMES = 10  # of that silence are left on either side
_TINY = 1e-14  # power; -140 dB, below any recording's own noise

LogMel = npt.NDArray[np.float32]
"""A log-mel spectrogram [frames, 64] in dB."""


def log_mel(samples: Samples) -> LogMel:
    """The log-mel spectrogram of the speech in a clip.

    Frames lie wholly inside the clip. The silence before and after the speech is cut off but for 0.1 s,
    whatever the clip's gain.

    Parameters
    ----------
    samples : array of float32 [n]
        At 16 kHz, at least 0.5 s.

    Returns
    -------
    array of float32 [frames, 64]
        At least 40 frames, in dB.
    """
    bands = _band_levels(samples)
    first, end = _speech_frames(bands.max(axis=1))
    return bands[first:end]


def speech_span(samples: Samples) -> tuple[float, float]:
    """When the speech of a clip begins and ends.

    Parameters
    ----------
    samples : array of float32 [n]
        At 16 kHz.

    Returns
    -------
    (float, float)
        Start and end in seconds, without the silence that `log_mel` leaves around the speech.
    """
    loud = _loud_frames(_band_levels(samples).max(axis=1))
    start = float(loud[0]) * HOP / SAMPLE_RATE
    end = (float(loud[-1]) * HOP + N_FFT) / SAMPLE_RATE
    return start, end


def _band_levels(samples: Samples) -> LogMel:
    """The spectrogram of the whole clip."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP]
    power = spectrum.power_spectra(frames).T
    return np.asarray(10 * np.log10(power @ _filters() + np.float32(_TINY)), dtype=np.float32)


def _speech_frames(level: npt.NDArray[np.float32]) -> tuple[int, int]:
    """The first frame of the speech and the one after its last, by the level [frames] in dB."""
    loud = _loud_frames(level)
    first = max(0, int(loud[0]) - _EDGE_FRAMES)
    end = min(len(level), int(loud[-1]) + 1 + _EDGE_FRAMES)
    first = max(0, min(first, len(level) - LEAST_FRAMES))
    return first, max(end, min(len(level), first + LEAST_FRAMES))


def _loud_frames(level: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    return np.flatnonzero(level > level.max() - _EDGE_DB)


@cache
def _filters() -> npt.NDArray[np.float32]:
    """The mel filters, [n_fft / 2 + 1, 64]."""
    bank = filter_banks.mel(SAMPLE_RATE, N_FFT, N_MELS, LOWEST_HZ, HIGHEST_HZ)
    return np.ascontiguousarray(bank.T, dtype=np.float32)
