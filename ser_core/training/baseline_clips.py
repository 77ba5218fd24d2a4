"""Which neutral clips of a speaker serve as a simulated personal baseline.

Conventions: rows are positions in an utterance table; a baseline is an array of rows of neutral clips of
one speaker, never the clip itself that it is used for.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ser_core.training.runs import Rows

BASELINE_SIZES = (1, 2)
"""How many neutral clips a baseline is made of."""
MOST_BASELINES = 12
"""How many baselines are tried for a speaker."""
_MOST_LISTED = 100_000  # combinations; a speaker with very many neutral clips would fill the memory


def neutral_rows(table: pd.DataFrame, rows: Rows) -> dict[str, Rows]:
    """By speaker, those of the rows that are neutral."""
    neutral = rows[(table["emotion"].iloc[rows] == "neutral").to_numpy()]
    speakers = table["speaker"].iloc[neutral].to_numpy(str)
    return {str(speaker): neutral[speakers == speaker] for speaker in np.unique(speakers)}


def other_neutral_rows(table: pd.DataFrame, rows: Rows) -> list[Rows]:
    """For each row the neutral rows of its speaker, without itself."""
    neutral = neutral_rows(table, rows)
    none = rows[:0]
    speakers = table["speaker"].iloc[rows]
    of_speaker = [neutral.get(speaker, none) for speaker in speakers]
    return [others[others != row] for row, others in zip(rows, of_speaker, strict=True)]


def baselines_of_size(neutral: Rows, size: int) -> list[Rows]:
    """The baselines of `size` clips that are tried for a speaker: all there are, at most twelve.

    Of more than twelve, twelve are drawn; the draw is the same in every run.
    """
    combinations = itertools.combinations(neutral.tolist(), size)
    baselines = list(itertools.islice(combinations, _MOST_LISTED))
    if len(baselines) > MOST_BASELINES:
        rng = np.random.default_rng([size, len(neutral)])
        drawn = rng.choice(len(baselines), MOST_BASELINES, replace=False)
        baselines = [baselines[number] for number in sorted(drawn)]
    return [np.array(baseline, dtype=np.int64) for baseline in baselines]


def draw_baselines(table: pd.DataFrame, rows: Rows, seed: int) -> tuple[Rows, Sequence[Rows]]:
    """The rows whose speakers have another neutral clip, and for each a baseline of one or two clips."""
    rng = np.random.default_rng(seed)
    enrolled, baselines = [], []
    for row, others in zip(rows, other_neutral_rows(table, rows), strict=True):
        if len(others):
            enrolled.append(row)
            size = min(len(others), int(rng.choice(BASELINE_SIZES)))
            baselines.append(rng.choice(others, size, replace=False))
    return np.array(enrolled), baselines
