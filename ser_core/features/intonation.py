"""The melody of a clip: its F0 over time, and over normalised time.

Conventions: recordings are at 16 kHz, times in s, F0 in Hz. Frames, level, F0 and what is voiced are those of
`speech_frames`. A frame whose F0 lies farther than 14 semitones from the clip's median is a tracking error
and is left out.

Over normalised time clips of any length can be averaged. It runs from the first to the last voiced frame. In
between F0 is interpolated linearly in semitones, through pauses and voiceless sounds, as is usual for
averaged contours (for instance Xu Y (2013), ProsodyPro, TRASP 2013).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ser_core.features.spectrum import Array
from ser_core.features.speech_frames import (
    FRAME_S,
    OUTLIER_SEMITONES,
    VOICED_PERIODICITY,
    analyse_frames,
    normalise_level,
)

if TYPE_CHECKING:
    from ser_core.audio import Recording

POINTS = 25
"""How many points of normalised time a contour has."""
LEAST_VOICED = 8
"""Frames of 16 ms that a contour needs; a clip with fewer, such as a whisper, has no contour."""
LONGEST_S = 30.0
"""Of a longer recording only the beginning is tracked."""


@dataclass(frozen=True, eq=False)
class Melody:
    """The voiced frames of a clip: the time of each in s, and its F0 in Hz; both [voiced]."""

    seconds: Array
    f0_hz: Array


def track_melody(recording: Recording) -> Melody:
    """F0 over the voiced frames of a recording.

    Parameters
    ----------
    recording : Recording
        At 16 kHz. Only its first 30 s count.

    Returns
    -------
    Melody
        Empty for a clip without voice.
    """
    beginning = recording.samples[: int(LONGEST_S * recording.sample_rate)]
    frames = analyse_frames(normalise_level(replace(recording, samples=beginning)))
    at = np.flatnonzero(frames.active & (frames.pitch.periodicity > VOICED_PERIODICITY))
    if not len(at):
        return Melody(np.zeros(0), np.zeros(0))
    semitones = 12 * np.log2(frames.pitch.f0_hz[at])
    near = np.abs(semitones - np.median(semitones)) <= OUTLIER_SEMITONES
    return Melody(at[near] * FRAME_S, frames.pitch.f0_hz[at[near]])


def normalise_contour(melody: Melody) -> Array | None:
    """F0 at even steps of normalised time.

    Parameters
    ----------
    melody : Melody
        As `track_melody` gives it.

    Returns
    -------
    array [25] or None
        F0 in Hz from the first to the last voiced frame; None with fewer than `LEAST_VOICED` voiced frames.
    """
    if len(melody.seconds) < LEAST_VOICED:
        return None
    times = np.linspace(melody.seconds[0], melody.seconds[-1], POINTS)
    return np.asarray(2 ** np.interp(times, melody.seconds, np.log2(melody.f0_hz)))
