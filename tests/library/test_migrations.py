"""Libraries of older versions are brought up to date; those of newer ones are left alone."""

import hashlib
import uuid
from datetime import datetime

import numpy as np
import pytest
import sqlalchemy
from sqlalchemy import text

from ser_core.errors import ErrorCode
from ser_core.library import (
    database,
    kept_recordings,
    migrations,
    schema,
)
from ser_core.library.store import Library
from tests.support.libraries import fails, noise


def columns_of(url):
    """The columns and the unique constraints of every table of a library in a database."""
    inspector = sqlalchemy.inspect(sqlalchemy.create_engine(url))
    return {
        name: (
            [
                (column["name"], str(column["type"]), column["nullable"])
                for column in inspector.get_columns(name)
            ],
            inspector.get_unique_constraints(name),
        )
        for name in inspector.get_table_names()
        if name in schema.METADATA.tables
    }


def test_a_library_of_the_first_version_is_brought_up_to_date_with_all_that_is_in_it(url):
    old = sqlalchemy.create_engine(url)
    if url.startswith("sqlite"):
        database._sqlite_file(database.parse_url(url), create=True)
    row = {
        "owner": "local",
        "name": "old.wav",
        "kept_at": datetime(2026, 1, 1),
        "duration_s": 0.5,
        "answer": "sad",
        "prediction": "{}",
        "models": "{}",
    }
    row |= {
        "emotion": "happy",
        "speaker": "Ann",
        "corrected_at": None,
        "flac": (flac := kept_recordings.encode_flac(noise(7))),
        "sha256": hashlib.sha256(flac).hexdigest(),
    }
    with old.begin() as connection:
        migrations.upgrade(connection, to="0001")
        assert set(sqlalchemy.inspect(connection).get_table_names()) == {
            "ser_recordings",
            migrations.VERSION_TABLE,
        }
        connection.execute(sqlalchemy.insert(schema.RECORDINGS), row)
    old.dispose()
    store = Library.at(url)
    (entry,) = store.entries("local")
    assert (entry.name, entry.emotion, entry.speaker, entry.answer) == (
        "old.wav",
        "happy",
        "Ann",
        "sad",
    )
    np.testing.assert_allclose(
        store.recording("local", entry.id).samples, noise(7).samples, atol=2e-7
    )
    assert store.assign_parts("local", ["Ann"]) == {"ann": "train"}
    store.database.close()


@pytest.mark.fault(
    "bringing an older library up to date breaks off",
    "nothing is changed; it is done the next time",
)
def test_a_migration_that_breaks_off_changes_nothing_and_is_done_the_next_time(url, monkeypatch):
    if url.startswith("sqlite"):
        database._sqlite_file(database.parse_url(url), create=True)
    with sqlalchemy.create_engine(url).begin() as connection:
        migrations.upgrade(connection, to="0001")
    stamp = migrations.MigrationContext.stamp

    def broken(self, script, revision):
        stamp(self, script, revision)
        raise sqlalchemy.exc.OperationalError("", {}, Exception("the power went"))

    monkeypatch.setattr(migrations.MigrationContext, "stamp", broken)
    with fails(ErrorCode.LIBRARY_FAILED):
        Library.at(url)
    monkeypatch.undo()
    assert set(columns_of(url)) == {"ser_recordings"}
    assert Library.at(url).entries("local") == []
    assert set(columns_of(url)) == set(schema.METADATA.tables)


def test_the_migrations_make_the_tables_that_the_code_expects(store, url, tmp_path, request):
    found = columns_of(url)
    if url.startswith("sqlite"):
        expected_url = f"sqlite:///{tmp_path / 'expected.db'}"
    else:
        expected_url = request.getfixturevalue("postgres_server").database(f"t{uuid.uuid4().hex}")
    schema.METADATA.create_all(sqlalchemy.create_engine(expected_url))
    assert found == columns_of(expected_url)


def test_a_library_that_a_newer_version_made_is_left_alone(store, url):
    with store.database.writing() as connection:
        connection.execute(text(f"UPDATE {migrations.VERSION_TABLE} SET version_num = '9999'"))
    with fails(ErrorCode.LIBRARY_NEWER) as caught:
        Library.at(url)
    assert "9999" in str(caught.value)
