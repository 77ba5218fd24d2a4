"""One clip from all sides: what is known of it, its sound, waveform, spectrogram and pitch, and
which of its features are unusual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from ser_core import charts, exploration
from ser_core.corpora import CORPORA
from ui import caches, session, widgets

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ser_core.audio import Recording

LONGEST_S = 30
"""Of a longer recording the pictures show the beginning."""


def of_corpus(corpus: str, path: str, key: str, *, folded: bool = False) -> None:
    """A clip of a corpus, or of the person's own.

    Without its sound its features and its stored pitch are shown all the same.

    With `folded` all but what it is and its sound is behind a click.
    """
    table = caches.feature_table(corpus) if corpus in CORPORA else session.own_table()
    if table is None or path not in set(table["path"]):
        widgets.play_of_corpus(corpus, path)
        return
    row = table[table["path"] == path].iloc[0]
    st.markdown(exploration.describe_clip(row))
    recording = caches.corpus_recording(corpus, path)
    if recording is None:
        widgets.explain_no_audio(corpus)
    else:
        widgets.play(recording)
    with (
        st.expander("Waveform, spectrogram, pitch and features", icon=":material/graphic_eq:")
        if folded
        else st.container()
    ):
        if recording is None:
            stored_pitch(corpus, path, key)
        else:
            pictures(recording, key)
        same = table[table["emotion"] == row["emotion"]]
        values = row[list(exploration.feature_specs())].to_numpy(dtype=float)
        features(
            values,
            same,
            f"the {len(same):,} {row['emotion']} clips of {exploration.corpus_title(row['corpus'])}",
            key,
        )


def pictures(recording: Recording, key: str) -> None:
    """Waveform, spectrogram and pitch of a recording, one below the other."""
    from ser_core.features.spectrogram import spectrogram

    part = caches.part(recording, 0, LONGEST_S)
    seconds = part.duration_s
    widgets.draw(
        charts.waveform(part.samples, part.sample_rate), key=f"waveform_{key}", alt="Waveform"
    )
    kinds = {"mel": "Mel", "linear": "Linear"}
    kind = st.segmented_control(
        "Spectrogram",
        list(kinds),
        default="mel",
        required=True,
        format_func=kinds.__getitem__,
        key=f"spectrogram_{key}",
    )
    picture = charts.spectrogram(spectrogram(part, mel=kind == "mel"))
    widgets.draw(
        picture, key=f"spectrum_over_time_{key}", alt="Spectrogram: level by time and frequency"
    )
    sung = caches.melody(part)
    if len(sung.seconds):
        st.markdown("**Pitch** where the voice swings")
        widgets.draw(charts.melody(sung, seconds), key=f"melody_{key}", alt="Pitch over time")
    else:
        st.caption("No pitch: nothing in this clip is voiced.")
    if recording.duration_s > seconds:
        st.caption(
            f"Of this recording of {recording.duration_s:.0f} s the pictures show the first {seconds:.0f} s."
        )


def stored_pitch(corpus: str, path: str, key: str) -> None:
    """The stored contour of a clip that cannot be heard here."""
    contour = (
        exploration.contours.clip_contour(caches.pitch_contours(corpus), path)
        if corpus in CORPORA
        else None
    )
    if contour is not None:
        st.markdown("**Pitch** over the time of the clip")
        widgets.draw(
            charts.stored_contour(contour), key=f"contour_{key}", alt="Pitch over normalised time"
        )


def features(values: np.ndarray, among: pd.DataFrame, group: str, key: str) -> None:
    """All features of a clip with their percentile among others, the most unusual first."""
    st.markdown(f"**Its features**, the most unusual first: how much of {group} lies below.")
    table = exploration.rank_unusual_features(values, among)
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        height=280,
        column_config=COLUMNS,
        key=f"features_{key}",
    )


COLUMNS: dict[str, Any] = {
    "attribute": "Attribute",
    "value": st.column_config.NumberColumn("Value", format="%.4g"),
    "unit": "Unit",
    "below": st.column_config.ProgressColumn(
        "Clips below", format="%.0f%%", min_value=0, max_value=100
    ),
    "sentence": "What it is",
    "feature": "In tables",
}
"""How the table of a clip's features calls its columns."""
