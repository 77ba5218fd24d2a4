"""The answer to a clip: the sentence, the bars, the reasons, how far to trust them, and what can be taken along."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from ser_core import audio, models, prediction
from ser_core.emotions import LABELS
from ser_core.features import cues
from ser_core.prediction import explanation
from ui import caches, session, widgets
from ui.record import baseline


def sentence(clip: session.Clip) -> tuple[prediction.Prediction, caches.Reasons]:
    """The sentence and the bars: all that the answer is. Gives the prediction, and what adds the reasons to it, for `reasons`."""
    chosen = session.chosen_models()
    result, with_reasons = caches.predicted_in_two_steps(clip, chosen["emotion"], chosen["gender"])
    without = result
    personal = (
        baseline.enrolled(chosen["emotion"], baseline.clips_of_session())
        if st.session_state.get("baseline_wanted")
        else None
    )
    if personal is not None:
        result, with_reasons = caches.predicted_with_baseline(
            clip, chosen["emotion"], chosen["gender"], personal
        )
    st.subheader(prediction.in_words(result))
    for reason in (
        result.reasons
        if result.reasons and result.reasons[0].code == "UNCERTAIN"
        else result.reasons[1:]
    ):
        st.caption(reason.message)
    from ser_core import charts  # the sentence does not wait for Altair

    before = without.emotion_probabilities if personal is not None else None
    widgets.draw(
        charts.probability_bars(result.emotion_probabilities, before),
        key="emotion_bars",
        title="How likely each emotion is",
        alt=in_figures(result.emotion_probabilities),
    )
    if personal is not None:
        for note in result.baseline["notes"] if result.baseline else ():
            if note["code"] == "OTHER_VOICE":
                st.warning(note["message"], icon=":material/warning:")
        st.caption(
            f"Judged against your baseline. The line in each bar is without it: {prediction.in_words(without)}"
        )
    if result.prediction_set is not None:
        st.markdown(set_in_words(result))
    return result, with_reasons


def reasons(clip: session.Clip, with_reasons: caches.Reasons) -> None:
    """Why, how far to trust it, then models, details and downloads; to be drawn below `sentence`."""
    from ser_core import charts

    chosen = session.chosen_models()
    result = with_reasons()
    if result.explanation is not None:
        why(clip, result.explanation)
    st.markdown(voice_in_words(result))
    widgets.draw(
        charts.probability_bars(result.gender_probabilities),
        key="gender_bars",
        title="Male or female",
        alt=in_figures(result.gender_probabilities),
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
    if models.CORRECTED in result.emotion_model:
        return f"**{listed.capitalize()}**: how often sets like this hold what was meant was measured without your correction; with it, it may be less."
    return (
        f"**{listed.capitalize()}**: sets like this hold what was acted in 90% of short clips of unseen voices, on average over speakers; "
        "on your own voice and microphone it may be less."
    )


def voice_in_words(result: prediction.Prediction) -> str:
    """What gender the voice sounds like, or that this cannot be told."""
    if result.gender is None:
        return f"Whether the voice is **male or female cannot be told**: neither reaches {prediction.SURE_OF_GENDER:.0%}."
    return (
        f"The voice sounds **{result.gender}**, {result.gender_probabilities[result.gender]:.0%}."
    )


def in_figures(probabilities: Mapping[str, float]) -> str:
    """What the bars show, for who cannot see them."""
    return "Probabilities: " + ", ".join(
        f"{label} {value:.0%}" for label, value in probabilities.items()
    )


def why(clip: session.Clip, explained: explanation.Explanation) -> None:
    """What speaks for and against the emotion in words; behind them the figures, and the moment that matters to be heard."""
    from ser_core import charts

    st.markdown(f"**Why?** {explanation.in_words(explained)}")
    with st.expander("Why, in figures", icon=":material/balance:"):
        emotion = explained.emotion
        widgets.draw(
            charts.cue_bars(explained.cues, cues.TITLES, emotion),
            key="cue_bars",
            title=f"What speaks for {emotion}, and against it",
            alt=", ".join(
                f"{cues.TITLES[cue]} {100 * share:+.0f} points"
                for cue, share in explained.cues.items()
            ),
        )
        st.caption(how_to_read(explained))
        if explained.moments:
            spans = [(moment.start_s, moment.end_s) for moment in explained.moments]
            chart = charts.moments(
                spans,
                [moment.share for moment in explained.moments],
                emotion,
                (explained.start_s, explained.end_s),
            )
            widgets.draw(
                chart, key="moments", alt=f"Points that {emotion} loses when a moment is silenced"
            )
        if moment := explained.moment:
            span = f"{moment.start_s:.1f} to {moment.end_s:.1f} s"
            st.caption(
                f"The model was asked again with each moment silenced. The one that matters most, {span}, to be heard:"
            )
            widgets.play(part_of(clip, moment.start_s, moment.end_s))


def how_to_read(explained: explanation.Explanation) -> str:
    """What the bars of the cues mean."""
    where = (
        f" from {explained.start_s:.0f} to {explained.end_s:.0f} s, the stretch that says most,"
        if explained.of_a_part
        else ""
    )
    average = (
        "your neutral clips" if explained.against_baseline else "the clips that it learnt from"
    )
    return (
        f"With all four replaced by the average of {average}, the model gives {explained.emotion} {explained.without_cues:.0%}; the bars lead "
        f"from there to the {explained.probability:.0%} of this clip{where} (Shapley values). They say what the model goes by, not why a person "
        "feels something."
    )


def part_of(clip: session.Clip, start_s: float, end_s: float) -> audio.Recording:
    """A part of the clip, to be heard."""
    rate = clip.recording.sample_rate
    return dataclasses.replace(
        clip.recording, samples=clip.recording.samples[int(start_s * rate) : int(end_s * rate)]
    )


def over_time(clip: session.Clip, result: prediction.Prediction) -> None:
    """The timeline of a long recording; a click on a stretch, or choosing it below, plays it."""
    from ser_core import charts

    st.markdown("**Over time**")
    spans = [(segment.start_s, segment.end_s) for segment in result.segments]
    chart = charts.timeline(
        [segment.emotion_probabilities for segment in result.segments], spans, result.gaps
    )
    of = clip.recording.sha256[:12]  # what was chosen on one clip says nothing of the next
    drawn, chosen = f"timeline-{of}", f"stretch-{of}"

    def choose() -> None:
        cell = widgets.selected(drawn, charts.STRETCH)
        st.session_state[chosen] = int(cell["number"]) if cell else None

    widgets.draw(chart, drawn, "Emotions over time", select=charts.STRETCH, then=choose)
    st.caption(
        "Stretches of 4 s, one every 2 s where somebody speaks, smoothed with their neighbours; grey above: no speech for a second. "
        "The bars above are the mean over the stretches, each weighted by how much of it is speech."
    )
    number = st.selectbox(
        "Hear a stretch",
        range(len(spans)),
        index=None,
        format_func=lambda number: f"{spans[number][0]:.0f} to {spans[number][1]:.0f} s",
        key=chosen,
        placeholder="Choose one, or click it in the chart",
    )
    if number is not None:
        st.audio(audio.to_wav(part_of(clip, *spans[number])), format="audio/wav", autoplay=True)


def trust(chosen: dict[str, str]) -> None:
    """How often the chosen models are right on voices they never heard."""
    emotion, gender = (
        next(card for card in caches.choices(task) if card.name == chosen[task]) for task in LABELS
    )
    text = (
        f"On unseen voices **{emotion.title}** recognises **{emotion.unseen_percent}** of each emotion on average (guessing: 13%), "
        f"and **{gender.title}** recognises **{gender.unseen_percent}** of each gender (guessing: 50%). {widgets.CORPUS_NOTE}"
    )
    if emotion.left_out_uars:
        low, high = min(emotion.left_out_uars), max(emotion.left_out_uars)
        text += (
            f" In a corpus that it never heard, with other microphones and sentences, it recognises **{low:.0%} to {high:.0%}** of six or seven "
            "emotions: **expect that on your own voice.**"
        )
    st.info(text, icon=":material/verified:")


def choose_model(task: str, chosen: str, column: st.delta_generator.DeltaGenerator) -> None:
    """The choice of the model of a task."""
    titles = {card.name: f"{card.title} ({card.unseen_percent})" for card in caches.choices(task)}
    column.selectbox(
        f"{task.capitalize()} model",
        list(titles),
        index=list(titles).index(chosen),
        format_func=titles.__getitem__,
        key=f"{task}_model",
        help="In brackets: the share of each label recognised on unseen voices, averaged (unweighted average recall, UAR).",
    )


def details(clip: session.Clip, result: prediction.Prediction) -> None:
    """Figures, files to save, and the same from the command line."""
    import pandas as pd

    facts = result.to_dict(clip.name)
    quality = facts["quality"]
    st.markdown(
        f"{widgets.plain(clip.name)}: {clip.recording.duration_s:.1f} s, recorded at {clip.recording.source_rate:,} Hz, "
        f"peak {quality['peak_dbfs']} dBFS, loud parts {quality['snr_db']} dB above quiet ones, {len(result.segments)} stretch(es) analysed."
    )
    st.dataframe(
        pd.DataFrame([result.to_row(clip.name)]).T.astype(str).rename(columns={0: "value"}),
        width="stretch",
    )
    stem = Path(clip.name).stem
    as_json, as_csv = st.columns(2)
    as_json.download_button(
        "Save JSON",
        json.dumps(facts, indent=1),
        f"{stem}.json",
        "application/json",
        on_click="ignore",
        width="stretch",
    )
    table = pd.DataFrame([result.to_row(clip.name)]).to_csv(index=False)
    as_csv.download_button(
        "Save CSV", table, f"{stem}.csv", "text/csv", on_click="ignore", width="stretch"
    )
    st.caption("The same from the command line:")
    asked = f"--emotion-model {result.emotion_model} --gender-model {result.gender_model}"
    personal = " --baseline NEUTRAL_CLIPS" if result.baseline else ""
    st.code(
        f"python -m ser_core predict {shlex.quote(clip.name)} {asked}{personal} --format json",
        language="bash",
    )
