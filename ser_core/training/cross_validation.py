"""From a feature table to honest figures and a saved model.

The same table gives both: `out_of_fold` predicts every clip by models that were not trained on it (once with unseen
speakers, once with a random split; the latter alone, where speakers are unknown or too few), `train` fits one model on everything
and puts the out-of-fold scores on its card, and `rebuild` refits it later with the parameters that the card records.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Memory, Parallel, delayed
from tqdm import tqdm

from ser_core import audio, corpora, evaluation, models
from ser_core.corpora import CORPORA, RECOGNISED
from ser_core.emotions import EMOTIONS, GENDERS, LABELS
from ser_core.errors import ErrorCode, SerError
from ser_core.evaluation import OUT_OF_FOLD_COLUMNS
from ser_core.features.tables import (
    SHIPPED_CORPUS,
    FeatureTable,
    read_table,
    shipped_table,
    tasks_of,
    why_not_unseen,
)
from ser_core.models import ModelCard, TrainingCorpus
from ser_core.storage import manifest
from ser_core.storage.cache_folder import cache_folder
from ser_core.training import classifiers as classifiers_module
from ser_core.training.classifiers import CLASSIFIERS, Labels, Matrix, Parameters, fit, tune
from ser_core.training.runs import random_folds

__all__ = [
    "SHIPPED",
    "Selection",
    "fit_without_fold",
    "out_of_fold",
    "protocols_of",
    "rebuild",
    "selected",
    "shipped_tables",
    "train",
]

SEEDS = (0, 1, 2)
SINGLE_PROTOCOLS = ("unseen_speakers", "random_split")
"""What a single corpus can be tested for."""

SHIPPED: tuple[tuple[str, str], ...] = (
    *((models.MAIN_FEATURE_SET, name) for name in CLASSIFIERS),
    ("mfcc128_v1", "random_forest"),
)
"""(feature set, classifier) of the models that ship, for each task."""


@dataclasses.dataclass(frozen=True)
class Selection:
    """What the inner speaker folds of one outer training part chose, and their UAR."""

    task: str
    feature_set: str
    classifier: str
    protocol: str
    fold: int
    parameters: Parameters
    inner_uar: float


def shipped_tables() -> list[FeatureTable]:
    """The feature tables in `data/`, one per feature set."""
    return [
        read_table(manifest.intact(shipped_table(SHIPPED_CORPUS, name)))
        for name in dict.fromkeys(feature_set for feature_set, _ in SHIPPED)
    ]


# ---------------------------------------------------------------------------------------------- out-of-fold predictions

Progress = Callable[[Iterable[Any], int], Iterable[Any]]
"""Passes things on, of which there will be so many, and shows how far it is."""


def protocols_of(table: FeatureTable, task: str) -> tuple[str, ...]:
    """The protocols that a table can be tested under: the random split alone where its speakers are unknown or too few."""
    return tuple(
        protocol
        for protocol in SINGLE_PROTOCOLS
        if protocol == "random_split" or why_not_unseen(table, task) is None
    )


def out_of_fold(
    table: FeatureTable,
    names: Sequence[str] = tuple(CLASSIFIERS),
    tasks: Sequence[str] | None = None,
    *,
    seeds: Sequence[int] = SEEDS,
    jobs: int = 1,
    progress: Progress | None = None,
    keep: bool = True,
) -> tuple[pd.DataFrame, list[Selection]]:
    """Predict every clip by models that have not seen it, under each protocol, for some tasks or for all that the table allows.

    Parameters are chosen once per outer fold on inner folds of its training part (by speaker where they are known). What is random
    in a classifier is run for each seed. Progress is shown on stderr, and finished folds are kept in the cache folder, so that an
    interrupted run goes on where it stopped; where the caller shows the `progress`, or says not to `keep` (the workers of a cluster have
    caches of their own), nothing is kept.

    Returns
    -------
    (DataFrame, list of Selection)
        The out-of-fold table (`OUT_OF_FOLD_COLUMNS`), and what was chosen in each outer fold.
    """
    described = list(_outer_folds(table, names, tasks or tasks_of(table)))
    kept = cache_folder() / "folds" / table.sha256[:16]
    run = _run_fold if progress or not keep else Memory(kept, verbose=0).cache(_run_fold)
    x, code = table.x, _code_digest()
    y = {task: table.y(task) for task in dict.fromkeys(task for task, *_ in described)}
    work = [
        # In a tuple: bare arrays a cluster keeps on one worker, and they are lost with it.
        delayed(run)(
            name,
            (x, y[task], table.speakers, tested),
            tuple(seeds) if CLASSIFIERS[name].seeded else (0,),
            code,
        )
        for task, _, name, _, tested in described
    ]
    results = Parallel(n_jobs=jobs, return_as="generator")(work)
    shown = (
        progress(results, len(work))
        if progress
        else tqdm(results, total=len(work), unit="fold", desc=table.feature_set.name)
    )
    parts, selections = [], []
    for (task, protocol, name, fold, tested), (parameters, inner_uar, predictions) in zip(
        described, shown, strict=True
    ):
        selections.append(
            Selection(task, table.feature_set.name, name, protocol, fold, parameters, inner_uar)
        )
        for seed, (labels, probabilities) in predictions.items():
            run_of = (task, table.feature_set.name, name, protocol, seed, fold)
            parts.append(_rows(table, np.flatnonzero(tested), run_of, labels, probabilities))
    if not progress and keep:
        shutil.rmtree(kept)  # what is done is done: the next run computes everything anew
    return pd.concat(parts, ignore_index=True)[list(OUT_OF_FOLD_COLUMNS)], selections


def _outer_folds(
    table: FeatureTable, names: Sequence[str], tasks: Sequence[str]
) -> Iterator[tuple[str, str, str, int, np.ndarray]]:
    """Task, protocol, classifier, fold, and which rows [n] it tests."""
    for task in tasks:
        for protocol in protocols_of(table, task):
            fold_of = _folds(table, task, protocol)
            for name in names:
                for fold in np.unique(fold_of):
                    yield task, protocol, name, int(fold), fold_of == fold


def _folds(table: FeatureTable, task: str, protocol: str) -> np.ndarray:
    if protocol == "random_split":
        return random_folds(table.y(task))
    return corpora.folds(table.rows["speaker"], table.rows["corpus"])


def _run_fold(
    name: str, data: tuple[Matrix, Labels, Labels, np.ndarray], seeds: tuple[int, ...], code: str
) -> tuple[Parameters, float, dict[int, tuple[list[str], Matrix]]]:
    """Choose, fit and predict for one outer fold; `data` are features, labels, speakers, and which rows are tested.

    `code` is only there to start anew when the classifiers or libraries change.
    """
    del code
    x, y, speakers, test = data
    classifier, train = CLASSIFIERS[name], ~test
    predictions = {}
    try:
        parameters, inner_uar = tune(classifier, x[train], y[train], speakers[train], seeds[0])
        for seed in seeds:
            estimator = fit(classifier, parameters, x[train], y[train], speakers[train], seed)
            predictions[seed] = (
                [str(label) for label in estimator.classes_],
                estimator.predict_proba(x[test]),
            )
    except ValueError as error:
        raise SerError(
            ErrorCode.BAD_TABLE,
            f"The table is too small for {name}: without the tested clips, inner folds lack a label ({error}).",
            "Add clips and speakers to the labels that have few, or choose another classifier.",
        ) from error
    return parameters, inner_uar, predictions


def selected(task: str, feature_set: str, name: str, fold: int) -> Parameters:
    """The parameters that the inner folds of a fold's training speakers chose on RAVDESS, unseen speakers, from what is stored."""
    chosen = evaluation.read_selections()
    of_run = {
        "task": task,
        "feature_set": feature_set,
        "classifier": name,
        "protocol": SINGLE_PROTOCOLS[0],
        "fold": fold,
    }
    (row,) = chosen[
        np.logical_and.reduce([chosen[column] == value for column, value in of_run.items()])
    ].to_dict("records")
    return dict(json.loads(row["parameters"]))


