"""The database under a library: how it is reached, its transactions, and its errors in a sentence.

Times are UTC without a time zone, to the second. SQLite and PostgreSQL are tested; other databases
that SQLAlchemy knows may work.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from ser_core.errors import ErrorCode, SerError
from ser_core.library import migrations
from ser_core.library.settings import FOLDER_VARIABLE, URL_VARIABLE

_WAIT_SECONDS = 10  # for another process that writes
_SERVER_SECONDS = 5  # for a server to answer
_RETRY_SECONDS = 0.05
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
    """A database whose tables are of the newest version.

    Safe to use from several threads; several processes may use one database.
    """

    def __init__(self, url: URL, create: bool = True) -> None:
        with explain_errors():
            self.engine = _create_engine(url)
            self.is_sqlite = url.get_backend_name() == "sqlite"
            if self.is_sqlite:
                event.listen(self.engine, "connect", _set_up_sqlite)
                event.listen(self.engine, "begin", _begin_sqlite)
            self._writer = self.engine.execution_options(ser_begin="BEGIN IMMEDIATE")
            with self._set_up_alone(url, create):
                self._upgrade()
            if self.is_sqlite:
                self.wipe(everything=False)  # what could not be wiped when it was deleted

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the database."""
        with explain_errors(), self.engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a transaction.

        All that the body does is on the disk when it has ended, or none of it.
        """
        with explain_errors(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let all connections go; the next use makes new ones."""
        self.engine.dispose()

    def wipe(self, everything: bool) -> None:
        """Remove copies of deleted entries from the files of SQLite, as far as nobody reads them.

        Deleting itself does not depend on it: SQLite overwrites in its main file what was deleted.

        Parameters
        ----------
        everything : bool
            Whether everything was deleted: then the main file gives its room back, too.
        """
        # VACUUM writes as others do: afterwards the newest state is in the file beside the main
        # one, too.
        vacuum = ("VACUUM",) if everything else ()
        statements = {
            "sqlite": (*vacuum, "PRAGMA wal_checkpoint(TRUNCATE)"),
            "postgresql": ("VACUUM ser_recordings",),
        }
        no_transaction = {"ser_begin": ""} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        with (
            contextlib.suppress(SQLAlchemyError),
            self.engine.connect().execution_options(**no_transaction) as connection,
        ):
            for statement in statements.get(connection.dialect.name, ()):
                self._execute_when_free(connection, statement)

    def _execute_when_free(self, connection: Connection, statement: str) -> None:
        """Execute a statement, and try for some seconds while its first figure says "busy".

        That is so of PRAGMA wal_checkpoint while somebody reads.
        """
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            result = connection.execute(text(statement))
            row = result.first() if result.returns_rows else None
            is_busy = row is not None and bool(row[0])
            if not is_busy or time.monotonic() > deadline:
                return
            time.sleep(_RETRY_SECONDS)

    @contextlib.contextmanager
    def _set_up_alone(self, url: URL, create: bool) -> Iterator[None]:
        """Hold a lock while a file of SQLite is set up, which several processes may want to do."""
        if not self.is_sqlite:
            yield
            return
        path = _sqlite_file(url, create)
        with FileLock(path.with_name(f"{path.name}.lock"), timeout=_WAIT_SECONDS, mode=0o600):
            yield

    def _upgrade(self) -> None:
        with self.reading() as connection:
            if migrations.is_current(connection):
                return
        with self.writing() as connection:
            migrations.upgrade(connection)


def _create_engine(url: URL) -> Engine:
    try:
        return create_engine(url, hide_parameters=True, **_engine_options(url))
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        address = url.render_as_string(hide_password=True)
        raise SerError(
            ErrorCode.LIBRARY_FAILED,
            f"The library {address} cannot be reached: {error}.",
            "Install what it needs (for PostgreSQL: "
            f"pip install -r requirements/postgres.txt), or correct {URL_VARIABLE}.",
        ) from error


