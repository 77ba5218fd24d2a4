"""The commands on models and figures: `train`, `evaluate` and `models`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ser_core import evaluation, models
from ser_core.cli.output import Rows, aligned, jobs_for, markdown
from ser_core.emotions import LABELS
from ser_core.errors import ErrorCode, SerError
from ser_core.models import MODELS_DIR

if TYPE_CHECKING:
    from ser_core.training import tables


def train(options: argparse.Namespace) -> int:
    """Train on the shipped tables or a person's own, save the models, print their scores."""
    from ser_core import training
    from ser_core.training import tables
    from ser_core.training.classifiers import CLASSIFIERS

    for name in options.classifier or ():
        if name not in CLASSIFIERS:
            raise SerError(ErrorCode.BAD_USAGE, f"There is no classifier {name!r}.", f"They are: {', '.join(CLASSIFIERS)}.")
    if options.features and not options.output:
        raise SerError(ErrorCode.BAD_USAGE, "With --features the folder for your models is needed.", "Add: --output DIR")
    names = tuple(options.classifier or CLASSIFIERS)
    if options.features:
        table = tables.read_table(Path(options.features))
        selected = _selected_tasks(table, options.task)
        out_of_fold, _ = training.out_of_fold(table, names, selected, jobs=jobs_for(options.jobs))
        work = [(table, name) for name in names]
    else:
        by_set = {table.feature_set.name: table for table in training.shipped_tables()}
        selected = (options.task,) if options.task else tuple(LABELS)
        out_of_fold = evaluation.read_out_of_fold()
        work = [(by_set[feature_set], name) for feature_set, name in training.SHIPPED if name in names]
    folder = Path(options.output) if options.output else MODELS_DIR
    for table, name in work:
        for task in selected:
            card = training.train(table, task, name, out_of_fold, folder=folder)
            sys.stderr.write(f"saved {folder / card.id}\n")
    sys.stdout.write("\n".join(_score_tables(out_of_fold, aligned)))
    return 0


def _selected_tasks(table: tables.FeatureTable, asked: str | None) -> tuple[str, ...]:
    """The tasks to train for: the one asked for, else all that the table allows; what is left out is said."""
    from ser_core.training import tables

    problems = {task: problem for task in LABELS if (problem := tables.why_not(table, task))}
    if asked in problems:
        raise SerError(ErrorCode.BAD_TABLE, f"{table.name}: {problems[asked]}", "Add the labels, or leave --task away.")
    for task, problem in problems.items():
        sys.stderr.write(f"no {task} model: {problem}\n")
    return (asked,) if asked else tables.tasks_of(table)


