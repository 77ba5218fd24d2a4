"""The sections of the feature explorer, and which clips all of them look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ser_core import exploration
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, GENDERS, display_name
from ui import routing, session, widgets
from ui.explore import chosen_clips
from ui.explore.chosen_clips import Choice

if TYPE_CHECKING:
    import pandas as pd


def choose() -> Choice | None:
    """The corpora and voices that the whole page looks at, with a line that says what these are.

    None where there is nothing to look at.
    """
    left, right = st.columns([3, 2], gap="medium")
    own = session.own_table()
    names = [*CORPORA, *([] if own is None else [str(own["corpus"].iloc[0])])]
    chosen = left.pills(
        "Corpora",
        names,
        selection_mode="multi",
        default=["ravdess"],
        format_func=exploration.corpus_title,
        key="corpora",
        bind="query-params",
        wrap=True,
    )
    voices = ["", *GENDERS]
    gender = right.segmented_control(
        "Voices",
        voices,
        default="",
        required=True,
        format_func=_voices,
        key="voices",
        bind="query-params",
        wrap=True,
    )
    if not chosen:
        widgets.explain_no_clip("Choose one or more corpora above: RAVDESS is a good first one.")
        return None
    choice = chosen_clips.choice_of(
        tuple(name for name in names if name in chosen), str(gender or "")
    )
    rows = chosen_clips.chosen_rows(choice)
    if rows.empty:
        widgets.explain_no_clip(
            "None of the chosen clips has such a voice. Choose other voices or corpora above."
        )
        return None
    st.caption(exploration.describe_selection(rows))
    return choice


def _voices(gender: str) -> str:
    return gender.capitalize() or "All"


def choose_emotions(key: str, default: list[str], rows: pd.DataFrame) -> list[str]:
    """Pills of all emotions.

    Those that are chosen and there, in order, and a line on those that are not there.

    Where the chosen clips have none of `default`, their first two emotions are chosen to begin
    with.
    """
    default = (
        default
        if exploration.emotions_present(rows, default)
        else exploration.emotions_present(rows)[:2]
    )
    chosen = st.pills(
        "Emotions",
        EMOTIONS,
        selection_mode="multi",
        default=default,
        format_func=display_name,
        key=key,
        bind="query-params",
        width="stretch",
    )
    present = exploration.emotions_present(rows, chosen)
    lacking = [emotion for emotion in chosen if emotion not in present]
    if lacking and lacking != ["calm"]:
        st.caption(f"Not among the chosen clips: {', '.join(lacking)}.")
    if not present:
        widgets.explain_no_clip(
            "Choose one or more emotions above. Among the chosen clips there are: "
            f"{', '.join(exploration.emotions_present(rows))}."
        )
    return present


def invite_to_record() -> None:
    """Without a recording: the one step to one's own voice."""
    if session.clip() is None:
        st.page_link(
            routing.pages()["record"],
            label="Record a clip to see where your own voice lies",
            icon=":material/mic:",
        )


def save(rows: pd.DataFrame, name: str, label: str, key: str) -> None:
    """A button that saves a table as CSV; it is written when it is asked for."""
    st.download_button(
        label,
        lambda: rows.to_csv(index=False, float_format="%.9g").encode(),
        f"{name}.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=key,
    )
