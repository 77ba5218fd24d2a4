"""What the privacy page promises, watched at a real server while a real browser records, uploads
and looks at every page.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from ser_core import audio
from ser_core.storage.cache_folder import cache_folder
from ser_core.storage.paths import DATA_DIR
from tests.support.browsing import (
    MODEL_TIMEOUT_MS,
    PATHS,
    choose,
    chromium,
    context_of,
    expect_bars,
    opened,
    settled,
    speak,
    watched,
)
from tests.support.server import Server, copied, microphone_file, running, wait_until
from tests.support.synthesis import FORMATS, voice, wav

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SAMPLES = DATA_DIR / "samples"
LOOPBACK = ("127.0.0.1", "localhost", "::1", "None", "")
SECONDS = 2.137  # of the clip that is looked for: no other array has as many samples


class Watched:
    """A server under watch."""

    def __init__(self, server: Server, notes: Path) -> None:
        self.server, self._notes = server, notes

    def notes(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._notes.read_text(encoding="utf-8").splitlines()]

    def holdings(self) -> list[str]:
        """What of voices is alive in the server's process."""
        before = self.notes()
        os.kill(self.server.pid, signal.SIGUSR1)

        def answers() -> list[dict[str, Any]]:
            new = self.notes()[len(before) :]
            return [note for note in new if note["event"] == "holdings"]

        return wait_until(answers, "the server says what it holds")[-1]["found"]


@pytest.fixture
def under_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    notes = tmp_path / "notes"
    monkeypatch.delenv("CI", raising=False)  # where libraries behave better than elsewhere
    for folder in ("home", "tmp"):  # what native code writes shows here
        (tmp_path / folder).mkdir()
    environment = {
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        "SER_CACHE": str(cache_folder()),
        "PYTHONPATH": str(Path(__file__).parents[1] / "support" / "watch"),
        "SER_WATCH": str(notes),
        "SER_SAMPLES": str(len(audio.decode(clip()).samples)),
        "STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": "2",
    }
    with running(**environment) as server:
        yield Watched(server, notes)


def clip() -> bytes:
    return wav(voice(seconds=SECONDS))


def upload(page: Page, data: bytes, name: str = "my-own-secret-name.wav", nth: int = 0) -> None:
    page.locator("input[type=file]").nth(nth).set_input_files(
        {"name": name, "mimeType": "audio/wav", "buffer": data}
    )


def ends_of_clips(server: Server) -> list[dict[str, Any]]:
    """What the log has of clips that were answered or refused."""
    return [event for event in server.log() if event["event"] in ("answered", "refused")]


def go(page: Page, path: str) -> None:
    """To another page by its link, with what the session has."""
    page.get_by_role("link", name=PATHS[path], exact=True).first.click()
    expect(page.get_by_role("heading", name=PATHS[path], exact=True)).to_be_visible(
        timeout=MODEL_TIMEOUT_MS
    )
    settled(page)


