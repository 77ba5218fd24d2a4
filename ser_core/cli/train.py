"""The commands `train` and `evaluate`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, astuple
from pathlib import Path
from typing import TYPE_CHECKING

from ser_core import evaluation, models
from ser_core.batch import cluster
from ser_core.cli import report
from ser_core.cli.output import aligned, jobs_for, markdown, tell_left_out
from ser_core.corpora import CORPORA
from ser_core.emotions import LABELS
from ser_core.errors import ErrorCode, SerError
from ser_core.models import MODELS_DIR
from ser_core.storage import manifest
from ser_core.training import cross_validation

if TYPE_CHECKING:
    from ser_core.features import tables


def train(options: argparse.Namespace) -> int:
    """Train on the shipped tables or a person's own, save the models, print their scores."""
    from ser_core.features import tables
    from ser_core.training.classifiers import CLASSIFIERS

    labelled_folder = bool(options.features or options.folder)
    names = _classifiers(options.classifier, () if labelled_folder else JOINT)
    if options.features and options.folder:
        raise SerError(
            ErrorCode.BAD_USAGE, "Both a folder and --features are named.", "Name one of them."
        )
    if labelled_folder and not options.output:
        raise SerError(
            ErrorCode.BAD_USAGE,
            "To train on clips of your own, the folder for your models is needed.",
            "Add: --output DIR",
        )
    if not labelled_folder and options.output:
        raise SerError(
            ErrorCode.BAD_USAGE,
            "The models that ship are saved in models/.",
            "Leave --output away, or name a FOLDER or --features.",
        )
    if labelled_folder:
        table = (
            tables.read_table(Path(options.features)) if options.features else _from_folder(options)
        )
        selected = _selected_tasks(table, options.task)
        _warn_of_random_split(table, selected)
        with cluster.on(options.scheduler):
            out_of_fold, _ = cross_validation.out_of_fold(
                table, names, selected, jobs=jobs_for(options.jobs), keep=options.scheduler is None
            )
        work = [(table, name) for name in names]
    else:
        by_set = {table.feature_set.name: table for table in cross_validation.shipped_tables()}
        selected = (options.task,) if options.task else tuple(LABELS)
        out_of_fold = evaluation.read_out_of_fold()
        work = [
            (by_set[feature_set], name)
            for feature_set, name in cross_validation.SHIPPED
            if name in names
        ]
    folder = Path(options.output) if options.output else MODELS_DIR
    for table, name in work:
        for task in selected:
            card = cross_validation.train(table, task, name, out_of_fold, folder=folder)
            sys.stderr.write(f"saved {folder / card.id}\n")
    if set(names) - set(CLASSIFIERS):
        from ser_core.training import release

        collected = release.collect(jobs_for(options.jobs), figures=False)
        for card in release.ship(*collected, out_of_fold, jobs_for(options.jobs)):
            sys.stderr.write(f"saved {card.id}\n")
    sys.stdout.write(
        "\n".join(report.score_tables(out_of_fold, aligned))
        if labelled_folder
        else report.report(out_of_fold, aligned)
    )
    return 0


def _from_folder(options: argparse.Namespace) -> tables.FeatureTable:
    """Measure the clips of a folder of one's own; its feature table is kept beside the models."""
    from ser_core import corpora
    from ser_core.batch import extraction
    from ser_core.training import labelled_folder

    folder = corpora.resolve(options.folder)
    labelled = corpora.label_folder(folder)
    measured = labelled_folder.measure_folder(
        folder, labelled, way=extraction.Way(jobs_for(options.jobs, len(labelled.clips)))
    )
    tell_left_out(measured.left_out)  # first: it may be why too few are left
    table, rare = labelled_folder.for_training(measured)
    tell_left_out(rare)
    sys.stderr.write(f"{len(table.rows):,} clips, labelled by {measured.source}\n")
    output = Path(options.output)
    manifest.write(output, {output / table.name: labelled_folder.to_csv(table.rows)})
    return table


def _warn_of_random_split(table: tables.FeatureTable, selected: Sequence[str]) -> None:
    """Say where there are no unseen speakers, and why."""
    from ser_core.features import tables

    for task in selected:
        if why := tables.why_not_unseen(table, task):
            sys.stderr.write(f"warning, {task}: {cross_validation.OPTIMISTIC.format(why=why)}\n")


