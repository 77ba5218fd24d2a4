"""Which files are read as audio, how large they may be, and reading their bytes."""

from __future__ import annotations

import stat
from pathlib import Path

from ser_core.errors import ErrorCode, SerError

AUDIO_SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".opus", ".oga", ".mp3", ".m4a", ".mp4", ".aac", ".webm"}
)
"""The endings, in lower case, of the files that a walk through a folder finds and an upload offers. What is
in a file decides how it is decoded, not its ending."""
MAX_UPLOAD_BYTES = 20 * 1024 * 1024
MAX_FILE_BYTES = 2**30

SPEAK_AGAIN = "Record or choose a clip of at least half a second of speech."
"""What to do about a clip without sound."""


def read(path: str | Path) -> bytes:
    """Read the bytes of a file.

    Raises
    ------
    SerError
        NOT_FOUND or UNREADABLE where the file cannot be read; TOO_LARGE beyond `MAX_FILE_BYTES`, EMPTY
        where it has no bytes.
    """
    try:
        return _read_regular_file(Path(path))
    except SerError:
        raise
    except FileNotFoundError as error:
        message = f"There is no file {str(path)!r}."
        raise SerError(ErrorCode.NOT_FOUND, message, "Check the path.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"The file {str(path)!r} cannot be read: {reason}."
        raise SerError(ErrorCode.UNREADABLE, message, "Check its permissions.") from error


def _read_regular_file(path: Path) -> bytes:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # reading a pipe or a device may never end
        raise SerError(
            ErrorCode.UNREADABLE,
            f"{str(path)!r} is no file: it is a folder, a pipe or a device.",
            "Name an audio file.",
        )
    check_size(status.st_size, MAX_FILE_BYTES)
    return path.read_bytes()


def check_size(n_bytes: int, max_bytes: int | None = None) -> None:
    """Refuse a file of a size that is not decoded.

    Parameters
    ----------
    n_bytes : int
        The size of the file.
    max_bytes : int, optional
        The most that is accepted; without it any size is.

    Raises
    ------
    SerError
        EMPTY or TOO_LARGE.
    """
    if not n_bytes:
        raise SerError(ErrorCode.EMPTY, "The file is empty (0 bytes).", SPEAK_AGAIN)
    if max_bytes is None or n_bytes <= max_bytes:
        return
    elsewhere = "use the command line" if max_bytes < MAX_FILE_BYTES else "cut it into several"
    size, limit = n_bytes / 2**20, max_bytes / 2**20
    raise SerError(
        ErrorCode.TOO_LARGE,
        f"The file has {size:.1f} MB; at most {limit:,.0f} MB are accepted here.",
        f"Cut it, save it as mp3 or ogg, or {elsewhere}.",
    )
