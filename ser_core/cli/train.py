"""The command `train`: models fitted on the tables that ship, or on clips of one's own.

Training imports scikit-learn, which no other command should wait for: the functions import it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ser_core import evaluation
from ser_core.batch import cluster
from ser_core.cli import report
from ser_core.cli.arguments import add_cluster, add_command, add_jobs
from ser_core.cli.classifier_names import choose_classifiers
from ser_core.cli.layout import to_text
from ser_core.cli.output import jobs_for, tell_left_out
from ser_core.emotions import LABELS
from ser_core.errors import ErrorCode, SerError
from ser_core.storage import manifest
from ser_core.storage.paths import MODELS_DIR

if TYPE_CHECKING:
    from ser_core.features.feature_table import FeatureTable


def add_commands(commands: Any) -> None:
    """Declare `train`."""
    parser = add_command(commands, "train", train, "Train models and save them with their cards.")
    parser.add_argument(
        "folder",
        nargs="?",
        metavar="FOLDER",
        help="labelled clips of your own: a labels.csv, or a folder per emotion",
    )
    parser.add_argument(
        "--features",
        metavar="FILE.csv",
        help="your own feature table, as `extract` writes it (default: the tables in data/)",
    )
    parser.add_argument(
        "--task", choices=tuple(LABELS), help="(default: all that the table has labels for)"
    )
    parser.add_argument(
        "--classifier", action="append", metavar="NAME", help="may be repeated (default: all)"
    )
    parser.add_argument(
        "--output", metavar="DIR", help="folder for the models; needed with FOLDER or --features"
    )
    add_jobs(parser)
    add_cluster(parser, files=False)


def train(options: argparse.Namespace) -> int:
    """Train, save the models, print their scores and return the exit code."""
    if options.features or options.folder:
        _train_on_own(options)
    else:
        _train_shipped(options)
    return 0


def _train_on_own(options: argparse.Namespace) -> None:
    from ser_core.training import cross_validation, final_models

    names = choose_classifiers(options.classifier, joint=())
    _check_own(options)
    table = _read_own_table(options)
    selected = _selected_tasks(table, options.task)
    _warn_of_random_split(table, selected)
    with cluster.use_cluster(options.scheduler):
        out_of_fold, _ = cross_validation.out_of_fold(
            table, names, selected, jobs=jobs_for(options.jobs), resumable=options.scheduler is None
        )
    folder = Path(options.output)
    for name in names:
        for task in selected:
            card = final_models.train(table, task, name, out_of_fold, folder=folder)
            sys.stderr.write(f"saved {folder / card.id}\n")
    sys.stdout.write(to_text(report.score_sections(out_of_fold)))


def _check_own(options: argparse.Namespace) -> None:
    if options.features and options.folder:
        raise SerError(
            ErrorCode.BAD_USAGE, "Both a folder and --features are named.", "Name one of them."
        )
    if not options.output:
        raise SerError(
            ErrorCode.BAD_USAGE,
            "To train on clips of your own, the folder for your models is needed.",
            "Add: --output DIR",
        )


def _read_own_table(options: argparse.Namespace) -> FeatureTable:
    from ser_core.features import csv_tables

    if options.features:
        return csv_tables.read_table(Path(options.features))
    return _measure_folder(options)


def _measure_folder(options: argparse.Namespace) -> FeatureTable:
    """The feature table of a folder of one's own, which is kept with the models."""
    from ser_core import corpora
    from ser_core.batch import extraction
    from ser_core.training import labelled_folder

    folder = corpora.resolve(options.folder)
    labelled = corpora.label_folder(folder)
    way = extraction.Execution(jobs_for(options.jobs, len(labelled.clips)))
    measured = labelled_folder.measure_folder(folder, labelled, way=way)
    tell_left_out(measured.left_out)  # first: it may be why too few clips are left
    table, rare = labelled_folder.training_table(measured)
    tell_left_out(rare)
    sys.stderr.write(f"{len(table.rows):,} clips, labelled by {measured.source}\n")
    output = Path(options.output)
    manifest.write(output, {output / table.name: labelled_folder.to_csv(table.rows)})
    return table


def _selected_tasks(table: FeatureTable, named: str | None) -> tuple[str, ...]:
    """The task that was named, else every task that the table has labels for; the others are told."""
    from ser_core.features import feature_table

    reasons = {task: feature_table.training_obstacle(table, task) for task in LABELS}
    problems = {task: reason for task, reason in reasons.items() if reason}
    if named in problems:
        raise SerError(
            ErrorCode.BAD_TABLE,
            f"{table.name}: {problems[named]}",
            "Add the labels, or leave --task away.",
        )
    for task, problem in problems.items():
        sys.stderr.write(f"no {task} model: {problem}\n")
    return (named,) if named else feature_table.trainable_tasks(table)


def _warn_of_random_split(table: FeatureTable, selected: Sequence[str]) -> None:
    """Say for which tasks there are no unseen speakers, and why."""
    from ser_core.features import feature_table
    from ser_core.training import final_models

    for task in selected:
        why = feature_table.unseen_speakers_obstacle(table, task)
        if why:
            sys.stderr.write(f"warning, {task}: {final_models.OPTIMISTIC.format(why=why)}\n")


def _train_shipped(options: argparse.Namespace) -> None:
    from ser_core.training import cross_validation, final_models
    from ser_core.training.classifiers import CLASSIFIERS

    names = choose_classifiers(options.classifier)
    if options.output:
        raise SerError(
            ErrorCode.BAD_USAGE,
            "The models that ship are saved in models/.",
            "Leave --output away, or name a FOLDER or --features.",
        )
    out_of_fold = evaluation.read_out_of_fold()
    table_of = {table.feature_set.name: table for table in cross_validation.shipped_tables()}
    for feature_set, name in cross_validation.SHIPPED:
        if name in names:
            for task in (options.task,) if options.task else LABELS:
                card = final_models.train(table_of[feature_set], task, name, out_of_fold)
                sys.stderr.write(f"saved {MODELS_DIR / card.id}\n")
    if set(names) - set(CLASSIFIERS):
        from ser_core.training import release

        collected = release.collect(jobs_for(options.jobs), figures=False)
        for card in release.ship(*collected, out_of_fold, jobs_for(options.jobs)):
            sys.stderr.write(f"saved {card.id}\n")
    sys.stdout.write(to_text(report.build_report(out_of_fold)))
