"""Two models on the same clips, and one model looked at from several sides: from stored out-of-fold predictions alone.

Speakers, not clips, are the unit of chance: intervals come from a bootstrap over speakers, the test from exchanging the two models'
answers speaker by speaker. Conventions are those of `ser_core.evaluation`; shares are between 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ser_core import evaluation
from ser_core.emotions import LABELS
from ser_core.evaluation import Array, Interval

if TYPE_CHECKING:
    import pandas as pd

GROUPS = {
    "gender": "Gender",
    "intensity": "Intensity",
    "statement": "Sentence",
    "speaker": "Speaker",
}
"""What the clips of a corpus can be told apart by, and how pages call it."""

_PERMUTATIONS = 4000
_MOST_GROUPS = 100


@dataclass(frozen=True)
class Paired:
    """Two models on the same clips: how much more the first recognises (UAR, with its 95% interval), and how likely that is by chance.

    Interval and `p_value` are NaN where there are no two speakers who are known; `n_speakers` is None where one is not known.
    """

    difference: Interval
    p_value: float
    n_clips: int
    n_speakers: int | None
    both_right: float
    only_first: float
    only_second: float
    neither: float


def same_clips(first: pd.DataFrame, second: pd.DataFrame, task: str) -> pd.DataFrame:
    """The clips that both models were tested on: about them, and by model (`_1`, `_2`) the label said, its probability, and whether it is right.

    Columns path, corpus, speaker, gender, intensity, statement, truth, said_1, sure_1, right_1, said_2, ... Of several seeds the first counts.
    """
    sides = []
    for number, rows in ((1, first), (2, second)):
        rows = rows[rows["seed"] == rows["seed"].min()]
        _, probabilities = evaluation.truth_and_probabilities(rows, task)
        said = np.array(LABELS[task])[probabilities.argmax(axis=1)]
        about = rows[
            ["path", "corpus", "speaker", "gender", "intensity", "statement", "truth"]
            if number == 1
            else ["path"]
        ]
        sides.append(
            about.assign(
                **{
                    f"said_{number}": said,
                    f"sure_{number}": probabilities.max(axis=1),
                    f"right_{number}": said == rows["truth"],
                }
            )
        )
    return sides[0].merge(sides[1], on="path")


def paired(first: pd.DataFrame, second: pd.DataFrame, task: str) -> Paired:
    """The comparison of two models on the clips that both were tested on; of several seeds, of the average run.

    The interval is a bootstrap over speakers of the difference in UAR. The test is a permutation test: under the hypothesis that the
    models are alike, their answers can be exchanged for any speaker (Good P (2005), Permutation, Parametric and Bootstrap Tests of
    Hypotheses). How often both are right, or one, is counted on the first seed of each.
    """
    clips = same_clips(first, second, task)
    one, other = (
        _confusions(rows[rows["path"].isin(clips["path"])], task) for rows in (first, second)
    )
    known = bool((clips["speaker"] != "").all())
    difference = float(evaluation.uar(one.sum(axis=0)) - evaluation.uar(other.sum(axis=0)))
    low, high, p_value = (
        _chance(clips, one, other, difference)
        if known and len(one) > 1
        else (np.nan, np.nan, np.nan)
    )
    right = clips["right_1"].to_numpy(bool), clips["right_2"].to_numpy(bool)
    return Paired(
        difference=Interval(difference, float(low), float(high)),
        p_value=float(p_value),
        n_clips=len(clips),
        n_speakers=len(one) if known else None,
        both_right=float(np.mean(right[0] & right[1])),
        only_first=float(np.mean(right[0] & ~right[1])),
        only_second=float(np.mean(~right[0] & right[1])),
        neither=float(np.mean(~right[0] & ~right[1])),
    )


def _chance(
    clips: pd.DataFrame, one: Array, other: Array, difference: float
) -> tuple[float, float, float]:
    """Low and high end of the interval of a difference in UAR, and its p value: see `paired`."""
    replicates = evaluation.uar(evaluation.replicated(one, clips["speaker"])) - evaluation.uar(
        evaluation.replicated(other, clips["speaker"])
    )
    low, high = np.nanpercentile(replicates, [2.5, 97.5])
    exchanged = np.random.default_rng(0).random((_PERMUTATIONS, len(one))) < 0.5
    moved = (exchanged.astype(np.float64) @ (other - one).reshape(len(one), -1)).reshape(
        -1, *one.shape[1:]
    )
    under_chance = evaluation.uar(one.sum(axis=0) + moved) - evaluation.uar(
        other.sum(axis=0) - moved
    )
    p_value = (1 + np.sum(np.abs(under_chance) >= abs(difference) - 1e-12)) / (1 + _PERMUTATIONS)
    return float(low), float(high), float(p_value)


def _confusions(rows: pd.DataFrame, task: str) -> Array:
    """One confusion matrix per speaker, of the average run: shape [speakers, labels, labels]."""
    truth, probabilities = evaluation.truth_and_probabilities(rows, task)
    said = probabilities.argmax(axis=1).astype(np.int64)
    return (
        evaluation.speaker_confusions(truth, said, rows["speaker"], len(LABELS[task]))
        / rows["seed"].nunique()
    )


def recalls_of_both(clips: pd.DataFrame, task: str) -> pd.DataFrame:
    """The recall of each label that occurs, by model: columns label, first, second."""
    import pandas as pd

    of_label = clips.groupby("truth", observed=True)[["right_1", "right_2"]].mean()
    rows = [
        (label, float(of_label["right_1"][label]), float(of_label["right_2"][label]))
        for label in LABELS[task]
        if label in of_label.index
    ]
    return pd.DataFrame(rows, columns=["label", "first", "second"])


def risk_coverage(rows: pd.DataFrame, task: str, points: int = 101) -> pd.DataFrame:
    """What is answered and how often that is right, when answers less sure than a threshold are refused (El-Yaniv & Wiener 2010).

    Columns threshold, coverage and accuracy of what is answered (NaN where nothing is); over several seeds all of them together.
    """
    import pandas as pd

    truth, probabilities = evaluation.truth_and_probabilities(rows, task)
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    found = []
    for threshold in np.linspace(0, 1, points):
        answered = sure >= threshold
        found.append(
            (threshold, answered.mean(), right[answered].mean() if answered.any() else np.nan)
        )
    return pd.DataFrame(found, columns=["threshold", "coverage", "accuracy"])


def breakdown(rows: pd.DataFrame, task: str, by: str) -> pd.DataFrame:
    """How one model does in each group of clips: columns group, name, clips, speakers, value, low, high (a bootstrap over the group's speakers).

    The value is UAR; of a group with a single label, that label's recall. `name` is how a person would call the group.
    """
    import pandas as pd

    truth, probabilities = evaluation.truth_and_probabilities(rows, task)
    said = probabilities.argmax(axis=1).astype(np.int64)
    found = []
    corpus = f"{rows['corpus'].iloc[0]}-"  # speakers are named so that those of two corpora differ
    for group in sorted(set(rows[by])):
        here = (rows[by] == group).to_numpy()
        counts = evaluation.speaker_confusions(
            truth[here], said[here], rows["speaker"][here], len(LABELS[task])
        )
        replicates = evaluation.uar(evaluation.replicated(counts, rows["speaker"][here]))
        low, high = (
            np.nanpercentile(replicates, [2.5, 97.5]) if len(counts) > 1 else (np.nan, np.nan)
        )
        name = group.removeprefix(corpus) if by == "speaker" else group[:1].upper() + group[1:]
        value = float(evaluation.uar(counts.sum(axis=0)))
        found.append(
            (
                group,
                name,
                int(here.sum()) // rows["seed"].nunique(),
                len(counts),
                value,
                float(low),
                float(high),
            )
        )
    return pd.DataFrame(
        found, columns=["group", "name", "clips", "speakers", "value", "low", "high"]
    )


def behind(rows: pd.DataFrame, task: str, meant: str, said: str) -> pd.DataFrame:
    """The clips of one cell of a confusion matrix, the surest first: about them, and how sure the model was. Of several seeds the first counts."""
    rows = rows[(rows["seed"] == rows["seed"].min()) & (rows["truth"] == meant)]
    _, probabilities = evaluation.truth_and_probabilities(rows, task)
    found = rows[["path", "corpus", "speaker", "gender", "intensity", "statement"]].assign(
        sure=probabilities.max(axis=1).round(3)
    )
    return found[probabilities.argmax(axis=1) == LABELS[task].index(said)].sort_values(
        "sure", ascending=False, ignore_index=True
    )


def disagreements(clips: pd.DataFrame) -> pd.DataFrame:
    """The clips of `same_clips` of which the two models say different things, those that one has right first."""
    apart = clips[clips["said_1"] != clips["said_2"]]
    apart = apart.assign(
        right=np.select(
            [apart["right_1"], apart["right_2"]], ["the first", "the second"], "neither"
        )
    )
    order = apart["right"].map({"the first": 0, "the second": 1, "neither": 2})
    return apart.assign(order=order).sort_values(["order", "path"], ignore_index=True)[
        ["path", "corpus", "speaker", "gender", "truth", "said_1", "said_2", "right"]
    ]


def groups_of(rows: pd.DataFrame) -> list[str]:
    """Which of `GROUPS` tell the clips of some rows apart, and into few enough parts to be looked at."""
    return [by for by in GROUPS if 1 < rows[by].nunique() <= _MOST_GROUPS]


def in_words(found: Paired, first: str, second: str) -> str:
    """The comparison as a sentence."""
    points, low, high = (
        100 * value
        for value in (found.difference.value, found.difference.low, found.difference.high)
    )
    ahead, behind_it = (first, second) if points >= 0 else (second, first)
    low, high = (low, high) if points >= 0 else (-high, -low)
    if abs(points) < 0.05 and not np.isnan(found.p_value):  # nothing that a figure would show
        return (
            f"On the same {found.n_clips:,} clips of {found.n_speakers} speakers **{first}** and **{second}** recognise equally much (UAR; 95% "
            f"interval of the difference {low:.1f} to {high:.1f} points)."
        )
    if np.isnan(found.p_value):
        return (
            f"On the same {found.n_clips:,} clips **{ahead}** recognises **{abs(points):.1f} points** more (UAR) than **{behind_it}**. Whether that "
            "is chance cannot be told: that takes at least two speakers, and to know of every clip who speaks."
        )
    chance = (
        "less than 1 time in 1,000" if found.p_value < 0.001 else f"{found.p_value:.1%} of the time"
    )
    return (
        f"On the same {found.n_clips:,} clips of {found.n_speakers} speakers **{ahead}** recognises **{abs(points):.1f} points** more (UAR) than "
        f"**{behind_it}** (95% interval {low:.1f} to {high:.1f}). If the two were alike, a difference like this would come up {chance}."
    )
