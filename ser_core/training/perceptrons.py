"""The perceptrons of all runs: bagged perceptrons on a large feature set, and what those of each run say of the clips they have not heard."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

from ser_core.cache import cache_folder
from ser_core.emotions import LABELS
from ser_core.features import FEATURE_SETS
from ser_core.training import classifiers, runs
from ser_core.training.joint import ASKED, FEATURE_SET, Opinions
from ser_core.training.runs import Mask, Run
from ser_core.training.tables import JointTable


def _tells(task: str, feature: str) -> bool:
    """Whether the perceptrons of a task look at a feature.

    Gender is told by the length of the vocal tract and the vocal folds, so by the average spectrum and F0. Everything else is a
    little different between the men and women of any one corpus too, but not in the same way in another one: with all features,
    most women of a corpus never heard are taken for men. (Seen on CREMA-D left out, so that figure is no longer one of a corpus
    that nothing was chosen on: inner folds of the other two corpora would have kept all features there.)
    """
    return task == "emotion" or feature.startswith("pitch_") or (feature.startswith("cepstrum_") and feature.endswith("mean"))


FEATURES_OF = {task: [at for at, name in enumerate(FEATURE_SETS[FEATURE_SET].names) if _tells(task, name)] for task in LABELS}
"""The positions of the features that the perceptrons of each task look at."""

SHARE_OF_COPIES = 0.25
"""How many of the clips that the perceptrons draw are copies (disturbed, noisy) and not clips as they are."""


def train_all(table: JointTable, every: Sequence[Run], jobs: int = 1) -> dict[str, Opinions]:
    """Fit the perceptrons of each run for both tasks; gives what they say of their run's clips for calibration and test.

    Kept in the cache folder under the digest of the tables and of the code, like the networks.
    """
    digest = hashlib.sha256(table.sha256.encode())
    for file in (__file__, classifiers.__file__, runs.__file__):
        digest.update(Path(file).read_bytes())
    folder = cache_folder() / "perceptrons" / digest.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    done = Parallel(n_jobs=jobs, return_as="generator")(delayed(_opinions)(table, run, folder) for run in every)
    return {run.name: opinions for run, opinions in zip(every, tqdm(done, total=len(every), unit="run", desc="perceptrons"), strict=True)}


def fit(table: JointTable, train: Mask, task: str) -> Any:
    """The bagged perceptrons of a task, fitted on some rows: each clip as it is and in its copies."""
    part = table.rows[train]
    y, of_corpus = part[task].to_numpy(str), part["corpus"].to_numpy(str)
    n = len(table.copies)
    x = np.concatenate([table.x[train], *(copy[train] for copy in table.copies.values())])
    weights = np.repeat([1 - SHARE_OF_COPIES, *[SHARE_OF_COPIES / n] * n], len(part))
    return classifiers.bagged_perceptrons(x, np.tile(y, n + 1), np.tile(of_corpus, n + 1), weights, FEATURES_OF[task], n_draws=2 * len(part))


def _opinions(table: JointTable, run: Run, folder: Path) -> Opinions:
    kept = folder / f"{run.name}.npz"
    rows = np.flatnonzero(run.calibrate | run.test)
    if not kept.exists():
        found: dict[str, Any] = {}
        for task, labels in LABELS.items():
            fitted = fit(table, run.train, task)
            columns = [labels.index(str(label)) for label in fitted.classes_]
            for copy, x in zip(ASKED, (table.x, table.copies["disturbed"]), strict=True):
                found[f"{task}_{copy}"] = np.zeros((len(rows), len(labels)))
                found[f"{task}_{copy}"][:, columns] = fitted.predict_proba(x[rows])
        unfinished = kept.with_suffix(".part.npz")
        np.savez(unfinished, **found)
        unfinished.replace(kept)
    with np.load(kept) as stored:
        return Opinions(rows, {copy: {task: stored[f"{task}_{copy}"] for task in LABELS} for copy in ASKED})
