"""Many clips at once: predicting what was uploaded, with progress, and the table of it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from ser_core import audio
from ser_core.audio import isolated
from ser_core.emotions import EMOTIONS, display_name
from ser_core.errors import SerError
from ser_core.prediction import Prediction, entries
from ser_core.prediction.entries import Entry
from ui import model_choice, session, widgets
from ui.server import logs
from ui.server.turns import turns

if TYPE_CHECKING:
    from streamlit.typing import UploadedFile

WHY_NOT = {
    "UNCERTAIN": "no emotion stands out",
    "NOT_SPEECH": "no speech",
    "TOO_NOISY": "too noisy",
    "CLIPPED": "recorded too loud",
}
"""The reasons of a prediction, as the table says them."""


def predict_files(
    files: Sequence[UploadedFile], emotion_model: str, gender_model: str
) -> list[Entry]:
    """The entry of every file in order.

    Each file is predicted once, and one that cannot be used loses no other.
    """
    for task, name in (("emotion", emotion_model), ("gender", gender_model)):
        model_choice.load(task, name)  # what is wrong with a model is no fault of the clips
    known_entries = session.state().entries
    keys = [(file.file_id, emotion_model, gender_model) for file in files]
    missing = [number for number, key in enumerate(keys) if key not in known_entries]
    progress = st.progress(0.0) if missing else None
    for done, number in enumerate(missing):
        if progress is not None:
            progress.progress(
                done / len(missing),
                f"Listening to {widgets.plain(files[number].name)} ({done + 1} of {len(missing)}) ...",
            )
        start = time.perf_counter()
        known_entries[keys[number]] = _predicted(files[number], emotion_model, gender_model)
        _log(known_entries[keys[number]][1], time.perf_counter() - start)
        turns.step_back()  # one of many clips; then whoever waits for an answer
    if progress is not None:
        progress.empty()
    entries_in_order = [known_entries[key] for key in keys]
    for taken_away in known_entries.keys() - set(keys):
        del known_entries[taken_away]
    return entries_in_order


def _log(outcome: object, seconds: float) -> None:
    if isinstance(outcome, SerError):
        logs.refused(outcome)
    elif isinstance(outcome, Prediction):
        logs.answered(outcome.duration_s, outcome.decision, seconds)


def _predicted(file: UploadedFile, emotion_model: str, gender_model: str) -> Entry:
    from ser_core import prediction

    try:
        return file.name, prediction.predict(
            _decoded(file),
            model_choice.load("emotion", emotion_model),
            model_choice.load("gender", gender_model),
        )
    except SerError as error:
        return file.name, error.with_traceback(None)  # whose frames hold the bytes


def _decoded(file: UploadedFile) -> audio.Recording:
    return isolated.decode(
        file.getvalue(), max_bytes=audio.MAX_UPLOAD_BYTES, max_seconds=audio.MAX_PAGE_SECONDS
    )


def filters() -> tuple[list[str], str, bool]:
    """What the table is narrowed to: emotions, a part of the name, and whether only what is answered."""
    emotions = st.pills(
        "Only these emotions",
        EMOTIONS,
        selection_mode="multi",
        format_func=display_name,
        key="several_emotions",
        bind="query-params",
    )
    first, second = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
    named = first.text_input(
        "Only names with", key="several_named", placeholder="part of the name", bind="query-params"
    )
    answered = second.toggle("Only what has an answer", key="several_answered", bind="query-params")
    return list(emotions or ()), named or "", answered


def overview(shown: pd.DataFrame) -> list[int]:
    """The table of the entries; gives the positions of the rows that were selected."""
    columns: dict[str, Any] = {
        label: st.column_config.ProgressColumn(
            label.capitalize(), format="%.2f", min_value=0, max_value=1, width="small"
        )
        for label in (*EMOTIONS, "male", "female")
    }
    columns |= {
        "file": "File",
        "emotion": "Emotion",
        "reasons": "No answer because",
        "gender": "Voice",
        "error": "Could not be used",
    }
    why_not = [
        column
        for column in ("reasons", "error")
        if (shown[column].notna() & (shown[column] != "")).any()
    ]
    order = ["file", "emotion", "gender", *why_not, *EMOTIONS, "female", "male"]
    event = st.dataframe(
        shown.assign(
            **{column: shown[column].map(_in_words, na_action="ignore") for column in why_not}
        ),
        hide_index=True,
        width="stretch",
        column_order=order,
        column_config=columns,
        placeholder="–",
        # a selection holds for these rows only
        key=f"several_table_{hash(tuple(zip(shown.index, shown['file'], strict=True)))}",
        on_select="rerun",
        selection_mode="single-row",
    )
    return [row for row in event.selection.rows if row < len(shown)]


def _in_words(why_not: str) -> str:
    """Why there is no answer, or why a clip could not be used, without the codes that programs read."""
    _, separator, message = why_not.partition(": ")
    return message if separator else ", ".join(WHY_NOT.get(code, code) for code in why_not.split())


def play(file: UploadedFile) -> None:
    """A player for one of the files."""
    try:
        recording = _decoded(file)
    except SerError as error:
        widgets.show_error(error)
        return
    st.caption(f"**{widgets.plain(file.name)}**, {recording.duration_s:.1f} s")
    widgets.play_once(recording)


def downloads(shown: pd.DataFrame, all_entries: Sequence[Entry]) -> None:
    """What the table shows, as CSV and JSON: the formats of `predict`."""
    chosen = [entries.to_json(all_entries[position]) for position in shown.index]
    with st.container(horizontal=True):
        table = shown.to_csv(index=False)
        st.download_button(
            "Save CSV",
            table,
            "predictions.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        as_json = json.dumps(chosen, indent=1)
        st.download_button(
            "Save JSON",
            as_json,
            "predictions.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
        )
