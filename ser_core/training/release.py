"""From the joint runs to the models that ship: the models of all corpora, and the fold models of run 1.

The networks and perceptrons of the runs are trained, or taken from the cache folder. The saved models are
fitted on every speaker. Their pool weights (with the temperature in them) cannot be fitted on themselves and
come from the runs; the card says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ser_core import models
from ser_core.emotions import LABELS
from ser_core.errors import ErrorCode, SerError
from ser_core.features import cues
from ser_core.features.cues import AverageSpeech
from ser_core.features.tables import JointTable, read_joint_table
from ser_core.models import ModelCard
from ser_core.models.kinds import (
    BAGGED_PERCEPTRONS,
    COMBINATION,
    JOINT_KINDS,
    NETWORK,
    PERCEPTRONS_FEATURE_SET,
)
from ser_core.storage import paths
from ser_core.training import bagged_perceptrons, runs
from ser_core.training.member_predictions import (
    JointPredictions,
    MemberPredictions,
)
from ser_core.training.pooled_predictions import PooledPredictions
from ser_core.training.release_cards import FINAL, SEEDS, joint_card
from ser_core.training.release_parameters import released_parameters
from ser_core.training.runs import Run

N_SEEDS = {
    "unseen_speakers": len(SEEDS),
    "corpus_left_out": 2,
    "single_corpus": 1,
    "other_statement": 1,
    "random_split": 0,  # five more networks would take three quarters of an hour
}
"""How many networks each run has, by protocol: as many as two cores train in two hours."""
RELEASE_PROTOCOLS = ("unseen_speakers", "single_corpus")
"""The protocols whose runs the pool weights and limits of the saved models are fitted on."""
HELD_OUT_RUN = "joint-1"


def collect(jobs: int = 1, figures: bool = True) -> tuple[PooledPredictions, JointTable, Any]:
    """Train every network and perceptron of every run, or take them from the cache folder.

    Parameters
    ----------
    jobs : int
        How many are trained at a time.
    figures : bool
        Without them, only what the saved models rest on. The pool weights of a left-out corpus are fitted on
        runs of single corpora, so the networks that are tested on it, and those of the other sentence, are
        not needed then.

    Returns
    -------
    (PooledPredictions, JointTable, Clips)
        What was predicted, the features of all corpora, and their spectrograms.

    Raises
    ------
    SerError
        BAD_USAGE where PyTorch is not installed; NOT_FOUND where a corpus or a table is missing; BAD_CORPUS
        where the corpora are not those of the tables.
    """
    try:
        from ser_core.training.neural import network_runs, training_clips
    except ModuleNotFoundError as error:
        raise SerError(
            ErrorCode.BAD_USAGE,
            "Training the network needs PyTorch.",
            "Run: pip install -r requirements/train.txt",
        ) from error
    table = read_joint_table(PERCEPTRONS_FEATURE_SET)
    clips = training_clips.load(jobs=jobs)
    _check_same_clips(clips.table, table)
    joint_runs = _all_runs(table.rows)
    needed = [run for run in joint_runs if figures or run.protocol in RELEASE_PROTOCOLS]
    networks: dict[tuple[str, int], MemberPredictions] = {}
    for protocol, n_seeds in N_SEEDS.items():
        of_protocol = [run for run in needed if run.protocol == protocol]
        if of_protocol and n_seeds:
            networks |= network_runs.train_all(clips, of_protocol, SEEDS[:n_seeds], jobs)
    perceptrons = bagged_perceptrons.train_all(table, needed, jobs)
    by_name = {run.name: run for run in joint_runs}
    joint = JointPredictions(table.rows, by_name, networks, perceptrons)
    return PooledPredictions(joint), table, clips


def ship(
    pooled: PooledPredictions,
    table: JointTable,
    clips: Any,
    out_of_fold: pd.DataFrame,
    jobs: int = 1,
) -> list[ModelCard]:
    """Fit the joint models on everything, and those of run 1 on its training part, and save them.

    Parameters
    ----------
    pooled, table, clips
        What `collect` gives.
    out_of_fold : DataFrame
        The out-of-fold rows that the scores on the cards come from.
    jobs : int
        How many networks are trained at a time.

    Returns
    -------
    list of ModelCard
        The cards as they were saved, those of the fold models last.
    """
    from ser_core.training.neural import network_runs

    everything = np.ones(len(table.rows), dtype=bool)
    final = Run(FINAL, FINAL, 0, everything, ~everything, ~everything)
    network_runs.train_all(clips, [final], SEEDS, jobs)
    held_out = pooled.joint.runs[HELD_OUT_RUN]
    saved = []
    for run, folder in ((final, paths.MODELS_DIR), (held_out, models.held_out_folder())):
        nets = [network_runs.trained(clips, run, seed) for seed in SEEDS]
        average = cues.average_speech(
            clips.copies[0].clip(row) for row in np.flatnonzero(run.train)
        )
        cards = {task: _cards(pooled, table, run, task, average, out_of_fold) for task in LABELS}
        of_network = _save_networks(nets, cards, folder)
        for task in LABELS:
            members = [of_network[task], _save_perceptrons(table, run, cards[task], folder)]
            saved += [*members, _save_combination(cards[task][COMBINATION], members, folder)]
    return saved


def rebuild_perceptrons(card: ModelCard, folder: Path) -> ModelCard:
    """Refit the perceptrons of all corpora from the tables in `data/`, with what their card records.

    Parameters
    ----------
    card : ModelCard
        Of a model with the classifier `bagged_mlp`.
    folder : Path
        Where the model's folder is written.

    Returns
    -------
    ModelCard
        The card as it was saved.

    Raises
    ------
    SerError
        BAD_TABLE where the tables are not those that the card was made from.
    """
    table = read_joint_table(PERCEPTRONS_FEATURE_SET)
    changed = [
        corpus.table for corpus in card.corpora if table.files[corpus.name] != corpus.table_sha256
    ]
    if changed:
        raise SerError(
            ErrorCode.BAD_TABLE,
            f"{card.id} was trained on another {', '.join(changed)}.",
            "Restore the file, or run: make train",
        )
    everything = np.ones(len(table.rows), dtype=bool)
    fitted = bagged_perceptrons.fit(table, everything, card.task)
    enrolled = bagged_perceptrons.fit_enrolled(table, everything) if card.further else None
    return models.save_perceptrons(fitted, card, folder, enrolled)


def _check_same_clips(clips: pd.DataFrame, table: JointTable) -> None:
    """Raise BAD_CORPUS where the clips of the corpora are not those of the feature tables."""
    if clips["sha256"].tolist() != table.rows["sha256"].tolist():
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"The clips below SER_CORPORA are not those of the {PERCEPTRONS_FEATURE_SET} tables in data/.",
            f"Extract them anew: python -m ser_core extract CORPUS --feature-set {PERCEPTRONS_FEATURE_SET} "
            f"--output data/CORPUS/{PERCEPTRONS_FEATURE_SET}.parquet",
        )


def _all_runs(rows: pd.DataFrame) -> list[Run]:
    return [
        *runs.joint(rows),
        *runs.corpus_left_out(rows),
        *runs.single_corpus(rows),
        *runs.other_statement(rows),
        *runs.random_split(rows),
    ]


def _cards(
    pooled: PooledPredictions,
    table: JointTable,
    run: Run,
    task: str,
    average: AverageSpeech,
    out_of_fold: pd.DataFrame,
) -> dict[str, ModelCard]:
    """The card of each joint model of a task that was fitted in a run."""
    cards = {}
    for model in JOINT_KINDS:
        parameters = released_parameters(pooled, model, run, task)
        if model == NETWORK:
            parameters["average_speech"] = average
        cards[model] = joint_card(table, run, task, model, parameters, out_of_fold)
    return cards


def _save_networks(
    nets: Sequence[Any], cards: Mapping[str, Mapping[str, ModelCard]], folder: Path
) -> dict[str, ModelCard]:
    """Save the network of emotions, and that of gender, which is the same file; gives their cards by task."""
    from ser_core.training.neural import onnx_export

    of_emotion = models.save_artefact(onnx_export.export(nets), cards["emotion"][NETWORK], folder)
    of_gender = models.share_artefact(cards["gender"][NETWORK], of_emotion, folder)
    return {"emotion": of_emotion, "gender": of_gender}


def _save_perceptrons(
    table: JointTable, run: Run, cards: Mapping[str, ModelCard], folder: Path
) -> ModelCard:
    """Fit and save the perceptrons of a task; those of emotions also take a baseline."""
    card = cards[BAGGED_PERCEPTRONS]
    fitted = bagged_perceptrons.fit(table, run.train, card.task)
    is_emotion = card.task == "emotion"
    enrolled = bagged_perceptrons.fit_enrolled(table, run.train) if is_emotion else None
    return models.save_perceptrons(fitted, card, folder, enrolled)


def _save_combination(card: ModelCard, members: Sequence[ModelCard], folder: Path) -> ModelCard:
    """Save the combination of a network and perceptrons with the pool weights on its card."""
    network, perceptrons = (member.id for member in members)
    weights = card.pool_weights
    by_member: dict[str, dict[str, Any]] = {
        network: {"weight": weights[0]},
        perceptrons: {"weight": weights[1]},
    }
    enrolled_weights = card.pool_weights_with_baseline
    if enrolled_weights:
        by_member[network]["weights_with_baseline"] = enrolled_weights[:1]
        by_member[perceptrons]["weights_with_baseline"] = enrolled_weights[1:]
    return models.save_combination(by_member, card, folder)
