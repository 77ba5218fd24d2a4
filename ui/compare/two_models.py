"""Two models on the same clips, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ser_core import charts
from ser_core.evaluation import paired
from ui import widgets
from ui.compare import tested_corpora
from ui.compare.model_detail import (
    clips,
    clips_behind,
    figures,
    matrix,
    models_of,
    tested_alike,
    tested_on,
)

if TYPE_CHECKING:
    import pandas as pd


def section(table: pd.DataFrame, task: str, corpus: str) -> None:
    """Two models on the same clips: the difference with its interval and test, confusions, recalls,
    and where they disagree.
    """
    by_title = models_of(table)
    titles = list(by_title)
    first, second, third = st.columns([2, 2, 3], gap="medium")
    one = first.selectbox("First model", titles, key="model", bind="query-params")
    next_that_ships = next(
        (place for place, shipped in enumerate(table["milliseconds"].notna()) if place and shipped),
        min(1, len(titles) - 1),
    )
    other = second.selectbox(
        "Second model", titles, index=next_that_ships, key="second_model", bind="query-params"
    )
    if not tested_alike(table, one, other):
        widgets.explain_no_clip(
            "These two were not tested in the same way. Choose two that were: both trained on "
            "the corpus, or both left without it."
        )
        return
    with third:
        protocol = tested_on(table, one, other)
    if one == other:
        widgets.explain_no_clip("Choose two different models above.")
        return
    both = {
        title: tested_corpora.model_rows(task, *by_title[title], protocol, corpus)
        for title in (one, other)
    }
    comparison = tested_corpora.paired(task, by_title[one], by_title[other], protocol, corpus)
    st.markdown(paired.describe_comparison(comparison, one, other))
    counts = {
        "Both right": comparison.both_right,
        "Only the first": comparison.only_first,
        "Only the second": comparison.only_second,
        "Neither": comparison.neither,
    }
    for column, (name, share) in zip(st.columns(4), counts.items(), strict=True):
        column.metric(name, f"{share:.0%}", border=True)
    if max(rows["seed"].nunique() for rows in both.values()) > 1:
        st.caption(
            "A model that was trained several times: the difference and the matrices are of "
            "the average run, the lists of clips and the shares "
            "of right answers of the first."
        )
    two_matrices(both, task, f"{task}_{protocol}_{corpus}")
    st.markdown(f"**Share of each {task} recognised**")
    same = paired.match_clips(both[one], both[other], task)
    recalls = paired.paired_recalls(same, task)
    alt = f"The share of each {task} that each of the two models recognises"
    widgets.draw(charts.two_recalls(recalls, one, other), key="two_recalls", alt=alt)
    st.markdown("**Where they disagree.** Select a clip to hear it.")
    clips(
        paired.clips_in_disagreement(same).rename(
            columns={"predicted_1": one, "predicted_2": other}
        ),
        f"disagreements_{task}_{corpus}_{one}_{other}_{protocol}",
    )


def two_matrices(both: dict[str, pd.DataFrame], task: str, shown_key: str) -> None:
    """The confusion matrices of two models beside each other, and the clips behind the cells that
    are chosen.
    """
    st.markdown("**Which was taken for which**")
    shown = figures()
    chosen = {}
    for column, (title, rows) in zip(st.columns(2, gap="large"), both.items(), strict=True):
        with column:
            st.markdown(title)
            chosen[title] = matrix(rows, task, f"{title}_{shown_key}", shown)
    for title, cell in chosen.items():
        if cell:
            clips_behind(both[title], task, cell, f"{title}_{shown_key}", title)
