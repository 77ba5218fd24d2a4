"""How often each classifier is right, on unseen voices and beside it on the flattering random split."""

from __future__ import annotations

import streamlit as st

import ui
from ser_core.corpora import CORPORA
from ser_core.emotions import LABELS
from ui import comparison, conditions, learning, overview

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
    corpus = str(
        right.segmented_control(
            "Corpus", list(CORPORA), default="ravdess", required=True, format_func=lambda name: CORPORA[name].title, key="corpus", bind="query-params"
        )
    )
    if view == "learning":
        learning.section(task, corpus)
    else:
        {"all": overview.section, "one": comparison.one_model, "two": comparison.two_models}[view](ui.leaderboard(task, corpus), task, corpus)
    st.caption(
        f"{CORPORA[corpus].title}: {CORPORA[corpus].speech}. Intervals: 95%, bootstrap over speakers. Every figure comes from the stored "
        "predictions; compute them again with `python -m ser_core evaluate --refit`."
    )


ui.run(main)
