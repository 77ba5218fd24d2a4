"""Why a model gave a clip its most likely emotion: which cues of the voice speak for and against it, and which moment matters.

Cues (pitch, energy, spectrum, rhythm) get their Shapley values: what the model itself says is asked with every subset of them
taken out (`features.cues`), and a cue's share is the mean of what it adds over all orders of putting them back (Štrumbelj E,
Kononenko I (2014), Explaining prediction models and individual predictions with feature contributions, Knowledge and
Information Systems 41; Lundberg SM, Lee SI (2017), A unified approach to interpreting model predictions, NeurIPS). With four
cues all 16 subsets are asked, nothing is sampled; the shares add up to what the clip has above the clip without any of them.
Moments are found by occlusion (Zeiler MD, Fergus R (2014), Visualizing and understanding convolutional networks, ECCV): the model is asked
again with silence in the place of each.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from ser_core.emotions import EMOTIONS
from ser_core.features import (
    FEATURE_SETS,
    NETWORK_INPUT,
    Baseline,
    FeatureVector,
    Inputs,
    cues,
    logmel,
)
from ser_core.features.cues import CUES, AverageFeatures, AverageSpeech
from ser_core.features.logmel import Frames
from ser_core.features.spectrum import Array
from ser_core.models import Model
from ser_core.models.estimators import Averages

LEAST_MOMENT_SECONDS = 0.5
MOST_MOMENTS = 5
"""A stretch of speech is gone through in so many moments at most, which overlap where it is short."""

TELLING = 0.05
"""The probability that a cue or moment has to add or take before a sentence names it."""

_STEP_SECONDS = 0.25
_STRIKING = 0.75  # standard deviations from the average: what a cue is described by
_SUBSETS = tuple(
    frozenset(chosen) for n in range(len(CUES) + 1) for chosen in itertools.combinations(CUES, n)
)

_SOUNDS: Mapping[str, tuple[tuple[str, str, str, str], ...]] = {
    "pitch": (
        ("pitch_std", "f0_std", "lively", "monotonous"),
        ("pitch_trend", "f0_slope", "rising", "falling"),
    ),
    "energy": (
        ("power_std", "level_std", "big swings in loudness", "even loudness"),
        ("power_rise", "level_rise", "hard onsets", "soft onsets"),
    ),
    "spectrum": (
        ("centre_mean", "centroid_mean", "bright", "dark"),
        ("tone_over_noise_mean", "hnr_mean", "clear", "breathy or rough"),
    ),
    "rhythm": (
        ("syllables_rate", "syllable_rate", "fast", "slow"),
        ("speaking_share", "speech_share", "hardly a pause", "long pauses"),
    ),
}
"""By cue: a feature of either feature set that has named ones, and what a clip is that has much or little of it."""


@dataclass(frozen=True)
class Moment:
    """A moment in seconds from the start of the recording, and the probability that the emotion loses when it is silenced."""

    start_s: float
    end_s: float
    share: float


@dataclass(frozen=True)
class Explanation:
    """What speaks for and against an emotion in a stretch of a recording.

    `probability` is that of the emotion in the stretch; `cues` has the Shapley value of each cue, and these add up to it with
    `without_cues`, the probability that is left when all four are the average's. `sounds` describes the cues against that average, where
    the model reads features that have a name.
    """

    emotion: str
    start_s: float
    end_s: float
    probability: float
    without_cues: float
    cues: Mapping[str, float]
    alone: Mapping[str, float]
    """The probability that is lost when one cue alone is taken out."""
    sounds: Mapping[str, tuple[str, ...]]
    of_a_part: bool
    """Whether the stretch is a part of a longer recording."""
    against_baseline: bool
    """Whether the average is that of the speaker's neutral clips."""
    moments: tuple[Moment, ...]
    """In the order of time; none where the speech is too short to leave a part of it out."""

    @property
    def moment(self) -> Moment | None:
        """The one that matters most."""
        return max(self.moments, key=lambda moment: moment.share, default=None)

    def to_dict(self) -> dict[str, Any]:
        """The explanation as JSON."""
        return {
            "method": "Shapley values of four cues, occlusion of moments",
            "emotion": self.emotion,
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "probability": self.probability,
            "average": "baseline" if self.against_baseline else "training",
            "without_cues": self.without_cues,
            "cues": dict(self.cues),
            "sounds": {cue: list(words) for cue, words in self.sounds.items()},
            "moments": [
                {"start_s": round(m.start_s, 2), "end_s": round(m.end_s, 2), "share": m.share}
                for m in self.moments
            ],
        }


