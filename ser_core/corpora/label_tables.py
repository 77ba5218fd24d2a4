"""Parsing a table of labels as people write it: a CSV file with a path and an emotion a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_COLUMNS = {
    "path": ("path", "filename", "file", "file_name", "filepath", "file_path"),
    "emotion": ("emotion", "label"),
    "speaker": ("speaker", "speaker_id", "actor"),
    "gender": ("gender", "sex"),
    "intensity": ("intensity",),
    "statement": ("statement", "sentence", "text"),
}
"""The fields of a row, and the names that its column may have; the first that occurs counts."""

_GENDERS = {
    "male": "male",
    "m": "male",
    "man": "male",
    "female": "female",
    "f": "female",
    "woman": "female",
}
_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class LabelRow:
    """One row; "" stands for unknown, in the gender for all that is neither male nor female."""

    line: int
    """The number of its line in the file."""
    path: str
    """With `/`."""
    emotion: str
    speaker: str
    gender: str
    intensity: str
    statement: str


def parse_label_table(data: bytes) -> list[LabelRow] | None:
    """The rows of a CSV file; None where it has no column path or no column emotion.

    Column names count in any case. Further columns and empty lines are passed over.

    Parameters
    ----------
    data : bytes
        With commas, semicolons or tabs; in UTF-8, UTF-16 or Windows' Western encoding.
    """
    text = _decode_text(data)
    header = text.split("\n", maxsplit=1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        position_of = _column_positions(next(reader, []))
        if position_of["path"] is None or position_of["emotion"] is None:
            return None
        return [
            _parse_row(reader.line_num, cells, position_of)
            for cells in reader
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error:
        return None


def _decode_text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _column_positions(header: Sequence[str]) -> dict[str, int | None]:
    """The position of the column of each field; None where there is none."""
    names = [name.strip().lower().replace(" ", "_") for name in header]
    positions: dict[str, int | None] = {}
    for field, known_names in _COLUMNS.items():
        present = [name for name in known_names if name in names]
        positions[field] = names.index(present[0]) if present else None
    return positions


def _parse_row(line: int, cells: Sequence[str], position_of: Mapping[str, int | None]) -> LabelRow:
    values = {
        field: cells[position].strip() if position is not None and position < len(cells) else ""
        for field, position in position_of.items()
    }
    values["path"] = values["path"].replace("\\", "/").removeprefix("./")
    values["gender"] = _GENDERS.get(values["gender"].lower(), "")
    return LabelRow(line, **values)
