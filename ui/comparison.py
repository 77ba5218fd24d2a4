"""One model from several sides, and two models side by side: what was taken for what, how sure, for whom, and on which clips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

import ui
from ser_core import charts, comparing, evaluation, models
from ser_core.emotions import LABELS

if TYPE_CHECKING:
    import pandas as pd

PROTOCOLS = {
    "Unseen voices": "unseen_speakers",
    "Corpus left out": "corpus_left_out",
    "Other sentence": "other_statement",
    "Random split (optimistic)": "random_split",
}

COLUMNS: dict[str, Any] = {
    "path": "Clip",
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


def one_model(table: pd.DataFrame, task: str, corpus: str) -> None:
    """Confusions with the clips behind them, recall, calibration, refusal and groups of one model."""
    first, second = st.columns([2, 3], gap="medium")
    keys = models_of(table)
    title = first.selectbox("Model", list(keys), key=f"compared_{task}_{corpus}", bind="query-params")
    stored = {name: evaluation.model_rows(ui.out_of_fold(corpus), task, *keys[title], protocol, corpus) for name, protocol in PROTOCOLS.items()}
    tested = [name for name, rows in stored.items() if len(rows)]
    shown = str(second.segmented_control("Tested on", tested, default=tested[0], required=True, key=f"tested_on_{task}_{corpus}_{title}"))
    rows = stored[shown]
    scores = evaluation.score(rows, task)
    runs = f", mean of {len(scores.seeds)} runs" if len(scores.seeds) > 1 else ""
    of = f"{scores.n_utterances:,} clips of {evaluation.speakers_in_words(scores.n_speakers)}"
    st.markdown(f"On average **{evaluation.in_words(scores.uar)}** of each {task} recognised; {of}{runs}.")
    confusions(rows, task, scores, f"{task}_{corpus}_{title}_{shown}")
    sureness(rows, task, scores)
    groups(rows, task, corpus)
    if corpus != ui.OWN or PROTOCOLS[shown] == "corpus_left_out":  # the session's own models have their cards in the ZIP file
        card(task, *keys[title])


def card(task: str, feature_set: str, classifier: str) -> None:
    """The card of a model that ships, to be read and saved."""
    for found in ui.cards(task):
        if found.classifier == classifier and feature_set in (found.feature_set, "several"):
            text = models.to_markdown(found)
            with st.expander("Model card", icon=":material/id_card:"):
                st.markdown(text.replace("# ", "### ", 1).replace("\n## ", "\n##### "))
                st.download_button("Save the card", text, f"{found.id}.md", "text/markdown", icon=":material/download:", on_click="ignore")


def models_of(table: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """(feature set, classifier) of each model of a leaderboard, by title."""
    return {row.title: (row.feature_set, row.classifier) for row in table.itertuples()}


def confusions(rows: pd.DataFrame, task: str, scores: evaluation.Scores, of: str) -> None:
    """What was taken for what; a click on a cell lists the clips behind it. `of` names what is shown: a click holds for nothing else."""
    heard = [position for position, label in enumerate(LABELS[task]) if label in scores.recall]  # the corpus has them
    labels = [LABELS[task][position] for position in heard]
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Which was taken for which**")
        counts = evaluation.mean_confusion(rows, task)[np.ix_(heard, heard)]
        chart = charts.confusion_matrix(counts, labels)
        key = f"confusion_{of}"
        event = st.altair_chart(chart, width="stretch", key=key, on_select="rerun", selection_mode=charts.CELL, alt="Confusion matrix")
        st.caption("Click a cell to see, and hear, the clips behind it.")
    with right:
        st.markdown(f"**Share of each {task} recognised**")
        recall = {label: scores.recall[label] for label in labels}
        st.altair_chart(charts.recall_bars(recall), width="stretch", key="recall", alt="Share of each label recognised")
    if cell := event.selection.get(charts.CELL):
        meant, said = str(cell[0]["meant"]).lower(), str(cell[0]["said"]).lower()
        behind = comparing.behind(rows, task, meant, said)
        run = " of the first run" if len(scores.seeds) > 1 else ""
        st.markdown(f"**{meant.capitalize()}, taken for {said}**: {len(behind)} clips{run}, the surest first. Select one to hear it.")
        clips(behind, f"behind_{of}_{meant}_{said}")


def sureness(rows: pd.DataFrame, task: str, scores: evaluation.Scores) -> None:
    """Whether probabilities can be believed, and what refusing unsure answers brings."""
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Can its probabilities be believed?**")
        bins = evaluation.reliability(rows, task)
        st.altair_chart(charts.reliability(bins), width="stretch", key="reliability", alt="How often the model is right by how sure it is")
        st.caption(
            f"Clips sorted by how sure the model is, in {len(bins)} groups of equal size. On the dashed line it is right as often as it says; above "
            f"it is too modest, below too sure. On average it is off by {100 * scores.ece:.0f} points (expected calibration error)."
        )
    with right:
        st.markdown("**What if it refused to answer when unsure?**")
        curve = comparing.risk_coverage(rows, task)
        threshold = st.slider("Answer only from this probability on", 0, 100, 33, format="%d%%", key="refusal_threshold") / 100
        st.altair_chart(charts.risk_coverage(curve, threshold), width="stretch", key="risk_coverage", alt="Accuracy by how much is answered")
        here = curve.iloc[(curve["threshold"] - threshold).abs().argmin()]
        answered = "nothing" if np.isnan(here["accuracy"]) else f"{here['coverage']:.0%} of the clips, and is right on {here['accuracy']:.0%} of them"
        st.caption(f"From {threshold:.0%} on it answers {answered}; answering all, on {curve['accuracy'].iloc[0]:.0%}.")


def groups(rows: pd.DataFrame, task: str, corpus: str) -> None:
    """For whom and for what it works."""
    st.markdown("**For whom does it work?**")
    kinds = comparing.groups_of(rows)
    if not kinds:
        ui.explain_no_clip("Nothing tells these clips apart: neither speakers nor voices, intensities or sentences are known, or there is one only.")
        return
    by = str(st.segmented_control("By", kinds, default=kinds[0], required=True, format_func=comparing.GROUPS.__getitem__, key=f"by_{task}_{corpus}"))
    found = comparing.breakdown(rows, task, by)
    st.altair_chart(charts.groups(found, comparing.GROUPS[by]), width="stretch", key="groups", alt=f"Share recognised by {by}")
    st.caption("Share of each label recognised, averaged (UAR). Lines: 95%, bootstrap over the speakers of a group.")


def two_models(table: pd.DataFrame, task: str, corpus: str) -> None:
    """Two models on the same clips: the difference with its interval and test, recalls, and where they disagree."""
    keys = models_of(table)
    titles = list(keys)
    first, second, third = st.columns([2, 2, 3], gap="medium")
    one = first.selectbox("First model", titles, key=f"first_{task}_{corpus}", bind="query-params")
    other = second.selectbox("Second model", titles, index=min(1, len(titles) - 1), key=f"second_{task}_{corpus}", bind="query-params")
    both = {name: [evaluation.model_rows(ui.out_of_fold(corpus), task, *keys[title], protocol, corpus) for title in (one, other)]
            for name, protocol in PROTOCOLS.items()}  # fmt: skip
    tested = [name for name, rows in both.items() if len(rows[0]) and len(rows[1])]
    if not tested:
        ui.explain_no_clip("These two were not tested in the same way. Choose two that were: both trained on the corpus, or both left without it.")
        return
    shown = str(third.segmented_control("Tested on", tested, default=tested[0], required=True, key=f"both_{task}_{corpus}_{one}_{other}"))
    if one == other:
        ui.explain_no_clip("Choose two different models above.")
        return
    same = comparing.same_clips(both[shown][0], both[shown][1], task)
    found = comparing.paired(both[shown][0], both[shown][1], task)
    st.markdown(comparing.in_words(found, one, other))
    counts = {"Both right": found.both_right, "Only the first": found.only_first, "Only the second": found.only_second, "Neither": found.neither}
    for column, (name, share) in zip(st.columns(4), counts.items(), strict=True):
        column.metric(name, f"{share:.0%}", border=True)
    st.markdown(f"**Share of each {task} recognised**")
    recalls = comparing.recalls_of_both(same, task)
    st.altair_chart(charts.two_recalls(recalls, one, other), width="stretch", key="two_recalls", alt="Recall of both models per label")
    if max(rows["seed"].nunique() for rows in both[shown]) > 1:
        st.caption("A model that was trained several times: the difference is of the average run, all below it of the first.")
    st.markdown("**Where they disagree.** Select a clip to hear it.")
    clips(comparing.disagreements(same).rename(columns={"said_1": one, "said_2": other}), f"disagreements_{task}_{corpus}_{one}_{other}_{shown}")


def clips(found: pd.DataFrame, key: str) -> None:
    """A table of clips of a corpus; the one that is selected is played where the corpus is on this computer."""
    if found.empty:
        ui.explain_no_clip("There is no such clip.")
        return
    event = st.dataframe(
        found.drop(columns="corpus"),
        hide_index=True,
        width="stretch",
        height=240,
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        column_config=COLUMNS,
    )
    for row in event.selection.rows:
        if row < len(found):  # the table may have shrunk since
            ui.play_of_corpus(found["corpus"].iloc[row], found["path"].iloc[row])
