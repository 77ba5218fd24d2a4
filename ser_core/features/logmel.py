"""`logmel64_v1`: the log-mel spectrogram that the network reads, one row every 10 ms.

64 triangular mel bands (Slaney's scale and area, as `librosa.filters.mel`) from 50 to 7,600 Hz over the power of 32 ms
Hann frames, in dB. Everything is float32: the network's own noise is far above its rounding. A gain adds one number to all
values, and `normalised` takes it out again, so that loudness never reaches the network.
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
RANGE_DB = 50.0  # below the loud frames there is the room, not the voice

_EDGE_DB = 40.0  # frames this far below the loudest, before the first or after the last louder one, are silence around the speech
_EDGE_FRAMES = 10  # of it are left on either side
LEAST_FRAMES = 40

Frames = npt.NDArray[np.float32]

_TINY = 1e-14  # power; -140 dB, below any recording's own noise


def log_mel(samples: Samples) -> Frames:
    """The log-mel spectrogram of the speech in samples at 16 kHz, shape [frames, 64], dB.

    Frames lie wholly inside the clip. The silence before and after the speech is cut off but for 0.1 s, whatever the clip's
    gain; at least 40 frames are left.
    """
    bands = _bands(samples)
    first, end = _speech(bands.max(axis=1))
    return bands[first:end]


def speech_span(samples: Samples) -> tuple[float, float]:
    """When the speech that `log_mel` keeps begins and ends, in seconds; what is left around it counts as silence."""
    loud = _loud(_bands(samples).max(axis=1))
    return float(loud[0]) * HOP / SAMPLE_RATE, (float(loud[-1]) * HOP + N_FFT) / SAMPLE_RATE


def _bands(samples: Samples) -> Frames:
    """The whole clip's spectrogram in dB, shape [frames, 64]."""
    power = spectrum.power_of(np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP]).T
    return np.asarray(10 * np.log10(power @ _filters() + np.float32(_TINY)), dtype=np.float32)


def _speech(level: npt.NDArray[np.float32]) -> tuple[int, int]:
    """The first frame of the speech and the one after its last, by the level of each frame in dB."""
    loud = _loud(level)
    first, end = (
        max(0, int(loud[0]) - _EDGE_FRAMES),
        min(len(level), int(loud[-1]) + 1 + _EDGE_FRAMES),
    )
    first = max(0, min(first, len(level) - LEAST_FRAMES))
    return first, max(end, min(len(level), first + LEAST_FRAMES))


def _loud(level: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    return np.flatnonzero(level > level.max() - _EDGE_DB)


@cache
def _filters() -> npt.NDArray[np.float32]:
    """Shape [n_fft / 2 + 1, 64]."""
    return np.ascontiguousarray(
        filter_banks.mel(SAMPLE_RATE, N_FFT, N_MELS, LOWEST_HZ, HIGHEST_HZ).T, dtype=np.float32
    )
