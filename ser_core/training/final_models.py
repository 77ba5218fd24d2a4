"""The final models of one corpus, fitted on all of its clips, and what their cards say."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ser_core import audio, corpora, evaluation, models
from ser_core.corpora import CORPORA, RECOGNISED
from ser_core.emotions import LABELS
from ser_core.errors import ErrorCode, SerError
from ser_core.features.feature_table import FeatureTable, unseen_speakers_obstacle
from ser_core.models import ModelCard, TrainingCorpus
from ser_core.storage import paths
from ser_core.training.classifiers import CLASSIFIERS, Parameters, fit, tune
from ser_core.training.cross_validation import SEEDS, shipped_tables

OPTIMISTIC = (
    "These scores are optimistic: they come from a random split, where the same voices are in training and "
    "test. {why} On voices that it has not heard the model will do worse, often much worse."
)
"""What texts say of scores without unseen speakers; `why` is the reason why there are none."""

_RANDOM_SPLIT_PROTOCOL = (
    " The split is a stratified one of five folds. Scaling, parameters and calibration were fitted on the "
    "training clips of each fold; the saved model was then fitted on all clips."
)
_UNSEEN_PROTOCOL = (
    "Scores are out of fold: unseen speakers ({folds}) and, optimistic, a stratified random five-fold "
    "split. Scaling, parameters and calibration were fitted inside the training speakers of each fold. The "
    "saved model was then fitted on all speakers. Scores on further corpora are those of the same "
    "classifier fitted there, or, where one corpus is left out, on the two others."
)
_LIMITS = (
    "Trained on {speech}. Acted emotions are clearer than real ones; other languages, ages and microphones "
    "than those of the training clips were not heard. It says how a voice sounds, not how a person feels. "
    "Never for judging pupils, staff or anyone else: the EU's AI Act prohibits inferring emotions at work "
    "and in education, except for medical or safety reasons."
)


def train(
    table: FeatureTable,
    task: str,
    name: str,
    out_of_fold_table: pd.DataFrame,
    *,
    folder: Path = paths.MODELS_DIR,
) -> ModelCard:
    """Choose parameters on inner folds of the whole table, fit on all of it, and save the model.

    Parameters
    ----------
    table : FeatureTable
        One corpus.
    task, name : str
        "emotion" or "gender"; a name of `CLASSIFIERS`.
    out_of_fold_table : DataFrame
        The out-of-fold rows that the scores on the card come from.
    folder : Path
        Where the model's folder is written.

    Returns
    -------
    ModelCard
        The card as it was saved.
    """
    classifier, seed = CLASSIFIERS[name], SEEDS[0]
    y = table.y(task)
    parameters, inner_uar = tune(classifier, table.x, y, table.speakers, seed)
    estimator = fit(classifier, parameters, table.x, y, table.speakers, seed)
    scores = _scores(table, task, name, out_of_fold_table)
    return models.save(estimator, _card(table, task, name, parameters, inner_uar, scores), folder)


def rebuild(
    card: ModelCard, folder: Path = paths.MODELS_DIR, tables: Iterable[FeatureTable] | None = None
) -> ModelCard:
    """Refit a shipped model with the parameters on its card, and save it again.

    Parameters
    ----------
    card : ModelCard
        Of a model of one corpus.
    folder : Path
        Where the model's folder is written.
    tables : iterable of FeatureTable, optional
        Where its training table is looked for (default: `shipped_tables`).

    Returns
    -------
    ModelCard
        The card as it was saved.

    Raises
    ------
    SerError
        BAD_TABLE where no table is the one that the card was made from.
    """
    recorded = card.corpora[0]
    available = shipped_tables() if tables is None else tables
    table = next((each for each in available if each.sha256 == recorded.table_sha256), None)
    if table is None:
        raise SerError(
            ErrorCode.BAD_TABLE,
            f"No table in data/ is the one that {card.id} was trained on "
            f"({recorded.table}, SHA-256 {recorded.table_sha256[:12]}...).",
            "Train it anew from your table: python -m ser_core train --features FILE.csv --output DIR",
        )
    classifier, y = CLASSIFIERS[card.classifier], table.y(card.task)
    estimator = fit(classifier, card.parameters, table.x, y, table.speakers, card.seed)
    return models.save(estimator, card, folder)


def _scores(
    table: FeatureTable, task: str, name: str, out_of_fold_table: pd.DataFrame
) -> dict[str, Any]:
    """By tested corpus and protocol, what the out-of-fold rows say of the model."""
    corpus = _training_corpus(table).name
    if corpus not in CORPORA:
        out_of_fold_table = out_of_fold_table.assign(corpus=corpus)
    feature_set = table.feature_set.name
    scores: dict[str, Any] = {}
    for tested in dict.fromkeys((corpus, *CORPORA)):
        for protocol in evaluation.PROTOCOLS:
            rows = evaluation.model_rows(
                out_of_fold_table, task, feature_set, name, protocol, tested
            )
            if len(rows):
                scores.setdefault(tested, {})[protocol] = evaluation.score(rows, task).to_dict()
    return scores


def _card(
    table: FeatureTable,
    task: str,
    name: str,
    parameters: Parameters,
    inner_uar: float,
    scores: dict[str, Any],
) -> ModelCard:
    corpus = _training_corpus(table)
    labels = set(table.y(task))
    return ModelCard(
        name=_model_name(name, table.feature_set.name),
        task=task,
        title=models.title(name, table.feature_set.name),
        classifier=name,
        parameters=parameters,
        feature_set=table.feature_set.name,
        feature_names=table.feature_set.names,
        sample_rate=audio.SAMPLE_RATE,
        labels=tuple(label for label in LABELS[task] if label in labels),
        corpora=(corpus,),
        protocol=_describe_protocol(table, task),
        seed=SEEDS[0],
        inner_uar=round(inner_uar, 4),
        scores=scores,
        licence=_describe_licence(corpus.licence),
        intended_use="Teaching and research on how speech emotion recognition works.",
        limits=_LIMITS.format(speech=corpus.speech),
        created=datetime.date.today().isoformat(),
    )


def _model_name(classifier: str, feature_set: str) -> str:
    """The name of a model's folder, without its task: with the feature set, unless it is the main one."""
    name = classifier.replace("_", "-")
    if feature_set == models.MAIN_FEATURE_SET:
        return name
    return f"{name}-{feature_set.split('_')[0]}"


