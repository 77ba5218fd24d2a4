"""From audio files to the rows of feature tables: in parallel or on a cluster, and resumable.

Rows come some thousand at a time (`ROWS_A_PART`), so that a table of any length fits into memory.
"""

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
from ser_core.audio.augmentation import augment
from ser_core.batch import checkpoint
from ser_core.batch.checkpoint import Checkpoint
from ser_core.batch.parallel import FileContent, FileTask, map_files
from ser_core.errors import SerError
from ser_core.features import FEATURE_SETS

ROWS_A_PART = 8192
"""How many rows of a table are held, and written, together."""

_MOST_VOICES = 5  # in babble
_DIGEST_BYTES = 32  # SHA-256

FailedClips = list[tuple[str, SerError]]
"""(path as it stands in the table, what is wrong with the clip)."""


@dataclass(frozen=True, eq=False)
class ClipFeatures:
    """The features of a clip, shape [d], its length in seconds, and the digest of its bytes."""

    values: np.ndarray
    duration_s: float
    sha256: str


@dataclass(frozen=True)
class Execution:
    """How the files are worked on; see `ser_core.batch.parallel.map_files`."""

    jobs: int = 1
    send_bytes: bool = False
    checkpoint: Checkpoint | None = None


ONE_PROCESS = Execution()


def measure_recording(recording: Recording, feature_set: str) -> ClipFeatures:
    """Compute the features of a clip of any length.

    Parameters
    ----------
    recording : Recording
        At 16 kHz.
    feature_set : str
        A name in `FEATURE_SETS`.
    """
    return ClipFeatures(
        features.extract_by_windows(recording, feature_set).values,
        round(recording.duration_s, 4),
        recording.sha256,
    )


def extract_files(
    paths: Sequence[Path],
    feature_set: str,
    execution: Execution = ONE_PROCESS,
    copy: str = "",
    voices: Sequence[Sequence[tuple[Path, str]]] = (),
) -> Iterator[ClipFeatures | SerError]:
    """Compute the features of each file, in order; progress goes to stderr.

    Parameters
    ----------
    paths : sequence of Path
        The audio files.
    feature_set : str
        A name in `FEATURE_SETS`.
    execution : Execution
        How the files are worked on.
    copy : str, optional
        Measure an augmented copy of each clip: one of `COPIES`. Empty: the clip as it is.
    voices : sequence, optional
        For each file, the clips that the babble of its noisy copy consists of: path and SHA-256.

    Yields
    ------
    ClipFeatures or SerError
        The features of a file, or why it cannot be used.
    """
    tasks = [FileTask(path) for path in paths]
    if voices:
        tasks = [
            FileTask(path, tuple((str(voice), digest) for voice, digest in of_file))
            for path, of_file in zip(paths, voices, strict=True)
        ]
    work = partial(_extract, feature_set, copy)
    results = map_files(work, tasks, execution.jobs, execution.checkpoint, execution.send_bytes)
    for result in tqdm(results, total=len(tasks), unit="clip", desc=feature_set):
        yield result if isinstance(result, SerError) else _from_bytes(result)


def job_digest(feature_set: str, copy: str = "") -> str:
    """Compute the digest that tells one extraction from another; see `checkpoint.job_digest`."""
    return checkpoint.job_digest("extract", feature_set, copy)


def _extract(feature_set: str, copy: str, content: FileContent, *voices: tuple[str, str]) -> bytes:
    recording = isolated.decode(content.data, sha256=content.sha256)
    if copy:
        others = [_decode_voice(Path(voice)) for voice, _ in voices]
        usable = [samples for samples in others if samples is not None]
        augmented = augment(copy, recording.samples, recording.sha256, usable)
        recording = dataclasses.replace(recording, samples=augmented)
    return _to_bytes(measure_recording(recording, feature_set))


def _to_bytes(clip: ClipFeatures) -> bytes:
    """A clip as the checkpoint keeps it: its digest, then duration and features in float64."""
    figures = np.array([clip.duration_s, *clip.values], dtype="<f8")
    return bytes.fromhex(clip.sha256) + figures.tobytes()


