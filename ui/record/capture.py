"""One clip comes in: recorded, uploaded or a sample; and what is shown of it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ser_core.storage import manifest, paths
from ui import caches, predictions, session, widgets
from ui.record import microphone
from ui.session import Input

SAMPLES = paths.DATA_DIR / "samples"
RECORDED = "recording.wav"
"""The name of a clip from the microphone, for the WAV that it can be saved as."""
SOURCES = ("Record", "Plain recording", "Upload", "Sample")
SOURCE_KEY = "source"
"""The key of the widget that chooses among `SOURCES`."""


def section() -> None:
    """The inputs, and the current clip."""
    inputs()
    if clip := session.clip():
        show(clip)


def inputs() -> None:
    """One input at a time, which becomes the clip; and what is wrong with what it holds."""
    source = st.segmented_control(
        "Where the voice comes from",
        SOURCES,
        default="Record",
        required=True,
        key=SOURCE_KEY,
        on_change=session.forget_error,
        bind="query-params",
    )
    if source in ("Record", "Plain recording"):
        microphone.show_problem()
    given = _input(str(source))
    if given is not None:
        session.take(*given)
    error = session.state().clip_error
    if error is not None:
        widgets.show_error(error)


def _input(source: str) -> tuple[str, Input] | None:
    """The input of a source; the name and the content of what it holds."""
    if source == "Upload":
        return microphone.upload("An audio file with one voice", session.input_key("upload"))
    if source == "Sample":
        return _choose_sample()
    if source == "Plain recording":
        label = "Plain recording, no browser processing"
        recorded = microphone.plain_recording(label, session.input_key("plain"))
    else:
        recorded = microphone.recorder(session.input_key("rec"))
        st.caption(
            "Press Record, speak, press Stop; if nothing happens, allow this page the microphone. The "
            "browser evens out loudness and noise; the models ignore loudness (only those on mfcc128_v1 "
            "do not)."
        )
    return None if recorded is None else (RECORDED, recorded)


def _choose_sample() -> tuple[str, Input] | None:
    st.caption(
        "Spoken by a speech synthesiser: there is **no true emotion** in these, they only show how the "
        "page works."
    )
    chosen = st.pills("Synthetic voices", list(samples()), key=session.input_key("sample"))
    return _sample(chosen) if chosen else None


def _sample(name: str) -> tuple[str, Input]:
    path = samples()[name]
    return path.name, Input(("sample", name), lambda: manifest.verify(path).read_bytes())


def samples() -> dict[str, Path]:
    """The synthetic voices that come with the app, by the name that pages show."""
    return {
        path.stem.removesuffix("-voice").replace("-", " ").capitalize(): path
        for path in sorted(SAMPLES.glob("*.flac"))
    }


def take_sample(name: str = "Lively high") -> None:
    """Make one of the synthetic voices the clip."""
    session.take(*_sample(name))


def show(clip: session.Clip) -> None:
    """Player, waveform, notes on its quality, and what can be done with it."""
    from ser_core import charts

    wav = caches.wav(clip.recording)
    st.audio(wav, format="audio/wav")
    widgets.draw(
        charts.waveform(clip.recording.samples, clip.recording.sample_rate),
        key="waveform",
        alt="Waveform of the clip",
    )
    for note in predictions.quality(clip).notes:
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
    """Delete the clip; remember, to be said once, whether a copy of it was kept in the library."""
    clip, library = session.clip(), session.state().library
    library.copy_stays = clip is not None and clip.recording.sha256 in library.numbers
    session.clear()


def record_again() -> None:
    """Delete the clip and go back to the recorder."""
    session.clear()
    st.session_state[SOURCE_KEY] = "Record"
