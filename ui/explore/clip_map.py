"""The map of all chosen clips: a rectangle lists clips, a click shows one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from ser_core import charts, exploration
from ser_core.emotions import EMOTIONS
from ui import clip_detail, widgets
from ui.compare import model_detail
from ui.explore import choose as exploring
from ui.explore import chosen_clips

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.features import FeatureVector
    from ui.explore.chosen_clips import Choice

COLOURS = ["emotion", "gender", "speaker", "corpus", "intensity"]


def section(choice: Choice, own: FeatureVector | None) -> None:
    """The map beside the clip that was clicked.

    Below the clips inside the rectangle, and those most like the recording.
    """
    st.markdown(
        "Alike clips lie together. **Click a point** to see and hear the clip; **draw a "
        "rectangle** to list the clips inside it."
    )
    first, second = st.columns(2, gap="medium")
    kind = first.segmented_control(
        "Map",
        list(exploration.MAPS),
        default="neighbours",
        required=True,
        format_func=exploration.MAPS.__getitem__,
        key="map",
        bind="query-params",
        wrap=True,
    )
    by = second.segmented_control(
        "Coloured by",
        COLOURS,
        default="emotion",
        required=True,
        format_func=str.capitalize,
        key="map_by",
        bind="query-params",
        wrap=True,
    )
    emotions = exploring.choose_emotions(
        "emotions", list(EMOTIONS), chosen_clips.chosen_rows(choice)
    )
    if not emotions:
        return
    placed = exploration.add_recording(
        chosen_clips.map_places(choice, str(kind)),
        chosen_clips.feature_space(choice),
        str(kind),
        own,
    )
    placed = exploration.select_emotions(placed, [*emotions, exploration.RECORDING])
    drawn = exploration.thin_out(placed)
    left, right = st.columns([3, 2], gap="large")
    with left:
        # what was chosen among other clips says nothing of these
        shown_key = f"{kind}_{hash(choice)}_{'_'.join(emotions)}"
        selection = _draw(drawn, str(by), shown_key)
        st.caption(how_to_read(str(kind), drawn, placed, own is not None))
        exploring.invite_to_record()
    with right:
        _one(drawn, shown_key)
    inside = exploration.clips_inside(placed, selection.get(charts.BRUSH) or {})
    if len(inside):
        st.markdown(
            f"**{len(inside):,} clips** inside the rectangle. Select one to see and hear it; a "
            "click beside the rectangle clears it."
        )
        model_detail.clips(inside, f"map_clips_{hash(tuple(inside['path']))}", folded=False)
        exploring.save(inside, "clips", "Save CSV", "save_map")
    if own is not None:
        nearest(choice, own)


def _draw(drawn: pd.DataFrame, by: str, shown_key: str) -> Mapping[str, Any]:
    """The map; a click on a point chooses the clip."""
    key = f"clip_map_{shown_key}"

    def choose() -> None:
        point = widgets.selected(key, charts.CLICKED)
        if point:
            st.session_state[f"clip_{shown_key}"] = (point["corpus"], point["path"])

    return widgets.draw(
        charts.clip_map(drawn, by),
        key,
        "All clips, alike ones together",
        select=[charts.BRUSH, charts.CLICKED],
        then=choose,
    )


def _one(drawn: pd.DataFrame, shown_key: str) -> None:
    """The clip that was clicked, or chosen by its name; or what to do."""
    clips = exploration.clip_keys(drawn)
    chosen = st.selectbox(
        "Clip",
        clips,
        index=None,
        format_func=lambda clip: clip[1],
        key=f"clip_{shown_key}",
        placeholder="Click a point, or find a clip by its name",
    )
    if chosen is None:
        widgets.explain_no_clip(
            "Click a point on the map: here you hear the clip and see its waveform, "
            "spectrogram, pitch and features."
        )
        return
    corpus, path = chosen
    clip_detail.of_corpus(corpus, path, "clicked")


def nearest(choice: Choice, own: FeatureVector) -> None:
    """The clips most like the current recording."""
    st.markdown(
        "**The clips most like your recording**, by all 128 attributes. Select one to see and hear it."
    )
    alike = exploration.nearest_clips(chosen_clips.feature_space(choice), own)
    model_detail.clips(alike, f"nearest_clips_{hash(tuple(alike['path']))}", folded=False)


def how_to_read(kind: str, drawn: pd.DataFrame, placed: pd.DataFrame, recorded: bool) -> str:
    """What lies where, and how many clips are drawn."""
    counts = f"{len(drawn) - recorded:,} of {len(placed) - recorded:,} clips"
    thinned = (
        f" {counts} are drawn, evenly chosen; a rectangle lists all."
        if len(drawn) < len(placed)
        else ""
    )
    mine = " :violet[**The star is your recording.**]" if recorded else ""
    if kind == "linear":
        return (
            "The two directions in which the chosen clips differ most (principal components of "
            f"128 standardised attributes).{mine}{thinned}"
        )
    return (
        "t-SNE of the 128 standardised attributes of all corpora: near means alike, far says "
        "little. What is not on the stored map, your recording "
        f"say, lies amid its five nearest clips.{mine}{thinned}"
    )
