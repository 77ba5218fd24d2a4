"""Cached loaders: models and tables, which are the same for everybody, and what is made of a person's clip, kept in that session only."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING

import streamlit as st

from ser_core.audio import Recording
from ui.library import access
from ui.server import logs

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.evaluation import Scores
    from ser_core.evaluation.listeners import ListenerScores
    from ser_core.features import FeatureVector
    from ser_core.features.intonation import Melody
    from ser_core.features.spectrum import Array
    from ser_core.models import Model, ModelCard
    from ser_core.prediction import Prediction
    from ser_core.prediction.voice import Enrolment
    from ui.session import Clip


@st.cache_data(show_spinner=False)
def cards(task: str) -> list[ModelCard]:
    """The cards of a task's models, the default first."""
    from ser_core import models

    return models.cards(task=task)


def choices(task: str) -> list[ModelCard]:
    """The cards of the models that can be chosen for a task, the default first: the person's own corrected one, where there is one, then `cards`."""
    adopted = access.adopted() if task == "emotion" else None
    return [*([adopted.card] if adopted else []), *cards(task)]


_loading = threading.Lock()


def model(task: str, name: str) -> Model:
    """A model of a task, loaded once, by whichever thread asks first: that of a session, or the one that warms up."""
    if task == "emotion" and (adopted := access.adopted()) and adopted.card.name == name:
        return adopted
    return model_that_ships(task, name)


def model_that_ships(task: str, name: str) -> Model:
    """As `model`, for those that ship."""
    with _loading:
        return _model(task, name)


@cache
def _model(task: str, name: str) -> Model:
    from ser_core import models

    return models.load_named(name, task)


Reasons = Callable[[], "Prediction"]


@st.cache_data(scope="session", max_entries=16, show_spinner="Listening ...")
def _predicted(
    sha256: str,
    n_samples: int,
    emotion_model: str,
    gender_model: str,
    _recording: Recording,
    _reasons: list[Reasons],
) -> Prediction:
    """The prediction without reasons; the function that adds them is put into `_reasons` where it was computed just now."""
    from ser_core import prediction

    start = time.perf_counter()
    found, reasons = prediction.in_two_steps(
        _recording, model("emotion", emotion_model), model("gender", gender_model)
    )
    logs.answered(_recording.duration_s, found.decision, time.perf_counter() - start)
    _reasons.append(reasons)
    return found


@st.cache_data(scope="session", max_entries=16, show_spinner="Asking why ...")
def _explained(
    sha256: str, n_samples: int, emotion_model: str, gender_model: str, _reasons: Reasons
) -> Prediction:
    return _reasons()


def predicted(
    clip: Clip, emotion_model: str, gender_model: str, explain: bool = True
) -> Prediction:
    """What two models say of the clip (and why), without a personal baseline; computed once per clip and pair."""
    found, explained = predicted_in_two_steps(clip, emotion_model, gender_model)
    return explained() if explain else found


def predicted_in_two_steps(
    clip: Clip, emotion_model: str, gender_model: str
) -> tuple[Prediction, Reasons]:
    """What two models say of the clip, and a function that says why, too; each is computed once per clip and pair."""
    from ser_core import prediction

    recording = clip.recording
    asked = recording.sha256, len(recording.samples), emotion_model, gender_model
    fresh: list[Reasons] = []
    found = _predicted(*asked, recording, fresh)

    def again() -> Prediction:
        return prediction.predict(
            recording, model("emotion", emotion_model), model("gender", gender_model), explain=True
        )

    return found, lambda: _explained(*asked, fresh[0] if fresh else again)


def predicted_with_baseline(
    clip: Clip, emotion_model: str, gender_model: str, enrolment: Enrolment
) -> tuple[Prediction, Reasons]:
    """As `predicted_in_two_steps` with this session's baseline. Nothing of it is kept beyond the session."""
    from ser_core import prediction

    key = (clip.recording.sha256, emotion_model, gender_model, enrolment)
    pair = model("emotion", emotion_model), model("gender", gender_model)
    kept = st.session_state.get("with_baseline")
    if kept is None or kept["of"] != key:
        start = time.perf_counter()
        found, reasons = prediction.in_two_steps(clip.recording, *pair, enrolment)
        logs.answered(clip.recording.duration_s, found.decision, time.perf_counter() - start)
        kept = st.session_state["with_baseline"] = {"of": key, "found": found}
    else:
        reasons = partial(prediction.predict, clip.recording, *pair, enrolment, explain=True)

    def explained() -> Prediction:
        result: Prediction = (
            kept["explained"] if "explained" in kept else kept.setdefault("explained", reasons())
        )
        return result

    return kept["found"], explained


