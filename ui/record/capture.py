"""One clip comes in: recorded, uploaded or a sample; and what is shown of it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ser_core import audio
from ser_core.storage import manifest
from ui import session, widgets
from ui.record import microphone

SAMPLES = manifest.DATA_DIR / "samples"
RECORDED = "recording.wav"
"""What a clip from the microphone is called, for the WAV that it can be saved as."""
SOURCES = ("Record", "Plain recording", "Upload", "Sample")


def section() -> None:
    """The inputs, and the clip that there is."""
    inputs()
    if clip := session.clip():
        show(clip)


def inputs() -> None:
    """One input at a time, whatever it holds becomes the clip; and what is wrong with it."""
    _sources()
    if error := st.session_state.get("clip_error"):
        widgets.show_error(error)


def _sources() -> None:
    source = st.segmented_control(
        "Where the voice comes from",
        SOURCES,
        default="Record",
        required=True,
        key="source",
        on_change=session.forget_error,
        bind="query-params",
    )
    if source in ("Record", "Plain recording"):
        microphone.problem()
    if source == "Record":
        if recorded := microphone.recorder(session.input_key("rec")):
            session.take(RECORDED, recorded)
        st.caption(
            "Press Record, speak, press Stop; if nothing happens, allow this page the microphone. The browser evens out loudness and noise; "
            "the models ignore loudness (only those on mfcc128_v1 do not)."
        )
    elif source == "Plain recording":
        plain = st.audio_input(
            "Plain recording, no browser processing",
            sample_rate=audio.SAMPLE_RATE,
            key=session.input_key("plain"),
        )
        if plain:
            session.take(RECORDED, plain.getvalue())
    elif source == "Upload":
        uploaded = st.file_uploader(
            "An audio file with one voice",
            type=microphone.audio_types(),
            max_upload_size=20,
            key=session.input_key("upload"),
        )
        if uploaded:
            session.take(uploaded.name, uploaded.getvalue())
    else:
        names = samples()
        st.caption(
            "Spoken by a speech synthesiser: there is **no true emotion** in these, they only show how the page works."
        )
        chosen = st.pills("Synthetic voices", list(names), key=session.input_key("sample"))
        if chosen:
            session.take(names[chosen].name, manifest.intact(names[chosen]).read_bytes())


def samples() -> dict[str, Path]:
    """The synthetic voices that come with the app, by the name that pages show."""
    return {
        path.stem.removesuffix("-voice").replace("-", " ").capitalize(): path
        for path in sorted(SAMPLES.glob("*.flac"))
    }


def take_sample(name: str = "Lively high") -> None:
    """Make one of the synthetic voices the clip."""
    path = samples()[name]
    session.take(path.name, manifest.intact(path).read_bytes())


def show(clip: session.Clip) -> None:
    """Player, waveform, what was odd about it, and what can be done with it."""
    from ser_core import charts

    wav = audio.to_wav(clip.recording)
    st.audio(wav, format="audio/wav")
    widgets.draw(
        charts.waveform(clip.recording.samples, clip.recording.sample_rate),
        key="waveform",
        alt="Waveform of the clip",
    )
    for note in audio.quality(clip.recording).notes:
        st.info(note.message, icon=":material/info:")
    with st.container(horizontal=True):
        st.button("Record again", icon=":material/replay:", on_click=record_again)
        st.button("Delete this recording", icon=":material/delete:", on_click=delete)
        st.download_button(
            "Save WAV",
            wav,
            f"{Path(clip.name).stem}.wav",
            "audio/wav",
            icon=":material/download:",
            on_click="ignore",
        )


def delete() -> None:
    """Forget the clip; whether a copy of it was kept is remembered, to be said once."""
    clip = session.clip()
    st.session_state["copy_stays"] = (
        clip is not None and clip.recording.sha256 in st.session_state.get("kept", {})
    )
    session.clear()


def record_again() -> None:
    """Forget the clip and go back to the recorder."""
    session.clear()
    st.session_state["source"] = "Record"
