"""The personal baseline of this session: its clips, the section of the page that takes them, and what is made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import streamlit as st

from ser_core import audio
from ser_core.audio import Recording, isolated
from ser_core.errors import SerError
from ser_core.prediction.voice import MOST_CLIPS, MOST_SECONDS, SENTENCES, Enrolment, spoken_parts
from ui import caches, session, widgets
from ui.record import microphone
from ui.session import forget_what_is_kept


def clips_of_session() -> list[Recording]:
    """The neutral clips of this session, in the order of reading."""
    clips: list[Recording] = st.session_state.setdefault("baseline", [])
    return clips


def take(data: bytes) -> None:
    """Add what an input holds to the neutral clips, once; what is wrong with it is kept to be shown."""
    digest = hashlib.sha256(data).hexdigest()
    if st.session_state.get("baseline_taken") == digest:
        return
    st.session_state["baseline_taken"] = digest
    try:
        recording = isolated.decode(
            data, max_bytes=audio.MAX_UPLOAD_BYTES, max_seconds=MOST_SECONDS
        )
        spoken_parts(recording, len(clips_of_session()) + 1)  # whatever model is chosen now
        clips_of_session().append(recording)
        st.session_state["baseline_error"] = None
    except SerError as error:
        st.session_state["baseline_error"] = error.with_traceback(
            None
        )  # whose frames hold the bytes
    st.session_state["baseline_round"] = st.session_state.get("baseline_round", 0) + 1
    st.rerun()


def forget() -> None:
    """Delete the neutral clips and everything made of them."""
    for key in ("baseline", "baseline_taken", "baseline_error", "enrolled", "with_baseline"):
        st.session_state.pop(key, None)
    forget_what_is_kept()
    st.session_state["baseline_round"] = st.session_state.get("baseline_round", 0) + 1


def enrolled(emotion_model: str, clips: Sequence[Recording]) -> Enrolment | None:
    """The personal baseline that clips make, kept in the session; None without clips, or for a model that takes none.

    Raises
    ------
    SerError
        BAD_BASELINE or what is wrong with the model.
    """
    model = caches.model("emotion", emotion_model)
    if not clips or not model.card.takes_baseline:
        return None
    key = (emotion_model, tuple(clip.sha256 for clip in clips))
    kept = st.session_state.get("enrolled")
    if kept is None or kept[0] != key:
        kept = key, Enrolment(clips, model)
        st.session_state["enrolled"] = kept
    made: Enrolment = kept[1]
    return made


def section() -> None:
    """Read up to four neutral sentences; what they were, what is odd about them, and how to be rid of them."""
    clips = clips_of_session()
    st.markdown(
        "Voices differ more than emotions do. Read one to four sentences **flatly, as you would read a shopping list**, at the microphone that you "
        "use above: the models then judge what differs from them. Optional; kept in this session only."
    )
    if len(clips) < MOST_CLIPS:
        st.markdown(f"> {SENTENCES[len(clips)]}")
        key = f"baseline-{st.session_state.get('baseline_round', 0)}"
        source = st.session_state.get("source")
        if source == "Upload":
            given = st.file_uploader(
                "A neutral clip of the same voice",
                type=microphone.audio_types(),
                max_upload_size=20,
                key=key,
            )
            data = given.getvalue() if given else None
        elif source == "Plain recording":
            given = st.audio_input(
                f"Sentence {len(clips) + 1}", sample_rate=audio.SAMPLE_RATE, key=key
            )
            data = given.getvalue() if given else None
        else:
            data = microphone.recorder(key)
        if data:
            take(data)
    if error := st.session_state.get("baseline_error"):
        widgets.show_error(error)
    for number, recording in enumerate(clips, start=1):
        st.caption(f"Sentence {number}")
        widgets.play(recording)
    if clips:
        made = enrolled(session.chosen_models()["emotion"], clips)
        for note in made.notes if made else ():
            st.warning(note.message, icon=":material/warning:")
        if made is None:
            st.info(
                "The emotion model that is chosen takes no baseline; the default model does.",
                icon=":material/info:",
            )
