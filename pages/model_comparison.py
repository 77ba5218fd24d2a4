"""How often each classifier is right, on unseen voices and beside it on the flattering random split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

import ui
from ser_core import charts, evaluation, models
from ser_core.corpora import CORPORA
from ser_core.emotions import LABELS

if TYPE_CHECKING:
    import pandas as pd

PROTOCOLS = {
    "Unseen voices": "unseen_speakers",
    "Corpus left out": "corpus_left_out",
    "Other sentence": "other_statement",
    "Random split (optimistic)": "random_split",
}


def main() -> None:
    st.title("Model comparison")
    st.markdown(
        "Compare models by what they recognise in voices they never heard, in a whole corpus they never heard, and see how much a random "
        "split flatters them."
    )
    left, right = st.columns(2)
    task = str(left.segmented_control("Task", list(LABELS), default="emotion", required=True, format_func=str.capitalize, key="task"))
    corpus = str(
        right.segmented_control("Corpus", list(CORPORA), default="ravdess", required=True, format_func=lambda name: CORPORA[name].title, key="corpus")
    )
    table = ui.leaderboard(task, corpus)
    table = table.assign(title=[models.title(row.classifier, row.feature_set) for row in table.itertuples()])
    overview(table, task, corpus)
    st.divider()
    one_model(table, task, corpus)
    st.caption(
        f"{CORPORA[corpus].title}: {CORPORA[corpus].speech}. Intervals: 95%, bootstrap over speakers. Every figure comes from the stored "
        "predictions; compute them again with `python -m ser_core evaluate --refit`."
    )


def chance(task: str, corpus: str) -> float:
    """The UAR of guessing among the labels of a corpus."""
    return 1 / (len(CORPORA[corpus].emotions) if task == "emotion" else len(LABELS[task]))


def best_sentence(table: pd.DataFrame, task: str, corpus: str) -> str:
    best = table.iloc[0]
    text = f"The best here, **{best['title']}**, recognises **{best['unseen_speakers_uar']:.0%}** of each {task} on unseen voices"
    left_out = table.dropna(subset="corpus_left_out_uar")
    if len(left_out):
        first = left_out.iloc[0]
        name = "it" if first["title"] == best["title"] else f"**{first['title']}**"
        text += f"; trained on other corpora only, {name} recognises **{first['corpus_left_out_uar']:.0%}**: the nearest thing to your own microphone"
    text += f". Guessing gives {chance(task, corpus):.0%}."
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


def overview(table: pd.DataFrame, task: str, corpus: str) -> None:
    st.markdown(best_sentence(table, task, corpus))
    st.altair_chart(
        charts.leaderboard(table, chance(task, corpus)),
        width="stretch",
        key="leaderboard",
        alt="Every model on unseen voices, with its corpus left out and on the random split; the table below has the figures",
    )
    st.caption(
        f"The dashed line is guessing ({chance(task, corpus):.1%}). Network, perceptrons and their combination learnt from all three corpora, "
        "the other models from RAVDESS alone; those without a feature set in their name use acoustic128_v1."
    )
    shown = (
        table[["title"]]
        .assign(
            unseen=100 * table["unseen_speakers_uar"],
            interval=[
                f"{100 * low:.1f} to {100 * high:.1f}"
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


def one_model(table: pd.DataFrame, task: str, corpus: str) -> None:
    st.subheader("One model in detail", anchor=False)
    first, second = st.columns([2, 3], gap="medium")
    keys = {row.title: (row.feature_set, row.classifier) for row in table.itertuples()}
    title = first.selectbox("Model", list(keys), key=f"compared_{task}_{corpus}")
    stored = {name: evaluation.model_rows(ui.out_of_fold(), task, *keys[title], protocol, corpus) for name, protocol in PROTOCOLS.items()}
    tested = [name for name, rows in stored.items() if len(rows)]
    shown = str(second.segmented_control("Tested on", tested, default=tested[0], required=True, key=f"tested_on_{task}_{corpus}_{title}"))
    rows = stored[shown]
    scores = evaluation.score(rows, task)
    interval = f"{scores.uar.value:.1%} (95% interval {scores.uar.low:.1%} to {scores.uar.high:.1%})"
    runs = f", mean of {len(scores.seeds)} runs" if len(scores.seeds) > 1 else ""
    st.markdown(f"On average **{interval}** of each {task} recognised; {scores.n_utterances:,} clips of {scores.n_speakers} speakers{runs}.")
    heard = [position for position, label in enumerate(LABELS[task]) if label in scores.recall]  # the corpus has them
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Which was taken for which**")
        counts = evaluation.mean_confusion(rows, task)[np.ix_(heard, heard)]
        labels = [LABELS[task][position] for position in heard]
        st.altair_chart(charts.confusion_matrix(counts, labels), width="stretch", key="confusion", alt="Confusion matrix")
    with right:
        st.markdown(f"**Share of each {task} recognised**")
        st.altair_chart(
            charts.recall_bars({label: scores.recall[label] for label in labels}), width="stretch", key="recall", alt="Share of each label recognised"
        )
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Can its probabilities be believed?**")
        bins = evaluation.reliability(rows, task)
        st.altair_chart(charts.reliability(bins), width="stretch", key="reliability", alt="How often the model is right by how sure it is")
    with right:
        st.markdown(
            f"Clips are sorted by how sure the model is and cut into {len(bins)} groups of equal size; each point is a group. On the dashed line "
            f"the model is right as often as it says. Above it is too modest, below too sure. On average it is off by **{100 * scores.ece:.0f} "
            "points** (expected calibration error)."
        )


ui.run(main)
