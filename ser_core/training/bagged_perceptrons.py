"""The perceptrons of all runs: bagged perceptrons on a large feature set, and what those of each run say of the clips they have not heard."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

from ser_core import models
from ser_core.emotions import LABELS
from ser_core.features import FEATURE_SETS
from ser_core.features.tables import JointTable
from ser_core.models.estimators import Probabilities, beside, probabilities
from ser_core.models.perceptrons import BaggedPerceptrons
from ser_core.storage.cache_folder import cache_folder
from ser_core.training import classifiers, runs, simulated_enrolment
from ser_core.training.joint import ASKED, FEATURE_SET, Opinions, Rows
from ser_core.training.runs import Mask, Run


def _tells(task: str, feature: str) -> bool:
    """Whether the perceptrons of a task look at a feature.

    Gender is told by the length of the vocal tract and the vocal folds, so by the average spectrum and F0. Everything else is a
    little different between the men and women of any one corpus too, but not in the same way in another one: with all features,
    most women of a corpus never heard are taken for men. (Seen on CREMA-D left out, so that figure is no longer one of a corpus
    that nothing was chosen on: inner folds of the other two corpora would have kept all features there.)
    """
    return (
        task == "emotion"
        or feature.startswith("pitch_")
        or (feature.startswith("cepstrum_") and feature.endswith("mean"))
    )


FEATURES_OF = {
    task: [at for at, name in enumerate(FEATURE_SETS[FEATURE_SET].names) if _tells(task, name)]
    for task in LABELS
}
"""The positions of the features that the perceptrons of each task look at."""

ENROLLED = ("unseen_speakers", "corpus_left_out", "single_corpus")
"""The protocols that are carried out with a personal baseline as well."""

SHARE_OF_COPIES = 0.25
"""How many of the clips that the perceptrons draw are copies (disturbed, noisy) and not clips as they are."""

ENROLLED_HIDDEN = 256
"""Hidden units of the perceptrons that take a baseline: their input is twice as wide, and they ship beside the others."""


def train_all(table: JointTable, every: Sequence[Run], jobs: int = 1) -> dict[str, Opinions]:
    """Fit the perceptrons of each run for both tasks; gives what they say of their run's clips for calibration and test.

    Kept in the cache folder under the digest of the tables and of the code, like the networks. Those that take a baseline are
    fitted where the run is one of `ENROLLED`.
    """
    digest = hashlib.sha256(table.sha256.encode())
    for file in (
        __file__,
        classifiers.__file__,
        simulated_enrolment.__file__,
        runs.__file__,
        models.perceptrons.__file__,
    ):
        digest.update(Path(file).read_bytes())
    folder = cache_folder() / "perceptrons" / digest.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    done = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_fit_run)(table, run, folder) for run in every
    )
    progress = tqdm(done, total=len(every), unit="run", desc="perceptrons")
    return {
        run.name: _opinions(table, run, kept) for run, kept in zip(every, progress, strict=True)
    }


def fit(table: JointTable, train: Mask, task: str) -> BaggedPerceptrons:
    """The bagged perceptrons of a task, fitted on some rows: each clip as it is and in its copies."""
    return _fitted(
        table,
        train,
        task,
        [table.x[train], *(copy[train] for copy in table.copies.values())],
        FEATURES_OF[task],
    )


def fit_enrolled(table: JointTable, train: Mask) -> BaggedPerceptrons:
    """The bagged perceptrons of emotions that take a baseline: features [n, d] and, beside them, what differs from the baseline [n, d].

    Each clip has a baseline of one or two neutral clips of the same speaker and the same kind of copy, not itself; clips of
    speakers who have no other neutral one are left out.
    """
    rng = np.random.default_rng(0)
    rows = np.flatnonzero(train)
    neutral = simulated_enrolment.neutral_rows(table.rows, rows)
    others = [neutral.get(speaker, rows[:0]) for speaker in table.rows["speaker"].iloc[rows]]
    others = [own[own != row] for row, own in zip(rows, others, strict=True)]
    kept = np.array([len(own) > 0 for own in others])
    versions = []
    for x in (table.x, *table.copies.values()):
        baselines = [
            rng.choice(own, min(len(own), int(rng.integers(1, 3))), replace=False)
            for own in others
            if len(own)
        ]
        versions.append(
            beside(x[rows[kept]], np.array([x[baseline].mean(axis=0) for baseline in baselines]))
        )
    train = np.zeros_like(train)
    train[rows[kept]] = True
    return _fitted(table, train, "emotion", versions, range(versions[0].shape[1]), ENROLLED_HIDDEN)


def _fitted(
    table: JointTable,
    train: Mask,
    task: str,
    versions: Sequence[Any],
    columns: Sequence[int],
    hidden: int = 512,
) -> BaggedPerceptrons:
    """Perceptrons on the same rows in several versions [n, d]: as they are, then the copies."""
    part = table.rows[train]
    y, of_corpus = part[task].to_numpy(str), part["corpus"].to_numpy(str)
    n = len(versions)
    weights = np.repeat([1 - SHARE_OF_COPIES, *[SHARE_OF_COPIES / (n - 1)] * (n - 1)], len(part))
    x = np.concatenate(versions)
    return classifiers.bagged_perceptrons(
        x, np.tile(y, n), np.tile(of_corpus, n), weights, columns, 2 * len(part), hidden
    )


def _fit_run(table: JointTable, run: Run, folder: Path) -> Path:
    """Where what the perceptrons of a run say is kept, made where it is not there; those that take a baseline are kept beside it."""
    kept = folder / f"{run.name}.npz"
    rows = np.flatnonzero(run.calibrate | run.test)
    if not kept.exists():
        if run.protocol in ENROLLED:
            kept.with_suffix(".enrolled.npz").write_bytes(fit_enrolled(table, run.train).to_bytes())
        found: dict[str, Any] = {}
        for task in LABELS:
            fitted = fit(table, run.train, task)
            for copy, x in zip(ASKED, (table.x, table.copies["disturbed"]), strict=True):
                found[f"{task}_{copy}"] = probabilities(fitted, x[rows], task)
        unfinished = kept.with_suffix(".part.npz")
        np.savez(unfinished, **found)
        unfinished.replace(kept)
    return kept


def _opinions(table: JointTable, run: Run, kept: Path) -> Opinions:
    rows = np.flatnonzero(run.calibrate | run.test)

    @cache
    def of_run() -> BaggedPerceptrons:
        return BaggedPerceptrons.from_bytes(kept.with_suffix(".enrolled.npz").read_bytes())

    def enrolled(asked: Rows, baselines: Sequence[Rows]) -> Probabilities:
        baseline = np.array([table.x[own].mean(axis=0) for own in baselines])
        return probabilities(of_run(), beside(table.x[asked], baseline), "emotion")

    with np.load(kept) as stored:
        return Opinions(
            rows,
            {copy: {task: stored[f"{task}_{copy}"] for task in LABELS} for copy in ASKED},
            enrolled,
        )
