"""Human listeners: how often people who heard only the voice chose the emotion that the actor had been asked for.

From the votes of CREMA-D's crowd (Cao et al. 2014). Each of its clips was rated by about nine listeners, who chose one of
six emotions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ser_core import evaluation
from ser_core.corpora.crema_d import CREMA_D, VOTE_COLUMNS
from ser_core.evaluation import DATA_DIR, Interval
from ser_core.storage import manifest

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

LISTENERS = DATA_DIR / "crema-d" / "listeners.csv"


@dataclass(frozen=True)
class ListenerScores:
    """How well listeners did; all but the counts are shares.

    `single_rating` is the accuracy of one vote, over all votes. `majority` is the share of clips for which the intended
    emotion had more votes than any other: a tie is no majority and counts as wrong. `majority_ties_shared` counts a tie of
    k emotions, the intended one among them, as 1/k. The `_uar` are averages over the intended emotions.
    """

    n_utterances: int
    n_votes: int
    single_rating: float
    single_rating_uar: float
    majority: float
    majority_uar: float
    majority_ties_shared: float


def listener_votes(file: Path = LISTENERS) -> pd.DataFrame:
    """The voice-only votes of CREMA-D, one row per clip: `path` (its name without ending) and a count per emotion."""
    import pandas as pd

    return pd.read_csv(manifest.intact(file))


def listener_scores(votes: pd.DataFrame) -> ListenerScores:
    """The scores of the listeners whose votes these are: a table as `listener_votes` gives it, or some of its rows.

    Raises
    ------
    ValueError
        For a row that names no clip of CREMA-D.
    """
    import numpy as np

    counts, intended, _ = _counts(votes)
    right = counts[np.arange(len(counts)), intended]
    most = counts.max(axis=1)
    n_leading = (counts == most[:, None]).sum(axis=1)
    leads = right == most
    alone = leads & (n_leading == 1)
    of_each = [intended == emotion for emotion in np.unique(intended)]
    return ListenerScores(
        n_utterances=len(counts),
        n_votes=int(counts.sum()),
        single_rating=float(right.sum() / counts.sum()),
        single_rating_uar=float(
            np.mean([right[rows].sum() / counts[rows].sum() for rows in of_each])
        ),
        majority=float(alone.mean()),
        majority_uar=float(np.mean([alone[rows].mean() for rows in of_each])),
        majority_ties_shared=float((leads / n_leading).mean()),
    )


def listener_intervals(votes: pd.DataFrame) -> tuple[Interval, Interval]:
    """UAR and accuracy of single ratings with their 95% intervals: a bootstrap over the speakers who were heard, as for models.

    Raises
    ------
    ValueError
        As `listener_scores`.
    """
    import numpy as np

    counts, intended, speakers = _counts(votes)
    names, which = np.unique(speakers, return_inverse=True)
    of_each = np.zeros((len(names), counts.shape[1], counts.shape[1]))
    np.add.at(of_each, (which, intended), counts)
    replicates = evaluation.replicated(of_each, speakers)

    def interval(statistic: Callable[[evaluation.Array], evaluation.Array]) -> Interval:
        low, high = np.nanpercentile(statistic(replicates), [2.5, 97.5])
        return Interval(float(statistic(of_each.sum(axis=0))), float(low), float(high))

    return interval(evaluation.uar), interval(evaluation.accuracy)


def _counts(
    votes: pd.DataFrame,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.str_]]:
    """The votes [clips, emotions], the position of the intended emotion and the speaker of each clip."""
    import numpy as np

    labels = [CREMA_D.parse(Path(name)) for name in votes["path"]]
    known = [label for label in labels if label is not None]
    if len(known) < len(labels):
        raise ValueError(
            f"The path must name a clip of CREMA-D. Got {votes['path'].iloc[labels.index(None)]!r}."
        )
    emotions = list(VOTE_COLUMNS)
    intended = np.array([emotions.index(label.emotion) for label in known], dtype=np.int64)
    return (
        votes[emotions].to_numpy(dtype=np.int64),
        intended,
        np.array([label.speaker for label in known]),
    )
