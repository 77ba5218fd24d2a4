"""The process that decodes for another one: what a file does to it, it does to nobody else; see `ser_core.audio.isolated`.

It reads jobs from its standard input and writes what comes of them to its standard output, until the input ends. A job is its length in bytes
and `max_seconds` (`JOB`), then the file. An answer is the length of a JSON object (`ANSWER`), that object, and, where it has `n_samples`,
that many float32 samples.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import select
import signal
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ser_core import audio
from ser_core.errors import SerError

JOB = struct.Struct("<Qd")
ANSWER = struct.Struct("<I")
READY = b"ready"

_AT_REST = 0.05  # seconds
_LATER = 5.0  # seconds after which a worker ends itself, where the process that asked has not
_MOST_FILES = 64  # that may be open: decoding needs none, loading a library some
_BASE_BYTES = 256 * 2**20


def most_seconds(max_seconds: float) -> float:
    """For how long one file may be decoded: many times what the slowest codec needs on a slow machine."""
    return 20.0 + max_seconds / 60


def most_bytes(n_bytes: int, max_seconds: float) -> int:
    """By how much decoding one file may make the process grow: what came in, what comes out, both twice, and what decoders need."""
    return _BASE_BYTES + 2 * n_bytes + 3 * int(max_seconds * audio.SAMPLE_RATE) * 4


def serve() -> None:
    """Decode until there are no more jobs."""
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(
        os.open(os.devnull, os.O_WRONLY), 1
    )  # whatever a library prints must not stand between the answers
    _load_decoders()
    _limit("RLIMIT_CORE", 0)  # a core file would hold the voice
    _limit("RLIMIT_FSIZE", 0)  # nothing is written to disk
    _limit("RLIMIT_NOFILE", _MOST_FILES)
    _write(answers, READY)
    while len(head := jobs.read(JOB.size)) == JOB.size:
        n_bytes, max_seconds = JOB.unpack(head)
        data = jobs.read(n_bytes)
        if len(data) < n_bytes:
            return
        answer = _answer(data, max_seconds)
        del data
        _write(answers, *answer)
        del answer  # while it waits, it holds nothing of anybody
        _give_memory_back_at_rest()


def _answer(data: bytes, max_seconds: float) -> list[bytes | memoryview]:
    samples = None
    _limit_job(len(data), max_seconds)
    _alarm(most_seconds(max_seconds) + _LATER)
    try:
        found = audio.decode(data, max_seconds=max_seconds)
    except SerError as error:
        said: dict[str, object] = {"error": error.to_dict()}
    except MemoryError:
        said = {"memory": most_bytes(len(data), max_seconds)}
    else:
        samples = found.samples
        said = {
            "n_samples": len(samples),
            "sha256": found.sha256,
            "source_rate": found.source_rate,
            "source_channels": found.source_channels,
            "notes": [[note.code, note.message] for note in found.notes],
        }
    _alarm(0)
    text = json.dumps(said).encode()
    head: list[bytes | memoryview] = [ANSWER.pack(len(text)), text]
    return head if samples is None else [*head, samples.data.cast("B")]


def _write(answers: BinaryIO, *parts: bytes | memoryview) -> None:
    try:
        for part in parts:
            answers.write(part)
        answers.flush()
    except BrokenPipeError:  # who asked is gone
        os._exit(0)


def _load_decoders() -> None:
    """Load what decoding needs before its files are limited, by decoding: each library loads parts of itself only when they are used."""
    import soundfile

    tenth = np.sin(np.arange(4800) / 10).astype(np.float32)
    for container in ("WAV", "MP3"):  # one for libsndfile, one for FFmpeg
        buffer = io.BytesIO()
        soundfile.write(buffer, tenth, 8_000, format=container)
        audio.decode(buffer.getvalue())
    with suppress(SerError):
        audio.decode(b"no audio")


def _alarm(seconds: float) -> None:
    """Have the system end this process then, whatever it is at, or (0) not: who started it, and would, may have been killed meanwhile."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _give_memory_back_at_rest() -> None:
    """Where the next job does not come at once, give what was freed back to the system, which clears it, if the C library (glibc) can."""
    if sys.platform.startswith("linux") and not select.select([sys.stdin], [], [], _AT_REST)[0]:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def _limit_job(n_bytes: int, max_seconds: float) -> None:
    """Bound the memory and the processor time of one file; where the system cannot, the process that asked still bounds the time."""
    if not sys.platform.startswith(
        "linux"
    ):  # elsewhere the size of a process is not known, or not bounded
        return
    import resource

    size = (
        int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        * resource.getpagesize()
    )
    _limit("RLIMIT_AS", size + most_bytes(n_bytes, max_seconds))
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit("RLIMIT_CPU", int(used.ru_utime + used.ru_stime + most_seconds(max_seconds)) + 1)


def _limit(name: str, value: int) -> None:
    """Lower a soft limit of this process, or raise it again, as far as the system knows and allows it."""
    with suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(
            kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard)
        )
