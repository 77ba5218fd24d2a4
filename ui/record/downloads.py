"""The details of an answer: figures, files to save, and the same from the command line."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from ui import widgets

if TYPE_CHECKING:
    from ser_core.prediction import Prediction
    from ui.session import Clip


def section(clip: Clip, result: Prediction) -> None:
    """Everything below *Details and downloads*."""
    import pandas as pd

    facts = result.to_dict(clip.name)
    row = pd.DataFrame([result.to_row(clip.name)])
    st.markdown(_summary(clip, result))
    st.dataframe(row.T.astype(str).rename(columns={0: "value"}), width="stretch")
    stem = Path(clip.name).stem
    left, right = st.columns(2)
    left.download_button(
        "Save JSON",
        json.dumps(facts, indent=1),
        f"{stem}.json",
        "application/json",
        on_click="ignore",
        width="stretch",
    )
    right.download_button(
        "Save CSV",
        row.to_csv(index=False),
        f"{stem}.csv",
        "text/csv",
        on_click="ignore",
        width="stretch",
    )
    st.caption("The same from the command line:")
    st.code(_command(clip, result), language="bash")


def _summary(clip: Clip, result: Prediction) -> str:
    quality = result.quality.to_dict()
    return (
        f"{widgets.plain(clip.name)}: {clip.recording.duration_s:.1f} s, recorded at "
        f"{clip.recording.source_rate:,} Hz, peak {quality['peak_dbfs']} dBFS, loud parts "
        f"{quality['snr_db']} dB above quiet ones, {len(result.segments)} stretch(es) analysed."
    )


def _command(clip: Clip, result: Prediction) -> str:
    models = f"--emotion-model {result.emotion_model} --gender-model {result.gender_model}"
    baseline = " --baseline NEUTRAL_CLIPS" if result.baseline else ""
    file = shlex.quote(clip.name)
    return f"python -m ser_core predict {file} {models}{baseline} --format json"
