"""Record, upload or pick a clip; hear it; read what the models make of it."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import streamlit as st

import ui
from ser_core import audio, enrolment, prediction
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
        # The widget's own key is forgotten on a change of page; the other one is not.
        before = st.session_state.get("baseline_wanted", False)
        wanted = st.toggle("Personal baseline: let it hear your neutral voice first", before, key="use_baseline")
        st.session_state["baseline_wanted"] = wanted
        if wanted:
            baseline()
        if ui.baseline_clips():
            st.button("Delete the baseline", icon=":material/delete:", on_click=ui.forget_baseline)
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
        if recorded := ui.recorder(ui.input_key("rec")):
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
        uploaded = st.file_uploader("An audio file with one voice", type=audio_types(), max_upload_size=20, key=ui.input_key("upload"))
        if uploaded:
            ui.take(uploaded.name, uploaded.getvalue())
    else:
        names = {path.stem.removesuffix("-voice").replace("-", " ").capitalize(): path for path in sorted(SAMPLES.glob("*.flac"))}
        st.caption("Spoken by a speech synthesiser: there is **no true emotion** in these, they only show how the page works.")
        chosen = st.pills("Synthetic voices", list(names), key=ui.input_key("sample"))
        if chosen:
            ui.take(names[chosen].name, names[chosen].read_bytes())


def audio_types() -> list[str]:
    return sorted(suffix.lstrip(".") for suffix in audio.AUDIO_SUFFIXES)


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


def baseline() -> None:
    """Read up to four neutral sentences; what they were, what is odd about them, and how to be rid of them."""
    clips = ui.baseline_clips()
    st.markdown(
        "Voices differ more than emotions do. Read one to four sentences **flatly, as you would read a shopping list**, at the microphone that you "
        "use above: the models then judge what differs from them. Optional; kept in this session only."
    )
    if len(clips) < enrolment.MOST_CLIPS:
        st.markdown(f"> {enrolment.SENTENCES[len(clips)]}")
        key = f"baseline-{st.session_state.get('baseline_round', 0)}"
        source = st.session_state.get("source")
        if source == "Upload":
            given = st.file_uploader("A neutral clip of the same voice", type=audio_types(), max_upload_size=20, key=key)
            data = given.getvalue() if given else None
        elif source == "Plain recording":
            given = st.audio_input(f"Sentence {len(clips) + 1}", sample_rate=audio.SAMPLE_RATE, key=key)
            data = given.getvalue() if given else None
        else:
            data = ui.recorder(key)
        if data:
            ui.take_baseline(data)
    if error := st.session_state.get("baseline_error"):
        ui.show_error(error)
    for number, recording in enumerate(clips, start=1):
        st.caption(f"Sentence {number}")
        st.audio(audio.to_wav(recording), format="audio/wav")
    if clips:
        made = ui.enrolment(ui.chosen_models()["emotion"], clips)
        for note in made.notes if made else ():
            st.warning(note.message, icon=":material/warning:")
        if made is None:
            st.info("The emotion model that is chosen takes no baseline; the default model does.", icon=":material/info:")


def record_again() -> None:
    ui.clear()
    st.session_state["source"] = "Record"


def answer(clip: ui.Clip) -> None:
    """The sentence, the bars, how far to trust them, then models, details and downloads."""
    from ser_core import charts

    chosen = ui.chosen_models()
    result = without = ui.predicted(clip, chosen["emotion"], chosen["gender"])
    personal = ui.enrolment(chosen["emotion"], ui.baseline_clips()) if st.session_state.get("baseline_wanted") else None
    if personal is not None:
        result = ui.predicted_with_baseline(clip, chosen["emotion"], chosen["gender"], personal)
    st.subheader(prediction.in_words(result))
    for reason in result.reasons if result.reasons and result.reasons[0].code == "UNCERTAIN" else result.reasons[1:]:
        st.caption(reason.message)
    before = without.emotion_probabilities if personal is not None else None
    st.altair_chart(
        charts.probability_bars(result.emotion_probabilities, before),
        width="stretch",
        key="emotion_bars",
        alt=in_figures(result.emotion_probabilities),
    )
    if personal is not None:
        for note in result.baseline["notes"] if result.baseline else ():
            if note["code"] == "OTHER_VOICE":
                st.warning(note["message"], icon=":material/warning:")
        st.caption(f"Judged against your baseline. The line in each bar is without it: {prediction.in_words(without)}")
    if result.prediction_set is not None:
        st.markdown(set_in_words(result))
    st.markdown(voice_in_words(result))
    st.altair_chart(
        charts.probability_bars(result.gender_probabilities), width="stretch", key="gender_bars", alt=in_figures(result.gender_probabilities)
    )
    if len(result.segments) > 1:
        over_time(clip, result)
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


def set_in_words(result: prediction.Prediction) -> str:
    """The prediction set as a sentence."""
    inside = list(result.prediction_set or ())
    listed = inside[0] if len(inside) == 1 else f"{', '.join(inside[:-1])} or {inside[-1]}"
    return (
        f"**{listed.capitalize()}**: sets like this hold what was acted in 90% of short clips of unseen voices, on average over speakers; "
        "on your own voice and microphone it may be less."
    )


def voice_in_words(result: prediction.Prediction) -> str:
    """What gender the voice sounds like, or that this cannot be told."""
    if result.gender is None:
        return f"Whether the voice is **male or female cannot be told**: neither reaches {prediction.SURE_OF_GENDER:.0%}."
    return f"The voice sounds **{result.gender}**, {result.gender_probabilities[result.gender]:.0%}."


def in_figures(probabilities: Mapping[str, float]) -> str:
    """What the bars show, for who cannot see them."""
    return "Probabilities: " + ", ".join(f"{label} {value:.0%}" for label, value in probabilities.items())


def over_time(clip: ui.Clip, result: prediction.Prediction) -> None:
    """The timeline of a long recording; a click on a stretch plays it."""
    from ser_core import charts

    st.markdown("**Over time**")
    spans = [(segment.start_s, segment.end_s) for segment in result.segments]
    chart = charts.timeline([segment.emotion_probabilities for segment in result.segments], spans, result.gaps)
    key = f"timeline-{clip.recording.sha256[:12]}"  # what was clicked on one clip says nothing of the next
    event = st.altair_chart(chart, width="stretch", key=key, on_select="rerun", selection_mode=charts.STRETCH, alt="Emotions over time")
    clicked = [cell for cell in event.selection.get(charts.STRETCH) or [] if int(cell["number"]) < len(spans)]
    if clicked:
        start, end = spans[int(clicked[0]["number"])]
        rate = clip.recording.sample_rate
        part = dataclasses.replace(clip.recording, samples=clip.recording.samples[int(start * rate) : int(end * rate)])
        st.audio(audio.to_wav(part), format="audio/wav", autoplay=True)
    heard = f"You hear {start:.0f} to {end:.0f} s" if clicked else "Click a stretch to hear it"
    st.caption(
        f"Stretches of 4 s, one every 2 s where somebody speaks, smoothed with their neighbours; grey above: no speech for a second. {heard}. "
        "The bars above are the mean over the stretches, each weighted by how much of it is speech."
    )


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
    personal = " --baseline NEUTRAL_CLIPS" if result.baseline else ""
    st.code(f"python -m ser_core predict {shlex.quote(clip.name)} {models}{personal} --format json", language="bash")


ui.run(main)
