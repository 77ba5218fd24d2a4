"""Files that are left out of a corpus, with the reason.

A reason has a short kind, which stays the same over versions, and a phrase that people read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

REASONS = {
    "no_path": "no path in their row of the table",
    "outside": "their path in the table leads out of the folder",
    "no_file": "in the table, but not in the folder",
    "no_row": "in the folder, but not in the table",
    "other_emotion": "an emotion that is none of the eight",
    "twice_in_table": "a second row for the same clip, of which the first counts",
    "two_emotions": "two emotions in the table",
    "no_emotion_folder": "in no folder named after an emotion",
    "name_contradicts": "the name says another emotion than the folder",
    "no_name": "not named by the rule of the corpus",
    "known_fault": "a fault that the corpus is known for",
    "copy": "a further copy of a clip",
    "no_text": "their names are no valid text; rename them",
    "unreadable": "cannot be used",
    "same_audio": "the same recording as another clip",
    "same_audio_two_emotions": "the same recording under two emotions",
    "rare_emotion": "an emotion with too few clips to train on",
}
"""Why files are left out, by kind."""

_SHOWN = 3  # names in a line of the report


@dataclass(frozen=True)
class LeftOutFiles:
    """Some files that are left out for the same reason; `kind` is a key of `REASONS`."""

    kind: str
    files: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why the files are left out, as a phrase."""
        return REASONS[self.kind]

    def describe(self) -> str:
        """How many files are left out, why, and the first few names.

        >>> LeftOutFiles("no_row", ("a.wav",)).describe()
        '1 file left out (in the folder, but not in the table): a.wav'
        """
        n = len(self.files)
        names = ", ".join(self.files[:_SHOWN])
        more = f" and {n - _SHOWN:,} more" if n > _SHOWN else ""
        return f"{n:,} file{'s' if n != 1 else ''} left out ({self.reason}): {names}{more}"


def leave_out(kind: str, files: Iterable[str]) -> LeftOutFiles:
    """Files that are left out, from their names.

    Parameters
    ----------
    kind : str
        A key of `REASONS`.
    files : iterable of str
    """
    if kind not in REASONS:
        raise ValueError(f"The kind must be one of {', '.join(REASONS)}. Got {kind!r}.")
    return LeftOutFiles(kind, tuple(files))


class LeftOutCollector:
    """Gathers files that are left out, by kind, in the order in which the kinds came up."""

    def __init__(self) -> None:
        self._files_of: dict[str, list[str]] = {}

    def add(self, kind: str, file: str) -> None:
        """Leave one more file out."""
        self._files_of.setdefault(kind, []).append(file)

    def collected(self) -> tuple[LeftOutFiles, ...]:
        """All files that were added, one entry per kind."""
        return tuple(leave_out(kind, files) for kind, files in self._files_of.items())
