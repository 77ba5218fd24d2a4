"""A tour from the first recording to understanding the answer, usable as a lesson."""

from __future__ import annotations

import streamlit as st

from ui import routing, tour


def main() -> None:
    st.title("Tour")
    st.markdown(
        "Ten minutes from your first recording to knowing what an answer is worth; in a class, "
        "a lesson of half an hour."
    )
    numbers = [str(number) for number in range(1, len(tour.STEPS) + 1)]
    number = int(
        str(
            st.segmented_control(
                "Step", numbers, default="1", required=True, key="step", bind="query-params"
            )
        )
    )
    step = tour.STEPS[number - 1]
    st.header(f"{number}. {step.title}", anchor=False)
    st.markdown(step.text)
    step.draw()
    with st.container(border=True):
        st.markdown("**To discuss**\n" + "".join(f"\n- {question}" for question in step.discuss))
    tour.turn(number)
    st.download_button(
        "Save the lesson sheet",
        tour.lesson_sheet(),
        "lesson.md",
        "text/markdown",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
    )


routing.run(main)
