"""The server around the pages: readiness, the message for a failure, and the end of sessions."""

from __future__ import annotations

import asyncio
import gc
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ui import streamlit_internals
from ui.server import logs, warming
from ui.streamlit_internals import WaitingSessions

_LOOK_EVERY_S = 5.0  # how often ended sessions are looked for


@asynccontextmanager
async def lifespan(app: object) -> AsyncIterator[None]:
    """Run around the whole life of the server, from its start to its end."""
    logs.configure()
    streamlit_internals.ask_no_other_computer()
    streamlit_internals.keep_files_while_pages_run()
    waiting = WaitingSessions(float(st.get_option("server.disconnectedSessionTTL")))
    streamlit_internals.install_session_storage(waiting)
    ending = asyncio.create_task(_end_sessions(waiting), name="end of sessions")
    logs.started({"python": platform.python_version(), "streamlit": st.__version__})
    yield
    ending.cancel()


async def _end_sessions(waiting: WaitingSessions) -> None:
    """End expired sessions in time; Streamlit itself waits for another session to come or go."""
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        try:
            if waiting.end_expired():
                streamlit_internals.remove_orphaned_files()  # at shutdown files to save were only marked
                gc.collect()
        except Exception as error:  # it must not keep the next ones from being ended
            logs.failed(error)


async def _ready(request: Request) -> JSONResponse:
    """200 once the models are loaded and a clip has been answered; 503 before, and where that failed."""
    warming.warm_up()
    state = warming.state()
    status = 200 if state == warming.READY else 503
    return JSONResponse({"state": state}, status, {"Cache-Control": "no-store"})


ROUTES = (Route("/ready", _ready),)
"""What the server answers beside Streamlit's own routes, such as /_stcore/health."""


def show_failure(error: Exception) -> bool:
    """Show a sentence instead of Streamlit's box: what to do, and a reference that is in the log."""
    reference = logs.failed(error)
    st.error(
        "**Something went wrong** in the app. Reload the page and try again; if it happens again, "
        f"tell whoever runs this server the reference **{reference}**: it finds the place in the log, "
        "which has nothing of your voice.",
        icon=":material/error:",
    )
    return True
