"""`evaluate --corpus FOLDER`: how the models that ship do on labelled clips that they never heard."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

from ser_core import corpora, models
from ser_core.cli import report
from ser_core.cli.layout import to_markdown, to_text
from ser_core.cli.output import jobs_for, tell_left_out, write_json
from ser_core.corpora import RECOGNISED, LabelledCorpus
from ser_core.errors import ErrorCode, SerError
from ser_core.models import ModelCard

if TYPE_CHECKING:
    import pandas as pd


def evaluate_folder(options: argparse.Namespace) -> int:
    """Print how models do on a labelled folder; nothing is stored.

    Returns
    -------
    int
        The exit code: 1 where a clip could not be used.

    Raises
    ------
    SerError
        BAD_CORPUS where the folder has too few labels, or no clip that is new to the models.
    """
    from ser_core.experiments import own_corpus

    folder = corpora.resolve(options.corpus)
    labelled = corpora.label_folder(folder)
    tell_left_out(labelled.left_out)
    cards = _choose_models(options.model)
    own_corpus.check_labels(labels.emotion for _, labels in labelled.clips)
    clips = _read_clips(folder, labelled)
    rows, n_failed = _predict(folder, clips, cards, options.jobs)
    scores = own_corpus.score_models(rows)
    if options.format == "json":
        by_title = {title: model_scores.to_dict() for title, model_scores in scores.items()}
        write_json(by_title, sys.stdout)
        return 1 if n_failed else 0
    chance = 100 / rows["truth"].nunique()
    title = f"Emotion, {labelled.name}: models trained on other corpora only (chance: {chance:.1f})"
    section = report.corpus_section(title, scores)
    sys.stdout.write(to_markdown([section]) if options.format == "markdown" else to_text([section]))
    return 1 if n_failed else 0


def _choose_models(names: Sequence[str] | None) -> list[ModelCard]:
    """The models that were named, every one for `all`, else the default."""
    from ser_core.experiments import own_corpus

    cards = models.cards(task=own_corpus.TASK)
    if names == ["all"]:
        return cards
    return [models.find(name, own_corpus.TASK) for name in names or (cards[0].name,)]


def _read_clips(folder: Path, labelled: LabelledCorpus) -> pd.DataFrame:
    """A row per clip with its labels and digest; copies of a clip are left out and told."""
    import pandas as pd

    from ser_core.training.labelled_folder import drop_copies

    rows = [(file, labelled.name, *astuple(labels)) for file, labels in labelled.clips]
    clips = pd.DataFrame(rows, columns=list(corpora.LABEL_COLUMNS))
    digests = [corpora.file_digest(folder / file) for file in clips["path"]]
    clips, copies = drop_copies(clips.assign(sha256=digests))
    tell_left_out(copies)
    return clips


def _predict(
    folder: Path, clips: pd.DataFrame, cards: Sequence[ModelCard], jobs: int | None
) -> tuple[pd.DataFrame, int]:
    """The out-of-fold rows of the models, and how many clips could not be used; what is left out is told."""
    from ser_core.experiments import own_corpus

    answers = own_corpus.predict_folder(
        folder, list(clips["path"]), cards, jobs_for(jobs, len(clips))
    )
    failed = [
        f"{file} ({answer.code})"
        for file, answer in zip(clips["path"], answers, strict=True)
        if isinstance(answer, SerError)
    ]
    if failed:
        tell_left_out([corpora.leave_out("unreadable", failed)])
    rows = own_corpus.left_out_rows(clips, answers, cards)
    if len(rows) < len(cards) * (len(clips) - len(failed)):
        learnt = {corpus.name for card in cards for corpus in card.corpora}
        titles = ", ".join(corpus.title for corpus in RECOGNISED.values() if corpus.name in learnt)
        sys.stderr.write(
            f"Left out: clips named as in a corpus that a model learnt from ({titles}) or of its "
            "speakers, and of emotions that it did not learn.\n"
        )
    if rows.empty:
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"The models asked learnt from all clips that could be used in {str(folder)!r}.",
            "Name a folder of other clips, or with --model a model that learnt from another corpus.",
        )
    return rows, len(failed)
