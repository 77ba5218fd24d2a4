"""What the models say of this session's clips; each clip is prepared, and each question answered, once.

What no model is needed for (gate, windows, features) is kept for the current clip only, as it takes
up to some megabytes for each window of the clip.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui import caches, model_choice, session
from ui.caches import of_session
from ui.server import logs
from ui.session import Clip, Lifetime

if TYPE_CHECKING:
    from ser_core.audio import Quality, Recording
    from ser_core.audio.manipulation import Changes
    from ser_core.prediction import Analysis, Prediction, Prepared
    from ser_core.prediction.voice import Enrolment


@dataclass(frozen=True, eq=False)
class Answer:
    """What the chosen models say of a clip."""

    prediction: Prediction
    """Against the personal baseline, where there is one; without its reasons."""
    without_baseline: Prediction | None = None
    """The same models without the baseline; None where there is none."""
    enrolment: Enrolment | None = None


def answer(clip: Clip) -> Answer:
    """What the chosen models say of a clip, against the session's baseline where that is wanted.

    Raises
    ------
    SerError
        What is wrong with a model or with the baseline.
    """
    plain = predict(clip)
    enrolment = session_enrolment() if session.state().baseline.wanted else None
    if enrolment is None:
        return Answer(plain)
    return Answer(_prediction_against(clip.recording, *_chosen(), enrolment), plain, enrolment)


def predict(clip: Clip) -> Prediction:
    """What the chosen models say of the current clip, without a baseline and without reasons."""
    return _prediction(clip.recording, *_chosen())


def explain(clip: Clip) -> Prediction:
    """As `predict`, with the reasons."""
    return _explained(clip.recording, *_chosen())


def explain_answer(clip: Clip, given: Answer) -> Prediction:
    """The prediction of an answer to the clip, with its reasons."""
    if given.enrolment is None:
        return explain(clip)
    return _explained_against(clip.recording, *_chosen(), given.enrolment)


def change(clip: Clip, changes: Changes) -> Clip:
    """The clip with the changes; itself where nothing is changed.

    Raises
    ------
    SerError
        TOO_SHORT where what is left is shorter than half a second.
    """
    return _changed(clip, changes) if changes.any else clip


def predict_changed(clip: Clip, changed: Clip) -> Prediction:
    """As `predict`, of what `change` has made of the clip."""
    return (
        predict(clip) if changed is clip else _prediction_of_changed(changed.recording, *_chosen())
    )


def probabilities_by_model(clip: Clip) -> Mapping[str, Mapping[str, float]]:
    """The probability of each emotion by each model's title, the default first."""
    return _probabilities_by_model(clip.recording)


def quality(clip: Clip) -> Quality:
    """What can be said of the technical quality of the current clip."""
    return _quality(clip.recording)


def session_enrolment() -> Enrolment | None:
    """The enrolment that the neutral clips make for the chosen emotion model.

    None without neutral clips, or for a model that takes no baseline.

    Raises
    ------
    SerError
        BAD_BASELINE, or what is wrong with the model.
    """
    clips = tuple(session.state().baseline.clips)
    emotion_model, _ = _chosen()
    return _enrolment(emotion_model, clips) if clips else None


def _chosen() -> tuple[str, str]:
    """The names of the chosen models of emotions and of genders."""
    chosen = model_choice.chosen_models()
    return chosen["emotion"], chosen["gender"]


# The inputs of a prepared clip hold what was computed of them against the baseline.
_WITH_BASELINE = (Lifetime.CLIP, Lifetime.BASELINE)


@of_session(*_WITH_BASELINE, most=1)
def _prepared(recording: Recording) -> Prepared:
    from ser_core import prediction

    return prediction.prepare(recording)


@of_session(Lifetime.CLIP)
def _quality(recording: Recording) -> Quality:
    return _prepared(recording).quality


@of_session(*_WITH_BASELINE, most=2)
def _analysis(
    recording: Recording, emotion_model: str, gender_model: str, enrolment: Enrolment | None
) -> Analysis:
    from ser_core import prediction

    pair = model_choice.load("emotion", emotion_model), model_choice.load("gender", gender_model)
    return prediction.analyse(_prepared(recording), *pair, enrolment)


def _predict_and_log(recording: Recording, analyse: Callable[[], Analysis]) -> Prediction:
    """Predict, and log how long the clip is, whether there is an answer, and how long it took."""
    start = time.perf_counter()
    result = analyse().prediction
    logs.answered(recording.duration_s, result.decision, time.perf_counter() - start)
    return result


@of_session(Lifetime.CLIP, spinner="Listening ...")
def _prediction(recording: Recording, emotion_model: str, gender_model: str) -> Prediction:
    arguments = recording, emotion_model, gender_model, None
    return _predict_and_log(recording, lambda: _analysis(*arguments))


@of_session(*_WITH_BASELINE, spinner="Listening ...")
def _prediction_against(
    recording: Recording, emotion_model: str, gender_model: str, enrolment: Enrolment
) -> Prediction:
    arguments = recording, emotion_model, gender_model, enrolment
    return _predict_and_log(recording, lambda: _analysis(*arguments))


@of_session(Lifetime.CLIP, spinner="Asking why ...")
def _explained(recording: Recording, emotion_model: str, gender_model: str) -> Prediction:
    from ser_core import prediction

    return prediction.explain(_analysis(recording, emotion_model, gender_model, None))


@of_session(*_WITH_BASELINE, spinner="Asking why ...")
def _explained_against(
    recording: Recording, emotion_model: str, gender_model: str, enrolment: Enrolment
) -> Prediction:
    from ser_core import prediction

    return prediction.explain(_analysis(recording, emotion_model, gender_model, enrolment))


@of_session(Lifetime.CLIP, most=4)
def _changed(clip: Clip, changes: Changes) -> Clip:
    from ser_core.audio import manipulation

    return Clip(clip.name, manipulation.apply_changes(clip.recording, changes))


@of_session(Lifetime.CLIP, spinner="Listening ...")
def _prediction_of_changed(
    recording: Recording, emotion_model: str, gender_model: str
) -> Prediction:
    from ser_core import prediction

    pair = model_choice.load("emotion", emotion_model), model_choice.load("gender", gender_model)
    return _predict_and_log(recording, lambda: prediction.analyse(recording, *pair))


@of_session(Lifetime.CLIP, spinner="Asking every model ...", most=1)
def _probabilities_by_model(recording: Recording) -> Mapping[str, Mapping[str, float]]:
    from ser_core import prediction

    titles = {card.name: card.title for card in caches.cards("emotion")}
    models = [model_choice.load("emotion", name) for name in titles]
    by_name = prediction.probabilities_by_model(_prepared(recording), models)
    return {titles[name]: probabilities for name, probabilities in by_name.items()}


@of_session(Lifetime.BASELINE, most=1)
def _enrolment(emotion_model: str, clips: tuple[Recording, ...]) -> Enrolment | None:
    from ser_core.prediction.voice import Enrolment

    model = model_choice.load("emotion", emotion_model)
    return Enrolment(clips, model) if model.card.takes_baseline else None
