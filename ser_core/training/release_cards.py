"""The cards of the joint models: the models of all corpora, and the fold models of run 1."""

from __future__ import annotations

import datetime
from typing import Any

import pandas as pd

from ser_core import audio, corpora, evaluation
from ser_core.corpora import CORPORA, TRAINING
from ser_core.emotions import LABELS
from ser_core.features import FEATURE_SETS
from ser_core.features.tables import JointTable, shipped_table_path
from ser_core.models import KINDS, ModelCard, TrainingCorpus
from ser_core.models.kinds import BAGGED_PERCEPTRONS, COMBINATION, PERCEPTRONS_FEATURE_SET
from ser_core.training.runs import Run

SEEDS = (0, 1, 2)
"""Of the networks that ship and of the joint runs."""

FINAL = "final"
"""The name of the run that is fitted on everything."""

_PROTOCOL = (
    "Scores are out of fold. Unseen speakers: six joint runs, each holding out one fold of RAVDESS, of "
    "CREMA-D and of nEMO. One corpus left out: trained on the other two. Temperature and weights were "
    "fitted inside each run: on training speakers set aside, or, where a corpus is left out, on corpora "
    "that inner runs left out. The saved model was fitted on all speakers; its temperature and weights are "
    "means over those runs, the left-out corpora counting two thirds. Calibration is an average over "
    "speakers, no promise for one of them."
)
_FOLD_MODEL = (
    " THIS IS A FOLD MODEL of joint run 1, fitted without the speakers of that run; it is for evaluation "
    "only."
)
_LICENCE = (
    "CC BY-NC-SA 4.0, as RAVDESS and nEMO: non-commercial use only; CREMA-D under the Open Database License "
    "1.0"
)
_LIMITS = (
    "Trained on acted speech of 124 adults with fixed sentences, in North American English and Polish. "
    "Acted emotions are clearer than real ones. Calm was heard in RAVDESS only, disgust in RAVDESS and "
    "CREMA-D, surprise in RAVDESS and nEMO. It says how a voice sounds, not how a person feels. Never for "
    "judging pupils, staff or anyone else: the EU's AI Act prohibits inferring emotions at work and in "
    "education, except for medical or safety reasons."
)


def joint_card(
    table: JointTable,
    run: Run,
    task: str,
    model: str,
    parameters: dict[str, Any],
    out_of_fold: pd.DataFrame,
) -> ModelCard:
    """The card of a joint model that was fitted in a run; see `release_parameters` for its parameters."""
    return ModelCard(
        name=model.replace("_", "-"),
        task=task,
        title=KINDS[model].title,
        classifier=model,
        parameters={},
        feature_set="" if model == COMBINATION else str(KINDS[model].inputs),
        feature_names=_feature_names(model),
        sample_rate=audio.SAMPLE_RATE,
        labels=LABELS[task],
        corpora=tuple(_training_corpus(table, name, run) for name in table.files),
        protocol=_PROTOCOL if run.name == FINAL else _PROTOCOL + _FOLD_MODEL,
        seed=0,
        inner_uar=None,
        scores=_scores(out_of_fold, task, model) if run.name == FINAL else {},
        licence=_LICENCE,
        intended_use="Teaching and research on how speech emotion recognition works.",
        limits=_LIMITS,
        created=datetime.date.today().isoformat(),
        artefact=KINDS[model].artefact,
        seeds=SEEDS if model != BAGGED_PERCEPTRONS else (),
        **parameters,
    )


def _feature_names(model: str) -> tuple[str, ...]:
    inputs = KINDS[model].inputs
    return FEATURE_SETS[inputs].names if inputs is not None and inputs in FEATURE_SETS else ()


def _scores(out_of_fold: pd.DataFrame, task: str, model: str) -> dict[str, Any]:
    """By tested corpus and protocol, what the out-of-fold rows say of a model."""
    scores: dict[str, Any] = {}
    for corpus in CORPORA:
        for protocol in evaluation.PROTOCOLS:
            rows = evaluation.model_rows(
                out_of_fold, task, str(KINDS[model].inputs), model, protocol, corpus
            )
            if len(rows):
                scores.setdefault(corpus, {})[protocol] = evaluation.score(rows, task).to_dict()
    return scores


def _training_corpus(table: JointTable, name: str, run: Run) -> TrainingCorpus:
    entry = TRAINING[name]
    rows = table.rows[run.train & (table.rows["corpus"] == name).to_numpy()]
    return TrainingCorpus(
        name=name,
        speech=entry.speech,
        n_utterances=len(rows),
        n_speakers=int(rows["speaker"].nunique()),
        digest=corpora.corpus_digest(rows["sha256"]),
        licence=entry.licence,
        table=f"{name}/{shipped_table_path(name, PERCEPTRONS_FEATURE_SET).name}",
        table_sha256=table.files[name],
    )
