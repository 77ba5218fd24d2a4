"""Decoding in a process of its own: a file that harms the decoder costs that file and nothing else.

A file can crash a native decoder, hang it or fill its memory. Workers (`ser_core.audio.decoder_process`) wait
for the next file; one that died or had to be killed is replaced. They write nothing to disk and end when the
process that started them does.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import threading
from pathlib import Path

from ser_core import audio
from ser_core.audio.recording import Recording
from ser_core.audio.worker import StoppedError, Worker, describe_exit, start_failure
from ser_core.errors import ErrorCode, SerError

_idle: list[Worker] = []  # no clip is in them
_guard = threading.Lock()


def load(path: str | Path, *, max_seconds: float | None = None) -> Recording:
    """Read one audio file, and decode it as `decode` does.

    Parameters
    ----------
    path : str or Path
        The file.
    max_seconds : float, optional
        As in `audio.decode`.

    Raises
    ------
    SerError
        As `audio.read` and `decode`.
    """
    return decode(audio.read(path), max_seconds=max_seconds)


def decode(
    data: bytes,
    *,
    max_bytes: int | None = None,
    max_seconds: float | None = None,
    sha256: str | None = None,
) -> Recording:
    """Decode an audio file in a process of its own, with bounds on time and (on Linux) memory.

    Parameters
    ----------
    data, max_bytes, max_seconds, sha256
        As in `audio.decode`.

    Returns
    -------
    Recording
        What `audio.decode` gives.

    Raises
    ------
    SerError
        As `audio.decode`; DECODER_FAILED where the file crashed the decoder or exceeded its bounds, or where
        no process can be started.
    """
    audio.check_size(len(data), max_bytes)
    if sha256 is None:
        sha256 = hashlib.sha256(data).hexdigest()
    bound = audio.MAX_SECONDS if max_seconds is None else max_seconds
    while True:
        worker, is_new = _take_worker()
        try:
            if worker.wait_until_ready():
                recording = worker.decode(data, bound, sha256)
            elif is_new:
                raise start_failure(describe_exit(worker.process.returncode))
            else:
                continue
        except StoppedError as error:
            if is_new:
                raise SerError(
                    ErrorCode.DECODER_FAILED,
                    f"The file broke the decoder off ({error}).",
                    error.hint,
                ) from error
            continue  # it may have died of something else before; a new one will tell
        except SerError:
            _give_back(worker)
            raise
        except BaseException:  # in the middle of an answer, which nobody will read
            worker.end()
            raise
        _give_back(worker)
        return recording


def start_worker() -> None:
    """Begin to start a worker, so that the first file does not wait for it."""
    _give_back(_take_worker()[0])


def _take_worker() -> tuple[Worker, bool]:
    """A worker that no other thread uses, and whether it is a new one."""
    with _guard:
        if _idle:
            return _idle.pop(), False
    return Worker(), True


def _give_back(worker: Worker) -> None:
    if worker.process.poll() is None:
        with _guard:
            if len(_idle) < (os.cpu_count() or 1):
                _idle.append(worker)
                return
    worker.end()


def _end_all() -> None:
    while _idle:
        _idle.pop().end()


def _reset_after_fork() -> None:
    """In a forked child: no two processes may use one worker, and another thread may have held the lock."""
    global _guard
    _guard = threading.Lock()
    _idle.clear()


atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)
