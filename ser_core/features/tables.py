"""The files of feature tables: where `data/` holds them, and how they are written and read.

Conventions: one file per corpus and feature set, a row per clip. The columns are those of the utterance
table, then the features. CSV has nine significant digits, which is more than the features are good for.
Parquet has float32, in large tables with 13 bits of mantissa (1e-4), which makes them small.

Every classical model is trained from such a file. Training reads it back, so that whoever has the file gets
the same model.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ser_core.audio.augmentation import COPIES
from ser_core.corpora import CORPORA
from ser_core.errors import ErrorCode, SerError
from ser_core.features.csv_tables import bad_table
from ser_core.features.feature_sets import FEATURE_SETS
from ser_core.storage import manifest
from ser_core.storage.paths import DATA_DIR

if TYPE_CHECKING:
    import pyarrow as pa

SHIPPED_CORPUS = "ravdess"
"""The corpus whose small feature tables are kept as CSV: the models of one corpus learn from them."""

_CSV_FORMAT = "%.9g"
_MOST_IN_CSV = 200  # features
_MANTISSA = 0xFFFFFC00  # 13 of float32's 23 bits
_HALF_OF_THE_REST = 0x200  # added first, so that the cut rounds to the nearest


def shipped_table_path(corpus: str, feature_set: str, copy: str = "") -> Path:
    """Where `data/` holds the feature table of a corpus.

    Parameters
    ----------
    corpus : str
        The corpus's folder name.
    feature_set : str
        A name in `FEATURE_SETS`.
    copy : str
        One of `COPIES`, for the table of changed copies of the clips; "" for the clips as they are.

    Returns
    -------
    Path
        A CSV file for the small tables of `SHIPPED_CORPUS`, else a Parquet file. It need not exist.
    """
    is_small = len(FEATURE_SETS[feature_set].names) <= _MOST_IN_CSV
    suffix = ".csv" if corpus == SHIPPED_CORPUS and is_small else ".parquet"
    name = f"{feature_set}_{copy}" if copy else feature_set
    return DATA_DIR / corpus / f"{name}{suffix}"


# -------------------------------------------------------------------------------------------------- writing


def write_csv(tables: Iterable[pd.DataFrame], target: Path | io.TextIOBase) -> None:
    """Write a feature table that comes in parts as CSV.

    Parameters
    ----------
    tables : iterable of DataFrame
        The parts, in order, all with the same columns.
    target : Path or text file
        A path is overwritten; an open file stays open.
    """
    if isinstance(target, Path):
        with target.open("w", encoding="utf-8", newline="") as file:
            _write_csv_parts(tables, file)
    else:
        _write_csv_parts(tables, target)


def _write_csv_parts(tables: Iterable[pd.DataFrame], file: io.TextIOBase) -> None:
    for number, table in enumerate(tables):
        header = number == 0
        table.to_csv(
            file, index=False, float_format=_CSV_FORMAT, lineterminator="\n", header=header
        )


def write_parquet(tables: Iterable[pd.DataFrame], path: Path) -> None:
    """Write a feature table that comes in parts as Parquet, a row group each.

    Features become float32, those of a large feature set rounded to 13 bits of mantissa.

    Parameters
    ----------
    tables : iterable of DataFrame
        The parts, in order, all with the same columns.
    path : Path
        The file, which is overwritten.
    """
    import pyarrow.parquet as pq

    with contextlib.ExitStack() as stack:
        writer = None
        for table in tables:
            part = _to_arrow(table, writer.schema if writer else None)
            if writer is None:
                writer = pq.ParquetWriter(
                    path,
                    part.schema,
                    compression="zstd",
                    compression_level=15,
                    use_dictionary=False,
                    use_byte_stream_split=_feature_columns(table),
                )
                stack.callback(writer.close)
            writer.write_table(part)


def _to_arrow(table: pd.DataFrame, schema: pa.Schema | None) -> pa.Table:
    import pyarrow as pa

    columns = _feature_columns(table)
    values = np.ascontiguousarray(table[columns].to_numpy(dtype=np.float32))
    if len(columns) > _MOST_IN_CSV:
        rounded = values.view(np.uint32) + np.uint32(_HALF_OF_THE_REST)
        values = (rounded & np.uint32(_MANTISSA)).view(np.float32)
    features = pd.DataFrame(values, columns=columns, index=table.index)
    small = pd.concat([table.drop(columns=columns), features], axis=1)
    return pa.Table.from_pandas(small[list(table.columns)], schema=schema, preserve_index=False)


def _feature_columns(table: pd.DataFrame) -> list[str]:
    numbers = table.columns[(table.dtypes == np.float64).to_numpy()]
    return [name for name in numbers if name != "duration_s"]


# -------------------------------------------------------------------------- reading the tables of `data/`


@dataclass(frozen=True, eq=False)
class JointTable:
    """One feature set of several corpora.

    Attributes
    ----------
    rows : DataFrame
        The utterance table of n clips.
    x : array of float32 [n, d]
        The features of the clips.
    copies : mapping from str to array of float32 [n, d]
        The features of the clips' changed copies, by `COPIES`.
    files : dict from str to str
        The SHA-256 of each corpus's table, of the clips as they are.
    sha256 : str
        One digest for all tables.
    """

    rows: pd.DataFrame
    x: np.ndarray
    copies: Mapping[str, np.ndarray]
    files: dict[str, str]
    sha256: str


def read_joint_table(
    feature_set: str, names: Sequence[str] = tuple(CORPORA), copies: Sequence[str] = COPIES
) -> JointTable:
    """The tables of a feature set in `data/` for several corpora, one after the other.

    Parameters
    ----------
    feature_set : str
        A name in `FEATURE_SETS`.
    names : sequence of str
        The corpora, by their folder names.
    copies : sequence of str
        Which changed copies are read as well.

    Returns
    -------
    JointTable
        The clips of the corpora, in the order of `names`.

    Raises
    ------
    SerError
        NOT_FOUND where `data/` has no table of a corpus; BAD_TABLE where that of a copy has other clips;
        DATA_TAMPERED where a file is not the one in the manifest.
    """
    features = list(FEATURE_SETS[feature_set].names)
    parts: dict[str, list[pd.DataFrame]] = {copy: [] for copy in ("", *copies)}
    files: dict[str, str] = {}
    joint_digest = hashlib.sha256()
    for name in names:
        for copy, tables in parts.items():
            table, digest = _read_shipped(name, feature_set, copy)
            if copy and table["sha256"].tolist() != parts[""][-1]["sha256"].tolist():
                raise bad_table(f"The {feature_set} tables of {name} hold different clips.")
            tables.append(table[features] if copy else table)
            joint_digest.update(digest.encode())
            files.setdefault(name, digest)
    joined = {copy: pd.concat(tables, ignore_index=True) for copy, tables in parts.items()}
    x = {copy: table[features].to_numpy(dtype=np.float32) for copy, table in joined.items()}
    rows = joined[""].drop(columns=features)
    return JointTable(rows, x.pop(""), x, files, joint_digest.hexdigest())


def _read_shipped(corpus: str, feature_set: str, copy: str) -> tuple[pd.DataFrame, str]:
    path = shipped_table_path(corpus, feature_set, copy)
    if not path.exists():
        arguments = f"{corpus} --feature-set {feature_set}" + (f" --copy {copy}" if copy else "")
        command = f"python -m ser_core extract {arguments} --output data/{corpus}/{path.name}"
        raise SerError(
            ErrorCode.NOT_FOUND,
            f"The feature table {corpus}/{path.name} is missing in data/.",
            f"Make it: {command}",
        )
    data = manifest.verify(path).read_bytes()
    read = pd.read_parquet if path.suffix == ".parquet" else pd.read_csv
    return read(io.BytesIO(data)), hashlib.sha256(data).hexdigest()
