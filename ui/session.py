"""The clip of this session, and what of it outlives a change of page.

It lives in session state under keys that no widget owns; other sessions never see it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from ser_core import audio
from ser_core.audio import Recording
from ser_core.emotions import LABELS
from ser_core.errors import SerError
from ui.loaded import cards

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Clip:
    """The clip of this session: where it came from and what it decoded to."""

    name: str
    recording: Recording


def clip() -> Clip | None:
    """The current clip, whichever page it was made on."""
    return st.session_state.get("clip")


def take(name: str, data: bytes) -> None:
    """Make a clip of what an input holds, once: an input that still holds what was taken or cleared is passed over."""
    digest = hashlib.sha256(data).hexdigest()
    taken = st.session_state.setdefault("taken", set())
    if (name, digest) in taken:
        return
    taken.clear()
    taken.add((name, digest))
    st.session_state["clip"], st.session_state["clip_error"] = None, None
    try:
        recording = audio.decode(data, max_bytes=audio.MAX_UPLOAD_BYTES, max_seconds=audio.MAX_PAGE_SECONDS)
        st.session_state["clip"] = Clip(name, recording)
    except SerError as error:
        st.session_state["clip_error"] = error


def clear() -> None:
    """Forget the clip and give every input a new key, so that it starts empty."""
    st.session_state["clip"], st.session_state["clip_error"] = None, None
    st.session_state.pop("with_baseline", None)
    st.session_state["taken"] = set()
    st.session_state["round"] = st.session_state.get("round", 0) + 1


def forget_error() -> None:
    """Another input was chosen: what was wrong with the last one is past."""
    st.session_state["clip_error"] = None


def input_key(name: str) -> str:
    """The key of an input in this round: a new one after each `clear`."""
    number = st.session_state.get("round", 0)
    return f"{name}-{number}" if number else name


def own_table() -> pd.DataFrame | None:
    """The feature table of this session's own corpus, if there is one: `TABLE_COLUMNS` and the 128 features; speaker and gender may be ""."""
    return getattr(st.session_state.get("own_corpus"), "table", None)


def chosen_models() -> dict[str, str]:
    """The name of the model chosen for each task; the choice outlives the widgets (`<task>_model`) that make it."""
    kept: dict[str, str] = st.session_state.setdefault("chosen_models", {})
    for task in LABELS:
        kept[task] = st.session_state.get(f"{task}_model") or kept.get(task) or cards(task)[0].name
    return kept
