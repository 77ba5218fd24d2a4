"""How the features of speech differ between emotions, and where the current recording lies."""

from __future__ import annotations

import streamlit as st

from ui import caches, routing, session
from ui.explore import attributes, choose, clip_map, differences, frequencies, your_voice

VIEWS = {
    "apart": "What tells two apart",
    "attributes": "Attributes",
    "frequencies": "Frequencies",
    "map": "Map",
    "voice": "Your voice",
}


def main() -> None:
    st.title("Feature explorer")
    st.markdown(
        "What makes anger sound like anger? See how voices differ between emotions, hear it, "
        "and find your own among them."
    )
    view = st.segmented_control(
        "Look at",
        list(VIEWS),
        default="apart",
        required=True,
        format_func=VIEWS.__getitem__,
        key="look",
        bind="query-params",
    )
    choice = choose.choose()
    if choice is None:
        return
    own = caches.features_of(session.clip())
    if view == "frequencies":
        frequencies.section(choice, own, caches.contour_of(session.clip()))
    else:
        {"apart": differences, "attributes": attributes, "map": clip_map, "voice": your_voice}[
            str(view)
        ].section(choice, own)
    st.caption(
        "RAVDESS, CREMA-D and nEMO are acted speech. Everything is measured after bringing "
        "each clip to the same loudness."
    )


routing.run(main)
