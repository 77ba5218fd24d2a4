"""The process that decodes for another one: what a file does to it, it does to nobody else.

See `ser_core.audio.isolated`, which starts it. It reads jobs from its standard input and writes answers to
its standard output until the input ends. A job is its length in bytes and `max_seconds` (`JOB`), then the
file. An answer is the length of a JSON object (`ANSWER`), that object, and, where it has `n_samples`, that
many float32 samples.
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

_IDLE_SECONDS = 0.05  # without a job, until freed memory goes back to the system
_GRACE_SECONDS = 5.0  # until the process ends itself where the one that asked has not ended it
_MOST_OPEN_FILES = 64  # decoding needs none, loading a library some
_BASE_BYTES = 256 * 2**20


def time_limit(max_seconds: float) -> float:
    """Return for how many seconds one file may be decoded.

    That is many times what the slowest codec needs on a slow machine.

    Parameters
    ----------
    max_seconds : float
        How much sound is decoded at most.
    """
    return 20.0 + max_seconds / 60


def memory_limit(n_bytes: int, max_seconds: float) -> int:
    """Return by how many bytes decoding one file may make the process grow.

    That is twice the file, more than twice the samples, and what decoders need.

    Parameters
    ----------
    n_bytes : int
        The size of the file.
    max_seconds : float
        How much sound is decoded at most.
    """
    return _BASE_BYTES + 2 * n_bytes + 3 * int(max_seconds * audio.SAMPLE_RATE) * 4


def serve() -> None:
    """Decode until there are no more jobs."""
    jobs = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not stand between the answers.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _load_decoders()
    _limit("RLIMIT_CORE", 0)  # a core file would hold the voice
    _limit("RLIMIT_FSIZE", 0)  # nothing is written to disk
    _limit("RLIMIT_NOFILE", _MOST_OPEN_FILES)
    _write(answers, READY)
    while len(head := jobs.read(JOB.size)) == JOB.size:
        n_bytes, max_seconds = JOB.unpack(head)
        data = jobs.read(n_bytes)
        if len(data) < n_bytes:
            return
        answer = _answer(data, max_seconds)
        del data
        _write(answers, *answer)
        del answer  # a process that waits holds nobody's voice
        _free_memory_when_idle()


def _answer(data: bytes, max_seconds: float) -> list[bytes | memoryview]:
    samples = None
    _limit_job(len(data), max_seconds)
    _set_alarm(time_limit(max_seconds) + _GRACE_SECONDS)
    try:
        # The one that asked has the digest of the file.
        recording = audio.decode(data, max_seconds=max_seconds, sha256="")
    except SerError as error:
        reply: dict[str, object] = {"error": error.to_dict()}
    except MemoryError:
        reply = {"memory": memory_limit(len(data), max_seconds)}
    else:
        samples = recording.samples
        reply = {
            "n_samples": len(samples),
            "source_rate": recording.source_rate,
            "source_channels": recording.source_channels,
            "notes": [[note.code, note.message] for note in recording.notes],
        }
    _set_alarm(0)
    text = json.dumps(reply).encode()
    head: list[bytes | memoryview] = [ANSWER.pack(len(text)), text]
    return head if samples is None else [*head, samples.data.cast("B")]


def _write(answers: BinaryIO, *parts: bytes | memoryview) -> None:
    try:
        for part in parts:
            answers.write(part)
        answers.flush()
    except BrokenPipeError:  # the process that asked has ended
        os._exit(0)


def _load_decoders() -> None:
    """Load, by decoding, all that decoding needs, before open files are limited."""
    import soundfile

    tenth = np.sin(np.arange(4800) / 10).astype(np.float32)
    for container in ("WAV", "MP3"):  # one for libsndfile, one for FFmpeg
        buffer = io.BytesIO()
        soundfile.write(buffer, tenth, 8_000, format=container)
        audio.decode(buffer.getvalue())
    with suppress(SerError):
        audio.decode(b"no audio")


def _set_alarm(seconds: float) -> None:
    """Have the system end this process after some seconds; 0 takes that back.

    The process that started it would do so, but may have been killed meanwhile.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _free_memory_when_idle() -> None:
    """Give freed memory back to the system, which clears it, if no job comes at once (glibc only)."""
    if not sys.platform.startswith("linux"):
        return
    ready, _, _ = select.select([sys.stdin], [], [], _IDLE_SECONDS)
    if not ready:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def _limit_job(n_bytes: int, max_seconds: float) -> None:
    """Bound the memory and the processor time of one file, on Linux.

    Elsewhere the size of a process is not known or not bounded; the process that asked bounds the time.
    """
    if not sys.platform.startswith("linux"):
        return
    import resource

    n_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    size = n_pages * resource.getpagesize()
    _limit("RLIMIT_AS", size + memory_limit(n_bytes, max_seconds))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used_seconds = usage.ru_utime + usage.ru_stime
    _limit("RLIMIT_CPU", int(used_seconds + time_limit(max_seconds)) + 1)


def _limit(name: str, value: int) -> None:
    """Set a soft limit of this process, as far as the system knows and allows it."""
    with suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (soft, hard))
