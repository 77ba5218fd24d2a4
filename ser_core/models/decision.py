"""When a prediction is too uncertain for an answer, and which labels are possible: thresholds.

The prediction set is split conformal prediction with the probability of the true label as score (least
ambiguous sets: Sadinle, Lei & Wasserman 2019, doi:10.1080/01621459.2017.1395341). Its coverage is an
average over speakers, no promise for one of them. The threshold of answers is the probability of the top
label below which the least certain fifth of clips lies (the reject option of Chow 1970). The same kind of
threshold tells whether a personal baseline can be neutral speech.

Conventions: `truth` [clips] are label positions, `probabilities` [clips, labels]; every speaker counts
the same. Thresholds are fitted on whole speakers that the model was not trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser_core.emotions import EMOTIONS, NEUTRAL

COVERAGE = 0.9
"""The share of clips whose prediction set is meant to hold the right label."""
REFUSED = 0.2
"""The share of clips, the least certain ones, that get no answer."""
NEUTRAL_MISSED = 0.1
"""The share of neutral clips that do not pass for neutral when a personal baseline is checked."""
SURE_OF_VOICE = 0.9
"""From this probability on, baseline and clip of different genders count as different people."""

_DECIMALS = 4
_ROUNDING_ERROR = 1e-12


@dataclass(frozen=True)
class Thresholds:
    """The thresholds of a model, as probabilities."""

    in_set: float
    """A label is in the prediction set from here on."""
    answered: float
    """An answer is given where the top label reaches this."""


def fit_thresholds(
    truth: npt.NDArray[np.int64],
    probabilities: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
) -> Thresholds:
    """Fit the thresholds for `COVERAGE` and `REFUSED`.

    Parameters
    ----------
    truth : array [clips]
        The positions of the right labels.
    probabilities : array [clips, labels]
        Of a model that was not trained on these clips.
    weights : array [clips]
        How much each clip counts.

    Returns
    -------
    Thresholds

    Examples
    --------
    >>> weights = np.full(10, 0.1)
    >>> right = np.linspace(0.1, 1.0, 10)
    >>> fit_thresholds(np.zeros(10, dtype=np.int64), np.stack([right, 1 - right], 1), weights)
    Thresholds(in_set=0.2, answered=0.6)
    """
    of_truth = probabilities[np.arange(len(truth)), truth]
    return Thresholds(
        in_set=quantile(of_truth, weights, 1 - COVERAGE),
        answered=quantile(probabilities.max(axis=1), weights, REFUSED),
    )


def equal_group_weights(groups: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Weights of clips that let every group (speaker, corpus) count the same.

    Parameters
    ----------
    groups : array [clips]
        The group of each clip.

    Returns
    -------
    array [clips]
        They sum to the number of groups.
    """
    _, group_of, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    return np.asarray(1 / counts[group_of])


def in_prediction_set(
    probabilities: npt.NDArray[np.float64], thresholds: Thresholds
) -> npt.NDArray[np.bool_]:
    """Whether each label is in the prediction set; the top label always is.

    Parameters
    ----------
    probabilities : array [clips, labels]
        Of a model.
    thresholds : Thresholds
        Of the same model.

    Returns
    -------
    array of bool [clips, labels]
    """
    is_inside = probabilities >= thresholds.in_set
    is_inside[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = True
    return is_inside


def prediction_set(probabilities: Mapping[str, float], thresholds: Thresholds) -> tuple[str, ...]:
    """The labels of a prediction set, the most likely first.

    Parameters
    ----------
    probabilities : mapping
        Of one clip, by label.
    thresholds : Thresholds
        Of the model that gave them.

    Returns
    -------
    tuple of str
        At least one label.

    Examples
    --------
    >>> probabilities = {"sad": 0.5, "neutral": 0.4, "angry": 0.1}
    >>> prediction_set(probabilities, Thresholds(in_set=0.2, answered=0.4))
    ('sad', 'neutral')
    """
    ranked = sorted(probabilities, key=lambda label: -probabilities[label])
    row = np.array([[probabilities[label] for label in ranked]])
    is_inside = in_prediction_set(row, thresholds)[0]
    return tuple(label for label, inside in zip(ranked, is_inside, strict=True) if inside)


def neutral_share(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The probability of neutral speech, calm included.

    Parameters
    ----------
    probabilities : array [clips, 8]
        Of the emotions.

    Returns
    -------
    array [clips]
    """
    columns = [EMOTIONS.index(emotion) for emotion in NEUTRAL]
    return np.asarray(probabilities[:, columns].sum(axis=1))


def other_voice(
    clip: npt.NDArray[np.float64], baseline: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Whether the gender of a clip surely differs from that of its baseline: somebody else speaks.

    Parameters
    ----------
    clip, baseline : array [..., 2]
        The probabilities of the genders.

    Returns
    -------
    array of bool [...]
    """
    is_sure = (clip.max(axis=-1) >= SURE_OF_VOICE) & (baseline.max(axis=-1) >= SURE_OF_VOICE)
    return np.asarray(is_sure & (clip.argmax(axis=-1) != baseline.argmax(axis=-1)))


def quantile(
    values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], share: float
) -> float:
    """The largest value with at most a share of the weight strictly below it.

    Parameters
    ----------
    values, weights : array [n]
        The values and how much each counts.
    share : float
        From 0 to 1.

    Returns
    -------
    float
        One of the values, rounded to four decimals.
    """
    order = np.argsort(values, kind="stable")
    weight_below = np.cumsum(weights[order]) - weights[order]
    most_below = share * weights.sum() + _ROUNDING_ERROR
    position = int(np.searchsorted(weight_below, most_below, side="right")) - 1
    return round(float(values[order][position]), _DECIMALS)
