"""Decoding in a process of its own: a file that crashes a native decoder, hangs it or blows it up costs that file and nothing else.

Workers (`ser_core.audio.decoder_process`) wait for the next file; one that died or had to be killed is replaced. They write nothing to disk and end when
the process that started them does.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ser_core import audio
from ser_core.audio import decoder_process
from ser_core.audio.recording import Note, Recording
from ser_core.errors import ErrorCode, SerError

_START_SECONDS = 60.0
_DYING_SECONDS = 1.0
_MOST_ANSWER_BYTES = 2**20
_PIPE_BYTES = 2**20  # what Linux lets anyone have
_SERVE = "from ser_core.audio.decoder_process import serve; serve()"
_ROOT = Path(__file__).resolve().parents[2]
_HINT = (
    "It is damaged or made to do harm: export it again, for example as 16-bit WAV, or leave it out."
)

_idle: list[_Worker] = []  # no clip is in them
_guard = threading.Lock()


class _StoppedError(Exception):
    """A worker ended, or was ended, before it had answered."""


class _Worker:
    """One process that decodes one file at a time."""

    def __init__(self) -> None:
        code = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); {_SERVE}"
        # One thread and one heap: nothing in it works in parallel, and its size is bounded.
        env = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "1",
        }
        command = [
            sys.executable,
            "-P",
            "-c",
            code,
        ]  # -P: nothing is imported from the current folder, which may be the one of the clips
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=env,
                bufsize=0,
            )
        except OSError as error:
            raise _not_started(str(error)) from error
        self.is_ready = False
        _widen(self.process.stdin, self.process.stdout)

    def starts(self) -> bool:
        """Whether it has loaded what it decodes with, when it has, or ended instead."""
        if not self.is_ready:
            with suppress(_StoppedError), _Watch(self.process, _START_SECONDS):
                self.is_ready = self._read(len(decoder_process.READY)) == decoder_process.READY
            if not self.is_ready:
                self.end()
        return self.is_ready

    def decode(self, data: bytes, max_seconds: float) -> Recording:
        """As `audio.decode`; `_StoppedError` where the process did not live to answer."""
        seconds = decoder_process.most_seconds(max_seconds)
        with _Watch(self.process, seconds) as killed:
            try:
                self._write(decoder_process.JOB.pack(len(data), max_seconds))
                self._write(data)
                said = self._answer()
                found = (
                    self._recording(said, max_seconds) if "n_samples" in said else _error_of(said)
                )
            except (_StoppedError, ValueError, KeyError, TypeError) as error:
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(_DYING_SECONDS)  # of itself, to know of what
                self.end()
                if killed.is_set():
                    raise _failed(
                        f"Decoding the file took more than {seconds:.0f} s and was stopped."
                    ) from error
                raise _StoppedError(_death(self.process.returncode)) from error
        if isinstance(found, SerError):
            raise found
        return found

    def end(self) -> None:
        """End the process, whatever it is at."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _answer(self) -> dict[str, Any]:
        (length,) = decoder_process.ANSWER.unpack(self._read(decoder_process.ANSWER.size))
        if length > _MOST_ANSWER_BYTES:
            raise ValueError(f"An answer has at most {_MOST_ANSWER_BYTES} bytes. Got {length}.")
        return dict(json.loads(self._read(length)))

    def _recording(self, said: dict[str, Any], max_seconds: float) -> Recording:
        n_samples = said["n_samples"]
        # The process read a stranger's file: what it says is believed no further than it could be true.
        if not 0 <= n_samples <= (max_seconds + 1) * audio.SAMPLE_RATE:
            raise ValueError(
                f"At most {max_seconds:.0f} s of samples were asked for. Got {n_samples}."
            )
        samples = np.empty(n_samples, np.float32)
        self._read_into(samples.data.cast("B"))
        samples.flags.writeable = False
        notes = tuple(Note(code, message) for code, message in said["notes"])
        return Recording(
            samples,
            audio.SAMPLE_RATE,
            said["sha256"],
            said["source_rate"],
            said["source_channels"],
            notes,
        )

    def _read(self, n_bytes: int) -> bytes:
        buffer = bytearray(n_bytes)
        self._read_into(memoryview(buffer))
        return bytes(buffer)

    def _read_into(self, view: memoryview) -> None:
        pipe: Any = self.process.stdout
        while len(view):
            n_read = pipe.readinto(view)
            if not n_read:
                raise _StoppedError
            view = view[n_read:]

    def _write(self, data: bytes) -> None:
        pipe: Any = self.process.stdin
        view = memoryview(data)
        try:
            while len(view):
                view = view[pipe.write(view) :]
        except OSError as error:
            raise _StoppedError from error


