"""Out-of-fold predictions of one corpus: every clip predicted by models that were not trained on it.

Each table is tested under two protocols: unseen speakers, and a random split. Where speakers are unknown or
too few, there is the random split alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Memory, Parallel, delayed
from tqdm import tqdm

from ser_core import corpora, evaluation, models
from ser_core.emotions import LABELS
from ser_core.errors import ErrorCode, SerError
from ser_core.evaluation import OUT_OF_FOLD_COLUMNS
from ser_core.features.csv_tables import read_table
from ser_core.features.feature_table import FeatureTable, trainable_tasks, unseen_speakers_obstacle
from ser_core.features.tables import SHIPPED_CORPUS, shipped_table_path
from ser_core.storage import manifest
from ser_core.storage.cache_folder import cache_folder
from ser_core.training.classifiers import (
    CLASSIFIERS,
    Labels,
    Matrix,
    Parameters,
    code_digest,
    fit,
    tune,
)
from ser_core.training.runs import Mask, random_folds

SEEDS = (0, 1, 2)
SINGLE_PROTOCOLS = ("unseen_speakers", "random_split")
"""What a single corpus can be tested for."""

SHIPPED: tuple[tuple[str, str], ...] = (
    *((models.MAIN_FEATURE_SET, name) for name in CLASSIFIERS),
    ("mfcc128_v1", "random_forest"),
)
"""(feature set, classifier) of the models that ship, for each task."""

Progress = Callable[[Iterable[Any], int], Iterable[Any]]
"""Passes the given number of things on, and shows how far it is."""

_SeedPredictions = dict[int, tuple[list[str], Matrix]]
"""By seed, the labels that an estimator has learnt, and its probabilities [clips, labels]."""


@dataclass(frozen=True)
class Selection:
    """What the inner speaker folds of one outer training part chose, and their UAR."""

    task: str
    feature_set: str
    classifier: str
    protocol: str
    fold: int
    parameters: Parameters
    inner_uar: float


@dataclass(frozen=True, eq=False)
class _Fold:
    """One outer fold of a classifier; `tested` is a mask over the rows of the table."""

    task: str
    protocol: str
    classifier: str
    number: int
    tested: Mask


def shipped_tables() -> list[FeatureTable]:
    """The feature tables of RAVDESS in `data/`, one per feature set of `SHIPPED`.

    Raises
    ------
    SerError
        DATA_TAMPERED where a table is not the one in the manifest; NOT_FOUND where it is missing.
    """
    feature_sets = dict.fromkeys(feature_set for feature_set, _ in SHIPPED)
    return [
        read_table(manifest.verify(shipped_table_path(SHIPPED_CORPUS, name)))
        for name in feature_sets
    ]


def protocols_of(table: FeatureTable, task: str) -> tuple[str, ...]:
    """The protocols that a table can be tested under.

    Only the random split where its speakers are unknown or too few for the task.
    """
    return SINGLE_PROTOCOLS if unseen_speakers_obstacle(table, task) is None else ("random_split",)


def out_of_fold(
    table: FeatureTable,
    names: Sequence[str] = tuple(CLASSIFIERS),
    tasks: Sequence[str] | None = None,
    *,
    seeds: Sequence[int] = SEEDS,
    jobs: int = 1,
    progress: Progress | None = None,
    resumable: bool = True,
) -> tuple[pd.DataFrame, list[Selection]]:
    """Predict every clip by models that were not trained on it, under each protocol.

    Parameters are chosen once per outer fold on inner folds of its training part (by speaker where speakers
    are known). What is random in a classifier is run for each seed.

    Parameters
    ----------
    table : FeatureTable
        One corpus.
    names : sequence of str
        Names of `CLASSIFIERS`.
    tasks : sequence of str, optional
        "emotion", "gender" (default: all that the table has labels for).
    seeds : sequence of int
        For classifiers whose result depends on one.
    jobs : int
        How many folds run at a time.
    progress : callable, optional
        Shows the progress in the caller's way (default: on stderr). Nothing is stored then.
    resumable : bool
        Store finished folds in the cache folder, so that an interrupted run goes on where it stopped. Not
        for the workers of a cluster, which have caches of their own.

    Returns
    -------
    (DataFrame, list of Selection)
        The out-of-fold table (`OUT_OF_FOLD_COLUMNS`), and what was chosen in each outer fold.

    Raises
    ------
    SerError
        BAD_TABLE where the training part of a fold is too small.
    """
    folds = list(_outer_folds(table, names, tasks or trainable_tasks(table)))
    cache = cache_folder() / "folds" / table.sha256[:16]
    stored = resumable and not progress
    run = Memory(cache, verbose=0).cache(_run_fold) if stored else _run_fold
    work = list(_delayed(run, table, folds, seeds))
    results = Parallel(n_jobs=jobs, return_as="generator")(work)
    feature_set = table.feature_set.name
    if progress:
        shown = progress(results, len(work))
    else:
        shown = tqdm(results, total=len(work), unit="fold", desc=feature_set)
    parts, selections = [], []
    for fold, (parameters, inner_uar, predictions) in zip(folds, shown, strict=True):
        run_of = (fold.task, feature_set, fold.classifier, fold.protocol)
        selections.append(Selection(*run_of, fold.number, parameters, inner_uar))
        for seed, (labels, probabilities) in predictions.items():
            part = _rows(table, fold.tested, (*run_of, seed, fold.number), labels, probabilities)
            parts.append(part)
    if stored:
        shutil.rmtree(cache)  # the next run computes everything anew
    return pd.concat(parts, ignore_index=True)[list(OUT_OF_FOLD_COLUMNS)], selections


def selected_parameters(task: str, feature_set: str, name: str, fold: int) -> Parameters:
    """The stored parameters that the inner folds of a fold chose on RAVDESS, unseen speakers.

    Parameters
    ----------
    task, feature_set, name : str
        "emotion" or "gender"; a name of `FEATURE_SETS`; a name of `CLASSIFIERS`.
    fold : int
        1 to 6.
    """
    selections = evaluation.read_selections()
    of_fold = {
        "task": task,
        "feature_set": feature_set,
        "classifier": name,
        "protocol": "unseen_speakers",
        "fold": fold,
    }
    matches = np.logical_and.reduce([selections[key] == value for key, value in of_fold.items()])
    (row,) = selections[matches].to_dict("records")
    return dict(json.loads(row["parameters"]))


def fit_without_fold(table: FeatureTable, task: str, name: str, fold: int) -> Any:
    """The estimator of one fold of unseen speakers of RAVDESS (first seed), fitted as in `out_of_fold`.

    Parameters
    ----------
    table : FeatureTable
        One of `shipped_tables`.
    task, name : str
        "emotion" or "gender"; a name of `CLASSIFIERS`.
    fold : int
        1 to 6: the speakers that are left out of the training.

    Returns
    -------
    A scikit-learn estimator with `classes_` and `predict_proba`.
    """
    train = _assign_folds(table, task, "unseen_speakers") != fold
    parameters = selected_parameters(task, table.feature_set.name, name, fold)
    classifier, speakers = CLASSIFIERS[name], table.speakers[train]
    return fit(classifier, parameters, table.x[train], table.y(task)[train], speakers, SEEDS[0])


def _outer_folds(
    table: FeatureTable, names: Sequence[str], tasks: Sequence[str]
) -> Iterator[_Fold]:
    for task in tasks:
        for protocol in protocols_of(table, task):
            fold_of = _assign_folds(table, task, protocol)
            for name in names:
                for fold in np.unique(fold_of):
                    yield _Fold(task, protocol, name, int(fold), fold_of == fold)


def _assign_folds(table: FeatureTable, task: str, protocol: str) -> npt.NDArray[np.int64]:
    """The fold of each row, shape [n]."""
    if protocol == "random_split":
        return random_folds(table.y(task))
    return corpora.assign_folds(table.rows["speaker"], table.rows["corpus"])


def _delayed(
    run: Callable[..., Any], table: FeatureTable, folds: Sequence[_Fold], seeds: Sequence[int]
) -> Iterator[Any]:
    """The work of every fold, for `Parallel`."""
    x, speakers, code = table.x, table.speakers, code_digest()
    labels = {task: table.y(task) for task in dict.fromkeys(fold.task for fold in folds)}
    for fold in folds:
        # A tuple of arrays: a cluster keeps a bare array on one worker, and it is lost with that worker.
        data = (x, labels[fold.task], speakers, fold.tested)
        of_seeds = tuple(seeds) if CLASSIFIERS[fold.classifier].seeded else (0,)
        yield delayed(run)(fold.classifier, data, of_seeds, code)


def _run_fold(
    name: str, data: tuple[Matrix, Labels, Labels, Mask], seeds: tuple[int, ...], code: str
) -> tuple[Parameters, float, _SeedPredictions]:
    """Choose, fit and predict for one outer fold; `data` are features, labels, speakers, and the tested rows.

    A change of `code` (classifiers, libraries) starts anew.
    """
    del code
    x, y, speakers, test = data
    classifier, train = CLASSIFIERS[name], ~test
    predictions: _SeedPredictions = {}
    try:
        parameters, inner_uar = tune(classifier, x[train], y[train], speakers[train], seeds[0])
        for seed in seeds:
            estimator = fit(classifier, parameters, x[train], y[train], speakers[train], seed)
            labels = [str(label) for label in estimator.classes_]
            predictions[seed] = labels, estimator.predict_proba(x[test])
    except ValueError as error:
        raise SerError(
            ErrorCode.BAD_TABLE,
            f"The table is too small for {name}: without the tested clips, inner folds lack a label "
            f"({error}).",
            "Add clips and speakers to the labels that have few, or choose another classifier.",
        ) from error
    return parameters, inner_uar, predictions


def _rows(
    table: FeatureTable,
    tested: Mask,
    run_of: tuple[Any, ...],
    labels: list[str],
    probabilities: Matrix,
) -> pd.DataFrame:
    """The out-of-fold rows of one run and seed; a label that was not learnt has probability 0."""
    task = run_of[0]
    rows = np.flatnonzero(tested)
    ordered = np.zeros((len(rows), len(LABELS[task])))
    ordered[:, [LABELS[task].index(label) for label in labels]] = probabilities
    truth = np.array([LABELS[task].index(label) for label in table.y(task)[rows]], dtype=np.int64)
    return evaluation.out_of_fold_rows(table.rows, rows, truth, ordered, run_of)
