"""Predictions restricted to the labels that both the tested corpus and the training have.

Conventions: `rows` [n] are positions in an utterance table; `truth` [n] are label positions; probabilities
are [n, labels] in the order of `LABELS[task]` and sum to 1 in each row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core.corpora import RECOGNISED
from ser_core.emotions import EMOTIONS, LABELS
from ser_core.evaluation import Positions
from ser_core.models.pooling import Probabilities, pool_probabilities
from ser_core.training.runs import Mask, Rows

_LEAST_PROBABILITY = 1e-9


@dataclass(frozen=True, eq=False)
class LabelledPredictions:
    """Clips with their true labels, and the probabilities that each member of a model gives them."""

    rows: Rows
    truth: Positions
    members: Sequence[Probabilities]

    def pooled(self, weights: Sequence[float]) -> Probabilities:
        """The members' probabilities as one, pooled by some weights: [n, labels]."""
        return pool_probabilities(self.members, weights)


def concatenate(parts: Sequence[LabelledPredictions]) -> LabelledPredictions:
    """The clips of several parts, one part after the other."""
    by_member = zip(*(part.members for part in parts), strict=True)
    return LabelledPredictions(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.truth for part in parts]),
        [np.concatenate(of_member) for of_member in by_member],
    )


def learnt_emotions(table: pd.DataFrame, train: Mask) -> Mask:
    """Which of the eight emotions the training rows have, shape [8]."""
    return np.isin(EMOTIONS, table["emotion"][train].unique())


def restrict_members(
    table: pd.DataFrame,
    rows: Rows,
    members: Sequence[Probabilities],
    task: str,
    learnt: Mask,
) -> LabelledPredictions:
    """The probabilities of every member on the common labels; see `restrict_to_common_labels`."""
    restricted = [
        restrict_to_common_labels(table, rows, probabilities, task, learnt)
        for probabilities in members
    ]
    usable_rows, truth, _ = restricted[0]
    return LabelledPredictions(
        usable_rows, truth, [probabilities for *_, probabilities in restricted]
    )


def restrict_to_common_labels(
    table: pd.DataFrame,
    rows: Rows,
    probabilities: Probabilities,
    task: str,
    learnt: Mask,
    emotions: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> tuple[Rows, Positions, Probabilities]:
    """Predictions on the labels that both the tested corpus and the training have.

    Where one side lacks calm, calm counts as neutral. Clips of an emotion that training lacks are dropped.
    Labels that the tested corpus or training lacks get probability 0, and the rest sums to 1 again. For the
    task `gender` nothing changes.

    Parameters
    ----------
    table : DataFrame
        An utterance table.
    rows : ndarray of int, shape [n]
        Positions of the tested clips in it.
    probabilities : ndarray, shape [n, labels]
        What a model gives them.
    task : str
        "emotion" or "gender".
    learnt : ndarray of bool, shape [8]
        The emotions that the model has learnt; see `learnt_emotions`.
    emotions : mapping, optional
        The emotions of corpora that are not `RECOGNISED`, by the corpus's name.

    Returns
    -------
    (rows [m], truth [m], probabilities [m, labels])
        Of the m <= n clips whose emotion both sides have.
    """
    labels = LABELS[task]
    truth = np.array([labels.index(label) for label in table[task].iloc[rows]], dtype=np.int64)
    if task == "gender":
        return rows, truth, probabilities
    calm, neutral = labels.index("calm"), labels.index("neutral")
    probabilities = probabilities.copy()
    common = np.zeros_like(probabilities, dtype=bool)
    corpus_of = table["corpus"].iloc[rows].to_numpy()
    for name in np.unique(corpus_of):
        of_corpus = corpus_of == name
        tested = emotions[name] if name in emotions else RECOGNISED[name].emotions
        labels_of_corpus = np.isin(EMOTIONS, tested) & learnt
        common[of_corpus] = labels_of_corpus
        if not labels_of_corpus[calm]:
            probabilities[of_corpus, neutral] += probabilities[of_corpus, calm]
            truth[of_corpus & (truth == calm)] = neutral
    usable = common[np.arange(len(rows)), truth]
    return rows[usable], truth[usable], _renormalised(probabilities[usable], common[usable])


def _renormalised(probabilities: Probabilities, common: npt.NDArray[np.bool_]) -> Probabilities:
    """Probabilities with 0 outside the common labels [n, labels], whose rows sum to 1 again."""
    positive = np.where(common, np.maximum(probabilities, _LEAST_PROBABILITY), 0.0)
    return np.asarray(positive / positive.sum(axis=1, keepdims=True))