def test_no_voice_is_written_to_disk_and_nobody_else_is_called(under_watch, tmp_path):
    spoken = voice(seconds=2.0)
    (tmp_path / "corpus").mkdir()
    for number in range(12):
        (tmp_path / "corpus" / ("happy" if number % 2 else "sad")).mkdir(exist_ok=True)
        (tmp_path / "corpus" / ("happy" if number % 2 else "sad") / f"{number}.wav").write_bytes(
            wav(voice(120 + 9 * number, seconds=1.2, seed=number))
        )
    url = under_watch.server.url
    with chromium(microphone_file(tmp_path, spoken)) as browser:
        page = context_of(browser).new_page()
        problems = watched(page, url)
        page.goto(f"{url}/")
        page.get_by_role("button", name="Record your voice").click()
        speak(page, 2.6)
        expect_bars(page)
        for source, data in (
            ("Upload", clip()),
            ("Upload", FORMATS["webm"](spoken)),
            ("Upload", FORMATS["m4a"](spoken)),
            ("Upload", b"no voice"),
        ):
            choose(page, source)
            before = len(ends_of_clips(under_watch.server))
            upload(page, data)
            wait_until(
                lambda n=before: len(ends_of_clips(under_watch.server)) > n, "the log has the clip"
            )
            settled(page)
        upload(page, clip())
        expect_bars(page)
        for path in PATHS:  # by clicks, in one session with its clip
            if path not in ("", "several_clips", "own_corpus"):
                go(page, path)
        go(page, "several_clips")
        page.locator("input[type=file]").set_input_files(sorted(SAMPLES.glob("*.flac")))
        expect(page.get_by_text(" clips: ")).to_be_visible(timeout=MODEL_TIMEOUT_MS)
        go(page, "own_corpus")
        page.locator("input[type=file]").first.set_input_files(tmp_path / "corpus")
        page.get_by_role("button", name="Measure 12 clips").click(timeout=MODEL_TIMEOUT_MS)
        expect(page.get_by_role("button", name="Forget this corpus")).to_be_visible(
            timeout=MODEL_TIMEOUT_MS
        )
        settled(page)
        assert sockets_beyond_loopback(under_watch.server.pid) == []
    assert problems == []
    notes = under_watch.notes()
    cache = str(cache_folder())
    written = {note["path"] for note in notes if "path" in note} - {"/dev/null"}
    assert {
        path for path in written if not path.startswith(cache) and "__pycache__" not in path
    } == set()
    assert [path for folder in ("home", "tmp") for path in (tmp_path / folder).rglob("*")] == []
    kept = [file.read_bytes() for file in map(Path, written) if file.is_file()]
    assert not [
        data
        for data in kept
        if data.startswith((b"RIFF", b"fLaC", b"OggS", b"\x1a\x45\xdf\xa3"))
        or clip()[44:4000] in data
    ]
    assert [note for note in notes if "to" in note and not is_loopback(note)] == []
    logged = under_watch.server.log_file.read_text(encoding="utf-8")
    assert "secret" not in logged
    events = under_watch.server.log()
    answered = [event for event in events if event["event"] == "answered"]
    assert {"duration_s", "decision", "ms"} <= set(answered[0])
    assert 2.1 in {event["duration_s"] for event in answered}
    assert {"NOT_AUDIO"} == {event["code"] for event in events if event["event"] == "refused"}
    words = {word for event in events for word in event}
    assert words <= {
        "level",
        "logger",
        "event",
        "time",
        "duration_s",
        "decision",
        "ms",
        "code",
        "python",
        "streamlit",
    }


def is_loopback(note: dict[str, Any]) -> bool:
    """Whether a call goes to this computer.

    A subprocess that starts goes nowhere, its own calls are seen by its sockets.
    """
    if note["event"].startswith("socket."):
        to = note["to"][0]
        host = to[0] if isinstance(to, list) else to
        return str(host) in LOOPBACK
    return note["event"] == "subprocess.Popen" and Path(str(note["to"][0])).name.startswith(
        "python"
    )


def sockets_beyond_loopback(pid: int) -> list[str]:
    """Connections of the process to other computers, whoever opened them: also what native code
    does is seen by the kernel.
    """
    inodes = {
        match[1]
        for fd in Path(f"/proc/{pid}/fd").iterdir()
        if (match := re.match(r"socket:\[(\d+)\]", _target(fd)))
    }
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            address = fields[2].split(":")[0]
            here = (
                address.endswith("0100007F")
                or set(address) == {"0"}
                or address == "00000000000000000000000001000000"
            )
            if fields[9] in inodes and not here:
                found.append(f"{table} {fields[2]}")
    return found


def _target(fd: Path) -> str:
    try:
        return str(fd.readlink())
    except OSError:
        return ""


def test_a_foreign_page_can_neither_connect_nor_read_nor_upload_nor_make_the_server_call_anyone(
    under_watch,
):
    url, origin = under_watch.server.url, {"Origin": "https://foreign.example"}
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    assert asked(url, "GET", "/_stcore/stream", origin | upgrade)[0] == 403
    assert (
        asked(url, "GET", "/_stcore/stream", {"Origin": url} | upgrade)[0] == 101
    )  # its own page is let in
    assert asked(url, "PUT", "/_stcore/upload_file/a/b", origin)[0] == 403
    for path in ("/_stcore/health", "/_stcore/host-config", "/ready"):
        headers = asked(url, "GET", path, origin)[1]
        assert headers.get("Access-Control-Allow-Origin") in (
            None,
            url,
        )  # a browser keeps it from the page
    assert [note for note in under_watch.notes() if "to" in note and not is_loopback(note)] == []


def asked(url: str, method: str, path: str, headers: dict[str, str]) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.headers


