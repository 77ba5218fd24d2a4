"""How the features of speech differ between emotions, and where the current recording lies."""

from __future__ import annotations

import streamlit as st

import ui
from ui import exploring
from ui.exploring import attributes, frequencies, maps, separation, voice

VIEWS = {
    "apart": "What tells two apart",
    "attributes": "Attributes",
    "frequencies": "Frequencies",
    "map": "Map",
    "voice": "Your voice",
}


def main() -> None:
    st.title("Feature explorer")
    st.markdown("What makes anger sound like anger? See how voices differ between emotions, hear it, and find your own among them.")
    view = st.segmented_control(
        "Look at", list(VIEWS), default="apart", required=True, format_func=VIEWS.__getitem__, key="look", bind="query-params"
    )
    choice = exploring.choose()
    if choice is None:
        return
    own = ui.features_of(ui.clip())
    if view == "frequencies":
        frequencies.section(choice, own, ui.contour_of(ui.clip()))
    else:
        {"apart": separation, "attributes": attributes, "map": maps, "voice": voice}[str(view)].section(choice, own)
    st.caption("RAVDESS, CREMA-D and nEMO are acted speech. Everything is measured after bringing each clip to the same loudness.")


ui.run(main)
