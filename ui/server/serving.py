"""The server around the pages: whether it is ready, what it says when something goes wrong, and the end of sessions."""

from __future__ import annotations

import asyncio
import gc
import platform
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from streamlit import config, net_util, runtime
from streamlit.runtime.session_manager import SessionInfo, SessionStorage

from ui.server import logs, warming

_LOOK_EVERY_S = 5.0  # how often ended sessions are looked for


@asynccontextmanager
async def lifespan(app: object) -> AsyncIterator[None]:
    """From the start of the server to its end."""
    logs.configure()
    stay_on_this_machine()
    ending = asyncio.create_task(_end_sessions(), name="end of sessions")
    logs.started({"python": platform.python_version(), "streamlit": st.__version__})
    yield
    ending.cancel()


def stay_on_this_machine() -> None:
    """Ask no other machine which address this one has, as Streamlit does to compare it with the origin of a request that it does not know."""
    for name in ("get_external_ip", "get_internal_ip"):
        setattr(net_util, name, lambda: None)


class Away(SessionStorage):
    """The sessions whose browser is away, for `ttl_s` seconds each; then they are ended.

    Streamlit's own storage forgets them at the next occasion, without ending them: what they hold is left to the garbage collection.
    """

    def __init__(self, ttl_s: float) -> None:
        self._ttl_s = ttl_s
        self._since: dict[str, float] = {}
        self._sessions: dict[str, SessionInfo] = {}

    def get(self, session_id: str) -> SessionInfo | None:
        self.end_those_past()
        return self._sessions.get(session_id)

    def save(self, session_info: SessionInfo) -> None:
        name = session_info.session.id
        self._since[name], self._sessions[name] = time.monotonic(), session_info

    def delete(self, session_id: str) -> None:
        del self._since[session_id], self._sessions[session_id]

    def list(self) -> list[SessionInfo]:
        return [*self._sessions.values()]

    def end_those_past(self) -> int:
        """End the sessions that have waited for long enough; gives how many."""
        past = [
            name for name, since in self._since.items() if time.monotonic() - since > self._ttl_s
        ]
        for name in past:
            session = self._sessions[name].session
            self.delete(name)
            session.shutdown()
            session.session_state.clear()  # whoever still holds the session holds no voice
        return len(past)


async def _end_sessions() -> None:
    """End the sessions whose browser has been away for `server.disconnectedSessionTTL`; Streamlit waits for another one to come or go."""
    away = Away(float(config.get_option("server.disconnectedSessionTTL")))
    manager: Any = runtime.get_instance()._session_mgr
    manager._session_storage = away
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        try:
            if away.end_those_past():
                runtime.get_instance().media_file_mgr.remove_orphaned_files()  # at shutdown what could be saved was only marked
                gc.collect()
        except Exception as error:  # it must not keep the next ones from being ended
            logs.failed(error)


async def _ready(request: Request) -> JSONResponse:
    """200 once the models are verified and loaded and a clip has been decoded and answered, 503 before, and where that failed."""
    warming.warm_up()
    state = warming.state()
    return JSONResponse(
        {"state": state}, 200 if state == warming.READY else 503, {"Cache-Control": "no-store"}
    )


ROUTES = (Route("/ready", _ready),)
"""What the server answers beside Streamlit's own, /_stcore/health among them."""


def show_failure(error: Exception) -> bool:
    """What a person sees instead of Streamlit's box: that something went wrong, a reference that is in the log, and what to do."""
    reference = logs.failed(error)
    st.error(
        f"**Something went wrong** in the app. Reload the page and try again; if it happens again, tell whoever runs this server the "
        f"reference **{reference}**: it finds the place in the log, which has nothing of your voice.",
        icon=":material/error:",
    )
    return True
