"""Record, upload or pick a clip; hear it; read what the models make of it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

import ui
from ser_core import audio
from ui import answer, baseline, microphone

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
SOURCES = ("Record", "Plain recording", "Upload", "Sample")


def main() -> None:
    st.title("Record & predict")
    st.markdown("Speak for three to eight seconds, in English if you can, and see which emotion your voice sounds like.")
    left, right = st.columns([5, 6], gap="large")
    with left:
        capture()
        if error := st.session_state.get("clip_error"):
            ui.show_error(error)
        if clip := ui.clip():
            show_clip(clip)
        # The widget's own key is forgotten on a change of page; the other one is not.
        before = st.session_state.get("baseline_wanted", False)
        wanted = st.toggle("Personal baseline: let it hear your neutral voice first", before, key="use_baseline")
        st.session_state["baseline_wanted"] = wanted
        if wanted:
            baseline.section()
        if baseline.clips_of_session():
            st.button("Delete the baseline", icon=":material/delete:", on_click=baseline.forget)
    with right:
        if clip := ui.clip():
            answer.section(clip)
        else:
            ui.explain_no_clip("**The answer appears here** as soon as there is a clip: eight emotions, two genders, and how far to trust them.")
    st.caption(f"{ui.AI_ACT} Trained on acted speech; it hears how a voice sounds, not what a person feels.")


def capture() -> None:
    """One input at a time; whatever it holds becomes the clip."""
    source = st.segmented_control("Where the voice comes from", SOURCES, default="Record", required=True, key="source", on_change=ui.forget_error)
    if source in ("Record", "Plain recording"):
        microphone.problem()
    if source == "Record":
        if recorded := microphone.recorder(ui.input_key("rec")):
            ui.take("recording.wav", recorded)  # named for the WAV that it can be saved as
        st.caption(
            "Press Record, speak, press Stop; if nothing happens, allow this page the microphone. The browser evens out loudness and noise; "
            "the models ignore loudness (only those on mfcc128_v1 do not)."
        )
    elif source == "Plain recording":
        plain = st.audio_input("Plain recording, no browser processing", sample_rate=audio.SAMPLE_RATE, key=ui.input_key("plain"))
        if plain:
            ui.take("recording.wav", plain.getvalue())
    elif source == "Upload":
        uploaded = st.file_uploader("An audio file with one voice", type=microphone.audio_types(), max_upload_size=20, key=ui.input_key("upload"))
        if uploaded:
            ui.take(uploaded.name, uploaded.getvalue())
    else:
        names = {path.stem.removesuffix("-voice").replace("-", " ").capitalize(): path for path in sorted(SAMPLES.glob("*.flac"))}
        st.caption("Spoken by a speech synthesiser: there is **no true emotion** in these, they only show how the page works.")
        chosen = st.pills("Synthetic voices", list(names), key=ui.input_key("sample"))
        if chosen:
            ui.take(names[chosen].name, names[chosen].read_bytes())


def show_clip(clip: ui.Clip) -> None:
    """Player, waveform, what was odd about it, and what can be done with it."""
    from ser_core import charts

    wav = audio.to_wav(clip.recording)
    st.audio(wav, format="audio/wav")
    st.altair_chart(charts.waveform(clip.recording.samples, clip.recording.sample_rate), width="stretch", key="waveform", alt="Waveform of the clip")
    for note in audio.quality(clip.recording).notes:
        st.info(note.message, icon=":material/info:")
    with st.container(horizontal=True):
        st.button("Record again", icon=":material/replay:", on_click=record_again)
        st.button("Clear", icon=":material/delete:", on_click=ui.clear)
        st.download_button("Save WAV", wav, f"{Path(clip.name).stem}.wav", "audio/wav", icon=":material/download:", on_click="ignore")


def record_again() -> None:
    ui.clear()
    st.session_state["source"] = "Record"


ui.run(main)
