"""Record, upload or pick a clip; hear it; read what the models make of it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import streamlit as st

import ui
from ser_core import audio, prediction
from ser_core.emotions import LABELS

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
    with right:
        if clip := ui.clip():
            answer(clip)
        else:
            ui.explain_no_clip("**The answer appears here** as soon as there is a clip: eight emotions, two genders, and how far to trust them.")
    st.caption(f"{ui.AI_ACT} Trained on acted speech; it hears how a voice sounds, not what a person feels.")


def capture() -> None:
    """One input at a time; whatever it holds becomes the clip."""
    source = st.segmented_control("Where the voice comes from", SOURCES, default="Record", required=True, key="source", on_change=ui.forget_error)
    if source in ("Record", "Plain recording"):
        ui.microphone_problem()
    if source == "Record":
        ui.recorder()
        st.caption(
            "Press Record, speak, press Stop; if nothing happens, allow this page the microphone. The browser evens out loudness and noise; "
            "the models ignore loudness (only those on mfcc128_v1 do not)."
        )
    elif source == "Plain recording":
        recorded = st.audio_input("Plain recording, no browser processing", sample_rate=audio.SAMPLE_RATE, key=ui.input_key("plain"))
        if recorded:
            ui.take("recording.wav", recorded.getvalue())
    elif source == "Upload":
        types = sorted(suffix.lstrip(".") for suffix in audio.AUDIO_SUFFIXES)
        uploaded = st.file_uploader("An audio file with one voice", type=types, max_upload_size=20, key=ui.input_key("upload"))
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


def answer(clip: ui.Clip) -> None:
    """The sentence, the bars, how far to trust them, then models, details and downloads."""
    from ser_core import charts

    chosen = ui.chosen_models()
    result = ui.predicted(clip, chosen["emotion"], chosen["gender"])
    st.subheader(prediction.in_words(result))
    st.altair_chart(
        charts.probability_bars(result.emotion_probabilities), width="stretch", key="emotion_bars", alt=in_figures(result.emotion_probabilities)
    )
    st.markdown(voice_in_words(result))
    st.altair_chart(
        charts.probability_bars(result.gender_probabilities), width="stretch", key="gender_bars", alt=in_figures(result.gender_probabilities)
    )
    trust(chosen)
    st.markdown(
        "**How to read this:** each bar is how likely the model thinks that label is for *this* clip; they add up to 100%. "
        "A long bar is no proof, and two bars of similar length mean it cannot tell them apart."
    )
    with st.expander("Models", icon=":material/tune:"):
        for task, column in zip(LABELS, st.columns(2), strict=True):
            choose_model(task, chosen[task], column)
    with st.expander("Details and downloads", icon=":material/data_object:"):
        details(clip, result)


def voice_in_words(result: prediction.Prediction) -> str:
    """What gender the voice sounds like, or that this cannot be told."""
    if result.gender is None:
        return f"Whether the voice is **male or female cannot be told**: neither reaches {prediction.SURE_OF_GENDER:.0%}."
    return f"The voice sounds **{result.gender}**, {result.gender_probabilities[result.gender]:.0%}."


def in_figures(probabilities: Mapping[str, float]) -> str:
    """What the bars show, for who cannot see them."""
    return "Probabilities: " + ", ".join(f"{label} {value:.0%}" for label, value in probabilities.items())


def trust(chosen: dict[str, str]) -> None:
    """How often the chosen models are right on voices they never heard."""
    emotion, gender = (next(card for card in ui.cards(task) if card.name == chosen[task]) for task in LABELS)
    text = (
        f"On unseen voices **{emotion.title}** recognises **{emotion.unseen_uar:.0%}** of each emotion on average (guessing: 13%), "
        f"and **{gender.title}** recognises **{gender.unseen_uar:.0%}** of each gender (guessing: 50%). {ui.CORPUS_NOTE}"
    )
    if emotion.left_out_uars:
        low, high = min(emotion.left_out_uars), max(emotion.left_out_uars)
        text += (
            f" In a corpus that it never heard, with other microphones and sentences, it recognises **{low:.0%} to {high:.0%}** of six or seven "
            "emotions: **expect that on your own voice.**"
        )
    st.info(text, icon=":material/verified:")


def choose_model(task: str, chosen: str, column: st.delta_generator.DeltaGenerator) -> None:
    titles = {card.name: f"{card.title} ({card.unseen_uar:.0%})" for card in ui.cards(task)}
    column.selectbox(
        f"{task.capitalize()} model",
        list(titles),
        index=list(titles).index(chosen),
        format_func=titles.__getitem__,
        key=f"{task}_model",
        help="In brackets: the share of each label recognised on unseen voices, averaged (unweighted average recall, UAR).",
    )


def details(clip: ui.Clip, result: prediction.Prediction) -> None:
    facts = result.to_dict(clip.name)
    quality = facts["quality"]
    st.markdown(
        f"{clip.name}: {clip.recording.duration_s:.1f} s, recorded at {clip.recording.source_rate:,} Hz, "
        f"peak {quality['peak_dbfs']} dBFS, loud parts {quality['snr_db']} dB above quiet ones, {len(result.segments)} stretch(es) analysed."
    )
    st.dataframe(pd.DataFrame([result.to_row(clip.name)]).T.astype(str).rename(columns={0: "value"}), width="stretch")
    stem = Path(clip.name).stem
    as_json, as_csv = st.columns(2)
    as_json.download_button("Save JSON", json.dumps(facts, indent=1), f"{stem}.json", "application/json", on_click="ignore", width="stretch")
    table = pd.DataFrame([result.to_row(clip.name)]).to_csv(index=False)
    as_csv.download_button("Save CSV", table, f"{stem}.csv", "text/csv", on_click="ignore", width="stretch")
    st.caption("The same from the command line:")
    models = f"--emotion-model {result.emotion_model} --gender-model {result.gender_model}"
    st.code(f"python -m ser_core predict {shlex.quote(clip.name)} {models} --format json", language="bash")


ui.run(main)
