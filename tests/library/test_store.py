"""What people keep stays kept: on SQLite and on a real PostgreSQL server, when processes are killed, when the disk is full, for each owner alone."""

import contextlib
import dataclasses
import hashlib
import io
import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import sqlalchemy
from sqlalchemy import event, text

from ser_core import audio, corpora, evaluation, library, models, prediction
from ser_core.audio import Quality
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.errors import ErrorCode, SerError
from ser_core.evaluation import DATA_DIR
from ser_core.library import corrections, database, export, migrations, schema, store
from ser_core.library.store import Library
from ser_core.models import Layer
from ser_core.prediction import Prediction
from ser_core.prediction.voice import Enrolment
from tests.conftest import ROOT
from tests.support.postgres import Server

CARDS = [models.default_card(task) for task in ("emotion", "gender")]
PREDICTION = Prediction(
    sha256="0" * 64,
    duration_s=0.5,
    emotion_model="combination",
    gender_model="combination",
    emotion_probabilities=dict(
        zip(EMOTIONS, [0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], strict=True)
    ),
    gender_probabilities=dict(zip(GENDERS, [0.9, 0.1], strict=True)),
    quality=Quality(-3.0, -20.0, 30.0, 0.0, ()),
    segments=(),
    speech_s=0.5,
    gaps=(),
)
SAMPLES = sorted((DATA_DIR / "samples").glob("*.flac"))


def noise(seed):
    return audio.from_samples(
        np.random.default_rng(seed).uniform(-0.5, 0.5, 8000).astype(np.float32), 16_000
    )


def keep(kept, owner="local", seed=0, name="clip.wav"):
    return kept.keep(owner, name, noise(seed), PREDICTION, CARDS)


def fails(code):
    return pytest.raises(SerError, match=r"\.$") if code is None else _failing(code)


