"""Which stretches of a recording are analysed: all of a short one, overlapping windows of a long one where somebody speaks.

Times are in seconds from the start; `speech` is the probability of speech in each 32 ms, as the gate gives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ser_core.audio import SILENT_PEAK_DBFS, Recording, peak_level
from ser_core.speech import gate

WHOLE_SECONDS = 8.0
"""A recording of up to this is analysed whole."""
WINDOW_SECONDS = 4.0
"""The length of the clips that the models learnt from."""
HOP_SECONDS = 2.0
GAP_SECONDS = 1.0
"""A pause of at least this is a gap."""

_LEAST_SPEECH = 0.75  # seconds in a window: less is a stray word or noise
_MOST_UNSPOKEN = 16  # windows where nobody speaks: only so that there are probabilities; all of a long one would keep others waiting
_NEIGHBOURS = np.array([0.25, 0.5, 0.25])


@dataclass(frozen=True, eq=False)
class Stretch:
    """A stretch that is analysed, and how many seconds of it are speech."""

    start_s: float
    part: Recording
    speech_s: float

    @property
    def end_s(self) -> float:
        return self.start_s + self.part.duration_s


def stretches(recording: Recording, speech: npt.NDArray[np.float32]) -> list[Stretch]:
    """The whole recording, or windows of a long one, every two seconds, that hold speech; where none does, some that hold a sound.

    The last window ends with the recording.
    """
    spoken = speech >= gate.SPEECH
    if recording.duration_s <= WHOLE_SECONDS:
        return [Stretch(0.0, recording, float(spoken.sum() * gate.FRAME_SECONDS))]
    length, hop = (
        int(seconds * recording.sample_rate) for seconds in (WINDOW_SECONDS, HOP_SECONDS)
    )
    last = len(recording.samples) - length
    found = []
    for start in [*range(0, last, hop), last]:
        start_s = start / recording.sample_rate
        frames = spoken[
            round(start_s / gate.FRAME_SECONDS) : round(
                (start_s + WINDOW_SECONDS) / gate.FRAME_SECONDS
            )
        ]
        part = replace(recording, samples=recording.samples[start : start + length], notes=())
        found.append(Stretch(start_s, part, float(frames.sum() * gate.FRAME_SECONDS)))
    if spoken_in := [stretch for stretch in found if stretch.speech_s >= _LEAST_SPEECH]:
        return spoken_in
    levels = [
        peak_level(stretch.part.samples) for stretch in found
    ]  # of silence there are no features
    heard = [
        stretch
        for stretch, level in zip(found, levels, strict=True)
        if level >= min(SILENT_PEAK_DBFS, max(levels))
    ]
    return heard[:: -(-len(heard) // _MOST_UNSPOKEN)]


def gaps(speech: npt.NDArray[np.float32]) -> list[tuple[float, float]]:
    """(start, end) of the pauses of at least a second, those before the first and after the last word included."""
    edges = np.flatnonzero(
        np.diff(np.concatenate([[True], speech >= gate.SPEECH, [True]]).astype(np.int8))
    )
    found = [
        (start * gate.FRAME_SECONDS, end * gate.FRAME_SECONDS)
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    ]
    return [
        (round(float(start), 2), round(float(end), 2))
        for start, end in found
        if end - start >= GAP_SECONDS
    ]


def smoothed(
    probabilities: npt.NDArray[np.float64], starts: Sequence[float]
) -> npt.NDArray[np.float64]:
    """Probabilities [stretches, labels] where each is half its own and a quarter of each neighbour that follows without a gap."""
    result = np.empty_like(probabilities)
    for number, start in enumerate(starts):
        near = [
            other
            for other in (number - 1, number, number + 1)
            if 0 <= other < len(starts) and abs(starts[other] - start) <= HOP_SECONDS
        ]
        weights = _NEIGHBOURS[[other - number + 1 for other in near]]
        result[number] = weights @ probabilities[near] / weights.sum()
    return result
