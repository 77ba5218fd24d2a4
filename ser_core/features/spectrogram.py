"""The spectrogram of a clip for people to look at: linear, or spaced by mel.

Conventions: levels are [frequencies, frames] in dB below the loudest point, low frequencies first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.features import spectrum

if TYPE_CHECKING:
    from ser_core.audio import Recording

RANGE_DB = 70.0
"""Levels farther below the loudest point are all shown alike."""

_N_FFT = 512
_LEAST_HOP = 80  # 5 ms
_MOST_FRAMES = 900  # more than a page has pixels for
_MEL_ROWS = 128


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """Levels [frequencies, frames] over so many seconds; rows lie evenly in Hz, or in mel if `is_mel`."""

    levels_db: npt.NDArray[np.float32]
    frequencies_hz: npt.NDArray[np.float64]
    seconds: float
    is_mel: bool


def spectrogram(recording: Recording, *, mel: bool = False) -> Spectrogram:
    """The spectrogram of a recording, with Hann windows of 32 ms at 16 kHz.

    Parameters
    ----------
    recording : Recording
        Of any length; there are about 900 frames at most.
    mel : bool
        Whether the rows lie evenly on Slaney's mel scale instead of in Hz.

    Returns
    -------
    Spectrogram
        Levels from -70 to 0 dB.
    """
    hop = max(_LEAST_HOP, len(recording.samples) // _MOST_FRAMES)
    power = spectrum.power_spectrogram(recording.samples, _N_FFT, hop)
    levels = np.maximum(10 * np.log10(power / power.max() + 1e-12), -RANGE_DB)
    hertz = np.linspace(0, recording.sample_rate / 2, len(levels))
    if mel:
        mel_hertz = _even_in_mel(hertz)
        levels, hertz = _interpolate(levels, hertz, mel_hertz), mel_hertz
    return Spectrogram(levels.astype(np.float32), hertz, recording.duration_s, mel)


def _even_in_mel(hertz: spectrum.Array) -> spectrum.Array:
    """Frequencies over the same range, evenly spaced in mel."""
    mels = spectrum.hz_to_mel(hertz)
    return np.interp(np.linspace(0, mels[-1], _MEL_ROWS), mels, hertz)


def _interpolate(
    levels: spectrum.Spectrum, hertz: spectrum.Array, wanted_hertz: spectrum.Array
) -> spectrum.Spectrum:
    """The levels at other frequencies, linearly between the rows."""
    rows = np.interp(wanted_hertz, hertz, np.arange(len(hertz)))
    below = np.minimum(rows.astype(int), len(hertz) - 2)
    share = (rows - below)[:, None]
    return levels[below] * (1 - share) + levels[below + 1] * share
