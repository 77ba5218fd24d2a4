"""A person's own corpus, measured and made fit for training.

From labelled clips come a feature table, a report of what was left out of it, and trained models.
Conventions: tables have the columns `TABLE_COLUMNS`, then the features; an unknown speaker or gender is "".
"""

from __future__ import annotations

import dataclasses
import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ser_core.audio import Recording
from ser_core.batch.extraction import (
    ONE_PROCESS,
    ClipFeatures,
    Execution,
    extract_files,
    measure_recording,
)
from ser_core.corpora import TABLE_COLUMNS, LabelledCorpus, LeftOutFiles, leave_out
from ser_core.errors import ErrorCode, SerError
from ser_core.features import FEATURE_SETS
from ser_core.features.csv_tables import parse_table
from ser_core.features.feature_table import (
    LEAST_CLIPS,
    FeatureTable,
    trainable_tasks,
    unseen_speakers_obstacle,
)
from ser_core.features.tables import write_csv
from ser_core.models import MAIN_FEATURE_SET
from ser_core.training import cross_validation, final_models


@dataclass(frozen=True, eq=False)
class OwnTable:
    """An own corpus: its name, where its labels come from, its feature table, and what was left out."""

    name: str
    source: str
    table: pd.DataFrame
    left_out: tuple[LeftOutFiles, ...]
    failed: tuple[tuple[str, SerError], ...] = ()
    """What is wrong with each file that cannot be used; `left_out` counts them."""


def measure_clip(
    load: Callable[[], Recording], feature_set: str = MAIN_FEATURE_SET
) -> ClipFeatures | SerError:
    """The features of one clip, or why it cannot be used.

    Parameters
    ----------
    load : callable
        Gives the recording.
    feature_set : str
        A name of `FEATURE_SETS`.
    """
    try:
        return measure_recording(load(), feature_set)
    except SerError as error:
        return error


def measure_folder(
    folder: Path,
    labelled: LabelledCorpus,
    feature_set: str = MAIN_FEATURE_SET,
    way: Execution = ONE_PROCESS,
) -> OwnTable:
    """Measure the clips of a labelled folder; each file is read once. Progress is shown on stderr.

    Parameters
    ----------
    folder : Path
        The folder that the paths in `labelled` begin in.
    labelled : LabelledCorpus
        What `corpora.label_folder` gave for it.
    feature_set : str
        A name of `FEATURE_SETS`.
    way : Execution
        How many processes, or which cluster, work on the files.

    Returns
    -------
    OwnTable

    Raises
    ------
    SerError
        BAD_CORPUS where no clip can be used.
    """
    files = [folder / file for file, _ in labelled.clips]
    results = list(extract_files(files, feature_set, way))
    return assemble_table(labelled, results, feature_set)


def assemble_table(
    labelled: LabelledCorpus,
    results: Sequence[ClipFeatures | SerError],
    feature_set: str = MAIN_FEATURE_SET,
) -> OwnTable:
    """The table of the clips that could be measured, without copies (see `drop_copies`).

    Parameters
    ----------
    labelled : LabelledCorpus
        The clips and their labels.
    results : sequence
        For each of these clips its features, or why it cannot be used.
    feature_set : str
        The feature set of the results.

    Returns
    -------
    OwnTable

    Raises
    ------
    SerError
        BAD_CORPUS where no clip is left.
    """
    failed, rows = [], []
    for (file, labels), result in zip(labelled.clips, results, strict=True):
        if isinstance(result, SerError):
            failed.append((file, result))
            continue
        about = (file, labelled.name, *dataclasses.astuple(labels))
        rows.append((*about, result.duration_s, result.sha256, *result.values))
    table = pd.DataFrame(rows, columns=[*TABLE_COLUMNS, *FEATURE_SETS[feature_set].names])
    table, left_out = drop_copies(table)
    if failed:
        unreadable = [f"{file} ({error.code})" for file, error in failed]
        left_out = (leave_out("unreadable", unreadable), *left_out)
    if table.empty:
        reasons = "; ".join(part.describe() for part in left_out)
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"No clip of {labelled.name!r} can be used: {reasons}.",
            "Check the files.",
        )
    every_left_out = (*labelled.left_out, *left_out)
    return OwnTable(labelled.name, labelled.source, table, every_left_out, tuple(failed))


