"""The current recording from all sides: its sound and pictures, its features among those of an emotion, the clips most like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

import ui
from ser_core import exploration
from ser_core.emotions import display_name
from ui import clip_detail, explored
from ui.exploring import maps

if TYPE_CHECKING:
    from ser_core.features import FeatureVector
    from ui.explored import Choice


def section(choice: Choice, own: FeatureVector | None) -> None:
    """The recording; without one the one step to it."""
    clip = ui.clip()
    if clip is None or own is None:
        ui.explain_no_clip("**Record or pick a clip first**: then you see here what is unusual in your voice, and which clips are most like it.")
        st.page_link(ui.pages()["record"], label="Record & predict", icon=":material/mic:")
        return
    st.markdown(f"**{clip.name}**")
    rows = explored.rows(choice)
    left, right = st.columns(2, gap="large")
    with left:
        ui.play(clip.recording)
        clip_detail.pictures(clip.recording, "own")
    with right:
        there = exploration.present(rows)
        against = st.selectbox("Compared with", there, format_func=display_name, key="compared_with", bind="query-params")
        among = exploration.of_emotions(rows, [str(against)])
        clip_detail.features(own.values, among, f"the {len(among):,} chosen {against} clips", "own")
        maps.nearest(choice, own)
