"""Reads a feature table in CSV, the project's or a person's own, and says what is wrong with it.

Conventions: a row per clip; the columns are the labels of `parse_table` and the features of one feature
set, in any order. Line 1 of the file is the header.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from ser_core.emotions import GENDERS, parse_emotion
from ser_core.errors import ErrorCode, SerError
from ser_core.features.feature_sets import FEATURE_SETS, FeatureSet
from ser_core.features.feature_table import FeatureTable, training_obstacle

_LARGEST = 1e9  # no feature comes near; a scaler's squares must stay finite
_TEXT_COLUMNS = ("speaker", "gender", "corpus", "path", "sha256", "intensity", "statement")


def read_table(path: Path) -> FeatureTable:
    """Read and check a feature table in CSV, the project's or a person's own.

    Parameters
    ----------
    path : Path
        The file; see `parse_table` for its columns.

    Returns
    -------
    FeatureTable
        The table.

    Raises
    ------
    SerError
        NOT_FOUND where the file cannot be read; BAD_TABLE, naming what is missing or the line that is wrong.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"The feature table {str(path)!r} cannot be read."
        raise SerError(ErrorCode.NOT_FOUND, message, "Check the path.") from error
    return parse_table(data, path.name)


def parse_table(data: bytes, name: str) -> FeatureTable:
    """A feature table from the bytes of a CSV file.

    Parameters
    ----------
    data : bytes
        The file. It needs the column `emotion` (any name or alias of the eight) and the features of one
        feature set. It may have `speaker`, `gender` ("" or no column where unknown), `corpus`, `path`,
        `intensity` and `statement`.
    name : str
        The file's name, for messages; without its suffix it stands for an unknown corpus.

    Returns
    -------
    FeatureTable
        The table, with every column that may be left away.

    Raises
    ------
    SerError
        BAD_TABLE, naming what is missing or the line that is wrong.
    """
    rows = _parse_csv(data, name)
    feature_set = _feature_set_of(rows, name)
    rows = _parse_features(rows, feature_set, name)
    rows["emotion"] = _parse_emotions(rows["emotion"], name)
    _check_genders(rows, name)
    _fill_in(rows, Path(name).stem)
    table = FeatureTable(rows, feature_set, name, hashlib.sha256(data).hexdigest())
    obstacle = training_obstacle(table, "emotion")
    if obstacle:
        raise bad_table(f"{name}: {obstacle}")
    return table


def _parse_csv(data: bytes, name: str) -> pd.DataFrame:
    types = dict.fromkeys(_TEXT_COLUMNS, str)
    try:
        # Without default NA values: a speaker may be called NA.
        rows = pd.read_csv(io.BytesIO(data), dtype=types, keep_default_na=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise bad_table(f"{name} is no CSV table ({type(error).__name__}).") from error
    if "emotion" not in rows:
        raise bad_table(f"{name} lacks the column emotion.")
    return rows


def _feature_set_of(rows: pd.DataFrame, name: str) -> FeatureSet:
    lacking = {
        feature_set.name: [feature for feature in feature_set.names if feature not in rows]
        for feature_set in FEATURE_SETS.values()
    }
    nearest = min(lacking, key=lambda key: len(lacking[key]))
    if not lacking[nearest]:
        return FEATURE_SETS[nearest]
    first = ", ".join(lacking[nearest][:3])
    raise bad_table(
        f"{name} has the columns of no feature set; {nearest} lacks {len(lacking[nearest])}: {first}, ..."
    )


def _parse_features(rows: pd.DataFrame, feature_set: FeatureSet, name: str) -> pd.DataFrame:
    if not len(rows):
        raise bad_table(f"{name} has no rows.")
    columns = list(feature_set.names)
    numbers = rows[columns].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    is_wrong = ~(np.abs(numbers) < _LARGEST).all(axis=1)
    if is_wrong.any():
        line = _first_line(is_wrong)
        raise bad_table(f"{name} has a missing, non-numeric or huge feature in line {line}.")
    features = pd.DataFrame(numbers, columns=columns)
    return pd.concat([rows.drop(columns=columns), features], axis=1)


def _parse_emotions(values: Iterable[object], name: str) -> list[str]:
    emotions = []
    for line, value in enumerate(values, start=2):
        try:
            emotions.append(parse_emotion(str(value)))
        except ValueError as error:
            raise bad_table(f"{name}, line {line}: {error}") from error
    return emotions


def _check_genders(rows: pd.DataFrame, name: str) -> None:
    if "gender" not in rows:
        return
    is_wrong = ~rows["gender"].isin(("", *GENDERS)).to_numpy()
    if is_wrong.any():
        known, line = ", ".join(GENDERS), _first_line(is_wrong)
        raise bad_table(f"{name} has a gender that is none of {known} in line {line}.")


def _first_line(is_wrong: np.ndarray) -> int:
    """The line of the file that holds the first wrong row; line 1 is the header."""
    return int(np.flatnonzero(is_wrong)[0]) + 2


def _fill_in(rows: pd.DataFrame, corpus: str) -> None:
    """Add the columns that may be left away, and the corpus where it is unknown."""
    rows["corpus"] = rows["corpus"].replace("", corpus) if "corpus" in rows else corpus
    for column in ("speaker", "path", "sha256", "intensity", "statement"):
        if column not in rows:
            rows[column] = ""
    rows["speaker"] = rows["speaker"].str.strip()


def bad_table(message: str) -> SerError:
    """The error BAD_TABLE with this message, and with what to do."""
    hint = "Make it with: python -m ser_core extract FOLDER --output FILE.csv, and add the labels."
    return SerError(ErrorCode.BAD_TABLE, message, hint)
