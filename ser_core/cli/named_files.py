"""The files that a user named on the command line, and the names that the output gives them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ser_core import audio, corpora
from ser_core.corpora import WalkedFolder
from ser_core.errors import ErrorCode, SerError

NamedFile = tuple[str, Path]
"""A file's name in the output, and its path."""


def find_named_files(paths: Iterable[str | WalkedFolder]) -> list[NamedFile]:
    """Return every audio file that was named, or that lies in a folder that was named, in order.

    Parameters
    ----------
    paths : iterable of str or WalkedFolder
        Files and folders. Folders are walked, unless they were walked already.

    Returns
    -------
    list of (str, Path)
        The name in the output and the path. The name is relative to the folder that was named; a single
        file keeps the name that it was given.

    Raises
    ------
    SerError
        NOT_FOUND where there is no such file or folder, or a folder holds no audio file.
    """
    files: list[NamedFile] = []
    for name in paths:
        if isinstance(name, WalkedFolder):
            files += _files_below(name)
            continue
        path = Path(name)
        if path.is_dir():
            files += _files_below(corpora.walk(path))
        elif _exists(path):
            files.append((_spell(path), path))
        else:
            raise SerError(
                ErrorCode.NOT_FOUND, f"There is no file or folder {name!r}.", "Check the path."
            )
    return files


def _files_below(walked: WalkedFolder) -> list[NamedFile]:
    if not walked.audio_files:
        raise SerError(
            ErrorCode.NOT_FOUND,
            f"The folder {str(walked.folder)!r} holds no audio file.",
            f"Expected: {', '.join(sorted(audio.AUDIO_SUFFIXES))}.",
        )
    return [(_spell(path), walked.folder / path) for path in walked.audio_files]


def _spell(path: Path) -> str:
    r"""A path as text: bytes of it that are no text become \udcXX, in letters."""
    return path.as_posix().encode("utf-8", "backslashreplace").decode()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, or holds a zero byte
        return False
