"""The audio files and tables in a folder, from one walk through it.

Paths are relative to the folder. Nothing here opens a file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ser_core.audio import AUDIO_SUFFIXES


@dataclass(frozen=True)
class WalkedFolder:
    """A folder and what one walk through it met.

    Every function that takes a folder of clips takes a `WalkedFolder` instead, and then does not
    walk again.
    """

    folder: Path
    audio_files: tuple[Path, ...]
    """All audio files at any depth, relative to the folder, in order."""
    tables: tuple[Path, ...]
    """The CSV files that lie directly in the folder, relative to it, in order."""


def walk(folder: Path | WalkedFolder) -> WalkedFolder:
    """The audio files at any depth below a folder, and the CSV files directly in it.

    Parameters
    ----------
    folder : Path or WalkedFolder
        A folder that was walked already comes back as it is.

    Returns
    -------
    WalkedFolder
        Audio files are told by their suffix. Hidden ones are passed over.
    """
    if isinstance(folder, WalkedFolder):
        return folder
    audio_files = []
    tables = []
    for root, _, names in os.walk(folder):
        directory = Path(root)
        for name in names:
            path = directory / name
            if is_audio_name(path) and path.is_file():
                audio_files.append(path.relative_to(folder))
            elif directory == folder and path.suffix.lower() == ".csv" and path.is_file():
                tables.append(path.relative_to(folder))
    return WalkedFolder(folder, tuple(sorted(audio_files)), tuple(sorted(tables)))


def is_audio_name(path: Path) -> bool:
    """Whether a file's name ends as audio files do and is not hidden."""
    return path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith(".")


def list_audio_files(folder: Path | WalkedFolder) -> list[Path]:
    """The paths of all audio files at any depth below a folder, in order.

    Parameters
    ----------
    folder : Path or WalkedFolder

    Returns
    -------
    list of Path
        Each path begins with the folder. Hidden files are passed over.
    """
    walked = walk(folder)
    return [walked.folder / path for path in walked.audio_files]