class _Watch:
    """Kills a process that takes too long over the body; then `is_set`."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process, self._over = process, threading.Event()
        self._timer = threading.Timer(seconds, self._kill)
        self._timer.daemon = True

    def _kill(self) -> None:
        self._over.set()
        self._process.kill()

    def is_set(self) -> bool:
        return self._over.is_set()

    def __enter__(self) -> _Watch:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def load(path: str | Path, *, max_seconds: float | None = None) -> Recording:
    """`audio.load`, decoded as `decode` does."""
    return decode(audio.read(path), max_seconds=max_seconds)


def decode(
    data: bytes, *, max_bytes: int | None = None, max_seconds: float | None = None
) -> Recording:
    """`audio.decode` in a process of its own, with bounds on time and (on Linux) memory.

    Raises
    ------
    SerError
        As `audio.decode`; DECODER_FAILED where the file crashed the decoder or went beyond its bounds, or where no process can be started.
    """
    audio.check_size(len(data), max_bytes)
    bound = audio.MAX_SECONDS if max_seconds is None else max_seconds
    while True:
        one, is_new = _taken()
        try:
            if one.starts():
                found = one.decode(data, bound)
            elif is_new:
                raise _not_started(_death(one.process.returncode))
            else:
                continue
        except _StoppedError as error:
            if is_new:
                raise _failed(f"The file broke the decoder off ({error}).") from error
            continue  # it may have died of something else before; a new one will tell
        except SerError:
            _give_back(one)
            raise
        except BaseException:  # in the middle of an answer, which nobody will read
            one.end()
            raise
        _give_back(one)
        return found


def start_worker() -> None:
    """Begin to start a worker, so that the first file does not wait for it."""
    _give_back(_taken()[0])


def _taken() -> tuple[_Worker, bool]:
    """A worker that nobody else has, and whether it is a new one."""
    with _guard:
        if _idle:
            return _idle.pop(), False
    return _Worker(), True


def _give_back(one: _Worker) -> None:
    if one.process.poll() is None:
        with _guard:
            if len(_idle) < (os.cpu_count() or 1):
                _idle.append(one)
                return
    one.end()


def _end_all() -> None:
    while _idle:
        _idle.pop().end()


def _start_anew() -> None:
    """In a forked child: two processes must not speak to the same worker, and another thread may have held the lock."""
    global _guard
    _guard = threading.Lock()
    _idle.clear()


atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)


def _widen(*pipes: object) -> None:
    """Let a whole clip into a pipe, where the system can (Linux): else the two processes would take turns for each 64 kB of it."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        for pipe in pipes:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)  # type: ignore[call-overload]


def _error_of(said: dict[str, Any]) -> SerError:
    if "memory" in said:
        return _failed(
            f"Decoding the file took more than {said['memory'] / 2**20:.0f} MB of memory and was stopped."
        )
    return SerError.from_dict(said["error"])


def _failed(message: str) -> SerError:
    return SerError(ErrorCode.DECODER_FAILED, message, _HINT)


def _not_started(why: str) -> SerError:
    return SerError(
        ErrorCode.DECODER_FAILED,
        f"The process that decodes cannot be started: {why}.",
        "Look at the computer's limits on processes and memory.",
    )


def _death(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
