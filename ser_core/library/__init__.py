"""What people choose to keep: recordings with what was predicted of them, and what each really was, in a database of the operator's choice.

There is none unless the operator names a folder (`SER_LIBRARY`, for a file of SQLite in it) or a database (`SER_DATABASE_URL`, an address as
SQLAlchemy has it). Every entry has an owner, and nothing here gives, changes or deletes an entry without being told whose it is. What was
returned from is on the disk: a process that is killed loses nothing that it had confirmed.

This module is light; SQLAlchemy is imported when a library is opened.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ser_core.errors import ErrorCode, SerError

if TYPE_CHECKING:
    from ser_core.library.store import Kept, Library

__all__ = [
    "FILE",
    "FOLDER_VARIABLE",
    "HEADER_VARIABLE",
    "LOCAL",
    "URL_VARIABLE",
    "Kept",
    "Library",
    "configured",
    "opened",
    "owner_of",
]

FOLDER_VARIABLE = "SER_LIBRARY"
URL_VARIABLE = "SER_DATABASE_URL"
HEADER_VARIABLE = "SER_USER_HEADER"
FILE = "library.db"
LOCAL = "local"
"""The one owner on a person's own computer."""

_OF_PROXIES = (
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "Via",
)
_LONGEST_OWNER = 255
_THIS_COMPUTER = ("localhost", "127.0.0.1", "[::1]")

_opening = threading.Lock()


def configured() -> bool:
    """Whether the operator has named a place for a library."""
    return bool(os.environ.get(URL_VARIABLE) or os.environ.get(FOLDER_VARIABLE))


def opened(make: bool = True) -> Library:
    """The library that the operator has named, opened once for all threads of the process; brought up to date, if it is an older one.

    Parameters
    ----------
    make : bool
        Whether a file that is not there is made (default: yes). Who only reads asks for no new one: a mistyped name should not look like an
        empty library.

    Raises
    ------
    SerError
        LIBRARY_OFF where none is named, or there is none and none is to be made; LIBRARY_NEWER, or LIBRARY_FAILED.
    """
    url, folder = os.environ.get(URL_VARIABLE), os.environ.get(FOLDER_VARIABLE)
    if not (url or folder):
        raise SerError(
            ErrorCode.LIBRARY_OFF,
            "There is no library: nobody has named a place for one.",
            f"Set {FOLDER_VARIABLE} to a folder of yours.",
        )
    with _opening:
        return _opened(url or "", folder or "", make)


@cache
def _opened(url: str, folder: str, make: bool) -> Library:
    from ser_core.library.store import Library

    return Library.at(url, make) if url else Library.in_folder(Path(folder).expanduser(), make)


def owner_of(
    values_of: Callable[[str], Sequence[str]],
    from_elsewhere: bool,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Whose entries a request to the app is about.

    Without `SER_USER_HEADER` that is `LOCAL`, for requests that come from this very computer; else who the proxy in front of the app says it is.

    Parameters
    ----------
    values_of : callable
        The values of a header of the request, by its name in any case; none where it is not there.
    from_elsewhere : bool
        Whether the request came straight from another computer.
    environment : mapping, optional
        Where `SER_USER_HEADER` is looked up (default: the process's environment).

    Raises
    ------
    SerError
        LIBRARY_OFF where it cannot be told who asks: then nobody's library is to be shown.
    """
    header = (os.environ if environment is None else environment).get(HEADER_VARIABLE)
    if not header:
        if (
            from_elsewhere
            or any(values_of(name) for name in _OF_PROXIES)
            or not _names_this_computer(values_of("Host"))
        ):
            message = "The library is not offered here: you came from another computer or through a proxy, and people cannot be told apart."
            hint = f"Whoever runs the app sets {HEADER_VARIABLE} to the header in which the proxy names people."
            raise SerError(ErrorCode.LIBRARY_OFF, message, hint)
        return LOCAL
    said = [value.strip() for value in values_of(header)]
    if (
        len(said) != 1
        or not said[0]
        or len(said[0]) > _LONGEST_OWNER
        or said[0].casefold() == LOCAL
    ):
        got = (
            "no such header"
            if not said
            else "several"
            if len(said) > 1
            else f"an empty or overlong one, or {LOCAL!r}, which is whose computer it is"
        )
        message = f"The library is not offered here: the proxy should name the person in the header {header}. Got {got}."
        raise SerError(ErrorCode.LIBRARY_OFF, message, "Open the app through the proxy, logged in.")
    return said[0]


def _names_this_computer(hosts: Sequence[str]) -> bool:
    """Whether the one Host that a request names is this computer. A page whose own name was made to lead here (DNS rebinding) names itself."""
    return len(hosts) == 1 and re.sub(r":\d+$", "", hosts[0].strip().lower()) in _THIS_COMPUTER
