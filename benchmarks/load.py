"""Measure the app under load. Run as: python -m benchmarks.load.

Many sessions predict at once, without a pause; the server's memory is measured, too. The real server, and
clients that speak Streamlit's own protocol to it as a browser does (twenty Chromiums would take the cores
themselves). Each session opens *Record & predict*, sends a recording of its own as the recorder does
(WebM/Opus in base64), waits for the answer, and sends the next. An answer is there when the sentence and
the bars have arrived; a run, when the script has ended.
"""

from __future__ import annotations

from benchmarks.measuring import ROOT, Measure, report  # isort: skip

import asyncio
import base64
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from ser_core import audio
from ser_core.audio.effects import change_speed
from ser_core.storage.paths import DATA_DIR
from tests.support.server import free_port, wait_until_up
from tests.support.synthesis import FORMATS, RATE

SESSIONS, ROUNDS = 20, 5
MEMORY_SESSIONS, PREDICTIONS, FIRST = 50, 1000, 20


def recording(seed: int) -> str:
    """Four seconds of speech as the recorder sends it, in base64: a synthetic voice that ships, at
    another pitch and in other noise for each seed.
    """
    rng = np.random.default_rng(seed)
    spoken = audio.load(rng.choice(sorted((DATA_DIR / "samples").glob("*.flac")))).samples
    samples = np.resize(change_speed(spoken, float(rng.uniform(0.9, 1.1))), 4 * RATE)
    noise = rng.normal(0, 0.002, len(samples)).astype(np.float32)
    return base64.b64encode(FORMATS["webm"](samples + noise)).decode()


@dataclass
class Session:
    """One session of the app.

    `error_messages` are what the page said is wrong, `exceptions` errors of the program. `answered` and
    `ended` are the seconds until each answer and until each end of a run.
    """

    socket: WebSocketClientConnection
    recorder: str = ""
    page: str = ""
    cache: dict[str, ForwardMsg] = field(default_factory=dict)
    error_messages: list[str] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)

    @classmethod
    async def open(cls, url: str) -> Session:
        """Connect and open the page, as a browser that is sent to its address."""
        socket = await websocket_connect(
            HTTPRequest(
                f"ws://{url}/_stcore/stream",
                headers={"Sec-WebSocket-Protocol": "streamlit", "Origin": f"http://{url}"},
            ),
            subprotocols=["streamlit"],
            max_message_size=2**28,
        )
        session = cls(socket)
        await session.run({"page_name": "record_and_predict"})
        if not session.recorder:
            raise SystemExit("The page has no recorder.")
        return session

    async def predict(self, encoded: str) -> None:
        """Send a recording and wait until its run has ended."""
        if not await self.ask(encoded):
            raise SystemExit("A run ended without an answer.")

    async def ask(self, encoded: str) -> bool:
        """Send a recording and wait until its run has ended; return whether there was an answer."""
        start = time.perf_counter()
        answered = await self.run({"page_script_hash": self.page}, encoded)
        if answered is not None:
            self.answered.append(answered - start)
        self.ended.append(time.perf_counter() - start)
        return answered is not None

    async def run(self, state: dict[str, str], encoded: str | None = None) -> float | None:
        """Run the page's script; return the time at which the answer was complete, if it came."""
        await self.socket.write_message(self._request(state, encoded), binary=True)
        answer = Answer()
        while True:
            message = await self._next_message()
            kind = message.WhichOneof("type")
            if kind == "navigation":
                self.page = message.navigation.page_script_hash
            elif kind == "script_finished":
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return answer.completed
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self._note(message.delta.new_element)
                answer.note(message.delta.new_element)

    def _request(self, state: dict[str, str], encoded: str | None) -> bytes:
        """The message that asks for a run, with a recording where there is one."""
        request = BackMsg()
        for name, value in state.items():
            setattr(request.rerun_script, name, value)
        if encoded is not None:
            widget = request.rerun_script.widget_states.widgets.add()
            widget.id = self.recorder
            widget.json_value = json.dumps(encoded)
        return request.SerializeToString()

    async def _next_message(self) -> ForwardMsg:
        """The next message; the server only names what it has sent to this session before."""
        data = await self.socket.read_message()
        if data is None:
            raise SystemExit("The server closed the connection.")
        message = ForwardMsg.FromString(data)
        if message.WhichOneof("type") == "ref_hash":
            return self.cache[message.ref_hash]
        if message.metadata.cacheable:
            self.cache[message.hash] = message
        return message

    def _note(self, element: Element) -> None:
        """Note the recorder of the page, errors of the program, and what the page says is wrong."""
        kind = element.WhichOneof("type")
        if kind == "component_instance":
            if "audiorecorder" in element.component_instance.component_name:
                self.recorder = element.component_instance.id
        elif kind == "exception":
            self.exceptions.append(element.exception.message)
        elif kind == "alert" and element.alert.format == Alert.ERROR:
            self.error_messages.append(element.alert.body)


