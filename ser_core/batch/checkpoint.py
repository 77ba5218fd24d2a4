"""Checkpoints: the results of an unfinished job, by key, in an SQLite file beside the output.

A key says which file a result is of; see `parallel`. The checkpoint is deleted when the output has been
written whole. A run that is killed loses less than a second of work.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from ser_core.batch.program import program_digest
from ser_core.errors import ErrorCode, SerError

_COMMIT_SECONDS = 0.25
_PAGE_BYTES = (
    16_384  # several results to a page; of SQLite's own size, each would take one and a bit
)


class Checkpoint:
    """The results of one job in an SQLite file that no other process uses; see `open_checkpoint`.

    Attributes
    ----------
    n_done : int
        The number of results that an earlier run left.
    started_over : bool
        Whether the file was damaged, or of another job, and could not be used.
    """

    def __init__(self, path: Path, job: str) -> None:
        self.path = path
        self.started_over = False
        with self._disk_errors():
            try:
                self._open(job)
            except sqlite3.OperationalError:
                raise  # a fault of the disk: the results may well be whole
            except sqlite3.DatabaseError:
                self.started_over = True
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
            earlier_job = database.execute("SELECT digest FROM job").fetchone()
            if earlier_job != (job,):
                self.started_over = self.started_over or earlier_job is not None
                database.execute("DELETE FROM done")
                database.execute("DELETE FROM job")
                database.execute("INSERT INTO job VALUES (?)", (job,))
        self._committed = time.monotonic()

    def get(self, key: bytes) -> bytes | None:
        """Return the result of a key; None where there is none."""
        query = "SELECT record FROM done WHERE key = ?"
        row = self._database.execute(query, (key,)).fetchone()
        return None if row is None else row[0]

    def put(self, key: bytes, result: bytes) -> None:
        """Store a result; it is safe from a kill within `_COMMIT_SECONDS` of the next call.

        Raises
        ------
        SerError
            NOT_WRITABLE where the disk is full or fails.
        """
        with self._disk_errors():
            self._database.execute("INSERT OR REPLACE INTO done VALUES (?, ?)", (key, result))
            if time.monotonic() - self._committed > _COMMIT_SECONDS:
                self._database.commit()
                self._committed = time.monotonic()

    def close(self) -> None:
        """Store what was put, and close the file."""
        with contextlib.suppress(sqlite3.DatabaseError):
            self._database.commit()
        self._database.close()

    @contextlib.contextmanager
    def _disk_errors(self) -> Iterator[None]:
        """A disk that is full or fails ends the run; the results from before stay for the next."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise SerError(
                ErrorCode.NOT_WRITABLE,
                f"What is done cannot be kept in {str(self.path)!r}: {error}.",
                "Make room, or name another output, and run the same again: it goes on.",
            ) from error


@contextlib.contextmanager
def open_checkpoint(output: Path, job: str) -> Iterator[Checkpoint]:
    """Open the checkpoint of a job towards an output; delete it when the body ends well.

    Parameters
    ----------
    output : Path
        The file that the job writes. The checkpoint is `.OUTPUT.partial` beside it.
    job : str
        What `job_digest` gives. The results of another job are dropped.

    Raises
    ------
    SerError
        BAD_USAGE where another process works towards the same output, or nothing can be written beside it;
        NOT_WRITABLE where the disk is full or fails.
    """
    path = output.with_name(f".{output.name}.partial")
    with _locked(path.with_suffix(".lock"), output):
        checkpoint = Checkpoint(path, job)
        try:
            yield checkpoint
        finally:
            checkpoint.close()
        path.unlink()


@contextlib.contextmanager
def _locked(lock_file: Path, output: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(lock_file)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise SerError(
            ErrorCode.BAD_USAGE,
            f"Another process is writing {str(output)!r}.",
            "Wait for it to end, stop it, or name another output.",
        ) from error
    except OSError as error:
        message = f"Nothing can be written beside {str(output)!r}: {error.strerror}."
        raise SerError(ErrorCode.BAD_USAGE, message, "Name another output.") from error
    try:
        yield
    finally:
        with contextlib.suppress(PermissionError):  # Windows keeps a file that is open
            lock_file.unlink(missing_ok=True)
        lock.release()


def job_digest(*parts: object) -> str:
    """Compute the digest that tells one job from another.

    Parameters
    ----------
    *parts : object
        All that the results depend on besides the files and the program, as JSON can hold it.

    Returns
    -------
    str
        The SHA-256 of the parts and of the program.
    """
    return hashlib.sha256(
        json.dumps([*parts, program_digest()], sort_keys=True).encode()
    ).hexdigest()
