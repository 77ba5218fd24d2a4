"""The corpora that models are compared on: those that ship, and the session's own where models were tested on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ser_core.corpora import CORPORA
from ser_core.emotions import LABELS
from ui.loaded import shipped_leaderboard, shipped_out_of_fold
from ui.session import OWN, OwnCorpus, own_corpus

if TYPE_CHECKING:
    import pandas as pd


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
    return f"your own clips, labelled by {_own().source}" if corpus == OWN else CORPORA[corpus].speech


def tested_labels(task: str, corpus: str) -> tuple[str, ...]:
    """The labels of a task that a corpus has, in order."""
    if corpus == OWN:
        rows = out_of_fold(OWN)
        found = set(rows.loc[rows["task"] == task, "truth"])
        return tuple(label for label in LABELS[task] if label in found)
    return CORPORA[corpus].emotions if task == "emotion" else LABELS[task]


def chance(task: str, corpus: str) -> float:
    """The UAR of guessing among the labels of a corpus."""
    return 1 / max(1, len(tested_labels(task, corpus)))


def tested_tasks(corpus: str) -> list[str]:
    """The tasks that models were tested for on a corpus."""
    return [task for task in LABELS if corpus != OWN or (out_of_fold(OWN)["task"] == task).any()]


def out_of_fold(corpus: str = "") -> pd.DataFrame:
    """The out-of-fold predictions of a corpus, among others: the stored ones, or this session's, which no cache sees."""
    if corpus != OWN:
        return shipped_out_of_fold()
    rows = _own().out_of_fold
    assert rows is not None, "only a corpus with rows is offered"
    return rows


def leaderboard(task: str, corpus: str) -> pd.DataFrame:
    """The scores of every model that was tested on a corpus, best first."""
    if corpus != OWN:
        return shipped_leaderboard(task, corpus)
    from ser_core import evaluation

    boards: dict[str, pd.DataFrame] = st.session_state.setdefault("own_boards", {})
    if task not in boards:
        boards[task] = evaluation.leaderboard(out_of_fold(OWN), task, OWN)
    return boards[task]


def learnt_from(corpus: str) -> str:
    """Which models learnt from what, for the caption of all models on a corpus."""
    if corpus == OWN:
        return (
            "*Unseen voices* and *random split*: trained on your clips. *Corpus left out*: the models that ship, which have not heard them (network, "
            "perceptrons and combination learnt from three corpora, the others from RAVDESS)"
        )
    return (
        f"Network, perceptrons and their combination learnt from all three corpora, the other models from {CORPORA[corpus].title} alone (left out: "
        "from the two others)"
    )


def made_how(corpus: str) -> str:
    """Where the figures come from."""
    if corpus == OWN:
        return "Every figure was computed in this session; your clips, and all that came of them, are gone when you close the page."
    return "Every figure comes from the stored predictions; compute them again with `python -m ser_core evaluate --refit`."


def warn(task: str, corpus: str) -> None:
    """Say where models could only be tested by a random split."""
    if corpus == OWN and task in _own().optimistic:
        from ser_core import training

        text = f"**Trained on your clips.** {training.OPTIMISTIC.format(why=_own().optimistic[task])}"
        st.warning(text, icon=":material/warning:")


def best_of_own(table: pd.DataFrame, task: str) -> str:
    """What the models trained on the session's corpus, and those that ship, recognise of it."""
    found = [f"Guessing gives {chance(task, OWN):.0%}."]
    for protocol, text in (
        ("unseen_speakers", "Trained on your clips, **{title}** recognises **{uar:.0%}** of each {task} on voices it has not heard."),
        ("random_split", "By a random split of them, which flatters, **{title}** recognises **{uar:.0%}**."),
        ("corpus_left_out", "Of the models that ship, which have not heard your clips, **{title}** recognises **{uar:.0%}**."),
    ):
        scored = table.dropna(subset=f"{protocol}_uar")
        if len(scored):
            best = scored.loc[scored[f"{protocol}_uar"].idxmax()]
            found.insert(-1, text.format(title=best["title"], uar=best[f"{protocol}_uar"], task=task))
    return " ".join(found)


def _own() -> OwnCorpus:
    own = own_corpus()
    assert own is not None, "only what is there is offered"
    return own
