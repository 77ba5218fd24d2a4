"""Opening the library that the operator has named.

SQLAlchemy is imported when a library is opened, not before.
"""

from __future__ import annotations

import os
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ser_core.errors import ErrorCode, SerError
from ser_core.library.settings import FOLDER_VARIABLE, URL_VARIABLE

if TYPE_CHECKING:
    from ser_core.library.store import Library

_opening = threading.Lock()


def is_configured() -> bool:
    """Whether the operator has named a place for a library."""
    return bool(os.environ.get(URL_VARIABLE) or os.environ.get(FOLDER_VARIABLE))


def open_library(create: bool = True) -> Library:
    """The library that the operator has named, opened once for all threads of the process.

    A library of an older version is brought up to date.

    Parameters
    ----------
    create : bool
        Whether a file that does not exist is created (default: yes). A reader should say no: a
        mistyped name should not look like an empty library.

    Raises
    ------
    SerError
        LIBRARY_OFF where none is named, or where there is none and none is to be created;
        LIBRARY_NEWER where a newer version has made it; LIBRARY_FAILED where it cannot be used.
    """
    url = os.environ.get(URL_VARIABLE, "")
    folder = os.environ.get(FOLDER_VARIABLE, "")
    if not (url or folder):
        raise SerError(
            ErrorCode.LIBRARY_OFF,
            "There is no library: nobody has named a place for one.",
            f"Set {FOLDER_VARIABLE} to a folder of yours.",
        )
    with _opening:
        return _open_once(url, folder, create)


@cache
def _open_once(url: str, folder: str, create: bool) -> Library:
    from ser_core.library.store import Library

    if url:
        return Library.at(url, create)
    return Library.in_folder(Path(folder).expanduser(), create)
