"""The perceptrons of all joint runs: bagged perceptrons on a large feature set, and what they predict.

Conventions: features are [clips, d]; a mask [clips] chooses the rows of the joint table that are trained on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from ser_core import models
from ser_core.emotions import LABELS
from ser_core.features import FEATURE_SETS
from ser_core.features.tables import JointTable
from ser_core.models.estimators import append_difference, predict_labels
from ser_core.models.kinds import PERCEPTRONS_FEATURE_SET
from ser_core.models.perceptrons import BaggedPerceptrons
from ser_core.models.pooling import Probabilities
from ser_core.storage.cache_folder import cache_folder
from ser_core.training import baseline_clips, classifiers, runs
from ser_core.training.member_predictions import VERSIONS, MemberPredictions
from ser_core.training.runs import Mask, Rows, Run


def _is_used(task: str, feature: str) -> bool:
    """Whether the perceptrons of a task look at a feature.

    Gender shows in the length of the vocal tract and the vocal folds, so in the average spectrum and F0.
    Everything else is a little different between the men and women of any one corpus too, but not in the
    same way in another one: with all features, most women of a corpus left out are taken for men. (Seen on
    CREMA-D left out, so that figure is no longer one of a corpus that nothing was chosen on: inner folds of
    the other two corpora would have kept all features there.)
    """
    is_average_spectrum = feature.startswith("cepstrum_") and feature.endswith("mean")
    return task == "emotion" or feature.startswith("pitch_") or is_average_spectrum


FEATURES_OF = {
    task: [
        position
        for position, name in enumerate(FEATURE_SETS[PERCEPTRONS_FEATURE_SET].names)
        if _is_used(task, name)
    ]
    for task in LABELS
}
"""The positions of the features that the perceptrons of each task look at."""

ENROLLED_PROTOCOLS = ("unseen_speakers", "corpus_left_out", "single_corpus")
"""The protocols that are carried out with a personal baseline as well."""

SHARE_OF_COPIES = 0.25
"""How many of the clips that the perceptrons draw are copies (disturbed, noisy) and not clips as they are."""

HIDDEN = 512
ENROLLED_HIDDEN = 256
"""Hidden units of the perceptrons that take a baseline; fewer, since their input is twice as wide."""


def train_all(
    table: JointTable, joint_runs: Sequence[Run], jobs: int = 1
) -> dict[str, MemberPredictions]:
    """Fit the perceptrons of each run for both tasks, and predict its clips for calibration and test.

    Fits are stored in the cache folder under the digest of the tables and of the code, like the networks.
    Those that take a baseline are fitted where the run's protocol is one of `ENROLLED_PROTOCOLS`.

    Parameters
    ----------
    table : JointTable
        The features of all corpora and of their copies.
    joint_runs : sequence of Run
    jobs : int
        How many processes fit at a time.

    Returns
    -------
    dict of MemberPredictions
        By the name of the run.
    """
    folder = cache_folder() / "perceptrons" / _digest(table)
    folder.mkdir(parents=True, exist_ok=True)
    stored = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_fit_run)(table, run, folder) for run in joint_runs
    )
    progress = tqdm(stored, total=len(joint_runs), unit="run", desc="perceptrons")
    return {
        run.name: _stored_predictions(table, run, file)
        for run, file in zip(joint_runs, progress, strict=True)
    }


def fit(table: JointTable, train: Mask, task: str) -> BaggedPerceptrons:
    """The bagged perceptrons of a task, fitted on some rows: each clip as it is and in its copies."""
    versions = [x[train] for x in _versions(table)]
    return _fit_versions(table.rows[train], task, versions, FEATURES_OF[task])


def fit_enrolled(table: JointTable, train: Mask) -> BaggedPerceptrons:
    """The bagged perceptrons of emotions that take a baseline, fitted on some rows.

    Their input is [n, 2 d]: the features, then what differs from the baseline. Each clip has a baseline of
    one or two neutral clips of the same speaker and the same kind of copy, not itself. Clips of speakers who
    have no other neutral one are left out.
    """
    rng = np.random.default_rng(0)
    rows = np.flatnonzero(train)
    others = baseline_clips.other_neutral_rows(table.rows, rows)
    has_baseline = np.array([len(neutral) > 0 for neutral in others])
    rows = rows[has_baseline]
    others = [neutral for neutral in others if len(neutral)]
    versions = []
    for x in _versions(table):
        baselines = [_draw(rng, neutral) for neutral in others]
        means = np.array([x[baseline].mean(axis=0) for baseline in baselines])
        versions.append(append_difference(x[rows], means))
    columns = range(versions[0].shape[1])
    return _fit_versions(table.rows.iloc[rows], "emotion", versions, columns, ENROLLED_HIDDEN)


def _versions(table: JointTable) -> list[Any]:
    """The features [clips, d] of the clips as they are, then of each copy."""
    return [table.x, *table.copies.values()]


def _draw(rng: np.random.Generator, neutral: Rows) -> Rows:
    """One or two of a speaker's neutral clips."""
    size = min(len(neutral), int(rng.integers(1, 3)))
    return rng.choice(neutral, size, replace=False)


