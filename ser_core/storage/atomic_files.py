"""Writing files whole: a write that breaks off leaves the file that was there before."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ser_core.errors import ErrorCode, SerError

HINT = (
    "Make room, or name another place, and run the same again. The files from before are unchanged."
)
"""What to do where nothing can be written."""

_DISK_ERRORS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
}


def replace(path: Path, content: bytes) -> None:
    """Put a file in the place of another one, or of none, in one step.

    Parameters
    ----------
    path : Path
        The file to write. Its folder must exist.
    content : bytes
        What it holds afterwards.

    Raises
    ------
    SerError
        NOT_WRITABLE where the disk is full or does not let it be written. The old file stays.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with takes_place_of(path, part), part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def takes_place_of(path: Path, part: Path) -> Iterator[None]:
    """Move `part`, which the body writes, to `path` when the body ends well; else delete it.

    Raises
    ------
    SerError
        NOT_WRITABLE where the disk is full or does not let it be written. The old file stays.
    """
    try:
        yield
        part.replace(path)
    except OSError as error:
        if error.errno in _DISK_ERRORS:
            message = f"{str(path)!r} cannot be written: {error.strerror}."
            raise SerError(ErrorCode.NOT_WRITABLE, message, HINT) from error
        raise
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, where they are missing.

    Raises
    ------
    SerError
        NOT_WRITABLE where that is not possible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"The folder {str(folder)!r} cannot be made: {error.strerror}."
        raise SerError(ErrorCode.NOT_WRITABLE, message, HINT) from error
