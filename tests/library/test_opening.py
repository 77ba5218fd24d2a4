"""Opening the library that the operator names."""

import subprocess
import sys

import pytest

from ser_core import library
from ser_core.errors import ErrorCode
from ser_core.library.store import Library
from tests.conftest import ROOT
from tests.support.libraries import fails, keep


def test_there_is_no_library_unless_the_operator_names_one(monkeypatch):
    for name in (library.FOLDER_VARIABLE, library.URL_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    assert not library.is_configured()
    with fails(ErrorCode.LIBRARY_OFF):
        library.open_library()


def test_the_folder_that_is_named_holds_the_library_for_nobody_elses_eyes(tmp_path, monkeypatch):
    monkeypatch.delenv(library.URL_VARIABLE, raising=False)
    monkeypatch.setenv(library.FOLDER_VARIABLE, str(tmp_path / "my library"))
    keep(library.open_library())
    assert library.open_library() is library.open_library()
    folder = tmp_path / "my library"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    with library.open_library().database.reading() as connection:
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
    keep(library.open_library())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b"]


def test_two_processes_may_open_a_new_library_at_once(url):
    code = (
        "import sys; from ser_core.library.store import Library; "
        "print(len(Library.at(sys.argv[1]).entries('local')))"
    )
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
    assert "requirements/postgres.txt" in caught.value.hint
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_library_is_one_sentence(tmp_path):
    (tmp_path / "library.db").write_bytes(
        b"this is no database, but long enough to be looked at as one" * 100
    )
    with fails(ErrorCode.LIBRARY_FAILED):
        Library.in_folder(tmp_path)
