"""What the pages share of Streamlit: routing and how things look; beside it the session's clip, cached loaders, and sections of pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from ser_core import audio
from ser_core.audio import Recording
from ser_core.errors import SerError
from ui.compared import chance, compared_corpora, corpus_speech, corpus_title, leaderboard, out_of_fold, tested_labels
from ui.loaded import (
    cards,
    chosen_inside,
    condition_scores,
    feature_table,
    features_of,
    listeners,
    model,
    predicted,
    predicted_with_baseline,
    ranking,
    recorder_scores,
    said_by_every_model,
    warm_up,
)
from ui.session import (
    OWN,
    Clip,
    OwnCorpus,
    chosen_models,
    clear,
    clip,
    forget_error,
    input_key,
    keep_own,
    own_corpus,
    own_table,
    recording_of,
    take,
)

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

__all__ = [
    "OWN",
    "Clip",
    "OwnCorpus",
    "cards",
    "chance",
    "chosen_inside",
    "chosen_models",
    "clear",
    "clip",
    "compared_corpora",
    "condition_scores",
    "corpus_speech",
    "corpus_title",
    "feature_table",
    "features_of",
    "forget_error",
    "input_key",
    "keep_own",
    "leaderboard",
    "listeners",
    "model",
    "out_of_fold",
    "own_corpus",
    "own_table",
    "predicted",
    "predicted_with_baseline",
    "ranking",
    "recorder_scores",
    "recording_of",
    "said_by_every_model",
    "take",
    "tested_labels",
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
        "own": st.Page(folder / "own_corpus.py", title="Own corpus", icon=":material/folder_open:"),
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


def play_of_corpus(corpus: str, path: str) -> None:
    """A player for a clip of a corpus, the session's own or another; where that is not on this computer, how to get it."""
    recording = recording_of(corpus, path)
    if recording is not None:
        play(recording)
    else:
        st.info(
            f"To hear the clips, get the corpus (`python -m ser_core corpora download {corpus}` says where), and start the app with `SER_CORPORA` "
            "set to the folder that holds it.",
            icon=":material/hearing:",
        )


def explain_no_clip(text: str) -> None:
    """The empty state of whatever needs a clip."""
    with st.container(border=True):
        st.markdown(f":material/hearing: {text}")
