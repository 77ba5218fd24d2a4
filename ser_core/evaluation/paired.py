"""Two models on the same clips, compared from stored out-of-fold predictions.

Conventions: rows are those of out-of-fold tables; shares are between 0 and 1. Speakers, not clips, are the
unit of chance: intervals come from a bootstrap over speakers, the test from exchanging the two models'
predictions speaker by speaker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ser_core.emotions import LABELS
from ser_core.evaluation.intervals import (
    Array,
    Interval,
    percentile_interval,
    resample_speakers,
)
from ser_core.evaluation.out_of_fold import truth_and_probabilities
from ser_core.evaluation.scores import speaker_confusions, uar

if TYPE_CHECKING:
    import pandas as pd

_CLIP_COLUMNS = ["path", "corpus", "speaker", "gender", "intensity", "statement"]
_PERMUTATIONS = 4000
_EQUAL = 0.05  # points: less than the figures in a sentence show


@dataclass(frozen=True)
class PairedComparison:
    """How much more the first of two models recognises (UAR), and how likely that is by chance.

    The interval and `p_value` are NaN where fewer than two speakers are known; `n_speakers` is None where it
    is not known of every clip who speaks. The last four fields are shares of the clips.
    """

    difference: Interval
    p_value: float
    n_clips: int
    n_speakers: int | None
    both_right: float
    only_first: float
    only_second: float
    neither: float


def match_clips(first: pd.DataFrame, second: pd.DataFrame, task: str) -> pd.DataFrame:
    """The clips that both models were tested on, with what each model predicted.

    Parameters
    ----------
    first, second : DataFrame
        The rows of each model. Of several seeds the first counts.
    task : str
        "emotion" or "gender".

    Returns
    -------
    DataFrame
        One row per clip: path, corpus, speaker, gender, intensity, statement, truth, and for each model
        (`_1`, `_2`) `predicted`, `confidence` (its probability) and `right`.
    """
    about_clips = _first_seed(first)[[*_CLIP_COLUMNS, "truth"]]
    return about_clips.merge(_predictions(first, task, 1), on="path").merge(
        _predictions(second, task, 2), on="path"
    )


def compare_models(first: pd.DataFrame, second: pd.DataFrame, task: str) -> PairedComparison:
    """The comparison of two models on the clips that both were tested on.

    The interval is a bootstrap over speakers of the difference in UAR. The test is a permutation test: if the
    models were alike, their predictions could be exchanged for any speaker (Good 2005, Permutation,
    Parametric and Bootstrap Tests of Hypotheses).

    Parameters
    ----------
    first, second : DataFrame
        The rows of each model. Over several seeds the difference is that of the average run; how often both
        are right, or one, is counted on the first seed of each.
    task : str
        "emotion" or "gender".

    Returns
    -------
    PairedComparison
    """
    clips = match_clips(first, second, task)
    one, other = (
        _speaker_confusions(rows[rows["path"].isin(clips["path"])], task)
        for rows in (first, second)
    )
    value = float(uar(one.sum(axis=0)) - uar(other.sum(axis=0)))
    all_speakers_known = bool((clips["speaker"] != "").all())
    testable = all_speakers_known and len(one) > 1
    replicates = uar(resample_speakers(one)) - uar(resample_speakers(other)) if testable else None
    right_1, right_2 = clips["right_1"].to_numpy(bool), clips["right_2"].to_numpy(bool)
    return PairedComparison(
        difference=percentile_interval(value, replicates),
        p_value=_permutation_p_value(one, other, value) if testable else float("nan"),
        n_clips=len(clips),
        n_speakers=len(one) if all_speakers_known else None,
        both_right=float(np.mean(right_1 & right_2)),
        only_first=float(np.mean(right_1 & ~right_2)),
        only_second=float(np.mean(~right_1 & right_2)),
        neither=float(np.mean(~right_1 & ~right_2)),
    )


def paired_recalls(clips: pd.DataFrame, task: str) -> pd.DataFrame:
    """The recall of each label that occurs, for both models.

    Parameters
    ----------
    clips : DataFrame
        As `match_clips` gives them.
    task : str
        "emotion" or "gender".

    Returns
    -------
    DataFrame
        Columns label, first, second.
    """
    import pandas as pd

    of_label = clips.groupby("truth", observed=True)[["right_1", "right_2"]].mean()
    rows = [
        (label, float(of_label["right_1"][label]), float(of_label["right_2"][label]))
        for label in LABELS[task]
        if label in of_label.index
    ]
    return pd.DataFrame(rows, columns=["label", "first", "second"])


def clips_in_disagreement(clips: pd.DataFrame) -> pd.DataFrame:
    """The clips for which two models predict different labels, those that one has right first.

    Parameters
    ----------
    clips : DataFrame
        As `match_clips` gives them.

    Returns
    -------
    DataFrame
        Columns path, corpus, speaker, gender, truth, predicted_1, predicted_2, and right ("the first",
        "the second" or "neither").
    """
    differing = clips[clips["predicted_1"] != clips["predicted_2"]]
    sides = [differing["right_1"], differing["right_2"]]
    right = np.select(sides, ["the first", "the second"], "neither")
    order = np.select(sides, [0, 1], 2)
    ordered = differing.assign(right=right, order=order).sort_values(
        ["order", "path"], ignore_index=True
    )
    about = ["path", "corpus", "speaker", "gender", "truth"]
    return ordered[[*about, "predicted_1", "predicted_2", "right"]]


def describe_comparison(comparison: PairedComparison, first: str, second: str) -> str:
    """A comparison in words.

    Parameters
    ----------
    comparison : PairedComparison
        As `compare_models` gives it.
    first, second : str
        The titles of the two models.

    Returns
    -------
    str
        One or two sentences in Markdown, the better model first.
    """
    c = comparison
    points, low, high = (100 * v for v in (c.difference.value, c.difference.low, c.difference.high))
    clips = f"On the same {c.n_clips:,} clips"
    better, worse = first, second
    if points < 0:
        better, worse = second, first
        low, high = -high, -low
    more = f"**{better}** recognises **{abs(points):.1f} points** more (UAR) than **{worse}**"
    if np.isnan(c.p_value):
        return (
            f"{clips} {more}. Whether that is chance cannot be told: "
            "that takes at least two speakers, and to know of every clip who speaks."
        )
    clips += f" of {c.n_speakers} speakers"
    if abs(points) < _EQUAL:
        return (
            f"{clips} **{first}** and **{second}** recognise equally much "
            f"(UAR; 95% interval of the difference {low:.1f} to {high:.1f} points)."
        )
    chance = "less than 1 time in 1,000" if c.p_value < 0.001 else f"{c.p_value:.1%} of the time"
    return (
        f"{clips} {more} (95% interval {low:.1f} to {high:.1f}). "
        f"If the two were alike, a difference like this would come up {chance}."
    )


def _first_seed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["seed"] == rows["seed"].min()]


def _predictions(rows: pd.DataFrame, task: str, number: int) -> pd.DataFrame:
    """By path, the label that a model predicted, its probability, and whether it is right."""
    rows = _first_seed(rows)
    _, probabilities = truth_and_probabilities(rows, task)
    predicted = np.array(LABELS[task])[probabilities.argmax(axis=1)]
    columns = {
        f"predicted_{number}": predicted,
        f"confidence_{number}": probabilities.max(axis=1),
        f"right_{number}": predicted == rows["truth"],
    }
    return rows[["path"]].assign(**columns)


def _permutation_p_value(one: Array, other: Array, difference: float) -> float:
    """How often a difference in UAR at least as large comes up when speakers are exchanged at random."""
    exchanged = np.random.default_rng(0).random((_PERMUTATIONS, len(one))) < 0.5
    changes = (other - one).reshape(len(one), -1)
    moved = (exchanged.astype(np.float64) @ changes).reshape(-1, *one.shape[1:])
    by_chance = uar(one.sum(axis=0) + moved) - uar(other.sum(axis=0) - moved)
    n_as_large = np.sum(np.abs(by_chance) >= abs(difference) - 1e-12)
    return float((1 + n_as_large) / (1 + _PERMUTATIONS))


def _speaker_confusions(rows: pd.DataFrame, task: str) -> Array:
    """One confusion matrix per speaker, of the average run: shape [speakers, labels, labels]."""
    truth, probabilities = truth_and_probabilities(rows, task)
    predicted = probabilities.argmax(axis=1).astype(np.int64)
    counts = speaker_confusions(truth, predicted, rows["speaker"], len(LABELS[task]))
    return counts / rows["seed"].nunique()