@contextlib.contextmanager
def _failing(code):
    with pytest.raises(SerError) as caught:
        yield caught
    assert caught.value.code == code
    assert str(caught.value).endswith(".")
    assert caught.value.hint


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    """The address of a new database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'lib' / 'library.db'}"
    return request.getfixturevalue("postgres_server").database(f"t{uuid.uuid4().hex}")


@pytest.fixture
def in_sqlite(tmp_path):
    """A new library in a folder, for what no database does in a way of its own."""
    return Library.in_folder(tmp_path / "lib")


@pytest.fixture
def kept(url):
    opened = Library.at(url)
    yield opened
    opened.database.close()


# ------------------------------------------------------------------------------------------------------------- keeping


def test_what_is_kept_is_there_whole_when_the_library_is_opened_again(kept, url):
    recording = audio.load(SAMPLES[0])
    pair = [models.load_default(task) for task in ("emotion", "gender")]
    result = prediction.predict(recording, *pair)
    number = kept.keep("local", "my clip.flac", recording, result, [model.card for model in pair])
    again = Library.at(url)
    (entry,) = again.entries("local")
    assert (entry.id, entry.name, entry.answer, entry.emotion, entry.speaker) == (
        number,
        "my clip.flac",
        result.emotion or "",
        "",
        "",
    )
    assert abs((datetime.now(UTC) - entry.kept_at).total_seconds()) < 60
    assert entry.duration_s == pytest.approx(recording.duration_s)
    assert hashlib.sha256(again.flac("local", number)).hexdigest() == entry.sha256
    np.testing.assert_allclose(
        again.recording("local", number).samples, recording.samples, atol=2e-7
    )
    said, by = again.predicted("local", number)
    assert said == json.loads(json.dumps(result.to_dict("my clip.flac")))
    assert by == {
        card.task: {"name": card.name, "sha256": card.sha256, "layer": None} for card in CARDS
    }
    once_more = prediction.predict(again.recording("local", number), *pair)
    assert once_more.emotion_probabilities == pytest.approx(result.emotion_probabilities, abs=1e-4)
    again.database.close()


def test_the_same_recording_is_kept_once(kept):
    assert keep(kept) == keep(kept, name="other name.wav")
    assert [entry.name for entry in kept.entries("local")] == ["clip.wav"]
    assert keep(kept, owner="somebody") != keep(kept)
    assert kept.same("local", noise(0)).name == "clip.wav"
    assert (kept.same("local", noise(1)), kept.same("nobody", noise(0))) == (None, None)


def test_a_correction_can_be_made_changed_and_taken_back(kept):
    number = keep(kept)
    kept.correct("local", number, "sad", "  Ann   B. ")
    entry = kept.find("local", number)
    assert (entry.emotion, entry.speaker) == ("sad", "Ann B.")
    assert entry.corrected_at is not None
    kept.correct("local", number, "")
    assert (kept.find("local", number).emotion, kept.find("local", number).speaker) == ("", "")
    with pytest.raises(ValueError, match="no emotion"):
        kept.correct("local", number, "bored")


@pytest.mark.fault(
    "the clock jumps back while recordings are kept", "they stand in the order of keeping"
)
def test_entries_stand_in_the_order_of_keeping_when_the_clock_jumps_back(kept, monkeypatch):
    first = keep(kept, seed=1)
    monkeypatch.setattr(store, "_now", lambda: datetime(1999, 1, 1))
    second = keep(kept, seed=2)
    assert [entry.id for entry in kept.entries("local")] == [first, second]
    assert kept.entries("local")[1].kept_at == datetime(1999, 1, 1, tzinfo=UTC)


def test_a_number_is_not_given_again(kept):
    first = keep(kept, seed=1)
    kept.delete("local", [first])
    assert keep(kept, seed=2) > first


def test_any_name_can_be_kept(kept):
    for seed, name in enumerate(
        (
            "",
            "../../etc/passwd",
            "a\0b\n",
            "caf\u00e9 \U0001f600.wav",
            "\udcff.wav",
            "x" * 1000,
            "'; DROP TABLE ser_recordings; --",
        )
    ):
        number = keep(kept, seed=seed, name=name)
        found = kept.find("local", number).name
        assert found.isprintable()
        assert len(found) <= 255
    assert len(kept.entries("local")) == 7


def test_damaged_sound_is_noticed(kept):
    number = keep(kept)
    with kept.database.writing() as connection:
        connection.execute(sqlalchemy.update(schema.RECORDINGS).values(flac=b"fLaC something else"))
    with fails(ErrorCode.LIBRARY_FAILED):
        kept.flac("local", number)


# -------------------------------------------------------------------------------------------------------------- owners


def test_nobody_sees_changes_or_deletes_what_is_somebody_elses(kept):
    number = keep(kept, owner="ann")
    kept.correct("ann", number, "happy", "Ann")
    assert kept.entries("bob") == []
    assert kept.find("bob", number) is None
    for attempt in (
        lambda: kept.flac("bob", number),
        lambda: kept.recording("bob", number),
        lambda: kept.predicted("bob", number),
        lambda: kept.correct("bob", number, "sad"),
        lambda: kept.delete("bob", [number]),
    ):
        with fails(ErrorCode.NOT_FOUND):
            attempt()
    with fails(ErrorCode.NOT_ENOUGH):
        export.to_zip(kept, "bob")
    kept.add_layer("ann", Layer.identity("x").to_json(), Layer.identity("x").digest, {"scores": {}})
    kept.adopt("ann", kept.layers("ann")[0])
    kept.parts("ann", ["Ann", "Cid"])
    assert (kept.layers("bob"), kept.adopted("bob"), kept.parts("bob"), kept.roll_back("bob")) == (
        [],
        None,
        {},
        False,
    )
    assert kept.delete_all("bob") == 0
    assert kept.find("ann", number).emotion == "happy"
    assert kept.adopted("ann") is not None


def headers(**given):
    by_name = {
        name.lower().replace("_", "-"): value if isinstance(value, list) else [value]
        for name, value in given.items()
    }
    return lambda name: by_name.get(name.lower(), [])


def test_on_ones_own_computer_there_is_one_owner():
    assert library.owner_of(headers(Host="localhost:8501"), False, {}) == "local"


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_behind_a_proxy_that_names_nobody_no_library_is_offered(name):
    with fails(ErrorCode.LIBRARY_OFF):
        library.owner_of(headers(Host="localhost:8501", **{name: "10.0.0.1"}), False, {})


def test_from_another_computer_no_library_is_offered_unless_people_are_named():
    with fails(ErrorCode.LIBRARY_OFF):
        library.owner_of(headers(Host="localhost:8501"), True, {})


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8501",
        "localhost.evil.example",
        "192.168.1.7:8501",
        "",
        ["localhost", "localhost"],
        [],
    ],
)
def test_under_another_name_than_this_computers_no_library_is_offered(host):
    """A page of anybody's whose name was made to lead to this computer would come from it, too."""
    with fails(ErrorCode.LIBRARY_OFF):
        library.owner_of(headers(Host=host), False, {})


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST"])
def test_this_computer_has_several_names(host):
    assert library.owner_of(headers(Host=host), False, {}) == "local"


def test_the_proxy_says_who_the_owner_is():
    environment = {library.HEADER_VARIABLE: "X-Forwarded-User"}
    assert (
        library.owner_of(
            headers(X_Forwarded_User=" ann ", X_Forwarded_For="10.0.0.1"), True, environment
        )
        == "ann"
    )
    for wrong in (
        headers(X_Forwarded_For="10.0.0.1"),
        headers(),
        headers(X_Forwarded_User=""),
        headers(X_Forwarded_User=["ann", "bob"]),
        headers(X_Forwarded_User="Local"),
    ):
        with fails(ErrorCode.LIBRARY_OFF):
            library.owner_of(wrong, False, environment)


# -------------------------------------------------------------------------------------------------- deleting, exporting


