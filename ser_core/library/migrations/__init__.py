"""The versions of a library's tables: each file in `versions/` makes one out of the version before."""

from __future__ import annotations

from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from ser_core.errors import ErrorCode, SerError

VERSION_TABLE = (
    "ser_library_version"  # not Alembic's own name: the database may hold tables of other programs
)

_LOCK = 5_373_082_016  # any number, the same for all processes


def is_current(connection: Connection) -> bool:
    """Whether the database is of the version of this code.

    Raises
    ------
    SerError
        LIBRARY_NEWER where a newer version of this program has made it.
    """
    heads = set(_context(connection).get_current_heads())
    script = _script()
    unknown = heads - {known.revision for known in script.walk_revisions()}
    if unknown:
        raise SerError(
            ErrorCode.LIBRARY_NEWER,
            "The library was made by a newer version of this program "
            f"(its version is {', '.join(sorted(unknown))}).",
            "Install that version, or name another library. Nothing was changed in this one.",
        )
    return heads == set(script.get_heads())


def upgrade(connection: Connection, to: str | None = None) -> None:
    """Bring the tables to the newest version (or `to`), in the transaction of the connection.

    No other process does the same at that time.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if is_current(connection):
        return
    context, script = _context(connection), _script()
    target = to or script.get_current_head()
    newest_first = script.iterate_revisions(target, context.get_current_revision())
    for revision in reversed(list(newest_first)):
        with Operations.context(context):
            revision.module.upgrade()
        context.stamp(script, revision.revision)


def _context(connection: Connection) -> MigrationContext:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})


def _script() -> ScriptDirectory:
    return ScriptDirectory(Path(__file__).parent)