JOINT = ("network", "bagged_mlp", "combination")
"""The models of all corpora. They are trained together: asking for one trains all."""


def _classifiers(asked: Sequence[str] | None, joint: tuple[str, ...]) -> tuple[str, ...]:
    from ser_core.training.classifiers import CLASSIFIERS

    known = (*CLASSIFIERS, *joint)
    for name in asked or ():
        if name not in known:
            raise SerError(
                ErrorCode.BAD_USAGE,
                f"There is no classifier {name!r}.",
                f"They are: {', '.join(known)}.",
            )
    return tuple(asked or known)


def _selected_tasks(table: tables.FeatureTable, asked: str | None) -> tuple[str, ...]:
    """The tasks to train for: the one asked for, else all that the table allows; what is left out is said."""
    from ser_core.features import tables

    problems = {task: problem for task in LABELS if (problem := tables.why_not(table, task))}
    if asked in problems:
        raise SerError(
            ErrorCode.BAD_TABLE,
            f"{table.name}: {problems[asked]}",
            "Add the labels, or leave --task away.",
        )
    for task, problem in problems.items():
        sys.stderr.write(f"no {task} model: {problem}\n")
    return (asked,) if asked else tables.tasks_of(table)


def judge(options: argparse.Namespace) -> int:
    """Ask models that ship about a corpus of one's own, which they never heard, and print how they do; nothing is stored."""
    import pandas as pd

    from ser_core import corpora
    from ser_core.corpora import CORPORA
    from ser_core.experiments import own_corpus
    from ser_core.training.labelled_folder import without_copies

    folder = corpora.resolve(options.corpus)
    labelled = corpora.label_folder(folder)
    tell_left_out(labelled.left_out)
    task = own_corpus.TASK
    every = models.cards(task=task)
    cards = (
        every
        if options.model == ["all"]
        else [models.find(name, task) for name in options.model or (every[0].name,)]
    )
    own_corpus.check_labels(labels.emotion for _, labels in labelled.clips)
    about = pd.DataFrame(
        [(file, labelled.name, *astuple(labels)) for file, labels in labelled.clips],
        columns=list(corpora.TABLE_COLUMNS[:7]),
    )
    about, copies = without_copies(
        about.assign(sha256=[corpora.file_digest(folder / file) for file in about["path"]])
    )
    tell_left_out(copies)
    said = own_corpus.ask_folder(
        folder, list(about["path"]), cards, jobs_for(options.jobs, len(about))
    )
    failed = [
        f"{file} ({answer.code})"
        for file, answer in zip(about["path"], said, strict=True)
        if isinstance(answer, SerError)
    ]
    if failed:
        tell_left_out([corpora.left_out("unreadable", failed)])
    rows = own_corpus.out_of_fold(about, said, cards)
    if len(rows) < len(cards) * (len(about) - len(failed)):
        titles = ", ".join(corpus.title for corpus in CORPORA.values())
        sys.stderr.write(
            f"Left out: clips named as in a corpus that a model learnt from ({titles}), and of emotions that it did not learn.\n"
        )
    if rows.empty:
        message = f"The models asked learnt from all clips that could be used in {str(folder)!r}."
        raise SerError(
            ErrorCode.BAD_CORPUS,
            message,
            "Name a folder of other clips, or with --model a model that learnt from another corpus.",
        )
    scores = own_corpus.scores_of_each(rows)
    if options.format == "json":
        sys.stdout.write(
            json.dumps({title: of_model.to_dict() for title, of_model in scores.items()}, indent=1)
            + "\n"
        )
        return 1 if failed else 0
    labels = rows["truth"].nunique()
    heading = f"Emotion, {labelled.name}: models trained on other corpora only (chance: {100 / labels:.1f})"
    sys.stdout.write(
        f"{heading}\n\n{report.judged(scores, markdown if options.format == 'markdown' else aligned)}"
    )
    return 1 if failed else 0


