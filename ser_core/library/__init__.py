"""What people choose to keep: recordings, what was predicted of them, and their true emotions.

The library is a database of the operator's choice. There is none unless the operator names a folder
(`SER_LIBRARY`) or a database (`SER_DATABASE_URL`). Every entry has an owner, and no function gives,
changes or deletes an entry without the name of its owner. An entry is on the disk when the call that
stores it returns: a process that is killed loses nothing that it has confirmed.

This package imports SQLAlchemy only when a library is opened.
"""

from __future__ import annotations

from ser_core.library.opening import is_configured, open_library
from ser_core.library.ownership import identify_owner
from ser_core.library.settings import (
    FILE,
    FOLDER_VARIABLE,
    HEADER_VARIABLE,
    LOCAL,
    URL_VARIABLE,
)

__all__ = [
    "FILE",
    "FOLDER_VARIABLE",
    "HEADER_VARIABLE",
    "LOCAL",
    "URL_VARIABLE",
    "identify_owner",
    "is_configured",
    "open_library",
]
