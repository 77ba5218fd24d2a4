"""The report of `evaluate`: every model on every corpus under every protocol, then the default model.

Shares are in percent. UAR is the unweighted average recall; the interval of a share, in brackets, is its 95%
interval over speakers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ser_core import evaluation
from ser_core.cli import default_model
from ser_core.cli.layout import Part, Section, format_interval, format_percent
from ser_core.corpora import TRAINING
from ser_core.emotions import EMOTIONS, LABELS
from ser_core.evaluation import Interval, Scores, leaderboard

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, Any]
"""The scores of one model, as the leaderboard has them."""


def build_report(out_of_fold: pd.DataFrame) -> Iterator[Part]:
    """Yield everything that the stored predictions say, in the order of reading.

    Parameters
    ----------
    out_of_fold : DataFrame
        As `evaluation.read_out_of_fold` returns it.
    """
    yield from score_sections(out_of_fold)
    yield from _chosen_inside(out_of_fold)
    yield from default_model.build_report(out_of_fold)


def score_sections(out_of_fold: pd.DataFrame) -> Iterator[Section]:
    """Yield one table per task and corpus: every model under every protocol.

    The best model on unseen speakers comes first.

    Parameters
    ----------
    out_of_fold : DataFrame
        Out-of-fold predictions, of a corpus of one's own, too.
    """
    for task in out_of_fold["task"].unique():
        for corpus in sorted(out_of_fold["corpus"].unique(), key=_position):
            yield _score_section(out_of_fold, task, corpus)


def corpus_section(title: str, scores_by_model: Mapping[str, Scores]) -> Section:
    """Return a table of how models do on a corpus that they never heard, with the recall of each label.

    Parameters
    ----------
    title : str
        The title of the table.
    scores_by_model : mapping of str to Scores
        By the title of the model.
    """
    recalls = [model.recall for model in scores_by_model.values()]
    labels = [label for label in EMOTIONS if any(label in recall for recall in recalls)]
    rows = [
        [
            model_title,
            f"{model.n_utterances:,}",
            format_interval(model.uar),
            format_percent(model.accuracy.value),
            f"{model.ece:.3f}",
            *(format_percent(model.recall.get(label)) for label in labels),
        ]
        for model_title, model in scores_by_model.items()
    ]
    return Section(title, ["model", "clips", "UAR [95%]", "accuracy", "ECE", *labels], rows)


class _Column(NamedTuple):
    """A column of the score tables, and how its cell is made of a model's row."""

    title: str
    cell: Callable[[Row], str]


def _uar(protocol: str) -> Callable[[Row], str]:
    names = [f"{protocol}_{end}" for end in ("uar", "uar_low", "uar_high")]

    def cell(row: Row) -> str:
        interval = Interval(*(row[name] for name in names))
        return "" if math.isnan(interval.value) else format_interval(interval)

    return cell


def _percent(name: str) -> Callable[[Row], str]:
    return lambda row: format_percent(row[name])


def _error(name: str) -> Callable[[Row], str]:
    return lambda row: "" if math.isnan(row[name]) else f"{row[name]:.3f}"


def _inflation(row: Row) -> str:
    return "" if math.isnan(row["inflation"]) else f"{100 * row['inflation']:+.1f}"


_COLUMNS = (
    _Column("classifier", lambda row: str(row["classifier"])),
    _Column("features", lambda row: str(row["feature_set"])),
    _Column("UAR, unseen speakers [95%]", _uar("unseen_speakers")),
    _Column("accuracy", _percent("unseen_speakers_accuracy")),
    _Column("macro-F1", _percent("unseen_speakers_macro_f1")),
    _Column("ECE", _error("unseen_speakers_ece")),
)
_FURTHER_COLUMNS = {
    "corpus_left_out": (
        _Column("UAR, corpus left out [95%]", _uar("corpus_left_out")),
        _Column("ECE, left out", _error("corpus_left_out_ece")),
    ),
    "other_statement": (_Column("UAR, other sentence", _percent("other_statement_uar")),),
    "random_split": (
        _Column("UAR, random split", _percent("random_split_uar")),
        _Column("inflation", _inflation),
    ),
}
"""What is shown of a protocol where at least one model was measured under it."""


def _score_section(out_of_fold: pd.DataFrame, task: str, corpus: str) -> Section:
    board = leaderboard.rank_models(out_of_fold, task, corpus)
    columns = list(_COLUMNS)
    for protocol, further in _FURTHER_COLUMNS.items():
        if board[f"{protocol}_uar"].notna().any():
            columns += further
    chance = 100 / _count_labels(out_of_fold, task, corpus)
    title = f"{task.capitalize()}, {_corpus_title(corpus)} (chance: {chance:.1f})"
    rows = [[column.cell(row) for column in columns] for row in board.to_dict("records")]
    return Section(title, [column.title for column in columns], rows)


def _chosen_inside(out_of_fold: pd.DataFrame) -> Iterator[str]:
    """The scores where the choice of the model, too, has not seen the tested speakers."""
    if not evaluation.SELECTIONS.exists() or len(out_of_fold["classifier"].unique()) == 1:
        return
    selections = evaluation.read_selections()
    parts = []
    for task in LABELS:
        rows = evaluation.chosen_inside(out_of_fold, selections, task)
        parts.append(f"{task} {format_interval(evaluation.score(rows, task).uar)}")
    yield (
        "UAR on unseen speakers of RAVDESS where one of the models of RAVDESS alone is chosen on inner "
        f"speaker folds: {', '.join(parts)}."
    )


def _position(corpus: str) -> int:
    """Where a corpus stands in the order of all; a person's own comes last."""
    return list(TRAINING).index(corpus) if corpus in TRAINING else len(TRAINING)


def _corpus_title(corpus: str) -> str:
    return TRAINING[corpus].title if corpus in TRAINING else corpus


def _count_labels(out_of_fold: pd.DataFrame, task: str, corpus: str) -> int:
    if task == "emotion" and corpus in TRAINING:
        return len(TRAINING[corpus].emotions)
    tested = (out_of_fold["task"] == task) & (out_of_fold["corpus"] == corpus)
    return int(out_of_fold.loc[tested, "truth"].nunique())
