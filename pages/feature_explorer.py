"""How the features of speech differ between emotions, and where the current recording lies."""

from __future__ import annotations

import streamlit as st

import ui
from ui import exploring


def main() -> None:
    st.title("Feature explorer")
    st.markdown("Choose what to measure in a voice, and see how it differs between emotions.")
    table, own = ui.feature_table(), ui.features_of(ui.clip())
    exploring.attributes(table, own)
    st.divider()
    exploring.separation(table)
    st.divider()
    exploring.spectrum(table, own)
    st.divider()
    exploring.clip_map(table, own)
    st.caption(f"{len(table):,} clips. {ui.CORPUS_NOTE} Everything is measured after bringing each clip to the same loudness.")


ui.run(main)
