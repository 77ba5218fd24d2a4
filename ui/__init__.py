"""What the pages share of Streamlit: routing and how things look; beside it the session's clip, cached loaders, and sections of pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ser_core import audio
from ser_core.audio import Recording
from ser_core.errors import SerError
from ser_core.library import configured as has_library
from ui import keeping, logs
from ui.compared import (
    beside_models,
    breakdown,
    chance,
    compared_corpora,
    corpus_speech,
    corpus_title,
    leaderboard,
    model_rows,
    model_scores,
    out_of_fold,
    paired,
    tested_labels,
)
from ui.loaded import (
    Reasons,
    cards,
    choices,
    chosen_inside,
    condition_curves,
    condition_scores,
    contour_of,
    feature_table,
    features_of,
    learning_curves,
    listeners,
    melody_of,
    model,
    pitch_contours,
    predicted,
    predicted_in_two_steps,
    predicted_with_baseline,
    recorder_scores,
    said_by_every_model,
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
    note_files,
    own_corpus,
    own_table,
    recording_of,
    take,
)
from ui.turns import turns
from ui.warming import warm_up

if TYPE_CHECKING:
    import pandas as pd
    from streamlit.navigation.page import StreamlitPage

    from ser_core.charts.common import Chart

__all__ = [
    "OWN",
    "Clip",
    "OwnCorpus",
    "Reasons",
    "beside_models",
    "breakdown",
    "cards",
    "chance",
    "choices",
    "chosen_inside",
    "chosen_models",
    "clear",
    "clip",
    "compared_corpora",
    "condition_curves",
    "condition_scores",
    "contour_of",
    "corpus_speech",
    "corpus_title",
    "feature_table",
    "features_of",
    "forget_error",
    "input_key",
    "keep_own",
    "leaderboard",
    "learning_curves",
    "listeners",
    "melody_of",
    "model",
    "note_files",
    "out_of_fold",
    "model_rows",
    "model_scores",
    "own_corpus",
    "own_table",
    "paired",
    "pitch_contours",
    "plain",
    "predicted",
    "predicted_in_two_steps",
    "predicted_with_baseline",
    "recorder_scores",
    "recording_of",
    "said_by_every_model",
    "take",
    "tested_labels",
    "turns",
    "warm_up",
]

AI_ACT = (
    "For teaching and research only, never to assess pupils or staff: the EU's AI Act **prohibits** inferring people's "
    "emotions at work and in education, except for medical or safety reasons."
)
CORPUS_NOTE = "Measured on RAVDESS: acted North American English, 24 actors, two sentences."


# -------------------------------------------------------------------------------------------------------------- routing


def pages() -> dict[str, StreamlitPage]:
    """The pages that are files, by name; that of the library where the operator has named a place for one."""
    folder = Path(__file__).parent.parent / "pages"
    return {
        "tour": st.Page(folder / "tour.py", title="Tour", icon=":material/school:"),
        "record": st.Page(folder / "record_and_predict.py", title="Record & predict", icon=":material/mic:"),
        "several": st.Page(folder / "several_clips.py", title="Several clips", icon=":material/library_music:"),
        "own": st.Page(folder / "own_corpus.py", title="Own corpus", icon=":material/folder_open:"),
        "explore": st.Page(folder / "feature_explorer.py", title="Feature explorer", icon=":material/insights:"),
        "compare": st.Page(folder / "model_comparison.py", title="Model comparison", icon=":material/leaderboard:"),
        **({"library": st.Page(folder / "library.py", title="Library", icon=":material/inventory_2:")} if has_library() else {}),
        "privacy": st.Page(folder / "privacy.py", title="Privacy", icon=":material/lock:"),
    }


def configure() -> None:
    """Title, icon and width of the browser's tab."""
    # The icon is a file of ours: browsers would fetch a page's Material icon from the network for the tab.
    icon = Path(__file__).parent.parent / "docs" / "icon.png"
    st.set_page_config(page_title="Speech Emotion Predictor", page_icon=str(icon), layout="wide")


