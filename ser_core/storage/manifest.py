"""Files that nobody can swap unnoticed: each folder of models, and `data/`, has a list of the SHA-256 of everything that is read from it.

The list is `SHA256SUMS` as `sha256sum` writes it: anyone can check it without this program (`cd models && sha256sum --check SHA256SUMS`). What
is not in it, or another file than it says, is not used. Whoever can write the list as well as the files can change both: against that, the
digest of the list itself can be fixed from outside, in `SER_MANIFEST_SHA256`. Nothing here protects the program's own code.

`root` is the folder that holds the list; a `path` is a file in it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from ser_core.errors import ErrorCode, SerError

MANIFEST = "SHA256SUMS"
PIN = "SER_MANIFEST_SHA256"
"""The environment variable that names the digests of the lists that may be used, separated by commas; without it any list is."""

DATA_DIR = Path(__file__).resolve().parents[2] / "data"
MODELS_DIR = DATA_DIR.with_name("models")
"""The roots that ship. A person's own folder of models is one, too; what is written beside it (tables, predictions) is not checked."""

NOT_KEPT = ("*/functionals_v1*.parquet", "*/mfcc128_v1.parquet")
"""The tables in `data/` that are too large for the repository: who trains makes them, and a model's card has the digest of what it learnt from."""

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
_MAKE_ROOM = "Make room, or name another place, and run the same again. What was there before is still there."

_NOT_READ = {".md", ".py"}

OK, CHANGED, MISSING, UNLISTED = "OK", "changed", "missing", "unlisted"

_LINE = re.compile(r"([0-9a-f]{64})  ([^\\\n\r]+)")


@dataclass(frozen=True)
class Finding:
    """What `check` found of one file: its path in the root, and OK, CHANGED, MISSING or UNLISTED."""

    name: str
    state: str


