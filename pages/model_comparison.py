"""How often each classifier is right on unseen voices, and on the flattering random split."""

from __future__ import annotations

import streamlit as st

from ser_core.emotions import LABELS
from ui import routing, widgets
from ui.compare import (
    all_models,
    model_detail,
    noise_and_rooms,
    tested_corpora,
    training_speakers,
    two_models,
)

VIEWS = {
    "all": "All models",
    "one": "One model",
    "two": "Two models",
    "learning": "Training speakers",
    "noise": "Noise and rooms",
    "clip": "Your clip",
}
SECTIONS = {"all": all_models.section, "one": model_detail.one_model, "two": two_models.section}


def main() -> None:
    st.title("Model comparison")
    st.markdown(
        "Compare models by what they recognise in voices they never heard, in a whole corpus they "
        "never heard, and see how much a random split flatters them."
    )
    view = widgets.choose_one("Look at", VIEWS, "all", key="view")
    if view == "noise":
        noise_and_rooms.section()
    elif view == "clip":
        noise_and_rooms.every_model()
    else:
        show_corpus(view)


def show_corpus(view: str) -> None:
    """A view of the models that were tested on one corpus for one task."""
    left, right = st.columns(2)
    with left:
        tasks = {task: task.capitalize() for task in LABELS}
        task = widgets.choose_one("Task", tasks, "emotion", key="task")
    with right:
        titles = tested_corpora.compared_corpora()
        corpus = widgets.choose_one("Corpus", titles, "ravdess", key="corpus")
    title = tested_corpora.corpus_title(corpus)
    if task not in tested_corpora.tested_tasks(corpus):
        widgets.explain_no_clip(
            f"No model was trained or tested on {title} for {task}: its clips lack the labels."
        )
        return
    tested_corpora.warn_if_optimistic(task, corpus)
    if view == "learning":
        training_speakers.section(task, corpus)
    else:
        SECTIONS[view](tested_corpora.leaderboard(task, corpus), task, corpus)
    command = "learning-curves" if view == "learning" else "refit"
    st.caption(
        f"{title}: {tested_corpora.corpus_speech(corpus)}. Intervals: 95%, bootstrap over speakers. "
        f"{tested_corpora.figures_source(corpus, command)}"
    )


routing.run(main)
