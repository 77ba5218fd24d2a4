"""Taking everything along: an owner's entries as a corpus that `train FOLDER`, `extract FOLDER` and `evaluate --corpus FOLDER` understand.

`labels.csv` has path, emotion, speaker and gender of what has a label; `library.jsonl` has an entry a line, with what was predicted; the clips
are FLAC files under their numbers, whatever the recordings were called.
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
from ser_core.library.store import Kept, Library

ENTRIES_FILE = "library.jsonl"


def to_folder(library: Library, owner: str, folder: Path) -> int:
    """Write all entries into a new folder, which is there whole or not at all; gives how many there are.

    Raises
    ------
    SerError
        BAD_USAGE where something is there already, or nothing can be written there; NOT_ENOUGH where nothing is kept.
    """
    folder = folder.absolute()
    if not folder.parent.is_dir() or (
        folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    ):
        message = f"The folder {str(folder)!r} cannot be made, or holds something already."
        raise SerError(ErrorCode.BAD_USAGE, message, "Name a new folder inside one that exists.")
    entries = _all(library, owner)
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(mode=0o700)
        for name, data in _files(library, owner, entries):
            with (part / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        if folder.exists():
            folder.rmdir()  # it is empty; not every system lets another take its place
        part.replace(folder)
    except OSError as error:
        message = f"The folder {str(folder)!r} cannot be written: {error.strerror or error}."
        raise SerError(
            ErrorCode.BAD_USAGE, message, "Name a folder with enough space that you may write to."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return len(entries)


def to_zip(library: Library, owner: str) -> bytes:
    """All entries as the bytes of a ZIP file, which unpacks to one folder.

    Raises
    ------
    SerError
        NOT_ENOUGH where nothing is kept.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # FLAC does not get smaller
        for name, data in _files(library, owner, _all(library, owner)):
            archive.writestr(f"library/{name}", data)
    return buffer.getvalue()


def _all(library: Library, owner: str) -> list[Kept]:
    entries = library.entries(owner)
    if not entries:
        raise SerError(
            ErrorCode.NOT_ENOUGH,
            "There is nothing in the library to be exported.",
            "Keep a recording first.",
        )
    return entries


def _files(library: Library, owner: str, entries: Sequence[Kept]) -> Iterator[tuple[str, bytes]]:
    """The name and the bytes of every file of the corpus, the sound of one entry at a time."""
    for entry in entries:
        yield _clip(entry), library.flac(owner, entry.id)
    yield LABELS_FILE, _labels(entries)
    yield ENTRIES_FILE, "".join(f"{line}\n" for line in _lines(library, owner, entries)).encode()


def _clip(entry: Kept) -> str:
    return f"{entry.id:06}.flac"


def _labels(entries: Iterable[Kept]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["path", "emotion", "speaker", "gender"]
    )  # nobody is asked for their gender: unknown
    writer.writerows(
        [_clip(entry), entry.emotion, entry.speaker, ""] for entry in entries if entry.emotion
    )
    return text.getvalue().encode()


def _lines(library: Library, owner: str, entries: Iterable[Kept]) -> Iterator[str]:
    for entry in entries:
        predicted, by = library.predicted(owner, entry.id)
        yield json.dumps(
            {**entry.to_dict(), "path": _clip(entry), "models": by, "prediction": predicted},
            ensure_ascii=False,
        )
