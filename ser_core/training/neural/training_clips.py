"""The log-mel spectrograms of whole corpora, as they are and in disturbed copies, kept in the cache folder.

Computing them takes a few minutes once (most of it for codecs); training then reads them from memory-mapped files. They are
kept by the digests of the clips and of the code that made them, in parts, so that an interrupted run goes on where it stopped.
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
from ser_core.audio.augmentation import COPIES, changed_copy
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.features import logmel
from ser_core.storage.cache_folder import cache_folder

N_COPIES = 1  # of the kinds of `COPIES`: the noise is added to each batch anew, in `network`
_PART = 500  # clips
_STRETCH = 0.15  # the logarithm of the most that a clip is stretched or squeezed in time


@dataclass(frozen=True, eq=False)
class Copy:
    """One copy of all clips: their spectrograms one after the other [frames of all clips, bands], float16, and where each begins."""

    log_mel: npt.NDArray[np.float16]
    starts: npt.NDArray[np.int64]

    def clip(self, row: int) -> npt.NDArray[np.float16]:
        return self.log_mel[self.starts[row] : self.starts[row + 1]]


class Clips:
    """All clips of the corpora, in the rows of an utterance table; `copies[0]` are the clips as they are.

    `corpus`, `emotion`, `gender` and `n_frames` [clips] are positions in `corpora`, `EMOTIONS` and `GENDERS`, and lengths;
    `has` [corpora, 8] says which corpus has clips of which emotion.
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
        """One copy of some clips, padded to the longest: spectrograms [rows, frames, bands] in dB, and how many frames each has."""
        n_frames = np.diff(self.copies[copy].starts)[rows]
        log_mel = np.full((len(rows), int(n_frames.max()), logmel.N_MELS), -200.0, np.float32)
        for number, row in enumerate(rows):
            log_mel[number, : n_frames[number]] = self.copies[copy].clip(row)
        return log_mel, n_frames

    def batch(
        self, rows: npt.NDArray[np.int64], frames: int, rng: np.random.Generator, undisturbed: float
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """A random stretch of a random copy of each clip, played up to 16% faster or slower: [rows, frames, bands] and its frames.

        `undisturbed` is the share of clips that are taken as they are.
        """
        log_mel = np.zeros((len(rows), frames, logmel.N_MELS), np.float32)
        n_frames = np.zeros(len(rows), dtype=np.int64)
        for number, row in enumerate(rows):
            copy = 0 if rng.random() < undisturbed else int(rng.integers(1, len(self.copies)))
            clip = self.copies[copy].clip(row)
            pace = np.exp(rng.uniform(-_STRETCH, _STRETCH))
            wanted = int((frames - 1) * pace) + 2
            start = int(rng.integers(0, len(clip) - wanted + 1)) if len(clip) > wanted else 0
            part = clip[start : start + wanted].astype(np.float32)
            n = min(frames, int((len(part) - 1) / pace))
            at = np.arange(n) * pace
            before = at.astype(int)
            after_share = (at - before)[:, None].astype(np.float32)
            log_mel[number, :n] = (
                part[before] * (1 - after_share)
                + part[np.minimum(before + 1, len(part) - 1)] * after_share
            )
            n_frames[number] = n
        return log_mel, n_frames


def load(names: Sequence[str] = tuple(CORPORA), n_copies: int = N_COPIES, jobs: int = 1) -> Clips:
    """The clips of corpora below `SER_CORPORA`, computed where the cache folder does not have them.

    Raises
    ------
    SerError
        NOT_FOUND or BAD_CORPUS where a corpus is not there.
    """
    tables = []
    for name in names:
        folder = corpora.resolve(name)
        table = corpora.utterances(folder, CORPORA[name])
        tables.append(table.assign(file=[str(folder / path) for path in table["path"]]))
    table = pd.concat(tables, ignore_index=True)
    kept = cache_folder() / "spectrograms" / _digest(table)
    return Clips(
        table.drop(columns="file"),
        tuple(_copy(kept, table["file"].tolist(), number, jobs) for number in range(n_copies + 1)),
    )


def _digest(table: pd.DataFrame) -> str:
    digest = hashlib.sha256("\n".join(table["sha256"]).encode())
    for module in (effects, augmentation, logmel):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:16]


def _copy(kept: Path, files: list[str], number: int, jobs: int) -> Copy:
    whole = kept / f"{number}.npy"
    if not whole.exists():
        kept.mkdir(parents=True, exist_ok=True)
        starts = range(0, len(files), _PART)
        work = (
            delayed(_part)(kept / f"{number}-{start}.npz", files[start : start + _PART], number)
            for start in starts
        )
        done = Parallel(n_jobs=jobs, return_as="generator")(work)
        parts = list(
            tqdm(done, total=len(starts), unit="part", desc=f"spectrograms, copy {number}")
        )
        held = [np.load(part) for part in parts]
        np.save(
            kept / f"{number}-starts.npy",
            np.concatenate([[0], np.cumsum(np.concatenate([part["n_frames"] for part in held]))]),
        )
        unfinished = kept / f"{number}.part.npy"
        np.save(unfinished, np.concatenate([part["log_mel"] for part in held]))
        unfinished.replace(whole)
        for part in parts:
            part.unlink()
    return Copy(np.load(whole, mmap_mode="r"), np.load(kept / f"{number}-starts.npy"))


def _part(target: Path, files: list[str], number: int) -> Path:
    if not target.exists():
        clips = [_log_mel(Path(file), number) for file in files]
        unfinished = target.with_suffix(".part.npz")
        np.savez(unfinished, log_mel=np.concatenate(clips), n_frames=[len(clip) for clip in clips])
        unfinished.replace(target)
    return target


def _log_mel(file: Path, number: int) -> npt.NDArray[np.float16]:
    recording = audio.load(file)
    samples = (
        changed_copy(COPIES[number - 1], recording.samples, recording.sha256)
        if number
        else recording.samples
    )
    return logmel.log_mel(samples).astype(np.float16)  # 0.06 dB at worst
