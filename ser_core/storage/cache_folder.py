"""The cache folder: the one folder that the package may write to on its own."""

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
    """Return the cache folder, and make it if there is none.

    Returns
    -------
    Path
        What `SER_CACHE` names; else `~/.cache/ser_core`; else a folder of this user in the temporary folder.

    Raises
    ------
    SerError
        NOT_WRITABLE where none of these can be written to.
    """
    named = os.environ.get("SER_CACHE")
    user = f"ser_core-{os.getuid()}" if hasattr(os, "getuid") else "ser_core"
    shared = Path(tempfile.gettempdir()) / user
    in_home = [home / ".cache" / "ser_core" for home in _home()]
    candidates = [Path(named)] if named else [*in_home, shared]
    for folder in candidates:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if os.access(folder, os.W_OK) and (folder != shared or _only_ours(folder)):
                return folder
        except OSError:
            continue
    raise SerError(
        ErrorCode.NOT_WRITABLE,
        f"No cache can be written to any of: {', '.join(map(str, candidates))}.",
        "Set SER_CACHE to a folder that can be written to.",
    )


def _home() -> list[Path]:
    """The user's home, if there is one: not every user of a container has one."""
    try:
        return [Path.home()]
    except RuntimeError:
        return []


def _only_ours(folder: Path) -> bool:
    """Whether nobody else can have put files into a folder: training unpickles what it keeps there."""
    if not hasattr(os, "getuid"):
        return True
    status = folder.lstat()
    return (
        stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022
    )


@contextmanager
def locked(name: str) -> Iterator[Path]:
    """Let no other process hold the same lock during the body of the `with`.

    Parameters
    ----------
    name : str
        The name of the lock.

    Yields
    ------
    Path
        The cache folder.
    """
    from filelock import FileLock

    with FileLock(cache_folder() / f"{name}.lock"):
        yield cache_folder()
