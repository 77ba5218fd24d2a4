"""How often each classifier is right, on unseen voices and beside it on the flattering random split."""

from __future__ import annotations

import streamlit as st

from ser_core.emotions import LABELS
from ui import routing, widgets
from ui.compare import all_models, model_detail, noise_and_rooms, tested_corpora, training_speakers

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
        st.segmented_control(
            "Look at",
            list(VIEWS),
            default="all",
            required=True,
            format_func=VIEWS.__getitem__,
            key="view",
            bind="query-params",
        )
    )
    if view == "noise":
        noise_and_rooms.section()
        return
    if view == "clip":
        noise_and_rooms.every_model()
        return
    left, right = st.columns(2)
    task = str(
        left.segmented_control(
            "Task",
            list(LABELS),
            default="emotion",
            required=True,
            format_func=str.capitalize,
            key="task",
            bind="query-params",
        )
    )
    titles = tested_corpora.compared_corpora()
    corpus = str(
        right.segmented_control(
            "Corpus",
            list(titles),
            default="ravdess",
            required=True,
            format_func=titles.__getitem__,
            key="corpus",
            bind="query-params",
        )
    )
    if task not in tested_corpora.tested_tasks(corpus):
        widgets.explain_no_clip(
            f"No model was trained or tested on {tested_corpora.corpus_title(corpus)} for {task}: its clips lack the labels."
        )
        return
    tested_corpora.warn(task, corpus)
    if view == "learning":
        training_speakers.section(task, corpus)
    else:
        {"all": all_models.section, "one": model_detail.one_model, "two": model_detail.two_models}[
            view
        ](tested_corpora.leaderboard(task, corpus), task, corpus)
    made = tested_corpora.made_how(corpus, "learning-curves" if view == "learning" else "refit")
    st.caption(
        f"{tested_corpora.corpus_title(corpus)}: {tested_corpora.corpus_speech(corpus)}. Intervals: 95%, bootstrap over speakers. {made}"
    )


routing.run(main)
