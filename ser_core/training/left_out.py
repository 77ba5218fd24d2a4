"""The classifiers of one corpus on every corpus: how tree, forest and SVC do elsewhere than on RAVDESS.

On CREMA-D and nEMO each is fitted and tested inside the corpus (unseen speakers, random split). Its
parameters are those that the inner folds of RAVDESS choose, so that no clip of the tested corpus has a say in
them. For every corpus each is also fitted on the two others. Where RAVDESS is the one left out, parameters
are chosen on speaker folds of a quarter of those. One seed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import joblib
import numpy as np
import pandas as pd
from joblib import Memory, Parallel, delayed
from tqdm import tqdm

from ser_core import corpora, evaluation
from ser_core.emotions import LABELS
from ser_core.features.tables import SHIPPED_CORPUS, read_joint_table
from ser_core.models.estimators import predict_labels
from ser_core.models.pooling import Probabilities
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
from ser_core.training.common_labels import learnt_emotions, restrict_to_common_labels
from ser_core.training.runs import Mask, random_folds, rows_of_speakers

SEED = 0
TUNED_ON_EACH = 4
"""Where RAVDESS is left out, every fourth clip of the others chooses the parameters.

A search on all of them would take hours.
"""


@dataclass(frozen=True, eq=False)
class Split:
    """One fit: the rows that choose the parameters, those that are trained on, and those that are tested."""

    protocol: str
    fold: int
    tune: Mask
    train: Mask
    test: Mask


def out_of_fold(feature_set: str, names: Sequence[str], jobs: int = 1) -> pd.DataFrame:
    """The out-of-fold rows of some classifiers on all corpora.

    On CREMA-D and nEMO under three protocols, on RAVDESS as the corpus left out. Finished fits are stored in
    the cache folder, so that an interrupted run goes on where it stopped.

    Parameters
    ----------
    feature_set : str
        A name of `FEATURE_SETS` that `data/` has tables of.
    names : sequence of str
        Names of `CLASSIFIERS`.
    jobs : int
        How many fits run at a time.

    Returns
    -------
    DataFrame
        With the columns `evaluation.OUT_OF_FOLD_COLUMNS`.

    Raises
    ------
    SerError
        NOT_FOUND where `data/` has no table of a corpus.
    """
    table = read_joint_table(feature_set, copies=())
    rows = table.rows
    x = table.x.astype(np.float64)
    speakers = rows["speaker"].to_numpy(str)
    folder = cache_folder() / "elsewhere" / table.sha256[:16]
    run = Memory(folder, verbose=0).cache(_fit_and_predict)
    code = code_digest()
    fits = list(_fits(rows, names))
    work = [
        delayed(run)(name, x, rows[task].to_numpy(str), speakers, split, task, code)
        for task, name, split in fits
    ]
    predicted = Parallel(n_jobs=jobs, return_as="generator")(work)
    progress = tqdm(predicted, total=len(work), unit="fold", desc=feature_set)
    parts = [
        _rows(rows, split, of_split, (task, feature_set, name, split.protocol, SEED, split.fold))
        for (task, name, split), of_split in zip(fits, progress, strict=True)
    ]
    shutil.rmtree(folder)  # the next run computes everything anew
    return pd.concat(parts, ignore_index=True)[list(evaluation.OUT_OF_FOLD_COLUMNS)]


def _fits(rows: pd.DataFrame, names: Sequence[str]) -> Iterator[tuple[str, str, Split]]:
    """Task, classifier and split of every fit."""
    splits = list(_splits(rows))
    for task in LABELS:
        for name in names:
            for split in splits:
                # For gender the random split says little: nearly everything is recognised anyway.
                if task == "emotion" or split.protocol != "random_split":
                    yield task, name, split


def _splits(rows: pd.DataFrame) -> Iterator[Split]:
    """The splits of every corpus: those inside it, except for RAVDESS, then the one that leaves it out."""
    corpus_of = rows["corpus"].to_numpy(str)
    home = corpus_of == SHIPPED_CORPUS
    for number, name in enumerate(dict.fromkeys(corpus_of), start=1):
        own = corpus_of == name
        if name != SHIPPED_CORPUS:
            yield from _splits_inside(rows, own, home)
            tune_rows = home
        else:
            tune_rows = ~own & (np.arange(len(rows)) % TUNED_ON_EACH == 0)
        yield Split("corpus_left_out", number, tune_rows, ~rows_of_speakers(rows, own), own)


def _splits_inside(rows: pd.DataFrame, own: Mask, home: Mask) -> Iterator[Split]:
    """The splits of one corpus (the rows `own`); the rows `home` choose the parameters."""
    by_protocol = {
        "unseen_speakers": corpora.assign_folds(rows["speaker"][own], rows["corpus"][own]),
        "random_split": random_folds(rows["emotion"][own].to_numpy(str)),
    }
    for protocol, folds_of_own in by_protocol.items():
        fold_of = np.zeros(len(rows), dtype=np.int64)
        fold_of[own] = folds_of_own
        for fold in np.unique(folds_of_own):
            yield Split(protocol, int(fold), home, own & (fold_of != fold), fold_of == fold)


def _rows(
    table: pd.DataFrame, split: Split, predicted: Probabilities, run_of: tuple[object, ...]
) -> pd.DataFrame:
    """The out-of-fold rows of one fit, on the labels that both sides have."""
    tested = np.flatnonzero(split.test)
    learnt = learnt_emotions(table, split.train)
    common = restrict_to_common_labels(table, tested, predicted, str(run_of[0]), learnt)
    return evaluation.out_of_fold_rows(table, *common, run_of)


def _fit_and_predict(
    name: str, x: Matrix, y: Labels, speakers: Labels, split: Split, task: str, code: str
) -> Probabilities:
    """The probabilities of the tested rows; a change of `code` (classifiers, libraries) starts anew."""
    del code
    parameters = _tuned_once(name, x[split.tune], y[split.tune], speakers[split.tune])
    train = split.train
    fitted = fit(CLASSIFIERS[name], parameters, x[train], y[train], speakers[train], SEED)
    return predict_labels(fitted, x[split.test], task)


_parameters: dict[str, Parameters] = {}


def _tuned_once(name: str, x: Matrix, y: Labels, speakers: Labels) -> Parameters:
    """What the inner speaker folds choose, once per process and set of clips."""
    key = f"{name} {joblib.hash((x, y))}"
    if key not in _parameters:
        _parameters[key], _ = tune(CLASSIFIERS[name], x, y, speakers, SEED)
    return _parameters[key]