def test_deleting_takes_all_of_what_was_named_or_nothing(kept):
    numbers = [keep(kept, seed=seed) for seed in range(3)]
    with fails(ErrorCode.NOT_FOUND):
        kept.delete("local", [numbers[0], 10_000])
    assert len(kept.entries("local")) == 3
    kept.delete("local", numbers[:2])
    assert [entry.id for entry in kept.entries("local")] == numbers[2:]


def test_delete_all_leaves_nothing_of_the_owner_in_any_table(kept):
    number = keep(kept)
    kept.correct("local", number, "happy", "Ann")
    kept.parts("local", ["Ann", "Bob"])
    kept.add_layer(
        "local", Layer.identity("x").to_json(), Layer.identity("x").digest, {"scores": {}}
    )
    kept.adopt("local", kept.layers("local")[0])
    keep(kept, owner="other")
    assert kept.delete_all("local") == 1
    with kept.database.reading() as connection:
        for table in schema.METADATA.tables.values():
            assert {row.owner for row in connection.execute(sqlalchemy.select(table))} <= {"other"}


@pytest.mark.parametrize("way", ["delete", "delete_all"])
def test_what_was_deleted_is_not_in_the_files_any_more(way, tmp_path):
    kept = Library.in_folder(tmp_path)
    keep(kept, seed=1, owner="other")
    number = keep(kept, name="a-name-to-be-found.wav")
    kept.correct("local", number, "happy", "Speaker-To-Be-Found")
    sound = kept.flac("local", number)[2000:2200]

    def found(needle):
        return any(needle in path.read_bytes() for path in tmp_path.iterdir())

    needles = (b"a-name-to-be-found", b"Speaker-To-Be-Found", sound)
    assert all(found(needle) for needle in needles)
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    kept.delete("local", [number]) if way == "delete" else kept.delete_all("local")
    assert not any(found(needle) for needle in needles)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < size
    assert len(kept.entries("other")) == 1


def test_what_is_deleted_while_somebody_reads_goes_when_they_have_read(tmp_path):
    kept = Library.in_folder(tmp_path)
    number = keep(kept, name="a-name-to-be-found.wav")
    with kept.database.reading() as connection:
        connection.execute(sqlalchemy.select(schema.RECORDINGS.c.id)).all()
        deleting = threading.Thread(target=kept.delete, args=("local", [number]))
        deleting.start()
        time.sleep(0.5)
        assert deleting.is_alive()  # it waits for the reader
    deleting.join(30)
    assert not any(b"a-name-to-be-found" in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="looks at the files that are open in /proc"
)
def test_giving_room_back_writes_nobodys_recordings_elsewhere(tmp_path):
    kept = Library.in_folder(tmp_path)
    keep(kept, owner="other")
    keep(kept, seed=1)
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
        kept.database.wipe(everything=True)
    done.set()
    looking.join()
    assert any(name.startswith(str(tmp_path)) for name in opened)
    assert not [name for name in opened if "etilqs" in name]