def _engine_options(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": _WAIT_SECONDS}}
    waits = {}
    if url.get_backend_name() == "postgresql" and "connect_timeout" not in url.query:
        waits = {"connect_timeout": _SERVER_SECONDS}
    # With `pool_pre_ping` a server that was started anew is no error.
    return {"connect_args": waits, "pool_pre_ping": True}


def _sqlite_file(url: URL, create: bool) -> Path:
    """The file of an SQLite database, created for its owner's eyes only.

    LIBRARY_OFF where it does not exist and is not to be created.
    """
    if not url.database or url.database == ":memory:" or url.query:
        address = url.render_as_string(hide_password=True)
        raise SerError(
            ErrorCode.LIBRARY_FAILED,
            f"A library needs a file. Got {address}.",
            "Give it as sqlite:////folder/library.db",
        )
    path = Path(url.database)
    if not create and not path.exists():
        variable = URL_VARIABLE if os.environ.get(URL_VARIABLE) else FOLDER_VARIABLE
        raise SerError(
            ErrorCode.LIBRARY_OFF,
            f"There is no library in {str(path.parent)!r} yet.",
            f"Check {variable}.",
        )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            _create_private(path)
    except OSError as error:
        raise SerError(
            ErrorCode.LIBRARY_FAILED,
            f"The library {str(path)!r} cannot be made: {error.strerror or error}.",
            "Name a folder that you may write to.",
        ) from error
    return path


def _create_private(path: Path) -> None:
    """Create an empty file that only its owner may read, and make sure of its name on the disk."""
    # SQLite gives the files beside it the same permissions.
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)  # or a power cut could lose the name
        os.close(folder)


def _set_up_sqlite(connection: Any, _: object) -> None:
    # Transactions begin where `_begin_sqlite` says, not where Python's module guesses.
    connection.isolation_level = None
    # What SQLite sorts out on the way stays in memory, not in some temporary folder; that is all
    # of a file, when it is given its room back.
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that means to write says so at once: two that have read could not both go on.
    begin = connection.get_execution_options().get("ser_begin", "BEGIN")
    if begin:
        connection.exec_driver_sql(begin)


@contextlib.contextmanager
def explain_errors() -> Iterator[None]:
    """Turn errors of the database into a `SerError` that holds no password and no value.

    Raises
    ------
    SerError
        LIBRARY_FAILED with a sentence that says what is wrong.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, TimeoutError) as error:
        raise SerError(ErrorCode.LIBRARY_FAILED, *_message_and_hint(error)) from error


def _message_and_hint(error: Exception) -> tuple[str, str]:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, TimeoutError):
        return _SQLITE[sqlite3.SQLITE_BUSY]
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None) or 0
        if code & 0xFF in _SQLITE:
            return _SQLITE[code & 0xFF]
    state = getattr(cause, "sqlstate", None)
    if state in _POSTGRES_FULL:
        return _SQLITE[sqlite3.SQLITE_FULL]
    is_of_server = isinstance(error, DBAPIError) and not isinstance(cause, sqlite3.Error)
    if is_of_server and (state is None or state.startswith(("08", "57"))):
        return (
            "The server of the library cannot be reached.",
            f"Check that it is running and that {URL_VARIABLE} is right, then try again.",
        )
    first_line = (str(cause).splitlines() or [type(cause).__name__])[0].rstrip(".")
    return (
        f"The library could not be used: {first_line}.",
        "Try again; if it stays so, check the database.",
    )


def sqlite_url(folder: Path, name: str) -> URL:
    """The address of a file of SQLite in a folder."""
    return URL.create("sqlite", database=str(folder.absolute() / name))


def parse_url(url: str) -> URL:
    """The address of a database from its text, as SQLAlchemy writes it.

    Raises
    ------
    SerError
        LIBRARY_FAILED where it is none; the message does not repeat it, as there may be a password
        in it.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        raise SerError(
            ErrorCode.LIBRARY_FAILED,
            f"{URL_VARIABLE} is no address of a database.",
            "Expected something like postgresql://name:password@host/database",
        ) from error


def utc_now() -> datetime:
    """The time in UTC, to the second, without a time zone: not every database can store one."""
    return datetime.now(UTC).replace(microsecond=0, tzinfo=None)


def as_utc(time_stored: datetime) -> datetime:
    """A stored time with its time zone, UTC."""
    return time_stored.replace(tzinfo=UTC)