def _describe_licence(licence: str) -> str:
    if "NC" in licence:
        return f"{licence}, as the corpus it was trained on: non-commercial use only"
    return licence


def _describe_protocol(table: FeatureTable, task: str) -> str:
    """How the scores of a table's models come about, in words."""
    if why := unseen_speakers_obstacle(table, task):
        return OPTIMISTIC.format(why=why) + _RANDOM_SPLIT_PROTOCOL
    return _UNSEEN_PROTOCOL.format(folds=_describe_folds(table))


def _describe_folds(table: FeatureTable) -> str:
    """The speakers of each fold, in words."""
    fold_of = corpora.assign_folds(table.rows["speaker"], table.rows["corpus"])
    folds = [sorted(set(table.rows["speaker"][fold_of == fold])) for fold in np.unique(fold_of)]
    return f"{len(folds)} folds: " + "; ".join(", ".join(speakers) for speakers in folds)


def _training_corpus(table: FeatureTable) -> TrainingCorpus:
    names = sorted(set(table.rows["corpus"]))
    entry = RECOGNISED.get(names[0]) if len(names) == 1 else None
    digests = table.rows["sha256"]
    all_known = (table.speakers != "").all()
    return TrainingCorpus(
        name=", ".join(names),
        speech=entry.speech if entry else "a person's own clips",
        n_utterances=len(table.rows),
        n_speakers=len(set(table.speakers)) if all_known else None,
        digest=corpora.corpus_digest(digests if (digests != "").all() else [table.sha256]),
        licence=entry.licence if entry else "as the clips it was trained on",
        table=f"{entry.name}/{table.name}" if entry else table.name,
        table_sha256=table.sha256,
    )
