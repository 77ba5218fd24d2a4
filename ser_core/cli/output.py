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

from ser_core import entries, explanation
from ser_core.corpora import LeftOut
from ser_core.entries import Entry
from ser_core.errors import ErrorCode, SerError

PARALLEL_FROM = 40  # files: below, starting a second process takes longer than it saves

Entries = Iterable[Entry]
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


def tell_left_out(parts: Iterable[LeftOut]) -> None:
    """What was left out of a corpus, a line each, on stderr."""
    for part in parts:
        sys.stderr.write(f"{part.in_words()}\n")


def aligned(header: Sequence[str], rows: Rows) -> str:
    """A table in columns of spaces."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [header, *rows]]
    return "\n".join(lines) + "\n"


def markdown(header: Sequence[str], rows: Rows) -> str:
    """A Markdown table; all but the first two columns are figures."""
    lines = [header, ["---"] * 2 + ["---:"] * (len(header) - 2), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _write_jsonl(each: Entries, file: TextIO) -> None:
    for entry in each:
        file.write(json.dumps(entries.to_json(entry), ensure_ascii=False) + "\n")


def _write_json(each: Entries, file: TextIO) -> None:
    file.write(json.dumps([entries.to_json(entry) for entry in each], ensure_ascii=False, indent=1) + "\n")


def _write_csv(each: Entries, file: TextIO) -> None:
    writer = csv.DictWriter(file, entries.COLUMNS, lineterminator="\n")
    writer.writeheader()
    for entry in each:
        writer.writerow(entries.to_row(entry))


def _write_table(each: Entries, file: TextIO) -> None:
    rows = []
    for name, result in each:
        if isinstance(result, SerError):
            rows.append((name, f"{result.code.value}: {result}", "", "", "", "", ""))
        else:
            top = result.most_likely
            second = sorted(result.emotion_probabilities.items(), key=lambda item: -item[1])[1]
            voice, gender = result.gender or "cannot tell", max(result.gender_probabilities.values())
            said = result.emotion or f"cannot tell ({result.reasons[0].code.lower().replace('_', ' ')}); {top}"
            likely = f"{result.emotion_probabilities[top]:.0%}"
            why = "" if result.explanation is None else explanation.in_words(result.explanation)
            rows.append((name, said, likely, f"{second[0]} {second[1]:.0%}", voice, f"{gender:.0%}", why))
    explained = any(row[-1] for row in rows)
    header = ("file", "emotion", "prob.", "next", "gender", "prob.", "why")
    file.write(aligned(header if explained else header[:-1], rows if explained else [row[:-1] for row in rows]))


WRITERS: dict[str, Callable[[Entries, TextIO], None]] = {
    "table": _write_table,
    "json": _write_json,
    "jsonl": _write_jsonl,
    "csv": _write_csv,
}
