"""How the features of speech differ between emotions, and where the current recording lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

import ui
from ser_core import charts, exploration
from ser_core.emotions import EMOTIONS, display_name

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.features import FeatureSpec, FeatureVector

FIRST_CHOICE = ["f0_median", "level_std"]


def main() -> None:
    st.title("Feature explorer")
    st.markdown("Choose what to measure in a voice, and see how it differs between emotions.")
    table, own = ui.feature_table(), ui.features_of(ui.clip())
    attributes(table, own)
    st.divider()
    spectrum(table, own)
    st.caption(f"{len(table):,} clips. {ui.CORPUS_NOTE} Everything is measured after bringing each clip to the same loudness.")


def attributes(table: pd.DataFrame, own: FeatureVector | None) -> None:
    specs = exploration.specs()
    first, second, third = st.columns([4, 2, 2], gap="medium")
    chosen = first.multiselect(
        "Attributes",
        list(specs),
        default=FIRST_CHOICE,
        format_func=lambda name: specs[name].title,
        key="attributes",
        placeholder="Choose one or more of 128",
    )
    gender = second.segmented_control("Voices", ["All", "Male", "Female"], default="All", required=True, key="explored_gender")
    kind = third.segmented_control("Shown as", ["Box", "Violin"], default="Box", required=True, key="shown_as")
    shown = table if gender == "All" else table[table["gender"] == str(gender).lower()]
    if own is None:
        st.page_link(ui.pages()["record"], label="Record a clip to see where your own voice lies", icon=":material/mic:")
    if not chosen:
        ui.explain_no_clip("Choose an attribute above: *Pitch (F0), median* is a good first one.")
    for name in chosen:
        attribute(shown, specs[name], own, str(kind).lower())


def attribute(shown: pd.DataFrame, spec: FeatureSpec, own: FeatureVector | None, kind: str) -> None:
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
        charts.feature_distribution(values, spec, kind=kind, current=current),
        width="stretch",
        key=f"distribution_{spec.name}",
        alt=f"{spec.title} in each emotion",
    )
    with st.expander("Numbers", icon=":material/table:"):
        st.dataframe(exploration.feature_summary(values).round(4), width="stretch")


def spectrum(table: pd.DataFrame, own: FeatureVector | None) -> None:
    st.subheader("Average spectrum of each emotion", anchor=False)
    st.markdown("Which frequencies are strong in each emotion. The shaded bands hold the middle half of the clips.")
    first, second = st.columns([4, 2], gap="medium")
    emotions = first.pills("Emotions", EMOTIONS, selection_mode="multi", default=["calm", "angry"], format_func=display_name, key="spectrum_emotions")
    gender = second.segmented_control("Voices", ["All", "Male", "Female"], default="All", required=True, key="spectrum_gender")
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
    if own is not None:
        st.markdown(":violet[**The dashed violet line is your recording.**]")


ui.run(main)