def _fit_versions(
    clips: pd.DataFrame,
    task: str,
    versions: Sequence[Any],
    columns: Sequence[int],
    hidden: int = HIDDEN,
) -> BaggedPerceptrons:
    """Perceptrons fitted on the same clips in several versions [n, d]: as they are, then the copies."""
    n = len(versions)
    share_of_copy = SHARE_OF_COPIES / (n - 1)
    shares = [1 - SHARE_OF_COPIES, *[share_of_copy] * (n - 1)]
    return classifiers.bagged_perceptrons(
        np.concatenate(versions),
        np.tile(clips[task].to_numpy(str), n),
        np.tile(clips["corpus"].to_numpy(str), n),
        np.repeat(shares, len(clips)),
        columns,
        2 * len(clips),
        hidden,
    )


def _digest(table: JointTable) -> str:
    """A digest of the tables and of the code that the fits depend on."""
    digest = hashlib.sha256(table.sha256.encode())
    for module in (classifiers, baseline_clips, runs, models.perceptrons):
        digest.update(Path(str(module.__file__)).read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()[:16]


def _fit_run(table: JointTable, run: Run, folder: Path) -> Path:
    """The file with the predictions of a run's perceptrons, made where it is missing.

    The perceptrons that take a baseline are stored next to it.
    """
    file = folder / f"{run.name}.npz"
    if file.exists():
        return file
    if run.protocol in ENROLLED_PROTOCOLS:
        _enrolled_file(file).write_bytes(fit_enrolled(table, run.train).to_bytes())
    rows = _predicted_rows(run)
    predicted: dict[str, Any] = {}
    for task in LABELS:
        fitted = fit(table, run.train, task)
        for version, x in zip(VERSIONS, (table.x, table.copies["disturbed"]), strict=True):
            predicted[f"{task}_{version}"] = predict_labels(fitted, x[rows], task)
    unfinished = file.with_suffix(".part.npz")
    np.savez(unfinished, **predicted)
    unfinished.replace(file)
    return file


def _enrolled_file(file: Path) -> Path:
    return file.with_suffix(".enrolled.npz")


def _predicted_rows(run: Run) -> Rows:
    return np.flatnonzero(run.calibrate | run.test)


def _stored_predictions(table: JointTable, run: Run, file: Path) -> MemberPredictions:
    with np.load(file) as stored:
        by_version = {
            version: {task: stored[f"{task}_{version}"] for task in LABELS} for version in VERSIONS
        }
    return MemberPredictions(_predicted_rows(run), by_version, _predict_enrolled(table, file))


def _predict_enrolled(
    table: JointTable, file: Path
) -> Callable[[Rows, Sequence[Rows]], Probabilities]:
    """A function that predicts emotions with baselines; the perceptrons are loaded at the first call."""

    @cache
    def load() -> BaggedPerceptrons:
        return BaggedPerceptrons.from_bytes(_enrolled_file(file).read_bytes())

    def predict(rows: Rows, baselines: Sequence[Rows]) -> Probabilities:
        means = np.array([table.x[baseline].mean(axis=0) for baseline in baselines])
        return predict_labels(load(), append_difference(table.x[rows], means), "emotion")

    return predict
