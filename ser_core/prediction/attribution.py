"""How much each cue of the voice and each moment adds to the probability of an emotion.

Cues (pitch, energy, spectrum, rhythm) get their Shapley values. The model predicts the clip with
every subset of the cues taken out (`features.cues`); the share of a cue is the mean of what it adds
over all orders of putting the cues back (Štrumbelj E, Kononenko I (2014), Explaining prediction
models and individual predictions with feature contributions, Knowledge and Information Systems 41;
Lundberg SM, Lee SI (2017), A unified approach to interpreting model predictions, NeurIPS). Four cues
have 16 subsets, so all are computed and none is sampled. The shares add up to the probability of the
clip less that of the clip without any cue.

Moments are found by occlusion (Zeiler MD, Fergus R (2014), Visualizing and understanding
convolutional networks, ECCV): the model predicts the clip with silence in place of each.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

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
from ser_core.features.logmel import LogMel
from ser_core.features.spectrum import Array
from ser_core.models import Model
from ser_core.models.estimators import Averages
from ser_core.prediction.analysis import Analysis
from ser_core.prediction.explanation import Explanation, Moment
from ser_core.prediction.result import Prediction

LEAST_MOMENT_SECONDS = 0.5
MOST_MOMENTS = 5
"""The most moments that the speech of a clip is divided into; they overlap where it is short."""

_STEP_SECONDS = 0.25
_STRIKING = 0.75  # standard deviations from the average, from which on a cue is described
_SUBSETS = tuple(
    frozenset(subset) for n in range(len(CUES) + 1) for subset in itertools.combinations(CUES, n)
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
"""By cue: a feature by its name in the large and in the small set, the word for a clip with much of
it and the word for a clip with little."""


def explain(analysis: Analysis) -> Prediction:
    """The prediction of an analysis, with an explanation of its most likely emotion.

    Parameters
    ----------
    analysis : Analysis
        As `analyse` gave it; what was computed for it is used again.

    Returns
    -------
    Prediction
        `analysis.prediction` with its `explanation`, which stays None where there is no speech. A
        long recording is explained in the window that adds most to the most likely emotion.
    """
    prepared, prediction = analysis.prepared, analysis.prediction
    if not prepared.is_speech:
        return prediction
    top = EMOTIONS.index(prediction.most_likely)
    number = int(np.argmax(prepared.weights * analysis.probabilities["emotion"][:, top]))
    window = prepared.windows[number]
    explanation = explain_probability(
        analysis.emotion_model,
        prepared.inputs[number] if prepared.inputs else Inputs(window.part),
        prediction.most_likely,
        analysis.baseline,
        window.start_s,
        len(prepared.windows) > 1,
    )
    return replace(prediction, explanation=explanation)


def explain_probability(
    model: Model,
    inputs: Inputs,
    emotion: str,
    baseline: Baseline | None = None,
    start_s: float = 0.0,
    is_part: bool = False,
) -> Explanation:
    """Explain the probability that a model gives an emotion in a clip.

    A cue is taken out by putting an average in its place: that of the clips that the model learnt
    from, or that of the `baseline`.

    Parameters
    ----------
    model : Model
        For emotions.
    inputs : Inputs
        Of the clip.
    emotion : str
        One of `EMOTIONS`.
    baseline : Baseline, optional
        The speaker's neutral clips, where the clip is judged against them.
    start_s : float
        Where the clip starts in its recording, in seconds.
    is_part : bool
        Whether the clip is one window of a longer recording.

    Returns
    -------
    Explanation
        With times from the start of the recording.
    """
    averages = model.estimator.averages()
    moments = _moments(inputs)
    silenced = [inputs.silenced(start, end) for start, end in moments]
    clips = [*_without_cues(inputs, averages, baseline), *silenced]
    probabilities = model.predict_proba(clips, baseline)[:, EMOTIONS.index(emotion)].tolist()
    by_subset = dict(zip(_SUBSETS, probabilities, strict=False))
    without_moment = probabilities[len(_SUBSETS) :]
    probability = by_subset[frozenset()]
    return Explanation(
        emotion=emotion,
        start_s=start_s,
        end_s=start_s + inputs.recording.duration_s,
        probability=probability,
        without_cues=by_subset[frozenset(CUES)],
        cues=shapley(by_subset),
        cue_losses={cue: probability - by_subset[frozenset([cue])] for cue in CUES},
        sounds=_sounds(inputs, averages, baseline),
        is_part=is_part,
        against_baseline=baseline is not None,
        moments=tuple(
            Moment(start_s + start, start_s + end, probability - without)
            for (start, end), without in zip(moments, without_moment, strict=True)
        ),
    )


def shapley(
    by_subset: Mapping[frozenset[str], float], players: Sequence[str] = CUES
) -> dict[str, float]:
    """The Shapley value of each player of a cooperative game.

    Shapley LS (1953), A value for n-person games.

    Parameters
    ----------
    by_subset : mapping
        The value of the game without each subset of the players.
    players : sequence of str
        All players.

    Returns
    -------
    dict
        By player; the values add up to the value with all players less the value with none.

    Examples
    --------
    >>> values = {frozenset(): 1.0, frozenset("a"): 0.25, frozenset("b"): 0.75, frozenset("ab"): 0.0}
    >>> shapley(values, "ab")
    {'a': 0.75, 'b': 0.25}
    """
    n = len(players)
    values = dict.fromkeys(players, 0.0)
    for player in players:
        others = [other for other in players if other != player]
        for size in range(n):
            weight = 1 / (n * math.comb(n - 1, size))
            for subset in itertools.combinations(others, size):
                with_player = by_subset[frozenset(subset)]
                without_player = by_subset[frozenset((*subset, player))]
                values[player] += weight * (with_player - without_player)
    return values


def _without_cues(inputs: Inputs, averages: Averages, baseline: Baseline | None) -> list[Inputs]:
    """The clip without each subset of the cues, in the order of `_SUBSETS`."""
    average_speech = averages.get(NETWORK_INPUT)
    if baseline is not None:
        average_speech = cues.average_speech([clip.log_mel for clip in baseline.clips])

    @cache
    def parts() -> cues.LogMelParts:
        return cues.LogMelParts.of(inputs.log_mel)

    def change_vector(own: FeatureVector, subset: Collection[str]) -> Array:
        specs = FEATURE_SETS[own.feature_set].specs
        average = _average_features(averages, own.feature_set, baseline)
        return cues.remove_cues(own.values, specs, subset, average)

    def change_log_mel(_: LogMel, subset: Collection[str]) -> LogMel:
        assert isinstance(average_speech, AverageSpeech)
        return parts().without(subset, average_speech)

    return [
        inputs.changed(
            partial(change_vector, subset=subset), partial(change_log_mel, subset=subset)
        )
        if subset
        else inputs
        for subset in _SUBSETS
    ]


def _average_features(averages: Averages, feature_set: str, baseline: Baseline | None) -> Array:
    """The features [d] of the baseline or, without one, of the average training clip."""
    if baseline is not None:
        return baseline.vector(feature_set)
    average = averages[feature_set]
    assert isinstance(average, AverageFeatures)
    return average.mean


def _moments(inputs: Inputs) -> list[tuple[float, float]]:
    """(start, end) of the moments in seconds; none where the speech is shorter than two of them."""
    first, last = logmel.speech_span(inputs.recording.samples)
    seconds = last - first
    if seconds < 2 * LEAST_MOMENT_SECONDS:
        return []
    length = max(LEAST_MOMENT_SECONDS, seconds / MOST_MOMENTS)
    n = min(MOST_MOMENTS, 1 + math.ceil((seconds - length) / _STEP_SECONDS))
    starts = np.linspace(first, last - length, n)
    return [(float(start), float(start) + length) for start in starts]


def _sounds(
    inputs: Inputs, averages: Averages, baseline: Baseline | None
) -> dict[str, tuple[str, ...]]:
    """Words for each cue against the average.

    They come from the first feature set of the model that has named features; none without such a set.
    """
    for feature_set, average in averages.items():
        if not (isinstance(average, AverageFeatures) and _has_named_features(feature_set)):
            continue
        center = _average_features(averages, feature_set, baseline)
        deviations = (inputs.vector(feature_set).values - center) / average.deviation
        by_name = dict(zip(FEATURE_SETS[feature_set].names, deviations.tolist(), strict=True))
        return {cue: _describe_cue(cue, by_name) for cue in _SOUNDS}
    return {}


def _has_named_features(feature_set: str) -> bool:
    if feature_set not in FEATURE_SETS:
        return False
    large, small, *_ = _SOUNDS["pitch"][0]
    names = FEATURE_SETS[feature_set].names
    return large in names or small in names


def _describe_cue(cue: str, deviations: Mapping[str, float]) -> tuple[str, ...]:
    """Words for what is striking about a cue, by standard deviations of the features from the average."""
    words = []
    for large, small, much, little in _SOUNDS[cue]:
        deviation = deviations.get(large, deviations.get(small, 0.0))
        if abs(deviation) >= _STRIKING:
            words.append(much if deviation > 0 else little)
    return tuple(words)