@dataclass
class Answer:
    """Which parts of an answer have come, and when it was complete: the sentence, then the bars."""

    sentence: bool = False
    completed: float | None = None

    def note(self, element: Element) -> None:
        """Note an element of the page."""
        kind = element.WhichOneof("type")
        if kind == "heading" and element.heading.body.startswith(("Sounds", "Cannot tell")):
            self.sentence = True
        is_chart = kind in ("vega_lite_chart", "arrow_vega_lite_chart")
        if is_chart and self.sentence and self.completed is None:
            self.completed = time.perf_counter()


class Server:
    """The app's server in a process of its own."""

    def __enter__(self) -> Server:
        self.port = free_port()
        command = [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "Home.py",
            "--server.port",
            str(self.port),
        ]
        environment = {
            name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")
        }
        environment["MALLOC_ARENA_MAX"] = "1"  # as `make run` starts it
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until_up(self.port)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    @property
    def url(self) -> str:
        return f"localhost:{self.port}"

    def megabytes(self) -> float:
        """Return how much of its memory is resident."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise SystemExit("The memory of a process can only be read on Linux.")


async def at_once(url: str, sessions: int, rounds: int, first_seed: int) -> list[Session]:
    """Run so many sessions that predict so many recordings each, at once and without a pause."""
    clips = [
        [recording(first_seed + session * rounds + number) for number in range(rounds)]
        for session in range(sessions)
    ]
    opened = [await Session.open(url) for _ in range(sessions)]

    async def work(session: Session, own: list[str]) -> None:
        for clip in own:
            await session.predict(clip)

    await asyncio.gather(*(work(session, own) for session, own in zip(opened, clips, strict=True)))
    for session in opened:
        session.socket.close()
    return opened


def percentile(values: list[float], percent: float) -> float:
    return float(np.percentile(values, percent))


def measure_answers() -> Measure:
    """Return the 95th percentile of the seconds until an answer."""
    with Server() as server:
        asyncio.run(at_once(server.url, 1, 2, 10**6))  # warm
        sessions = asyncio.run(at_once(server.url, SESSIONS, ROUNDS, 0))
    answered = [seconds for session in sessions for seconds in session.answered]
    ended = [seconds for session in sessions for seconds in session.ended]
    for name, values in (("answer", answered), ("whole page", ended)):
        median, p95 = statistics.median(values), percentile(values, 95)
        print(
            f"{name}: median {median:.2f} s, p95 {p95:.2f} s, most {max(values):.2f} s",
            file=sys.stderr,
        )
    p95 = percentile(answered, 95)
    return Measure(
        "answers under load, p95",
        ours=p95,
        other=statistics.median(answered),
        compared_with="the median",
        unit="s",
        figure=p95,
        must=3,
        aim=1.5,
        at_most=True,
        figure_unit=" s",
        about=f"{SESSIONS} sessions, no pause, distinct recordings of 4 s",
    )


def measure_memory() -> Measure:
    """Return the growth of the server's memory over many predictions."""
    per_session = PREDICTIONS // MEMORY_SESSIONS
    with Server() as server:
        asyncio.run(at_once(server.url, FIRST, 1, 0))
        before = server.megabytes()
        for number in range(0, MEMORY_SESSIONS, 10):
            asyncio.run(at_once(server.url, 10, per_session, 1000 + number * per_session))
            n_predictions = (number + 10) * per_session
            print(f"{n_predictions} predictions: {server.megabytes():.0f} MB", file=sys.stderr)
        after = server.megabytes()
    return Measure(
        "the server's memory after 1,000 predictions",
        ours=after,
        other=before,
        compared_with="after 20",
        unit="MB",
        figure=after / before,
        must=1.15,
        aim=1.05,
        at_most=True,
    )


if __name__ == "__main__":
    report([measure_answers(), measure_memory()], __doc__ or "")