def _from_bytes(record: bytes) -> ClipFeatures:
    figures = np.frombuffer(record, dtype="<f8", offset=_DIGEST_BYTES)
    return ClipFeatures(figures[1:], float(figures[0]), record[:_DIGEST_BYTES].hex())


def _decode_voice(path: Path) -> Samples | None:
    """A clip for babble. One that cannot be used has its own row to say so."""
    try:
        return isolated.load(path).samples
    except SerError:
        return None


def choose_babble(utterances: pd.DataFrame) -> list[list[int]]:
    """Choose the clips that the babble of each utterance consists of.

    These are one to five clips of the same speaker who says the same statement: no split by speaker or by
    statement is undone by it. The choice is the same for the same table everywhere.

    Parameters
    ----------
    utterances : DataFrame
        With the columns speaker, statement and sha256.

    Returns
    -------
    list of list of int
        For each row, the numbers of the chosen rows.
    """
    keys = [utterances["speaker"].to_numpy(), utterances["statement"].to_numpy()]
    rows_of = pd.Series(range(len(utterances))).groupby(keys).agg(list)
    columns = (utterances[name] for name in ("speaker", "statement", "sha256"))
    chosen = []
    for row, (speaker, statement, digest) in enumerate(zip(*columns, strict=True)):
        rng = np.random.default_rng(int(digest[16:32], 16))
        others = [other for other in rows_of[speaker, statement] if other != row]
        order = rng.permutation(len(others))
        n_voices = rng.integers(1, _MOST_VOICES + 1)
        chosen.append([others[number] for number in order[:n_voices]])
    return chosen


def extract_table(
    utterances: pd.DataFrame,
    files: Sequence[Path],
    feature_set: str,
    failed: FailedClips,
    execution: Execution = ONE_PROCESS,
    copy: str = "",
    add_file_columns: bool = False,
) -> Iterator[pd.DataFrame]:
    """Compute the features of an utterance table, some thousand rows at a time.

    Parameters
    ----------
    utterances : DataFrame
        One row a file, with the column path.
    files : sequence of Path
        Where the files are.
    feature_set : str
        A name in `FEATURE_SETS`.
    failed : list
        Takes path and error of the clips that cannot be used.
    execution, copy
        As in `extract_files`.
    add_file_columns : bool, optional
        Whether to add the columns duration_s and sha256, which `utterances` lacks then: no file has to
        be read before for them.

    Yields
    ------
    DataFrame
        The rows of the clips that can be used, with the features as further columns; at least one, which is
        empty where there are no files.
    """
    names = list(FEATURE_SETS[feature_set].names)
    voices = (
        _find_voices(utterances, files) if copy == "noisy" and "statement" in utterances else []
    )
    results = extract_files(files, feature_set, execution, copy, voices)
    for start in range(0, max(len(files), 1), ROWS_A_PART):
        part = utterances.iloc[start : start + ROWS_A_PART]
        part_results = list(itertools.islice(results, len(part)))
        for path, result in zip(part["path"], part_results, strict=True):
            if isinstance(result, SerError):
                failed.append((str(path), result))
        usable = [n for n, result in enumerate(part_results) if isinstance(result, ClipFeatures)]
        clips = [result for result in part_results if isinstance(result, ClipFeatures)]
        rows = part.iloc[usable].reset_index(drop=True)
        if add_file_columns:
            rows["duration_s"] = [clip.duration_s for clip in clips]
            rows["sha256"] = [clip.sha256 for clip in clips]
        values = np.array([clip.values for clip in clips]).reshape(len(clips), len(names))
        yield pd.concat([rows, pd.DataFrame(values, columns=names)], axis=1)


def _find_voices(utterances: pd.DataFrame, files: Sequence[Path]) -> list[list[tuple[Path, str]]]:
    digests = utterances["sha256"].astype(str).tolist()
    return [
        [(files[other], digests[other]) for other in others] for others in choose_babble(utterances)
    ]
