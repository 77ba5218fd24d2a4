"""One model from several sides: what was taken for what, how sure, for whom, and on which clips."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from ser_core import charts, evaluation, exploration, models
from ser_core.emotions import LABELS
from ser_core.evaluation import single_model
from ser_core.models import speakers_in_words
from ui import caches, clip_detail, session, widgets
from ui.compare import tested_corpora

if TYPE_CHECKING:
    import pandas as pd

PROTOCOLS = {
    "unseen_speakers": "Unseen voices",
    "corpus_left_out": "Corpus left out",
    "other_statement": "Other sentence",
    "random_split": "Random split (optimistic)",
}

FIGURES = ("Shares", "Counts")
"""What stands in a confusion matrix."""

COLUMNS: dict[str, Any] = {
    "path": "Clip",
    "corpus": "Corpus",
    "speaker": "Speaker",
    "gender": "Voice",
    "emotion": "Emotion",
    "intensity": "Intensity",
    "statement": "Sentence",
    "truth": "Meant",
    "confidence": st.column_config.ProgressColumn(
        "How sure", format="%.2f", min_value=0, max_value=1
    ),
    "right": "Right",
}
"""How a table of clips calls its columns."""


FEW = 6
"""Clips of which a table shows all at once; of more one can scroll."""


def one_model(table: pd.DataFrame, task: str, corpus: str) -> None:
    """Confusions with the clips behind them, recall, calibration, refusal and groups of one model."""
    first, second = st.columns([2, 3], gap="medium")
    by_title = models_of(table)
    title = first.selectbox("Model", list(by_title), key="model", bind="query-params")
    with second:
        protocol = tested_on(table, title)
    run = (task, *by_title[title], protocol, corpus)
    rows, scores = tested_corpora.model_rows(*run), tested_corpora.model_scores(*run)
    runs = f", mean of {len(scores.seeds)} runs" if len(scores.seeds) > 1 else ""
    tested = f"{scores.n_utterances:,} clips of {speakers_in_words(scores.n_speakers)}"
    st.markdown(
        f"On average **{evaluation.describe_interval(scores.uar)}** of each {task} recognised; "
        f"{tested}{runs}."
    )
    confusions(rows, task, scores, "_".join(run))
    sureness(rows, task, scores)
    groups(rows, run)
    if (
        corpus != session.OWN or protocol == "corpus_left_out"
    ):  # the session's own models have their cards in the ZIP file
        card(task, *by_title[title])


def models_of(table: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """(feature set, classifier) of each model of a leaderboard, by title."""
    return {row.title: (row.feature_set, row.classifier) for row in table.itertuples()}


def tested_alike(table: pd.DataFrame, *titles: str) -> list[str]:
    """The protocols under which all these models were tested."""
    chosen = table[table["title"].isin(titles)]
    return [name for name in PROTOCOLS if chosen[f"{name}_uar"].notna().all()]


def tested_on(table: pd.DataFrame, *titles: str) -> str:
    """The protocol to look at, of those under which all these models were tested."""
    tested = tested_alike(table, *titles)
    return str(
        st.segmented_control(
            "Tested on",
            tested,
            default=tested[0],
            required=True,
            format_func=PROTOCOLS.__getitem__,
            key="tested_on",
            bind="query-params",
        )
    )


def card(task: str, feature_set: str, classifier: str) -> None:
    """The card of a model, to be read and saved; only what ships has one."""
    shipped = [
        card
        for card in caches.cards(task)
        if (card.inputs, card.classifier) == (feature_set, classifier)
    ]
    if not shipped:
        st.caption(
            "This model is only measured. It is not among those that the app predicts with, so "
            "it has no model card."
        )
    for shipped_card in shipped:
        text = models.to_markdown(shipped_card)
        with st.expander("Model card", icon=":material/id_card:"):
            st.markdown(text.replace("# ", "### ", 1).replace("\n## ", "\n##### "))
            st.download_button(
                "Save the card",
                text,
                f"{shipped_card.id}.md",
                "text/markdown",
                icon=":material/download:",
                on_click="ignore",
            )


def confusions(rows: pd.DataFrame, task: str, scores: evaluation.Scores, shown_key: str) -> None:
    """What was taken for what; a click on a cell lists the clips behind it.

    `of` names what is shown: a click holds for nothing else.
    """
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Which was taken for which**")
        cell = matrix(rows, task, shown_key, figures())
    with right:
        st.markdown(f"**Share of each {task} recognised**")
        labels = [label for label in LABELS[task] if label in scores.recall]
        recall = {label: scores.recall[label] for label in labels}
        widgets.draw(
            charts.recall_bars(recall),
            key="recall",
            alt=f"Bars: the share of each {task} that was recognised",
        )
    if cell:
        clips_behind(rows, task, cell, shown_key)


def figures() -> str:
    """Whether confusion matrices show shares or counts."""
    return str(
        st.segmented_control(
            "Figures",
            FIGURES,
            default=FIGURES[0],
            required=True,
            key="figures",
            bind="query-params",
        )
    )


def matrix(rows: pd.DataFrame, task: str, shown_key: str, shown: str) -> tuple[str, str] | None:
    """A confusion matrix.

    Gives what was meant and said of the cell that is chosen, by a click or below the matrix.
    """
    labels = [label for label in LABELS[task] if label in set(rows["truth"])]  # the corpus has them
    positions = [LABELS[task].index(label) for label in labels]
    chart = charts.confusion_matrix(
        evaluation.mean_confusion(rows, task)[np.ix_(positions, positions)],
        labels,
        as_counts=shown == FIGURES[1],
    )
    alt = (
        f"Confusion matrix, {shown.lower()}: a row for each {task} that was meant, a column for "
        "each that the model said"
    )
    drawn, chosen = f"confusion_{shown_key}", f"cell_{shown_key}"

    def choose() -> None:
        cell = widgets.selected(drawn, charts.CELL)
        st.session_state[chosen] = (
            (str(cell["meant"]).lower(), str(cell["said"]).lower()) if cell else None
        )

    widgets.draw(
        chart, drawn, alt, title="Which was taken for which", select=charts.CELL, then=choose
    )
    picked: tuple[str, str] | None = st.selectbox(
        "Clips behind a cell",
        list(itertools.product(labels, labels)),
        index=None,
        format_func=lambda cell: f"{cell[0]}, taken for {cell[1]}",
        key=chosen,
        placeholder="Click a cell, or choose one here",
    )
    return picked


def clips_behind(
    rows: pd.DataFrame, task: str, cell: tuple[str, str], shown_key: str, by: str = ""
) -> None:
    """The clips behind a cell of a confusion matrix; `by` is who said so, where it is not plain."""
    cell_clips = single_model.clips_in_cell(rows, task, *cell)
    run = " of the first run" if rows["seed"].nunique() > 1 else ""
    who = f" by {by}" if by else ""
    st.markdown(
        f"**{cell[0].capitalize()}, taken for {cell[1]}**{who}: {len(cell_clips):,} clips{run}, the "
        "surest first. Select one to hear it."
    )
    clips(cell_clips, f"behind_{shown_key}_{'_'.join(cell)}")


def sureness(rows: pd.DataFrame, task: str, scores: evaluation.Scores) -> None:
    """Whether probabilities can be believed, and what refusing unsure answers brings."""
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Can its probabilities be believed?**")
        bins = evaluation.reliability(rows, task)
        alt = "Reliability diagram: how often the model is right by how sure it is"
        widgets.draw(charts.reliability(bins), key="reliability", alt=alt)
        st.caption(
            f"Clips sorted by how sure the model is, in {len(bins)} groups of equal size. On "
            "the dashed line it is right as often as it says; above "
            f"it is too modest, below too sure. On average it is off by {100 * scores.ece:.0f} "
            "points (expected calibration error)."
        )
    with right:
        st.markdown("**What if it refused to answer when unsure?**")
        curve = single_model.risk_coverage(rows, task)
        threshold = (
            st.slider(
                "Answer only from this probability on",
                0,
                100,
                33,
                format="%d%%",
                key="answer_from",
                bind="query-params",
            )
            / 100
        )
        alt = "Risk-coverage curve: how often answers are right by how many clips are answered"
        widgets.draw(charts.risk_coverage(curve, threshold), key="risk_coverage", alt=alt)
        point = curve.iloc[(curve["threshold"] - threshold).abs().argmin()]
        answered = (
            "nothing"
            if np.isnan(point["accuracy"])
            else f"{point['coverage']:.0%} of the clips, and is right on {point['accuracy']:.0%} of them"
        )
        st.caption(
            f"From {threshold:.0%} on it answers {answered}; answering all, on "
            f"{curve['accuracy'].iloc[0]:.0%}."
        )


def groups(rows: pd.DataFrame, run: tuple[str, str, str, str, str]) -> None:
    """For whom and for what it works."""
    st.markdown("**For whom does it work?**")
    kinds = single_model.available_groups(rows)
    if not kinds:
        widgets.explain_no_clip(
            "Nothing tells these clips apart: neither speakers nor voices, intensities or "
            "sentences are known, or there is one only."
        )
        return
    by = str(
        st.segmented_control(
            "By",
            kinds,
            default=kinds[0],
            required=True,
            format_func=single_model.GROUPS.__getitem__,
            key="by",
            bind="query-params",
        )
    )
    alt = f"The share recognised by {single_model.GROUPS[by].lower()}, with intervals"
    widgets.draw(
        charts.group_scores(tested_corpora.breakdown(*run, by), single_model.GROUPS[by]),
        key="groups",
        alt=alt,
    )
    st.caption(
        "Share of each label recognised, averaged (UAR). Lines: 95%, bootstrap over the speakers of a group."
    )


def clips(table: pd.DataFrame, key: str, *, folded: bool = True) -> None:
    """A table of clips of corpora.

    The one that is selected is played where its corpus is on this computer, and shown (see
    `clip_detail`).
    """
    if table.empty:
        widgets.explain_no_clip("There is no such clip.")
        return
    event = st.dataframe(
        table.drop(columns="corpus")
        if table["corpus"].nunique() == 1
        else table.assign(corpus=table["corpus"].map(exploration.corpus_title)),
        hide_index=True,
        width="stretch",
        height="content" if len(table) < FEW else 240,
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        column_config=COLUMNS,
    )
    for row in event.selection.rows:
        if row < len(table):  # the table may have shrunk since
            clip_detail.of_corpus(
                table["corpus"].iloc[row], table["path"].iloc[row], f"of_{key}", folded=folded
            )
