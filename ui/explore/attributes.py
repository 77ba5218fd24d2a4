"""Attributes by emotion: any of them, how it is distributed, and where the current recording lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ser_core import charts, exploration
from ser_core.emotions import EMOTIONS
from ui import widgets
from ui.explore import choose, chosen_clips

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.features import FeatureSpec, FeatureVector
    from ui.explore.chosen_clips import Choice

FIRST_CHOICE = ["f0_median", "level_std"]


def section(choice: Choice, own: FeatureVector | None) -> None:
    """The choice of attributes, emotions and groups; below each attribute."""
    specs, rows = exploration.feature_specs(), chosen_clips.chosen_rows(choice)
    chosen = st.multiselect(
        "Attributes",
        list(specs),
        default=FIRST_CHOICE,
        format_func=lambda name: specs[name].title,
        key="attributes",
        bind="query-params",
        placeholder="Choose one or more of 128",
    )
    emotions = choose.choose_emotions("emotions", list(EMOTIONS), rows)
    first, second, third = st.columns([3, 2, 2], gap="medium", vertical_alignment="bottom")
    splits = list(exploration.SPLITS)
    split = first.segmented_control(
        "Side by side",
        splits,
        default="",
        required=True,
        format_func=exploration.SPLITS.__getitem__,
        key="split",
        bind="query-params",
        wrap=True,
    )
    kind = second.segmented_control(
        "Shown as",
        ["Box", "Violin"],
        default="Box",
        required=True,
        key="shown_as",
        bind="query-params",
        wrap=True,
    )
    log = third.toggle(
        "Logarithmic axis",
        key="log_axis",
        bind="query-params",
        help="Where all values are above 0.",
    )
    choose.invite_to_record()
    if not chosen:
        widgets.explain_no_clip(
            "Choose an attribute above: *Pitch (F0), median* is a good first one."
        )
    if not chosen or not emotions:
        return
    shown = exploration.select_emotions(rows, emotions)
    for name in chosen:
        st.subheader(specs[name].title, anchor=False)
        one(shown, specs[name], own, split=str(split or ""), kind=str(kind).lower(), log=log)
    choose.save(
        shown,
        "clips",
        f"Save these {len(shown):,} clips with all 128 attributes (CSV)",
        "save_clips",
    )


def one(
    rows: pd.DataFrame,
    spec: FeatureSpec,
    own: FeatureVector | None,
    *,
    split: str = "",
    kind: str = "box",
    log: bool = False,
) -> None:
    """One attribute: what it is, its distributions, the recording among them, its figures."""
    values = exploration.feature_values(rows, spec.name, split)
    current = None if own is None else float(own.values[own.names.index(spec.name)])
    unit = "" if spec.unit == "none" else f" Unit: {spec.unit}."
    st.markdown(f"{spec.sentence}{unit} In tables: `{spec.name}`.")
    standing = None if current is None else exploration.share_below(rows, spec.name, current)
    if standing is not None:
        st.markdown(
            f":violet[**Your recording: {current:,.4g}**] (the violet line). "
            f"{exploration.describe_share_below(standing)}"
        )
    above_0 = bool((values["value"] > 0).all()) and (current is None or current > 0)
    shapes = (
        exploration.densities(values, log and above_0)
        if kind == "violin"
        else exploration.box_statistics(values)
    )
    points = exploration.sample_points(values)
    chart = charts.feature_distribution(
        shapes,
        points,
        spec,
        exploration.order_groups(values["group"]),
        kind=kind,
        current=current,
        log=log and above_0,
    )
    widgets.draw(chart, key=f"distribution_{spec.name}", alt=f"{spec.title} in each emotion")
    st.caption(
        how_to_read(kind, len(points), len(values))
        + ("" if above_0 or not log else " Not all values are above 0: the axis stays linear.")
    )
    if standing is not None:
        st.markdown("How many clips lie below your recording, men and women apart:")
        widgets.draw(
            charts.share_below(standing),
            key=f"standing_{spec.name}",
            alt=f"Clips below yours in {spec.title}",
        )
    with st.expander("Numbers", icon=":material/table:"):
        summary = exploration.feature_summary(values, current).reset_index()
        st.dataframe(
            summary if split else summary.drop(columns="group"), hide_index=True, width="stretch"
        )
        choose.save(
            values.rename(columns={"value": spec.name}), spec.name, "Save CSV", f"save_{spec.name}"
        )


def how_to_read(kind: str, drawn: int, n: int) -> str:
    """What the shapes and points are."""
    shape = (
        "Box: the middle half, with its median"
        if kind == "box"
        else "Shape: where clips are frequent"
    )
    some = (
        f"points: {drawn:,} of {n:,} clips, evenly chosen; all count for the shapes"
        if drawn < n
        else "each point is a clip"
    )
    return f"{shape}; {some}."
