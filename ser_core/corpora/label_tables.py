"""A table of labels as people write it: a CSV with a path and an emotion a row, and what else is known of the clip."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

_COLUMNS = {
    "path": ("path", "filename", "file", "file_name", "filepath", "file_path"),
    "emotion": ("emotion", "label"),
    "speaker": ("speaker", "speaker_id", "actor"),
    "gender": ("gender", "sex"),
    "intensity": ("intensity",),
    "statement": ("statement", "sentence", "text"),
}
"""What a row may say, and the names that its column may have, the first that is there counting."""

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
class Row:
    """One row, tidied: paths with `/`; a gender that is neither male nor female, as unknown, is ""; `line` is that of the file."""

    line: int
    path: str
    emotion: str
    speaker: str
    gender: str
    intensity: str
    statement: str


def label_table(data: bytes) -> list[Row] | None:
    """The rows of a CSV file (comma, semicolon or tab; UTF-8, UTF-16 or Windows' Western encoding); None where it has no path or emotion.

    Column names count in any case; further columns and empty lines are passed over.
    """
    text = _text(data)
    header = text.split("\n", maxsplit=1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        names = [name.strip().lower().replace(" ", "_") for name in next(reader, [])]
        at = {
            field: next((names.index(name) for name in known if name in names), None)
            for field, known in _COLUMNS.items()
        }
        if at["path"] is None or at["emotion"] is None:
            return None
        return [
            _row(reader.line_num, cells, at)
            for cells in reader
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error:
        return None


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _row(line: int, cells: list[str], at: dict[str, int | None]) -> Row:
    said = {
        field: cells[position].strip() if position is not None and position < len(cells) else ""
        for field, position in at.items()
    }
    said["path"] = said["path"].replace("\\", "/").removeprefix("./")
    said["gender"] = _GENDERS.get(said["gender"].lower(), "")
    return Row(line, **said)