def fit_without_fold(table: FeatureTable, task: str, name: str, fold: int) -> Any:
    """The estimator of one fold of unseen speakers of RAVDESS (first seed), as `out_of_fold` had it, fitted again."""
    train = _folds(table, task, SINGLE_PROTOCOLS[0]) != fold
    speakers = table.rows["speaker"].to_numpy(dtype=str)[train]
    parameters = selected(task, table.feature_set.name, name, fold)
    return fit(
        CLASSIFIERS[name], parameters, table.x[train], table.y(task)[train], speakers, SEEDS[0]
    )


def _code_digest() -> str:
    code = Path(str(classifiers_module.__file__)).read_bytes()
    return hashlib.sha256(code + repr(models.library_versions()).encode()).hexdigest()


def _rows(
    table: FeatureTable,
    rows: np.ndarray,
    run_of: tuple[Any, ...],
    labels: list[str],
    probabilities: Matrix,
) -> pd.DataFrame:
    """The rows of one run and seed: probabilities rounded to 1e-5, NaN for the labels of the other task."""
    about = table.rows.iloc[rows]
    columns: dict[str, Any] = {"corpus": about["corpus"].to_numpy()}
    columns |= dict(zip(evaluation.RUN_COLUMNS, run_of, strict=True))
    columns |= {
        name: about[name].to_numpy()
        for name in ("path", "speaker", "gender", "intensity", "statement")
        if name in about
    }
    columns["truth"] = about[run_of[0]].to_numpy()
    known = dict(zip(labels, probabilities.T, strict=True))
    for label in (*EMOTIONS, *GENDERS):
        of_task = label in LABELS[run_of[0]]
        values = known.get(label, np.zeros(len(rows))) if of_task else np.full(len(rows), np.nan)
        columns[label] = np.round(values, 5).astype(np.float32)
    columns.setdefault("gender", "")
    return pd.DataFrame(columns)


