"""Fetching the archive of a corpus, and unpacking its clips.

An interrupted download goes on where it stopped. The archive is checked against the digest that its
publisher gives. Nothing is deleted: what does not fit stays under a name that ends in `.part`, and
the error says what to do.
"""

from __future__ import annotations

import hashlib
import http.client
import re
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from ser_core.corpora.corpus import Archive, Corpus
from ser_core.errors import ErrorCode, SerError

_CHUNK = 1 << 20  # bytes
_TIMEOUT_S = 60
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)$")

Progress = Callable[[int], object]
"""Called with the number of bytes that were added; it is negative where a server starts anew."""


def partial_path(target: Path) -> Path:
    """The file in which the bytes are gathered until all are there."""
    return target.with_name(f"{target.name}.part")


def fetch(archive: Archive, target: Path, progress: Progress = lambda _: None) -> None:
    """Fetch an archive to `target`, which is then complete and correct, or does not exist.

    Parameters
    ----------
    archive : Archive
    target : Path
        A file that exists already is only checked.
    progress : callable
        See `Progress`.

    Raises
    ------
    SerError
        NOT_FETCHED where the server does not give it or breaks off, where it has another size or
        digest than its publisher says, and where the disk does not take it.
    """
    part = partial_path(target)
    if target.exists():
        _check(archive, target)
        return
    n_bytes = part.stat().st_size if part.exists() else 0
    progress(n_bytes)
    if n_bytes < archive.n_bytes:
        _append(archive, part, n_bytes, progress)
    n_bytes = part.stat().st_size
    if n_bytes < archive.n_bytes:
        raise _fetch_error(
            f"The download broke off after {n_bytes:,} of {archive.n_bytes:,} bytes.",
            "Run the command again: it goes on from there.",
        )
    _check(archive, part)
    part.replace(target)


def _append(archive: Archive, part: Path, have: int, progress: Progress) -> None:
    """Fetch what is missing and append it; begin anew where the server does not give parts."""
    request = urllib.request.Request(
        archive.address, headers={"Range": f"bytes={have}-"} if have else {}
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:
            start = _start(archive, response.status, response.headers)
            if start not in (0, have):
                raise _fetch_error(
                    f"The server gave bytes from {start:,} on, not from {have:,}.",
                    f"Delete {str(part)!r} and try again.",
                )
            progress(start - have)
            _write(response, part, "ab" if start else "wb", progress)
    except urllib.error.HTTPError as error:
        hint = f"Look whether it has moved: {archive.quoted_from}"
        raise _fetch_error(
            f"The server answered {error.code} {error.reason} for {archive.address}.", hint
        ) from error
    except (
        urllib.error.URLError,
        http.client.HTTPException,
        ConnectionError,
        TimeoutError,
    ) as error:
        reason = getattr(error, "reason", None) or str(error) or type(error).__name__
        raise _fetch_error(
            f"{archive.address} cannot be fetched: {reason}.",
            "Check the connection and run the command again: it goes on.",
        ) from error


def _start(archive: Archive, status: int, headers: http.client.HTTPMessage) -> int:
    """The position of the first byte that the server gives.

    NOT_FETCHED where the whole has another size than the publisher says.
    """
    span = None
    if status == http.HTTPStatus.PARTIAL_CONTENT:
        span = _RANGE.match(headers.get("Content-Range", ""))
    size = span[2] if span else headers.get("Content-Length", "*")
    if size not in ("*", str(archive.n_bytes)):
        raise _fetch_error(
            f"The archive has {int(size):,} bytes at the server; "
            f"{archive.quoted_from} gave {archive.n_bytes:,}.",
            "It was changed: fetch it by hand from the source page.",
        )
    return int(span[1]) if span else 0


def _write(response: http.client.HTTPResponse, part: Path, mode: str, progress: Progress) -> None:
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        file = part.open(mode)
    except OSError as error:
        raise _disk_error(part, error) from error
    with file:
        while chunk := response.read(_CHUNK):
            try:
                file.write(chunk)
            except OSError as error:
                raise _disk_error(part, error) from error
            progress(len(chunk))


def _check(archive: Archive, file: Path) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    with file.open("rb") as data:
        while chunk := data.read(_CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != archive.md5:
        raise _fetch_error(
            f"The file {str(file)!r} has the MD5 digest {digest.hexdigest()}; "
            f"{archive.quoted_from} gives {archive.md5}.",
            "It is damaged or was changed. Delete it and run the command again.",
        )


def unpack(corpus: Corpus, archive: Path, folder: Path) -> int:
    """Unpack the clips of a corpus, and nothing else, from its archive; give their number.

    Parameters
    ----------
    corpus : Corpus
    archive : Path
        A ZIP file.
    folder : Path
        The corpus folder.

    Raises
    ------
    SerError
        NOT_FETCHED where the file is no sound ZIP archive, where a clip's path leads out of the
        folder, or where the disk does not take it.
    """
    n_clips = 0
    try:
        with zipfile.ZipFile(archive) as packed:
            for entry in packed.infolist():
                path = PurePosixPath(entry.filename.replace("\\", "/"))
                if entry.is_dir() or corpus.parse(Path(path)) is None:
                    continue
                if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
                    raise _fetch_error(
                        f"The archive holds a path that leads out of its folder: {entry.filename!r}.",
                        "Do not use it.",
                    )
                _write_clip(packed.read(entry), folder / path)
                n_clips += 1
    except (zipfile.BadZipFile, EOFError) as error:
        raise _fetch_error(
            f"The file {str(archive)!r} is no sound ZIP archive: {error}.",
            "Delete it and run the command again.",
        ) from error
    return n_clips


def _write_clip(data: bytes, target: Path) -> None:
    part = partial_path(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(target)
    except OSError as error:
        raise _disk_error(target, error) from error


def _disk_error(path: Path, error: OSError) -> SerError:
    return _fetch_error(
        f"{str(path)!r} cannot be written: {error.strerror or error}.",
        "Make room, or set SER_CORPORA to another folder; then run it again.",
    )


def _fetch_error(message: str, hint: str) -> SerError:
    return SerError(ErrorCode.NOT_FETCHED, message, hint)
