"""The clip and the corpus of this session, and what of them outlives a change of page.

It lives in session state under keys that no widget owns; other sessions never see it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime import caching
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ser_core import audio
from ser_core.audio import Recording, isolated
from ser_core.emotions import LABELS
from ser_core.errors import SerError
from ui.caches import choices

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.corpora import LeftOut

OWN = "own"
"""What pages call the session's own corpus where they choose among corpora, and its out-of-fold rows in the column `corpus`."""


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
    _drop("clip", "clip_error")
    try:
        recording = isolated.decode(
            data, max_bytes=audio.MAX_UPLOAD_BYTES, max_seconds=audio.MAX_PAGE_SECONDS
        )
        st.session_state["clip"] = Clip(name, recording)
    except SerError as error:
        st.session_state["clip_error"] = error.with_traceback(None)  # whose frames hold the bytes


def clear() -> None:
    """Delete the clip and all that was made of it, and give every input a new key, so that it starts empty."""
    _drop("clip", "clip_error", "with_baseline", "drawn")
    st.session_state["taken"] = set()
    st.session_state["round"] = st.session_state.get("round", 0) + 1
    forget_what_is_kept()


def _drop(*keys: str) -> None:
    """Take what is under some keys out of the session. What is only written over Streamlit keeps until the next run."""
    for key in keys:
        st.session_state.pop(key, None)


def forget_what_is_kept() -> None:
    """Delete what is kept of this session beside its state: results, what was uploaded, and the files behind players and buttons.

    Of its own accord Streamlit keeps an upload until the session ends, and a file to be saved until the next run but one.
    """
    context = get_script_run_ctx()
    if context is None:
        return
    caching.clear_session_data_cache(context.session_id)
    caching.clear_session_resource_cache(context.session_id)
    context.uploaded_file_mgr.remove_session_files(context.session_id)
    files: Any = runtime.get_instance().media_file_mgr
    files.clear_session_refs(context.session_id)
    with files._lock:  # those of this session only: of another one that is at work just now, nobody may seem to use them
        for file in st.session_state.pop("files", set()) & files._get_inactive_file_ids():
            files._delete_file(file)
    files.remove_orphaned_files()


def note_files() -> None:
    """Note at the end of a page which files its players and buttons have: once the next run has begun, Streamlit does not know whose they are."""
    context = get_script_run_ctx()
    if context is not None:
        files: Any = runtime.get_instance().media_file_mgr
        st.session_state["files"] = set(
            files._files_by_session_and_coord.get(context.session_id, {}).values()
        )


def forget_error() -> None:
    """Another input was chosen: what was wrong with the last one is past."""
    st.session_state["clip_error"] = None


def input_key(name: str) -> str:
    """The key of an input in this round: a new one after each `clear`."""
    number = st.session_state.get("round", 0)
    return f"{name}-{number}" if number else name


def chosen_models() -> dict[str, str]:
    """The name of the model chosen for each task; the choice outlives the widgets (`<task>_model`) that make it, not the model."""
    kept: dict[str, str] = st.session_state.setdefault("chosen_models", {})
    for task in LABELS:
        names = [card.name for card in choices(task)]
        wanted = st.session_state.get(f"{task}_model") or kept.get(task)
        kept[task] = wanted if wanted in names else names[0]
    return kept


# ----------------------------------------------------------------------------------------------------------- own corpus


@dataclass(frozen=True, eq=False)
class OwnCorpus:
    """A person's own corpus, in this session's memory only.

    `table` is a feature table (`TABLE_COLUMNS`, then the 128 features of the explorer; an unknown speaker or gender is ""); `source`
    says where its labels come from; `load` decodes the clip at a path of the table. Then what came of it: out-of-fold rows whose
    `corpus` is `OWN`, the trained models as a ZIP file, and, for each task that has no unseen voices, why.
    """

    name: str
    source: str
    table: pd.DataFrame
    left_out: tuple[LeftOut, ...]
    load: Callable[[str], Recording]
    out_of_fold: pd.DataFrame | None = None
    models: bytes | None = None
    optimistic: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.name} (yours)"


def own_corpus() -> OwnCorpus | None:
    """The session's own corpus, if there is one."""
    return st.session_state.get("own_corpus")


def own_table() -> pd.DataFrame | None:
    """Its feature table: `TABLE_COLUMNS` and the 128 features; speaker and gender may be "", unknown."""
    own = own_corpus()
    return None if own is None else own.table


def keep_own(own: OwnCorpus | None) -> None:
    """Take another own corpus, or the same with more that came of it, or none."""
    _drop("own_corpus")
    st.session_state["own_corpus"], st.session_state["own_version"] = own, uuid.uuid4().hex
    if own is None:
        forget_what_is_kept()


def own_version() -> str:
    """Tells one own corpus, and what came of it, from the next: what is kept of one says nothing of another."""
    version: str = st.session_state.get("own_version", "")
    return version


def recording_of(corpus: str, path: str) -> Recording | None:
    """A clip of a corpus: of the session's own, else of one in the folder that `SER_CORPORA` names; None where it is not there."""
    from ser_core import corpora

    own = own_corpus()
    try:
        if own is not None and corpus in (OWN, own.name):
            return own.load(path)
        return isolated.load(Path(corpora.resolve(corpus)) / path)
    except SerError:
        return None
