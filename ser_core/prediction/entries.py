"""Predictions of many files: one entry a file, as JSON and as a row of a table, errors included."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ser_core.emotions import LABELS
from ser_core.errors import SerError
from ser_core.prediction.result import SCHEMA, Prediction

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "file",
    "duration_s",
    "decision",
    "reasons",
    "emotion",
    "prediction_set",
    *LABELS["emotion"],
    "gender",
    *LABELS["gender"],
    "emotion_model",
    "gender_model",
    "notes",
    "baseline",
    "explanation",
    "error",
)
"""The columns of the table."""


@dataclass(frozen=True)
class StoredPrediction:
    """A prediction as it is stored: its JSON and its row, both without the name of the file."""

    json: Mapping[str, Any]
    row: Mapping[str, Any]

    @classmethod
    def of(cls, prediction: Prediction) -> StoredPrediction:
        """What is stored of a prediction.

        Parameters
        ----------
        prediction : Prediction
            Of any file.

        Returns
        -------
        StoredPrediction
        """
        return cls(prediction.to_dict(), prediction.to_row())

    def to_dict(self, file: str = "") -> dict[str, Any]:
        """As `Prediction.to_dict`."""
        return {**self.json, "file": file}

    def to_row(self, file: str = "") -> dict[str, Any]:
        """As `Prediction.to_row`."""
        return {**self.row, "file": file}


Entry = tuple[str, Prediction | StoredPrediction | SerError]
"""The name of a file, and its prediction or why there is none."""


def to_json(entry: Entry) -> dict[str, Any]:
    """An entry as JSON.

    Parameters
    ----------
    entry : Entry
        Of one file.

    Returns
    -------
    dict
        Schema 1.
    """
    name, result = entry
    if isinstance(result, SerError):
        return {"schema": SCHEMA, "file": name, "error": result.to_dict()}
    return result.to_dict(name)


def to_row(entry: Entry) -> dict[str, Any]:
    """An entry as a row.

    Parameters
    ----------
    entry : Entry
        Of one file.

    Returns
    -------
    dict
        Those of `COLUMNS` that it has.
    """
    name, result = entry
    if isinstance(result, SerError):
        return {"file": name, "error": f"{result.code}: {result}"}
    return result.to_row(name)


def to_table(entries: Iterable[Entry]) -> pd.DataFrame:
    """Entries as a table.

    Parameters
    ----------
    entries : iterable of Entry
        In the order of the rows.

    Returns
    -------
    DataFrame
        With `COLUMNS`; NaN where an entry has no value.
    """
    import pandas as pd

    return pd.DataFrame([to_row(entry) for entry in entries], columns=list(COLUMNS))


def filter_table(
    table: pd.DataFrame, emotions: Collection[str] = (), named: str = "", answered: bool = False
) -> pd.DataFrame:
    """The rows of a table that pass some filters.

    Parameters
    ----------
    table : DataFrame
        As `to_table` gives it.
    emotions : collection of str
        The predicted emotion is one of these (default: any).
    named : str
        A part of the name of the file, in small or capital letters.
    answered : bool
        Whether there must be an answer.

    Returns
    -------
    DataFrame
    """
    passes = table["file"].str.contains(named, case=False, regex=False)
    if emotions:
        passes &= table["emotion"].isin(list(emotions))
    if answered:
        passes &= table["decision"] == "ok"
    return table[passes]


def summarise(table: pd.DataFrame) -> str:
    """The number of files of each emotion, in a sentence.

    Parameters
    ----------
    table : DataFrame
        As `to_table` gives it.

    Returns
    -------
    str
    """
    counts = table.loc[table["decision"] == "ok", "emotion"].value_counts()
    n_unsure = int((table["decision"] == "cannot_tell").sum())
    n_failed = int(table["error"].notna().sum())
    parts = [f"{count} {emotion}" for emotion, count in counts.items()]
    if n_unsure:
        parts.append(f"{n_unsure} cannot be told")
    if n_failed:
        parts.append(f"{n_failed} could not be used")
    return f"{len(table)} clip{'s' if len(table) != 1 else ''}: {', '.join(parts)}."