def evaluate(options: argparse.Namespace) -> int:
    """Print the scores of the stored out-of-fold predictions; `--refit` computes those anew first."""
    if options.refit:
        _refit(jobs_for(options.jobs))
    out_of_fold = evaluation.read_out_of_fold()
    if options.format == "json":
        runs = out_of_fold.groupby(["task", "feature_set", "classifier", "protocol"], observed=True)
        scores = [
            dict(zip(("task", "feature_set", "classifier", "protocol"), key, strict=True)) | evaluation.score(rows, key[0]).to_dict()
            for key, rows in runs
        ]
        sys.stdout.write(json.dumps(scores, indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(_score_tables(out_of_fold, markdown if options.format == "markdown" else aligned)))
        sys.stdout.write("\n" + _chosen_inside(out_of_fold))
    return 0


def _chosen_inside(out_of_fold: Any) -> str:
    """What is left where the classifier, too, is chosen without the tested speakers."""
    selections = evaluation.read_selections()
    scores = {task: evaluation.score(evaluation.chosen_inside(out_of_fold, selections, task), task).uar for task in LABELS}
    figures = ", ".join(f"{task} {100 * s.value:.1f} [{100 * s.low:.1f}, {100 * s.high:.1f}]" for task, s in scores.items())
    return f"UAR on unseen speakers where the classifier, too, is chosen on inner speaker folds: {figures}.\n"


def _refit(jobs: int) -> None:
    import pandas as pd

    from ser_core import training

    parts = [training.out_of_fold(table, jobs=jobs) for table in training.shipped_tables()]
    path = evaluation.OUT_OF_FOLD
    pd.concat([rows for rows, _ in parts], ignore_index=True).to_parquet(path, index=False, compression="zstd")
    selections = pd.DataFrame([asdict(selection) for _, chosen in parts for selection in chosen])
    selections["parameters"] = [json.dumps(parameters) for parameters in selections["parameters"]]
    selections.to_csv(evaluation.SELECTIONS, index=False, float_format="%.4f", lineterminator="\n")


def _score_tables(out_of_fold: Any, render: Callable[[Sequence[str], Rows], str]) -> Iterator[str]:
    """One table per task: every model under both protocols, best first on unseen speakers."""
    header = ("classifier", "features", "UAR, unseen speakers [95%]", "UAR, random split", "inflation", "accuracy", "macro-F1", "ECE")
    for task in out_of_fold["task"].unique():
        rows = [
            (
                row.classifier,
                row.feature_set,
                f"{100 * row.unseen_speakers_uar:.1f} [{100 * row.unseen_speakers_uar_low:.1f}, {100 * row.unseen_speakers_uar_high:.1f}]",
                f"{100 * row.random_split_uar:.1f}",
                f"{100 * row.inflation:+.1f}",
                f"{100 * row.unseen_speakers_accuracy:.1f}",
                f"{100 * row.unseen_speakers_macro_f1:.1f}",
                f"{row.unseen_speakers_ece:.3f}",
            )
            for row in evaluation.leaderboard(out_of_fold, task).itertuples()
        ]
        yield f"{task.capitalize()} (chance: {100 / len(LABELS[task]):.1f})\n\n{render(header, rows)}"


def manage(options: argparse.Namespace) -> int:
    """List, verify or rebuild models."""
    folder = Path(options.models)
    found = models.cards(folder)
    if not found:
        raise SerError(ErrorCode.MODEL_NOT_FOUND, f"There is no model in {str(folder)!r}.", "Train those that ship: python -m ser_core train")
    unknown = set(options.ids) - {card.id for card in found}
    if unknown:
        known = ", ".join(card.id for card in found)
        raise SerError(ErrorCode.MODEL_NOT_FOUND, f"There is no model {', '.join(sorted(unknown))}.", f"The models are: {known}.")
    chosen = [card for card in found if not options.ids or card.id in options.ids]
    return {"list": _models_list, "verify": _models_verify, "rebuild": _models_rebuild}[options.action](chosen, folder, options)


def _models_list(chosen: list[models.ModelCard], folder: Path, _: argparse.Namespace) -> int:
    defaults = {models.default_card(task, folder).id for task in {card.task for card in chosen}}
    rows = [
        (
            card.id,
            card.title,
            card.feature_set,
            f"{100 * card.scores['unseen_speakers']['uar']['value']:.1f}",
            "default" if card.id in defaults else "",
        )
        for card in chosen
    ]
    sys.stdout.write(aligned(("id", "title", "features", "UAR unseen", ""), rows))
    return 0


def _models_verify(chosen: list[models.ModelCard], folder: Path, _: argparse.Namespace) -> int:
    failed = 0
    for card in chosen:
        try:
            models.load(card, folder)
            sys.stdout.write(f"{card.id}: ok\n")
        except SerError as error:
            failed += 1
            sys.stdout.write(f"{card.id}: {error.code}: {error} {error.hint}\n")
    return 1 if failed else 0


def _models_rebuild(chosen: list[models.ModelCard], folder: Path, options: argparse.Namespace) -> int:
    from joblib import Parallel, delayed

    from ser_core import training

    tables = training.shipped_tables()
    work = (delayed(training.rebuild)(card, folder=folder, tables=tables) for card in chosen)
    for rebuilt in Parallel(n_jobs=jobs_for(options.jobs if len(chosen) > 1 else 1), return_as="generator")(work):
        sys.stderr.write(f"rebuilt {folder.name}/{rebuilt.card.id}\n")
    return 0
