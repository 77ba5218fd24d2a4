"""What the pages share of Streamlit: routing and how things look; beside it the session's clip, cached loaders, and sections of pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from ser_core import audio
from ser_core.audio import Recording
from ser_core.errors import SerError
from ui.loaded import (
    cards,
    chosen_inside,
    condition_scores,
    contour_of,
    feature_table,
    features_of,
    leaderboard,
    listeners,
    melody_of,
    model,
    out_of_fold,
    pitch_contours,
    predicted,
    predicted_with_baseline,
    recorder_scores,
    said_by_every_model,
    warm_up,
)
from ui.session import Clip, chosen_models, clear, clip, forget_error, input_key, own_table, take

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

__all__ = [
    "Clip",
    "cards",
    "chosen_inside",
    "chosen_models",
    "clear",
    "clip",
    "condition_scores",
    "contour_of",
    "feature_table",
    "features_of",
    "forget_error",
    "input_key",
    "leaderboard",
    "listeners",
    "melody_of",
    "model",
    "out_of_fold",
    "own_table",
    "pitch_contours",
    "predicted",
    "predicted_with_baseline",
    "recorder_scores",
    "recording_of",
    "said_by_every_model",
    "take",
    "warm_up",
]

AI_ACT = (
    "For teaching and research only, never to assess pupils or staff: the EU's AI Act **prohibits** inferring people's "
    "emotions at work and in education, except for medical or safety reasons."
)
CORPUS_NOTE = "Measured on RAVDESS: acted North American English, 24 actors, two sentences."


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


# ---------------------------------------------------------------------------------------------------------------- looks


def show_error(error: SerError) -> None:
    """One sentence on what is wrong, one on what to do, and the code to search for."""
    st.error(f"{error} {error.hint} :small[Code: {error.code}]", icon=":material/error:")


def play(recording: Recording) -> None:
    """A player for a recording."""
    st.audio(audio.to_wav(recording), format="audio/wav")


def recording_of(corpus: str, path: str) -> Recording | None:
    """A clip of a corpus; None where the corpus, or the clip, is not on this computer."""
    from ser_core import corpora

    try:
        return audio.load(corpora.resolve(corpus) / path)
    except SerError:
        return None


def play_of_corpus(corpus: str, path: str) -> None:
    """A player for a clip of a corpus; where the corpus is not on this computer, how to get it."""
    recording = recording_of(corpus, path)
    if recording is not None:
        play(recording)
    else:
        explain_no_audio(corpus)


def explain_no_audio(corpus: str) -> None:
    """How to hear clips of a corpus that is not on this computer."""
    from ser_core.corpora import CORPORA

    if corpus not in CORPORA:
        st.info("The sound of this clip is not at hand: open your corpus again to hear it.", icon=":material/hearing:")
        return
    st.info(
        f"To hear the clips, get the corpus (`python -m ser_core corpora download {corpus}` says where), and start the app with `SER_CORPORA` "
        "set to the folder that holds it.",
        icon=":material/hearing:",
    )


def explain_no_clip(text: str) -> None:
    """The empty state of whatever needs a clip."""
    with st.container(border=True):
        st.markdown(f":material/hearing: {text}")
