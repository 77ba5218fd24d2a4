"""What the pages share of Streamlit: routing, cached loaders, the clip of this session, how errors look; beside it, sections of pages.

The clip and everything known of it live in session state under keys that no widget owns, so that they survive a change of
page; other sessions never see them. Caches hold only what is the same for everybody: models, tables, and predictions by the
hash of the clip.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from ser_core import audio
from ser_core.audio import Recording
from ser_core.emotions import LABELS
from ser_core.errors import SerError

if TYPE_CHECKING:
    import pandas as pd
    from streamlit.navigation.page import StreamlitPage

    from ser_core.corpora import ListenerScores
    from ser_core.enrolment import Enrolment
    from ser_core.evaluation import Scores
    from ser_core.features import FeatureVector
    from ser_core.models import Model, ModelCard
    from ser_core.prediction import Prediction

AI_ACT = (
    "For teaching and research only, never to assess pupils or staff: the EU's AI Act **prohibits** inferring people's "
    "emotions at work and in education, except for medical or safety reasons."
)
CORPUS_NOTE = "Measured on RAVDESS: acted North American English, 24 actors, two sentences."


@dataclass(frozen=True, eq=False)
class Clip:
    """The clip of this session: where it came from and what it decoded to."""

    name: str
    recording: Recording


# -------------------------------------------------------------------------------------------------------------- routing


def pages() -> dict[str, StreamlitPage]:
    """The pages that are files, by name."""
    folder = Path(__file__).parent.parent / "pages"
    return {
        "record": st.Page(folder / "record_and_predict.py", title="Record & predict", icon=":material/mic:"),
        "several": st.Page(folder / "several_clips.py", title="Several clips", icon=":material/library_music:"),
        "explore": st.Page(folder / "feature_explorer.py", title="Feature explorer", icon=":material/insights:"),
        "compare": st.Page(folder / "model_comparison.py", title="Model comparison", icon=":material/leaderboard:"),
    }


def configure() -> None:
    """Title, icon and width of the browser's tab."""
    # The icon is a file of ours: browsers would fetch a page's Material icon from the network for the tab.
    icon = Path(__file__).parent.parent / "docs" / "icon.png"
    st.set_page_config(page_title="Speech Emotion Predictor", page_icon=str(icon), layout="wide")


def run(main: Callable[[], None]) -> None:
    """Run a page; what it cannot do, for want of a usable model say, is one clear sentence on it."""
    _route()
    try:
        main()
    except SerError as error:
        show_error(error)


def _route() -> None:
    """Make sure that Home.py, the router, ran before the page.

    Until `st.navigation` is called for the first time in a server's life, Streamlit takes a folder named pages/ for an app of its
    older kind and runs a deep-linked page without Home.py. Calling `st.navigation` ends that; the rerun goes through Home.py.
    """
    if not st.session_state.get("routed"):
        st.session_state["routed"] = True
        configure()
        router = st.Page(lambda: None, title="Home", default=True)  # takes the empty path, which would go to the first page
        st.navigation([router, *pages().values()], position="hidden")
        st.rerun()


# ------------------------------------------------------------------------------------------------------- cached loaders


@st.cache_resource
def warm_up() -> None:
    """Import what predicting needs and predict once, in the background, so that the first clip does not wait for it."""
    threading.Thread(target=_first_prediction, name="warm-up", daemon=True).start()


def _first_prediction() -> None:
    import numpy as np

    from ser_core import charts, models, prediction  # noqa: F401  charts brings Altair

    noise = audio.from_samples(np.random.default_rng(0).normal(0, 0.1, audio.SAMPLE_RATE), audio.SAMPLE_RATE)
    with contextlib.suppress(SerError):  # the page that asks for the model says what is wrong with it
        prediction.predict(noise, models.load_default("emotion"), models.load_default("gender"))


