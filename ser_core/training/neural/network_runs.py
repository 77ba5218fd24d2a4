"""The networks of all runs: trained one after the other or side by side, and what each says of the clips it has not heard.

Checkpoints (one an epoch) and embeddings are kept in the cache folder under the digest of the spectrograms and of the code, so
that the same command goes on after an interruption and does nothing twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from joblib import Parallel, delayed
from tqdm import tqdm

from ser_core.emotions import LABELS
from ser_core.models.estimators import Probabilities
from ser_core.storage.cache_folder import cache_folder
from ser_core.training.joint import ASKED, Opinions, Rows
from ser_core.training.neural import masking, network, optimisation, training_clips
from ser_core.training.neural.network import Net
from ser_core.training.neural.training_clips import Clips
from ser_core.training.runs import Run


def train_all(
    clips: Clips, runs: Sequence[Run], seeds: Sequence[int], jobs: int = 1
) -> dict[tuple[str, int], Opinions]:
    """Train a network for each run and seed; gives what each says of its run's clips for calibration and test."""
    folder = _folder(clips)
    folder.mkdir(parents=True, exist_ok=True)
    work = [(run, seed) for seed in seeds for run in runs]
    jobs = 1 if torch.cuda.is_available() else jobs
    done = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_embeddings)(clips, run, seed, folder, jobs) for run, seed in work
    )
    progress = tqdm(done, total=len(work), unit="network", desc="networks")
    return {
        (run.name, seed): _opinions(kept, trained(clips, run, seed))
        for (run, seed), kept in zip(work, progress, strict=True)
    }


def trained(clips: Clips, run: Run, seed: int) -> Net:
    """The network of a run and seed, from its checkpoint."""
    return optimisation.train(clips, run.train, seed, _folder(clips) / f"{run.name}-{seed}.pt")


def _embeddings(clips: Clips, run: Run, seed: int, folder: Path, jobs: int) -> Path:
    """Where the embeddings of a run's clips are kept, made where they are not there."""
    kept = folder / f"{run.name}-{seed}.npz"
    if not kept.exists():
        if jobs > 1:
            torch.set_num_threads(1)  # the networks share the processor
        net = optimisation.train(clips, run.train, seed, folder / f"{run.name}-{seed}.pt")
        rows = np.flatnonzero(run.calibrate | run.test)
        unfinished = kept.with_suffix(".part.npz")
        np.savez(
            unfinished,
            rows=rows,
            **{
                copy: network.embeddings(net, clips, rows, number)
                for number, copy in enumerate(ASKED)
            },
        )
        unfinished.replace(kept)
    return kept


def _opinions(kept: Path, net: Net) -> Opinions:
    with np.load(kept) as stored:
        rows, embedded = stored["rows"], {copy: stored[copy] for copy in ASKED}
    logits = {
        copy: dict(zip(LABELS, network.logits(net, of_copy), strict=True))
        for copy, of_copy in embedded.items()
    }

    def enrolled(asked: Rows, baselines: Sequence[Rows]) -> Probabilities:
        of_clips = embedded[ASKED[0]]
        at = np.searchsorted(rows, asked)
        baseline = np.array(
            [of_clips[np.searchsorted(rows, own)].mean(axis=0) for own in baselines]
        )
        return _softmax(
            logits[ASKED[0]]["emotion"][at] + network.shifts(net, of_clips[at], baseline)
        )

    return Opinions(
        rows,
        {
            copy: {task: _softmax(of_task) for task, of_task in of_copy.items()}
            for copy, of_copy in logits.items()
        },
        enrolled,
    )


def _softmax(logits: npt.NDArray[np.float32]) -> Probabilities:
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _folder(clips: Clips) -> Path:
    return cache_folder() / "networks" / _digest(clips)


def _digest(clips: Clips) -> str:
    digest = hashlib.sha256("\n".join(clips.table["sha256"]).encode())
    for module in (network, masking, optimisation, training_clips):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:16]
