"""From audio files to the rows of feature tables: in parallel or on a cluster, resumable, some thousand rows at a time."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from ser_core import features
from ser_core.audio import Recording, Samples, isolated
from ser_core.audio.augmentation import changed_copy
from ser_core.batch import checkpointed
from ser_core.errors import SerError
from ser_core.features import FEATURE_SETS

ROWS_TOGETHER = 8192
"""How many rows of a table are held, and written, together."""

_MOST_VOICES = 5  # in babble
_DIGEST_BYTES = 32  # SHA-256

Failed = list[tuple[str, SerError]]
"""(path as it stands in the table, what is wrong with the clip)."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A clip that could be used: its features, shape [d], its length in seconds, and the digest of its bytes."""

    values: np.ndarray
    duration_s: float
    sha256: str


@dataclass(frozen=True)
class Way:
    """How files are worked on; see `bulk.over_files`."""

    jobs: int = 1
    send: bool = False
    store: checkpointed.Store | None = None


ALONE = Way()


def measured(recording: Recording, feature_set: str) -> Measured:
    """The features of a clip of any length, measured."""
    return Measured(
        features.extract_by_windows(recording, feature_set).values,
        round(recording.duration_s, 4),
        recording.sha256,
    )


def extract_files(
    paths: Sequence[Path],
    feature_set: str,
    way: Way = ALONE,
    copy: str = "",
    voices: Sequence[Sequence[tuple[Path, str]]] = (),
) -> Iterator[Measured | SerError]:
    """The features of each file, or of one of its `COPIES`, or the error it ended in, in order as they are done; progress on stderr.

    `voices` are, for each file, the clips that its noisy copy's babble is made of: path and digest.
    """
    items = [
        checkpointed.Item(
            path, tuple((str(voice), digest) for voice, digest in voices[n]) if voices else ()
        )
        for n, path in enumerate(paths)
    ]
    done = checkpointed.over_files(
        partial(_extracted, feature_set, copy), items, way.jobs, way.store, way.send
    )
    for record in tqdm(done, total=len(items), unit="clip", desc=feature_set):
        yield record if isinstance(record, SerError) else _read(record)


def job_of(feature_set: str, copy: str = "") -> str:
    """Tells one extraction from another, for what is kept of it."""
    return checkpointed.job_of("extract", feature_set, copy)


def _extracted(feature_set: str, copy: str, data: bytes, *voices: tuple[str, str]) -> bytes:
    """The record of a clip: its digest, then duration and features in float64."""
    recording = isolated.decode(data)
    if copy:
        others = [samples for voice, _ in voices if (samples := _samples(Path(voice))) is not None]
        recording = dataclasses.replace(
            recording, samples=changed_copy(copy, recording.samples, recording.sha256, others)
        )
    found = measured(recording, feature_set)
    return (
        bytes.fromhex(found.sha256)
        + np.array([found.duration_s, *found.values], dtype="<f8").tobytes()
    )


def _read(record: bytes) -> Measured:
    duration_s, *_ = figures = np.frombuffer(record, dtype="<f8", offset=_DIGEST_BYTES)
    return Measured(figures[1:], float(duration_s), record[:_DIGEST_BYTES].hex())


def _samples(path: Path) -> Samples | None:
    """A clip for babble; one that cannot be used has its own row to say so and is no fault of the clip it would be behind."""
    try:
        return isolated.load(path).samples
    except SerError:
        return None


def babble_of(about: pd.DataFrame) -> list[list[int]]:
    """For each row of an utterance table, the rows that its babble is made of: one to five clips of the speaker saying the same statement.

    So no split by speaker or by statement is undone by it. The same for the same table everywhere.
    """
    said = (
        pd.Series(range(len(about)))
        .groupby([about["speaker"].to_numpy(), about["statement"].to_numpy()])
        .agg(list)
    )
    chosen = []
    for row, (speaker, statement, digest) in enumerate(
        zip(about["speaker"], about["statement"], about["sha256"], strict=True)
    ):
        rng = np.random.default_rng(int(digest[16:32], 16))
        others = [other for other in said[speaker, statement] if other != row]
        chosen.append(
            [
                others[number]
                for number in rng.permutation(len(others))[: rng.integers(1, _MOST_VOICES + 1)]
            ]
        )
    return chosen


def extract_table(
    about: pd.DataFrame,
    files: Sequence[Path],
    feature_set: str,
    failed: Failed,
    way: Way = ALONE,
    copy: str = "",
) -> Iterator[pd.DataFrame]:
    """`about`, one row a file, with the features beside it, some thousand rows at a time and at least once.

    The rows of files that cannot be used are left out and put into `failed`.
    """
    voices = []
    if copy == "noisy" and "statement" in about:
        voices = [
            [(files[other], str(about["sha256"].iloc[other])) for other in others]
            for others in babble_of(about)
        ]
    names = list(FEATURE_SETS[feature_set].names)
    results = extract_files(files, feature_set, way, copy, voices)
    for start in range(0, max(len(files), 1), ROWS_TOGETHER):
        part = about.iloc[start : start + ROWS_TOGETHER]
        done = list(itertools.islice(results, len(part)))
        good = [number for number, result in enumerate(done) if isinstance(result, Measured)]
        failed += [
            (str(path), result)
            for path, result in zip(part["path"], done, strict=True)
            if isinstance(result, SerError)
        ]
        values = [result.values for result in done if isinstance(result, Measured)]
        features_of = pd.DataFrame(np.array(values).reshape(len(values), len(names)), columns=names)
        yield pd.concat([part.iloc[good].reset_index(drop=True), features_of], axis=1)