def run(main: Callable[[], None]) -> None:
    """Run a page; what it cannot do, for want of a usable model say, is one clear sentence on it."""
    _route()
    st.session_state.pop("drawn", None)  # what a run left behind that was broken off
    keeping.look_again()
    waiting: list[DeltaGenerator] = []

    def told(before: int) -> None:
        if not waiting:
            waiting.append(st.empty())
        others = f"{before} others are before you" if before > 1 else "One other is before you" if before else "You are next"
        waiting[0].info(f"Others are being answered. {others}; the page goes on by itself.", icon=":material/hourglass_top:")

    try:
        with turns.held(told):
            for place in waiting:
                place.empty()
            _run(main)
    except SerError as busy:
        show_error(busy)


def _run(main: Callable[[], None]) -> None:
    try:
        main()
    except SerError as error:
        show_error(error)
    save_charts()
    note_files()


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


def plain(text: str) -> str:
    """Text that a page shows as it is: a file's name, say, which as Markdown could fetch a picture from somewhere, or pass for the page's own."""
    return re.sub(r"([\\`*_\[\]<>$~#|]|:(?=[\w/]))", r"\\\1", text)


def show_error(error: SerError) -> None:
    """One sentence on what is wrong, one on what to do, and the code to search for."""
    logs.refused(error)
    st.error(f"{plain(str(error))} {error.hint} :small[Code: {error.code}]", icon=":material/error:")


class _Unchecked:
    """A chart as Streamlit asks it for its specification, without the check against the schema, which takes longer than all the rest.

    The tests check the specifications of all charts.
    """

    def __init__(self, chart: Chart) -> None:
        self._chart = chart

    def to_dict(self) -> dict[str, Any]:
        return self._chart.to_dict(validate=False)


def draw(
    chart: Chart,
    key: str,
    alt: str,
    title: str = "",
    select: str | Sequence[str] | None = None,
    then: Callable[[], None] | None = None,
) -> Mapping[str, Any]:
    """A chart over the whole width, which the foot of the page offers to save; gives what is selected in it, by the names in `select`.

    `alt` is for who cannot see it; `title` is shorter, for a file. `then` is called first after a selection; there, `selected(key, name)`
    says what it is. The toolbar above a chart has its data as a table and a PNG.
    """
    drawn: dict[str, tuple[str, Chart]] = st.session_state.setdefault("drawn", {})
    drawn[key] = title or alt, chart
    chart = cast("Chart", _Unchecked(chart))
    if select is None:
        st.altair_chart(chart, width="stretch", key=key, alt=alt)
        return {}
    found: Mapping[str, Any] = st.altair_chart(chart, width="stretch", key=key, alt=alt, on_select=then or "rerun", selection_mode=select).selection
    return found


def save_charts() -> None:
    """The charts that this run of a page has drawn, each to be saved as a file."""
    from ser_core import charts

    drawn: dict[str, tuple[str, Chart]] = st.session_state.pop("drawn", {})
    if not drawn:
        return
    with st.popover("Save charts", icon=":material/download:"):
        st.caption("As SVG. The symbols above a chart have its data as a table, and a PNG.")
        for key, (title, chart) in drawn.items():
            svg = partial(charts.to_svg, chart, title)  # drawn when it is asked for
            st.download_button(title, svg, f"{key}.svg", "image/svg+xml", key=f"svg_{key}", on_click="ignore", type="tertiary")


def selected(key: str, name: str) -> Mapping[str, Any] | None:
    """The fields of the mark that was clicked in a chart, by the chart's key and the name of its selection; None without one."""
    found = st.session_state[key].selection.get(name)
    return dict(found[0]) if found else None


def save_table(table: pd.DataFrame, name: str, key: str) -> None:
    """A button that saves a table as CSV."""
    st.download_button("Save CSV", table.to_csv(index=False), name, "text/csv", icon=":material/download:", on_click="ignore", key=key)


def play(recording: Recording) -> None:
    """A player for a recording."""
    st.audio(audio.to_wav(recording), format="audio/wav")


def play_of_corpus(corpus: str, path: str) -> None:
    """A player for a clip of a corpus, the session's own or another; where that is not on this computer, how to get it."""
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
