"""The melody of a clip: its F0 over time, and the same over normalised time, so that clips of any length can be averaged.

Normalised time runs from the first to the last voiced frame of a clip. In between F0 is interpolated linearly in semitones, through
pauses and voiceless sounds, as is usual for averaged contours (for instance Xu Y (2013), ProsodyPro, TRASP 2013). Frames, level,
F0 and what is voiced are those of `acoustic128_v1`; a frame whose F0 lies farther than 14 semitones from the clip's median is a tracking
error and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ser_core.features import acoustic128
from ser_core.features.spectrum import Array

if TYPE_CHECKING:
    from ser_core.audio import Recording

POINTS = 25
"""How many points of normalised time a contour has."""
LEAST_VOICED = 8
"""Frames of 16 ms that a contour needs; a clip with fewer, a whisper say, has none."""
LONGEST_S = 30.0
"""Of a longer recording only the beginning is tracked."""

_FRAME_S = acoustic128.HOP / acoustic128.SAMPLE_RATE


@dataclass(frozen=True, eq=False)
class Melody:
    """The voiced frames of a clip: when each is, in seconds, and its F0 in Hz; both of shape [voiced]."""

    seconds: Array
    f0_hz: Array


def melody(recording: Recording) -> Melody:
    """F0 over the voiced frames of a recording at 16 kHz (of its first 30 s); empty for a clip without voice."""
    samples = recording.samples[: int(LONGEST_S * recording.sample_rate)]
    found = acoustic128.frames(acoustic128.normalised(replace(recording, samples=samples)))
    at = np.flatnonzero(found.active & (found.pitch.periodicity > acoustic128.VOICED_PERIODICITY))
    semitones = 12 * np.log2(found.pitch.f0_hz[at])
    near = (
        np.abs(semitones - np.median(semitones)) <= acoustic128.OUTLIER_SEMITONES
        if len(at)
        else np.zeros(0, dtype=bool)
    )
    return Melody(at[near] * _FRAME_S, found.pitch.f0_hz[at[near]])


def contour(sung: Melody) -> Array | None:
    """F0 in Hz at `POINTS` even steps from the first to the last voiced frame, shape [25]; None with too few voiced frames."""
    if len(sung.seconds) < LEAST_VOICED:
        return None
    times = np.linspace(sung.seconds[0], sung.seconds[-1], POINTS)
    return np.asarray(2 ** np.interp(times, sung.seconds, np.log2(sung.f0_hz)))