# --------------------------------------------------------------------------------------------------------- final models


def train(
    table: FeatureTable,
    task: str,
    name: str,
    out_of_fold_table: pd.DataFrame,
    *,
    folder: Path = models.MODELS_DIR,
) -> ModelCard:
    """Choose parameters on inner folds of the whole table, fit on all of it, save with its out-of-fold scores."""
    classifier, seed = CLASSIFIERS[name], SEEDS[0]
    y = table.y(task)
    parameters, inner_uar = tune(classifier, table.x, y, table.speakers, seed)
    estimator = fit(classifier, parameters, table.x, y, table.speakers, seed)
    corpus = _training_corpus(table).name
    own = out_of_fold_table.assign(corpus=corpus) if corpus not in CORPORA else out_of_fold_table
    scores: dict[str, Any] = {}
    for tested in dict.fromkeys((corpus, *CORPORA)):
        for protocol in evaluation.PROTOCOLS:
            rows = evaluation.model_rows(own, task, table.feature_set.name, name, protocol, tested)
            if len(rows):
                scores.setdefault(tested, {})[protocol] = evaluation.score(rows, task).to_dict()
    return models.save(estimator, _card(table, task, name, parameters, inner_uar, scores), folder)


def rebuild(
    card: ModelCard, folder: Path = models.MODELS_DIR, tables: Iterable[FeatureTable] | None = None
) -> ModelCard:
    """Refit a shipped model from its table in `data/` with the parameters on its card, and save it again.

    Raises
    ------
    SerError
        BAD_TABLE where the table is not the one the card was made from.
    """
    recorded = card.corpora[0]
    available = shipped_tables() if tables is None else tables
    table = next((t for t in available if t.sha256 == recorded.table_sha256), None)
    if table is None:
        raise SerError(
            ErrorCode.BAD_TABLE,
            f"No table in data/ is the one that {card.id} was trained on ({recorded.table}, SHA-256 {recorded.table_sha256[:12]}...).",
            "Train it anew from your table: python -m ser_core train --features FILE.csv --output DIR",
        )
    estimator = fit(
        CLASSIFIERS[card.classifier],
        card.parameters,
        table.x,
        table.y(card.task),
        table.speakers,
        card.seed,
    )
    return models.save(estimator, card, folder)


