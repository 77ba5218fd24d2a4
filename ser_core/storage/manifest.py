"""Files that nobody can change unnoticed: models and data are used only as their list of digests says.

Conventions: a *root* is a folder with a list of digests, `SHA256SUMS` (see `digest_list`); `models/` and
`data/` are roots, and so is a person's own folder of models. A `path` is a file in a root.

Anyone can check a root without this program: `cd models && sha256sum --check SHA256SUMS`. A file that is not
in the list, or differs from it, is not used. Who can write the list as well as the files can change both.
Against that, `SER_MANIFEST_SHA256` fixes the digest of the list from outside. Nothing here protects the
program's own code.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ser_core.errors import ErrorCode, SerError
from ser_core.storage import atomic_files, digest_list, paths
from ser_core.storage.digest_list import MANIFEST, PIN

__all__ = [
    "CHANGED",
    "MANIFEST",
    "MISSING",
    "NOT_TRACKED",
    "OK",
    "PIN",
    "UNLISTED",
    "FileState",
    "check_folder",
    "find_listed",
    "is_expected",
    "list_digest",
    "listed_names",
    "read",
    "seal",
    "storing",
    "update",
    "verify",
    "write",
]

NOT_TRACKED = ("*/functionals_v1*.parquet", "*/mfcc128_v1.parquet")
"""The tables in `data/` that are too large for the repository. Training makes them; the card of a model has
the digest of the tables that it was trained on."""

OK, CHANGED, MISSING, UNLISTED = "OK", "changed", "missing", "unlisted"

_UNLISTED_SUFFIXES = {".md", ".py"}


@dataclass(frozen=True)
class FileState:
    """The state of one file: its path in the root, and OK, CHANGED, MISSING or UNLISTED."""

    name: str
    state: str


def read(path: Path, root: Path, rebuild: str = "") -> tuple[bytes, str]:
    """Read a file of models, if it is the one in the list of the root.

    Parameters
    ----------
    path : Path
        The file.
    root : Path
        The folder that holds the list.
    rebuild : str, optional
        A sentence that says how to make the file anew; the hint of an error repeats it.

    Returns
    -------
    content : bytes
    digest : str
        The SHA-256 of the content.

    Raises
    ------
    SerError
        MODEL_NOT_FOUND where there is no such file. MODEL_TAMPERED where it is not the listed one or not
        listed, or where the list is missing, damaged, or not one that `SER_MANIFEST_SHA256` names.
    """
    name = _name(path, root)
    digests = digest_list.load(root, ErrorCode.MODEL_TAMPERED, name)
    hint = digest_list.remedy(root, rebuild)
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"The model file {name} cannot be read."
        raise SerError(ErrorCode.MODEL_NOT_FOUND, message, hint) from error
    digest = hashlib.sha256(content).hexdigest()
    _check_digest(digest, name, digests, root, ErrorCode.MODEL_TAMPERED, hint)
    return content, digest


def verify(path: Path) -> Path:
    """Check a file of `data/` against the list there; a file elsewhere is a person's own and is not checked.

    A process reads a file once for that, and again when the file has changed.

    Returns
    -------
    Path
        The path as it was given.

    Raises
    ------
    SerError
        NOT_FOUND where there is no such file in `data/`; DATA_TAMPERED as MODEL_TAMPERED in `read`.
    """
    root = paths.DATA_DIR
    if not path.is_relative_to(root) or _is_not_tracked(_name(path, root)):
        return path
    name = _name(path, root)
    digests = digest_list.load(root, ErrorCode.DATA_TAMPERED, name)
    hint = digest_list.remedy(root)
    try:
        status = path.stat()
        digest = _file_digest(
            path, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
        )
    except OSError as error:
        message = f"The file data/{name} cannot be read."
        raise SerError(ErrorCode.NOT_FOUND, message, hint) from error
    _check_digest(digest, name, digests, root, ErrorCode.DATA_TAMPERED, hint)
    return path


def is_expected(path: Path) -> bool:
    """Tell whether a file exists, or is listed in `data/` and ought to exist."""
    if path.exists():
        return True
    if not path.is_relative_to(paths.DATA_DIR):
        return False
    digests = digest_list.load(paths.DATA_DIR, ErrorCode.DATA_TAMPERED)
    return _name(path, paths.DATA_DIR) in digests


def listed_names(root: Path) -> frozenset[str]:
    """Return the paths in the list of a root; none where there is no list.

    Raises
    ------
    SerError
        MODEL_TAMPERED where the list cannot be used.
    """
    if not (root / MANIFEST).exists():
        return frozenset()
    return frozenset(digest_list.load(root, ErrorCode.MODEL_TAMPERED))


def find_listed(pattern: str) -> list[Path]:
    """Return the files of `data/` that match a pattern and exist or ought to exist, sorted.

    Raises
    ------
    SerError
        DATA_TAMPERED where the list of `data/` cannot be used.
    """
    root = paths.DATA_DIR
    digests = digest_list.load(root, ErrorCode.DATA_TAMPERED)
    listed = {root / name for name in digests if Path(name).match(pattern)}
    return sorted(listed.union(root.glob(pattern)))


def write(root: Path, files: Mapping[Path, bytes]) -> None:
    """Write files below a root, then list them.

    Where that breaks off, each file is the old or the new one, and a new one is not used before the list
    has been written.

    Parameters
    ----------
    root : Path
        The folder that holds the list.
    files : Mapping of Path to bytes
        The content of each file.

    Raises
    ------
    SerError
        NOT_WRITABLE where the disk is full or does not let them be written.
    """
    for path, content in files.items():
        atomic_files.make_folder(path.parent)
        atomic_files.replace(path, content)
    update(root, *files)


def update(root: Path, *files: Path) -> None:
    """List files that this program has just written; the other entries stay, and their files are not read.

    Raises
    ------
    SerError
        MODEL_TAMPERED where the list is damaged; NOT_WRITABLE where it cannot be written.
    """
    with digest_list.locked(root):
        digests = digest_list.load_for_update(root)
        for path in files:
            digests[_name(path, root)] = _digest(path)
        digest_list.save(root, digests)


@contextlib.contextmanager
def storing(path: Path) -> Iterator[Path]:
    """Give a path to write to; when the body ends well, the file moves to `path`. In `data/` it is listed.

    Raises
    ------
    SerError
        NOT_WRITABLE where the disk is full or does not let it be written. The old file stays.
    """
    part = path.with_name(f".{path.name}.part")
    with atomic_files.takes_place_of(path, part):
        yield part
    target = path.resolve()
    in_data = target.is_relative_to(paths.DATA_DIR)
    if in_data and not _is_not_tracked(_name(target, paths.DATA_DIR)):
        update(paths.DATA_DIR, target)


def seal(root: Path) -> tuple[int, str]:
    """List all files of a folder as they are now.

    Returns
    -------
    n_files : int
    digest : str
        The SHA-256 of the list itself.

    Raises
    ------
    SerError
        NOT_WRITABLE where the list cannot be written.
    """
    with digest_list.locked(root):
        return digest_list.save(root, {name: _digest(root / name) for name in _listable(root)})


def check_folder(root: Path) -> list[FileState]:
    """Compare every file of a root with the list.

    Returns
    -------
    list of FileState
        One for each file that is listed or exists, sorted by path.

    Raises
    ------
    SerError
        MODEL_TAMPERED where the list itself cannot be used.
    """
    digests = digest_list.load(root, ErrorCode.MODEL_TAMPERED)
    names = sorted({*digests, *_listable(root)})
    return [FileState(name, _state(root / name, digests.get(name))) for name in names]


def _state(path: Path, listed_digest: str | None) -> str:
    if listed_digest is None:
        return UNLISTED
    if not path.is_file():
        return MISSING
    return OK if _digest(path) == listed_digest else CHANGED


def list_digest(root: Path) -> str:
    """Return the SHA-256 of the list of a root, as `SER_MANIFEST_SHA256` may name it."""
    return _digest(root / MANIFEST)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@lru_cache(maxsize=256)
def _file_digest(path: Path, *status: int) -> str:
    """The SHA-256 of a file; its times, size and inode tell when it is another one."""
    del status
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_digest(
    digest: str, name: str, digests: Mapping[str, str], root: Path, code: ErrorCode, hint: str
) -> None:
    file, list_name = f"{root.name}/{name}", f"{root.name}/{MANIFEST}"
    if name not in digests:
        raise SerError(code, f"The file {file} is not in {list_name} and was not used.", hint)
    if digest != digests[name]:
        message = f"The file {file} is not the one in {list_name} and was not used"
        values = f"SHA-256 {digest[:12]}..., expected {digests[name][:12]}..."
        raise SerError(code, f"{message} ({values}).", hint)


def _listable(root: Path) -> Iterator[str]:
    """The files of a root that belong in its list: not the list, hidden files, texts, code, large tables."""
    for path in root.rglob("*"):
        parts = path.relative_to(root).parts
        hidden = any(part.startswith((".", "__pycache__")) for part in parts)
        unlisted = path.name == MANIFEST or path.suffix in _UNLISTED_SUFFIXES
        if hidden or unlisted or not path.is_file():
            continue
        name = "/".join(parts)
        if root != paths.DATA_DIR or not _is_not_tracked(name):
            yield name


def _is_not_tracked(name: str) -> bool:
    return any(Path(name).match(pattern) for pattern in NOT_TRACKED)


def _name(path: Path, root: Path) -> str:
    """The path of a file in a root, however it was reached; for one outside, a name that no list has."""
    full_path = path.parent.resolve() / path.name
    return os.path.relpath(full_path, root.resolve()).replace(os.sep, "/")
