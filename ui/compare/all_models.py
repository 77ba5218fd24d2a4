"""All models on one corpus: the best in a sentence, every model under every protocol, and the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from ser_core import charts
from ser_core.evaluation import leaderboard
from ui import caches, session, widgets
from ui.compare import tested_corpora

if TYPE_CHECKING:
    import pandas as pd


def best_sentence(table: pd.DataFrame, task: str, corpus: str) -> str:
    """What the best model recognises, and how much a random split flatters."""
    if corpus == session.OWN:
        return tested_corpora.best_of_own(table, task)
    best = table.iloc[0]
    text = (
        f"The best here, **{best['title']}**, recognises **{best['unseen_speakers_uar']:.0%}** of "
        f"each {task} on unseen voices"
    )
    left_out = table.dropna(subset="corpus_left_out_uar")
    if len(left_out):
        first = left_out.iloc[0]
        name = "it" if first["title"] == best["title"] else f"**{first['title']}**"
        text += (
            f"; trained on other corpora only, {name} recognises "
            f"**{first['corpus_left_out_uar']:.0%}**: the nearest thing to your own microphone"
        )
    text += f". Guessing gives {tested_corpora.chance(task, corpus):.0%}."
    split = table.dropna(subset="random_split_uar")
    if len(split):
        flattered = split.loc[split["inflation"].idxmax()]
        text += (
            " A random split, where the same voices are in training and test, flatters: "
            f"**{flattered['title']}** would claim "
            f"**{flattered['random_split_uar']:.0%}** instead of {flattered['unseen_speakers_uar']:.0%}."
        )
    if corpus == "ravdess":
        text += (
            " Picking the best of the models of RAVDESS alone has seen all voices: where it, "
            "too, is chosen without the tested ones, "
            f"**{caches.chosen_inside(task).uar.value:.0%}** is left."
        )
    if corpus == "crema-d" and task == "emotion":
        listeners = caches.listeners()
        text += (
            " **People** who heard only these voices recognised "
            f"**{listeners.single_rating_uar:.0%}** of each emotion, each on their own."
        )
    return text


def section(table: pd.DataFrame, task: str, corpus: str) -> None:
    """All models under every protocol, drawn and as a table."""
    st.markdown(best_sentence(table, task, corpus))
    references = tested_corpora.reference_rows(task, corpus)
    widgets.draw(
        charts.leaderboard(table, references),
        key="leaderboard",
        alt=(
            "Every model on unseen voices, with its corpus left out and on the random split, "
            "people and guessing; the table below has the figures"
        ),
    )
    st.caption(
        f"The dashed line is guessing ({tested_corpora.chance(task, corpus):.1%}). "
        f"{tested_corpora.learnt_from(corpus)}; those without a feature set in their name "
        "use acoustic128_v1."
    )
    shown = leaderboard.format_leaderboard(table, references)
    st.dataframe(
        shown.style.apply(_of_another_kind, axis="columns"),
        hide_index=True,
        width="stretch",
        height="content",
        placeholder="\u2013",
        column_order=[name for name in COLUMNS if name in shown],
        column_config=COLUMNS,
    )
    st.caption(
        "Grey rows are no models. Personal baseline: one neutral clip of the speaker, which is "
        "then not tested; the gain is against the same clips "
        "without it. Time: from a decoded clip of 4 s to probabilities on one thread, median. "
        "A dash: not measured, or the model does not ship."
    )


def _of_another_kind(row: pd.Series) -> list[str]:
    """Rows of what is no model stand on grey."""
    return [
        "" if row["kind"] == leaderboard.MODEL else "background-color: rgba(128, 128, 128, 0.18)"
    ] * len(row)


_NUMBER = st.column_config.NumberColumn
COLUMNS: dict[str, Any] = {
    "title": st.column_config.TextColumn("Model", pinned=True),
    "unseen": _NUMBER(
        "Unseen voices (%)",
        format="%.1f",
        help="Share of each label recognised, averaged (UAR), on speakers never heard.",
    ),
    "unseen_interval": st.column_config.TextColumn("95% interval", help="Bootstrap over speakers."),
    "with_baseline": _NUMBER(
        "With baseline (%)",
        format="%.1f",
        help="The same with a personal baseline: one neutral clip of the speaker to compare with.",
    ),
    "baseline_gain": st.column_config.TextColumn(
        "Gain (points)", help="What the baseline adds on the same clips, with its 95% interval."
    ),
    "left_out": _NUMBER(
        "Corpus left out (%)",
        format="%.1f",
        help="Trained on the other corpora only, tested on this one (UAR).",
    ),
    "left_out_interval": st.column_config.TextColumn(
        "95% interval (left out)", help="Bootstrap over speakers."
    ),
    "other_statement": _NUMBER(
        "Other sentence (%)",
        format="%.1f",
        help="Trained on one sentence, tested on the other by other speakers (UAR).",
    ),
    "random": _NUMBER(
        "Optimistic: random split (%)", format="%.1f", help="The same voices in training and test."
    ),
    "inflation": _NUMBER(
        "Inflation (points)", format="%+.1f", help="Random split less unseen voices."
    ),
    "accuracy": _NUMBER(
        "Accuracy (%)", format="%.1f", help="Share of all clips recognised, unseen voices."
    ),
    "f1": _NUMBER(
        "Macro-F1 (%)",
        format="%.1f",
        help="Mean over labels of the balance of precision and recall, unseen voices.",
    ),
    "ece": _NUMBER(
        "ECE",
        format="%.3f",
        help="Expected calibration error on unseen voices: how far probabilities are off, 0 is perfect.",
    ),
    "milliseconds": _NUMBER(
        "Time (ms)",
        format="%.0f",
        help="For a clip of 4 s, features included: `python -m benchmarks.models`.",
    ),
    "megabytes": _NUMBER(
        "Size (MB)",
        format="%.2f",
        help="All files of the model, the members of a combination included.",
    ),
}
"""The columns of the leaderboard, in order."""
