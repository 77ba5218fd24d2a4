"""A feature table in memory, and which tasks it can be trained and tested for.

Conventions: n clips, d features. Labels and speakers are strings; "" is an unknown one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ser_core import corpora
from ser_core.emotions import LABELS
from ser_core.features.feature_sets import FeatureSet

LEAST_CLIPS = 5
"""The least clips of a label: one for each fold of the random split."""

_LEAST_TO_LEARN_FROM = 2
"""The least clips of a label that are left to train on without the tested speakers."""


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """A feature table read from a file: its rows, their feature set, and the file's name and SHA-256."""

    rows: pd.DataFrame
    feature_set: FeatureSet
    name: str
    sha256: str

    @property
    def x(self) -> np.ndarray:
        """The features [n, d], float64."""
        return self.rows[list(self.feature_set.names)].to_numpy(dtype=np.float64)

    @property
    def speakers(self) -> np.ndarray:
        """The speakers [n]; "" where a speaker is unknown."""
        return self.rows["speaker"].to_numpy(dtype=str)

    def y(self, task: str) -> np.ndarray:
        """The labels [n] of a task, "emotion" or "gender"."""
        return self.rows[task].to_numpy(dtype=str)


def trainable_tasks(table: FeatureTable) -> tuple[str, ...]:
    """The tasks that a table can be trained and tested for.

    Parameters
    ----------
    table : FeatureTable
        The table.

    Returns
    -------
    tuple of str
        "emotion", "gender", both or none.
    """
    return tuple(task for task in LABELS if training_obstacle(table, task) is None)


def training_obstacle(table: FeatureTable, task: str) -> str | None:
    """Why a table cannot be trained and tested for a task.

    Parameters
    ----------
    table : FeatureTable
        The table.
    task : str
        "emotion" or "gender".

    Returns
    -------
    str or None
        A sentence; None if nothing is in the way.
    """
    if task not in table.rows:
        return f"There is no column {task}."
    labels = table.rows[task]
    unknown = int((labels == "").sum())
    if unknown:
        return f"{unknown:,} of {len(labels):,} clips have no {task}."
    clips = labels.value_counts()
    if len(clips) < 2:
        return f"There is one {task} only; at least two are needed."
    for label, count in clips.items():
        if count < LEAST_CLIPS:
            plural = "s" if count != 1 else ""
            return f"{label} has {count} clip{plural}; each {task} needs at least {LEAST_CLIPS}."
    return None


def unseen_speakers_obstacle(table: FeatureTable, task: str) -> str | None:
    """Why a table cannot be tested on unseen speakers.

    All speakers must be known, and without the tested ones some clips of every label must be left to learn
    from.

    Parameters
    ----------
    table : FeatureTable
        The table.
    task : str
        "emotion" or "gender".

    Returns
    -------
    str or None
        A sentence; None if nothing is in the way.
    """
    speakers = table.speakers
    unknown = int((speakers == "").sum())
    if unknown == len(speakers):
        return "It is not known who speaks."
    if unknown:
        return f"It is not known who speaks in {unknown:,} of {len(speakers):,} clips."
    if len(set(speakers)) < 2:
        return "All clips are of one speaker."
    fold_of = corpora.assign_folds(table.rows["speaker"], table.rows["corpus"])
    y = table.y(task)
    for fold in np.unique(fold_of):
        tested = fold_of == fold
        for label in (label for label in LABELS[task] if label in y):
            if int(((y == label) & ~tested).sum()) < _LEAST_TO_LEARN_FROM:
                names = ", ".join(sorted(set(speakers[tested & (y == label)])))
                return f"Without the clips of {names}, too few that are {label} are left to learn from."
    return None
