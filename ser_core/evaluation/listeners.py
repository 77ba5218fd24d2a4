"""Human listeners: how often people who heard only the voice chose the emotion that the actor was asked for.

Conventions: votes are those of CREMA-D's crowd (Cao et al. 2014): about nine listeners rated each clip and
chose one of six emotions. Scores are shares between 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.corpora.crema_d import CREMA_D, VOTE_COLUMNS
from ser_core.evaluation.intervals import Interval, bootstrap_interval
from ser_core.evaluation.scores import accuracy, uar, uar_of_hits
from ser_core.storage import manifest
from ser_core.storage.paths import DATA_DIR

if TYPE_CHECKING:
    import pandas as pd

LISTENERS = DATA_DIR / "crema-d" / "listeners.csv"


@dataclass(frozen=True)
class ListenerScores:
    """How well listeners did; all but the counts are shares.

    `single_rating` is the accuracy of one vote, over all votes. `majority` is the share of clips for which
    the intended emotion had more votes than any other: a tie is no majority and counts as wrong.
    `majority_ties_shared` counts a tie of k emotions, the intended one among them, as 1/k. The `_uar` are
    averages over the intended emotions.
    """

    n_utterances: int
    n_votes: int
    single_rating: float
    single_rating_uar: float
    majority: float
    majority_uar: float
    majority_ties_shared: float


def read_votes(file: Path = LISTENERS) -> pd.DataFrame:
    """The voice-only votes of CREMA-D.

    Parameters
    ----------
    file : Path, optional
        The stored table.

    Returns
    -------
    DataFrame
        One row per clip: path (its name without ending) and the number of votes for each emotion.
    """
    import pandas as pd

    return pd.read_csv(manifest.verify(file))


def score_listeners(votes: pd.DataFrame) -> ListenerScores:
    """The scores of the listeners whose votes these are.

    Parameters
    ----------
    votes : DataFrame
        As `read_votes` gives it, or some of its rows.

    Returns
    -------
    ListenerScores

    Raises
    ------
    ValueError
        For a row that names no clip of CREMA-D.
    """
    counts, intended, _ = _vote_counts(votes)
    n_votes, n_clips = _sums(counts.sum(axis=1), intended), _sums(np.ones(len(counts)), intended)
    right = counts[np.arange(len(counts)), intended]
    most = counts.max(axis=1)
    n_leading = (counts == most[:, None]).sum(axis=1)
    leads = right == most
    majority = leads & (n_leading == 1)
    return ListenerScores(
        n_utterances=len(counts),
        n_votes=int(counts.sum()),
        single_rating=float(right.sum() / counts.sum()),
        single_rating_uar=float(uar_of_hits(_sums(right, intended), n_votes)),
        majority=float(majority.mean()),
        majority_uar=float(uar_of_hits(_sums(majority, intended), n_clips)),
        majority_ties_shared=float((leads / n_leading).mean()),
    )


def single_rating_intervals(votes: pd.DataFrame) -> tuple[Interval, Interval]:
    """UAR and accuracy of single ratings with their 95% intervals over the speakers who were heard.

    Parameters
    ----------
    votes : DataFrame
        As `read_votes` gives it.

    Returns
    -------
    (Interval, Interval)
        UAR and accuracy.

    Raises
    ------
    ValueError
        For a row that names no clip of CREMA-D.
    """
    counts, intended, speakers = _vote_counts(votes)
    names, speaker_of = np.unique(speakers, return_inverse=True)
    confusions = np.zeros((len(names), counts.shape[1], counts.shape[1]))
    np.add.at(confusions, (speaker_of, intended), counts)
    return bootstrap_interval(uar, confusions), bootstrap_interval(accuracy, confusions)


def _vote_counts(
    votes: pd.DataFrame,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.str_]]:
    """The votes [clips, emotions], and the intended emotion's position and the speaker of each clip."""
    parsed = [CREMA_D.parse(Path(name)) for name in votes["path"]]
    labels = [label for label in parsed if label is not None]
    if len(labels) < len(parsed):
        unknown = votes["path"].iloc[parsed.index(None)]
        raise ValueError(f"The path must name a clip of CREMA-D. Got {unknown!r}.")
    emotions = list(VOTE_COLUMNS)
    counts = votes[emotions].to_numpy(dtype=np.int64)
    intended = np.array([emotions.index(label.emotion) for label in labels], dtype=np.int64)
    return counts, intended, np.array([label.speaker for label in labels])


def _sums(values: npt.ArrayLike, intended: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The sum of the values of the clips of each intended emotion."""
    weights = np.asarray(values, dtype=np.float64)
    return np.asarray(np.bincount(intended, weights, len(VOTE_COLUMNS)), dtype=np.float64)
