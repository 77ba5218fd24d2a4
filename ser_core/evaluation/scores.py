"""How predictions are scored: recall, UAR, accuracy, F1 and calibration error.

Conventions: `truth` and `predicted` are label positions [n]; `probabilities` is [n, labels]. A confusion
matrix holds counts, its rows are the truth, its columns the prediction, both in the order of the labels; with
further axes in front it is one matrix each. Scores are shares between 0 and 1. Nothing here is fitted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.emotions import LABELS
from ser_core.evaluation.intervals import (
    Array,
    Interval,
    bootstrap_interval,
    percentile_interval,
)
from ser_core.evaluation.out_of_fold import Positions, truth_and_probabilities

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

_ECE_BINS = 15
_TINY = 1e-12


@dataclass(frozen=True)
class Scores:
    """The scores of one model under one protocol. UAR (unweighted average recall) comes first."""

    n_utterances: int
    n_speakers: int | None
    """None where it is not known of every clip who speaks."""
    seeds: tuple[int, ...]
    uar: Interval
    accuracy: Interval
    macro_f1: Interval
    ece: float
    recall: dict[str, float]
    """Of the labels that occur."""

    def to_dict(self) -> dict[str, object]:
        """The scores as a model's card holds them: rounded to four decimals, None for an unknown limit."""
        return _rounded(asdict(self))  # type: ignore[return-value]


