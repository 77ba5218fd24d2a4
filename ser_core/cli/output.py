"""How the commands write.

An output file appears whole or not at all. What an interrupted run has done is kept until then. Predictions
have four formats.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from ser_core.batch import checkpoint
from ser_core.cli.layout import align, escape_unprintable
from ser_core.corpora import LeftOutFiles
from ser_core.errors import ErrorCode, SerError
from ser_core.prediction import entries
from ser_core.prediction.entries import Entry
from ser_core.storage import manifest

PARALLEL_FROM = 40  # files: below, starting a second process takes longer than it saves

Entries = Iterable[Entry]


@contextmanager
def resumable(output: str | None, job: Callable[[], str]) -> Iterator[checkpoint.Checkpoint | None]:
    """Open what an earlier, interrupted run of the same job has done towards `output`.

    Parameters
    ----------
    output : str or None
        The file to write; None for stdout, towards which no run can go on.
    job : callable
        Returns the digest of the job, as `checkpoint.job_digest` does. It is called only for a file.

    Yields
    ------
    Store or None
        None for stdout.

    Raises
    ------
    SerError
        BAD_USAGE where nothing can be written there, or another process is doing so.
    """
    if output is None:
        yield None
        return
    _check(Path(output))
    with checkpoint.open_checkpoint(Path(output), job()) as store:
        if store.started_over:
            sys.stderr.write(
                "what was left beside the output is of another job or damaged: begun anew\n"
            )
        if store.n_done:
            sys.stderr.write(f"goes on: {store.n_done:,} files are done\n")
        yield store


def jobs_for(named: int | None, n_files: int = PARALLEL_FROM) -> int:
    """Return the number of processes: what the user named, else one for few files and all cores for many."""
    if named:
        return named
    return 1 if n_files < PARALLEL_FROM else os.cpu_count() or 1


@contextmanager
def target(output: str | None) -> Iterator[Any]:
    """Open stdout, or a text file that appears whole or not at all."""
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
    """Give a path to write to, which takes the place of `path` when the body ends well.

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


def tell_left_out(parts: Iterable[LeftOutFiles]) -> None:
    """Write to stderr what was left out of a corpus, a line each."""
    for part in parts:
        sys.stderr.write(f"{escape_unprintable(part.describe())}\n")


def write_json(value: object, file: TextIO) -> None:
    """Write a value as indented JSON and a line break."""
    file.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


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
    rows = [_table_row(entry) for entry in each]
    header = ("file", "emotion", "prob.", "next", "gender", "prob.", "why")
    n_columns = len(header) if any(row[-1] for row in rows) else len(header) - 1
    file.write(align(header[:n_columns], [row[:n_columns] for row in rows]))


def _table_row(entry: Entry) -> tuple[str, ...]:
    values, row = entries.to_json(entry), entries.to_row(entry)
    if "error" in values:
        return (row["file"], row["error"], "", "", "", "", "")
    by_probability = sorted(values["emotion_probabilities"].items(), key=lambda item: -item[1])
    (first, probability), (second, second_probability) = by_probability[:2]
    emotion = values["emotion"]
    if not emotion:
        emotion = f"cannot tell ({values['reasons'][0].lower().replace('_', ' ')}); {first}"
    return (
        row["file"],
        emotion,
        f"{probability:.0%}",
        f"{second} {second_probability:.0%}",
        values["gender"] or "cannot tell",
        f"{max(values['gender_probabilities'].values()):.0%}",
        row["explanation"],
    )


WRITERS: dict[str, Callable[[Entries, TextIO], None]] = {
    "table": _write_table,
    "json": _write_json,
    "jsonl": _write_jsonl,
    "csv": _write_csv,
}
"""How predictions are written, by the name of the format."""
