"""A folder's worth of clips: what each sounds like, to be sorted, narrowed down, heard and saved."""

from __future__ import annotations

import streamlit as st

from ser_core import audio
from ser_core.prediction import entries
from ui import model_choice, routing, session, widgets
from ui.record import microphone, several_clips


def main() -> None:
    st.title("Several clips")
    st.markdown("Add many clips at once, and see what each sounds like in one table.")
    kind = st.segmented_control(
        "What to add",
        ["Files", "A folder"],
        default="Files",
        required=True,
        key="several_kind",
        bind="query-params",
    )
    # A folder's other files (pictures, notes) are passed over; of single files the browser only
    # offers those that fit.
    files = st.file_uploader(
        "Audio files with one voice each",
        type=microphone.audio_types(),
        accept_multiple_files=True if kind == "Files" else "directory",
        max_upload_size=audio.MAX_UPLOAD_BYTES // 2**20,
        key=f"several_{kind}",
    )
    if not files:
        session.state().entries.clear()
        widgets.explain_no_clip(
            "**The table appears here** as soon as there are clips: one row each, with the "
            "probabilities of eight emotions and two genders. "
            "Select a row to hear its clip. Nothing is kept longer than a minute after you close the page."
        )
        return
    chosen = model_choice.chosen_models()
    answers = several_clips.predict_files(files, chosen["emotion"], chosen["gender"])
    table = entries.to_table(answers)
    st.markdown(f"**{entries.summarise(table)}**")
    shown = entries.filter_table(table, *several_clips.filters())
    if shown.empty:
        widgets.explain_no_clip(
            "No clip is left: choose other emotions or another part of the name."
        )
        return
    if len(shown) < len(table):
        st.caption(f"{len(shown)} of {len(table)} clips shown.")
    for row in several_clips.overview(shown):
        several_clips.play(files[int(shown.index[row])])
    several_clips.downloads(shown, answers)
    st.caption(
        "By the models chosen on *Record & predict*: "
        f"{' and '.join(dict.fromkeys(chosen.values()))}. {widgets.AI_ACT}"
    )


routing.run(main)
