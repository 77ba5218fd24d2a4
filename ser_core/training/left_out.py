"""The classifiers that learn from one corpus alone, on every corpus: how tree, forest and SVC do elsewhere than on RAVDESS.

On CREMA-D and nEMO each is fitted and tested inside the corpus (unseen speakers, random split) with the parameters that the inner
folds of RAVDESS choose, so that no clip of the tested corpus has a say in them. For every corpus each is also fitted on the two
others; where RAVDESS is the one left out, parameters are chosen on speaker folds of a quarter of those. One seed.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from joblib import Memory, Parallel, delayed
from tqdm import tqdm

from ser_core import corpora, evaluation, models
from ser_core.emotions import LABELS
from ser_core.features.tables import SHIPPED_CORPUS, read_joint
from ser_core.models.estimators import Probabilities, probabilities
from ser_core.storage.cache_folder import cache_folder
from ser_core.training import classifiers as classifiers_module
from ser_core.training.classifiers import CLASSIFIERS, Labels, Matrix, Parameters, fit, tune
from ser_core.training.joint import comparable, learnt_emotions, out_of_fold_rows
from ser_core.training.runs import Mask, random_folds

SEED = 0
TUNED_ON_EACH = 4
"""Where RAVDESS is left out, every so many clips of the others choose the parameters: a search on all of them would take hours."""


def out_of_fold(feature_set: str, names: Sequence[str], jobs: int = 1) -> pd.DataFrame:
    """The out-of-fold rows of some classifiers on a feature set: `evaluation.OUT_OF_FOLD_COLUMNS`.

    On the other corpora under three protocols, on RAVDESS as the corpus left out. Finished fits are kept in the cache folder, so
    that an interrupted run goes on where it stopped.

    Raises
    ------
    SerError
        NOT_FOUND where `data/` has no table of a corpus.
    """
    table = read_joint(feature_set, copies=())
    rows, x = table.rows, table.x.astype(np.float64)
    kept = cache_folder() / "elsewhere" / table.sha256[:16]
    run = Memory(kept, verbose=0).cache(_fit_and_predict)
    code = hashlib.sha256(
        Path(str(classifiers_module.__file__)).read_bytes()
        + repr(models.library_versions()).encode()
    ).hexdigest()
    splits = list(_splits(rows))
    work, described = [], []
    for task in LABELS:
        y, speakers = rows[task].to_numpy(str), rows["speaker"].to_numpy(str)
        for name in names:
            for protocol, fold, tuned_on, train, test in splits:
                if not (
                    task == "gender" and protocol == "random_split"
                ):  # says little: nearly everything is recognised anyway
                    work.append(
                        delayed(run)(name, x, y, speakers, tuned_on, train, test, task, code)
                    )
                    described.append((task, name, protocol, fold, train, test))
    done = Parallel(n_jobs=jobs, return_as="generator")(work)
    parts = []
    for (task, name, protocol, fold, train, test), said in zip(
        described, tqdm(done, total=len(work), unit="fold", desc=feature_set), strict=True
    ):
        kept_rows, truth, given = comparable(
            rows, np.flatnonzero(test), said, task, learnt_emotions(rows, train)
        )
        parts.append(
            out_of_fold_rows(
                rows, kept_rows, truth, given, (task, feature_set, name, protocol, SEED, fold)
            )
        )
    shutil.rmtree(kept)  # what is done is done: the next run computes everything anew
    return pd.concat(parts, ignore_index=True)[list(evaluation.OUT_OF_FOLD_COLUMNS)]


Split = tuple[str, int, Mask, Mask, Mask]
"""Protocol, fold, the rows that choose the parameters, those that are trained on, and those that are tested."""


def _splits(rows: pd.DataFrame) -> list[Split]:
    of_corpus = rows["corpus"].to_numpy(str)
    home = of_corpus == SHIPPED_CORPUS
    found: list[Split] = []
    for number, name in enumerate(dict.fromkeys(of_corpus), start=1):
        own = of_corpus == name
        if name != SHIPPED_CORPUS:
            by_protocol = {
                "unseen_speakers": corpora.folds(rows["speaker"][own], rows["corpus"][own]),
                "random_split": random_folds(rows["emotion"][own].to_numpy(str)),
            }
            for protocol, fold_of_own in by_protocol.items():
                fold_of = np.zeros(len(rows), dtype=np.int64)
                fold_of[own] = fold_of_own
                found += [
                    (protocol, int(fold), home, own & (fold_of != fold), fold_of == fold)
                    for fold in np.unique(fold_of_own)
                ]
        tuned_on = (
            ~own & (np.arange(len(rows)) % TUNED_ON_EACH == 0) if name == SHIPPED_CORPUS else home
        )
        found.append(("corpus_left_out", number, tuned_on, ~own, own))
    return found


def _fit_and_predict(
    name: str,
    x: Matrix,
    y: Labels,
    speakers: Labels,
    tuned_on: Mask,
    train: Mask,
    test: Mask,
    task: str,
    code: str,
) -> Probabilities:
    """The probabilities of the tested rows; `code` is only there to start anew when the classifiers or libraries change."""
    del code
    classifier = CLASSIFIERS[name]
    parameters = _tuned(name, x[tuned_on], y[tuned_on], speakers[tuned_on])
    return probabilities(
        fit(classifier, parameters, x[train], y[train], speakers[train], SEED), x[test], task
    )


_chosen: dict[str, Parameters] = {}


def _tuned(name: str, x: Matrix, y: Labels, speakers: Labels) -> Parameters:
    """What the inner speaker folds choose, once per process and set of clips."""
    key = f"{name} {joblib.hash((x, y))}"
    if key not in _chosen:
        _chosen[key], _ = tune(CLASSIFIERS[name], x, y, speakers, SEED)
    return _chosen[key]
