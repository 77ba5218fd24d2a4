"""What is done with Streamlit's private parts: files stay while pages run, and sessions end in time."""

from types import SimpleNamespace

import pytest
import streamlit.net_util
from streamlit.runtime import media_file_manager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.web.server import server_util

from ui import streamlit_internals
from ui.streamlit_internals import PageFiles, WaitingSessions


class Pages:
    """The files of some sessions, and whose script is running."""

    def __init__(self, monkeypatch):
        self.files = PageFiles(MemoryMediaFileStorage("/media"))
        self.running = ""
        server = SimpleNamespace(media_file_mgr=self.files)
        monkeypatch.setattr(streamlit_internals, "get_script_run_ctx", self.context)
        monkeypatch.setattr(media_file_manager, "_get_session_id", lambda: self.running)
        monkeypatch.setattr(streamlit_internals.runtime, "get_instance", lambda: server)
        monkeypatch.setattr(streamlit_internals.runtime, "exists", lambda: True)

    def context(self):
        uploads = SimpleNamespace(remove_session_files=lambda _: None)
        return SimpleNamespace(session_id=self.running, uploaded_file_mgr=uploads)

    def begin(self, session):
        """A run of a session's page begins."""
        self.running = session
        self.files.clear_session_refs()

    def add(self, content, to_save=True):
        self.files.add(content, "audio/wav", content.decode(), is_for_static_download=to_save)

    def complete(self):
        """The run has drawn the whole page, and ends."""
        streamlit_internals.page_is_complete()
        self.files.remove_orphaned_files()

    def run(self, session, *contents):
        self.begin(session)
        for content in contents:
            self.add(content)
        self.complete()

    def contents(self):
        return {file.content for file in self.files._storage._files_by_id.values()}


@pytest.fixture
def pages(monkeypatch):
    return Pages(monkeypatch)


def test_the_files_of_a_page_stay_while_its_next_run_goes_on(pages):
    pages.begin("a")
    pages.add(b"to save")
    pages.add(b"to hear", to_save=False)
    deferred = pages.files.add_deferred(lambda: b"made later", "text/csv", "3")
    pages.complete()
    pages.begin("a")  # it waits for its turn; the browser still shows the page
    for _ in range(3):
        pages.run("b", b"another's")
    assert {b"to save", b"to hear"} <= pages.contents()
    assert pages.files.execute_deferred(deferred)


def test_a_run_that_is_broken_off_takes_no_file_from_the_page(pages):
    pages.run("a", b"shown")
    pages.begin("a")
    pages.add(b"half")
    pages.files.remove_orphaned_files()  # it was broken off, and ends without a whole page
    pages.begin("a")
    pages.run("b")
    pages.run("b")
    assert {b"shown", b"half"} <= pages.contents()


def test_files_that_the_next_page_does_not_show_go_when_it_is_complete(pages):
    pages.begin("a")
    pages.add(b"to hear", to_save=False)
    pages.complete()
    pages.run("a", b"other")
    assert pages.contents() == {b"other"}


def test_the_files_of_a_session_go_with_it(pages):
    pages.run("a", b"shown")
    pages.begin("a")
    pages.files.clear_session_refs("a")
    pages.files.remove_orphaned_files()
    pages.files.remove_orphaned_files()
    assert pages.contents() == set()


def test_deleting_takes_no_file_away_that_another_session_has_on_its_page(pages):
    pages.run("mine", b"mine", b"of both")
    pages.run("another's", b"another's", b"of both")
    pages.begin("another's")
    pages.begin("mine")  # both run again
    streamlit_internals.delete_files_of_session()
    assert pages.contents() == {b"another's", b"of both"}


def test_a_request_from_a_foreign_page_makes_the_server_ask_nobody(monkeypatch):
    def called(*_, **__):
        raise AssertionError("another computer was asked")

    monkeypatch.setattr(streamlit.net_util, "_make_blocking_http_get", called)
    monkeypatch.setattr(streamlit.net_util, "_external_ip", None)
    monkeypatch.setattr(streamlit.net_util, "get_external_ip", streamlit.net_util.get_external_ip)
    monkeypatch.setattr(streamlit.net_util, "get_internal_ip", streamlit.net_util.get_internal_ip)
    streamlit_internals.ask_no_other_computer()
    assert not server_util.is_url_from_allowed_origins("https://foreign.example")
    assert server_util.is_url_from_allowed_origins("http://localhost:8501")


def test_sessions_that_have_been_away_for_long_enough_are_ended_and_no_others(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(streamlit_internals.time, "monotonic", lambda: now[0])
    ended = []

    def session(name):
        state = {"clip": "a voice"}
        one = SimpleNamespace(id=name, shutdown=lambda: ended.append(name), session_state=state)
        return SimpleNamespace(session=one)

    waiting = WaitingSessions(60.0)
    sessions = {name: session(name) for name in "abc"}
    for name in "abc":
        waiting.save(sessions[name])
        now[0] += 20
    waiting.delete("b")  # its browser is back
    now[0] = 59.0
    assert waiting.get("a") is sessions["a"]
    now[0] = 61.0
    assert waiting.get("a") is None  # whoever looks first ends it
    assert ended == ["a"]
    assert sessions["a"].session.session_state == {}
    assert [kept.session.id for kept in waiting.list()] == ["c"]
    now[0] = 101.0
    assert waiting.end_expired() == 1
    assert (ended, waiting.list(), waiting.end_expired()) == (["a", "c"], [], 0)