def test_an_export_is_a_corpus_that_can_be_trained_on(kept, tmp_path):
    numbers = [keep(kept, seed=seed, name="../same name.wav") for seed in range(4)]
    for number, emotion, speaker in zip(
        numbers, ("happy", "sad", "sad"), ("Ann", "Bob", ""), strict=False
    ):
        kept.correct("local", number, emotion, speaker)
    assert export.to_folder(kept, "local", tmp_path / "mine") == 4
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "lib") == ["mine"]
    labelled = corpora.label_folder(tmp_path / "mine")
    assert [(path, labels.emotion, labels.speaker) for path, labels in labelled.clips] == [
        (f"{number:06}.flac", emotion, speaker)
        for number, emotion, speaker in zip(
            numbers, ("happy", "sad", "sad"), ("Ann", "Bob", ""), strict=False
        )
    ]
    np.testing.assert_array_equal(
        audio.load(tmp_path / "mine" / f"{numbers[0]:06}.flac").samples,
        kept.recording("local", numbers[0]).samples,
    )
    lines = [
        json.loads(line)
        for line in (tmp_path / "mine" / "library.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert [
        (line["id"], line["label"], line["name"], line["prediction"]["schema"]) for line in lines
    ] == [
        (number, emotion, "../same name.wav", 1)
        for number, emotion in zip(numbers, ("happy", "sad", "sad", None), strict=True)
    ]
    archive = zipfile.ZipFile(io.BytesIO(export.to_zip(kept, "local")))
    assert {name.removeprefix("library/") for name in archive.namelist()} == {
        path.name for path in (tmp_path / "mine").iterdir()
    }


def test_an_export_is_there_whole_or_not_at_all_and_overwrites_nothing(kept, tmp_path, monkeypatch):
    with fails(ErrorCode.NOT_ENOUGH):
        export.to_folder(kept, "local", tmp_path / "mine")
    number = keep(kept)
    for taken in (tmp_path / "taken", tmp_path / "no" / "such"):
        (tmp_path / "taken").mkdir(exist_ok=True)
        (tmp_path / "taken" / "file").write_text("mine")
        with fails(ErrorCode.BAD_USAGE):
            export.to_folder(kept, "local", taken)
    assert (tmp_path / "taken" / "file").read_text() == "mine"
    with kept.database.writing() as connection:
        connection.execute(
            sqlalchemy.update(schema.RECORDINGS)
            .where(schema.RECORDINGS.c.id == number)
            .values(flac=b"broken")
        )
    with fails(ErrorCode.LIBRARY_FAILED):
        export.to_folder(kept, "local", tmp_path / "mine")
    assert {path.name for path in tmp_path.iterdir()} <= {"taken", "lib"}


# ------------------------------------------------------------------------------------------------- opening and migrating


def test_there_is_no_library_unless_the_operator_names_one(monkeypatch):
    for name in (library.FOLDER_VARIABLE, library.URL_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    assert not library.configured()
    with fails(ErrorCode.LIBRARY_OFF):
        library.opened()


def test_the_folder_that_is_named_holds_the_library_for_nobody_elses_eyes(tmp_path, monkeypatch):
    monkeypatch.delenv(library.URL_VARIABLE, raising=False)
    monkeypatch.setenv(library.FOLDER_VARIABLE, str(tmp_path / "my library"))
    keep(library.opened())
    assert library.opened() is library.opened()
    folder = tmp_path / "my library"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    with library.opened().database.reading() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
    }


def test_the_address_of_a_database_comes_before_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(library.FOLDER_VARIABLE, str(tmp_path / "a"))
    monkeypatch.setenv(library.URL_VARIABLE, f"sqlite:///{tmp_path / 'b' / 'c.db'}")
    keep(library.opened())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b"]


def columns_of(url):
    """Of every table of ours in a database: its columns with type and whether they may be empty, and its unique constraints."""
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
        database._prepared(database.parsed(url))
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
        "flac": (flac := store.to_flac(noise(7))),
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
    kept = Library.at(url)
    (entry,) = kept.entries("local")
    assert (entry.name, entry.emotion, entry.speaker, entry.answer) == (
        "old.wav",
        "happy",
        "Ann",
        "sad",
    )
    np.testing.assert_allclose(
        kept.recording("local", entry.id).samples, noise(7).samples, atol=2e-7
    )
    assert kept.parts("local", ["Ann"]) == {"ann": "train"}
    kept.database.close()


@pytest.mark.fault(
    "bringing an older library up to date breaks off",
    "nothing is changed; it is done the next time",
)
def test_a_migration_that_breaks_off_changes_nothing_and_is_done_the_next_time(url, monkeypatch):
    if url.startswith("sqlite"):
        database._prepared(database.parsed(url))
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


def test_the_migrations_make_the_tables_that_the_code_expects(kept, url, tmp_path, request):
    found = columns_of(url)
    if url.startswith("sqlite"):
        expected_url = f"sqlite:///{tmp_path / 'expected.db'}"
    else:
        expected_url = request.getfixturevalue("postgres_server").database(f"t{uuid.uuid4().hex}")
    schema.METADATA.create_all(sqlalchemy.create_engine(expected_url))
    assert found == columns_of(expected_url)


def test_a_library_that_a_newer_version_made_is_left_alone(kept, url):
    with kept.database.writing() as connection:
        connection.execute(text(f"UPDATE {migrations.VERSION_TABLE} SET version_num = '9999'"))
    with fails(ErrorCode.LIBRARY_NEWER) as caught:
        Library.at(url)
    assert "9999" in str(caught.value)


def test_two_processes_may_open_a_new_library_at_once(url):
    code = "import sys; from ser_core.library.store import Library; print(len(Library.at(sys.argv[1]).entries('local')))"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, url],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    assert [process.communicate(timeout=120) for process in started] == [("0\n", "")] * 4


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "nosuch://host/database",
        "sqlite://",
        "sqlite:////proc/no/such/library.db",
        "postgresql+psycopg://ann:secret@127.0.0.1:1/x",
    ],
)
def test_an_address_that_leads_nowhere_is_one_sentence_that_holds_no_password(address):
    if address.startswith("postgresql"):
        pytest.importorskip("psycopg")
    with fails(ErrorCode.LIBRARY_FAILED) as caught:
        Library.at(address)
    assert "secret" not in f"{caught.value} {caught.value.hint}"
    assert "\n" not in str(caught.value)


def test_without_a_driver_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with fails(ErrorCode.LIBRARY_FAILED) as caught:
        Library.at("postgresql://ann:secret@localhost/x")
    assert "requirements-postgres.txt" in caught.value.hint
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_library_is_one_sentence(tmp_path):
    (tmp_path / "library.db").write_bytes(
        b"this is no database, but long enough to be looked at as one" * 100
    )
    with fails(ErrorCode.LIBRARY_FAILED):
        Library.in_folder(tmp_path)


