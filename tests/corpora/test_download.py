"""Fetching an archive from a local server: whole, in parts, and everything that can go wrong."""

import hashlib
import io
import re
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ser_core import cli
from ser_core.corpora import CORPORA, TRAINING, Archive, download
from ser_core.errors import SerError
from tests.support.synthesis import voice, wav

CLIP = wav(voice(seconds=0.6))
NAMES = ("03-01-05-01-01-01-01", "03-01-03-02-01-01-02")


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


DATA = zipped(
    {f"Actor_{name[-2:]}/{name}.wav": CLIP for name in NAMES}
    | {"Actor_01/notes.txt": b"x", "other.wav": CLIP}
)


class Server(ThreadingHTTPServer):
    """Serves `data` under every path.

    `ranges`: whether parts are given; `cut`: the number of bytes after which it hangs up; `status`: to
    refuse.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.data, self.ranges, self.cut, self.status, self.asked = DATA, True, None, None, []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/files/clips.zip?download=1"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.asked.append(self.headers.get("Range"))
        if server.status:
            self.send_error(server.status)
            return
        wanted = re.match(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = int(wanted[1]) if wanted and server.ranges else 0
        body = server.data[start:]
        self.send_response(206 if wanted and server.ranges else 200)
        if wanted and server.ranges:
            self.send_header(
                "Content-Range", f"bytes {start}-{len(server.data) - 1}/{len(server.data)}"
            )
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: server.cut])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    running = Server()
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def archive(server):
    return Archive(
        server.address, len(DATA), hashlib.md5(DATA).hexdigest(), "https://publisher.example/page"
    )


def test_an_archive_is_fetched_whole_with_progress(archive, tmp_path):
    told = []
    download.fetch(archive, tmp_path / "new" / archive.name, told.append)
    assert archive.name == "clips.zip"
    assert (tmp_path / "new" / "clips.zip").read_bytes() == DATA
    assert sum(told) == len(DATA)
    assert not download.partial_path(tmp_path / "new" / "clips.zip").exists()


def test_what_broke_off_goes_on_where_it_stopped(server, archive, tmp_path):
    target, told = tmp_path / "clips.zip", []
    server.cut = 5000
    with pytest.raises(SerError, match=f"broke off after 5,000 of {len(DATA):,} bytes") as caught:
        download.fetch(archive, target)
    assert caught.value.code == "NOT_FETCHED"
    assert "goes on" in caught.value.hint
    assert not target.exists()
    server.cut = None
    download.fetch(archive, target, told.append)
    assert server.asked == [None, "bytes=5000-"]
    assert target.read_bytes() == DATA
    assert (told[0], sum(told)) == (5000, len(DATA))


def test_a_server_that_gives_no_parts_starts_anew(server, archive, tmp_path):
    target, told = tmp_path / "clips.zip", []
    download.partial_path(target).write_bytes(b"x" * 700)
    server.ranges = False
    download.fetch(archive, target, told.append)
    assert target.read_bytes() == DATA
    assert sum(told) == len(DATA)


def test_a_wrong_digest_is_told_with_both_and_nothing_is_deleted(server, archive, tmp_path):
    target = tmp_path / "clips.zip"
    server.data = bytes(len(DATA))
    with pytest.raises(SerError, match="has the MD5 digest") as caught:
        download.fetch(archive, target)
    assert archive.md5 in str(caught.value)
    assert hashlib.md5(server.data).hexdigest() in str(caught.value)
    assert not target.exists()
    assert download.partial_path(target).read_bytes() == server.data
    # Run again, it says so again rather than to add to what is wrong.
    with pytest.raises(SerError, match="has the MD5 digest"):
        download.fetch(archive, target)


@pytest.mark.parametrize("have", [0, 700])
def test_an_archive_of_another_size_is_not_taken(have, server, archive, tmp_path):
    target = tmp_path / "clips.zip"
    if have:
        download.partial_path(target).write_bytes(DATA[:have])
    server.data = DATA + b"more"
    with pytest.raises(SerError, match="bytes at the server") as caught:
        download.fetch(archive, target)
    assert f"{len(DATA):,}" in str(caught.value)
    assert download.partial_path(target).exists() == bool(have)


def test_a_page_that_is_gone_is_told_with_where_to_look(server, archive, tmp_path):
    server.status = 404
    with pytest.raises(SerError, match="answered 404") as caught:
        download.fetch(archive, tmp_path / "clips.zip")
    assert archive.quoted_from in caught.value.hint


def test_a_server_that_is_not_there_is_told(server, archive, tmp_path):
    nobody = Archive("http://127.0.0.1:9/clips.zip", 1, "", "")
    with pytest.raises(SerError, match="cannot be fetched"):
        download.fetch(nobody, tmp_path / "clips.zip")


def test_a_disk_that_does_not_take_it_is_told(archive, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SerError, match="cannot be written") as caught:
        download.fetch(archive, tmp_path / "file" / "clips.zip")
    assert "SER_CORPORA" in caught.value.hint


def test_what_was_fetched_is_only_checked(server, archive, tmp_path):
    (tmp_path / "clips.zip").write_bytes(DATA)
    download.fetch(archive, tmp_path / "clips.zip")
    assert server.asked == []


def test_only_clips_are_unpacked(tmp_path):
    (tmp_path / "clips.zip").write_bytes(DATA)
    assert download.unpack(CORPORA["ravdess"], tmp_path / "clips.zip", tmp_path / "ravdess") == 2
    files = {
        path.relative_to(tmp_path / "ravdess").as_posix()
        for path in (tmp_path / "ravdess").rglob("*")
        if path.is_file()
    }
    assert files == {f"Actor_{name[-2:]}/{name}.wav" for name in NAMES}


@pytest.mark.parametrize("folder", ["../", "/tmp/", "a/../../", "..\\"])
def test_no_clip_leaves_the_folder(folder, tmp_path):
    (tmp_path / "clips.zip").write_bytes(zipped({f"{folder}{NAMES[0]}.wav": CLIP}))
    with pytest.raises(SerError, match="leads out of its folder"):
        download.unpack(CORPORA["ravdess"], tmp_path / "clips.zip", tmp_path / "inside" / "ravdess")
    assert not list(tmp_path.rglob("*.wav"))


def test_what_is_no_archive_is_told(tmp_path):
    (tmp_path / "clips.zip").write_bytes(b"<html>")
    with pytest.raises(SerError, match="no sound ZIP archive"):
        download.unpack(CORPORA["ravdess"], tmp_path / "clips.zip", tmp_path)


def test_the_command_fetches_only_for_who_accepts_the_licence(
    archive, server, tmp_path, monkeypatch, capsys
):
    import dataclasses

    monkeypatch.setitem(
        CORPORA, "ravdess", dataclasses.replace(CORPORA["ravdess"], archive=archive)
    )
    monkeypatch.setenv("SER_CORPORA", str(tmp_path))
    assert cli.main(["corpora", "download", "ravdess"]) == 0
    out = capsys.readouterr().out
    assert "Nothing was fetched" in out
    assert "CC BY-NC-SA 4.0" in out
    assert "download ravdess --accept-licence" in out
    assert server.asked == []
    assert cli.main(["corpora", "download", "ravdess", "--accept-licence"]) == 0
    captured = capsys.readouterr()
    assert "2 clips unpacked" in captured.out
    assert "corpora verify" in captured.out
    assert "100%" in captured.err
    assert (tmp_path / "ravdess" / "Actor_01" / f"{NAMES[0]}.wav").read_bytes() == CLIP
    server.data = bytes(len(DATA))
    (tmp_path / "ravdess" / "clips.zip").unlink()
    assert cli.main(["corpora", "download", "ravdess", "--accept-licence"]) == 1
    assert "MD5" in capsys.readouterr().err


def test_a_corpus_without_an_address_is_not_fetched(capsys):
    assert cli.main(["corpora", "download", "tess", "--accept-licence"]) == 2
    assert "10.5683/SP2/E8H2MF" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("corpus", "expected"),
    [
        (
            "ravdess",
            ("Audio_Speech_Actors_01-24.zip", 208_468_073, "bc696df654c87fed845eb13823edef8a"),
        ),
        (
            "ravdess-song",
            ("Audio_Song_Actors_01-24.zip", 225_505_317, "5411230427d67a21e18aa4d466e6d1b9"),
        ),
    ],
)
def test_the_address_and_digest_of_ravdess_are_those_of_its_page(corpus, expected):
    quoted = TRAINING[corpus].archive
    assert quoted.address.startswith(quoted.quoted_from)
    assert (quoted.name, quoted.n_bytes, quoted.md5) == expected
