"""How often each classifier is right, on unseen voices and beside it on the flattering random split."""

from __future__ import annotations

import streamlit as st

import ui
from ser_core.emotions import LABELS
from ui import compared, comparison, conditions, learning, overview

VIEWS = {
    "all": "All models",
    "one": "One model",
    "two": "Two models",
    "learning": "Training speakers",
    "noise": "Noise and rooms",
    "clip": "Your clip",
}


def main() -> None:
    st.title("Model comparison")
    st.markdown(
        "Compare models by what they recognise in voices they never heard, in a whole corpus they never heard, and see how much a random "
        "split flatters them."
    )
    view = str(
        st.segmented_control("Look at", list(VIEWS), default="all", required=True, format_func=VIEWS.__getitem__, key="view", bind="query-params")
    )
    if view == "noise":
        conditions.section()
        return
    if view == "clip":
        conditions.every_model()
        return
    left, right = st.columns(2)
    task = str(
        left.segmented_control("Task", list(LABELS), default="emotion", required=True, format_func=str.capitalize, key="task", bind="query-params")
    )
    titles = ui.compared_corpora()
    corpus = str(
        right.segmented_control(
            "Corpus", list(titles), default="ravdess", required=True, format_func=titles.__getitem__, key="corpus", bind="query-params"
        )
    )
    if task not in compared.tested_tasks(corpus):
        ui.explain_no_clip(f"No model was trained or tested on {ui.corpus_title(corpus)} for {task}: its clips lack the labels.")
        return
    compared.warn(task, corpus)
    if view == "learning":
        learning.section(task, corpus)
    else:
        {"all": overview.section, "one": comparison.one_model, "two": comparison.two_models}[view](ui.leaderboard(task, corpus), task, corpus)
    made = compared.made_how(corpus, "learning-curves" if view == "learning" else "refit")
    st.caption(f"{ui.corpus_title(corpus)}: {ui.corpus_speech(corpus)}. Intervals: 95%, bootstrap over speakers. {made}")


ui.run(main)
