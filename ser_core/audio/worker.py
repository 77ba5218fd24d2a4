"""The near end of a decoder process: starts it, sends it files, reads its answers, and ends it.

See `ser_core.audio.decoder_process` for what is sent and answered.
"""

from __future__ import annotations

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
_PACKAGE_PARENT = Path(__file__).resolve().parents[2]
_HINT = (
    "It is damaged or made to do harm: export it again, for example as 16-bit WAV, or leave it out."
)


class StoppedError(Exception):
    """A worker ended, or was ended, before it had answered."""

    hint = _HINT


class Worker:
    """One process that decodes one file at a time.

    Raises
    ------
    SerError
        DECODER_FAILED where no process can be started.
    """

    def __init__(self) -> None:
        code = f"import sys; sys.path.insert(0, {str(_PACKAGE_PARENT)!r}); {_SERVE}"
        # -P: nothing is imported from the current folder, which may be the one of the clips.
        command = [sys.executable, "-P", "-c", code]
        # One thread and one heap: nothing in it works in parallel, and its size is bounded.
        bounds = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **bounds},
                bufsize=0,
            )
        except OSError as error:
            raise start_failure(str(error)) from error
        self.is_ready = False
        _widen(self.process.stdin, self.process.stdout)

    def wait_until_ready(self) -> bool:
        """Wait until the process has loaded its decoders. False where it ended instead."""
        if not self.is_ready:
            with suppress(StoppedError), _Watch(self.process, _START_SECONDS):
                self.is_ready = self._read(len(decoder_process.READY)) == decoder_process.READY
            if not self.is_ready:
                self.end()
        return self.is_ready

    def decode(self, data: bytes, max_seconds: float, sha256: str) -> Recording:
        """Decode a file as `audio.decode` does.

        Raises
        ------
        SerError
            As `audio.decode`; DECODER_FAILED where the file exceeded its bounds.
        StoppedError
            Where the process ended before it had answered, or its answer cannot be true.
        """
        seconds = decoder_process.time_limit(max_seconds)
        with _Watch(self.process, seconds) as watch:
            try:
                self._write(decoder_process.JOB.pack(len(data), max_seconds))
                self._write(data)
                reply = self._read_reply()
                error = None if "n_samples" in reply else _error_of(reply)
                if error is None:
                    recording = self._read_recording(reply, max_seconds, sha256)
            except (StoppedError, ValueError, KeyError, TypeError) as cause:
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(_DYING_SECONDS)  # so that its exit code tells why it ended
                self.end()
                if watch.has_killed():
                    message = f"Decoding the file took more than {seconds:.0f} s and was stopped."
                    raise SerError(ErrorCode.DECODER_FAILED, message, _HINT) from cause
                raise StoppedError(describe_exit(self.process.returncode)) from cause
        if error is not None:
            raise error
        return recording

    def end(self) -> None:
        """End the process, whatever it does at the moment."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _read_reply(self) -> dict[str, Any]:
        (length,) = decoder_process.ANSWER.unpack(self._read(decoder_process.ANSWER.size))
        if length > _MOST_ANSWER_BYTES:
            raise ValueError(f"An answer has at most {_MOST_ANSWER_BYTES} bytes. Got {length}.")
        return dict(json.loads(self._read(length)))

    def _read_recording(self, reply: dict[str, Any], max_seconds: float, sha256: str) -> Recording:
        n_samples = reply["n_samples"]
        # The process has read a stranger's file: its answer is believed no further than it could be true.
        if not 0 <= n_samples <= (max_seconds + 1) * audio.SAMPLE_RATE:
            raise ValueError(
                f"There should be at most {max_seconds:.0f} s of samples. Got {n_samples}."
            )
        samples = np.empty(n_samples, np.float32)
        self._read_into(samples.data.cast("B"))
        samples.flags.writeable = False
        return Recording(
            samples,
            audio.SAMPLE_RATE,
            sha256,
            reply["source_rate"],
            reply["source_channels"],
            tuple(Note(code, message) for code, message in reply["notes"]),
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
                raise StoppedError
            view = view[n_read:]

    def _write(self, data: bytes) -> None:
        pipe: Any = self.process.stdin
        view = memoryview(data)
        try:
            while len(view):
                view = view[pipe.write(view) :]
        except OSError as error:
            raise StoppedError from error


class _Watch:
    """Kills a process that takes more than some seconds over the body of the `with`."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process = process
        self._killed = threading.Event()
        self._timer = threading.Timer(seconds, self._kill)
        self._timer.daemon = True

    def _kill(self) -> None:
        self._killed.set()
        self._process.kill()

    def has_killed(self) -> bool:
        return self._killed.is_set()

    def __enter__(self) -> _Watch:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _widen(*pipes: object) -> None:
    """Let a whole clip into a pipe (Linux); else the processes would take turns for each 64 kB of it."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        for pipe in pipes:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)  # type: ignore[call-overload]


def _error_of(reply: dict[str, Any]) -> SerError:
    if "memory" not in reply:
        return SerError.from_dict(reply["error"])
    limit = reply["memory"] / 2**20
    message = f"Decoding the file took more than {limit:.0f} MB of memory and was stopped."
    return SerError(ErrorCode.DECODER_FAILED, message, _HINT)


def start_failure(reason: str) -> SerError:
    """Make the error of a process that cannot be started; it says why."""
    return SerError(
        ErrorCode.DECODER_FAILED,
        f"The process that decodes cannot be started: {reason}.",
        "Look at the computer's limits on processes and memory.",
    )


def describe_exit(code: int | None) -> str:
    """Say how a process ended: by which signal, or with which exit code."""
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
