"""From the evidence of all runs to what ships: the models of all corpora, their cards, and the fold models of run 1.

The saved models are fitted on every speaker. Their exponents (temperatures and weights) cannot be fitted on themselves and
come from the runs; the card says so.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ser_core import audio, corpora, evaluation, models
from ser_core.corpora import CORPORA
from ser_core.emotions import LABELS
from ser_core.errors import ErrorCode, SerError
from ser_core.features import FEATURE_SETS, NETWORK_INPUT, cues
from ser_core.features.cues import AverageSpeech
from ser_core.features.tables import JointTable, read_joint, shipped_table
from ser_core.models import (
    AVERAGE_SPEECH,
    COMBINATION_ARTEFACT,
    NETWORK_ARTEFACT,
    ModelCard,
    TrainingCorpus,
)
from ser_core.training import bagged_perceptrons, joint, runs, simulated_enrolment
from ser_core.training.joint import FEATURE_SET, Evidence, Opinions
from ser_core.training.runs import Run

SEEDS = (0, 1, 2)
"""Of the networks that ship and of the joint runs."""
N_SEEDS = {
    "unseen_speakers": len(SEEDS),
    "corpus_left_out": 2,
    "single_corpus": 1,
    "other_statement": 1,
}
"""How many networks each run has, by protocol: as many as two cores train in two hours."""
SHIPPED_FROM = ("unseen_speakers", "single_corpus")
"""The protocols whose runs the exponents and limits of the saved models are fitted on."""
HELD_OUT_RUN = "joint-1"


def collect(jobs: int = 1, figures: bool = True) -> tuple[Evidence, JointTable, Any]:
    """Train every network and perceptron of every run, or take them from the cache; gives the evidence, the table and the clips.

    Without `figures` only what the saved models rest on: the exponents of a left-out corpus are fitted on runs of single corpora, so
    that the networks that are tested on it, and those of the other sentence, are not needed.

    Raises
    ------
    SerError
        BAD_USAGE where PyTorch is not installed; NOT_FOUND where a corpus or a table is not there.
    """
    try:
        from ser_core.training.neural import network_runs, training_clips
    except ModuleNotFoundError as error:
        raise SerError(
            ErrorCode.BAD_USAGE,
            "Training the network needs PyTorch.",
            "Run: pip install -r requirements-train.txt",
        ) from error
    table = read_joint(FEATURE_SET)
    clips = training_clips.load(jobs=jobs)
    if clips.table["sha256"].tolist() != table.rows["sha256"].tolist():
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"The clips below SER_CORPORA are not those of the {FEATURE_SET} tables in data/.",
            f"Extract them anew: python -m ser_core extract CORPUS --feature-set {FEATURE_SET} --output data/CORPUS/{FEATURE_SET}.parquet",
        )
    rows = table.rows
    every: list[Run] = []
    opinions: dict[tuple[str, int], Opinions] = {}
    for of_protocol in (runs.joint, runs.corpus_left_out, runs.single_corpus, runs.other_statement):
        found = list(of_protocol(rows))
        if figures or found[0].protocol in SHIPPED_FROM:
            opinions |= network_runs.train_all(
                clips, found, SEEDS[: N_SEEDS[found[0].protocol]], jobs
            )
        every += found
    every += runs.random_split(
        rows
    )  # of the perceptrons only: five more networks would take three quarters of an hour
    asked = [run for run in every if figures or run.protocol in SHIPPED_FROM]
    return (
        Evidence(
            rows,
            {run.name: run for run in every},
            opinions,
            bagged_perceptrons.train_all(table, asked, jobs),
        ),
        table,
        clips,
    )


def ship(
    evidence: Evidence, table: JointTable, clips: Any, out_of_fold: pd.DataFrame, jobs: int = 1
) -> list[ModelCard]:
    """Fit the models of all corpora on everything and those of run 1 on its training part, and save them with their cards."""
    from ser_core.training.neural import network_runs

    everything = np.ones(len(table.rows), dtype=bool)
    whole = Run("final", "final", 0, everything, ~everything, ~everything)
    network_runs.train_all(clips, [whole], SEEDS, jobs)
    with_baseline = {
        run.name: simulated_enrolment.fitted(evidence, run)
        for run in evidence.runs.values()
        if run.protocol in joint.WEIGHED
    }
    saved = []
    for run, folder in ((whole, models.MODELS_DIR), (evidence.runs[HELD_OUT_RUN], models.HELD_OUT)):
        nets = [network_runs.trained(clips, run, seed) for seed in SEEDS]
        average = cues.average_speech(
            clips.copies[0].clip(row) for row in np.flatnonzero(run.train)
        )
        saved += _save(evidence, with_baseline, table, run, folder, nets, average, out_of_fold)
    return saved


def _save(
    evidence: Evidence,
    with_baseline: Mapping[str, Mapping[str, list[float]]],
    table: JointTable,
    run: Run,
    folder: Path,
    nets: list[Any],
    average: AverageSpeech,
    out_of_fold: pd.DataFrame,
) -> list[ModelCard]:
    """The three models of both tasks, fitted in a run, with their cards."""
    from ser_core.training.neural import network

    own = run.name in evidence.runs
    unseen = [other for other in evidence.runs.values() if other.protocol == "unseen_speakers"]
    # What the limits are fitted on: the tested speakers of all runs for what ships, those that a run set aside for the models of a run.
    judged = (
        [(run, np.flatnonzero(run.calibrate))]
        if own
        else [(other, np.flatnonzero(other.test)) for other in unseen]
    )

    def fitted(model: str, task: str) -> dict[str, Any]:
        found: dict[str, Any] = {
            "exponents": evidence.exponents(model, run, task)
            if own
            else joint.saved_exponents(evidence, model, task)
        }
        if task == "emotion":
            weights = (
                with_baseline[run.name][model]
                if own
                else simulated_enrolment.saved(with_baseline, evidence, model)
            )
            alone = [
                (rows, [m.of(rows, task) for m in evidence.members(model, source.name, None)])
                for source, rows in judged
            ]
            enrolled = [
                simulated_enrolment.judged(evidence, model, source, rows) for source, rows in judged
            ]
            found["limits"] = asdict(joint.saved_limits(evidence.table, alone, found["exponents"]))
            found["neutral_from"] = joint.saved_neutral(evidence.table, alone, found["exponents"])
            found["exponents_with_baseline"] = weights
            found["limits_with_baseline"] = asdict(
                joint.saved_limits(evidence.table, enrolled, weights)
            )
        if model == "network":
            found[AVERAGE_SPEECH] = average.to_dict()
        return found

    saved = []
    exported = network.export(nets)
    for task in LABELS:
        cards = {
            model: _card(table, run, task, model, fitted(model, task), out_of_fold)
            for model in joint.MODELS
        }
        if task == "emotion":
            of_network = models.save_artefact(exported, cards["network"], folder)
            shared = of_network
        else:
            of_network = models.share_artefact(cards["network"], shared, folder)
        enrolled = bagged_perceptrons.fit_enrolled(table, run.train) if task == "emotion" else None
        of_perceptrons = models.save_perceptrons(
            bagged_perceptrons.fit(table, run.train, task), cards["bagged_mlp"], folder, enrolled
        )
        parameters = cards["combination"].parameters
        weights, further = parameters["exponents"], parameters.get("exponents_with_baseline", [])
        members = {of_network.id: {"weight": weights[0]}, of_perceptrons.id: {"weight": weights[1]}}
        if further:
            members[of_network.id]["weights_with_baseline"] = further[:1]
            members[of_perceptrons.id]["weights_with_baseline"] = further[1:]
        saved += [
            of_network,
            of_perceptrons,
            models.save_combination(members, cards["combination"], folder),
        ]
    return saved


def _card(
    table: JointTable,
    run: Run,
    task: str,
    model: str,
    fitted: dict[str, Any],
    out_of_fold: pd.DataFrame,
) -> ModelCard:
    scores: dict[str, Any] = {}
    for corpus in CORPORA:
        for protocol in evaluation.PROTOCOLS:
            rows = evaluation.model_rows(
                out_of_fold, task, joint.MODEL_INPUTS[model], model, protocol, corpus
            )
            if run.name == "final" and len(rows):
                scores.setdefault(corpus, {})[protocol] = evaluation.score(rows, task).to_dict()
    fold = " THIS IS A FOLD MODEL of joint run 1, fitted without the speakers of that run; it is for evaluation only."
    held_out = "" if run.name == "final" else fold
    return ModelCard(
        name=model.replace("_", "-"),
        task=task,
        title=models.CLASSIFIER_TITLES[model],
        classifier=model,
        parameters={**fitted, "seeds": list(SEEDS) if model != "bagged_mlp" else []},
        feature_set={"network": NETWORK_INPUT, "bagged_mlp": FEATURE_SET, "combination": ""}[model],
        feature_names=FEATURE_SETS[FEATURE_SET].names if model == "bagged_mlp" else (),
        sample_rate=audio.SAMPLE_RATE,
        labels=LABELS[task],
        corpora=tuple(_training_corpus(table, name, run) for name in CORPORA),
        protocol=(
            "Scores are out of fold. Unseen speakers: six joint runs, each holding out one fold of RAVDESS, of CREMA-D and of nEMO. One corpus "
            "left out: trained on the other two. Temperature and weights were fitted inside each run: on training speakers set aside, or, "
            "where a corpus is left out, on corpora that inner runs left out. The saved model was fitted on all speakers; its temperature "
            "and weights are means over those runs, the left-out corpora counting two thirds. Calibration is an average over speakers, no "
            "promise for one of them." + held_out
        ),
        seed=0,
        inner_uar=None,
        scores=scores,
        licence="CC BY-NC-SA 4.0, as RAVDESS and nEMO: non-commercial use only; CREMA-D under the Open Database License 1.0",
        intended_use="Teaching and research on how speech emotion recognition works.",
        limits=(
            "Trained on acted speech of 124 adults with fixed sentences, in North American English and Polish. Acted emotions are clearer "
            "than real ones. Calm was heard in RAVDESS only, disgust in RAVDESS and CREMA-D, surprise in RAVDESS and nEMO. It says how a voice "
            "sounds, not how a person feels. Never for judging pupils, staff or anyone else: the EU's AI Act prohibits inferring emotions at "
            "work and in education, except for medical or safety reasons."
        ),
        created=datetime.date.today().isoformat(),
        artefact={
            "network": NETWORK_ARTEFACT,
            "bagged_mlp": models.PERCEPTRONS_ARTEFACT,
            "combination": COMBINATION_ARTEFACT,
        }[model],
    )


def _training_corpus(table: JointTable, name: str, run: Run) -> TrainingCorpus:
    entry = CORPORA[name]
    rows = table.rows[run.train & (table.rows["corpus"] == name).to_numpy()]
    return TrainingCorpus(
        name=name,
        speech=entry.speech,
        n_utterances=len(rows),
        n_speakers=int(rows["speaker"].nunique()),
        digest=corpora.corpus_digest(rows["sha256"]),
        licence=entry.licence,
        table=f"{name}/{shipped_table(name, FEATURE_SET).name}",
        table_sha256=table.files[name],
    )


def rebuild_perceptrons(card: ModelCard, folder: Path) -> ModelCard:
    """Refit the perceptrons of all corpora from the tables in `data/`, with the exponent on their card.

    Raises
    ------
    SerError
        BAD_TABLE where the tables are not those that the card was made from.
    """
    table = read_joint(FEATURE_SET)
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
    enrolled = bagged_perceptrons.fit_enrolled(table, everything) if card.further else None
    return models.save_perceptrons(
        bagged_perceptrons.fit(table, everything, card.task), card, folder, enrolled
    )
