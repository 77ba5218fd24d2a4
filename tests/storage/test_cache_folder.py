import os
import subprocess
import sys

import pytest

from ser_core.errors import SerError
from ser_core.storage import cache_folder


@pytest.fixture(autouse=True)
def forgotten():
    cache_folder.cache_folder.cache_clear()
    yield
    cache_folder.cache_folder.cache_clear()


def test_the_named_folder_is_made_and_used(tmp_path, monkeypatch):
    monkeypatch.setenv("SER_CACHE", str(tmp_path / "a" / "b"))
    assert cache_folder.cache_folder() == tmp_path / "a" / "b"
    assert cache_folder.cache_folder().is_dir()


def test_without_a_name_it_is_the_users_own_and_else_a_temporary_one(tmp_path, monkeypatch):
    monkeypatch.delenv("SER_CACHE", raising=False)
    monkeypatch.setattr(cache_folder.Path, "home", lambda: tmp_path)
    assert cache_folder.cache_folder() == tmp_path / ".cache" / "ser_core"
    cache_folder.cache_folder.cache_clear()
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(
        cache_folder.Path, "home", lambda: tmp_path / "file"
    )  # no folder can be made in a file
    assert cache_folder.cache_folder().parent == cache_folder.Path(
        cache_folder.tempfile.gettempdir()
    )


def test_a_folder_that_cannot_be_written_to_is_said_so(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SER_CACHE", str(tmp_path / "file" / "below"))
    with pytest.raises(SerError, match="below") as caught:
        cache_folder.cache_folder()
    assert caught.value.code == "NOT_WRITABLE"
    assert "Set SER_CACHE" in caught.value.hint


@pytest.mark.skipif(
    not hasattr(os, "getuid"), reason="users are told apart by number on POSIX only"
)
def test_a_temporary_folder_that_others_could_have_filled_is_not_used(tmp_path, monkeypatch):
    monkeypatch.delenv("SER_CACHE", raising=False)
    monkeypatch.setattr(cache_folder, "_home", list)
    monkeypatch.setattr(cache_folder.tempfile, "gettempdir", lambda: str(tmp_path))
    folder = tmp_path / f"ser_core-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(SerError):
        cache_folder.cache_folder()
    folder.chmod(0o700)
    assert cache_folder.cache_folder() == folder
    cache_folder.cache_folder.cache_clear()
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SerError):
        cache_folder.cache_folder()


def test_a_lock_is_held_across_processes(tmp_path, monkeypatch):
    monkeypatch.setenv("SER_CACHE", str(tmp_path))
    code = """
import sys
from filelock import FileLock, Timeout
try:
    FileLock(sys.argv[1]).acquire(timeout=0)
except Timeout:
    print("held")
"""
    command = [sys.executable, "-c", code, str(tmp_path / "x.lock")]
    with cache_folder.locked("x") as folder:
        assert folder == tmp_path
        assert (
            subprocess.run(command, capture_output=True, text=True, check=True).stdout == "held\n"
        )
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ""
