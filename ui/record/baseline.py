"""The personal baseline on the page: the section that takes neutral clips, and deleting them."""

from __future__ import annotations

import streamlit as st

from ser_core import audio
from ser_core.audio import isolated
from ser_core.errors import SerError
from ser_core.prediction.voice import MOST_CLIPS, MOST_SECONDS, SENTENCES, spoken_parts
from ui import predictions, session, streamlit_internals, widgets
from ui.record import capture, microphone
from ui.session import Baseline, Input, Lifetime


def section() -> None:
    """The toggle; where it is on, the input for neutral sentences; and the button that deletes them."""
    baseline = session.state().baseline
    # A widget's own key is forgotten on a change of page; the state is not.
    baseline.wanted = st.toggle(
        "Personal baseline: let it hear your neutral voice first",
        baseline.wanted,
        key="use_baseline",
    )
    if baseline.wanted:
        _sentences(baseline)
    if baseline.clips:
        st.button("Delete the baseline", icon=":material/delete:", on_click=delete)


def delete() -> None:
    """Delete the neutral clips and all that was computed from them."""
    current = session.state()
    old = current.baseline
    current.baseline = Baseline(wanted=old.wanted, round=old.round + 1)
    current.forget(Lifetime.BASELINE)
    streamlit_internals.delete_files_of_session()


def _sentences(baseline: Baseline) -> None:
    """Read up to four neutral sentences; what they were, and what is odd about them."""
    st.markdown(
        "Voices differ more than emotions do. Read one to four sentences **flatly, as you would read a "
        "shopping list**, at the microphone that you use above: the models then judge what differs from "
        "them. Optional; kept in this session only."
    )
    if len(baseline.clips) < MOST_CLIPS:
        st.markdown(f"> {SENTENCES[len(baseline.clips)]}")
        given = _input(len(baseline.clips) + 1, f"baseline-{baseline.round}")
        if given is not None:
            _take(baseline, given)
    if baseline.error is not None:
        widgets.show_error(baseline.error)
    for number, recording in enumerate(baseline.clips, start=1):
        st.caption(f"Sentence {number}")
        widgets.play(recording)
    if baseline.clips:
        _show_notes()


def _input(number: int, key: str) -> Input | None:
    source = st.session_state.get(capture.SOURCE_KEY)
    if source == "Upload":
        file = microphone.upload("A neutral clip of the same voice", key)
        return None if file is None else file[1]
    if source == "Plain recording":
        return microphone.plain_recording(f"Sentence {number}", key)
    return microphone.recorder(key)


def _take(baseline: Baseline, given: Input) -> None:
    """Add what an input holds to the neutral clips, once; keep what is wrong with it, to be shown."""
    if given.origin == baseline.taken:
        return
    baseline.taken = given.origin
    try:
        recording = isolated.decode(
            given.read(), max_bytes=audio.MAX_UPLOAD_BYTES, max_seconds=MOST_SECONDS
        )
        spoken_parts(recording, len(baseline.clips) + 1)  # speech it must be, whatever the model
        baseline.clips.append(recording)
        baseline.error = None
    except SerError as error:
        baseline.error = error.with_traceback(None)  # whose frames hold the bytes
    baseline.round += 1
    st.rerun()


def _show_notes() -> None:
    enrolment = predictions.session_enrolment()
    if enrolment is None:
        st.info(
            "The emotion model that is chosen takes no baseline; the default model does.",
            icon=":material/info:",
        )
        return
    for note in enrolment.notes:
        st.warning(note.message, icon=":material/warning:")
