"""The list of digests of a folder: reading it, checking it, writing it.

The list is the file `SHA256SUMS` as `sha256sum` writes it: one line a file, the SHA-256 in 64 hexadecimal
digits, two spaces, the path in the folder with forward slashes. A *root* is the folder that holds the list.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from ser_core.errors import ErrorCode, SerError
from ser_core.storage import atomic_files, paths

MANIFEST = "SHA256SUMS"
PIN = "SER_MANIFEST_SHA256"
"""The environment variable with the digests of the lists that may be used, separated by commas.
Without it any list may be used."""

_LINE = re.compile(r"([0-9a-f]{64})  ([^\\\n\r]+)")


def load(root: Path, code: ErrorCode, file: str = "") -> Mapping[str, str]:
    """Read the list of a root.

    Parameters
    ----------
    root : Path
        The folder that holds the list.
    code : ErrorCode
        The code of the error where the list cannot be used.
    file : str, optional
        The file for which the list is read; the error names it.

    Returns
    -------
    Mapping of str to str
        The SHA-256 of each file, by its path in the root.

    Raises
    ------
    SerError
        With `code`, where the list is missing, damaged, or not one that `SER_MANIFEST_SHA256` names.
    """
    list_name = f"{root.name}/{MANIFEST}"
    unused = f" {root.name}/{file} was not used." if file else ""
    try:
        content = (root / MANIFEST).read_bytes()
    except OSError as error:
        message = f"There is no list of digests {list_name}.{unused}"
        raise SerError(code, message, remedy(root)) from error
    _check_pin(list_name, content, code, unused)
    try:
        return parse(content)
    except ValueError as error:
        message = f"The list of digests {list_name} is damaged ({error}).{unused}"
        raise SerError(code, message, remedy(root)) from error


def _check_pin(list_name: str, content: bytes, code: ErrorCode, unused: str) -> None:
    pinned = os.environ.get(PIN)  # set but empty, it names no list
    digest = hashlib.sha256(content).hexdigest()
    if pinned is None or digest in pinned.replace(",", " ").split():
        return
    message = f"The list of digests {list_name} is not one that {PIN} names"
    raise SerError(
        code,
        f"{message} (SHA-256 {digest[:12]}...).{unused}",
        f"Restore the file, or name its digest in {PIN} if it is as it should be.",
    )


@lru_cache(maxsize=8)
def parse(content: bytes) -> Mapping[str, str]:
    """Parse the bytes of a list.

    Returns
    -------
    Mapping of str to str
        The SHA-256 of each file, by its path in the root.

    Raises
    ------
    ValueError
        For a line that `sha256sum` would not have written, or a file that is listed twice.
    """
    digests: dict[str, str] = {}
    lines = content.decode("utf-8").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line)
        if match is None or match[2] in digests:
            raise ValueError(f"line {number}")
        digests[match[2]] = match[1]
    return MappingProxyType(digests)


def load_for_update(root: Path) -> dict[str, str]:
    """Read the list of a root in order to add to it; an empty one where there is none yet.

    Raises
    ------
    SerError
        MODEL_TAMPERED where it is damaged.
    """
    try:
        return dict(parse((root / MANIFEST).read_bytes()))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        message = f"{root.name}/{MANIFEST} is damaged ({error})."
        raise SerError(ErrorCode.MODEL_TAMPERED, message, remedy(root)) from error


def save(root: Path, digests: Mapping[str, str]) -> tuple[int, str]:
    """Write the list of a root.

    Returns
    -------
    n_files : int
    digest : str
        The SHA-256 of the list itself.
    """
    content = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode()
    atomic_files.replace(root / MANIFEST, content)
    return len(digests), hashlib.sha256(content).hexdigest()


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Let no other process change the list of a root during the body of the `with`.

    Raises
    ------
    SerError
        NOT_WRITABLE where nothing can be written in the root.
    """
    from filelock import FileLock

    atomic_files.make_folder(root)
    lock = FileLock(root / f".{MANIFEST}.lock")
    try:
        lock.acquire()
    except OSError as error:
        message = f"Nothing can be written in {str(root)!r}: {error.strerror}."
        raise SerError(ErrorCode.NOT_WRITABLE, message, atomic_files.HINT) from error
    try:
        yield
    finally:
        lock.release()


def remedy(root: Path, rebuild: str = "") -> str:
    """Say what to do about a file or a list that cannot be used.

    For the folders that ship it does not say that the list can be written anew: that would accept what
    somebody else has changed.

    Parameters
    ----------
    root : Path
        The folder that holds the list.
    rebuild : str, optional
        A sentence that says how to make the file anew.
    """
    sentences = ["Restore the file."]
    if rebuild:
        sentences.append(rebuild)
    if root not in (paths.DATA_DIR, paths.MODELS_DIR):
        sentences.append(f"If the folder is as you made it: python -m ser_core models seal {root}")
    elif paths.HOME_VARIABLE in os.environ:
        sentences.append(f"Or let {paths.HOME_VARIABLE} name the folder that holds {root.name}/.")
    return " ".join(sentences)