def test_a_deleted_recording_is_nowhere_in_the_servers_process(under_watch, tmp_path):
    with opened(
        under_watch.server.url,
        "record_and_predict",
        microphone=microphone_file(tmp_path, voice(seconds=1.5)),
    ) as page:
        page.get_by_text("Personal baseline: let it hear").click()
        choose(page, "Upload")
        upload(page, (SAMPLES / "steady-low-voice.flac").read_bytes(), nth=1)
        expect(page.get_by_text("Sentence 1", exact=True)).to_be_visible(timeout=MODEL_TIMEOUT_MS)
        page.get_by_role("button", name="Delete the baseline").click()
        expect(page.get_by_text("Sentence 1", exact=True)).to_have_count(0)
        page.get_by_text("Personal baseline: let it hear").click()
        expect(page.locator("input[type=file]")).to_have_count(1)
        upload(page, clip())
        expect_bars(page)
        settled(page)
        assert {"Recording", "Clip", "samples", "UploadedFileRec"} <= set(
            under_watch.holdings()
        )  # the watch sees what there is
        page.get_by_role("button", name="Delete this recording").click()
        expect(page.get_by_text("The answer appears here")).to_be_visible()
        settled(page)
        assert under_watch.holdings() == []
        choose(page, "Record")
        speak(page, 2.1)
        expect_bars(page)
        settled(page)
        assert any(
            kind.startswith("str of") or kind == "widget states of the browser"
            for kind in under_watch.holdings()
        )
        page.get_by_role("button", name="Delete this recording").click()
        expect(page.get_by_text("The answer appears here")).to_be_visible()
        settled(page)
        assert under_watch.holdings() == []


def test_after_the_page_was_closed_the_session_goes_by_itself(under_watch):
    with opened(under_watch.server.url, "record_and_predict") as page:
        choose(page, "Upload")
        upload(page, clip())
        expect_bars(page)
        settled(page)
    assert under_watch.holdings() != []  # a lost connection might come back
    # Nobody else opens or closes a page.
    wait_until(lambda: under_watch.holdings() == [], "the server holds no voice any more")


# -------------------------------------------------------------------------------------------------
# failures, readiness


@pytest.mark.fault(
    "the program itself fails", "the person sees a reference that is in the log, and no traceback"
)
def test_a_failure_is_told_by_a_reference_that_is_in_the_log(tmp_path):
    root = copied(tmp_path)
    several = root / "pages" / "several_clips.py"
    several.write_text(
        several.read_text(encoding="utf-8").replace(
            "    if not files:", "    {}['my-own-secret-name.wav']\n    if not files:"
        )
    )
    home = root / "Home.py"
    home.write_text(
        home.read_text(encoding="utf-8").replace(
            "    routing.configure()\n", "    routing.configure()\n    1 / len(st.query_params)\n"
        )
    )
    with running(root=root) as server, chromium() as browser:
        page = context_of(browser).new_page()
        page.goto(f"{server.url}/several_clips?a=1")
        references = [told(page)]
        page.goto(f"{server.url}/")  # outside of any page
        references.append(told(page))
        failures = [event for event in server.log() if event["event"] == "failed"]
        assert [failure["reference"] for failure in failures] == references
        assert failures[0]["traceback"].endswith("builtins.KeyError")
        assert "several_clips.py" in failures[0]["traceback"]
        assert failures[1]["traceback"].endswith("builtins.ZeroDivisionError")
        page.goto(f"{server.url}/record_and_predict?source=Sample")  # the server goes on
        page.get_by_text("Lively high").click()
        expect_bars(page)


def told(page: Page) -> str:
    """The reference; nothing else of the failure is on the page."""
    message = page.get_by_test_id("stAlert").filter(has_text="Something went wrong")
    expect(message).to_have_count(1, timeout=MODEL_TIMEOUT_MS)
    text = page.get_by_test_id("stApp").inner_text()
    assert not re.search("Traceback|KeyError|ZeroDivision|secret", text)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    found = re.search("reference ([0-9a-f]{8})", text)
    assert found is not None
    return found[1]


def ready(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"{url}/ready", timeout=10) as answer:
            return answer.status, json.load(answer)["state"]
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["state"]


def state_at_last(url: str) -> list[tuple[int, str]]:
    """What the server says of itself, until it has made up its mind."""
    said: list[tuple[int, str]] = []

    def has_decided() -> bool:
        said.append(ready(url))
        return said[-1][1] != "warming up"

    wait_until(has_decided, "the server is warm")
    return said


def test_a_server_is_ready_when_its_models_are_loaded_without_any_visitor():
    with running() as server:
        said = state_at_last(server.url)
    assert said[0] == (503, "warming up")
    assert said[-1] == (200, "ready")


def test_a_server_with_a_model_that_is_not_its_own_is_never_ready(tmp_path):
    root = copied(tmp_path)
    file = root / "models" / "emotion-network" / "model.onnx"  # part of the default model
    data = file.read_bytes()
    file.unlink()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with running(root=root) as server:
        assert state_at_last(server.url)[-1] == (503, "MODEL_TAMPERED")
        with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=10) as answer:
            assert answer.status == 200  # it serves, and its page says what is wrong
        assert [event["code"] for event in server.log() if event["event"] == "refused"] == [
            "MODEL_TAMPERED"
        ]
