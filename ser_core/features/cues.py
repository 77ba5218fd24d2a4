"""Four cues of the voice that a person knows (pitch, energy, spectrum, rhythm), and how each is taken out of what models read.

A cue is taken out by putting an average in its place: that of the clips a model learnt from, or of the speaker's own neutral
clips. In a feature vector that is a matter of columns. In a log-mel spectrogram each frame is split as a source-filter model
does (Fant G (1960), Acoustic Theory of Speech Production): its level, its outline (the low quefrencies of the cepstrum), and the
ripple of the harmonics that is left. Taking cues out of speech to see what carries an emotion is an old method of listening
experiments: Scherer KR, Feldstein S, Bond RN, Rosenthal R (1985), Vocal cues to deception: a comparative channel approach,
Journal of Psycholinguistic Research 14(4).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_core.features import peaks
from ser_core.features.catalogue import FeatureSpec
from ser_core.features.logmel import HOP, LEAST_FRAMES, RANGE_DB, SAMPLE_RATE, Frames
from ser_core.features.spectrum import Array

CUES = ("pitch", "energy", "spectrum", "rhythm")
TITLES = {
    "pitch": "Pitch",
    "energy": "Energy dynamics",
    "spectrum": "Spectrum and timbre",
    "rhythm": "Rhythm",
}
_OTHERWISE = "spectrum"  # mel bands, MFCCs, chroma, spectral shape, voice quality
_OF_GROUP = {"Pitch": "pitch", "Energy": "energy", "Rhythm": "rhythm"}

_OUTLINE = 14  # quefrencies: the formants; beyond them lie the harmonics of voices up to 350 Hz
_SPEECH_RANGE_DB = 30.0  # frames this far below the loudest are pause, as for the network
_SLOWEST, _FASTEST = 0.6, 1.6  # how far a clip is stretched to the average rate of syllables
_STILL_DB = 0.5  # an outline that moves less is not stretched to the average
_DIP_DB = 3.0  # between the syllables
_SMOOTH = 9  # frames


@dataclass(frozen=True, eq=False)
class AverageSpeech:
    """What takes the place of a cue in a spectrogram.

    The mean outline [64] in dB, whose own mean is 0; how far the outline moves around it (standard deviation in dB); syllables in a second.
    """

    outline: Array
    movement: float
    rate: float

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> AverageSpeech:
        """From what `to_dict` made."""
        return cls(
            np.asarray(stored["outline"], dtype=np.float64),
            float(stored["movement"]),
            float(stored["rate"]),
        )

    def to_dict(self) -> dict[str, Any]:
        """As model cards hold it."""
        return {
            "outline": [round(float(value), 2) for value in self.outline],
            "movement": round(self.movement, 2),
            "rate": round(self.rate, 2),
        }


@dataclass(frozen=True, eq=False)
class AverageFeatures:
    """What takes the place of a cue in a feature vector: the mean [d], and the standard deviation [d] that says how far is far."""

    mean: Array
    deviation: Array


def cue_of(spec: FeatureSpec) -> str:
    """The cue that a feature belongs to."""
    return _OF_GROUP.get(spec.group, _OTHERWISE)


def features_without(
    values: Array, specs: tuple[FeatureSpec, ...], cues: Collection[str], average: Array
) -> Array:
    """Features [d] where those of some cues are the average's [d]."""
    return np.where(_belong(specs, frozenset(cues)), average, values)


@lru_cache(maxsize=64)
def _belong(specs: tuple[FeatureSpec, ...], cues: frozenset[str]) -> npt.NDArray[np.bool_]:
    return np.array([cue_of(spec) in cues for spec in specs])


@dataclass(frozen=True, eq=False)
class Parts:
    """What a log-mel spectrogram is the sum of: the level [frames] and the outline and ripple [frames, 64], in dB.

    `speech` [frames] tells it from the pauses; `rate` is of the syllables in a second of it, 0 where there are less than two.
    """

    log_mel: Frames
    level: Array
    outline: Array
    ripple: Array
    speech: npt.NDArray[np.bool_]
    rate: float

    @classmethod
    def of(cls, log_mel: Frames) -> Parts:
        """Split a spectrogram [frames, 64]; what lies too far below its loudest value for the network to read is raised first."""
        import scipy.fft

        x = log_mel.astype(np.float64)
        x = np.maximum(x, x.max() - RANGE_DB)
        level = x.mean(axis=1)
        cepstrum = scipy.fft.dct(x - level[:, None], axis=1, norm="ortho")
        cepstrum[:, _OUTLINE:] = 0
        outline = scipy.fft.idct(cepstrum, axis=1, norm="ortho")
        speech = level > level.max() - _SPEECH_RANGE_DB
        return cls(
            log_mel, level, outline, x - level[:, None] - outline, speech, _rate(level, speech)
        )

    def without(self, cues: Collection[str], average: AverageSpeech) -> Frames:
        """The spectrogram without some cues.

        Without pitch there are no harmonics. Without energy every frame of speech has the same level. Without spectrum the outline is on average
        the average one and moves as much as on average. Without rhythm there are no pauses and as many syllables in a second as on average.
        """
        if not cues:
            return self.log_mel
        level, outline, speech = self.level, self.outline, self.speech
        if "spectrum" in cues:
            around = outline[speech] - outline[speech].mean(axis=0)
            outline = outline.copy()
            outline[speech] = average.outline + around * (
                average.movement / max(_movement(around), _STILL_DB)
            )
        if "energy" in cues:
            level = np.where(speech, level[speech].mean(), level)
        changed = level[:, None] + outline
        if "pitch" not in cues:
            changed += self.ripple
        if "rhythm" in cues:
            changed = _paced(changed[speech], self.rate / average.rate if average.rate > 0 else 0.0)
        return changed.astype(np.float32)


def average_speech(log_mels: Iterable[Frames]) -> AverageSpeech:
    """The means over clips: of the outline of their speech, of its movement, and of the rate of syllables (where that can be told)."""
    outlines, movements, rates = [], [], []
    for log_mel in log_mels:
        parts = Parts.of(log_mel)
        outline = parts.outline[parts.speech]
        outlines.append(outline.mean(axis=0))
        movements.append(_movement(outline - outlines[-1]))
        rates.append(parts.rate)
    known = [rate for rate in rates if rate > 0]
    return AverageSpeech(
        np.mean(outlines, axis=0),
        float(np.mean(movements)),
        float(np.mean(known)) if known else 0.0,
    )


def _movement(around: Array) -> float:
    """The root mean square of what outlines [frames, 64] differ from their mean."""
    return float(np.sqrt(np.mean(around**2)))


def _paced(frames: Array, factor: float) -> Array:
    """Frames [n, 64] stretched in time by a factor (0: not at all), within limits; at least as many as a network needs."""
    stretched = np.clip(factor, _SLOWEST, _FASTEST) if factor > 0 else 1.0
    at = np.linspace(0, len(frames) - 1, max(round(len(frames) * stretched), LEAST_FRAMES))
    below = at.astype(int)
    above = np.minimum(below + 1, len(frames) - 1)
    return np.asarray(frames[below] + (at - below)[:, None] * (frames[above] - frames[below]))


def _rate(level: Array, speech: npt.NDArray[np.bool_]) -> float:
    """Peaks of the level in a second of speech; 0 where there are less than two."""
    found = peaks.syllables(level, level.max() - _SPEECH_RANGE_DB, _SMOOTH, _DIP_DB)
    return float(len(found) / (speech.sum() * HOP / SAMPLE_RATE)) if len(found) > 1 else 0.0
