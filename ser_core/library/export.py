"""Exporting the entries of an owner as a corpus.

`train FOLDER`, `extract FOLDER` and `evaluate --corpus FOLDER` understand it. `labels.csv` has path,
emotion, speaker and gender of the entries with a label; `library.jsonl` has one entry a line, with
its prediction; the clips are FLAC files named by their numbers, whatever the recordings were called.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ser_core.corpora import LABELS_FILE
from ser_core.errors import ErrorCode, SerError
from ser_core.library.kept_recordings import LibraryEntry
from ser_core.library.store import Library

ENTRIES_FILE = "library.jsonl"


def export_folder(library: Library, owner: str, folder: Path) -> int:
    """Write all entries of an owner into a new folder, completely or not at all; give their number.

    Parameters
    ----------
    library : Library
    owner : str
    folder : Path
        It does not exist yet, or is empty; its parent exists.

    Raises
    ------
    SerError
        BAD_USAGE where the folder holds something already or cannot be written; NOT_ENOUGH where
        the owner has no entry.
    """
    folder = folder.absolute()
    _check_new(folder)
    entries = _all_entries(library, owner)
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(mode=0o700)
        for name, data in _files(library, owner, entries):
            _write_safely(part / name, data)
        if folder.exists():
            folder.rmdir()  # it is empty; not every system lets another take its place
        part.replace(folder)
    except OSError as error:
        raise SerError(
            ErrorCode.BAD_USAGE,
            f"The folder {str(folder)!r} cannot be written: {error.strerror or error}.",
            "Name a folder with enough space that you may write to.",
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return len(entries)


def _check_new(folder: Path) -> None:
    is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not folder.parent.is_dir() or not is_free:
        raise SerError(
            ErrorCode.BAD_USAGE,
            f"The folder {str(folder)!r} cannot be made, or holds something already.",
            "Name a new folder inside one that exists.",
        )


def _write_safely(path: Path, data: bytes) -> None:
    """Write a file so that it outlives a power cut."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def export_zip(library: Library, owner: str) -> bytes:
    """All entries of an owner as the bytes of a ZIP file, which unpacks to one folder.

    Raises
    ------
    SerError
        NOT_ENOUGH where the owner has no entry.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # FLAC does not get smaller
        for name, data in _files(library, owner, _all_entries(library, owner)):
            archive.writestr(f"library/{name}", data)
    return buffer.getvalue()


def _all_entries(library: Library, owner: str) -> list[LibraryEntry]:
    entries = library.entries(owner)
    if not entries:
        raise SerError(
            ErrorCode.NOT_ENOUGH,
            "There is nothing in the library to be exported.",
            "Keep a recording first.",
        )
    return entries


def _files(
    library: Library, owner: str, entries: Sequence[LibraryEntry]
) -> Iterator[tuple[str, bytes]]:
    """The name and the bytes of every file of the corpus, the sound of one entry at a time."""
    for entry in entries:
        yield _clip_name(entry), library.flac(owner, entry.id)
    yield LABELS_FILE, _label_table(entries)
    lines = "".join(f"{line}\n" for line in _entry_lines(library, owner, entries))
    yield ENTRIES_FILE, lines.encode()


def _clip_name(entry: LibraryEntry) -> str:
    return f"{entry.id:06}.flac"


def _label_table(entries: Iterable[LibraryEntry]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "emotion", "speaker", "gender"])
    for entry in entries:
        if entry.emotion:
            # Nobody is asked for their gender: it is unknown.
            writer.writerow([_clip_name(entry), entry.emotion, entry.speaker, ""])
    return text.getvalue().encode()


def _entry_lines(library: Library, owner: str, entries: Iterable[LibraryEntry]) -> Iterator[str]:
    for entry in entries:
        prediction, models = library.read_prediction(owner, entry.id)
        line = {
            **entry.to_dict(),
            "path": _clip_name(entry),
            "models": models,
            "prediction": prediction,
        }
        yield json.dumps(line, ensure_ascii=False)
