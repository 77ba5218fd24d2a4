"""Everything that touches what Streamlit keeps private; no other module imports it.

Written for the version of Streamlit that requirements.txt names: each function says what it relies on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit import logger as streamlit_logger
from streamlit import net_util, runtime
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.session_manager import SessionInfo, SessionStorage

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

__all__ = [
    "DeltaGenerator",
    "PageFiles",
    "StreamlitPage",
    "WaitingSessions",
    "ask_no_other_computer",
    "cache_spinner",
    "delete_files_of_session",
    "install_session_storage",
    "keep_files_while_pages_run",
    "page_is_complete",
    "remove_orphaned_files",
    "send_logs_to",
]


# --- files
# behind players, buttons


class PageFiles(MediaFileManager):
    """The files behind the players and buttons of all pages.

    Those of a page stay until its next run is complete.

    Streamlit's own manager forgets the files of a page when its next run begins. The end of any
    other session's run then deletes them, although the browser still shows the page that has them:
    players and buttons fail with 404. Here they count as used until `complete` is called.
    """

    def clear_session_refs(self, session_id: str | None = None) -> None:
        """Without a session: its next run begins. With one: the session has ended."""
        if session_id is not None:
            self.complete(session_id)
            super().clear_session_refs(session_id)
            return
        context = get_script_run_ctx()
        if context is None:
            super().clear_session_refs()
            return
        with self._lock:
            files = self._files_by_session_and_coord.pop(context.session_id, {})
            earlier = self._files_by_session_and_coord[_earlier(context.session_id)]
            earlier.update({file_id: file_id for file_id in files.values()})

    def complete(self, session_id: str) -> None:
        """The run of a session has drawn its whole page: forget the files of earlier runs."""
        with self._lock:
            self._files_by_session_and_coord.pop(_earlier(session_id), None)

    def delete_of_session(self, session_id: str) -> None:
        """Delete at once the files that only this session uses, those of earlier runs too."""
        with self._lock:
            used = self._files_by_session_and_coord
            names = (session_id, _earlier(session_id))
            own = {file_id for name in names for file_id in used.pop(name, {}).values()}
            for file_id in own & self._get_inactive_file_ids():
                self._delete_file(file_id)
        self.remove_orphaned_files()


def _earlier(session_id: str) -> str:
    """The name under which the files of earlier runs of a session are kept, apart from any session's."""
    return f"{session_id} earlier"


def keep_files_while_pages_run() -> None:
    """Make the server use `PageFiles`; to be called before the first session begins."""
    server: Any = runtime.get_instance()
    server._media_file_mgr = PageFiles(server.media_file_mgr._storage)


def page_is_complete() -> None:
    """Say that the run of a page has drawn everything: what only its earlier runs showed can go."""
    context = get_script_run_ctx()
    files = runtime.get_instance().media_file_mgr if runtime.exists() else None
    if context is not None and isinstance(files, PageFiles):
        files.complete(context.session_id)


def delete_files_of_session() -> None:
    """Delete what this session has uploaded, and the files behind its players and buttons.

    Of its own accord Streamlit keeps an upload until the session ends, and a file to save until the
    next run but one.
    """
    context = get_script_run_ctx()
    if context is None:
        return
    context.uploaded_file_mgr.remove_session_files(context.session_id)
    files = runtime.get_instance().media_file_mgr
    if isinstance(files, PageFiles):
        files.delete_of_session(context.session_id)
    else:  # Streamlit's own, in its test harness
        files.clear_session_refs(context.session_id)
        files.remove_orphaned_files()


def remove_orphaned_files() -> None:
    """Delete the files that no page uses any more."""
    runtime.get_instance().media_file_mgr.remove_orphaned_files()


# --- sessions that wait


class WaitingSessions(SessionStorage):
    """The sessions whose browser is away; each waits `ttl_s` seconds for it and is then ended.

    Streamlit's own storage forgets them at the next occasion without ending them: what they hold
    is left to the garbage collection.
    """

    def __init__(self, ttl_s: float) -> None:
        self._ttl_s = ttl_s
        self._since: dict[str, float] = {}
        self._sessions: dict[str, SessionInfo] = {}

    def get(self, session_id: str) -> SessionInfo | None:
        """The session of this name, if it is still waiting."""
        self.end_expired()
        return self._sessions.get(session_id)

    def save(self, session_info: SessionInfo) -> None:
        """A browser went away: its session waits from now on."""
        name = session_info.session.id
        self._since[name] = time.monotonic()
        self._sessions[name] = session_info

    def delete(self, session_id: str) -> None:
        """A session no longer waits."""
        del self._since[session_id]
        del self._sessions[session_id]

    def list(self) -> list[SessionInfo]:
        """All that wait."""
        return [*self._sessions.values()]

    def end_expired(self) -> int:
        """End the sessions that have waited long enough, and return how many these were."""
        now = time.monotonic()
        expired = [name for name, since in self._since.items() if now - since > self._ttl_s]
        for name in expired:
            session = self._sessions[name].session
            self.delete(name)
            session.shutdown()
            session.session_state.clear()  # whoever still holds the session holds no voice
        return len(expired)


def install_session_storage(waiting: WaitingSessions) -> None:
    """Make the server keep the sessions whose browser is away in `waiting`."""
    server: Any = runtime.get_instance()
    server._session_mgr._session_storage = waiting


# --- the server itself


def ask_no_other_computer() -> None:
    """Stop Streamlit from asking other computers which address this one has.

    It compares that address with the origin of a request that it does not know.
    """
    for name in ("get_external_ip", "get_internal_ip"):
        setattr(net_util, name, lambda: None)


def send_logs_to(set_up: Callable[[logging.Logger], None]) -> None:
    """Set up the loggers that Streamlit makes from now on with `set_up`; they tell warnings and worse."""
    setattr(streamlit_logger, "setup_formatter", set_up)  # noqa: B010
    streamlit_logger.set_log_level(logging.WARNING)


def cache_spinner(text: str) -> AbstractContextManager[None]:
    """A spinner that looks like those of Streamlit's own caches."""
    return st.spinner(text, _cache=True)
