"""Feature tables: one file per corpus and feature set, from which every classical model is trained.

Columns: those of the utterance table, then the features. CSV has nine significant digits, which is more than the features
are good for; Parquet has float32, in large tables with 13 bits of mantissa (1e-4), which makes them small. Training reads them
back from the file, so that whoever has the table gets the same model.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ser_core import corpora
from ser_core.audio.augmentation import COPIES
from ser_core.corpora import CORPORA
from ser_core.emotions import GENDERS, LABELS, parse_emotion
from ser_core.errors import ErrorCode, SerError
from ser_core.features import FEATURE_SETS, FeatureSet
from ser_core.storage import manifest
from ser_core.storage.manifest import DATA_DIR

SHIPPED_CORPUS = "ravdess"
"""The corpus whose small feature tables are kept as CSV: the models of one corpus learn from them."""

_FORMAT = "%.9g"
_LARGEST = 1e9  # no feature comes near; a scaler's squares must stay finite
_MOST_IN_CSV = 200  # features
_MANTISSA = 0xFFFFFC00  # 13 of float32's 23 bits
LEAST_CLIPS = 5
"""The least clips of a label: the folds of the random split."""
_LEAST_TO_LEARN_FROM = 2  # clips of a label that are left to train on without the tested speakers


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """A feature table read from a file: its rows, their feature set, and the file's name and digest."""

    rows: pd.DataFrame
    feature_set: FeatureSet
    name: str
    sha256: str

    @property
    def x(self) -> np.ndarray:
        """The features, shape [n, d], float64."""
        return self.rows[list(self.feature_set.names)].to_numpy(dtype=np.float64)

    @property
    def speakers(self) -> np.ndarray:
        """Who speaks, shape [n]; "" where that is not known."""
        return self.rows["speaker"].to_numpy(dtype=str)

    def y(self, task: str) -> np.ndarray:
        """The labels of a task, shape [n]."""
        return self.rows[task].to_numpy(dtype=str)


def shipped_table(corpus: str, feature_set: str, copy: str = "") -> Path:
    """Where `data/` holds the table of a corpus and feature set (of a changed `copy`): CSV where it is small and RAVDESS's, else Parquet."""
    suffix = (
        ".csv"
        if corpus == SHIPPED_CORPUS and len(FEATURE_SETS[feature_set].names) <= _MOST_IN_CSV
        else ".parquet"
    )
    return DATA_DIR / corpus / f"{feature_set}{'_' if copy else ''}{copy}{suffix}"


def write_csv(tables: Iterable[pd.DataFrame], target: Path | io.TextIOBase) -> None:
    """Write a feature table that comes in parts."""
    with (
        target.open("w", encoding="utf-8", newline="")
        if isinstance(target, Path)
        else contextlib.nullcontext(target) as file
    ):
        for number, table in enumerate(tables):
            table.to_csv(
                file, index=False, float_format=_FORMAT, lineterminator="\n", header=number == 0
            )


