"""The answer to a clip: the sentence, the bars, the reasons, how far to trust them, and downloads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from ser_core import models, prediction
from ser_core.emotions import LABELS
from ser_core.features import cues
from ser_core.prediction import explanation
from ui import caches, model_choice, predictions, session, widgets
from ui.predictions import Answer
from ui.record import downloads

if TYPE_CHECKING:
    from ser_core.prediction import Prediction
    from ui.streamlit_internals import DeltaGenerator


def sentence(answer: Answer) -> None:
    """The sentence and the bars: all that the answer is."""
    result = answer.prediction
    st.subheader(prediction.in_words(result))
    for message in _further_reasons(result):
        st.caption(message)
    from ser_core import charts  # the sentence does not wait for Altair

    plain = answer.without_baseline
    widgets.draw(
        charts.probability_bars(
            result.emotion_probabilities, None if plain is None else plain.emotion_probabilities
        ),
        key="emotion_bars",
        title="How likely each emotion is",
        alt=describe_probabilities(result.emotion_probabilities),
    )
    if plain is not None:
        _about_baseline(result, plain)
    if result.prediction_set is not None:
        st.markdown(describe_set(result))


def _further_reasons(result: Prediction) -> list[str]:
    """The reasons against an answer that the sentence does not say itself."""
    said_in_sentence = bool(result.reasons) and result.reasons[0].code != "UNCERTAIN"
    return [reason.message for reason in result.reasons[1 if said_in_sentence else 0 :]]


def _about_baseline(result: Prediction, plain: Prediction) -> None:
    notes = result.baseline["notes"] if result.baseline else ()
    for note in notes:
        if note["code"] == "OTHER_VOICE":
            st.warning(note["message"], icon=":material/warning:")
    st.caption(
        "Judged against your baseline. The line in each bar is without it: "
        f"{prediction.in_words(plain)}"
    )


def reasons(clip: session.Clip, answer: Answer) -> None:
    """Why, how far to trust it, then models, details and downloads; to be drawn below `sentence`."""
    result = predictions.explain_answer(clip, answer)
    if result.explanation is not None:
        why(clip, result.explanation)
    _gender(result)
    if len(result.segments) > 1:
        timeline(clip, result)
    chosen = model_choice.chosen_models()
    trust()
    st.markdown(
        "**How to read this:** each bar is how likely the model thinks that label is for *this* clip; "
        "they add up to 100%. A long bar is no proof, and two bars of similar length mean it cannot "
        "tell them apart."
    )
    with st.expander("Models", icon=":material/tune:"):
        for task, column in zip(LABELS, st.columns(2), strict=True):
            choose_model(task, chosen[task], column)
    with st.expander("Details and downloads", icon=":material/data_object:"):
        downloads.section(clip, result)


def _gender(result: Prediction) -> None:
    from ser_core import charts

    st.markdown(describe_gender(result))
    widgets.draw(
        charts.probability_bars(result.gender_probabilities),
        key="gender_bars",
        title="Male or female",
        alt=describe_probabilities(result.gender_probabilities),
    )


def describe_set(result: Prediction) -> str:
    """The prediction set as a sentence."""
    labels = list(result.prediction_set or ())
    listed = labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} or {labels[-1]}"
    if models.CORRECTED in result.emotion_model:
        return (
            f"**{listed.capitalize()}**: how often sets like this hold what was meant was measured "
            "without your correction; with it, it may be less."
        )
    return (
        f"**{listed.capitalize()}**: sets like this hold what was acted in 90% of short clips of unseen "
        "voices, on average over speakers; on your own voice and microphone it may be less."
    )


def describe_gender(result: Prediction) -> str:
    """What gender the voice sounds like, or that this cannot be told."""
    if result.gender is None:
        sure = f"{prediction.SURE_OF_GENDER:.0%}"
        return f"Whether the voice is **male or female cannot be told**: neither reaches {sure}."
    probability = result.gender_probabilities[result.gender]
    return f"The voice sounds **{result.gender}**, {probability:.0%}."


def describe_probabilities(probabilities: Mapping[str, float]) -> str:
    """What the bars show, for readers who cannot see them."""
    listed = ", ".join(f"{label} {value:.0%}" for label, value in probabilities.items())
    return f"Probabilities: {listed}"


def why(clip: session.Clip, explained: explanation.Explanation) -> None:
    """What speaks for and against the emotion, in words; behind a click the figures."""
    st.markdown(f"**Why?** {explanation.in_words(explained)}")
    with st.expander("Why, in figures", icon=":material/balance:"):
        _cues(explained)
        if explained.moments:
            _moments(explained)
        if explained.moment is not None:
            _most_telling_moment(clip, explained.moment.start_s, explained.moment.end_s)


def _cues(explained: explanation.Explanation) -> None:
    from ser_core import charts

    points = [
        f"{cues.TITLES[cue]} {100 * share:+.0f} points" for cue, share in explained.cues.items()
    ]
    widgets.draw(
        charts.cue_bars(explained.cues, cues.TITLES, explained.emotion),
        key="cue_bars",
        title=f"What speaks for {explained.emotion}, and against it",
        alt=", ".join(points),
    )
    st.caption(_how_to_read(explained))


def _moments(explained: explanation.Explanation) -> None:
    from ser_core import charts

    chart = charts.moment_bars(
        [(moment.start_s, moment.end_s) for moment in explained.moments],
        [moment.share for moment in explained.moments],
        explained.emotion,
        (explained.start_s, explained.end_s),
    )
    alt = f"Points that {explained.emotion} loses when a moment is silenced"
    widgets.draw(chart, key="moments", alt=alt)


def _most_telling_moment(clip: session.Clip, start_s: float, end_s: float) -> None:
    st.caption(
        "The model was asked again with each moment silenced. The one that matters most, "
        f"{start_s:.1f} to {end_s:.1f} s, to be heard:"
    )
    widgets.play(caches.part(clip.recording, start_s, end_s))


def _how_to_read(explained: explanation.Explanation) -> str:
    """What the bars of the cues mean."""
    span = f" from {explained.start_s:.0f} to {explained.end_s:.0f} s, the stretch that says most,"
    where = span if explained.is_part else ""
    average = (
        "your neutral clips" if explained.against_baseline else "the clips that it learnt from"
    )
    return (
        f"With all four replaced by the average of {average}, the model gives {explained.emotion} "
        f"{explained.without_cues:.0%}; the bars lead from there to the {explained.probability:.0%} of "
        f"this clip{where} (Shapley values). They say what the model goes by, not why a person feels "
        "something."
    )


def timeline(clip: session.Clip, result: Prediction) -> None:
    """The timeline of a long recording; a click on a stretch, or choosing it below, plays it."""
    from ser_core import charts

    st.markdown("**Over time**")
    spans = [(segment.start_s, segment.end_s) for segment in result.segments]
    chart = charts.timeline(
        [segment.emotion_probabilities for segment in result.segments], spans, result.gaps
    )
    clip_id = clip.recording.sha256[:12]  # a choice on one clip says nothing of the next
    chart_key, stretch_key = f"timeline-{clip_id}", f"stretch-{clip_id}"

    def choose() -> None:
        mark = widgets.selected(chart_key, charts.STRETCH)
        st.session_state[stretch_key] = int(mark["number"]) if mark else None

    widgets.draw(chart, chart_key, "Emotions over time", select=charts.STRETCH, then=choose)
    st.caption(
        "Stretches of 4 s, one every 2 s where somebody speaks, smoothed with their neighbours; grey "
        "above: no speech for a second. The bars above are the mean over the stretches, each weighted "
        "by how much of it is speech."
    )
    number = st.selectbox(
        "Hear a stretch",
        range(len(spans)),
        index=None,
        format_func=lambda number: f"{spans[number][0]:.0f} to {spans[number][1]:.0f} s",
        key=stretch_key,
        placeholder="Choose one, or click it in the chart",
    )
    if number is not None:
        stretch = caches.part(clip.recording, *spans[number])
        st.audio(caches.wav(stretch), format="audio/wav", autoplay=True)


def trust() -> None:
    """How often the chosen models are right on voices they never heard."""
    emotion, gender = model_choice.chosen_cards()
    text = (
        f"On unseen voices **{emotion.title}** recognises **{emotion.unseen_percent}** of each emotion "
        f"on average (guessing: 13%), and **{gender.title}** recognises **{gender.unseen_percent}** of "
        f"each gender (guessing: 50%). {widgets.CORPUS_NOTE}"
    )
    if emotion.left_out_uars:
        low, high = min(emotion.left_out_uars), max(emotion.left_out_uars)
        text += (
            " In a corpus that it never heard, with other microphones and sentences, it recognises "
            f"**{low:.0%} to {high:.0%}** of six or seven emotions: **expect that on your own voice.**"
        )
    st.info(text, icon=":material/verified:")


def choose_model(task: str, chosen: str, column: DeltaGenerator) -> None:
    """The choice of the model of a task."""
    cards = model_choice.choices(task)
    titles = {card.name: f"{card.title} ({card.unseen_percent})" for card in cards}
    column.selectbox(
        f"{task.capitalize()} model",
        list(titles),
        index=list(titles).index(chosen),
        format_func=titles.__getitem__,
        key=model_choice.model_key(task),
        help="In brackets: the share of each label recognised on unseen voices, averaged (unweighted "
        "average recall, UAR).",
    )
