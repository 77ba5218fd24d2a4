"""How the commands write: a target that is there whole or not at all, aligned and Markdown tables, the four prediction formats."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from ser_core import prediction
from ser_core.emotions import LABELS
from ser_core.errors import ErrorCode, SerError
from ser_core.prediction import Prediction

PARALLEL_FROM = 40  # files: below, starting a second process takes longer than it saves

Entries = Iterable[tuple[str, Prediction | SerError]]
Rows = Sequence[Sequence[str]]


def jobs_for(asked: int | None, n_files: int = PARALLEL_FROM) -> int:
    """The number of processes: what was asked for, else one for few files and all cores for many."""
    return asked or (1 if n_files < PARALLEL_FROM else os.cpu_count() or 1)


@contextmanager
def target(output: str | None) -> Iterator[Any]:
    """Stdout, or a text file that is there whole or not at all."""
    if output is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    with whole(Path(output)) as part, part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        yield file


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path to write to that takes the place of `path` when the body ends well.

    Raises
    ------
    SerError
        BAD_USAGE where nothing can be written there.
    """
    part = path.with_name(f".{path.name}.part")
    if path.is_dir() or not path.parent.is_dir():
        raise SerError(ErrorCode.BAD_USAGE, f"The output {str(path)!r} is a folder, or lies in none.", "Name a file in a folder that exists.")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def aligned(header: Sequence[str], rows: Rows) -> str:
    """A table in columns of spaces."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [header, *rows]]
    return "\n".join(lines) + "\n"


def markdown(header: Sequence[str], rows: Rows) -> str:
    """A Markdown table; all but the first two columns are figures."""
    lines = [header, ["---"] * 2 + ["---:"] * (len(header) - 2), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _entry(name: str, result: Prediction | SerError) -> dict[str, Any]:
    if isinstance(result, SerError):
        return {"schema": prediction.SCHEMA, "file": name, "error": result.to_dict()}
    return result.to_dict(name)


def _write_jsonl(entries: Entries, file: TextIO) -> None:
    for name, result in entries:
        file.write(json.dumps(_entry(name, result), ensure_ascii=False) + "\n")


def _write_json(entries: Entries, file: TextIO) -> None:
    file.write(json.dumps([_entry(name, result) for name, result in entries], ensure_ascii=False, indent=1) + "\n")


def _write_csv(entries: Entries, file: TextIO) -> None:
    columns = ["file", "duration_s", "decision", "reasons", "emotion", "prediction_set", *LABELS["emotion"], "gender", *LABELS["gender"]]
    columns += ["emotion_model", "gender_model", "notes", "baseline", "error"]
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    for name, result in entries:
        if isinstance(result, SerError):
            writer.writerow({"file": name, "error": f"{result.code}: {result}"})
        else:
            writer.writerow(result.to_row(name))


def _write_table(entries: Entries, file: TextIO) -> None:
    rows = []
    for name, result in entries:
        if isinstance(result, SerError):
            rows.append((name, f"{result.code.value}: {result}", "", "", "", ""))
        else:
            top = result.most_likely
            second = sorted(result.emotion_probabilities.items(), key=lambda item: -item[1])[1]
            voice, gender = result.gender or "cannot tell", max(result.gender_probabilities.values())
            said = result.emotion or f"cannot tell ({result.reasons[0].code.lower().replace('_', ' ')}); {top}"
            likely = f"{result.emotion_probabilities[top]:.0%}"
            rows.append((name, said, likely, f"{second[0]} {second[1]:.0%}", voice, f"{gender:.0%}"))
    file.write(aligned(("file", "emotion", "prob.", "next", "gender", "prob."), rows))


WRITERS: dict[str, Callable[[Entries, TextIO], None]] = {
    "table": _write_table,
    "json": _write_json,
    "jsonl": _write_jsonl,
    "csv": _write_csv,
}
