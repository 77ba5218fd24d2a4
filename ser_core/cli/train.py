"""The commands on models and figures: `train`, `evaluate` and `models`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ser_core import evaluation, models
from ser_core.cli import figures
from ser_core.cli.output import aligned, jobs_for, markdown
from ser_core.corpora import CORPORA
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

    names = _classifiers(options.classifier, () if options.features else JOINT)
    if options.features and not options.output:
        raise SerError(ErrorCode.BAD_USAGE, "With --features the folder for your models is needed.", "Add: --output DIR")
    if not options.features and options.output:
        raise SerError(ErrorCode.BAD_USAGE, "The models that ship are saved in models/.", "Leave --output away, or add --features FILE.csv.")
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
    if set(names) - set(CLASSIFIERS):
        from ser_core.training import shipping

        collected = shipping.collect(jobs_for(options.jobs), figures=False)
        for card in shipping.ship(*collected, out_of_fold, jobs_for(options.jobs)):
            sys.stderr.write(f"saved {card.id}\n")
    sys.stdout.write(figures.report(out_of_fold, aligned))
    return 0


JOINT = ("network", "bagged_mlp", "combination")
"""The models of all corpora. They are trained together: asking for one trains all."""


def _classifiers(asked: Sequence[str] | None, joint: tuple[str, ...]) -> tuple[str, ...]:
    from ser_core.training.classifiers import CLASSIFIERS

    known = (*CLASSIFIERS, *joint)
    for name in asked or ():
        if name not in known:
            raise SerError(ErrorCode.BAD_USAGE, f"There is no classifier {name!r}.", f"They are: {', '.join(known)}.")
    return tuple(asked or known)


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
    """Print the scores of the stored out-of-fold predictions; `--refit`, `--conditions` and the like compute what is stored anew first."""
    if options.gate:
        from ser_core import corpora, nonspeech

        corpora.resolve(nonspeech.SOUNDS)  # what is missing is said before the long part
    if options.refit:
        _refit(_classifiers(options.classifier, JOINT), jobs_for(options.jobs))
    if options.conditions:
        from ser_core import conditions, robustness

        robustness.write(conditions.measure(jobs_for(options.jobs)))
    if options.gate:
        nonspeech.measure(jobs_for(options.jobs)).to_csv(nonspeech.TABLE, index=False, lineterminator="\n")
    if options.explanations:
        from ser_core import faithfulness

        faithfulness.measure(jobs_for(options.jobs)).to_csv(faithfulness.TABLE, index=False, float_format="%.4f", lineterminator="\n")
    if options.learning_curves:
        from ser_core import learning_curves
        from ser_core.training import learning_curves as measured

        for corpus in CORPORA:
            learning_curves.write(measured.measure(corpus, jobs=jobs_for(options.jobs)), corpus)
    out_of_fold = evaluation.read_out_of_fold()
    if options.format == "json":
        keys = ["task", "corpus", "feature_set", "classifier", "protocol"]
        runs = out_of_fold.groupby(keys, observed=True)
        scores = [dict(zip(keys, key, strict=True)) | evaluation.score(rows, key[0]).to_dict() for key, rows in runs]
        sys.stdout.write(json.dumps(scores, indent=1) + "\n")
    else:
        sys.stdout.write(figures.report(out_of_fold, markdown if options.format == "markdown" else aligned))
    return 0


def _refit(names: tuple[str, ...], jobs: int) -> None:
    import pandas as pd

    from ser_core import training
    from ser_core.training import other_corpora
    from ser_core.training.classifiers import CLASSIFIERS

    parts = [evaluation.read_out_of_fold()]
    replaced = {*names, *JOINT, "combination_of_one"} if set(names) & set(JOINT) else {*names}  # these come together
    parts[0] = parts[0][~parts[0]["classifier"].isin(replaced)]
    single = [name for name in names if name in CLASSIFIERS]
    if set(names) - set(CLASSIFIERS):  # first, as it says at once what is missing
        from ser_core import baseline_gains, selective
        from ser_core.training import enrolment, joint, shipping

        evidence, _, _ = shipping.collect(jobs)
        parts.append(joint.out_of_fold(evidence))
        joint.limits(evidence).to_csv(selective.LIMITS_TABLE, index=False, lineterminator="\n")
        baseline_gains.write(enrolment.tested(evidence))
    if single:
        parts += [other_corpora.out_of_fold(feature_set, of_set, jobs) for feature_set, of_set in _by_feature_set(single).items()]
        fitted = [training.out_of_fold(table, single, jobs=jobs) for table in training.shipped_tables()]
        parts += [rows for rows, _ in fitted]
        chosen = pd.DataFrame([asdict(selection) for _, selections in fitted for selection in selections])
        chosen["parameters"] = [json.dumps(parameters) for parameters in chosen["parameters"]]
        kept = evaluation.read_selections() if evaluation.SELECTIONS.exists() else chosen.iloc[:0]
        chosen = pd.concat([kept[~kept["classifier"].isin(single)], chosen])
        chosen.to_csv(evaluation.SELECTIONS, index=False, float_format="%.4f", lineterminator="\n")
    evaluation.write_out_of_fold(pd.concat(parts, ignore_index=True))


def _by_feature_set(names: Sequence[str]) -> dict[str, list[str]]:
    """The classifiers that ship on each feature set."""
    from ser_core import training

    found: dict[str, list[str]] = {}
    for feature_set, name in training.SHIPPED:
        if name in names:
            found.setdefault(feature_set, []).append(name)
    return found


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
            f"{100 * card.unseen_uar:.1f}",
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
    from ser_core.training import shipping

    fitted = [card for card in chosen if card.artefact == models.ARTEFACT]
    if len(fitted) < len(chosen) and options.ids:
        left = ", ".join(card.id for card in chosen if card not in fitted)
        raise SerError(
            ErrorCode.BAD_USAGE, f"Only scikit-learn models can be rebuilt from data/. Not: {left}.", "Networks are trained by: make train"
        )
    tables = training.shipped_tables()
    work = (
        delayed(shipping.rebuild_perceptrons)(card, folder) if card.classifier == "bagged_mlp" else delayed(training.rebuild)(card, folder, tables)
        for card in fitted
    )
    for rebuilt in Parallel(n_jobs=jobs_for(options.jobs if len(fitted) > 1 else 1), return_as="generator")(work):
        sys.stderr.write(f"rebuilt {folder.name}/{rebuilt.id}\n")
    return 0
