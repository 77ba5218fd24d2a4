"""Record, upload or pick a clip; hear it; read what the models make of it."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import routing, session, widgets
from ui.library import entries
from ui.record import answer, baseline, capture
from ui.server.turns import turns


def main() -> None:
    st.title("Record & predict")
    st.markdown(
        "Speak for three to eight seconds, in English if you can, and see which emotion your voice sounds like."
    )
    left, right = st.columns([5, 6], gap="large")
    with left:
        capture.inputs()
        beside = st.container()
        # The widget's own key is forgotten on a change of page; the other one is not.
        before = st.session_state.get("baseline_wanted", False)
        wanted = st.toggle(
            "Personal baseline: let it hear your neutral voice first", before, key="use_baseline"
        )
        st.session_state["baseline_wanted"] = wanted
        if wanted:
            baseline.section()
        if baseline.clips_of_session():
            st.button("Delete the baseline", icon=":material/delete:", on_click=baseline.forget)
    with right:
        if clip := session.clip():
            answer_to(clip, beside)
        else:
            entries.say_that_a_copy_stays()
            widgets.explain_no_clip(
                "**The answer appears here** as soon as there is a clip: eight emotions, two genders, and how far to trust them."
            )
    st.caption(
        f"{widgets.AI_ACT} Trained on acted speech; it hears how a voice sounds, not what a person feels."
    )


def answer_to(clip: session.Clip, beside: DeltaGenerator) -> None:
    """The answer first, then the clip itself in the container beside it, then why."""
    try:
        result, with_reasons = answer.sentence(clip)
        entries.keep(clip, result)
    finally:  # a clip without an answer is to be heard all the same
        with beside:
            capture.show(clip)
    turns.step_back()
    answer.reasons(clip, with_reasons)


routing.run(main)