def write_parquet(tables: Iterable[pd.DataFrame], path: Path) -> None:
    """Write a feature table that comes in parts as Parquet, a row group each.

    Features are in float32, those of a large feature set rounded to 13 bits of mantissa.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    try:
        for table in tables:
            numbers = [
                name
                for name in table.columns
                if table[name].dtype == np.float64 and name != "duration_s"
            ]
            values = np.ascontiguousarray(table[numbers].to_numpy(dtype=np.float32))
            if len(numbers) > _MOST_IN_CSV:
                values = ((values.view(np.uint32) + np.uint32(0x200)) & np.uint32(_MANTISSA)).view(
                    np.float32
                )
            small = pd.concat(
                [
                    table.drop(columns=numbers),
                    pd.DataFrame(values, columns=numbers, index=table.index),
                ],
                axis=1,
            )
            arrow = pa.Table.from_pandas(
                small[list(table.columns)],
                schema=writer.schema if writer else None,
                preserve_index=False,
            )
            if writer is None:
                packing = {
                    "compression": "zstd",
                    "compression_level": 15,
                    "use_dictionary": False,
                    "use_byte_stream_split": numbers,
                }
                writer = pq.ParquetWriter(path, arrow.schema, **packing)
            writer.write_table(arrow)
    finally:
        if writer is not None:
            writer.close()


@dataclass(frozen=True, eq=False)
class JointTable:
    """One feature set of several corpora: the utterance table, and features [n, d] float32 of the clips and of their copies.

    `copies` is by `COPIES`; `files` has the digest of each corpus's table (of the clips as they are), `sha256` is of all tables.
    """

    rows: pd.DataFrame
    x: np.ndarray
    copies: Mapping[str, np.ndarray]
    files: dict[str, str]
    sha256: str


def read_joint(
    feature_set: str, names: Sequence[str] = tuple(CORPORA), copies: Sequence[str] = COPIES
) -> JointTable:
    """The tables of a feature set (and of copies) in `data/` for several corpora, one after the other.

    Raises
    ------
    SerError
        NOT_FOUND where `data/` has no table of a corpus; BAD_TABLE where that of a copy has other clips.
    """
    features_of = list(FEATURE_SETS[feature_set].names)
    parts: dict[str, list[pd.DataFrame]] = {copy: [] for copy in ("", *copies)}
    files: dict[str, str] = {}
    every = hashlib.sha256()
    for name in names:
        for copy, read in parts.items():
            table, digest = _read_shipped(name, feature_set, copy)
            if copy and table["sha256"].tolist() != parts[""][-1]["sha256"].tolist():
                raise _bad(f"The {feature_set} tables of {name} hold different clips.")
            read.append(table[features_of] if copy else table)
            every.update(digest.encode())
            files.setdefault(name, digest)
    rows, *others = (pd.concat(read, ignore_index=True) for read in parts.values())
    x, *changed = (table[features_of].to_numpy(dtype=np.float32) for table in (rows, *others))
    return JointTable(
        rows.drop(columns=features_of),
        x,
        dict(zip(copies, changed, strict=True)),
        files,
        every.hexdigest(),
    )


def _read_shipped(corpus: str, feature_set: str, copy: str) -> tuple[pd.DataFrame, str]:
    path = shipped_table(corpus, feature_set, copy)
    if not path.exists():
        flag = f" --copy {copy}" if copy else ""
        make = f"python -m ser_core extract {corpus} --feature-set {feature_set}{flag} --output data/{corpus}/{path.name}"
        raise SerError(
            ErrorCode.NOT_FOUND,
            f"The feature table {corpus}/{path.name} is missing in data/.",
            f"Make it: {make}",
        )
    data = manifest.intact(path).read_bytes()
    read = pd.read_parquet if path.suffix == ".parquet" else pd.read_csv
    return read(io.BytesIO(data)), hashlib.sha256(data).hexdigest()


def read_table(path: Path) -> FeatureTable:
    """Read and check a feature table, the project's or a person's own; see `parse_table`.

    Raises
    ------
    SerError
        NOT_FOUND or BAD_TABLE, naming what is missing or where a value is wrong.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SerError(
            ErrorCode.NOT_FOUND,
            f"The feature table {str(path)!r} cannot be read.",
            "Check the path.",
        ) from error
    return parse_table(data, path.name)


