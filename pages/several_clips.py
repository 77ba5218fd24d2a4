"""A folder's worth of clips: what each sounds like, to be sorted, narrowed down, heard and saved."""

from __future__ import annotations

import streamlit as st

import ui
from ser_core import audio, entries
from ui import microphone, several


def main() -> None:
    st.title("Several clips")
    st.markdown("Add many clips at once, and see what each sounds like in one table.")
    kind = st.segmented_control("What to add", ["Files", "A folder"], default="Files", required=True, key="several_kind", bind="query-params")
    # A folder's other files (pictures, notes) are passed over; of single files the browser only offers those that fit.
    files = st.file_uploader(
        "Audio files with one voice each",
        type=microphone.audio_types(),
        accept_multiple_files=True if kind == "Files" else "directory",
        max_upload_size=audio.MAX_UPLOAD_BYTES // 2**20,
        key=f"several_{kind}",
    )
    if not files:
        st.session_state.pop("several", None)
        ui.explain_no_clip(
            "**The table appears here** as soon as there are clips: one row each, with the probabilities of eight emotions and two genders. "
            "Select a row to hear its clip. Nothing is kept longer than a minute after you close the page."
        )
        return
    chosen = ui.chosen_models()
    found = several.predicted(files, chosen["emotion"], chosen["gender"])
    table = entries.table(found)
    st.markdown(f"**{entries.summary(table)}**")
    shown = entries.filtered(table, *several.filters())
    if shown.empty:
        ui.explain_no_clip("No clip is left: choose other emotions or another part of the name.")
        return
    if len(shown) < len(table):
        st.caption(f"{len(shown)} of {len(table)} clips shown.")
    for row in several.overview(shown):
        several.play(files[int(shown.index[row])])
    several.downloads(shown, found)
    st.caption(f"By the models chosen on *Record & predict*: {' and '.join(dict.fromkeys(chosen.values()))}. {ui.AI_ACT}")


ui.run(main)
