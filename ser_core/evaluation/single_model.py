"""One model from several sides: groups of clips, refusals, and the clips behind a confusion.

Conventions: rows are those of one model in an out-of-fold table; shares are between 0 and 1. Intervals (95%)
come from a bootstrap over speakers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ser_core.emotions import LABELS
from ser_core.evaluation.intervals import bootstrap_interval
from ser_core.evaluation.out_of_fold import truth_and_probabilities
from ser_core.evaluation.scores import speaker_confusions, uar

if TYPE_CHECKING:
    import pandas as pd

GROUPS = {
    "gender": "Gender",
    "intensity": "Intensity",
    "statement": "Sentence",
    "speaker": "Speaker",
}
"""What the clips of a corpus can be grouped by, and how pages call it."""

_CLIP_COLUMNS = ["path", "corpus", "speaker", "gender", "intensity", "statement"]
_MOST_GROUPS = 100


def risk_coverage(rows: pd.DataFrame, task: str, points: int = 101) -> pd.DataFrame:
    """How much is answered and how often that is right, when less sure answers are refused.

    The risk-coverage curve of El-Yaniv & Wiener (2010), with accuracy in place of risk.

    Parameters
    ----------
    rows : DataFrame
        The rows of one model; several seeds are taken together.
    task : str
        "emotion" or "gender".
    points : int, optional
        How many thresholds between 0 and 1.

    Returns
    -------
    DataFrame
        Columns threshold, coverage and accuracy of what is answered (NaN where nothing is).
    """
    import pandas as pd

    truth, probabilities = truth_and_probabilities(rows, task)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    curve = []
    for threshold in np.linspace(0, 1, points):
        answered = confidence >= threshold
        accuracy = right[answered].mean() if answered.any() else np.nan
        curve.append((threshold, answered.mean(), accuracy))
    return pd.DataFrame(curve, columns=["threshold", "coverage", "accuracy"])


def score_groups(rows: pd.DataFrame, task: str, by: str) -> pd.DataFrame:
    """The UAR of one model in each group of clips; of a group with a single label, that label's recall.

    Parameters
    ----------
    rows : DataFrame
        The rows of one model.
    task : str
        "emotion" or "gender".
    by : str
        One of `GROUPS`.

    Returns
    -------
    DataFrame
        Columns group, name (as a person would call it), clips, speakers, value, and low and high: the 95%
        interval over the group's speakers, NaN where there is only one.
    """
    import pandas as pd

    truth, probabilities = truth_and_probabilities(rows, task)
    predicted = probabilities.argmax(axis=1).astype(np.int64)
    n_seeds = rows["seed"].nunique()
    corpus = f"{rows['corpus'].iloc[0]}-"  # the names of speakers begin with it
    scored = []
    for group in sorted(set(rows[by])):
        of_group = (rows[by] == group).to_numpy()
        counts = speaker_confusions(
            truth[of_group], predicted[of_group], rows["speaker"][of_group], len(LABELS[task])
        )
        interval = bootstrap_interval(uar, counts)
        scored.append(
            {
                "group": group,
                "name": group.removeprefix(corpus) if by == "speaker" else _capitalised(group),
                "clips": int(of_group.sum()) // n_seeds,
                "speakers": len(counts),
                "value": interval.value,
                "low": interval.low,
                "high": interval.high,
            }
        )
    return pd.DataFrame(scored)


def clips_in_cell(rows: pd.DataFrame, task: str, truth: str, predicted: str) -> pd.DataFrame:
    """The clips of one cell of a confusion matrix, the surest first.

    Parameters
    ----------
    rows : DataFrame
        The rows of one model. Of several seeds the first counts.
    task : str
        "emotion" or "gender".
    truth, predicted : str
        The labels of the cell.

    Returns
    -------
    DataFrame
        Columns path, corpus, speaker, gender, intensity, statement and confidence.
    """
    first_seed = rows["seed"] == rows["seed"].min()
    rows = rows[first_seed & (rows["truth"] == truth)]
    _, probabilities = truth_and_probabilities(rows, task)
    clips = rows[_CLIP_COLUMNS].assign(confidence=probabilities.max(axis=1).round(3))
    in_cell = probabilities.argmax(axis=1) == LABELS[task].index(predicted)
    return clips[in_cell].sort_values("confidence", ascending=False, ignore_index=True)


def available_groups(rows: pd.DataFrame) -> list[str]:
    """The keys of `GROUPS` that divide some rows into at least two parts, and not into too many to show."""
    return [by for by in GROUPS if 1 < rows[by].nunique() <= _MOST_GROUPS]


def _capitalised(name: str) -> str:
    return name[:1].upper() + name[1:]
