"""Which stretches of a recording are analysed: all of a short one, windows with speech of a long one.

Conventions: times are in seconds from the start; `speech` is the probability of speech in each 32 ms, float32
[frames], as the gate gives it.
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
"""The length of a window, which is the length of the clips that the models were trained on."""
HOP_SECONDS = 2.0
"""How far apart windows start."""
GAP_SECONDS = 1.0
"""A pause of at least this is a gap."""

_LEAST_SPEECH = 0.75  # seconds in a window: less is a stray word or noise
# Windows without speech are analysed only so that there are probabilities; all of them would take too long.
_MOST_UNSPOKEN = 16
_NEIGHBOURS = np.array([0.25, 0.5, 0.25])


@dataclass(frozen=True, eq=False)
class Stretch:
    """A stretch that is analysed: where it starts, its samples, and how many seconds of it are speech."""

    start_s: float
    part: Recording
    speech_s: float

    @property
    def end_s(self) -> float:
        return self.start_s + self.part.duration_s


def choose_stretches(recording: Recording, speech: npt.NDArray[np.float32]) -> list[Stretch]:
    """Choose the stretches of a recording that are analysed.

    Parameters
    ----------
    recording : Recording
    speech : ndarray, float32 [frames]
        What `gate.speech_probabilities` gives for it.

    Returns
    -------
    list of Stretch
        The whole of a recording of up to `WHOLE_SECONDS`. Of a longer one, the windows that hold speech;
        where none does, some that hold a sound. The last window ends with the recording.
    """
    is_speech = speech >= gate.SPEECH
    if recording.duration_s <= WHOLE_SECONDS:
        return [Stretch(0.0, recording, float(is_speech.sum() * gate.FRAME_SECONDS))]
    windows = _cut_windows(recording, is_speech)
    with_speech = [window for window in windows if window.speech_s >= _LEAST_SPEECH]
    return with_speech or _choose_without_speech(windows)


def _cut_windows(recording: Recording, is_speech: npt.NDArray[np.bool_]) -> list[Stretch]:
    length = int(WINDOW_SECONDS * recording.sample_rate)
    hop = int(HOP_SECONDS * recording.sample_rate)
    last = len(recording.samples) - length
    windows = []
    for start in [*range(0, last, hop), last]:
        start_s = start / recording.sample_rate
        first_frame = round(start_s / gate.FRAME_SECONDS)
        last_frame = round((start_s + WINDOW_SECONDS) / gate.FRAME_SECONDS)
        n_frames = is_speech[first_frame:last_frame].sum()
        part = replace(recording, samples=recording.samples[start : start + length], notes=())
        windows.append(Stretch(start_s, part, float(n_frames * gate.FRAME_SECONDS)))
    return windows


def _choose_without_speech(windows: Sequence[Stretch]) -> list[Stretch]:
    levels = [peak_level(window.part.samples) for window in windows]
    least = min(SILENT_PEAK_DBFS, max(levels))  # silence has no features
    with_sound = [window for window, level in zip(windows, levels, strict=True) if level >= least]
    return with_sound[:: -(-len(with_sound) // _MOST_UNSPOKEN)]


def find_gaps(speech: npt.NDArray[np.float32]) -> list[tuple[float, float]]:
    """Find the pauses of at least `GAP_SECONDS`, also before the first and after the last word.

    Parameters
    ----------
    speech : ndarray, float32 [frames]
        What `gate.speech_probabilities` gives.

    Returns
    -------
    list of (float, float)
        Start and end of each, in seconds.
    """
    is_speech = np.concatenate([[True], speech >= gate.SPEECH, [True]])
    edges = np.flatnonzero(np.diff(is_speech.astype(np.int8))) * gate.FRAME_SECONDS
    return [
        (round(float(start), 2), round(float(end), 2))
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if end - start >= GAP_SECONDS
    ]


def smooth(
    probabilities: npt.NDArray[np.float64], starts: Sequence[float]
) -> npt.NDArray[np.float64]:
    """Smooth the probabilities of stretches with those of their neighbours, but not across a gap.

    Parameters
    ----------
    probabilities : ndarray, float64 [stretches, labels]
    starts : sequence of float
        Where each stretch starts, in seconds.

    Returns
    -------
    ndarray, float64 [stretches, labels]
        Each is half its own and a quarter of each neighbour that follows without a gap.
    """
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
