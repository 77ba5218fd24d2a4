"""The corpora that models are compared on: those that ship, and the session's own where models were
tested on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ser_core.corpora import CORPORA
from ser_core.emotions import LABELS
from ser_core.training import final_models
from ui.caches import shared_unless_own, shipped_out_of_fold
from ui.session import OWN, OwnCorpus, own_corpus

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.evaluation import Scores
    from ser_core.evaluation.paired import PairedComparison

_SPINNER = "Reading the stored predictions ..."


def compared_corpora() -> dict[str, str]:
    """Their titles, by name."""
    own = own_corpus()
    titles = {name: corpus.title for name, corpus in CORPORA.items()}
    return titles | {OWN: own.title} if own is not None and own.out_of_fold is not None else titles


def corpus_title(corpus: str) -> str:
    """A corpus as pages call it."""
    return compared_corpora()[corpus]


def corpus_speech(corpus: str) -> str:
    """What is spoken in it, by whom."""
    return (
        f"your own clips, labelled by {_own().source}" if corpus == OWN else CORPORA[corpus].speech
    )


def tested_labels(task: str, corpus: str) -> tuple[str, ...]:
    """The labels of a task that a corpus has, in order."""
    if corpus == OWN:
        rows = out_of_fold(OWN)
        present = set(rows.loc[rows["task"] == task, "truth"])
        return tuple(label for label in LABELS[task] if label in present)
    return CORPORA[corpus].emotions if task == "emotion" else LABELS[task]


def chance(task: str, corpus: str) -> float:
    """The UAR of guessing among the labels of a corpus."""
    return 1 / max(1, len(tested_labels(task, corpus)))


def tested_tasks(corpus: str) -> list[str]:
    """The tasks that models were tested for on a corpus."""
    return [task for task in LABELS if corpus != OWN or (out_of_fold(OWN)["task"] == task).any()]


def out_of_fold(corpus: str) -> pd.DataFrame:
    """The out-of-fold predictions of a corpus: the stored ones, or this session's."""
    if corpus != OWN:
        return shipped_out_of_fold(corpus)
    rows = _own().out_of_fold
    assert rows is not None, "only a corpus with rows is offered"
    return rows


def _concerns_own(*words: object) -> bool:
    return OWN in words


_by_corpus = shared_unless_own(_concerns_own, _SPINNER, most=256)


@_by_corpus
def leaderboard(task: str, corpus: str) -> pd.DataFrame:
    """The scores of every model that was tested on a corpus, best first, and what each costs."""
    from ser_core.evaluation import leaderboard as ranking

    return ranking.rank_with_costs(out_of_fold(corpus), task, corpus)


@_by_corpus
def reference_rows(task: str, corpus: str) -> pd.DataFrame:
    """What people and guessing reach on a corpus."""
    from ser_core.evaluation import leaderboard as ranking

    return ranking.reference_rows(task, corpus, chance(task, corpus))


@_by_corpus
def model_rows(
    task: str, feature_set: str, classifier: str, protocol: str, corpus: str
) -> pd.DataFrame:
    """The predictions of one model under one protocol on one corpus."""
    from ser_core import evaluation

    return evaluation.model_rows(
        out_of_fold(corpus), task, feature_set, classifier, protocol, corpus
    )


@_by_corpus
def model_scores(
    task: str, feature_set: str, classifier: str, protocol: str, corpus: str
) -> Scores:
    """The scores of these predictions."""
    from ser_core import evaluation

    return evaluation.score(model_rows(task, feature_set, classifier, protocol, corpus), task)


@_by_corpus
def breakdown(
    task: str, feature_set: str, classifier: str, protocol: str, corpus: str, by: str
) -> pd.DataFrame:
    """The scores of these predictions in each group of clips."""
    from ser_core.evaluation import single_model

    return single_model.score_groups(
        model_rows(task, feature_set, classifier, protocol, corpus), task, by
    )


@_by_corpus
def paired(
    task: str, first: tuple[str, str], second: tuple[str, str], protocol: str, corpus: str
) -> PairedComparison:
    """Two models, each by feature set and classifier, on the same clips."""
    from ser_core.evaluation import paired as comparison

    return comparison.compare_models(
        model_rows(task, *first, protocol, corpus),
        model_rows(task, *second, protocol, corpus),
        task,
    )


def learnt_from(corpus: str) -> str:
    """Which models learnt from what, for the caption of all models on a corpus."""
    if corpus == OWN:
        return (
            "*Unseen voices* and *random split*: trained on your clips. *Corpus left out*: the "
            "models that ship, which have not heard them (network, "
            "perceptrons and combination learnt from three corpora, the others from RAVDESS)"
        )
    return (
        "Network, perceptrons and their combination learnt from all three corpora, the other "
        f"models from {CORPORA[corpus].title} alone (left out: "
        "from the two others)"
    )


def figures_source(corpus: str, again: str) -> str:
    """Where the figures come from; `again` is what `evaluate` is told to compute them anew."""
    if corpus == OWN:
        return (
            "Every figure was computed in this session; your clips, and all that came of them, are "
            "gone a minute after you close the page."
        )
    return (
        "Every figure comes from the stored predictions; compute them again with `python -m "
        f"ser_core evaluate --{again}`."
    )


def warn_if_optimistic(task: str, corpus: str) -> None:
    """Say where models could only be tested by a random split."""
    if corpus == OWN and task in _own().optimistic:
        text = f"**Trained on your clips.** {final_models.OPTIMISTIC.format(why=_own().optimistic[task])}"
        st.warning(text, icon=":material/warning:")


def best_of_own(table: pd.DataFrame, task: str) -> str:
    """What the models trained on the session's corpus, and those that ship, recognise of it."""
    sentences = [f"Guessing gives {chance(task, OWN):.0%}."]
    for protocol, text in (
        (
            "unseen_speakers",
            "Trained on your clips, **{title}** recognises **{uar:.0%}** of each {task} on "
            "voices it has not heard.",
        ),
        (
            "random_split",
            "By a random split of them, with the same voices on both sides, **{title}** "
            "recognises **{uar:.0%}**.",
        ),
        (
            "corpus_left_out",
            "Of the models that ship, which have not heard your clips, **{title}** recognises **{uar:.0%}**.",
        ),
    ):
        scored = table.dropna(subset=f"{protocol}_uar")
        if len(scored):
            best = scored.loc[scored[f"{protocol}_uar"].idxmax()]
            sentences.insert(
                -1, text.format(title=best["title"], uar=best[f"{protocol}_uar"], task=task)
            )
    return " ".join(sentences)


def _own() -> OwnCorpus:
    own = own_corpus()
    assert own is not None, "only what is there is offered"
    return own
