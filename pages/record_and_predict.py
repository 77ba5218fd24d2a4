"""Record, upload or pick a clip; hear it; read what the models make of it."""

from __future__ import annotations

import streamlit as st

from ui import predictions, routing, session, widgets
from ui.library import keeping
from ui.record import answer, baseline, capture
from ui.server.turns import turns
from ui.streamlit_internals import DeltaGenerator


def main() -> None:
    st.title("Record & predict")
    st.markdown(
        "Speak for three to eight seconds, in English if you can, and see which emotion your voice "
        "sounds like."
    )
    left, right = st.columns([5, 6], gap="large")
    with left:
        capture.inputs()
        below_inputs = st.container()
        baseline.section()
    with right:
        if clip := session.clip():
            show_answer(clip, below_inputs)
        else:
            keeping.say_that_a_copy_stays()
            widgets.explain_no_clip(
                "**The answer appears here** as soon as there is a clip: eight emotions, two genders, "
                "and how far to trust them."
            )
    st.caption(
        f"{widgets.AI_ACT} Trained on acted speech; it hears how a voice sounds, not what a person "
        "feels."
    )


def show_answer(clip: session.Clip, below_inputs: DeltaGenerator) -> None:
    """The answer first, then the clip itself below the inputs, then why."""
    try:
        result = predictions.answer(clip)
        answer.sentence(result)
        keeping.keep(clip, result.prediction)
    finally:  # a clip without an answer is to be heard all the same
        with below_inputs:
            capture.show(clip)
    turns.step_back()
    answer.reasons(clip, result)


routing.run(main)