@st.cache_data(show_spinner=False)
def cards(task: str) -> list[ModelCard]:
    """The cards of a task's models, the default first."""
    from ser_core import models

    return models.cards(task=task)


@st.cache_resource(show_spinner="Loading the model ...")
def model(task: str, name: str) -> Model:
    """A model of a task, loaded once."""
    from ser_core import models

    return models.load_named(name, task)


@st.cache_data(max_entries=256, show_spinner="Listening ...")
def _predicted(sha256: str, n_samples: int, emotion_model: str, gender_model: str, explain: bool, _recording: Recording) -> Prediction:
    from ser_core import prediction

    return prediction.predict(_recording, model("emotion", emotion_model), model("gender", gender_model), explain=explain)


def predicted(clip: Clip, emotion_model: str, gender_model: str, explain: bool = True) -> Prediction:
    """What two models say of the clip (and why), without a personal baseline; computed once per clip and pair."""
    recording = clip.recording
    return _predicted(recording.sha256, len(recording.samples), emotion_model, gender_model, explain, recording)


def predicted_with_baseline(clip: Clip, emotion_model: str, gender_model: str, enrolment: Enrolment) -> Prediction:
    """What two models say of the clip with this session's baseline. Nothing of it is kept beyond the session."""
    from ser_core import prediction

    key = (clip.recording.sha256, emotion_model, gender_model, enrolment)
    kept = st.session_state.get("with_baseline")
    if kept is None or kept[0] != key:
        pair = model("emotion", emotion_model), model("gender", gender_model)
        kept = key, prediction.predict(clip.recording, *pair, enrolment, explain=True)
        st.session_state["with_baseline"] = kept
    result: Prediction = kept[1]
    return result


@st.cache_data(max_entries=256, show_spinner="Measuring your recording ...")
def _features(sha256: str, n_samples: int, _recording: Recording) -> FeatureVector:
    from ser_core import exploration, features

    return features.extract_by_windows(_recording, exploration.FEATURE_SET)


def features_of(clip: Clip | None) -> FeatureVector | None:
    """The explorer's features of the current clip, if there is one."""
    if clip is None:
        return None
    return _features(clip.recording.sha256, len(clip.recording.samples), clip.recording)


@st.cache_data(show_spinner="Reading the feature table ...")
def feature_table() -> pd.DataFrame:
    """The features of every clip of the corpus."""
    from ser_core import exploration

    return exploration.shipped_features()


@st.cache_data(max_entries=128, show_spinner="Comparing ...")
def ranking(first: str, second: str, gender: str) -> pd.DataFrame:
    """Which features tell two emotions apart, in all voices or those of one gender."""
    from ser_core import exploration

    table = feature_table()
    return exploration.ranking(table[table["gender"] == gender] if gender else table, first, second)


@st.cache_data(show_spinner="Reading the stored predictions ...")
def leaderboard(task: str, corpus: str) -> pd.DataFrame:
    """The scores of every model that was tested on a corpus, best first."""
    from ser_core import evaluation

    return evaluation.leaderboard(out_of_fold(), task, corpus)


@st.cache_data(show_spinner=False)
def listeners() -> ListenerScores:
    """How well people do on CREMA-D, by voice only."""
    from ser_core import corpora

    return corpora.listener_scores(corpora.listener_votes())


@st.cache_data(show_spinner="Reading the stored predictions ...")
def chosen_inside(task: str) -> Scores:
    """The scores where the classifier, too, is chosen without the tested speakers."""
    from ser_core import evaluation

    return evaluation.score(evaluation.chosen_inside(out_of_fold(), evaluation.read_selections(), task), task)


@st.cache_data(show_spinner=False)
def condition_scores() -> pd.DataFrame:
    """What noise, rooms and codecs cost the default model."""
    from ser_core import robustness

    return robustness.condition_scores()


@st.cache_data(show_spinner=False)
def recorder_scores() -> pd.DataFrame:
    """What the browser's recorder costs the default model."""
    from ser_core import robustness

    return robustness.recorder_scores()


