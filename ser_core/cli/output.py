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

from ser_core.batch import checkpointed
from ser_core.corpora import LeftOut
from ser_core.errors import ErrorCode, SerError
from ser_core.prediction import entries
from ser_core.prediction.entries import Entry
from ser_core.storage import manifest

PARALLEL_FROM = 40  # files: below, starting a second process takes longer than it saves

Entries = Iterable[Entry]
Rows = Sequence[Sequence[str]]


@contextmanager
def resumable(output: str | None, job: Callable[[], str]) -> Iterator[checkpointed.Store | None]:
    """What an earlier, interrupted run of the same job towards `output` has done; None where the output is stdout, which cannot go on.

    Raises
    ------
    SerError
        BAD_USAGE where nothing can be written there, or another process is doing so.
    """
    if output is None:
        yield None
        return
    _check(Path(output))
    with checkpointed.beside(Path(output), job()) as store:
        if store.begun_anew:
            sys.stderr.write(
                "what was left beside the output is of another job or damaged: begun anew\n"
            )
        if store.n_done:
            sys.stderr.write(f"goes on: {store.n_done:,} files are done\n")
        yield store


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
    with (
        whole(Path(output)) as part,
        part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
    ):
        yield file


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path to write to that takes the place of `path` when the body ends well.

    Raises
    ------
    SerError
        BAD_USAGE where nothing can be written there.
    """
    _check(path)
    with manifest.storing(path) as part:
        yield part


def _check(path: Path) -> None:
    if path.is_dir() or not path.parent.is_dir():
        raise SerError(
            ErrorCode.BAD_USAGE,
            f"The output {str(path)!r} is a folder, or lies in none.",
            "Name a file in a folder that exists.",
        )


def tell_left_out(parts: Iterable[LeftOut]) -> None:
    """What was left out of a corpus, a line each, on stderr."""
    for part in parts:
        sys.stderr.write(f"{printable(part.in_words())}\n")


def printable(text: str) -> str:
    """The text with everything escaped that is not for reading: a file's name could else clear the terminal, or turn its letters around.

    >>> printable("a\\x1b[2J b.wav")
    'a\\\\x1b[2J b.wav'
    """
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def aligned(header: Sequence[str], rows: Rows) -> str:
    """A table in columns of spaces."""
    header, rows = (
        [printable(cell) for cell in header],
        [[printable(cell) for cell in row] for row in rows],
    )
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
    return "\n".join(lines) + "\n"


def markdown(header: Sequence[str], rows: Rows, n_names: int = 2) -> str:
    """A Markdown table; all but the first columns, of which `n_names` are names, are figures."""
    lines = [header, ["---"] * n_names + ["---:"] * (len(header) - n_names), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _write_jsonl(each: Entries, file: TextIO) -> None:
    for entry in each:
        file.write(json.dumps(entries.to_json(entry), ensure_ascii=False) + "\n")


def _write_json(each: Entries, file: TextIO) -> None:
    file.write("[")
    for number, entry in enumerate(each):
        text = json.dumps(entries.to_json(entry), ensure_ascii=False, indent=1)
        file.write(",\n " if number else "\n ")
        file.write(text.replace("\n", "\n "))
    file.write("\n]\n")


def _write_csv(each: Entries, file: TextIO) -> None:
    writer = csv.DictWriter(file, entries.COLUMNS, lineterminator="\n")
    writer.writeheader()
    for entry in each:
        writer.writerow(entries.to_row(entry))


def _write_table(each: Entries, file: TextIO) -> None:
    rows = []
    for entry in each:
        said, row = entries.to_json(entry), entries.to_row(entry)
        if "error" in said:
            rows.append((row["file"], row["error"], "", "", "", "", ""))
            continue
        first, second = sorted(said["emotion_probabilities"].items(), key=lambda item: -item[1])[:2]
        heard = (
            said["emotion"]
            or f"cannot tell ({said['reasons'][0].lower().replace('_', ' ')}); {first[0]}"
        )
        gender = max(said["gender_probabilities"].values())
        next_one = f"{second[0]} {second[1]:.0%}"
        rows.append(
            (
                row["file"],
                heard,
                f"{first[1]:.0%}",
                next_one,
                said["gender"] or "cannot tell",
                f"{gender:.0%}",
                row["explanation"],
            )
        )
    explained = any(row[-1] for row in rows)
    header = ("file", "emotion", "prob.", "next", "gender", "prob.", "why")
    file.write(
        aligned(
            header if explained else header[:-1], rows if explained else [row[:-1] for row in rows]
        )
    )


WRITERS: dict[str, Callable[[Entries, TextIO], None]] = {
    "table": _write_table,
    "json": _write_json,
    "jsonl": _write_jsonl,
    "csv": _write_csv,
}
