"""The tour: six steps from a first recording to knowing what an answer is worth.

Each has something to do and something to discuss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ser_core import charts, exploration, prediction
from ser_core.audio import manipulation
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, display_name
from ser_core.features import tables
from ui import caches, predictions, routing, session, widgets
from ui.compare import tested_corpora
from ui.explore import attributes, chosen_clips
from ui.record import answer, capture

SENTENCE = "Kids are talking by the door"
CLAIMED = ("nemo", "mfcc128_v1", "random_forest")
"""The corpus, features and classifier whose random split flatters most."""
SHOWN = 8
"""How many attributes are drawn of those that make an emotion."""


@dataclass(frozen=True)
class Step:
    """One step: its title, what it is about, what to discuss, and what draws it."""

    title: str
    text: str
    discuss: tuple[str, ...]
    draw: Callable[[], None]


def speak() -> None:
    """The clip comes in, and a guess of what will be heard."""
    left, right = st.columns(2, gap="large")
    with left:
        capture.section()
    with right:
        if session.clip() is None:
            widgets.explain_no_clip(
                "**Record yourself**, or take a synthetic voice to look around first."
            )
            st.button(
                "Take a sample voice", icon=":material/graphic_eq:", on_click=capture.take_sample
            )
            return
        st.pills(
            "Before you go on: which emotion will it hear?",
            EMOTIONS,
            format_func=display_name,
            key="tour_guess",
            persist_state="session",
            wrap=True,
        )


def read() -> None:
    """The answer with the guess beside it."""
    if (result := chosen_answer()) is None:
        return
    st.subheader(prediction.in_words(result), anchor=False)
    if guess := st.session_state.get("tour_guess"):
        st.markdown(
            f"You guessed **{guess}**: it gives that {result.emotion_probabilities[guess]:.0%}."
        )
    widgets.draw(
        charts.probability_bars(result.emotion_probabilities),
        key="tour_bars",
        title="How likely each emotion is",
        alt=answer.describe_probabilities(result.emotion_probabilities),
    )
    if result.prediction_set is not None:
        st.markdown(answer.describe_set(result))


def ask_why() -> None:
    """What speaks for the answer and against it."""
    if (result := chosen_answer()) is None:
        return
    st.subheader(prediction.in_words(result), anchor=False)
    clip = session.clip()
    explanation = None if clip is None else predictions.explain(clip).explanation
    if clip is None or explanation is None:
        widgets.explain_no_clip(
            "This clip has no reasons to be shown: it does not sound like speech. Record "
            "another one in the first step."
        )
        return
    answer.why(clip, explanation)


def compare() -> None:
    """What sets one emotion apart from neutral speech, within each speaker, and where the own clip lies."""
    others = [emotion for emotion in EMOTIONS if emotion != "neutral"]
    emotion = str(
        st.segmented_control(
            "Emotion",
            others,
            default="angry",
            required=True,
            format_func=display_name,
            key="tour_emotion",
            bind="query-params",
        )
    )
    choice = chosen_clips.choice_of((tables.SHIPPED_CORPUS,), "")
    ranked = chosen_clips.ranking(choice, emotion, "neutral")
    effects = ranked[ranked["group"].isin(exploration.AUDIBLE_GROUPS)]
    st.markdown(
        f"**{emotion.capitalize()} against neutral, in short:** "
        f"{exploration.summarise_ranking(ranked, exploration.AUDIBLE_GROUPS)}."
    )
    widgets.draw(
        charts.effect_sizes(effects.head(SHOWN), emotion, "neutral"),
        key="tour_effects",
        alt=f"The attributes that set {emotion} apart from neutral most clearly",
    )
    first = effects.iloc[0]
    st.caption(
        f"Differences within each of {first['speakers']} actors of RAVDESS, with 95% "
        "intervals, of what can be heard and said in short; the feature "
        "explorer has all 128 attributes."
    )
    st.subheader(first["attribute"], anchor=False)
    pair = exploration.select_emotions(chosen_clips.chosen_rows(choice), ["neutral", emotion])
    attributes.one(
        pair,
        exploration.feature_specs()[first["feature"]],
        caches.features_of(session.clip()),
        kind="violin",
    )
    if session.clip() is None:
        st.caption("Record a clip in the first step, and a violet line shows where it lies.")


def claim() -> None:
    """The same classifier under three ways of counting, once a guess has been made."""
    corpus, feature_set, classifier = CLAIMED
    board = tested_corpora.leaderboard("emotion", corpus)
    row = board[(board["feature_set"] == feature_set) & (board["classifier"] == classifier)]
    score = row.iloc[0]
    chance = 1 / len(CORPORA[corpus].emotions)
    st.markdown(
        f"A random forest learns the six emotions of {CORPORA[corpus].title}, nine actors. "
        "Shuffle the clips, test on a fifth of them, and it "
        f"recognises **{score['random_split_uar']:.0%}** of each emotion. But each tested clip "
        "has its speaker's other clips in training."
    )
    guess = st.slider(
        "What is left when the tested voices are new to it? Your guess:",
        0,
        100,
        50,
        format="%d%%",
        key="tour_claim",
        persist_state="session",
    )
    if not st.toggle("Show what was measured", key="tour_reveal"):
        return
    chart = charts.leaderboard(row, tested_corpora.reference_rows("emotion", corpus))
    widgets.draw(chart, key="tour_claim_chart", alt="One model under three ways of counting")
    st.markdown(
        f"You guessed {guess}%. On **new voices {score['unseen_speakers_uar']:.0%}** is left, "
        f"and **{score['corpus_left_out_uar']:.0%}** "
        "where voices, rooms, microphones and language are all new (guessing gives "
        f"{chance:.0%}). The forest had learnt the voices, not only "
        "the emotions. The longer the lines, the fewer voices the figure rests on."
    )


def doubt() -> None:
    """The clip in more and more noise, until there is no answer."""
    if (clean := chosen_answer()) is None:
        return
    clip = session.clip()
    if clip is None:
        return
    noise = st.select_slider(
        "Noise", manipulation.NOISES, key="tour_noise", format_func=manipulation.describe_noise
    )
    changed = predictions.change(clip, manipulation.Changes(noise_db=noise))
    result = predictions.predict_changed(clip, changed)
    widgets.play(changed.recording)
    st.subheader(prediction.in_words(result), anchor=False)
    widgets.draw(
        charts.probability_bars(result.emotion_probabilities, clean.emotion_probabilities),
        key="tour_noise_bars",
        title="How likely each emotion is, with noise and without",
        alt=answer.describe_probabilities(result.emotion_probabilities),
    )
    st.caption("The lines in the bars are the clip without noise.")
    st.info(widgets.AI_ACT, icon=":material/gavel:")


STEPS = (
    Step(
        "Speak",
        f"Say **“{SENTENCE}”** as if you were furious, or delighted, or bored to tears. The "
        "words say nothing of how you feel: whatever "
        "can be heard is in the voice. That is how the actors of the corpora were recorded, too.",
        (
            "Could a stranger tell the emotion from your voice alone?",
            "Say it again without any emotion. What did you change?",
        ),
        speak,
    ),
    Step(
        "Read the answer",
        "Each bar is how likely the model finds an emotion in this clip; they add up to 100%. "
        "One long bar is an answer, several of like length are "
        "doubt, and below a certain likelihood there is no answer at all.",
        (
            "Between which two emotions does it hesitate? What do these have in common?",
            "When would *cannot tell* be the best answer?",
        ),
        read,
    ),
    Step(
        "Ask why",
        "The model is asked again with pitch, energy, spectrum or rhythm made average, and "
        "with half a second silenced at a time. What the answer "
        "loses then is what it rested on.",
        (
            "Play the moment that mattered most. Do you hear it, too?",
            "Which cue would you have named? Does the model go by the same?",
        ),
        ask_why,
    ),
    Step(
        "What makes an emotion",
        "Compared within each actor, so that a high voice does not count as an emotion: what "
        "changes when the same person stops speaking neutrally?",
        (
            "What sets anger apart, and what sadness? Is it what you would have said?",
            "Which of these could you change at will, and which not?",
        ),
        compare,
    ),
    Step(
        "What a high figure is worth",
        "Most projects in this field report a high accuracy. Here is how such a figure comes "
        "about, and what is left of it.",
        (
            "Why is the random split so much easier?",
            "Which of the three figures would you expect on your own voice?",
        ),
        claim,
    ),
    Step(
        "When not to believe it",
        "Make your clip noisier and watch. A model should know when it does not know; and some "
        "uses are wrong even where it is right.",
        (
            "At which noise do you yourself stop hearing the emotion?",
            "These were actors. What is different when a real person is angry?",
            "Why is inferring the emotions of pupils and staff prohibited?",
        ),
        doubt,
    ),
)


def chosen_answer() -> prediction.Prediction | None:
    """What the chosen models say of the clip; without one, the way to the first step."""
    clip = session.clip()
    if clip is None:
        widgets.explain_no_clip("This step needs a clip.")
        with st.container(horizontal=True):
            st.button("Go to the first step", icon=":material/mic:", on_click=go_to, args=(1,))
            st.button(
                "Take a sample voice", icon=":material/graphic_eq:", on_click=capture.take_sample
            )
        return None
    return predictions.predict(clip)


def go_to(number: int) -> None:
    """Turn to a step."""
    st.session_state["step"] = str(number)


def turn(number: int) -> None:
    """Back and on."""
    with st.container(horizontal=True):
        if number > 1:
            st.button("Back", icon=":material/arrow_back:", on_click=go_to, args=(number - 1,))
        if number < len(STEPS):
            st.button(
                f"Next: {STEPS[number].title}",
                icon=":material/arrow_forward:",
                type="primary",
                on_click=go_to,
                args=(number + 1,),
            )
        else:
            st.page_link(
                routing.pages()["explore"],
                label="Go on in the feature explorer",
                icon=":material/insights:",
            )
            st.page_link(
                routing.pages()["compare"],
                label="or in the model comparison",
                icon=":material/leaderboard:",
            )


def _printed(number: int, step: Step) -> str:
    questions = "\n".join(f"- {question}" for question in step.discuss)
    return f"## {number}. {step.title}\n\n{step.text}\n\n{questions}"


def lesson_sheet() -> str:
    """All steps with their questions as a text to be printed."""
    title = "# How does a machine hear emotions? A lesson of about 30 minutes"
    parts = [_printed(number, step) for number, step in enumerate(STEPS, start=1)]
    return "\n\n".join([title, *parts, widgets.AI_ACT]) + "\n"