@st.cache_data(max_entries=64, show_spinner="Asking every model ...")
def _said_by_every_model(sha256: str, n_samples: int, _recording: Recording) -> dict[str, dict[str, float]]:
    from ser_core import prediction

    by_name = {card.name: card.title for card in cards("emotion")}
    said = prediction.by_each(_recording, [model("emotion", name) for name in by_name])
    return {by_name[name]: probabilities for name, probabilities in said.items()}


def said_by_every_model(clip: Clip) -> dict[str, dict[str, float]]:
    """The probabilities of the emotions by each model's title, the default first."""
    return _said_by_every_model(clip.recording.sha256, len(clip.recording.samples), clip.recording)


@st.cache_resource(show_spinner="Reading the stored predictions ...")
def out_of_fold() -> pd.DataFrame:
    """The stored out-of-fold predictions."""
    from ser_core import evaluation

    return evaluation.read_out_of_fold()


# ---------------------------------------------------------------------------------------------- the clip of this session


def clip() -> Clip | None:
    """The current clip, whichever page it was made on."""
    return st.session_state.get("clip")


def take(name: str, data: bytes) -> None:
    """Make a clip of what an input holds, once: an input that still holds what was taken or cleared is passed over."""
    digest = hashlib.sha256(data).hexdigest()
    taken = st.session_state.setdefault("taken", set())
    if (name, digest) in taken:
        return
    taken.clear()
    taken.add((name, digest))
    st.session_state["clip"], st.session_state["clip_error"] = None, None
    try:
        recording = audio.decode(data, max_bytes=audio.MAX_UPLOAD_BYTES, max_seconds=audio.MAX_PAGE_SECONDS)
        st.session_state["clip"] = Clip(name, recording)
    except SerError as error:
        st.session_state["clip_error"] = error


def clear() -> None:
    """Forget the clip and give every input a new key, so that it starts empty."""
    st.session_state["clip"], st.session_state["clip_error"] = None, None
    st.session_state.pop("with_baseline", None)
    st.session_state["taken"] = set()
    st.session_state["round"] = st.session_state.get("round", 0) + 1


def forget_error() -> None:
    """Another input was chosen: what was wrong with the last one is past."""
    st.session_state["clip_error"] = None


def input_key(name: str) -> str:
    """The key of an input in this round: a new one after each `clear`."""
    number = st.session_state.get("round", 0)
    return f"{name}-{number}" if number else name


def chosen_models() -> dict[str, str]:
    """The name of the model chosen for each task; the choice outlives the widgets (`<task>_model`) that make it."""
    kept: dict[str, str] = st.session_state.setdefault("chosen_models", {})
    for task in LABELS:
        kept[task] = st.session_state.get(f"{task}_model") or kept.get(task) or cards(task)[0].name
    return kept


# ---------------------------------------------------------------------------------------------------------------- looks


def show_error(error: SerError) -> None:
    """One sentence on what is wrong, one on what to do, and the code to search for."""
    st.error(f"{error} {error.hint} :small[Code: {error.code}]", icon=":material/error:")


def play(recording: Recording) -> None:
    """A player for a recording."""
    st.audio(audio.to_wav(recording), format="audio/wav")


def play_of_corpus(corpus: str, path: str) -> None:
    """A player for a clip of a corpus; where the corpus is not on this computer, how to get it."""
    from ser_core import corpora

    try:
        play(audio.load(corpora.resolve(corpus) / path))
    except SerError:
        st.info(
            f"To hear the clips, get the corpus (`python -m ser_core corpora download {corpus}` says where), and start the app with `SER_CORPORA` "
            "set to the folder that holds it.",
            icon=":material/hearing:",
        )


def explain_no_clip(text: str) -> None:
    """The empty state of whatever needs a clip."""
    with st.container(border=True):
        st.markdown(f":material/hearing: {text}")
