"""The log-mel spectrograms of whole corpora, as they are and in disturbed copies, kept in the cache folder.

Conventions: spectrograms are [frames, bands] in dB; rows are positions in the utterance table of all corpora;
copy 0 are the clips as they are.

Computing the spectrograms takes a few minutes once (most of it for codecs). Training then reads them from
memory-mapped files. They are kept by the digests of the clips and of the code that made them, in parts, so
that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from ser_core import audio, corpora
from ser_core.audio import augmentation, effects
from ser_core.audio.augmentation import COPIES, augment
from ser_core.corpora import CORPORA, TRAINING
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.features import logmel
from ser_core.storage.cache_folder import cache_folder

N_COPIES = 1  # of the kinds of `COPIES`: noise is added to each batch anew, in `masking`
_PART = 500  # clips
_STRETCH = 0.15  # the logarithm of the most that a clip is stretched or squeezed in time
_SILENCE_DB = -200.0


@dataclass(frozen=True, eq=False)
class Copy:
    """One copy of all clips.

    `log_mel` are their spectrograms one after the other [frames of all clips, bands], float16. `starts`
    [clips + 1] says where each begins.
    """

    log_mel: npt.NDArray[np.float16]
    starts: npt.NDArray[np.int64]

    def clip(self, row: int) -> npt.NDArray[np.float16]:
        """The spectrogram of one clip, [frames, bands]."""
        return self.log_mel[self.starts[row] : self.starts[row + 1]]


class Clips:
    """All clips of the corpora, in the rows of an utterance table; `copies[0]` are the clips as they are.

    `corpus`, `emotion`, `gender` and `n_frames` [clips] are positions in `corpora`, `EMOTIONS` and `GENDERS`,
    and lengths. `has` [corpora, 8] says which corpus has clips of which emotion.
    """

    def __init__(self, table: pd.DataFrame, copies: Sequence[Copy]) -> None:
        self.table, self.copies = table, tuple(copies)
        self.corpora = tuple(dict.fromkeys(table["corpus"]))
        self.corpus = table["corpus"].map(self.corpora.index).to_numpy(dtype=np.int64)
        self.emotion = table["emotion"].map(EMOTIONS.index).to_numpy(dtype=np.int64)
        self.gender = table["gender"].map(GENDERS.index).to_numpy(dtype=np.int64)
        self.n_frames = np.diff(self.copies[0].starts)
        self.has = np.zeros((len(self.corpora), len(EMOTIONS)), dtype=bool)
        self.has[self.corpus, self.emotion] = True

    def whole(
        self, rows: npt.NDArray[np.int64], copy: int = 0
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """One copy of some clips, padded to the longest.

        Gives spectrograms [rows, frames, bands] in dB, and how many frames each clip has [rows].
        """
        n_frames = np.diff(self.copies[copy].starts)[rows]
        shape = (len(rows), int(n_frames.max()), logmel.N_MELS)
        log_mel = np.full(shape, _SILENCE_DB, np.float32)
        for number, row in enumerate(rows):
            log_mel[number, : n_frames[number]] = self.copies[copy].clip(row)
        return log_mel, n_frames

    def batch(
        self, rows: npt.NDArray[np.int64], frames: int, rng: np.random.Generator, undisturbed: float
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """A random stretch of a random copy of each clip, played up to 16% faster or slower.

        `undisturbed` is the share of clips that are taken as they are. Gives spectrograms
        [rows, frames, bands], padded with 0, and how many frames each has [rows].
        """
        log_mel = np.zeros((len(rows), frames, logmel.N_MELS), np.float32)
        n_frames = np.zeros(len(rows), dtype=np.int64)
        for number, row in enumerate(rows):
            copy = 0 if rng.random() < undisturbed else int(rng.integers(1, len(self.copies)))
            stretch = _random_stretch(self.copies[copy].clip(row), frames, rng)
            log_mel[number, : len(stretch)] = stretch
            n_frames[number] = len(stretch)
        return log_mel, n_frames


def _random_stretch(
    clip: npt.NDArray[np.float16], frames: int, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """At most `frames` frames from a random place of a clip, at a random pace."""
    pace = np.exp(rng.uniform(-_STRETCH, _STRETCH))
    n_needed = int((frames - 1) * pace) + 2
    start = int(rng.integers(0, len(clip) - n_needed + 1)) if len(clip) > n_needed else 0
    part = clip[start : start + n_needed].astype(np.float32)
    n = min(frames, int((len(part) - 1) / pace))
    position = np.arange(n) * pace
    before = position.astype(int)
    after = np.minimum(before + 1, len(part) - 1)
    share_after = (position - before)[:, None].astype(np.float32)
    return np.asarray(part[before] * (1 - share_after) + part[after] * share_after)


def load(names: Sequence[str] = tuple(CORPORA), n_copies: int = N_COPIES, jobs: int = 1) -> Clips:
    """The clips of corpora below `SER_CORPORA`, computed where the cache folder does not have them.

    Parameters
    ----------
    names : sequence of str
        Names of `TRAINING`.
    n_copies : int
        How many kinds of disturbed copies.
    jobs : int
        How many processes compute spectrograms.

    Returns
    -------
    Clips

    Raises
    ------
    SerError
        NOT_FOUND or BAD_CORPUS where a corpus is not there.
    """
    tables = []
    for name in names:
        folder = corpora.resolve(name)
        table = corpora.read_utterances(folder, TRAINING[name])
        tables.append(table.assign(file=[str(folder / path) for path in table["path"]]))
    table = pd.concat(tables, ignore_index=True)
    folder = cache_folder() / "spectrograms" / _digest(table)
    files = table["file"].tolist()
    copies = [_stored_copy(folder, files, number, jobs) for number in range(n_copies + 1)]
    return Clips(table.drop(columns="file"), copies)


def _digest(table: pd.DataFrame) -> str:
    digest = hashlib.sha256("\n".join(table["sha256"]).encode())
    for module in (effects, augmentation, logmel):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:16]


def _stored_copy(folder: Path, files: list[str], number: int, jobs: int) -> Copy:
    """One copy of all clips, from the cache folder; computed where it is not there."""
    whole, starts = folder / f"{number}.npy", folder / f"{number}-starts.npy"
    if not whole.exists():
        folder.mkdir(parents=True, exist_ok=True)
        parts = _compute_parts(folder, files, number, jobs)
        _join_parts(parts, whole, starts)
    return Copy(np.load(whole, mmap_mode="r"), np.load(starts))


def _compute_parts(folder: Path, files: list[str], number: int, jobs: int) -> list[Path]:
    """The files of a copy's spectrograms, some hundred clips each; progress on stderr."""
    starts = range(0, len(files), _PART)
    work = (
        delayed(_stored_part)(
            folder / f"{number}-{start}.npz", files[start : start + _PART], number
        )
        for start in starts
    )
    parts = Parallel(n_jobs=jobs, return_as="generator")(work)
    return list(tqdm(parts, total=len(starts), unit="part", desc=f"spectrograms, copy {number}"))


def _join_parts(parts: list[Path], whole: Path, starts: Path) -> None:
    """Write all parts of a copy to one file, and remove them."""
    stored = [np.load(part) for part in parts]
    n_frames = np.concatenate([part["n_frames"] for part in stored])
    np.save(starts, np.concatenate([[0], np.cumsum(n_frames)]))
    unfinished = whole.with_suffix(".part.npy")
    np.save(unfinished, np.concatenate([part["log_mel"] for part in stored]))
    unfinished.replace(whole)
    for part in parts:
        part.unlink()


def _stored_part(target: Path, files: list[str], number: int) -> Path:
    if not target.exists():
        clips = [_log_mel(Path(file), number) for file in files]
        unfinished = target.with_suffix(".part.npz")
        np.savez(unfinished, log_mel=np.concatenate(clips), n_frames=[len(clip) for clip in clips])
        unfinished.replace(target)
    return target


def _log_mel(file: Path, number: int) -> npt.NDArray[np.float16]:
    recording = audio.load(file)
    samples = recording.samples
    if number:
        samples = augment(COPIES[number - 1], samples, recording.sha256)
    return logmel.log_mel(samples).astype(np.float16)  # 0.06 dB at worst