def drop_copies(table: pd.DataFrame) -> tuple[pd.DataFrame, tuple[LeftOutFiles, ...]]:
    """A table with one clip of those with the same bytes: the first, or none where their emotions differ.

    A clip with a copy on the other side of a split would be recognised by heart, and it would count twice.

    Parameters
    ----------
    table : DataFrame
        With the columns path, emotion and sha256.

    Returns
    -------
    (DataFrame, tuple of LeftOutFiles)
        The rows that are left, numbered anew, and what was left out.
    """
    contradictory = table.groupby("sha256")["emotion"].transform("nunique") > 1
    repeated = table.duplicated("sha256") & ~contradictory
    kinds = {
        "same_audio": table["path"][repeated],
        "same_audio_two_emotions": table["path"][contradictory],
    }
    left_out = tuple(leave_out(kind, files) for kind, files in kinds.items() if len(files))
    return table[~contradictory & ~repeated].reset_index(drop=True), left_out


def to_csv(table: pd.DataFrame) -> bytes:
    """A feature table as `extract` writes it."""
    text = io.StringIO()
    write_csv([table], text)
    return text.getvalue().encode()


def training_table(own: OwnTable) -> tuple[FeatureTable, tuple[LeftOutFiles, ...]]:
    """The table to train on, as it comes back from its CSV file, without rare emotions.

    Parameters
    ----------
    own : OwnTable

    Returns
    -------
    (FeatureTable, tuple of LeftOutFiles)
        The table, and the clips of emotions that have fewer than `LEAST_CLIPS`.

    Raises
    ------
    SerError
        BAD_TABLE where less than two emotions are left.
    """
    counts = own.table["emotion"].value_counts()
    rare = own.table["emotion"].isin(counts.index[counts < LEAST_CLIPS])
    if counts[counts >= LEAST_CLIPS].size < 2:
        got = ", ".join(f"{emotion} {count}" for emotion, count in counts.items())
        raise SerError(
            ErrorCode.BAD_TABLE,
            f"Training needs at least two emotions with {LEAST_CLIPS} clips each. Got {got}.",
            "Add clips.",
        )
    left_out = (leave_out("rare_emotion", own.table["path"][rare]),) if rare.any() else ()
    return parse_table(to_csv(own.table[~rare]), f"{own.name}.csv"), left_out


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What training on an own corpus gives.

    `out_of_fold` are its out-of-fold rows. `models` are the bytes of a ZIP file of the models with their
    cards and of the feature table. `optimistic` says, for each task that could only be tested by a random
    split, why. `rare` has the clips that were not trained on.
    """

    out_of_fold: pd.DataFrame
    models: bytes
    optimistic: Mapping[str, str]
    rare: tuple[LeftOutFiles, ...]


def train(
    own: OwnTable, names: Sequence[str], progress: cross_validation.Progress
) -> TrainingResult:
    """Train and test classifiers on an own corpus, with one seed. Nothing of it is left on disk.

    Parameters
    ----------
    own : OwnTable
    names : sequence of str
        Names of `CLASSIFIERS`.
    progress : callable
        Shows how many folds are done.

    Returns
    -------
    TrainingResult
        For every task that the corpus has labels for.

    Raises
    ------
    SerError
        BAD_TABLE where the corpus is too small.
    """
    table, rare = training_table(own)
    tasks = trainable_tasks(table)
    rows, _ = cross_validation.out_of_fold(table, names, tasks, seeds=(0,), progress=progress)
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            for task in tasks:
                final_models.train(table, task, name, rows, folder=Path(folder))
        (Path(folder) / table.name).write_bytes(to_csv(table.rows))
        archive = _zipped(Path(folder))
    reasons = {task: unseen_speakers_obstacle(table, task) for task in tasks}
    optimistic = {task: reason for task, reason in reasons.items() if reason}
    return TrainingResult(rows, archive, optimistic, rare)


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder).as_posix())
    return buffer.getvalue()


def replace_protocols(old: pd.DataFrame | None, new: pd.DataFrame) -> pd.DataFrame:
    """Out-of-fold rows, with new ones in place of the old ones of the same protocols.

    Parameters
    ----------
    old : DataFrame or None
        `OUT_OF_FOLD_COLUMNS`; None where there are none yet.
    new : DataFrame

    Returns
    -------
    DataFrame
        `new` itself where there are no old ones.
    """
    if old is None:
        return new
    replaced = old["protocol"].isin(new["protocol"].unique())
    return pd.concat([old[~replaced], new], ignore_index=True)