def explain(
    model: Model,
    inputs: Inputs,
    emotion: str,
    baseline: Baseline | None = None,
    start_s: float = 0.0,
    of_a_part: bool = False,
) -> Explanation:
    """Why a model finds an emotion as likely as it does in a clip, which may be a part of a recording from `start_s` on.

    What takes the place of a cue is the average of the clips that the model learnt from, or of the `baseline`.
    """
    label = EMOTIONS.index(emotion)
    averages = model.estimator.averages()
    speech = averages.get(NETWORK_INPUT)
    if baseline is not None:
        speech = cues.average_speech([clip.log_mel for clip in baseline.clips])

    def vector(own: FeatureVector, gone: Collection[str]) -> Array:
        return cues.features_without(
            own.values,
            FEATURE_SETS[own.feature_set].specs,
            gone,
            _average(averages, own.feature_set, baseline),
        )

    @cache
    def parts() -> cues.Parts:
        return cues.Parts.of(inputs.log_mel)

    def log_mel(_: Frames, gone: Collection[str]) -> Frames:
        assert isinstance(speech, AverageSpeech)
        return parts().without(gone, speech)

    versions = [
        inputs.changed(partial(vector, gone=gone), partial(log_mel, gone=gone)) if gone else inputs
        for gone in _SUBSETS
    ]
    spans = _moments(inputs)
    asked = [*versions, *(inputs.silenced(*span) for span in spans)]
    said = model.predict_proba(asked, baseline)[:, label]
    without = dict(zip(_SUBSETS, said.tolist(), strict=False))
    whole = without[frozenset()]
    return Explanation(
        emotion=emotion,
        start_s=start_s,
        end_s=start_s + inputs.recording.duration_s,
        probability=whole,
        without_cues=without[frozenset(CUES)],
        cues=shapley(without),
        alone={cue: whole - without[frozenset([cue])] for cue in CUES},
        sounds=_sounds(inputs, averages, baseline),
        of_a_part=of_a_part,
        against_baseline=baseline is not None,
        moments=tuple(
            Moment(start_s + start, start_s + end, whole - float(left))
            for (start, end), left in zip(spans, said[len(_SUBSETS) :], strict=True)
        ),
    )


def shapley(
    without: Mapping[frozenset[str], float], players: Sequence[str] = CUES
) -> dict[str, float]:
    """The Shapley value of each player, from the value of the game without each subset of them (Shapley LS 1953, A value for n-person games).

    >>> shapley({frozenset(): 1.0, frozenset("a"): 0.25, frozenset("b"): 0.75, frozenset("ab"): 0.0}, "ab")
    {'a': 0.75, 'b': 0.25}
    """
    n = len(players)
    found = dict.fromkeys(players, 0.0)
    for player in players:
        others = [other for other in players if other != player]
        for size in range(n):
            weight = 1 / (n * math.comb(n - 1, size))
            for gone in itertools.combinations(others, size):
                found[player] += weight * (
                    without[frozenset(gone)] - without[frozenset((*gone, player))]
                )
    return found


def in_words(explanation: Explanation) -> str:
    """The explanation as sentences a person would say: at most two cues for, one against, and the moment that matters most."""
    ranked = sorted(explanation.cues, key=lambda cue: -explanation.cues[cue])
    speaking_for = [cue for cue in ranked if explanation.cues[cue] >= TELLING][:2]
    against = [cue for cue in ranked if explanation.cues[cue] <= -TELLING][-1:]
    emotion, sentences = explanation.emotion, []
    if explanation.of_a_part:
        stretch = f"from {explanation.start_s:.0f} to {explanation.end_s:.0f} s"
        sentences.append(f"Of the stretch {stretch}, {explanation.probability:.0%} {emotion}:")
    if speaking_for:
        sentences.append(
            f"What speaks most for {emotion}: {', then '.join(_named(explanation, cue) for cue in speaking_for)}."
        )
    if against:
        sentences.append(
            f"{'Against it' if speaking_for else f'What speaks against {emotion}'}: {_named(explanation, against[0])}."
        )
    if not (speaking_for or against):
        sentences.append(f"No cue alone speaks for or against {emotion}.")
    moment = explanation.moment
    if moment is not None and moment.share >= TELLING:
        left = f"{emotion} would fall from {explanation.probability:.0%} to {explanation.probability - moment.share:.0%}"
        sentences.append(
            f"The moment from {moment.start_s:.1f} to {moment.end_s:.1f} s matters most: without it, {left}."
        )
    return " ".join(sentences)


def _named(explanation: Explanation, cue: str) -> str:
    sounds = explanation.sounds.get(cue)
    return cues.TITLES[cue].lower() + (f" ({', '.join(sounds)})" if sounds else "")


def _average(averages: Averages, feature_set: str, baseline: Baseline | None) -> Array:
    if baseline is not None:
        return baseline.vector(feature_set)
    average = averages[feature_set]
    assert isinstance(average, AverageFeatures)
    return average.mean


def _moments(inputs: Inputs) -> list[tuple[float, float]]:
    """(start, end) of the moments in seconds: none where there is not twice the least moment of speech."""
    first, last = logmel.speech_span(inputs.recording.samples)
    seconds = last - first
    if seconds < 2 * LEAST_MOMENT_SECONDS:
        return []
    length = max(LEAST_MOMENT_SECONDS, seconds / MOST_MOMENTS)
    n = min(MOST_MOMENTS, 1 + math.ceil((seconds - length) / _STEP_SECONDS))
    return [(float(start), float(start) + length) for start in np.linspace(first, last - length, n)]


def _sounds(
    inputs: Inputs, averages: Averages, baseline: Baseline | None
) -> dict[str, tuple[str, ...]]:
    """What each cue of a clip sounds like against the average, for the first feature set the model reads that has named features."""
    for feature_set, average in averages.items():
        names = FEATURE_SETS[feature_set].names if feature_set in FEATURE_SETS else ()
        if isinstance(average, AverageFeatures) and any(
            _SOUNDS["pitch"][0][n] in names for n in (0, 1)
        ):
            far = (
                inputs.vector(feature_set).values - _average(averages, feature_set, baseline)
            ) / average.deviation
            by_name = dict(zip(names, far.tolist(), strict=True))
            found = {}
            for cue, telling in _SOUNDS.items():
                placed = [
                    (by_name.get(large, by_name.get(small, 0.0)), high, low)
                    for large, small, high, low in telling
                ]
                found[cue] = tuple(
                    high if value > 0 else low
                    for value, high, low in placed
                    if abs(value) >= _STRIKING
                )
            return found
    return {}