def read(path: Path, root: Path, mend: str = "") -> tuple[bytes, str]:
    """The bytes of a file of models and their SHA-256, if they are what the list of the root says; `mend` is how to make the file anew.

    Raises
    ------
    SerError
        MODEL_NOT_FOUND where the file is not there; MODEL_TAMPERED where it is not the listed one, not listed, or the list itself is not
        there, damaged, or not the one that `SER_MANIFEST_SHA256` names.
    """
    name = _name(path, root)
    listed = _listed(root, ErrorCode.MODEL_TAMPERED, name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SerError(
            ErrorCode.MODEL_NOT_FOUND, f"The model file {name} cannot be read.", _mend(root, mend)
        ) from error
    digest = hashlib.sha256(data).hexdigest()
    _compare(name, digest, listed, root, SerError(ErrorCode.MODEL_TAMPERED, "", _mend(root, mend)))
    return data, digest


def intact(path: Path) -> Path:
    """The path of a file in `data/`, if the file is what the list there says; any other path, a person's own file, as it is.

    A file is read for that once in the life of a process, and again when it was changed.

    Raises
    ------
    SerError
        NOT_FOUND where it is not there; DATA_TAMPERED as `read`.
    """
    if not path.is_relative_to(DATA_DIR) or _not_kept(_name(path, DATA_DIR)):
        return path
    name = _name(path, DATA_DIR)
    listed = _listed(DATA_DIR, ErrorCode.DATA_TAMPERED, name)
    try:
        status = path.stat()
        digest = _digest(
            path, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
        )
    except OSError as error:
        raise SerError(
            ErrorCode.NOT_FOUND, f"The file data/{name} cannot be read.", _mend(DATA_DIR)
        ) from error
    _compare(name, digest, listed, DATA_DIR, SerError(ErrorCode.DATA_TAMPERED, "", _mend(DATA_DIR)))
    return path


def expected(path: Path) -> bool:
    """Whether a file is there, or ought to be in `data/`: one that was taken away is not one that never was."""
    return path.exists() or (
        path.is_relative_to(DATA_DIR)
        and _name(path, DATA_DIR) in _listed(DATA_DIR, ErrorCode.DATA_TAMPERED)
    )


def names(root: Path) -> frozenset[str]:
    """What the list of a root has; nothing where there is none.

    Raises
    ------
    SerError
        MODEL_TAMPERED where it cannot be used.
    """
    return (
        frozenset(_listed(root, ErrorCode.MODEL_TAMPERED))
        if (root / MANIFEST).exists()
        else frozenset()
    )


def matching(pattern: str) -> list[Path]:
    """The files that are, or ought to be, in `data/` and match a pattern, by name."""
    listed = {
        DATA_DIR / name
        for name in _listed(DATA_DIR, ErrorCode.DATA_TAMPERED)
        if Path(name).match(pattern)
    }
    return sorted({*listed, *DATA_DIR.glob(pattern)})


def write(root: Path, files: Mapping[Path, bytes]) -> None:
    """Write files below a root, then list them. Broken off at any moment, each file is the old one or the new one, and a new one is not used
    before all are there.
    """
    for path, data in files.items():
        _made(path.parent)
        replace(path, data)
    update(root, *files)


def replace(path: Path, data: bytes) -> None:
    """Put a file in the place of another (or of none) in one step; where it cannot be written whole, the other stays."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with _whole(part, path), part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def update(root: Path, *paths: Path) -> None:
    """Take note of files that this program has just written; what else is listed stays as it is, and is not looked at."""
    with _alone(root):
        try:
            listed = dict(_parsed((root / MANIFEST).read_bytes()))
        except FileNotFoundError:
            listed = {}
        except ValueError as error:
            raise _refused(
                root, f"{root.name}/{MANIFEST} is damaged ({error}).", ErrorCode.MODEL_TAMPERED
            ) from error
        for path in paths:
            listed[_name(path, root)] = hashlib.sha256(path.read_bytes()).hexdigest()
        _store(root, listed)


@contextlib.contextmanager
def storing(path: Path) -> Iterator[Path]:
    """A path to write to that takes the place of `path`, and is listed where that is one of `data/`, when the body ends well."""
    part = path.with_name(f".{path.name}.part")
    with _whole(part, path):
        yield part
    home = path.resolve()
    if home.is_relative_to(DATA_DIR) and not _not_kept(_name(home, DATA_DIR)):
        update(DATA_DIR, home)


def seal(root: Path) -> tuple[int, str]:
    """List all files of a folder as they are now, whatever they are; gives their number and the digest of the list."""
    with _alone(root):
        return _store(
            root,
            {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in _there(root)},
        )


def check(root: Path) -> list[Finding]:
    """What has become of every file that is listed or there, by name.

    Raises
    ------
    SerError
        MODEL_TAMPERED where the list itself cannot be used.
    """
    listed = _listed(root, ErrorCode.MODEL_TAMPERED)
    found = []
    for name in sorted({*listed, *_there(root)}):
        if name not in listed:
            state = UNLISTED
        elif not (root / name).is_file():
            state = MISSING
        else:
            state = (
                OK
                if hashlib.sha256((root / name).read_bytes()).hexdigest() == listed[name]
                else CHANGED
            )
        found.append(Finding(name, state))
    return found


def manifest_sha256(root: Path) -> str:
    """The digest of the list of a root, as `SER_MANIFEST_SHA256` may name it."""
    return hashlib.sha256((root / MANIFEST).read_bytes()).hexdigest()


def _listed(root: Path, code: ErrorCode, asked: str = "") -> Mapping[str, str]:
    """The digests by name, from a list that may be used; `asked` is the file that it is read for."""
    named = f"{root.name}/{MANIFEST}"
    unused = f" {root.name}/{asked} was not used." if asked else ""
    try:
        data = (root / MANIFEST).read_bytes()
    except OSError as error:
        raise _refused(root, f"There is no list of digests {named}.{unused}", code) from error
    digest = hashlib.sha256(data).hexdigest()
    if (
        PIN in os.environ and digest not in os.environ[PIN].replace(",", " ").split()
    ):  # set but empty, it names none
        hint = f"Restore the file, or name its digest in {PIN} if it is as it should be."
        raise SerError(
            code,
            f"The list of digests {named} is not one that {PIN} names (SHA-256 {digest[:12]}...).{unused}",
            hint,
        )
    try:
        return _parsed(data)
    except ValueError as error:
        raise _refused(
            root, f"The list of digests {named} is damaged ({error}).{unused}", code
        ) from error


@lru_cache(maxsize=8)
def _parsed(data: bytes) -> Mapping[str, str]:
    """Raises a ValueError for what `sha256sum` would not have written."""
    listed: dict[str, str] = {}
    for number, line in enumerate(data.decode("utf-8").removesuffix("\n").split("\n"), start=1):
        match = _LINE.fullmatch(line)
        if match is None or match[2] in listed:
            raise ValueError(f"line {number}")
        listed[match[2]] = match[1]
    return MappingProxyType(listed)


@lru_cache(maxsize=256)
def _digest(path: Path, *status: int) -> str:
    """Of a file; its times, size and inode tell when it is another one."""
    del status
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _compare(
    name: str, digest: str, listed: Mapping[str, str], root: Path, refusal: SerError
) -> None:
    """Raises the refusal, saying which file is meant."""
    if name not in listed:
        raise SerError(
            refusal.code,
            f"The file {root.name}/{name} is not in {root.name}/{MANIFEST} and was not used.",
            refusal.hint,
        )
    if digest != listed[name]:
        message = (
            f"The file {root.name}/{name} is not the one in {root.name}/{MANIFEST} and was not used"
        )
        raise SerError(
            refusal.code,
            f"{message} (SHA-256 {digest[:12]}..., expected {listed[name][:12]}...).",
            refusal.hint,
        )


def _store(root: Path, listed: Mapping[str, str]) -> tuple[int, str]:
    data = "".join(f"{listed[name]}  {name}\n" for name in sorted(listed)).encode()
    replace(root / MANIFEST, data)
    return len(listed), hashlib.sha256(data).hexdigest()


def _there(root: Path) -> Iterator[str]:
    """The names of the files in a root that belong in its list: not the list itself, hidden files, texts and code, and what is not kept."""
    for path in root.rglob("*"):
        parts = path.relative_to(root).parts
        hidden = any(part.startswith((".", "__pycache__")) for part in parts)
        if path.is_file() and path.name != MANIFEST and path.suffix not in _NOT_READ and not hidden:
            name = "/".join(parts)
            if root != DATA_DIR or not _not_kept(name):
                yield name


def _not_kept(name: str) -> bool:
    return any(Path(name).match(pattern) for pattern in NOT_KEPT)


def _name(path: Path, root: Path) -> str:
    """How a file is called in the list of a root, by whatever way it was reached; one outside of it has a name that no list has."""
    return os.path.relpath(path.parent.resolve() / path.name, root.resolve()).replace(os.sep, "/")


@contextlib.contextmanager
def _whole(part: Path, path: Path) -> Iterator[None]:
    """What the body writes to `part` takes the place of `path`; if it fails, `path` stays as it was and nothing is left behind."""
    try:
        yield
        part.replace(path)
    except OSError as error:
        if error.errno in _DISK:
            raise SerError(
                ErrorCode.NOT_WRITABLE,
                f"{str(path)!r} cannot be written: {error.strerror}.",
                _MAKE_ROOM,
            ) from error
        raise
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Only one process at a time may change the list of a root."""
    from filelock import FileLock

    _made(root)
    lock = FileLock(root / f".{MANIFEST}.lock")
    try:
        lock.acquire()
    except OSError as error:
        raise SerError(
            ErrorCode.NOT_WRITABLE,
            f"Nothing can be written in {str(root)!r}: {error.strerror}.",
            _MAKE_ROOM,
        ) from error
    try:
        yield
    finally:
        lock.release()


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SerError(
            ErrorCode.NOT_WRITABLE,
            f"The folder {str(folder)!r} cannot be made: {error.strerror}.",
            _MAKE_ROOM,
        ) from error


def _mend(root: Path, mend: str = "") -> str:
    """What to do. That of what ships the list can be written anew is not said here: it would make good what somebody else has changed."""
    known = (
        f"If the folder is as you made it: python -m ser_core models seal {root}"
        if root not in (DATA_DIR, MODELS_DIR)
        else ""
    )
    return " ".join(part for part in ("Restore the file.", mend, known) if part)


def _refused(root: Path, message: str, code: ErrorCode) -> SerError:
    return SerError(code, message, _mend(root))
