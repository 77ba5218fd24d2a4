"""Four cues of the voice (pitch, energy, spectrum, rhythm), and how each is taken out of a clip.

Conventions: features are [d], spectrograms [frames, 64] in dB, rates in syllables per second.

A cue is taken out by putting an average in its place: that of the clips a model learnt from, or of the
speaker's own neutral clips. In a feature vector that concerns the columns of the cue. In a log-mel
spectrogram each frame is split as a source-filter model does (Fant G (1960), Acoustic Theory of Speech
Production): into its level, its outline (the low quefrencies of the cepstrum), and the remaining ripple of
the harmonics.

Listening experiments have long taken cues out of speech to see which of them carry an emotion: Scherer KR,
Feldstein S, Bond RN, Rosenthal R (1985), Vocal cues to deception: a comparative channel approach, Journal of
Psycholinguistic Research 14(4).
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
from ser_core.features.logmel import HOP, LEAST_FRAMES, RANGE_DB, SAMPLE_RATE, LogMel
from ser_core.features.spectrum import Array

CUES = ("pitch", "energy", "spectrum", "rhythm")
TITLES = {
    "pitch": "Pitch",
    "energy": "Energy dynamics",
    "spectrum": "Spectrum and timbre",
    "rhythm": "Rhythm",
}
"""The names of the cues for people."""

_CUE_OF_GROUP = {"Pitch": "pitch", "Energy": "energy", "Rhythm": "rhythm"}
_CUE_OF_OTHER_GROUPS = "spectrum"  # mel bands, MFCCs, chroma, spectral shape, voice quality

_OUTLINE = 14  # quefrencies: the formants; beyond them lie the harmonics of voices up to 350 Hz
_SPEECH_RANGE_DB = 30.0  # frames this far below the loudest are pause, as for the network
_SLOWEST, _FASTEST = 0.6, 1.6  # how far a clip is stretched to the average rate of syllables
_STILL_DB = 0.5  # an outline that moves less is not stretched to the average
_DIP_DB = 3.0  # between the syllables
_SMOOTH_FRAMES = 9


@dataclass(frozen=True, eq=False)
class AverageSpeech:
    """The average that takes the place of a cue in a spectrogram.

    Attributes
    ----------
    outline : array [64]
        The mean outline in dB; its own mean is 0.
    movement : float
        How far outlines move around their mean: the standard deviation in dB.
    rate : float
        Syllables in a second; 0 if unknown.
    """

    outline: Array
    movement: float
    rate: float

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> AverageSpeech:
        """The average that a model card holds, as `to_dict` made it."""
        outline = np.asarray(stored["outline"], dtype=np.float64)
        return cls(outline, float(stored["movement"]), float(stored["rate"]))

    def to_dict(self) -> dict[str, Any]:
        """The average as model cards hold it, rounded to two decimals."""
        return {
            "outline": [round(float(value), 2) for value in self.outline],
            "movement": round(self.movement, 2),
            "rate": round(self.rate, 2),
        }


@dataclass(frozen=True, eq=False)
class AverageFeatures:
    """The average that takes the place of a cue in a feature vector: mean [d] and standard deviation [d]."""

    mean: Array
    deviation: Array


def remove_cues(
    values: Array, specs: tuple[FeatureSpec, ...], cues: Collection[str], average: Array
) -> Array:
    """Features in which an average takes the place of some cues.

    Parameters
    ----------
    values, average : arrays [d]
        The features of the clip, and the average.
    specs : tuple of FeatureSpec
        What the d features are.
    cues : collection of str
        Some of `CUES`.

    Returns
    -------
    array [d]
        The average's value for each feature of these cues, the clip's value for the others.
    """
    return np.where(_is_of_cues(specs, frozenset(cues)), average, values)


@lru_cache(maxsize=64)
def _is_of_cues(specs: tuple[FeatureSpec, ...], cues: frozenset[str]) -> npt.NDArray[np.bool_]:
    return np.array([_CUE_OF_GROUP.get(spec.group, _CUE_OF_OTHER_GROUPS) in cues for spec in specs])


@dataclass(frozen=True, eq=False)
class LogMelParts:
    """The parts whose sum is a log-mel spectrogram.

    Attributes
    ----------
    log_mel : array [frames, 64]
        The spectrogram, in dB.
    level : array [frames]
        The mean of each frame, in dB.
    outline, ripple : arrays [frames, 64]
        The smooth shape of each frame, and what is left: the harmonics; in dB.
    speech : array of bool [frames]
        Whether a frame is speech, not pause.
    rate : float
        Syllables in a second of speech; 0 where there are fewer than two.
    """

    log_mel: LogMel
    level: Array
    outline: Array
    ripple: Array
    speech: npt.NDArray[np.bool_]
    rate: float

    @classmethod
    def of(cls, log_mel: LogMel) -> LogMelParts:
        """The parts of a spectrogram.

        Parameters
        ----------
        log_mel : array [frames, 64]
            In dB. Values too far below its loudest one for the network to read are raised first.

        Returns
        -------
        LogMelParts
            Its parts.
        """
        import scipy.fft

        levels = log_mel.astype(np.float64)
        levels = np.maximum(levels, levels.max() - RANGE_DB)
        level = levels.mean(axis=1)
        centred = levels - level[:, None]
        cepstrum = scipy.fft.dct(centred, axis=1, norm="ortho")
        cepstrum[:, _OUTLINE:] = 0
        outline = scipy.fft.idct(cepstrum, axis=1, norm="ortho")
        speech = level > level.max() - _SPEECH_RANGE_DB
        return cls(log_mel, level, outline, centred - outline, speech, _rate(level, speech))

    def without(self, cues: Collection[str], average: AverageSpeech) -> LogMel:
        """The spectrogram without some cues.

        Without pitch there are no harmonics. Without energy every frame of speech has the same level. Without
        spectrum the mean outline is the average one, and it moves as much as on average. Without rhythm there
        are no pauses, and as many syllables in a second as on average.

        Parameters
        ----------
        cues : collection of str
            Some of `CUES`.
        average : AverageSpeech
            What takes their place.

        Returns
        -------
        array of float32 [frames, 64]
            In dB; the spectrogram itself if no cue is named.
        """
        if not cues:
            return self.log_mel
        speech = self.speech
        level, outline = self.level, self.outline
        if "spectrum" in cues:
            outline = self._with_average_outline(average)
        if "energy" in cues:
            level = np.where(speech, level[speech].mean(), level)
        changed = level[:, None] + outline
        if "pitch" not in cues:
            changed += self.ripple
        if "rhythm" in cues:
            factor = self.rate / average.rate if average.rate > 0 else 0.0
            changed = _stretch(changed[speech], factor)
        return changed.astype(np.float32)

    def _with_average_outline(self, average: AverageSpeech) -> Array:
        around = self.outline[self.speech] - self.outline[self.speech].mean(axis=0)
        outline = self.outline.copy()
        scale = average.movement / max(_movement(around), _STILL_DB)
        outline[self.speech] = average.outline + around * scale
        return outline


def average_speech(log_mels: Iterable[LogMel]) -> AverageSpeech:
    """The means over clips of the outline of their speech, of its movement, and of the rate of syllables.

    Parameters
    ----------
    log_mels : iterable of array [frames, 64]
        The spectrograms of the clips, at least one.

    Returns
    -------
    AverageSpeech
        Its rate is the mean over the clips whose rate is known.
    """
    outlines, movements, rates = [], [], []
    for log_mel in log_mels:
        parts = LogMelParts.of(log_mel)
        outline = parts.outline[parts.speech]
        outlines.append(outline.mean(axis=0))
        movements.append(_movement(outline - outlines[-1]))
        rates.append(parts.rate)
    known = [rate for rate in rates if rate > 0]
    rate = float(np.mean(known)) if known else 0.0
    return AverageSpeech(np.mean(outlines, axis=0), float(np.mean(movements)), rate)


def _movement(around: Array) -> float:
    """The root mean square of the differences [frames, 64] of outlines from their mean."""
    return float(np.sqrt(np.mean(around**2)))


def _stretch(frames: Array, factor: float) -> Array:
    """Frames [n, 64] stretched in time, within limits, to `LEAST_FRAMES` or more; factor 0 keeps the pace."""
    stretched = np.clip(factor, _SLOWEST, _FASTEST) if factor > 0 else 1.0
    n = max(round(len(frames) * stretched), LEAST_FRAMES)
    at = np.linspace(0, len(frames) - 1, n)
    below = at.astype(int)
    above = np.minimum(below + 1, len(frames) - 1)
    return np.asarray(frames[below] + (at - below)[:, None] * (frames[above] - frames[below]))


def _rate(level: Array, speech: npt.NDArray[np.bool_]) -> float:
    """Peaks of the level in a second of speech; 0 where there are fewer than two."""
    floor = level.max() - _SPEECH_RANGE_DB
    syllables = peaks.find_syllables(level, floor, _SMOOTH_FRAMES, _DIP_DB)
    if len(syllables) < 2:
        return 0.0
    return float(len(syllables) / (speech.sum() * HOP / SAMPLE_RATE))
