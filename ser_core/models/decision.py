"""When an answer is too uncertain to give, and which labels are left: limits on probabilities, fitted on whole speakers.

The prediction set is split conformal prediction with the probability of the true label as score (least ambiguous sets: Sadinle,
Lei & Wasserman 2019, doi:10.1080/01621459.2017.1395341). What it promises is an average over speakers, no promise for one of
them. The refusal threshold is the probability of the top label below which the least certain fifth of clips lies (the reject
option of Chow 1970). The same kind of limit tells whether a personal baseline can be what it claims to be.

Conventions: `truth` [clips] are label positions, `probabilities` [clips, labels]; each speaker counts once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser_core.emotions import EMOTIONS, NEUTRAL

COVERAGE = 0.9
"""How often the prediction set is meant to hold the right label."""
REFUSED = 0.2
"""The share of clips, the least certain ones, that is refused."""


NEUTRAL_MISSED = 0.1
"""The share of neutral clips that are taken for not neutral when a personal baseline is checked."""


SURE_OF_VOICE = 0.9
"""From this probability on, baseline and clip of different genders are taken for different people."""


@dataclass(frozen=True)
class Limits:
    """A label is in the prediction set from probability `in_set` on; an answer is given where the top label reaches `answered`."""

    in_set: float
    answered: float


def fit(
    truth: npt.NDArray[np.int64],
    probabilities: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
) -> Limits:
    """The limits that hold on clips that the model was not trained on, weighted by `weights` [clips].

    >>> even = np.full(10, 0.1)
    >>> sure = np.linspace(0.1, 1.0, 10)
    >>> fit(np.zeros(10, dtype=np.int64), np.stack([sure, 1 - sure], 1), even)
    Limits(in_set=0.2, answered=0.6)
    """
    right = probabilities[np.arange(len(truth)), truth]
    return Limits(
        quantile(right, weights, 1 - COVERAGE),
        quantile(probabilities.max(axis=1), weights, REFUSED),
    )


def each_speaker_once(speakers: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Weights of clips, shape [clips], that let every speaker count the same."""
    _, which, counts = np.unique(np.asarray(speakers), return_inverse=True, return_counts=True)
    return np.asarray(1 / counts[which])


def in_set(probabilities: npt.NDArray[np.float64], limits: Limits) -> npt.NDArray[np.bool_]:
    """Which labels are in the prediction set, shape [clips, labels]; the top label always is."""
    inside = probabilities >= limits.in_set
    inside[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = True
    return inside


def prediction_set(probabilities: Mapping[str, float], limits: Limits) -> tuple[str, ...]:
    """The labels of a prediction set, the most likely first.

    >>> prediction_set({"sad": 0.5, "neutral": 0.4, "angry": 0.1}, Limits(in_set=0.2, answered=0.4))
    ('sad', 'neutral')
    """
    ranked = sorted(probabilities, key=lambda label: -probabilities[label])
    inside = in_set(np.array([[probabilities[label] for label in ranked]]), limits)[0]
    return tuple(label for label, is_inside in zip(ranked, inside, strict=True) if is_inside)


def neutral_share(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How likely neutral is, calm included: [clips, 8] to [clips]."""
    return np.asarray(
        probabilities[:, [EMOTIONS.index(emotion) for emotion in NEUTRAL]].sum(axis=1)
    )


def other_voice(
    clip: npt.NDArray[np.float64], baseline: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Whether the gender of clips [..., 2] differs from that of their baselines [..., 2] for sure: then somebody else speaks."""
    sure = (clip.max(axis=-1) >= SURE_OF_VOICE) & (baseline.max(axis=-1) >= SURE_OF_VOICE)
    return np.asarray(sure & (clip.argmax(axis=-1) != baseline.argmax(axis=-1)))


def quantile(
    values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], share: float
) -> float:
    """The largest of the values with at most `share` of the weight strictly below it."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order]) - weights[order]
    at = int(np.searchsorted(below, share * weights.sum() + 1e-12, side="right")) - 1
    return round(float(values[order][at]), 4)