# --------------------------------------------------------------------------------------------- several at once, and killed


def test_several_threads_and_two_processes_write_at_once_and_nothing_is_lost(kept, url):
    others = [keeper(url, "local", 10_000 * number) for number in (1, 2)]
    for process in others:
        assert process.stdout.readline() == "ready\n"
    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(lambda seed: keep(kept, seed=seed), range(80)))
    assert len(set(numbers)) == 80
    assert all(process.stdout.readline() for process in others)  # each has kept something, too
    confirmed = [line for process in others for line in killed(process)]
    there = {entry.id for entry in kept.entries("local")}
    assert there >= set(numbers) | {number for number, _ in confirmed}


def test_the_same_recording_kept_by_many_threads_is_kept_once(kept):
    barrier = threading.Barrier(8)

    def at_once(_):
        barrier.wait()
        return keep(kept, seed=5)

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(at_once, range(8)))) == 1


def keeper(url, owner, seed):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.keeper", url, owner, str(seed)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def killed(process):
    """Kill it; gives (number, seed) of all that it had confirmed. A line that was broken off was not."""
    process.kill()
    said = process.stdout.read()
    process.wait()
    return [tuple(map(int, line.split())) for line in said[: said.rfind("\n") + 1].splitlines()]


@pytest.mark.fault(
    "a process that writes to the library is killed",
    "nothing that was confirmed is lost (SQLite and PostgreSQL)",
)
@pytest.mark.slow
def test_a_process_that_is_killed_at_any_moment_loses_nothing_that_it_had_confirmed(url):
    chance = random.Random(20261125)
    confirmed = []
    for round_ in range(8):
        process = keeper(url, "local", 1000 * round_)
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.0, 0.4))
        confirmed += killed(process)
    assert len(confirmed) > 8
    from tests.support.keeper import recording_of

    kept = Library.at(url)
    entries = {entry.id: entry for entry in kept.entries("local")}
    for number, seed in confirmed:
        assert (entries[number].name, entries[number].emotion, entries[number].speaker) == (
            f"{seed}.wav",
            "happy",
            f"speaker {seed}",
        )
        assert kept.flac("local", number) == store.to_flac(recording_of(seed))
    assert len(entries) - len(confirmed) <= 8  # at most one a round was written but not yet said
    if url.startswith("sqlite"):
        with kept.database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    kept.database.close()


# --------------------------------------------------------------------------------------------------- what can go wrong


@pytest.mark.fault(
    "the library's database is full", "one sentence; nothing that was confirmed is lost"
)
def test_a_full_database_is_one_sentence_and_loses_nothing(tmp_path):
    kept = Library.in_folder(tmp_path)
    confirmed = [keep(kept, seed=seed) for seed in range(3)]
    pages = sqlite3.connect(tmp_path / "library.db").execute("PRAGMA page_count").fetchone()[0]
    event.listen(
        kept.database.engine,
        "connect",
        lambda connection, _: connection.execute(f"PRAGMA max_page_count = {pages + 2}"),
    )
    kept.database.close()
    with fails(ErrorCode.LIBRARY_FAILED) as caught:
        for seed in range(100, 110):
            confirmed.append(keep(kept, seed=seed))
    assert "full" in str(caught.value)
    assert [entry.id for entry in kept.entries("local")] == confirmed
    assert all(kept.flac("local", number) for number in confirmed)
    kept.delete("local", confirmed[:1])  # which makes room
    assert keep(kept, seed=500)


@pytest.mark.fault(
    "the disk is full while the library writes", "one sentence; nothing that was confirmed is lost"
)
@pytest.mark.skipif(os.name != "posix", reason="limits the size of files as POSIX has it")
def test_a_disk_that_takes_no_more_is_one_sentence_and_loses_nothing(tmp_path):
    code = """
import resource, sys
from tests.library.test_store import keep
from ser_core.errors import SerError
from ser_core.library.store import Library
from pathlib import Path
kept = Library.in_folder(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    for seed in range(1000):
        print(keep(kept, seed=seed), flush=True)
except SerError as error:
    print(error.code, error, flush=True)
print(len(kept.entries("local")))
"""
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    *confirmed, error, n_then = result.stdout.splitlines()
    assert error.startswith("LIBRARY_FAILED The ")
    assert int(n_then) == len(confirmed) > 2
    kept = Library.in_folder(tmp_path)
    assert [str(entry.id) for entry in kept.entries("local")] == confirmed
    assert all(kept.flac("local", int(number)) for number in confirmed)


