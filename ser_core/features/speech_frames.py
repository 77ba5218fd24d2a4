"""The frames of a clip: level, spectrum and pitch of each, and which of them are active or voiced.

Conventions: recordings are at 16 kHz. A frame is 64 ms long, one starts every 16 ms. Masks and levels have
shape [frames], spectra [bins, frames], levels are in dB.

The clip is first brought to one level (RMS -20 dBFS), because a browser's automatic gain moves loudness by 20
dB. *Active* frames are at most 30 dB below the loud ones (the 95th percentile of the level); statistics over
them leave the silence around the speech out. *Voiced* frames are active ones with a periodicity above 0.55.
`acoustic128_v1` and `functionals_v1` share these definitions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.features import peaks, pitch, spectrum
from ser_core.features.spectrum import Array

if TYPE_CHECKING:
    from ser_core.audio import Recording

Mask = npt.NDArray[np.bool_]

SAMPLE_RATE = 16_000
N_FFT = 1024
HOP = 256
FRAME_S = HOP / SAMPLE_RATE
LEVEL_RMS = 0.1
ACTIVE_RANGE_DB = 30.0
VOICED_PERIODICITY = 0.55
OUTLIER_SEMITONES = 14.0
"""F0 farther than this from the clip's median is a tracking error."""

_N_MEL = 40
_LEAST_VOICED = 3
"""Frames. With fewer, the most periodic ones count as voiced, so that a whisper has features too."""
_NEIGHBOURS = 8  # frames on either side of an active one: the slopes of its features need them


@dataclass(frozen=True, eq=False)
class SpeechFrames:
    """The frames of one clip.

    Attributes
    ----------
    has_spectrum : array of bool [frames]
        The frames whose spectrum was computed.
    power, mel_40_db : arrays [bins, n] and [40, n]
        Power spectra and mel bands in dB of the n frames of `has_spectrum`.
    level_db : array [frames]
        The level of each frame.
    loud_db : float
        The level of the loud frames, the 95th percentile of `level_db`.
    pitch : Pitch
        F0 and periodicity [frames].
    active, voiced : arrays of bool [frames]
        Whether a frame is active, and whether it is voiced.
    """

    has_spectrum: Mask
    power: Array
    mel_40_db: Array
    level_db: Array
    loud_db: float
    pitch: pitch.Pitch
    active: Mask
    voiced: Mask


def normalise_level(recording: Recording) -> Array:
    """The samples [n] of a recording in float64, brought to an RMS of 0.1 (-20 dBFS).

    Parameters
    ----------
    recording : Recording
        At any rate, not silent.

    Returns
    -------
    array [n]
        New samples; the recording's own stay as they are.
    """
    samples = recording.samples.astype(np.float64)
    samples *= LEVEL_RMS / np.sqrt(samples @ samples / len(samples))
    return samples


def analyse_frames(samples: Array, every_frame: bool = True) -> SpeechFrames:
    """Level, spectrum, pitch and masks of the frames of a clip.

    Parameters
    ----------
    samples : array [n]
        At 16 kHz, as `normalise_level` gives them.
    every_frame : bool
        Whether every frame gets its spectrum and pitch. If not, only active frames and their neighbours get
        a spectrum, and only active frames a pitch, which is faster.

    Returns
    -------
    SpeechFrames
        The frames.
    """
    level_db = spectrum.decibels(spectrum.frame_power(samples, N_FFT, HOP) + 1e-10)
    loud_db = float(quantiles(level_db, [95])[0])
    active = level_db >= loud_db - ACTIVE_RANGE_DB
    if every_frame:
        has_spectrum = np.ones_like(active)
        power = spectrum.power_spectrogram(samples, N_FFT, HOP)
    else:
        has_spectrum = np.convolve(active, np.ones(2 * _NEIGHBOURS + 1), mode="same") > 0.5
        power = spectrum.power_spectrogram(samples, N_FFT, HOP, has_spectrum)
    tracked = has_spectrum if every_frame else active
    track = pitch.track(samples, SAMPLE_RATE, HOP, tracked)
    mel_40_db = spectrum.power_to_db(spectrum.mel_power(power, SAMPLE_RATE, N_FFT, _N_MEL))
    voiced = _voiced(track, active)
    return SpeechFrames(has_spectrum, power, mel_40_db, level_db, loud_db, track, active, voiced)


def _voiced(track: pitch.Pitch, active: Mask) -> Mask:
    voiced = active & (track.periodicity > VOICED_PERIODICITY)
    if voiced.sum() < _LEAST_VOICED:
        usable = np.flatnonzero(active & (track.periodicity > 0))
        most_periodic = np.argsort(-track.periodicity[usable], kind="stable")[:_LEAST_VOICED]
        voiced = np.zeros_like(active)
        voiced[usable[most_periodic]] = True
    return voiced


def syllable_peaks(frames: SpeechFrames) -> npt.NDArray[np.intp]:
    """The frames at the peaks of syllables: voiced peaks of the level with a dip of 2 dB on both sides.

    Parameters
    ----------
    frames : SpeechFrames
        The frames of a clip.

    Returns
    -------
    array of int [syllables]
        Frame numbers in order.
    """
    positions = peaks.find_syllables(
        frames.level_db, frames.loud_db - 40, 7, 2, frames.loud_db - 25
    )
    return np.asarray(positions[frames.voiced[positions]])


def run_lengths(mask: Mask) -> Array:
    """The lengths in frames of the unbroken stretches of True.

    >>> run_lengths(np.array([True, True, False, True])).tolist()
    [2.0, 1.0]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return np.asarray(edges[1::2] - edges[::2], dtype=np.float64)


def quantiles(values: Array, percents: Sequence[float]) -> Array:
    """Percentiles as `np.percentile` gives them, from one sorting.

    Parameters
    ----------
    values : array [n] or [rows, n]
        The values.
    percents : sequence of float
        From 0 to 100.

    Returns
    -------
    array [percents] or [percents, rows]
        The percentiles of the values, or of each row.

    Examples
    --------
    >>> quantiles(np.array([4.0, 0.0, 2.0]), (0, 25, 50)).tolist()
    [0.0, 1.0, 2.0]
    """
    ordered = np.sort(values, axis=-1)
    last = values.shape[-1] - 1
    position = np.asarray(percents) / 100 * last
    below = position.astype(int)
    above = np.minimum(below + 1, last)
    share = position - below
    return np.asarray((ordered[..., below] * (1 - share) + ordered[..., above] * share).T)
