"""One model from several sides, and two models side by side: what was taken for what, how sure, for whom, and on which clips."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from ser_core import charts, evaluation, exploration, models
from ser_core.emotions import LABELS
from ser_core.evaluation import paired
from ser_core.models.card import speakers_in_words
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
    "sure": st.column_config.ProgressColumn("How sure", format="%.2f", min_value=0, max_value=1),
    "right": "Right",
}
"""How a table of clips calls its columns."""


FEW = 6
"""Clips of which a table shows all at once; of more one can scroll."""


def one_model(table: pd.DataFrame, task: str, corpus: str) -> None:
    """Confusions with the clips behind them, recall, calibration, refusal and groups of one model."""
    first, second = st.columns([2, 3], gap="medium")
    known = models_of(table)
    title = first.selectbox("Model", list(known), key="model", bind="query-params")
    with second:
        protocol = tested_on(table, title)
    run = (task, *known[title], protocol, corpus)
    rows, scores = tested_corpora.model_rows(*run), tested_corpora.model_scores(*run)
    runs = f", mean of {len(scores.seeds)} runs" if len(scores.seeds) > 1 else ""
    of = f"{scores.n_utterances:,} clips of {speakers_in_words(scores.n_speakers)}"
    st.markdown(
        f"On average **{evaluation.in_words(scores.uar)}** of each {task} recognised; {of}{runs}."
    )
    confusions(rows, task, scores, "_".join(run))
    sureness(rows, task, scores)
    groups(rows, run)
    if (
        corpus != session.OWN or protocol == "corpus_left_out"
    ):  # the session's own models have their cards in the ZIP file
        card(task, *known[title])


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
        if (card.feature_set or "several", card.classifier) == (feature_set, classifier)
    ]
    if not shipped:
        st.caption(
            "This model is only measured. It is not among those that the app predicts with, so it has no model card."
        )
    for found in shipped:
        text = models.to_markdown(found)
        with st.expander("Model card", icon=":material/id_card:"):
            st.markdown(text.replace("# ", "### ", 1).replace("\n## ", "\n##### "))
            st.download_button(
                "Save the card",
                text,
                f"{found.id}.md",
                "text/markdown",
                icon=":material/download:",
                on_click="ignore",
            )


def confusions(rows: pd.DataFrame, task: str, scores: evaluation.Scores, of: str) -> None:
    """What was taken for what; a click on a cell lists the clips behind it. `of` names what is shown: a click holds for nothing else."""
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Which was taken for which**")
        cell = matrix(rows, task, of, figures())
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
        behind(rows, task, cell, of)


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


def matrix(rows: pd.DataFrame, task: str, of: str, shown: str) -> tuple[str, str] | None:
    """A confusion matrix; gives what was meant and said of the cell that is chosen, by a click or below the matrix."""
    heard = [label for label in LABELS[task] if label in set(rows["truth"])]  # the corpus has them
    positions = [LABELS[task].index(label) for label in heard]
    chart = charts.confusion_matrix(
        evaluation.mean_confusion(rows, task)[np.ix_(positions, positions)],
        heard,
        as_counts=shown == FIGURES[1],
    )
    alt = f"Confusion matrix, {shown.lower()}: a row for each {task} that was meant, a column for each that the model said"
    drawn, chosen = f"confusion_{of}", f"cell_{of}"

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
        list(itertools.product(heard, heard)),
        index=None,
        format_func=lambda cell: f"{cell[0]}, taken for {cell[1]}",
        key=chosen,
        placeholder="Click a cell, or choose one here",
    )
    return picked


def behind(rows: pd.DataFrame, task: str, cell: tuple[str, str], of: str, by: str = "") -> None:
    """The clips behind a cell of a confusion matrix; `by` is who said so, where it is not plain."""
    found = paired.behind(rows, task, *cell)
    run = " of the first run" if rows["seed"].nunique() > 1 else ""
    who = f" by {by}" if by else ""
    st.markdown(
        f"**{cell[0].capitalize()}, taken for {cell[1]}**{who}: {len(found):,} clips{run}, the surest first. Select one to hear it."
    )
    clips(found, f"behind_{of}_{'_'.join(cell)}")


def sureness(rows: pd.DataFrame, task: str, scores: evaluation.Scores) -> None:
    """Whether probabilities can be believed, and what refusing unsure answers brings."""
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Can its probabilities be believed?**")
        bins = evaluation.reliability(rows, task)
        alt = "Reliability diagram: how often the model is right by how sure it is"
        widgets.draw(charts.reliability(bins), key="reliability", alt=alt)
        st.caption(
            f"Clips sorted by how sure the model is, in {len(bins)} groups of equal size. On the dashed line it is right as often as it says; above "
            f"it is too modest, below too sure. On average it is off by {100 * scores.ece:.0f} points (expected calibration error)."
        )
    with right:
        st.markdown("**What if it refused to answer when unsure?**")
        curve = paired.risk_coverage(rows, task)
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
        here = curve.iloc[(curve["threshold"] - threshold).abs().argmin()]
        answered = (
            "nothing"
            if np.isnan(here["accuracy"])
            else f"{here['coverage']:.0%} of the clips, and is right on {here['accuracy']:.0%} of them"
        )
        st.caption(
            f"From {threshold:.0%} on it answers {answered}; answering all, on {curve['accuracy'].iloc[0]:.0%}."
        )


def groups(rows: pd.DataFrame, run: tuple[str, str, str, str, str]) -> None:
    """For whom and for what it works."""
    st.markdown("**For whom does it work?**")
    kinds = paired.groups_of(rows)
    if not kinds:
        widgets.explain_no_clip(
            "Nothing tells these clips apart: neither speakers nor voices, intensities or sentences are known, or there is one only."
        )
        return
    by = str(
        st.segmented_control(
            "By",
            kinds,
            default=kinds[0],
            required=True,
            format_func=paired.GROUPS.__getitem__,
            key="by",
            bind="query-params",
        )
    )
    alt = f"The share recognised by {paired.GROUPS[by].lower()}, with intervals"
    widgets.draw(
        charts.groups(tested_corpora.breakdown(*run, by), paired.GROUPS[by]), key="groups", alt=alt
    )
    st.caption(
        "Share of each label recognised, averaged (UAR). Lines: 95%, bootstrap over the speakers of a group."
    )


def two_models(table: pd.DataFrame, task: str, corpus: str) -> None:
    """Two models on the same clips: the difference with its interval and test, confusions, recalls, and where they disagree."""
    known = models_of(table)
    titles = list(known)
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
            "These two were not tested in the same way. Choose two that were: both trained on the corpus, or both left without it."
        )
        return
    with third:
        protocol = tested_on(table, one, other)
    if one == other:
        widgets.explain_no_clip("Choose two different models above.")
        return
    both = {
        title: tested_corpora.model_rows(task, *known[title], protocol, corpus)
        for title in (one, other)
    }
    found = tested_corpora.paired(task, known[one], known[other], protocol, corpus)
    st.markdown(paired.in_words(found, one, other))
    counts = {
        "Both right": found.both_right,
        "Only the first": found.only_first,
        "Only the second": found.only_second,
        "Neither": found.neither,
    }
    for column, (name, share) in zip(st.columns(4), counts.items(), strict=True):
        column.metric(name, f"{share:.0%}", border=True)
    if max(rows["seed"].nunique() for rows in both.values()) > 1:
        st.caption(
            "A model that was trained several times: the difference and the matrices are of the average run, the lists of clips and the shares "
            "of right answers of the first."
        )
    two_matrices(both, task, f"{task}_{protocol}_{corpus}")
    st.markdown(f"**Share of each {task} recognised**")
    same = paired.same_clips(both[one], both[other], task)
    recalls = paired.recalls_of_both(same, task)
    alt = f"The share of each {task} that each of the two models recognises"
    widgets.draw(charts.two_recalls(recalls, one, other), key="two_recalls", alt=alt)
    st.markdown("**Where they disagree.** Select a clip to hear it.")
    clips(
        paired.disagreements(same).rename(columns={"said_1": one, "said_2": other}),
        f"disagreements_{task}_{corpus}_{one}_{other}_{protocol}",
    )


def two_matrices(both: dict[str, pd.DataFrame], task: str, of: str) -> None:
    """The confusion matrices of two models beside each other, and the clips behind the cells that are chosen."""
    st.markdown("**Which was taken for which**")
    shown = figures()
    chosen = {}
    for column, (title, rows) in zip(st.columns(2, gap="large"), both.items(), strict=True):
        with column:
            st.markdown(title)
            chosen[title] = matrix(rows, task, f"{title}_{of}", shown)
    for title, cell in chosen.items():
        if cell:
            behind(both[title], task, cell, f"{title}_{of}", title)


def clips(found: pd.DataFrame, key: str, *, folded: bool = True) -> None:
    """A table of clips of corpora; the one that is selected is played where its corpus is on this computer, and shown (see `clip_detail`)."""
    if found.empty:
        widgets.explain_no_clip("There is no such clip.")
        return
    event = st.dataframe(
        found.drop(columns="corpus")
        if found["corpus"].nunique() == 1
        else found.assign(corpus=found["corpus"].map(exploration.title_of)),
        hide_index=True,
        width="stretch",
        height="content" if len(found) < FEW else 240,
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        column_config=COLUMNS,
    )
    for row in event.selection.rows:
        if row < len(found):  # the table may have shrunk since
            clip_detail.of_corpus(
                found["corpus"].iloc[row], found["path"].iloc[row], f"of_{key}", folded=folded
            )
