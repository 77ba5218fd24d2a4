"""Sections of the feature explorer: attributes by emotion, what tells two emotions apart, the spectrum of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

import ui
from ser_core import charts, exploration
from ser_core.emotions import EMOTIONS, display_name
from ui import comparison

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.features import FeatureSpec, FeatureVector

FIRST_CHOICE = ["f0_median", "level_std"]
SHOWN = 15
"""How many attributes are drawn of those that tell two emotions apart; the table has all."""


def attributes(table: pd.DataFrame, own: FeatureVector | None) -> None:
    """Any attributes, how each is distributed within every emotion, and where the current recording lies."""
    specs = exploration.specs()
    first, second, third = st.columns([4, 2, 2], gap="medium")
    chosen = first.multiselect(
        "Attributes",
        list(specs),
        default=FIRST_CHOICE,
        format_func=lambda name: specs[name].title,
        key="attributes",
        bind="query-params",
        placeholder="Choose one or more of 128",
    )
    gender = second.segmented_control("Voices", ["All", "Male", "Female"], default="All", required=True, key="explored_gender", bind="query-params")
    kind = third.segmented_control("Shown as", ["Box", "Violin"], default="Box", required=True, key="shown_as", bind="query-params")
    log = third.toggle("Logarithmic axis", key="log_axis", bind="query-params", help="Where all values are above 0.")
    shown = table if gender == "All" else table[table["gender"] == str(gender).lower()]
    if own is None:
        st.page_link(ui.pages()["record"], label="Record a clip to see where your own voice lies", icon=":material/mic:")
    if not chosen:
        ui.explain_no_clip("Choose an attribute above: *Pitch (F0), median* is a good first one.")
    for name in chosen:
        attribute(shown, specs[name], own, str(kind).lower(), log)


def attribute(shown: pd.DataFrame, spec: FeatureSpec, own: FeatureVector | None, kind: str, log: bool) -> None:
    """One attribute: what it is, its distributions, its figures."""
    values = exploration.feature_values(shown, spec.name)
    current = None if own is None else float(own.values[own.names.index(spec.name)])
    st.subheader(spec.title, anchor=False)
    unit = "" if spec.unit == "none" else f" Unit: {spec.unit}."
    st.markdown(f"{spec.sentence}{unit} In tables: `{spec.name}`.")
    if current is not None:
        below = exploration.percentile(values, current)
        nearest = min(below, key=lambda emotion: abs(below[emotion] - 0.5))
        st.markdown(f":violet[**Your recording: {current:,.4g}**] (the violet line), most typical of **{nearest}** by this attribute alone.")
    st.altair_chart(
        charts.feature_distribution(values, spec, kind=kind, current=current, log=log and bool((values["value"] > 0).all())),
        width="stretch",
        key=f"distribution_{spec.name}",
        alt=f"{spec.title} in each emotion",
    )
    with st.expander("Numbers", icon=":material/table:"):
        st.dataframe(exploration.feature_summary(values, current).round(4), width="stretch")
        table = values.rename(columns={"value": spec.name}).to_csv(index=False)
        st.download_button("Save CSV", table, f"{spec.name}.csv", "text/csv", icon=":material/download:", on_click="ignore", key=f"save_{spec.name}")


def spectrum(table: pd.DataFrame, own: FeatureVector | None) -> None:
    """The average mel spectrum of the chosen emotions."""
    st.subheader("Average spectrum of each emotion", anchor=False)
    st.markdown("Which frequencies are strong in each emotion. The shaded bands hold the middle half of the clips.")
    first, second = st.columns([4, 2], gap="medium")
    emotions = first.pills(
        "Emotions",
        EMOTIONS,
        selection_mode="multi",
        default=["calm", "angry"],
        format_func=display_name,
        key="spectrum_emotions",
        bind="query-params",
    )
    gender = second.segmented_control("Voices", ["All", "Male", "Female"], default="All", required=True, key="spectrum_gender", bind="query-params")
    shown = table if gender == "All" else table[table["gender"] == str(gender).lower()]
    if not emotions:
        ui.explain_no_clip("Choose one or more emotions above.")
        return
    ordered = [emotion for emotion in EMOTIONS if emotion in emotions]
    st.altair_chart(
        charts.mel_spectrum(exploration.mel_spectrum(shown, ordered, own), ordered),
        width="stretch",
        key="mel_spectrum",
        alt="Average mel spectrum of each emotion",
    )
    if len(ordered) == 2:
        less, more = ordered
        found = exploration.spectrum_difference(shown, more, less)
        chart = charts.spectrum_difference(found, more, less)
        st.altair_chart(chart, width="stretch", key="spectrum_difference", alt=f"Spectrum of {more} less that of {less}")
        st.caption(
            f"How much stronger each band is in {more} than in {less}: mean over the speakers, each against themselves, with its 95% interval."
        )
    if own is not None:
        st.markdown(":violet[**The dashed violet line is your recording.**]")


def separation(table: pd.DataFrame) -> None:
    """Which attributes tell two emotions apart, the clearest first."""
    st.subheader("What tells two emotions apart", anchor=False)
    st.markdown("Every attribute compared **within each speaker**, so that a high voice does not count as an emotion; the clearest first.")
    left, middle, right = st.columns([2, 2, 2], gap="medium")
    first = left.selectbox("Emotion", EMOTIONS, index=EMOTIONS.index("angry"), format_func=display_name, key="apart_first", bind="query-params")
    second = middle.selectbox("Against", EMOTIONS, index=EMOTIONS.index("sad"), format_func=display_name, key="apart_second", bind="query-params")
    gender = right.segmented_control("Voices", ["All", "Male", "Female"], default="All", required=True, key="apart_gender", bind="query-params")
    if first == second:
        ui.explain_no_clip("Choose two different emotions above.")
        return
    found = ui.ranking(str(first), str(second), "" if gender == "All" else str(gender).lower())
    st.altair_chart(
        charts.effects(found.head(SHOWN), str(first), str(second)),
        width="stretch",
        key="effects",
        alt=f"The attributes that tell {first} from {second} best",
    )
    clear = int((found["p_corrected"] < 0.05).sum())
    st.caption(
        f"**{clear} of {len(found)}** attributes differ beyond chance (paired t-test over {int(found['speakers'].iloc[0])} speakers, 5%, corrected "
        f"for {len(found)} tests: Benjamini and Hochberg 1995). Effect: the mean of the speakers' differences, in standard deviations of these "
        "differences (Cohen's d for paired samples), with its 95% interval."
    )
    with st.expander("All attributes", icon=":material/table:"):
        st.dataframe(found, hide_index=True, width="stretch", column_config=RANKING_COLUMNS)
        name = f"{first}-against-{second}.csv"
        st.download_button("Save CSV", found.to_csv(index=False), name, "text/csv", icon=":material/download:", on_click="ignore", key="save_ranking")


def clip_map(table: pd.DataFrame, own: FeatureVector | None) -> None:
    """All clips on a map; those inside a rectangle as a table, to be heard; the clips most like the current recording."""
    st.subheader("A map of all clips", anchor=False)
    st.markdown("Each point is a clip; alike ones lie together. **Draw a rectangle** to list the clips inside it, and select one to hear it.")
    left, right = st.columns([3, 3], gap="medium")
    shown = left.segmented_control(
        "Map", list(exploration.MAPS), default="neighbours", required=True, format_func=exploration.MAPS.__getitem__, key="map", bind="query-params"
    )
    kinds = ["emotion", "gender", "speaker"]
    by = right.segmented_control(
        "Coloured by", kinds, default="emotion", required=True, format_func=str.capitalize, key="map_by", bind="query-params"
    )
    placed = exploration.map_of(table, str(shown), own)
    chart = charts.clip_map(placed, str(by))
    event = st.altair_chart(
        chart, width="stretch", key=f"clip_map_{shown}", on_select="rerun", selection_mode=charts.BRUSH, alt="All clips, alike ones together"
    )
    chosen = exploration.inside(placed, event.selection.get(charts.BRUSH) or {})
    if len(chosen):
        st.markdown(f"**{len(chosen)} clips** inside the rectangle.")
        comparison.clips(chosen, f"map_clips_{hash(tuple(chosen['path']))}")
        name = "clips.csv"
        st.download_button("Save CSV", chosen.to_csv(index=False), name, "text/csv", icon=":material/download:", on_click="ignore", key="save_map")
    if own is not None:
        st.markdown(":violet[**The star is your recording**]; these clips are most like it, by all 128 attributes:")
        alike = exploration.nearest(table, own)
        comparison.clips(alike, f"nearest_clips_{hash(tuple(alike['path']))}")
    st.caption(
        "Neighbours: t-SNE of the 128 standardised attributes; near means alike, far says little, and your recording lies amid its five nearest "
        "clips. Linear: the two directions in which the clips differ most."
    )


RANKING_COLUMNS: dict[str, Any] = {
    "attribute": "Attribute",
    "group": "Group",
    "unit": "Unit",
    "difference": st.column_config.NumberColumn("Difference", format="%.3g"),
    "effect": st.column_config.NumberColumn("Effect", format="%.2f"),
    "low": st.column_config.NumberColumn("95% from", format="%.2f"),
    "high": st.column_config.NumberColumn("to", format="%.2f"),
    "p_corrected": st.column_config.NumberColumn("p, corrected", format="%.2g"),
    "speakers": "Speakers",
    "sentence": "What it is",
    "feature": "In tables",
}
"""How the ranking calls its columns."""
