"""The one folder that the package may write to on its own: `SER_CACHE`, or a folder of this user's."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from ser_core.errors import ErrorCode, SerError


@cache
def cache_folder() -> Path:
    """The cache folder, made if need be: `SER_CACHE`, else `~/.cache/ser_core`, else one in the temporary folder.

    Raises
    ------
    SerError
        NOT_WRITABLE where none of them can be written to.
    """
    named = os.environ.get("SER_CACHE")
    user = f"ser_core-{os.getuid()}" if hasattr(os, "getuid") else "ser_core"
    shared = Path(tempfile.gettempdir()) / user
    candidates = (
        [Path(named)] if named else [*(home / ".cache" / "ser_core" for home in _home()), shared]
    )
    for folder in candidates:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if os.access(folder, os.W_OK) and (folder != shared or _only_ours(folder)):
                return folder
        except OSError:
            continue
    message = (
        f"What is kept between runs can be written to none of: {', '.join(map(str, candidates))}."
    )
    raise SerError(
        ErrorCode.NOT_WRITABLE, message, "Set SER_CACHE to a folder that can be written to."
    )


def _home() -> list[Path]:
    """The user's home, if there is one: not every user of a container has."""
    try:
        return [Path.home()]
    except RuntimeError:
        return []


def _only_ours(folder: Path) -> bool:
    """Whether nobody else can have put something into a folder: what training keeps there is unpickled."""
    if not hasattr(os, "getuid"):
        return True
    status = folder.lstat()
    return (
        stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022
    )


@contextmanager
def locked(name: str) -> Iterator[Path]:
    """Hold the lock `name` of the cache folder, across processes, for the body of the `with`; gives the cache folder."""
    from filelock import FileLock

    with FileLock(cache_folder() / f"{name}.lock"):
        yield cache_folder()
