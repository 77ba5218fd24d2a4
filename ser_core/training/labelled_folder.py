"""A person's own corpus, measured and made fit for training: from labelled clips to a feature table and what was left out of it."""

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
from ser_core.batch.extraction import ALONE, Measured, Way, extract_files, measured
from ser_core.corpora import TABLE_COLUMNS, Labelled, LeftOut, left_out
from ser_core.errors import ErrorCode, SerError
from ser_core.features import FEATURE_SETS
from ser_core.features.tables import (
    LEAST_CLIPS,
    FeatureTable,
    parse_table,
    tasks_of,
    why_not_unseen,
    write_csv,
)
from ser_core.models import MAIN_FEATURE_SET
from ser_core.training import cross_validation


@dataclass(frozen=True, eq=False)
class OwnTable:
    """An own corpus: its name, where its labels come from, its feature table (`TABLE_COLUMNS`, then features), and what was left out.

    An unknown speaker or gender is "".
    """

    name: str
    source: str
    table: pd.DataFrame
    left_out: tuple[LeftOut, ...]
    failed: tuple[tuple[str, SerError], ...] = ()
    """What is wrong with each file that cannot be used; `left_out` counts them."""


def measure(
    load: Callable[[], Recording], feature_set: str = MAIN_FEATURE_SET
) -> Measured | SerError:
    """A clip as `load` gives it, measured; or why it cannot be used."""
    try:
        return measured(load(), feature_set)
    except SerError as error:
        return error


def measure_folder(
    folder: Path, labelled: Labelled, feature_set: str = MAIN_FEATURE_SET, way: Way = ALONE
) -> OwnTable:
    """Measure the clips of a folder that was labelled; progress on stderr."""
    return assemble(
        labelled,
        list(extract_files([folder / file for file, _ in labelled.clips], feature_set, way)),
        feature_set,
    )


def assemble(
    labelled: Labelled, measured: Sequence[Measured | SerError], feature_set: str = MAIN_FEATURE_SET
) -> OwnTable:
    """The table of the clips that could be measured, `without_copies`.

    Raises
    ------
    SerError
        BAD_CORPUS where no clip is left.
    """
    failed = [
        (file, result)
        for (file, _), result in zip(labelled.clips, measured, strict=True)
        if isinstance(result, SerError)
    ]
    unreadable = [f"{file} ({error.code})" for file, error in failed]
    rows = [
        (
            file,
            labelled.name,
            *dataclasses.astuple(labels),
            result.duration_s,
            result.sha256,
            *result.values,
        )
        for (file, labels), result in zip(labelled.clips, measured, strict=True)
        if isinstance(result, Measured)
    ]
    table = pd.DataFrame(rows, columns=[*TABLE_COLUMNS, *FEATURE_SETS[feature_set].names])
    table, copies = without_copies(table)
    gone = (*([left_out("unreadable", unreadable)] if unreadable else []), *copies)
    if table.empty:
        said = "; ".join(part.in_words() for part in gone)
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"No clip of {labelled.name!r} can be used: {said}.",
            "Check the files.",
        )
    return OwnTable(
        labelled.name, labelled.source, table, (*labelled.left_out, *gone), tuple(failed)
    )


def without_copies(table: pd.DataFrame) -> tuple[pd.DataFrame, tuple[LeftOut, ...]]:
    """Of files with the same bytes (columns path, emotion, sha256) the first, or none where their emotions differ; and what was left out.

    A copy of a clip on both sides of a split would be recognised, not understood; and it should not count twice.
    """
    several = table.groupby("sha256")["emotion"].transform("nunique") > 1
    again = table.duplicated("sha256") & ~several
    kinds = {"same_audio": table["path"][again], "same_audio_two_emotions": table["path"][several]}
    gone = tuple(left_out(kind, files) for kind, files in kinds.items() if len(files))
    return table[~several & ~again].reset_index(drop=True), gone


def to_csv(table: pd.DataFrame) -> bytes:
    """A feature table as `extract` writes it."""
    text = io.StringIO()
    write_csv([table], text)
    return text.getvalue().encode()


def for_training(own: OwnTable) -> tuple[FeatureTable, tuple[LeftOut, ...]]:
    """The table to train on, as it comes back from its CSV file, without the clips of emotions that have too few; and these.

    Raises
    ------
    SerError
        BAD_TABLE where less than two emotions are left.
    """
    counts = own.table["emotion"].value_counts()
    rare = own.table["emotion"].isin(counts.index[counts < LEAST_CLIPS])
    if counts[counts >= LEAST_CLIPS].size < 2:
        found = ", ".join(f"{emotion} {count}" for emotion, count in counts.items())
        message = (
            f"Training needs at least two emotions with {LEAST_CLIPS} clips each. Got {found}."
        )
        raise SerError(ErrorCode.BAD_TABLE, message, "Add clips.")
    gone = (left_out("rare_emotion", own.table["path"][rare]),) if rare.any() else ()
    return parse_table(to_csv(own.table[~rare]), f"{own.name}.csv"), gone


@dataclass(frozen=True, eq=False)
class Trained:
    """What training on an own corpus gives.

    `out_of_fold` are its out-of-fold rows; `models` the bytes of a ZIP file of the models with their cards and of the feature table;
    `optimistic` says, for each task that could only be tested by a random split, why; `rare` has the clips that were not trained on.
    """

    out_of_fold: pd.DataFrame
    models: bytes
    optimistic: Mapping[str, str]
    rare: tuple[LeftOut, ...]


def train(own: OwnTable, names: Sequence[str], progress: cross_validation.Progress) -> Trained:
    """Train and test classifiers on an own corpus for every task that it has labels for, with one seed. Nothing of it is left on disk.

    Raises
    ------
    SerError
        BAD_TABLE where the corpus is too small.
    """
    table, rare = for_training(own)
    tasks = tasks_of(table)
    rows, _ = cross_validation.out_of_fold(table, names, tasks, seeds=(0,), progress=progress)
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            for task in tasks:
                cross_validation.train(table, task, name, rows, folder=Path(folder))
        (Path(folder) / table.name).write_bytes(to_csv(table.rows))
        archive = _zipped(Path(folder))
    optimistic = {task: why for task in tasks if (why := why_not_unseen(table, task))}
    return Trained(rows, archive, optimistic, rare)


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder).as_posix())
    return buffer.getvalue()


def joined(old: pd.DataFrame | None, new: pd.DataFrame) -> pd.DataFrame:
    """Out-of-fold rows with new ones, which take the place of the old of the same protocols."""
    if old is None:
        return new
    return pd.concat([old[~old["protocol"].isin(new["protocol"].unique())], new], ignore_index=True)
