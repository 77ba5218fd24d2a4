"""How often each classifier is right, on unseen voices and beside it on the flattering random split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

import ui
from ser_core import charts, evaluation, models
from ser_core.emotions import LABELS

if TYPE_CHECKING:
    import pandas as pd

PROTOCOLS = {"Unseen voices": "unseen_speakers", "Random split (optimistic)": "random_split"}


def main() -> None:
    st.title("Model comparison")
    st.markdown("Compare classifiers by what they recognise in voices they never heard, and see how much a random split flatters them.")
    task = str(st.segmented_control("Task", list(LABELS), default="emotion", required=True, format_func=str.capitalize, key="task"))
    table = ui.leaderboard(task)
    table = table.assign(title=[models.title(row.classifier, row.feature_set) for row in table.itertuples()])
    overview(table, task)
    st.divider()
    one_model(table, task)
    st.caption(
        f"{ui.CORPUS_NOTE} Intervals: 95%, bootstrap over speakers. Every figure comes from the stored predictions; "
        "compute them again with `python -m ser_core evaluate --refit`."
    )


def overview(table: pd.DataFrame, task: str) -> None:
    best = table.iloc[0]
    st.markdown(
        f"The best here, **{best['title']}**, recognises **{best['unseen_speakers_uar']:.0%}** of each {task} on unseen voices. "
        f"A random split, where the same voices are in training and test, would claim **{best['random_split_uar']:.0%}**: "
        f"that is **{100 * best['inflation']:.0f} points** too much. Picking the best has seen all voices: where the classifier, too, "
        f"is chosen without the tested ones, **{ui.chosen_inside(task).uar.value:.0%}** is left."
    )
    st.altair_chart(
        charts.leaderboard(table, 1 / len(LABELS[task])),
        width="stretch",
        key="leaderboard",
        alt="Every model on unseen voices and on the random split; the table below has the figures",
    )
    st.caption(f"The dashed line is guessing ({1 / len(LABELS[task]):.1%}). Models without a feature set in their name use acoustic128_v1.")
    shown = table[["title"]].assign(
        unseen=100 * table["unseen_speakers_uar"],
        interval=[
            f"{100 * low:.1f} to {100 * high:.1f}"
            for low, high in zip(table["unseen_speakers_uar_low"], table["unseen_speakers_uar_high"], strict=True)
        ],
        random=100 * table["random_split_uar"],
        inflation=100 * table["inflation"],
        accuracy=100 * table["unseen_speakers_accuracy"],
        f1=100 * table["unseen_speakers_macro_f1"],
        ece=table["unseen_speakers_ece"],
    )
    number = st.column_config.NumberColumn
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        height="content",
        column_config={
            "title": st.column_config.TextColumn("Model"),
            "unseen": number(
                "Unseen voices (%)", format="%.1f", help="Share of each label recognised, averaged (UAR), on speakers that training did not hear."
            ),
            "interval": st.column_config.TextColumn("95% interval"),
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


def one_model(table: pd.DataFrame, task: str) -> None:
    st.subheader("One model in detail", anchor=False)
    first, second = st.columns([3, 2], gap="medium")
    keys = {row.title: (row.feature_set, row.classifier) for row in table.itertuples()}
    title = first.selectbox("Model", list(keys), key=f"compared_{task}")
    shown = str(second.segmented_control("Tested on", list(PROTOCOLS), default="Unseen voices", required=True, key="tested_on"))
    rows = evaluation.model_rows(ui.out_of_fold(), task, *keys[title], PROTOCOLS[shown])
    scores = evaluation.score(rows, task)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Which was taken for which**")
        st.altair_chart(
            charts.confusion_matrix(evaluation.mean_confusion(rows, task), LABELS[task]), width="stretch", key="confusion", alt="Confusion matrix"
        )
    with right:
        st.markdown(f"**Share of each {task} recognised**")
        st.altair_chart(charts.recall_bars(scores.recall), width="stretch", key="recall", alt="Share of each label recognised")
        interval = f"{scores.uar.value:.1%} (95% interval {scores.uar.low:.1%} to {scores.uar.high:.1%})"
        runs = f", mean of {len(scores.seeds)} runs" if len(scores.seeds) > 1 else ""
        st.markdown(f"On average **{interval}**; {scores.n_utterances:,} clips of {scores.n_speakers} speakers{runs}.")


ui.run(main)
