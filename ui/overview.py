"""All models on one corpus: the best in a sentence, every model under every protocol, and the figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import streamlit as st

import ui
from ser_core import charts
from ui import compared

if TYPE_CHECKING:
    import pandas as pd


def best_sentence(table: pd.DataFrame, task: str, corpus: str) -> str:
    """What the best model recognises, and how much a random split flatters."""
    if corpus == ui.OWN:
        return compared.best_of_own(table, task)
    best = table.iloc[0]
    text = f"The best here, **{best['title']}**, recognises **{best['unseen_speakers_uar']:.0%}** of each {task} on unseen voices"
    left_out = table.dropna(subset="corpus_left_out_uar")
    if len(left_out):
        first = left_out.iloc[0]
        name = "it" if first["title"] == best["title"] else f"**{first['title']}**"
        text += f"; trained on other corpora only, {name} recognises **{first['corpus_left_out_uar']:.0%}**: the nearest thing to your own microphone"
    text += f". Guessing gives {ui.chance(task, corpus):.0%}."
    split = table.dropna(subset="random_split_uar")
    if len(split):
        flattered = split.loc[split["inflation"].idxmax()]
        text += (
            f" A random split, where the same voices are in training and test, flatters: **{flattered['title']}** would claim "
            f"**{flattered['random_split_uar']:.0%}** instead of {flattered['unseen_speakers_uar']:.0%}."
        )
    if corpus == "ravdess":
        text += (
            f" Picking the best of the models of RAVDESS alone has seen all voices: where it, too, is chosen without the tested ones, "
            f"**{ui.chosen_inside(task).uar.value:.0%}** is left."
        )
    if corpus == "crema-d" and task == "emotion":
        listeners = ui.listeners()
        text += f" **People** who heard only these voices recognised **{listeners.single_rating_uar:.0%}** of each emotion, each on their own."
    return text


def section(table: pd.DataFrame, task: str, corpus: str) -> None:
    """All models under every protocol, drawn and as a table."""
    st.markdown(best_sentence(table, task, corpus))
    st.altair_chart(
        charts.leaderboard(table, ui.chance(task, corpus)),
        width="stretch",
        key="leaderboard",
        alt="Every model on unseen voices, with its corpus left out and on the random split; the table below has the figures",
    )
    st.caption(
        f"The dashed line is guessing ({ui.chance(task, corpus):.1%}). {compared.learnt_from(corpus)}; those without a feature set in their name "
        "use acoustic128_v1."
    )
    shown = (
        table[["title"]]
        .assign(
            unseen=100 * table["unseen_speakers_uar"],
            interval=[
                None if math.isnan(low) else f"{100 * low:.1f} to {100 * high:.1f}"
                for low, high in zip(table["unseen_speakers_uar_low"], table["unseen_speakers_uar_high"], strict=True)
            ],
            left_out=100 * table["corpus_left_out_uar"],
            other_statement=100 * table["other_statement_uar"],
            random=100 * table["random_split_uar"],
            inflation=100 * table["inflation"],
            accuracy=100 * table["unseen_speakers_accuracy"],
            f1=100 * table["unseen_speakers_macro_f1"],
            ece=table["unseen_speakers_ece"],
        )
        .dropna(axis="columns", how="all")
    )
    number = st.column_config.NumberColumn
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        height="content",
        placeholder="\u2013",
        column_config={
            "title": st.column_config.TextColumn("Model"),
            "unseen": number(
                "Unseen voices (%)", format="%.1f", help="Share of each label recognised, averaged (UAR), on speakers that training did not hear."
            ),
            "interval": st.column_config.TextColumn("95% interval"),
            "left_out": number("Corpus left out (%)", format="%.1f", help="Trained on the other corpora only, tested on this one (UAR)."),
            "other_statement": number(
                "Other sentence (%)", format="%.1f", help="Trained on one sentence, tested on the other by other speakers (UAR)."
            ),
            "random": number("Random split (%)", format="%.1f", help="Optimistic: the same voices in training and test."),
            "inflation": number("Inflation (points)", format="%+.1f", help="Random split less unseen voices."),
            "accuracy": number("Accuracy (%)", format="%.1f", help="Share of all clips recognised, unseen voices."),
            "f1": number("Macro-F1 (%)", format="%.1f", help="Mean over labels of the balance of precision and recall, unseen voices."),
            "ece": number(
                "ECE",
                format="%.3f",
                help="Expected calibration error on unseen voices: how far probabilities are off, 0 is perfect.",
            ),
        },
    )
