"""How the tables of a library came about: one file a version in `versions/`, each making the next out of the one before."""

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
    found, script = _context(connection).get_current_heads(), _script()
    unknown = set(found) - {known.revision for known in script.walk_revisions()}
    if unknown:
        message = f"The library was made by a newer version of this program (its version is {', '.join(sorted(unknown))})."
        raise SerError(
            ErrorCode.LIBRARY_NEWER,
            message,
            "Install that version, or name another library. Nothing was changed in this one.",
        )
    return set(found) == set(script.get_heads())


def upgrade(connection: Connection, to: str | None = None) -> None:
    """Make the newest version (or `to`) of whatever is there, in the transaction of the connection and while no other process does."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if is_current(connection):
        return
    context, script = _context(connection), _script()
    for revision in reversed(
        list(
            script.iterate_revisions(
                to or script.get_current_head(), context.get_current_revision()
            )
        )
    ):
        with Operations.context(context):
            revision.module.upgrade()
        context.stamp(script, revision.revision)


def _context(connection: Connection) -> MigrationContext:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})


def _script() -> ScriptDirectory:
    return ScriptDirectory(Path(__file__).parent)
