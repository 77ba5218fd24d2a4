"""The tables that the joint runs leave behind: out-of-fold rows, and the limits of refusals.

The joint models learn from all corpora put together: the network, the perceptrons, and their combination.
The protocols of `runs` are carried out for both members; the random split for the perceptrons only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from ser_core.emotions import LABELS
from ser_core.evaluation import out_of_fold_rows, selective
from ser_core.models.kinds import (
    BAGGED_PERCEPTRONS,
    COMBINATION,
    COMBINATION_OF_ONE,
    JOINT_KINDS,
    KINDS,
    NETWORK,
)
from ser_core.training.member_predictions import JointPredictions
from ser_core.training.pooled_predictions import FINAL_PROTOCOLS, PooledPredictions
from ser_core.training.runs import Run

ONE_NETWORK_CORPUS = "ravdess"
"""The corpus on which the combination is also scored with one network at a time."""


def out_of_fold(pooled: PooledPredictions) -> pd.DataFrame:
    """The out-of-fold rows of the three models under every protocol.

    The network has rows for each seed, one net each. In the combination it is the mean of its nets, as it is
    served. On unseen speakers of RAVDESS there are also rows of the combination with one network at a time
    (`combination_of_one`): they show how much of its score is the luck of a seed.

    Parameters
    ----------
    pooled : PooledPredictions
        The predictions of all runs.

    Returns
    -------
    DataFrame
        With the columns `evaluation.OUT_OF_FOLD_COLUMNS`.
    """
    runs = pooled.joint.runs.values()
    parts = [
        _tested_rows(pooled, model, run, task, seed)
        for task in LABELS
        for run in runs
        if _is_scored(run, task)
        for model in JOINT_KINDS
        for seed in _seeds(pooled.joint, model, run)
    ]
    parts += [
        _one_network_rows(pooled, run, seed)
        for run in runs
        if run.protocol == "unseen_speakers"
        for seed in pooled.joint.seeds(run.name)
    ]
    return pd.concat(parts, ignore_index=True)


def limits(pooled: PooledPredictions) -> pd.DataFrame:
    """The limits of each model of emotions in each run on unseen speakers or a corpus left out.

    Parameters
    ----------
    pooled : PooledPredictions
        The predictions of all runs.

    Returns
    -------
    DataFrame
        With the columns `selective.LIMITS_COLUMNS`; limits are probabilities.
    """
    rows = [
        _limits_row(pooled, model, run)
        for run in pooled.joint.runs.values()
        if run.protocol in FINAL_PROTOCOLS
        for model in JOINT_KINDS
    ]
    return pd.DataFrame(rows, columns=list(selective.LIMITS_COLUMNS))


def _is_scored(run: Run, task: str) -> bool:
    """Whether the out-of-fold table has rows of a run for a task."""
    if run.protocol == "single_corpus":
        return False
    return task == "emotion" or run.protocol != "other_statement"


def _seeds(joint: JointPredictions, model: str, run: Run) -> Iterator[int | None]:
    """The seeds that a model is scored for in a run; None stands for the model as it is served."""
    seeds = joint.seeds(run.name)
    if model == NETWORK:
        yield from seeds
    elif model == BAGGED_PERCEPTRONS or seeds:
        yield None


def _tested_rows(
    pooled: PooledPredictions, model: str, run: Run, task: str, seed: int | None
) -> pd.DataFrame:
    rows, truth, probabilities = pooled.tested(model, run, task, seed)
    run_of = (task, str(KINDS[model].inputs), model, run.protocol, seed or 0, run.fold)
    return out_of_fold_rows(pooled.joint.table, rows, truth, probabilities, run_of)


def _one_network_rows(pooled: PooledPredictions, run: Run, seed: int) -> pd.DataFrame:
    model = COMBINATION
    table = pooled.joint.table
    rows, truth, probabilities = pooled.tested(model, run, "emotion", seed)
    own = (table["corpus"].iloc[rows] == ONE_NETWORK_CORPUS).to_numpy()
    run_of = ("emotion", str(KINDS[model].inputs), COMBINATION_OF_ONE, run.protocol, seed, run.fold)
    return out_of_fold_rows(table, rows[own], truth[own], probabilities[own], run_of)


def _limits_row(pooled: PooledPredictions, model: str, run: Run) -> Sequence[Any]:
    fitted = pooled.limits(model, run)
    threshold = pooled.neutral_threshold(model, run)
    return model, run.protocol, run.fold, fitted.in_set, fitted.answered, threshold
