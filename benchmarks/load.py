"""The app under load: many sessions that predict at once, without a pause, and the server's memory. Run as: python -m benchmarks.load.

The real server, and clients that speak Streamlit's own protocol to it as a browser does (twenty Chromiums would take the cores
themselves). Each session opens *Record & predict*, sends a recording of its own, as the recorder does (WebM/Opus in base64), waits for
the answer, and sends the next. An answer is there when the sentence and the bars have arrived; a run, when the script has ended.
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
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from ser_core import audio
from ser_core.audio.effects import resampled_speed
from ser_core.evaluation import DATA_DIR
from tests.support.server import free_port, wait_until_up
from tests.support.synthesis import FORMATS, RATE

SESSIONS, ROUNDS = 20, 5
MEMORY_SESSIONS, PREDICTIONS, FIRST = 50, 1000, 20


def recording(seed: int) -> str:
    """Four seconds of speech as the recorder sends it, in base64: a synthetic voice that ships, at another pitch and in other noise for each seed."""
    rng = np.random.default_rng(seed)
    spoken = audio.load(rng.choice(sorted((DATA_DIR / "samples").glob("*.flac")))).samples
    samples = np.resize(resampled_speed(spoken, float(rng.uniform(0.9, 1.1))), 4 * RATE)
    return base64.b64encode(
        FORMATS["webm"](samples + rng.normal(0, 0.002, len(samples)).astype(np.float32))
    ).decode()


@dataclass
class Session:
    """One session: its connection, what it has been told is wrong, errors of the program, and the seconds until each answer and each end of a run."""

    socket: WebSocketClientConnection
    recorder: str = ""
    page: str = ""
    cache: dict[str, ForwardMsg] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
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
        """Send a recording and wait until its run has ended; gives whether there was an answer."""
        start = time.perf_counter()
        answered = await self.run({"page_script_hash": self.page}, encoded)
        if answered is not None:
            self.answered.append(answered - start)
        self.ended.append(time.perf_counter() - start)
        return answered is not None

    async def run(self, state: dict[str, str], encoded: str | None = None) -> float | None:
        """Run the page's script; gives the time at which the answer was there, if it came."""
        asked = BackMsg()
        for name, value in state.items():
            setattr(asked.rerun_script, name, value)
        if encoded is not None:
            widget = asked.rerun_script.widget_states.widgets.add()
            widget.id, widget.json_value = self.recorder, json.dumps(encoded)
        await self.socket.write_message(asked.SerializeToString(), binary=True)
        sentence = bars = False
        answered = None
        while True:
            data = await self.socket.read_message()
            if data is None:
                raise SystemExit("The server closed the connection.")
            message = ForwardMsg.FromString(data)
            if (
                message.WhichOneof("type") == "ref_hash"
            ):  # what this session has been sent before is only named
                message = self.cache[message.ref_hash]
            elif message.metadata.cacheable:
                self.cache[message.hash] = message
            kind = message.WhichOneof("type")
            if kind == "navigation":
                self.page = message.navigation.page_script_hash
            elif kind == "script_finished":
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return answered
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                element = message.delta.new_element
                of = element.WhichOneof("type")
                if (
                    of == "component_instance"
                    and "audiorecorder" in element.component_instance.component_name
                ):
                    self.recorder = element.component_instance.id
                if of == "exception":
                    self.exceptions.append(element.exception.message)
                elif of == "alert" and element.alert.format == Alert.ERROR:
                    self.told.append(element.alert.body)
                sentence = sentence or (
                    of == "heading" and element.heading.body.startswith(("Sounds", "Cannot tell"))
                )
                bars = bars or (of in ("vega_lite_chart", "arrow_vega_lite_chart") and sentence)
                if sentence and bars and answered is None:
                    answered = time.perf_counter()


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
        """What of its memory is resident."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise SystemExit("The memory of a process can only be read on Linux.")


async def at_once(url: str, sessions: int, rounds: int, first_seed: int) -> list[Session]:
    """So many sessions that predict so many recordings each, at once and without a pause."""
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


def measured() -> list[Measure]:
    """The answer's 95th percentile, and the growth of memory."""
    with Server() as server:
        asyncio.run(at_once(server.url, 1, 2, 10**6))  # warm
        start = time.perf_counter()
        sessions = asyncio.run(at_once(server.url, SESSIONS, ROUNDS, 0))
        spent = time.perf_counter() - start
    answered = [seconds for session in sessions for seconds in session.answered]
    ended = [seconds for session in sessions for seconds in session.ended]
    print(
        f"{SESSIONS} sessions, {len(answered)} answers in {spent:.1f} s, making the clips included",
        file=sys.stderr,
    )
    for name, values in (("answer", answered), ("whole page", ended)):
        print(
            f"{name}: median {statistics.median(values):.2f} s, p95 {percentile(values, 95):.2f} s, most {max(values):.2f} s",
            file=sys.stderr,
        )
    with Server() as server:
        asyncio.run(at_once(server.url, FIRST, 1, 0))
        before = server.megabytes()
        per_session = PREDICTIONS // MEMORY_SESSIONS
        for number in range(0, MEMORY_SESSIONS, 10):
            asyncio.run(at_once(server.url, 10, per_session, 1000 + number * per_session))
            print(
                f"{(number + 10) * per_session} predictions: {server.megabytes():.0f} MB",
                file=sys.stderr,
            )
        after = server.megabytes()
    p95 = percentile(answered, 95)
    about = f"{SESSIONS} sessions, no pause, distinct recordings of 4 s"
    return [
        Measure(
            "answers under load, p95",
            p95,
            statistics.median(answered),
            "the median",
            "s",
            p95,
            3,
            1.5,
            at_most=True,
            figure_unit=" s",
            about=about,
        ),
        Measure(
            "the server's memory after 1,000 predictions",
            after,
            before,
            "after 20",
            "MB",
            after / before,
            1.15,
            1.05,
            at_most=True,
        ),
    ]


if __name__ == "__main__":
    report(measured(), __doc__ or "")
