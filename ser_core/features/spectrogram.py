"""The spectrogram of a clip to look at: linear, or spaced by mel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.features import spectrum

if TYPE_CHECKING:
    from ser_core.audio import Recording

RANGE_DB = 70.0
"""How far below the loudest point a level is still told apart."""

_N_FFT = 512
_LEAST_HOP = 80  # 5 ms
_MOST_FRAMES = 900  # more than a page has pixels for
_MEL_ROWS = 128


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """Levels in dB below the loudest point, [frequencies, frames], of so many seconds; the rows lie evenly in Hz, or in mel."""

    levels_db: npt.NDArray[np.float32]
    frequencies_hz: npt.NDArray[np.float64]
    seconds: float
    is_mel: bool


def spectrogram(recording: Recording, *, mel: bool = False) -> Spectrogram:
    """The spectrogram of a recording (Hann windows of 32 ms). With `mel` its rows are read off where they lie evenly on Slaney's mel scale."""
    hop = max(_LEAST_HOP, len(recording.samples) // _MOST_FRAMES)
    power = spectrum.power_spectrogram(recording.samples, _N_FFT, hop)
    levels = np.maximum(10 * np.log10(power / power.max() + 1e-12), -RANGE_DB)
    hertz = np.linspace(0, recording.sample_rate / 2, len(levels))
    if mel:
        even = np.interp(
            np.linspace(0, spectrum.mel_of(hertz[-1:])[0], _MEL_ROWS), spectrum.mel_of(hertz), hertz
        )
        rows = np.interp(even, hertz, np.arange(len(hertz)))
        below = np.minimum(rows.astype(int), len(hertz) - 2)
        share = (rows - below)[:, None]
        levels, hertz = levels[below] * (1 - share) + levels[below + 1] * share, even
    return Spectrogram(levels.astype(np.float32), hertz, recording.duration_s, mel)