def _card(
    table: FeatureTable,
    task: str,
    name: str,
    parameters: Parameters,
    inner_uar: float,
    scores: dict[str, Any],
) -> ModelCard:
    suffix = (
        ""
        if table.feature_set.name == models.MAIN_FEATURE_SET
        else f"-{table.feature_set.name.split('_')[0]}"
    )
    corpus = _training_corpus(table)
    return ModelCard(
        name=name.replace("_", "-") + suffix,
        task=task,
        title=models.title(name, table.feature_set.name),
        classifier=name,
        parameters=parameters,
        feature_set=table.feature_set.name,
        feature_names=table.feature_set.names,
        sample_rate=audio.SAMPLE_RATE,
        labels=tuple(label for label in LABELS[task] if label in set(table.y(task))),
        corpora=(corpus,),
        protocol=_describe_protocol(table, task),
        seed=SEEDS[0],
        inner_uar=round(inner_uar, 4),
        scores=scores,
        licence=f"{corpus.licence}, as the corpus it was trained on: non-commercial use only"
        if "NC" in corpus.licence
        else corpus.licence,
        intended_use="Teaching and research on how speech emotion recognition works.",
        limits=(
            f"Trained on {corpus.speech}. Acted emotions are clearer than real ones; other languages, ages and microphones than those "
            "of the training clips were not heard. It says how a voice sounds, not how a person feels. Never for judging pupils, staff "
            "or anyone else: the EU's AI Act prohibits inferring emotions at work and in education, except for medical or safety reasons."
        ),
        created=datetime.date.today().isoformat(),
    )


OPTIMISTIC = (
    "These scores are optimistic: they come from a random split, where the same voices are in training and test. {why} On voices that it "
    "has not heard the model will do worse, often much worse."
)
"""What is said of scores without unseen speakers, and `why` there are none."""


def _describe_protocol(table: FeatureTable, task: str) -> str:
    """How the scores of a table's models come about, in words."""
    if why := why_not_unseen(table, task):
        return (
            f"{OPTIMISTIC.format(why=why)} The split is a stratified one of five folds. Scaling, parameters and calibration were fitted on the "
            "training clips of each fold; the saved model was then fitted on all clips."
        )
    return (
        f"Scores are out of fold: unseen speakers ({_describe_folds(table)}) and, optimistic, a stratified random five-fold split. "
        "Scaling, parameters and calibration were fitted inside the training speakers of each fold. The saved model was then "
        "fitted on all speakers. Scores on further corpora are those of the same classifier fitted there, or, where one corpus is "
        "left out, on the two others."
    )


def _describe_folds(table: FeatureTable) -> str:
    """Which speakers are tested together, in words."""
    fold_of = corpora.folds(table.rows["speaker"], table.rows["corpus"])
    groups = [sorted(set(table.rows["speaker"][fold_of == fold])) for fold in np.unique(fold_of)]
    return f"{len(groups)} folds: " + "; ".join(", ".join(group) for group in groups)


def _training_corpus(table: FeatureTable) -> TrainingCorpus:
    names = sorted(set(table.rows["corpus"]))
    entry = RECOGNISED.get(names[0]) if len(names) == 1 else None
    digests = table.rows["sha256"] if (table.rows["sha256"] != "").all() else [table.sha256]
    return TrainingCorpus(
        name=", ".join(names),
        speech=entry.speech if entry else "a person's own clips",
        n_utterances=len(table.rows),
        n_speakers=len(set(table.speakers)) if (table.speakers != "").all() else None,
        digest=corpora.corpus_digest(digests),
        licence=entry.licence if entry else "as the clips it was trained on",
        table=f"{entry.name}/{table.name}" if entry else table.name,
        table_sha256=table.sha256,
    )