def parse_table(data: bytes, name: str) -> FeatureTable:
    """A feature table from the bytes of its CSV file called `name`.

    It needs the column `emotion` (any name or alias of the eight) and the features of one feature set, and may have `speaker`,
    `gender` ("" or left away where not known), `corpus`, `path`, `intensity` and `statement`.

    Raises
    ------
    SerError
        BAD_TABLE, naming what is missing or where a value is wrong.
    """
    try:
        texts = ("speaker", "gender", "corpus", "path", "sha256", "intensity", "statement")
        rows = pd.read_csv(
            io.BytesIO(data), dtype=dict.fromkeys(texts, str), keep_default_na=False
        )  # a speaker may be called NA
    except (ValueError, UnicodeDecodeError) as error:
        raise _bad(f"{name} is no CSV table ({type(error).__name__}).") from error
    if "emotion" not in rows:
        raise _bad(f"{name} lacks the column emotion.")
    feature_set = _feature_set_of(rows, name)
    values = (
        rows[list(feature_set.names)]
        .apply(pd.to_numeric, errors="coerce")
        .to_numpy(dtype=np.float64)
    )
    if not len(rows):
        raise _bad(f"{name} has no rows.")
    wrong = ~(np.abs(values) < _LARGEST).all(axis=1)
    if wrong.any():
        raise _bad(
            f"{name} has a missing, non-numeric or huge feature in line {int(np.flatnonzero(wrong)[0]) + 2}."
        )
    rows = pd.concat(
        [
            rows.drop(columns=list(feature_set.names)),
            pd.DataFrame(values, columns=list(feature_set.names)),
        ],
        axis=1,
    )
    rows["emotion"] = [
        _emotion(value, line, name) for line, value in enumerate(rows["emotion"], start=2)
    ]
    if "gender" in rows and not (known := rows["gender"].isin(("", *GENDERS))).all():
        raise _bad(
            f"{name} has a gender that is none of {', '.join(GENDERS)} in line {int(np.flatnonzero(~known)[0]) + 2}."
        )
    defaults = {"corpus": Path(name).stem} | dict.fromkeys(
        ("speaker", "path", "sha256", "intensity", "statement"), ""
    )
    for column, default in defaults.items():
        rows[column] = rows[column].replace("", default) if column in rows else default
    rows["speaker"] = rows["speaker"].str.strip()
    table = FeatureTable(rows, feature_set, name, hashlib.sha256(data).hexdigest())
    if problem := why_not(table, "emotion"):
        raise _bad(f"{name}: {problem}")
    return table


def tasks_of(table: FeatureTable) -> tuple[str, ...]:
    """The tasks that a table can be trained and tested for."""
    return tuple(task for task in LABELS if why_not(table, task) is None)


def why_not(table: FeatureTable, task: str) -> str | None:
    """Why a table cannot be trained and tested for a task, as a sentence; None if it can."""
    if task not in table.rows:
        return f"There is no column {task}."
    labels = table.rows[task]
    if unknown := int((labels == "").sum()):
        return f"{unknown:,} of {len(labels):,} clips have no {task}."
    clips = labels.value_counts()
    if len(clips) < 2:
        return f"There is one {task} only; at least two are needed."
    for label, count in clips.items():
        if count < LEAST_CLIPS:
            return f"{label} has {count} clip{'s' if count != 1 else ''}; each {task} needs at least {LEAST_CLIPS}."
    return None


def why_not_unseen(table: FeatureTable, task: str) -> str | None:
    """Why a table cannot be tested on unseen speakers, as a sentence; None if it can.

    All speakers must be known, and without the tested ones something of every label must be left to learn from.
    """
    unknown = int((table.speakers == "").sum())
    if unknown:
        where = (
            "" if unknown == len(table.rows) else f" in {unknown:,} of {len(table.rows):,} clips"
        )
        return f"It is not known who speaks{where}."
    if len(set(table.speakers)) < 2:
        return "All clips are of one speaker."
    fold_of, y = corpora.folds(table.rows["speaker"], table.rows["corpus"]), table.y(task)
    for fold in np.unique(fold_of):
        for label in LABELS[task]:
            if label in y and int(((y == label) & (fold_of != fold)).sum()) < _LEAST_TO_LEARN_FROM:
                tested = ", ".join(sorted(set(table.speakers[(fold_of == fold) & (y == label)])))
                return f"Without the clips of {tested}, too few that are {label} are left to learn from."
    return None


def _feature_set_of(rows: pd.DataFrame, name: str) -> FeatureSet:
    lacking = {}
    for feature_set in FEATURE_SETS.values():
        lacking[feature_set.name] = [
            feature for feature in feature_set.names if feature not in rows
        ]
        if not lacking[feature_set.name]:
            return feature_set
    nearest = min(lacking, key=lambda key: len(lacking[key]))
    shown = ", ".join(lacking[nearest][:3])
    raise _bad(
        f"{name} has the columns of no feature set; {nearest} lacks {len(lacking[nearest])}: {shown}, ..."
    )


def _emotion(value: object, line: int, name: str) -> str:
    try:
        return parse_emotion(str(value))
    except ValueError as error:
        raise _bad(f"{name}, line {line}: {error}") from error


def _bad(message: str) -> SerError:
    return SerError(
        ErrorCode.BAD_TABLE,
        message,
        "Make it with: python -m ser_core extract FOLDER --output FILE.csv, and add the labels.",
    )
