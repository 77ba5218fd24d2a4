"""The one folder that the package may write to on its own: `SER_CACHE`, or a folder of this user's."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path


@cache
def cache_folder() -> Path:
    """The cache folder, made if need be: `SER_CACHE`, else `~/.cache/ser_core`, else one in the temporary folder."""
    named = os.environ.get("SER_CACHE")
    user = f"ser_core-{os.getuid()}" if hasattr(os, "getuid") else "ser_core"
    candidates = [Path(named)] if named else [Path.home() / ".cache" / "ser_core", Path(tempfile.gettempdir()) / user]
    for folder in candidates:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise PermissionError(f"None of {', '.join(map(str, candidates))} can be written to. Set SER_CACHE to a folder that can.")


@contextmanager
def locked(name: str) -> Iterator[Path]:
    """Hold the lock `name` of the cache folder, across processes, for the body of the `with`; gives the cache folder."""
    from filelock import FileLock

    with FileLock(cache_folder() / f"{name}.lock"):
        yield cache_folder()