def confusion(truth: Positions, predicted: Positions, n_labels: int) -> Array:
    """Counts of (truth, prediction).

    Parameters
    ----------
    truth, predicted : array [n]
        Label positions.
    n_labels : int
        How many labels there are.

    Returns
    -------
    array [n_labels, n_labels]

    Examples
    --------
    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    cells = np.bincount(truth * n_labels + predicted, minlength=n_labels**2)
    return cells.reshape(n_labels, n_labels).astype(np.float64)


def speaker_confusions(
    truth: Positions, predicted: Positions, speakers: npt.ArrayLike, n_labels: int
) -> Array:
    """One confusion matrix for each speaker.

    Parameters
    ----------
    truth, predicted : array [n]
        Label positions.
    speakers : array [n]
        Who speaks in each clip.
    n_labels : int
        How many labels there are.

    Returns
    -------
    array [speakers, n_labels, n_labels]
        Speakers in sorted order.
    """
    names, speaker_of = np.unique(np.asarray(speakers), return_inverse=True)
    cells = (speaker_of * n_labels + truth) * n_labels + predicted
    counts = np.bincount(cells, minlength=len(names) * n_labels**2)
    return counts.reshape(len(names), n_labels, n_labels).astype(np.float64)


def recalls(counts: Array) -> Array:
    """The share of each label's clips that was recognised.

    Parameters
    ----------
    counts : array [..., labels, labels]
        Confusion matrices.

    Returns
    -------
    array [..., labels]
        NaN for a label without clips.
    """
    return _shares(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))


def uar(counts: Array) -> Array:
    """Unweighted average recall: the mean of the recalls of the labels that occur (Schuller et al. 2009).

    Parameters
    ----------
    counts : array [..., labels, labels]
        Confusion matrices.

    Returns
    -------
    array [...]

    Examples
    --------
    >>> float(uar(np.array([[9.0, 1.0], [1.0, 1.0]])))
    0.7
    """
    return uar_of_hits(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))


def uar_of_hits(hits: Array, clips: Array) -> Array:
    """UAR where only the number of clips and of those recognised is known.

    Parameters
    ----------
    hits, clips : array [..., labels]
        How many clips of each label were recognised, and how many there are.

    Returns
    -------
    array [...]

    Examples
    --------
    >>> float(uar_of_hits(np.array([9.0, 1.0, 0.0]), np.array([10.0, 2.0, 0.0])))
    0.7
    """
    return np.asarray(np.nanmean(_shares(hits, clips), axis=-1))


def accuracy(counts: Array) -> Array:
    """The share of all clips that was recognised.

    Parameters
    ----------
    counts : array [..., labels, labels]
        Confusion matrices.

    Returns
    -------
    array [...]
    """
    return np.asarray(np.trace(counts, axis1=-2, axis2=-1) / counts.sum(axis=(-2, -1)))


def macro_f1(counts: Array) -> Array:
    """The mean over labels of the harmonic mean of precision and recall; 0 for a label that is never right.

    Labels that occur neither in truth nor in prediction are left out, as in `sklearn.metrics.f1_score`.

    Parameters
    ----------
    counts : array [..., labels, labels]
        Confusion matrices.

    Returns
    -------
    array [...]
    """
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    occurrences = counts.sum(axis=-1) + counts.sum(axis=-2)
    return np.asarray(np.nanmean(_shares(2 * hits, occurrences), axis=-1))


def ece(truth: Positions, probabilities: Array, n_bins: int = _ECE_BINS) -> float:
    """Expected calibration error of the top label (Naeini et al. 2015; Nguyen & O'Connor 2015).

    Clips are ordered by the probability of their top label and cut into bins of nearly equal count. The gap
    between mean probability and share right is averaged over the bins, weighted by their count.

    Parameters
    ----------
    truth : array [n]
        Label positions.
    probabilities : array [n, labels]
        What was predicted.
    n_bins : int, optional
        How many bins; no more than clips are used.

    Returns
    -------
    float

    Examples
    --------
    >>> ece(np.array([0, 0, 1, 1]), np.array([[1.0, 0.0]] * 4), n_bins=1)
    0.5
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    gaps = [
        abs(confidence[clips].mean() - right[clips].mean()) * len(clips)
        for clips in _equal_mass_bins(confidence, n_bins)
    ]
    return float(np.sum(gaps) / len(truth))


def reliability(rows: pd.DataFrame, task: str, n_bins: int = _ECE_BINS) -> pd.DataFrame:
    """The reliability diagram: how sure a model is of its top label, and how often that label is right.

    Parameters
    ----------
    rows : DataFrame
        Rows of one model in an out-of-fold table; several seeds are taken together.
    task : str
        "emotion" or "gender".
    n_bins : int, optional
        How many bins of nearly equal count.

    Returns
    -------
    DataFrame
        A row for each bin: confidence and right (mean shares), clips (their number).
    """
    import pandas as pd

    truth, probabilities = truth_and_probabilities(rows, task)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bins = [
        (confidence[clips].mean(), right[clips].mean(), len(clips))
        for clips in _equal_mass_bins(confidence, n_bins)
    ]
    return pd.DataFrame(bins, columns=["confidence", "right", "clips"])


def score(rows: pd.DataFrame, task: str) -> Scores:
    """The scores of one model under one protocol.

    Over several seeds each clip counts once per seed: the value is that of the average run, and so is its
    interval over speakers. The interval is unknown where a speaker is unknown ("") or there is only one.

    Parameters
    ----------
    rows : DataFrame
        The model's rows of an out-of-fold table.
    task : str
        "emotion" or "gender".

    Returns
    -------
    Scores
    """
    labels = LABELS[task]
    all_speakers_known = bool((rows["speaker"] != "").all())
    truth, probabilities = truth_and_probabilities(rows, task)
    predicted = probabilities.argmax(axis=1).astype(np.int64)
    counts = speaker_confusions(truth, predicted, rows["speaker"], len(labels))

    def interval(statistic: Callable[[Array], Array]) -> Interval:
        if all_speakers_known:
            return bootstrap_interval(statistic, counts)
        return percentile_interval(float(statistic(counts.sum(axis=0))), None)

    seed_of = rows["seed"].to_numpy()
    seeds = tuple(int(seed) for seed in np.unique(seed_of))
    errors = [ece(truth[seed_of == seed], probabilities[seed_of == seed]) for seed in seeds]
    recall_of = zip(labels, recalls(counts.sum(axis=0)), strict=True)
    return Scores(
        n_utterances=len(rows) // len(seeds),
        n_speakers=len(counts) if all_speakers_known else None,
        seeds=seeds,
        uar=interval(uar),
        accuracy=interval(accuracy),
        macro_f1=interval(macro_f1),
        ece=float(np.mean(errors)),
        recall={label: float(value) for label, value in recall_of if not np.isnan(value)},
    )


def mean_confusion(rows: pd.DataFrame, task: str) -> Array:
    """The confusion matrix of one model under one protocol; over several seeds, their mean.

    Parameters
    ----------
    rows : DataFrame
        The model's rows of an out-of-fold table.
    task : str
        "emotion" or "gender".

    Returns
    -------
    array [labels, labels]
    """
    truth, probabilities = truth_and_probabilities(rows, task)
    predicted = probabilities.argmax(axis=1).astype(np.int64)
    counts = confusion(truth, predicted, len(LABELS[task]))
    return np.asarray(counts / rows["seed"].nunique())


def _shares(hits: Array, clips: Array) -> Array:
    """Hits by clips; NaN where there are no clips."""
    return np.where(clips > 0, hits / np.maximum(clips, _TINY), np.nan)


def _equal_mass_bins(confidence: Array, n_bins: int) -> list[npt.NDArray[np.int64]]:
    """The clips of each bin, from the least sure to the surest."""
    order = np.argsort(confidence, kind="stable")
    return np.array_split(order, min(n_bins, len(order)))


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return None if np.isnan(value) else round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(inner) for inner in value]
    return value
