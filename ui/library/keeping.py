"""Keeping a recording in the library, below its answer; and the form that says what it really was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from ser_core import library
from ser_core.emotions import EMOTIONS, display_name
from ser_core.errors import ErrorCode, SerError
from ui import model_choice, routing, session, widgets
from ui.library import access
from ui.record import capture

if TYPE_CHECKING:
    from ser_core.library.kept_recordings import LibraryEntry
    from ser_core.library.store import Library
    from ser_core.prediction import Prediction


def keep(clip: session.Clip, result: Prediction) -> None:
    """Keep the clip and its answer, by a button; once it is kept, say what it really was.

    Nothing where there is no library.

    What is wrong with the library is said, and takes neither clip nor answer away.
    """
    if not library.is_configured():
        return
    with st.container(border=True, key="keep"):
        try:
            show_callback_error()
            opened, owner = access.open_own()
            if problem := model_choice.adopted().problem:
                widgets.show_error(problem)
            _keep(clip, result, opened, owner)
        except SerError as error:
            show_problem(error)


def say_that_a_copy_stays() -> None:
    """After a clip was deleted that had been kept: that this deleted no copy in the library, and
    where that is.
    """
    copy_stays = session.state().library.copy_stays
    session.state().library.copy_stays = False
    if copy_stays and library.is_configured():
        st.info(
            "Deleted from memory. The copy in your library stays.", icon=":material/inventory_2:"
        )
        st.page_link(
            routing.pages()["library"], label="See all that is kept", icon=":material/inventory_2:"
        )


def show_problem(error: SerError) -> None:
    """That there is no library for this session is no error of anybody's; all else is."""
    if error.code == ErrorCode.LIBRARY_OFF:
        st.caption(f":material/inventory_2: {error} {error.hint}")
    else:
        widgets.show_error(error)


def _keep(clip: session.Clip, result: Prediction, opened: Library, owner: str) -> None:
    numbers = session.state().library.numbers
    number = numbers.get(clip.recording.sha256)
    entry = None if number is None else opened.find(owner, number)
    if entry is None:
        place = st.empty()
        with place.container(horizontal=True, vertical_alignment="center"):
            pressed = st.button("Keep this recording", icon=":material/bookmark_add:")
            st.caption("Nothing is kept unless you press this.")
        if not pressed:
            return
        cards = model_choice.chosen_cards()
        earlier = opened.find_recording(owner, clip.recording)
        number = numbers[clip.recording.sha256] = opened.keep(
            owner, _name(clip), clip.recording, result, cards
        )
        session.state().library.was_known = earlier is not None
        entry = opened.find(owner, number)
        place.empty()
    if entry is not None:
        status = (
            f"**Already in your library** as {widgets.plain(entry.name)}."
            if session.state().library.was_known
            else "**Kept in your library.**"
        )
        st.markdown(f":material/bookmark_added: {status} What was it really?")
        label_form(
            opened,
            owner,
            entry,
            "" if entry.corrected_at else session.state().library.last_speaker,
        )
        st.page_link(
            routing.pages()["library"], label="See all that is kept", icon=":material/inventory_2:"
        )


def _name(clip: session.Clip) -> str:
    """What a clip is kept as: one from the microphone has no name but the time."""
    return (
        f"Recording {access.local_time(datetime.now(UTC)):%Y-%m-%d %H:%M}"
        if clip.name == capture.RECORDED
        else clip.name
    )


def label_form(opened: Library, owner: str, entry: LibraryEntry, suggested: str = "") -> None:
    """What a kept recording really was, and who speaks (`suggested`, where nobody has said so):
    saved as soon as it is said.
    """
    emotion, speaker = f"really-{entry.id}", f"speaker-{entry.id}"
    save = partial(_say, opened, owner, entry.id, emotion, speaker)
    st.pills(
        "What was it really?",
        EMOTIONS,
        default=entry.emotion or None,
        format_func=display_name,
        key=emotion,
        on_change=save,
        label_visibility="collapsed",
    )
    st.text_input(
        "Who speaks? A name or a code, if you like",
        value=entry.speaker or suggested,
        max_chars=100,
        key=speaker,
        on_change=save,
        help="So that what is learnt from your labels can be tested on voices that it was not learnt from.",
    )
    if entry.corrected_at is not None:
        label = display_name(entry.emotion).lower() if entry.emotion else "no label"
        speaker_part = f", speaker {widgets.plain(entry.speaker)}" if entry.speaker else ""
        st.caption(f"Saved: {label}{speaker_part}.")


def _say(opened: Library, owner: str, number: int, emotion: str, speaker: str) -> None:
    name = st.session_state.get(speaker) or ""
    if name:
        session.state().library.last_speaker = name
    run_in_callback(
        lambda: opened.correct(owner, number, st.session_state.get(emotion) or "", name)
    )


def run_in_callback(work: Callable[[], object]) -> bool:
    """Do something before the page is drawn; what goes wrong is said on it. Gives whether it went well."""
    try:
        work()
    except SerError as error:
        session.state().library.error = error
        return False
    return True


def show_callback_error() -> None:
    """Show, once, what went wrong in a callback of the run before."""
    error = session.state().library.error
    session.state().library.error = None
    if error is not None:
        widgets.show_error(error)
