"""The database under a library: how it is reached, its transactions, and what can go wrong with it, in a sentence.

SQLite and PostgreSQL are tested; what else SQLAlchemy knows may work.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import URL, Connection, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from ser_core.errors import ErrorCode, SerError
from ser_core.library import migrations

_WAIT_SECONDS = 10  # for another process that writes
_SERVER_SECONDS = 5  # for a server to answer
_SQLITE = {
    sqlite3.SQLITE_FULL: (
        "The disk that holds the library is full.",
        "Free some space, then try again.",
    ),
    sqlite3.SQLITE_IOERR: (
        "The file of the library cannot be read or written.",
        "Check its disk and the space that is left, then try again.",
    ),
    sqlite3.SQLITE_BUSY: ("Another program is busy with the library.", "Try again in a moment."),
    sqlite3.SQLITE_READONLY: (
        "The library cannot be written.",
        "Check the permissions of its folder.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The library cannot be opened.",
        "Check that its folder is there, and its permissions.",
    ),
    sqlite3.SQLITE_CORRUPT: ("The file of the library is damaged.", "Bring it back from a backup."),
    sqlite3.SQLITE_NOTADB: (
        "The file that should be the library is no database.",
        "Name another folder.",
    ),
}
_POSTGRES_FULL = ("53100", "53200")  # SQLSTATE: disk full, out of memory


class Database:
    """A database whose tables are of the newest version. Safe to use from several threads; several processes may use one."""

    def __init__(self, url: URL, make: bool = True) -> None:
        with told():
            try:
                self.engine = create_engine(url, hide_parameters=True, **_options(url))
            except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
                message = f"The library {url.render_as_string(hide_password=True)} cannot be reached: {error}."
                hint = "Install what it needs (for PostgreSQL: pip install -r requirements-postgres.txt), or correct SER_DATABASE_URL."
                raise SerError(ErrorCode.LIBRARY_FAILED, message, hint) from error
            self.is_sqlite = url.get_backend_name() == "sqlite"
            if self.is_sqlite:
                event.listen(self.engine, "connect", _set_up_sqlite)
                event.listen(self.engine, "begin", _begin_sqlite)
            self._writer = self.engine.execution_options(ser_begin="BEGIN IMMEDIATE")
            with self._alone(url, make):
                self._upgrade()
            if self.is_sqlite:
                self.wipe(everything=False)  # what could not be, when it was deleted

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the database."""
        with told(), self.engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a transaction: all that the body does is on the disk when it has ended, or none of it."""
        with told(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let all connections go; the next use makes new ones."""
        self.engine.dispose()

    def wipe(self, everything: bool) -> None:
        """Let no copy of what was deleted stay behind in the files of SQLite, and give its room back after `everything` was.

        As far as nobody is in the way; the deleting itself does not depend on it. What was deleted from SQLite's main file is overwritten there.
        """
        # After VACUUM, which writes as others do, the newest state is in the file beside the main one, too.
        statements = {
            "sqlite": (*(("VACUUM",) if everything else ()), "PRAGMA wal_checkpoint(TRUNCATE)"),
            "postgresql": ("VACUUM ser_recordings",),
        }
        outside = {"ser_begin": ""} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        with (
            contextlib.suppress(SQLAlchemyError),
            self.engine.connect().execution_options(**outside) as connection,
        ):
            for statement in statements.get(connection.dialect.name, ()):
                self._execute_when_free(connection, statement)

    def _execute_when_free(self, connection: Connection, statement: str) -> None:
        """A statement that says by its first figure (PRAGMA wal_checkpoint) that somebody is reading is tried again for some seconds."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            found = connection.execute(text(statement))
            row = found.first() if found.returns_rows else None
            if row is None or not row[0] or time.monotonic() > deadline:
                return
            time.sleep(0.05)

    @contextlib.contextmanager
    def _alone(self, url: URL, make: bool) -> Iterator[None]:
        """While a file of SQLite is set up, which several processes may want to do at once."""
        if not self.is_sqlite:
            yield
            return
        path = _prepared(url, make)
        with FileLock(path.with_name(f"{path.name}.lock"), timeout=_WAIT_SECONDS, mode=0o600):
            yield

    def _upgrade(self) -> None:
        with self.reading() as connection:
            if migrations.is_current(connection):
                return
        with self.writing() as connection:
            migrations.upgrade(connection)


def _options(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": _WAIT_SECONDS}}
    waits = (
        {"connect_timeout": _SERVER_SECONDS}
        if url.get_backend_name() == "postgresql" and "connect_timeout" not in url.query
        else {}
    )
    return {
        "connect_args": waits,
        "pool_pre_ping": True,
    }  # a server that was started anew is no error


def _prepared(url: URL, make: bool = True) -> Path:
    """The file of an SQLite database; where it is not there, made for its owner's eyes only, or LIBRARY_OFF where none is to be made."""
    if not url.database or url.database == ":memory:" or url.query:
        message = f"A library needs a file. Got {url.render_as_string(hide_password=True)}."
        raise SerError(ErrorCode.LIBRARY_FAILED, message, "Give it as sqlite:////folder/library.db")
    path = Path(url.database)
    if not make and not path.exists():
        named = "SER_DATABASE_URL" if os.environ.get("SER_DATABASE_URL") else "SER_LIBRARY"
        raise SerError(
            ErrorCode.LIBRARY_OFF,
            f"There is no library in {str(path.parent)!r} yet.",
            f"Check {named}.",
        )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(
                os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            )  # SQLite gives the files beside it the same permissions
            if os.name == "posix":
                folder = os.open(path.parent, os.O_RDONLY)
                os.fsync(folder)  # or a power cut could lose the name
                os.close(folder)
    except OSError as error:
        message = f"The library {str(path)!r} cannot be made: {error.strerror or error}."
        raise SerError(
            ErrorCode.LIBRARY_FAILED, message, "Name a folder that you may write to."
        ) from error
    return path


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = (
        None  # transactions begin where `_begin_sqlite` says, not where Python's module guesses
    )
    # What SQLite sorts out on the way, all of a file that is given its room back included, stays in memory, not in some temporary folder.
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # Who means to write says so at once: two that have read already could not both go on.
    if begin := connection.get_execution_options().get("ser_begin", "BEGIN"):
        connection.exec_driver_sql(begin)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """What is wrong with the database becomes a `SerError`: LIBRARY_FAILED with a sentence that holds no password and no value."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, TimeoutError) as error:
        raise SerError(ErrorCode.LIBRARY_FAILED, *_in_words(error)) from error


def _in_words(error: Exception) -> tuple[str, str]:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, TimeoutError):
        return _SQLITE[sqlite3.SQLITE_BUSY]
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None) or 0
        if found := _SQLITE.get(code & 0xFF):
            return found
    state = getattr(cause, "sqlstate", None)
    if state in _POSTGRES_FULL:
        return _SQLITE[sqlite3.SQLITE_FULL]
    if (
        isinstance(error, DBAPIError)
        and not isinstance(cause, sqlite3.Error)
        and (state is None or state.startswith(("08", "57")))
    ):
        return (
            "The server of the library cannot be reached.",
            "Check that it is running and that SER_DATABASE_URL is right, then try again.",
        )
    first = (str(cause).splitlines() or [type(cause).__name__])[0].rstrip(".")
    return (
        f"The library could not be used: {first}.",
        "Try again; if it stays so, check the database.",
    )


def address(folder: Path, name: str) -> URL:
    """The address of a file of SQLite in a folder."""
    return URL.create("sqlite", database=str(folder.absolute() / name))


def parsed(url: str) -> URL:
    """An address as SQLAlchemy has it.

    Raises
    ------
    SerError
        LIBRARY_FAILED where it is none; the message does not repeat it, as there may be a password in it.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        message = "SER_DATABASE_URL is no address of a database."
        raise SerError(
            ErrorCode.LIBRARY_FAILED,
            message,
            "Expected something like postgresql://name:password@host/database",
        ) from error
