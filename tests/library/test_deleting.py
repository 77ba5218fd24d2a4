"""Deleted entries are gone for good, from every table and every file."""

import contextlib
import threading
from pathlib import Path

import pytest
import sqlalchemy

from ser_core.errors import ErrorCode
from ser_core.library import (
    database,
    schema,
)
from ser_core.library.store import Library
from ser_core.models import Layer
from tests.support.libraries import fails, keep


def test_deleting_takes_all_of_what_was_named_or_nothing(store):
    numbers = [keep(store, seed=seed) for seed in range(3)]
    with fails(ErrorCode.NOT_FOUND):
        store.delete("local", [numbers[0], 10_000])
    assert len(store.entries("local")) == 3
    store.delete("local", numbers[:2])
    assert [entry.id for entry in store.entries("local")] == numbers[2:]


def test_delete_all_leaves_nothing_of_the_owner_in_any_table(store):
    number = keep(store)
    store.correct("local", number, "happy", "Ann")
    store.assign_parts("local", ["Ann", "Bob"])
    store.add_layer(
        "local", Layer.identity("x").to_json(), Layer.identity("x").digest, {"scores": {}}
    )
    store.adopt("local", store.layers("local")[0])
    keep(store, owner="other")
    assert store.delete_all("local") == 1
    with store.database.reading() as connection:
        for table in schema.METADATA.tables.values():
            assert {row.owner for row in connection.execute(sqlalchemy.select(table))} <= {"other"}


@pytest.mark.parametrize("way", ["delete", "delete_all"])
def test_what_was_deleted_is_not_in_the_files_any_more(way, tmp_path):
    store = Library.in_folder(tmp_path)
    keep(store, seed=1, owner="other")
    number = keep(store, name="a-name-to-be-found.wav")
    store.correct("local", number, "happy", "Speaker-To-Be-Found")
    sound = store.flac("local", number)[2000:2200]

    def found(needle):
        return any(needle in path.read_bytes() for path in tmp_path.iterdir())

    needles = (b"a-name-to-be-found", b"Speaker-To-Be-Found", sound)
    assert all(found(needle) for needle in needles)
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    store.delete("local", [number]) if way == "delete" else store.delete_all("local")
    assert not any(found(needle) for needle in needles)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < size
    assert len(store.entries("other")) == 1


def test_what_is_deleted_while_somebody_reads_goes_when_they_have_read(tmp_path, monkeypatch):
    store = Library.in_folder(tmp_path)
    number = keep(store, name="a-name-to-be-found.wav")
    wiping = threading.Event()
    execute = database.Database._execute_when_free

    def announce(self, connection, statement):
        wiping.set()
        execute(self, connection, statement)

    monkeypatch.setattr(database.Database, "_execute_when_free", announce)
    with store.database.reading() as connection:
        connection.execute(sqlalchemy.select(schema.RECORDINGS.c.id)).all()
        deleting = threading.Thread(target=store.delete, args=("local", [number]))
        deleting.start()
        assert wiping.wait(30)  # now it waits for the reader
    deleting.join(30)
    assert not any(b"a-name-to-be-found" in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="looks at the files that are open in /proc"
)
def test_giving_room_back_writes_nobodys_recordings_elsewhere(tmp_path):
    store = Library.in_folder(tmp_path)
    keep(store, owner="other")
    keep(store, seed=1)
    opened = set()

    def look():
        while not done.is_set():
            for descriptor in Path("/proc/self/fd").iterdir():
                with contextlib.suppress(OSError):
                    opened.add(str(descriptor.readlink()))

    done = threading.Event()
    looking = threading.Thread(target=look)
    looking.start()
    for _ in range(5):
        store.database.wipe(everything=True)
    done.set()
    looking.join()
    assert any(name.startswith(str(tmp_path)) for name in opened)
    assert not [name for name in opened if "etilqs" in name]
