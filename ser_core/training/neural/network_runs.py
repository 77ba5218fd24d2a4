"""The networks of all joint runs: trained one after the other or side by side, and what each predicts.

Checkpoints (one an epoch) and embeddings are kept in the cache folder under the digest of the spectrograms
and of the code, so that the same command goes on after an interruption and does nothing twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from joblib import Parallel, delayed
from tqdm import tqdm

from ser_core.emotions import LABELS
from ser_core.models.pooling import Probabilities, softmax
from ser_core.storage.cache_folder import cache_folder
from ser_core.training.member_predictions import AS_IT_IS, VERSIONS, MemberPredictions
from ser_core.training.neural import masking, network, optimisation, training_clips
from ser_core.training.neural.network import Net
from ser_core.training.neural.training_clips import Clips
from ser_core.training.runs import Rows, Run


def train_all(
    clips: Clips, runs: Sequence[Run], seeds: Sequence[int], jobs: int = 1
) -> dict[tuple[str, int], MemberPredictions]:
    """Train a network for each run and seed, and predict its run's clips for calibration and test.

    Parameters
    ----------
    clips : Clips
        The spectrograms of all corpora.
    runs : sequence of Run
    seeds : sequence of int
    jobs : int
        How many networks are trained at a time; one on a GPU.

    Returns
    -------
    dict of MemberPredictions
        By the name of the run and the seed.
    """
    folder = _folder(clips)
    folder.mkdir(parents=True, exist_ok=True)
    work = [(run, seed) for seed in seeds for run in runs]
    jobs = 1 if torch.cuda.is_available() else jobs
    stored = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_embeddings)(clips, run, seed, folder, jobs) for run, seed in work
    )
    progress = tqdm(stored, total=len(work), unit="network", desc="networks")
    return {
        (run.name, seed): _stored_predictions(file, trained(clips, run, seed))
        for (run, seed), file in zip(work, progress, strict=True)
    }


def trained(clips: Clips, run: Run, seed: int) -> Net:
    """The network of a run and seed, from its checkpoint."""
    return optimisation.train(clips, run.train, seed, _folder(clips) / f"{run.name}-{seed}.pt")


def _embeddings(clips: Clips, run: Run, seed: int, folder: Path, jobs: int) -> Path:
    """The file with the embeddings of a run's clips, made where it is missing."""
    file = folder / f"{run.name}-{seed}.npz"
    if file.exists():
        return file
    if jobs > 1:
        torch.set_num_threads(1)  # the networks share the processor
    net = optimisation.train(clips, run.train, seed, folder / f"{run.name}-{seed}.pt")
    rows = np.flatnonzero(run.calibrate | run.test)
    by_version = {
        version: network.embeddings(net, clips, rows, copy) for copy, version in enumerate(VERSIONS)
    }
    unfinished = file.with_suffix(".part.npz")
    np.savez(unfinished, rows=rows, **by_version)
    unfinished.replace(file)
    return file


def _stored_predictions(file: Path, net: Net) -> MemberPredictions:
    with np.load(file) as stored:
        rows = stored["rows"]
        embedded = {version: stored[version] for version in VERSIONS}
    logits = {
        version: dict(zip(LABELS, network.logits(net, of_version), strict=True))
        for version, of_version in embedded.items()
    }

    def predict_enrolled(clips: Rows, baselines: Sequence[Rows]) -> Probabilities:
        embeddings = embedded[AS_IT_IS]
        positions = np.searchsorted(rows, clips)
        baseline = np.array(
            [embeddings[np.searchsorted(rows, neutral)].mean(axis=0) for neutral in baselines]
        )
        shifts = network.shifts(net, embeddings[positions], baseline)
        return softmax((logits[AS_IT_IS]["emotion"][positions] + shifts).astype(np.float64))

    probabilities = {
        version: {task: softmax(of_task.astype(np.float64)) for task, of_task in by_task.items()}
        for version, by_task in logits.items()
    }
    return MemberPredictions(rows, probabilities, predict_enrolled)


def _folder(clips: Clips) -> Path:
    return cache_folder() / "networks" / _digest(clips)


def _digest(clips: Clips) -> str:
    digest = hashlib.sha256("\n".join(clips.table["sha256"]).encode())
    for module in (network, masking, optimisation, training_clips):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:16]