@st.cache_data(scope="session", max_entries=16, show_spinner="Measuring your recording ...")
def _features(sha256: str, n_samples: int, _recording: Recording) -> FeatureVector:
    from ser_core import exploration, features

    return features.extract_by_windows(_recording, exploration.FEATURE_SET)


def features_of(clip: Clip | None) -> FeatureVector | None:
    """The explorer's features of the current clip, if there is one."""
    if clip is None:
        return None
    return _features(clip.recording.sha256, len(clip.recording.samples), clip.recording)


def contour_of(clip: Clip | None) -> Array | None:
    """The pitch of the current clip over normalised time, if there is one with enough voice."""
    from ser_core.features import intonation

    return None if clip is None else intonation.contour(melody_of(clip.recording))


@st.cache_resource(show_spinner="Reading the feature table ...")
def feature_table(corpus: str = "ravdess") -> pd.DataFrame:
    """The features of every clip of a corpus that ships; nobody may change it."""
    from ser_core import exploration

    return exploration.shipped_features(corpus)


@st.cache_resource(show_spinner=False)
def pitch_contours(corpus: str) -> pd.DataFrame:
    """The stored pitch contours of a corpus that ships; nobody may change it."""
    from ser_core import exploration

    return exploration.contours.read([corpus])


@st.cache_data(scope="session", max_entries=16, show_spinner=False)
def _melody(sha256: str, n_samples: int, _recording: Recording) -> Melody:
    from ser_core.features import intonation

    return intonation.melody(_recording)


def melody_of(recording: Recording) -> Melody:
    """The F0 of a recording over time."""
    return _melody(recording.sha256, len(recording.samples), recording)


@st.cache_data(show_spinner=False)
def learning_curves(corpus: str) -> pd.DataFrame | None:
    """How much is recognised by how many training speakers, with titles; None where that was not measured."""
    from ser_core import models
    from ser_core.evaluation import learning_curves
    from ser_core.storage import manifest

    if not manifest.expected(learning_curves.path_of(corpus)):
        return None
    found = learning_curves.curves(learning_curves.read(corpus))
    return found.assign(
        title=[models.title(name, learning_curves.FEATURE_SET) for name in found["classifier"]]
    )


@st.cache_data(show_spinner="Reading the stored predictions ...")
def condition_curves(kind: str) -> pd.DataFrame:
    """What several models recognise under the conditions of one kind."""
    from ser_core.experiments import conditions

    return conditions.curves(kind)


@st.cache_data(show_spinner=False)
def listeners() -> ListenerScores:
    """How well people do on CREMA-D, by voice only."""
    from ser_core.evaluation import listeners as human

    return human.listener_scores(human.listener_votes())


@st.cache_data(show_spinner="Reading the stored predictions ...")
def chosen_inside(task: str) -> Scores:
    """The scores where the classifier, too, is chosen without the tested speakers."""
    from ser_core import evaluation

    return evaluation.score(
        evaluation.chosen_inside(
            shipped_out_of_fold("ravdess"), evaluation.read_selections(), task
        ),
        task,
    )


@st.cache_data(show_spinner=False)
def condition_scores() -> pd.DataFrame:
    """What noise, rooms and codecs cost the default model."""
    from ser_core.evaluation import robustness

    return robustness.condition_scores()


@st.cache_data(show_spinner=False)
def recorder_scores() -> pd.DataFrame:
    """What the browser's recorder costs the default model."""
    from ser_core.evaluation import robustness

    return robustness.recorder_scores()


@st.cache_data(scope="session", max_entries=16, show_spinner="Asking every model ...")
def _said_by_every_model(
    sha256: str, n_samples: int, _recording: Recording
) -> dict[str, dict[str, float]]:
    from ser_core import prediction

    by_name = {card.name: card.title for card in cards("emotion")}
    said = prediction.by_each(_recording, [model("emotion", name) for name in by_name])
    return {by_name[name]: probabilities for name, probabilities in said.items()}


def said_by_every_model(clip: Clip) -> dict[str, dict[str, float]]:
    """The probabilities of the emotions by each model's title, the default first."""
    return _said_by_every_model(clip.recording.sha256, len(clip.recording.samples), clip.recording)


@st.cache_resource(show_spinner="Reading the stored predictions ...")
def shipped_out_of_fold(corpus: str) -> pd.DataFrame:
    """The stored out-of-fold predictions of a corpus."""
    from ser_core import evaluation

    return evaluation.read_out_of_fold(corpus)
