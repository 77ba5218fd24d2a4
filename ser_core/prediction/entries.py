"""Predictions of many files: one entry a file, as JSON and as a row of a table, with the error where a file could not be used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ser_core import prediction
from ser_core.emotions import LABELS
from ser_core.errors import SerError
from ser_core.prediction import Prediction

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Written:
    """A prediction as it is written down: the JSON and the row, both without the file's name."""

    json: Mapping[str, Any]
    row: Mapping[str, Any]

    @classmethod
    def of(cls, result: Prediction) -> Written:
        """What is written of a prediction."""
        return cls(result.to_dict(), result.to_row())

    def to_dict(self, file: str = "") -> dict[str, Any]:
        """As `Prediction.to_dict`."""
        return {**self.json, "file": file}

    def to_row(self, file: str = "") -> dict[str, Any]:
        """As `Prediction.to_row`."""
        return {**self.row, "file": file}


Entry = tuple[str, Prediction | Written | SerError]
"""A file's name and what came of it."""

COLUMNS = (
    *(
        "file",
        "duration_s",
        "decision",
        "reasons",
        "emotion",
        "prediction_set",
        *LABELS["emotion"],
        "gender",
        *LABELS["gender"],
    ),
    *("emotion_model", "gender_model", "notes", "baseline", "explanation", "error"),
)
"""The columns of the table."""


def to_json(entry: Entry) -> dict[str, Any]:
    """The entry as JSON, schema 1."""
    name, result = entry
    if isinstance(result, SerError):
        return {"schema": prediction.SCHEMA, "file": name, "error": result.to_dict()}
    return result.to_dict(name)


def to_row(entry: Entry) -> dict[str, Any]:
    """The entry as a row: of `COLUMNS`, those that it has."""
    name, result = entry
    return (
        {"file": name, "error": f"{result.code}: {result}"}
        if isinstance(result, SerError)
        else result.to_row(name)
    )


def table(entries: Iterable[Entry]) -> pd.DataFrame:
    """All entries as a table with `COLUMNS`; nothing (NaN) where an entry has none."""
    import pandas as pd

    return pd.DataFrame([to_row(entry) for entry in entries], columns=list(COLUMNS))


def filtered(
    entries: pd.DataFrame, emotions: Collection[str] = (), named: str = "", answered: bool = False
) -> pd.DataFrame:
    """The rows of a table with one of the emotions (none: all), a text in the file's name, and, where only those are asked for, an answer."""
    kept = entries["file"].str.contains(named, case=False, regex=False)
    if emotions:
        kept &= entries["emotion"].isin(list(emotions))
    if answered:
        kept &= entries["decision"] == "ok"
    return entries[kept]


def summary(entries: pd.DataFrame) -> str:
    """How many files there are, and what they sound like, in a sentence."""
    failed = int(entries["error"].notna().sum())
    counts = entries.loc[entries["decision"] == "ok", "emotion"].value_counts()
    unsure = int((entries["decision"] == "cannot_tell").sum())
    parts = [f"{count} {emotion}" for emotion, count in counts.items()]
    parts += [f"{unsure} cannot be told"] if unsure else []
    parts += [f"{failed} could not be used"] if failed else []
    return f"{len(entries)} clip{'s' if len(entries) != 1 else ''}: {', '.join(parts)}."
