"""Keep the real server busy for half an hour. Run as: python -m benchmarks.soak.

Thousands of recordings in mixed formats, some hostile; sessions that come, go and break off; decoders
that are killed. Writes its part of docs/reliability.md.
"""

from __future__ import annotations

from benchmarks.measuring import ROOT  # isort: skip

import argparse
import asyncio
import base64
import os
import signal
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.load import Server, Session, percentile
from benchmarks.reliability import store
from ser_core import audio
from ser_core.audio.effects import change_speed
from tests.support.hostile import cases
from tests.support.synthesis import FORMATS, RATE

AT_ONCE = 10
ROUNDS = 20
"""How many recordings a session makes before it is closed and another one opens."""
HOSTILE_SHARE = 0.05
KILL_EVERY_S, BREAK_EVERY = 120.0, 50


def recordings(seed: int, n: int) -> Iterator[tuple[str, str]]:
    """Yield (format, or "hostile"; the file in base64) of recordings that are all different.

    They are synthetic voices at other speeds and in other noise.
    """
    rng = np.random.default_rng(seed)
    voices = [
        audio.load(path).samples for path in sorted((ROOT / "data" / "samples").glob("*.flac"))
    ]
    hostile = cases(seed, n)
    for _ in range(n):
        if rng.random() < HOSTILE_SHARE:
            case = next(case for case in hostile if len(case.data) < audio.MAX_UPLOAD_BYTES // 2)
            yield "hostile", base64.b64encode(case.data).decode()
            continue
        name = str(rng.choice(list(FORMATS)))
        spoken = change_speed(voices[rng.integers(len(voices))], float(rng.uniform(0.9, 1.1)))
        samples = np.resize(spoken, int(rng.uniform(2, 6) * RATE))
        noise = rng.normal(0, 0.002, len(samples))
        yield name, base64.b64encode(FORMATS[name]((samples + noise).astype(np.float32))).decode()


class Soak:
    """One run: what it counts."""

    def __init__(self, server: Server, seconds: float, n: int, seed: int) -> None:
        self.server, self.seconds, self.n = server, seconds, n
        self.left = recordings(seed, n)
        self.formats: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.times: list[float] = []
        self.errors: list[str] = []
        self.memory: list[dict[str, float]] = []
        self.start = time.monotonic()

    @property
    def n_sent(self) -> int:
        return self.formats.total()

    async def session(self, rounds: int) -> None:
        """Open a session, send recordings at the pace of the whole, and close it.

        Now and then it breaks off in the middle of a recording.
        """
        session = await Session.open(self.server.url)
        self.counts["sessions"] += 1
        for _ in range(rounds):
            recording = next(self.left, None)
            if recording is None:
                break
            name, encoded = recording
            self.formats[name] += 1
            number = self.n_sent
            due = self.start + self.seconds * number / self.n
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if number % BREAK_EVERY == 0:
                asking = asyncio.create_task(session.ask(encoded))
                await asyncio.sleep(0.05)
                asking.cancel()
                self.counts["broken off"] += 1
                break
            n_messages = len(session.error_messages)
            if await session.ask(encoded):
                self.counts["answered"] += 1
                self.times.append(session.answered[-1])
            elif len(session.error_messages) > n_messages:
                self.counts["refused"] += 1
            else:
                self.counts["lost"] += 1
        failed = [
            *session.exceptions,
            *(text for text in session.error_messages if "Something went wrong" in text),
        ]
        self.counts["exceptions"] += len(failed)
        self.errors += failed
        session.socket.close()

    async def one_after_the_other(self) -> None:
        while self.n_sent < self.n:
            await self.session(ROUNDS)

    async def watch(self) -> None:
        """Note the memory each minute, and kill a decoder now and then."""
        while True:
            await asyncio.sleep(min(60.0, self.seconds / 30))
            decoders = children(self.server.process.pid)
            self.memory.append(
                {
                    "minutes": (time.monotonic() - self.start) / 60,
                    "predictions": self.n_sent,
                    "server_mb": self.server.megabytes(),
                    "decoders_mb": sum(resident_mb(pid) for pid in decoders),
                }
            )
            print(self.memory[-1], dict(self.counts), file=sys.stderr)
            if decoders and time.monotonic() - self.start > KILL_EVERY_S * (
                1 + self.counts["killed"]
            ):
                with suppress(ProcessLookupError):
                    os.kill(decoders[0], signal.SIGKILL)
                    self.counts["killed"] += 1

    async def run(self) -> None:
        """Run all sessions."""
        watching = asyncio.create_task(self.watch())
        await asyncio.gather(*(self.one_after_the_other() for _ in range(AT_ONCE)))
        watching.cancel()


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def resident_mb(pid: int) -> float:
    """Return how much of a process's memory is resident; 0 where it has ended."""
    with suppress(OSError):
        return (
            int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            * os.sysconf("SC_PAGE_SIZE")
            / 2**20
        )
    return 0.0


def growth(memory: list[dict[str, float]]) -> float:
    """Server and decoders together: the median of the last tenth over that of the second (in the first,
    all is loaded).
    """
    total = [at["server_mb"] + at["decoders_mb"] for at in memory]
    tenth = max(1, len(total) // 10)
    return statistics.median(total[-tenth:]) / statistics.median(total[tenth : 2 * tenth])


def main() -> None:
    """Run, store what was counted, and end with an error where an answer was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--recordings", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261125)
    options = parser.parse_args()
    with Server() as server:
        soak = Soak(server, options.seconds, options.recordings, options.seed)
        asyncio.run(soak.run())
        if server.process.poll() is not None:
            raise SystemExit("The server has ended.")
    for error in soak.errors:
        print(error, file=sys.stderr)
    step = max(1, len(soak.memory) // 10)
    result: dict[str, Any] = {
        "seed": options.seed,
        "predictions": soak.n_sent,
        "minutes": (time.monotonic() - soak.start) / 60,
        "at_once": AT_ONCE,
        "formats": {
            name: count for name, count in sorted(soak.formats.items()) if name != "hostile"
        },
        "hostile": soak.formats["hostile"],
        **{
            name.replace(" ", "_"): soak.counts[name]
            for name in (
                "sessions",
                "broken off",
                "answered",
                "refused",
                "lost",
                "exceptions",
                "killed",
            )
        },
        "median_s": statistics.median(soak.times),
        "p95_s": percentile(soak.times, 95),
        "most_s": max(soak.times),
        "growth": growth(soak.memory),
        "memory": soak.memory[::step],
    }
    store("soak", result)
    if result["lost"] or result["exceptions"]:
        raise SystemExit("Something broke: see docs/reliability.md.")


if __name__ == "__main__":
    main()
