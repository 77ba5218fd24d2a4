"""Work on many files over several processes or a cluster: in order, in flat memory, and resumable.

A result is bytes, or the `SerError` of a file that cannot be used. With a checkpoint, a file whose content
an earlier run has done is not worked on again: results are kept by content, not by name.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ser_core.batch.checkpoint import Checkpoint
from ser_core.batch.program import program_digest
from ser_core.errors import ErrorCode, SerError

_FILES_A_TASK = (
    16  # enough that handing them over costs nothing, few enough to share them out evenly
)

_ENDS_THE_RUN = {
    ErrorCode.MODEL_NOT_FOUND,
    ErrorCode.MODEL_TAMPERED,
    ErrorCode.MODEL_SCHEMA,
    ErrorCode.MODEL_VERSION,
    ErrorCode.NOT_WRITABLE,
}
"""Faults of a worker or of this computer, not of a file."""

_RESULT, _ERROR = b"+", b"!"  # the first byte of what a checkpoint holds


@dataclass(frozen=True)
class FileTask:
    """One file to work on, and the further arguments of the work on it."""

    path: Path
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class FileContent:
    """The bytes of a file, and their SHA-256."""

    data: bytes
    sha256: str


Work = Callable[..., bytes]
"""`work(content, *arguments)` gives the result for one file, or raises a `SerError`. `content` is a
`FileContent`; it must be possible to pickle the function."""

_Source = Path | bytes | SerError
_Record = tuple[bytes, bytes | SerError]
"""The key of a file and its result as the checkpoint holds it; or no key and why it cannot be read."""


def map_files(
    work: Work,
    tasks: Sequence[FileTask],
    jobs: int = 1,
    checkpoint: Checkpoint | None = None,
    send_bytes: bool = False,
) -> Iterator[bytes | SerError]:
    """Work on each file, and give the results in order.

    Only some files are in work at a time; of the others, only the paths are held. The work runs on a cluster
    inside `ser_core.batch.cluster.use_cluster`, else in `jobs` processes of this computer. Each of them works
    with one thread.

    Parameters
    ----------
    work : callable
        See `Work`.
    tasks : sequence of FileTask
        The files.
    jobs : int
        How many processes work.
    checkpoint : Checkpoint, optional
        Where results are kept and looked up.
    send_bytes : bool
        Whether this process reads the files and sends their bytes; the workers then need not see them.

    Yields
    ------
    bytes or SerError
        The result for each file, or why it cannot be read or used.

    Raises
    ------
    SerError
        Where a worker lacks a model or has another version of the program, or nothing can be kept.
    """
    from joblib import Parallel, delayed
    from threadpoolctl import threadpool_limits

    earlier: deque[list[bytes | None]] = deque()

    def delayed_calls() -> Iterator[Any]:
        for start in range(0, len(tasks), _FILES_A_TASK):
            group = tasks[start : start + _FILES_A_TASK]
            records = [_look_up(task, checkpoint) for task in group]
            earlier.append(records)
            left = [task for task, record in zip(group, records, strict=True) if record is None]
            sources = [
                (_read(task.path) if send_bytes else task.path, task.arguments) for task in left
            ]
            yield delayed(_work_on)(work, sources, program_digest())

    with threadpool_limits(1):
        run = Parallel(n_jobs=jobs, return_as="generator", batch_size=1, pre_dispatch="3*n_jobs")
        for fresh in run(delayed_calls()):
            yield from _merge(earlier.popleft(), iter(fresh), checkpoint)


def _merge(
    earlier: list[bytes | None], fresh: Iterator[_Record], checkpoint: Checkpoint | None
) -> Iterator[bytes | SerError]:
    """The results of a group of files, those of an earlier run and those of this one, in order."""
    for record in earlier:
        if record is not None:
            yield _result_of(record)
            continue
        key, new_record = next(fresh)
        if isinstance(new_record, SerError):
            yield new_record
            continue
        if checkpoint is not None:
            checkpoint.put(key, new_record)
        yield _result_of(new_record)


def _result_of(record: bytes) -> bytes | SerError:
    if record.startswith(_ERROR):
        return SerError.from_dict(json.loads(record[1:]))
    return record[1:]


def _look_up(task: FileTask, checkpoint: Checkpoint | None) -> bytes | None:
    """What an earlier run left for the content of a file."""
    if checkpoint is None or checkpoint.n_done == 0:
        return None
    data = _read(task.path)
    if isinstance(data, SerError):
        return None
    return checkpoint.get(_key(hashlib.sha256(data).digest(), task.arguments))


def _work_on(
    work: Work, sources: Iterable[tuple[_Source, tuple[Any, ...]]], expected_program: str
) -> list[_Record]:
    """The records of some files, computed in the process that this runs in."""
    if expected_program != program_digest():
        raise SerError(
            ErrorCode.BAD_USAGE,
            "A worker of the cluster has another version of this package, or of a library that it uses.",
            "Install the same on all workers; figures could differ.",
        )
    return [_record(work, source, arguments) for source, arguments in sources]


def _record(work: Work, source: _Source, arguments: tuple[Any, ...]) -> _Record:
    data = _read(source) if isinstance(source, Path) else source
    if isinstance(data, SerError):  # a fault of the file system: it is not kept, but tried again
        return b"", data
    digest = hashlib.sha256(data)
    try:
        record = _RESULT + work(FileContent(data, digest.hexdigest()), *arguments)
    except SerError as error:
        if error.code in _ENDS_THE_RUN:
            raise
        record = _ERROR + json.dumps(error.to_dict()).encode()
    return _key(digest.digest(), arguments), record


def _read(path: Path) -> bytes | SerError:
    from ser_core import audio

    try:
        return audio.read(path)
    except SerError as error:
        return error


def _key(digest: bytes, arguments: tuple[Any, ...]) -> bytes:
    return hashlib.sha256(digest + json.dumps(arguments, default=str).encode()).digest()
