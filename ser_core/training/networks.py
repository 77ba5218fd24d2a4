"""The networks of all runs: trained one after the other or side by side, and what each says of the clips it has not heard.

Checkpoints (one an epoch) and logits are kept in the cache folder under the digest of the spectrograms and of the code, so
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

from ser_core.cache import cache_folder
from ser_core.emotions import LABELS
from ser_core.models.estimators import Probabilities
from ser_core.training import network, spectrograms
from ser_core.training.joint import ASKED, Opinions
from ser_core.training.network import Net
from ser_core.training.runs import Run
from ser_core.training.spectrograms import Clips


def train_all(clips: Clips, runs: Sequence[Run], seeds: Sequence[int], jobs: int = 1) -> dict[tuple[str, int], Opinions]:
    """Train a network for each run and seed; gives what each says of its run's clips for calibration and test."""
    folder = cache_folder() / "networks" / _digest(clips)
    folder.mkdir(parents=True, exist_ok=True)
    work = [(run, seed) for seed in seeds for run in runs]
    jobs = 1 if torch.cuda.is_available() else jobs
    done = Parallel(n_jobs=jobs, return_as="generator")(delayed(_opinions)(clips, run, seed, folder, jobs) for run, seed in work)
    progress = tqdm(done, total=len(work), unit="network", desc="networks")
    return {(run.name, seed): opinions for (run, seed), opinions in zip(work, progress, strict=True)}


def trained(clips: Clips, run: Run, seed: int) -> Net:
    """The network of a run and seed, from its checkpoint."""
    rows = run.train
    return network.train(clips, rows, seed, cache_folder() / "networks" / _digest(clips) / f"{run.name}-{seed}.pt")


def _opinions(clips: Clips, run: Run, seed: int, folder: Path, jobs: int) -> Opinions:
    kept = folder / f"{run.name}-{seed}.npz"
    if not kept.exists():
        if jobs > 1:
            torch.set_num_threads(1)  # the networks share the processor
        net = network.train(clips, run.train, seed, folder / f"{run.name}-{seed}.pt")
        rows = np.flatnonzero(run.calibrate | run.test)
        found = {copy: dict(zip(LABELS, network.logits(net, clips, rows, number), strict=True)) for number, copy in enumerate(ASKED)}
        unfinished = kept.with_suffix(".part.npz")
        np.savez(unfinished, rows=rows, **{f"{task}_{copy}": logits for copy, of_copy in found.items() for task, logits in of_copy.items()})
        unfinished.replace(kept)
    with np.load(kept) as stored:
        return Opinions(stored["rows"], {copy: {task: _softmax(stored[f"{task}_{copy}"]) for task in LABELS} for copy in ASKED})


def _softmax(logits: npt.NDArray[np.float32]) -> Probabilities:
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _digest(clips: Clips) -> str:
    digest = hashlib.sha256("\n".join(clips.table["sha256"]).encode())
    for module in (network, spectrograms):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:16]
