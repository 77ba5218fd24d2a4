"""Feature tables: one CSV per corpus and feature set, from which every classical model is trained.

Columns: those of the utterance table, then the features. Values are written with nine significant digits, which is more
than the features are good for; training reads them back from the file, so that whoever has the table gets the same model.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from ser_core import audio, corpora, features
from ser_core.emotions import GENDERS, LABELS, parse_emotion
from ser_core.errors import ErrorCode, SerError
from ser_core.evaluation import DATA_DIR
from ser_core.features import FEATURE_SETS, FeatureSet

_FORMAT = "%.9g"
_NEEDED = ("speaker", "emotion")


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

    def y(self, task: str) -> np.ndarray:
        """The labels of a task, shape [n]."""
        return self.rows[task].to_numpy(dtype=str)


def shipped_table(corpus: str, feature_set: str) -> Path:
    """Where `data/` holds the table of a corpus and feature set."""
    return DATA_DIR / corpus / f"{feature_set}.csv"


def extract_files(paths: Sequence[Path], feature_set: str, jobs: int = 1) -> list[np.ndarray | SerError]:
    """The features [d] of each file, or the error it ended in, in order; progress on stderr."""
    features.FEATURE_SETS[feature_set].compute(_warm_up())  # one process fills numba's cache before there are several
    work = (delayed(_extract_file)(path, feature_set) for path in paths)
    done = Parallel(n_jobs=jobs, return_as="generator")(work)
    return list(tqdm(done, total=len(paths), unit="clip", desc=feature_set))


def _extract_file(path: Path, feature_set: str) -> np.ndarray | SerError:
    try:
        return features.extract(audio.load(path), feature_set).values
    except SerError as error:
        return error


def _warm_up() -> audio.Recording:
    return audio.from_samples(np.random.default_rng(0).normal(0, 0.1, audio.SAMPLE_RATE), audio.SAMPLE_RATE)


def extract_corpus(folder: Path, feature_set: str, jobs: int = 1) -> pd.DataFrame:
    """The feature table of a corpus folder.

    Raises
    ------
    SerError
        The first clip's error where a clip of the corpus cannot be used.
    """
    table = corpora.utterances(folder)
    results = extract_files([folder / path for path in table["path"]], feature_set, jobs)
    for path, result in zip(table["path"], results, strict=True):
        if isinstance(result, SerError):
            raise SerError(result.code, f"{path}: {result}", result.hint)
    values = pd.DataFrame(np.stack([r for r in results if isinstance(r, np.ndarray)]), columns=list(FEATURE_SETS[feature_set].names))
    return pd.concat([table, values], axis=1)


def write_csv(table: pd.DataFrame, target: Path | io.TextIOBase) -> None:
    """Write a feature table."""
    table.to_csv(target, index=False, float_format=_FORMAT, lineterminator="\n")


def read_table(path: Path) -> FeatureTable:
    """Read and check a feature table, the project's or a person's own.

    It needs the columns `speaker` and `emotion` (any name or alias of the eight), the features of one feature set, and may
    have `gender`, `corpus`, `path`, `intensity` and `statement`.

    Raises
    ------
    SerError
        NOT_FOUND or BAD_TABLE, naming what is missing or where a value is wrong.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SerError(ErrorCode.NOT_FOUND, f"The feature table {str(path)!r} cannot be read.", "Check the path.") from error
    try:
        rows = pd.read_csv(io.BytesIO(data), dtype={"speaker": str}, keep_default_na=True)
    except (ValueError, UnicodeDecodeError) as error:
        raise _bad(f"{path.name} is no CSV table ({type(error).__name__}).") from error
    missing = [name for name in _NEEDED if name not in rows]
    if missing:
        raise _bad(f"{path.name} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}.")
    feature_set = _feature_set_of(rows, path.name)
    values = rows[list(feature_set.names)].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    if not len(rows) or not np.isfinite(values).all():
        line = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0]) + 2 if len(rows) else 1
        raise _bad(f"{path.name} has a missing or non-numeric feature in line {line}." if len(rows) else f"{path.name} has no rows.")
    rows = pd.concat([rows.drop(columns=list(feature_set.names)), pd.DataFrame(values, columns=list(feature_set.names))], axis=1)
    if rows["speaker"].isna().any():
        raise _bad(f"{path.name} has a row without a speaker in line {int(np.flatnonzero(rows['speaker'].isna())[0]) + 2}.")
    rows["emotion"] = [_emotion(value, line, path.name) for line, value in enumerate(rows["emotion"], start=2)]
    if "gender" in rows and not rows["gender"].isin(GENDERS).all():
        line = int(np.flatnonzero(~rows["gender"].isin(GENDERS))[0]) + 2
        raise _bad(f"{path.name} has a gender that is none of {', '.join(GENDERS)} in line {line}.")
    for column, default in (("corpus", path.stem), ("path", ""), ("intensity", ""), ("statement", "")):
        rows[column] = rows[column].fillna(default) if column in rows else default
    if rows["speaker"].nunique() < 2:
        raise _bad(f"{path.name} has one speaker only; at least two are needed to test on an unseen voice.")
    return FeatureTable(rows, feature_set, path.name, hashlib.sha256(data).hexdigest())


def tasks_of(table: FeatureTable) -> tuple[str, ...]:
    """The tasks that a table has labels for."""
    return tuple(task for task in LABELS if task in table.rows)


def _feature_set_of(rows: pd.DataFrame, name: str) -> FeatureSet:
    lacking = {}
    for feature_set in FEATURE_SETS.values():
        lacking[feature_set.name] = [feature for feature in feature_set.names if feature not in rows]
        if not lacking[feature_set.name]:
            return feature_set
    nearest = min(lacking, key=lambda key: len(lacking[key]))
    shown = ", ".join(lacking[nearest][:3])
    raise _bad(f"{name} has the columns of no feature set; {nearest} lacks {len(lacking[nearest])}: {shown}, ...")


def _emotion(value: object, line: int, name: str) -> str:
    try:
        return parse_emotion(str(value))
    except ValueError as error:
        raise _bad(f"{name}, line {line}: {error}") from error


def _bad(message: str) -> SerError:
    return SerError(ErrorCode.BAD_TABLE, message, "Make it with: python -m ser_core extract FOLDER --output FILE.csv, and add the labels.")