def evaluate(options: argparse.Namespace) -> int:
    """Print the scores of the stored out-of-fold predictions; `--refit`, `--conditions` and the like compute what is stored anew first."""
    if options.corpus:
        return judge(options)
    if options.model:
        raise SerError(
            ErrorCode.BAD_USAGE,
            "--model says which models to ask about a corpus of your own.",
            "Add: --corpus FOLDER",
        )
    if options.gate:
        from ser_core import corpora
        from ser_core.experiments import nonspeech

        corpora.resolve(nonspeech.SOUNDS)  # what is missing is said before the long part
    if options.refit:
        _refit(_classifiers(options.classifier, JOINT), jobs_for(options.jobs))
    if options.conditions:
        from ser_core.evaluation import robustness
        from ser_core.experiments import conditions

        robustness.write(conditions.measure(jobs_for(options.jobs)))
    if options.gate:
        with manifest.storing(nonspeech.TABLE) as file:
            nonspeech.measure(jobs_for(options.jobs)).to_csv(file, index=False, lineterminator="\n")
    if options.explanations:
        from ser_core.experiments import faithfulness

        with manifest.storing(faithfulness.TABLE) as file:
            faithfulness.measure(jobs_for(options.jobs)).to_csv(
                file, index=False, float_format="%.4f", lineterminator="\n"
            )
    if options.learning_curves:
        from ser_core.evaluation import learning_curves
        from ser_core.experiments import training_speakers as measured

        for corpus in CORPORA:
            learning_curves.write(measured.measure(corpus, jobs=jobs_for(options.jobs)), corpus)
    out_of_fold = evaluation.read_out_of_fold()
    if options.format == "json":
        keys = ["task", "corpus", "feature_set", "classifier", "protocol"]
        runs = out_of_fold.groupby(keys, observed=True)
        scores = [
            dict(zip(keys, key, strict=True)) | evaluation.score(rows, key[0]).to_dict()
            for key, rows in runs
        ]
        sys.stdout.write(json.dumps(scores, indent=1) + "\n")
    else:
        sys.stdout.write(
            report.report(out_of_fold, markdown if options.format == "markdown" else aligned)
        )
    return 0


def _refit(names: tuple[str, ...], jobs: int) -> None:
    import pandas as pd

    from ser_core.training import left_out
    from ser_core.training.classifiers import CLASSIFIERS

    parts = [evaluation.read_out_of_fold()]
    replaced = (
        {*names, *JOINT, "combination_of_one"} if set(names) & set(JOINT) else {*names}
    )  # these come together
    parts[0] = parts[0][~parts[0]["classifier"].isin(replaced)]
    single = [name for name in names if name in CLASSIFIERS]
    if set(names) - set(CLASSIFIERS):  # first, as it says at once what is missing
        from ser_core.evaluation import enrolment as baseline_gains
        from ser_core.evaluation import selective
        from ser_core.training import joint, release, simulated_enrolment

        evidence, _, _ = release.collect(jobs)
        parts.append(joint.out_of_fold(evidence))
        with manifest.storing(selective.LIMITS_TABLE) as file:
            joint.limits(evidence).to_csv(file, index=False, lineterminator="\n")
        baseline_gains.write(simulated_enrolment.tested(evidence))
    if single:
        parts += [
            left_out.out_of_fold(feature_set, of_set, jobs)
            for feature_set, of_set in _by_feature_set(single).items()
        ]
        fitted = [
            cross_validation.out_of_fold(table, single, jobs=jobs)
            for table in cross_validation.shipped_tables()
        ]
        parts += [rows for rows, _ in fitted]
        chosen = pd.DataFrame(
            [asdict(selection) for _, selections in fitted for selection in selections]
        )
        chosen["parameters"] = [json.dumps(parameters) for parameters in chosen["parameters"]]
        kept = evaluation.read_selections() if evaluation.SELECTIONS.exists() else chosen.iloc[:0]
        chosen = pd.concat([kept[~kept["classifier"].isin(single)], chosen])
        with manifest.storing(evaluation.SELECTIONS) as file:
            chosen.to_csv(file, index=False, float_format="%.4f", lineterminator="\n")
    evaluation.write_out_of_fold(pd.concat(parts, ignore_index=True))


def _by_feature_set(names: Sequence[str]) -> dict[str, list[str]]:
    """The classifiers that ship on each feature set."""

    found: dict[str, list[str]] = {}
    for feature_set, name in cross_validation.SHIPPED:
        if name in names:
            found.setdefault(feature_set, []).append(name)
    return found
