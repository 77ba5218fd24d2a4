"""The current recording from all sides: its sound and pictures, its features among those of an
emotion, the clips most like it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ser_core import exploration
from ser_core.emotions import display_name
from ui import clip_detail, routing, session, widgets
from ui.explore import chosen_clips, clip_map

if TYPE_CHECKING:
    from ser_core.features import FeatureVector
    from ui.explore.chosen_clips import Choice


def section(choice: Choice, own: FeatureVector | None) -> None:
    """The recording; without one the one step to it."""
    clip = session.clip()
    if clip is None or own is None:
        widgets.explain_no_clip(
            "**Record or pick a clip first**: then you see here what is unusual in your voice, "
            "and which clips are most like it."
        )
        st.page_link(routing.pages()["record"], label="Record & predict", icon=":material/mic:")
        return
    st.markdown(f"**{clip.name}**")
    rows = chosen_clips.chosen_rows(choice)
    left, right = st.columns(2, gap="large")
    with left:
        widgets.play(clip.recording)
        clip_detail.pictures(clip.recording, "own")
    with right:
        present = exploration.emotions_present(rows)
        against = st.selectbox(
            "Compared with",
            present,
            format_func=display_name,
            key="compared_with",
            bind="query-params",
        )
        among = exploration.select_emotions(rows, [str(against)])
        clip_detail.features(own.values, among, f"the {len(among):,} chosen {against} clips", "own")
        clip_map.nearest(choice, own)