@pytest.mark.fault("the library is locked by another program", "one sentence")
def test_a_library_that_somebody_else_holds_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "_WAIT_SECONDS", 0.1)
    kept = Library.in_folder(tmp_path)
    other = sqlite3.connect(tmp_path / "library.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with fails(ErrorCode.LIBRARY_FAILED) as caught:
        keep(kept)
    assert "busy" in str(caught.value)
    assert kept.entries("local") == []  # reading goes on
    other.execute("ROLLBACK")
    assert keep(kept)


@pytest.mark.fault("the PostgreSQL server is gone", "one sentence; when it is back, all goes on")
@pytest.mark.postgres
def test_a_server_that_is_gone_is_one_sentence_and_afterwards_all_goes_on():
    server = Server()
    kept = Library.at(server.url)
    try:
        number = keep(kept, seed=1)
        server.stop()  # as if the power went
        for attempt in (lambda: keep(kept, seed=2), lambda: kept.entries("local")):
            with fails(ErrorCode.LIBRARY_FAILED) as caught:
                attempt()
            assert "server" in str(caught.value)
        server.start()
        assert [entry.id for entry in kept.entries("local")] == [number]
        assert keep(kept, seed=2) > number
    finally:
        kept.database.close()
        server.close()


# ------------------------------------------------------------------------------------------------ learning from corrections


def test_a_speaker_stays_in_the_part_that_it_was_given(kept):
    assert kept.parts("local", ["Ann"]) == {"ann": "train"}
    assert kept.parts("local", ["Bob", "ann", "Cid"]) == {
        "ann": "train",
        "bob": "test",
        "cid": "train",
    }
    assert kept.parts("local", ["Dee", "Eve", "BOB"]) == {
        "ann": "train",
        "bob": "test",
        "cid": "train",
        "dee": "train",
        "eve": "test",
    }


def biased(rng, n, speakers):
    """Clips of speakers, all of whom the model takes for sad where they are happy."""
    truth = rng.choice([EMOTIONS.index(name) for name in ("happy", "sad", "angry")], n)
    said = np.full((n, len(EMOTIONS)), 0.05)
    heard = np.where(truth == EMOTIONS.index("happy"), EMOTIONS.index("calm"), truth)
    said[np.arange(n), heard] = rng.uniform(0.3, 0.6, n)
    said[np.arange(n), truth] += 0.1
    return corrections.Clips(
        said / said.sum(axis=1, keepdims=True), truth, tuple(rng.choice(speakers, n))
    )


def test_a_layer_learns_what_the_model_gets_wrong_for_everybody(rng):
    clips, new = biased(rng, 60, ["ann", "bob", "cid"]), biased(rng, 60, ["dee"])
    layer = corrections.fit(clips, corrections.choose_strength(clips), "base")
    right = [(said.argmax(axis=1) == new.truth).mean() for said in (new.said, layer(new.said))]
    assert right[0] < 0.8
    assert right[1] > 0.95
    np.testing.assert_allclose(layer(new.said).sum(axis=1), 1)


def test_the_less_there_is_to_learn_from_the_less_a_layer_changes(rng):
    few, many = biased(rng, 5, [""]), biased(rng, 500, [""])
    away = [
        np.abs(corrections.fit(clips, corrections.ALONE, "").matrix - np.eye(8)).max()
        for clips in (few, many)
    ]
    assert away[0] < away[1] / 5
    none = corrections.Clips(np.zeros((0, 8)), np.zeros(0, np.int64), ())
    np.testing.assert_array_equal(corrections.fit(none, 1.0, "").matrix, np.eye(8))


def test_the_strength_is_chosen_among_speakers_and_fixed_where_there_is_one(rng):
    assert corrections.choose_strength(biased(rng, 20, ["ann"])) == corrections.ALONE
    assert corrections.choose_strength(biased(rng, 20, [""])) == corrections.ALONE
    assert corrections.choose_strength(biased(rng, 200, ["ann", "bob"])) == min(
        corrections.STRENGTHS
    )
    said = rng.dirichlet(np.ones(len(EMOTIONS)), 100)
    truth = np.array(
        [rng.choice(len(EMOTIONS), p=row) for row in said]
    )  # of a model that is right about what it does not know
    assert corrections.choose_strength(corrections.Clips(said, truth, ("ann", "bob") * 50)) >= 100


def test_labels_of_four_speakers_help_on_the_others_of_a_corpus_that_the_model_never_heard():
    rows = evaluation.read_out_of_fold("ravdess")
    rows = rows[
        (rows["classifier"] == "combination")
        & (rows["protocol"] == "corpus_left_out")
        & (rows["task"] == "emotion")
    ]
    truth, said = evaluation.truth_and_probabilities(rows, "emotion")
    labelled = rows["speaker"].isin(sorted(rows["speaker"].unique())[:4]).to_numpy()
    clips = corrections.Clips(said[labelled], truth[labelled], tuple(rows["speaker"][labelled]))
    layer = corrections.fit(clips, corrections.choose_strength(clips), "")
    others = truth[~labelled]
    before, after = (
        (probabilities.argmax(axis=1) == others).mean()
        for probabilities in (said[~labelled], layer(said[~labelled]))
    )
    assert (round(float(before), 2), round(float(after), 2)) == (0.37, 0.56)


def test_a_layer_survives_being_written_down_and_changes_nothing_if_it_is_the_identity(rng):
    layer = Layer(rng.normal(size=(8, 8)), rng.normal(size=8), "base")
    again = Layer.from_json(layer.to_json())
    np.testing.assert_array_equal(again.matrix, layer.matrix)
    assert again.digest == layer.digest != Layer.identity("base").digest
    for damaged in (
        "",
        "[]",
        "{}",
        layer.to_json().replace("happy", "merry"),
        Layer(np.eye(7), np.zeros(8), "").to_json().replace("1.0", "NaN"),
    ):
        with fails(ErrorCode.MODEL_SCHEMA):
            Layer.from_json(damaged)


@pytest.fixture(scope="module")
def pair():
    return [models.load_default(task) for task in ("emotion", "gender")]


def swapped(base):
    """A layer that takes happy for sad and the other way round."""
    order = np.arange(8)
    happy, sad = EMOTIONS.index("happy"), EMOTIONS.index("sad")
    order[[happy, sad]] = sad, happy
    return Layer(np.eye(8)[order], np.zeros(8), base)


def test_a_corrected_model_predicts_with_windows_reasons_sets_and_a_personal_baseline(pair):
    emotion, gender = pair
    corrected = models.corrected(emotion, swapped(emotion.card.sha256))
    voices = [audio.load(path) for path in SAMPLES]
    long = audio.from_samples(np.concatenate([recording.samples for recording in voices]), 16_000)
    for recording, baseline in ((voices[0], ()), (long, ()), (voices[0], voices[1:2])):
        plain, changed = (
            prediction.predict(
                recording,
                model,
                gender,
                Enrolment(baseline, model) if baseline else None,
                explain=True,
            )
            for model in (emotion, corrected)
        )
        expected = dict(plain.emotion_probabilities)
        expected["happy"], expected["sad"] = expected["sad"], expected["happy"]
        assert changed.emotion_probabilities == pytest.approx(expected, abs=1e-6)
        assert (
            changed.emotion_model
            == f"combination+corrected-{swapped(emotion.card.sha256).digest[:12]}"
        )
        assert changed.to_dict()["model"]["emotion"] == changed.emotion_model
        assert len(changed.segments) == len(plain.segments)
        assert changed.prediction_set is not None
        assert changed.explanation is not None
        assert changed.explanation.probability == pytest.approx(
            max(s for s in [changed.explanation.probability])
        )
        assert (changed.baseline is None) == (not baseline)
    assert "not measured with it" in corrected.card.limits.replace(
        "was not measured", "not measured"
    )
    with fails(ErrorCode.MODEL_VERSION):
        models.corrected(emotion, swapped("another model"))


def fake_hearing(monkeypatch, said):
    """The default model says of a recording what `said` has for its first sample; listening takes long."""

    def by_each(recording, asked):
        return {
            model.card.name: dict(
                zip(EMOTIONS, said[round(float(recording.samples[0]), 4)], strict=True)
            )
            for model in asked
        }

    monkeypatch.setattr(prediction, "by_each", by_each)


def corrected_library(kept, monkeypatch, rng, speakers=("Ann", "Bob", "Cid"), n=60):
    clips = biased(rng, n, ["x"])
    said = {}
    for seed in range(n):
        number = keep(kept, seed=seed)
        kept.correct("local", number, EMOTIONS[clips.truth[seed]], speakers[seed % len(speakers)])
        said[round(float(kept.recording("local", number).samples[0]), 4)] = clips.said[seed]
    assert len(said) == n
    fake_hearing(monkeypatch, said)
    return kept


def test_a_layer_is_trained_tested_on_speakers_set_aside_adopted_and_rolled_back(
    kept, monkeypatch, rng, pair
):
    corrected_library(kept, monkeypatch, rng)
    trained = corrections.train(kept, "local")
    assert kept.parts("local") == {"ann": "train", "bob": "test", "cid": "train"}
    report = trained.report
    assert (
        report["train"]["clips"],
        report["train"]["speakers"],
        report["test"]["clips"],
        report["left_out"],
    ) == (40, 2, 20, 0)
    assert report["library"]["after"]["value"] > report["library"]["before"]["value"]
    assert [row["name"] for row in report["corpora"]] == ["RAVDESS", "CREMA-D", "nEMO"]
    assert [row["before"]["value"] for row in report["corpora"]] == [
        0.709,
        0.6403,
        0.5891,
    ]  # as the models' cards have it
    assert corrections.adopted_model(kept, "local", pair[0]) is None
    corrections.adopt(kept, "local", trained, force=True)
    found = corrections.adopted_model(kept, "local", pair[0])
    assert found.card.name.endswith(trained.digest[:12])
    assert found.card.scores["ravdess"]["unseen_speakers"]["uar"] == report["corpora"][0]["after"]
    second = corrections.train(kept, "local")
    corrections.adopt(kept, "local", second, force=True)
    assert kept.adopted("local").id == second.id
    assert kept.roll_back("local")
    assert kept.adopted("local").id == trained.id
    assert kept.roll_back("local")
    assert (kept.adopted("local"), kept.roll_back("local")) == (None, False)
    tested = corrections.evaluate(kept, "local", trained)
    assert (tested["library"], tested["corpora"]) == (report["library"], report["corpora"])


def test_without_two_speakers_there_is_honestly_no_test_of_ones_own(in_sqlite, monkeypatch, rng):
    corrected_library(in_sqlite, monkeypatch, rng, speakers=("",), n=24)
    report = corrections.train(in_sqlite, "local").report
    assert report["library"] is None
    assert (report["train"]["clips"], report["strength"]) == (24, corrections.ALONE)


def test_clips_of_unknown_speakers_teach_nothing_once_somebody_is_set_aside(
    in_sqlite, monkeypatch, rng
):
    corrected_library(in_sqlite, monkeypatch, rng, speakers=("Ann", "Bob", ""))
    report = corrections.train(in_sqlite, "local").report
    assert (report["train"]["clips"], report["test"]["clips"], report["left_out"]) == (20, 20, 20)


def test_too_few_corrections_are_said_to_be_too_few(in_sqlite):
    for seed in range(corrections.LEAST_CLIPS - 1):
        in_sqlite.correct("local", keep(in_sqlite, seed=seed), ("happy", "sad")[seed % 2])
    with fails(ErrorCode.NOT_ENOUGH):
        corrections.train(in_sqlite, "local")
    in_sqlite.correct("local", keep(in_sqlite, seed=100), "happy")
    assert corrections._check_enough(in_sqlite.entries("local")) is None
    with fails(ErrorCode.NOT_ENOUGH):
        corrections._check_enough(
            [dataclasses.replace(entry, emotion="sad") for entry in in_sqlite.entries("local")]
        )


def test_speakers_set_aside_are_named_where_their_clips_are_missing(in_sqlite):
    for seed in range(30):
        in_sqlite.correct(
            "local",
            keep(in_sqlite, seed=seed),
            ("happy", "sad")[seed // 2 % 2],
            ("Ann", "Bob")[seed % 2],
        )
    with fails(ErrorCode.NOT_ENOUGH) as caught:
        corrections.train(in_sqlite, "local")
    assert "30 clips have a label, but 15 are of speakers set aside for testing (bob)." in str(
        caught.value
    )
    assert caught.value.hint == "Label at least 5 more of other speakers."


def test_what_is_worse_beyond_chance_is_adopted_only_by_force(in_sqlite, pair):
    layer = swapped(pair[0].card.sha256)
    report = corrections._report(
        layer, corrections.Clips(np.zeros((0, 8)), np.zeros(0, np.int64), ())
    )
    assert all(corrections.is_worse(row) for row in report["corpora"])
    in_sqlite.add_layer("local", layer.to_json(), layer.digest, report)
    (candidate,) = in_sqlite.layers("local")
    with fails(ErrorCode.WORSE):
        corrections.adopt(in_sqlite, "local", candidate)
    assert in_sqlite.adopted("local") is None
    corrections.adopt(in_sqlite, "local", candidate, force=True)
    assert in_sqlite.adopted("local").id == candidate.id
    identity = corrections._report(
        Layer.identity(""), corrections.Clips(np.zeros((0, 8)), np.zeros(0, np.int64), ())
    )
    assert not any(corrections.is_worse(row) for row in identity["corpora"])


def test_a_layer_that_was_swapped_after_its_adoption_is_not_used(kept, pair):
    layer = Layer.identity(pair[0].card.sha256)
    kept.add_layer("local", layer.to_json(), layer.digest, {"scores": {}, "corpora": []})
    corrections.adopt(kept, "local", kept.layers("local")[0])
    assert corrections.adopted_model(kept, "local", pair[0]) is not None
    other = swapped(pair[0].card.sha256)
    with kept.database.writing() as connection:
        connection.execute(
            sqlalchemy.update(schema.LAYERS).values(layer=other.to_json(), digest=other.digest)
        )
    with fails(ErrorCode.MODEL_TAMPERED):
        corrections.adopted_model(kept, "local", pair[0])
    assert kept.roll_back("local")


def test_a_layer_of_another_model_is_not_used(in_sqlite, pair):
    layer = Layer.identity("the model of an older version")
    in_sqlite.add_layer("local", layer.to_json(), layer.digest, {"scores": {}, "corpora": []})
    with fails(ErrorCode.MODEL_VERSION):
        corrections.adopt(in_sqlite, "local", in_sqlite.layers("local")[0])
    card = SimpleNamespace(name="combination")
    assert models.corrected_name(card, layer) == f"combination+corrected-{layer.digest[:12]}"
