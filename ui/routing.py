"""The pages, in order, and how one of them runs: routing, the turn of its session, and errors as
sentences.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from ser_core.errors import SerError
from ser_core.library import is_configured as has_library
from ui import model_choice, session, widgets
from ui.server.turns import turns
from ui.streamlit_internals import DeltaGenerator, page_is_complete

if TYPE_CHECKING:
    from ui.streamlit_internals import StreamlitPage


def pages() -> dict[str, StreamlitPage]:
    """The pages that are files, by name; that of the library where the operator has named a place for one."""
    folder = Path(__file__).parent.parent / "pages"
    return {
        "tour": st.Page(folder / "tour.py", title="Tour", icon=":material/school:"),
        "record": st.Page(
            folder / "record_and_predict.py", title="Record & predict", icon=":material/mic:"
        ),
        "several": st.Page(
            folder / "several_clips.py", title="Several clips", icon=":material/library_music:"
        ),
        "own": st.Page(folder / "own_corpus.py", title="Own corpus", icon=":material/folder_open:"),
        "explore": st.Page(
            folder / "feature_explorer.py", title="Feature explorer", icon=":material/insights:"
        ),
        "compare": st.Page(
            folder / "model_comparison.py", title="Model comparison", icon=":material/leaderboard:"
        ),
        **(
            {
                "library": st.Page(
                    folder / "library.py", title="Library", icon=":material/inventory_2:"
                )
            }
            if has_library()
            else {}
        ),
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
    session.state().drawn_charts = {}  # of a run that was broken off
    model_choice.look_again()
    waiting: list[DeltaGenerator] = []

    def told(before: int) -> None:
        if not waiting:
            waiting.append(st.empty())
        others = (
            f"{before} others are before you"
            if before > 1
            else "One other is before you"
            if before
            else "You are next"
        )
        waiting[0].info(
            f"Others are being answered. {others}; the page goes on by itself.",
            icon=":material/hourglass_top:",
        )

    try:
        with turns.held(told):
            for place in waiting:
                place.empty()
            _run_page(main)
    except SerError as busy:
        widgets.show_error(busy)


def _run_page(main: Callable[[], None]) -> None:
    try:
        main()
    except SerError as error:
        widgets.show_error(error)
    widgets.save_charts()
    page_is_complete()


def _route() -> None:
    """Make sure that Home.py, the router, ran before the page.

    Until `st.navigation` is called for the first time in a server's life, Streamlit takes a folder
    named pages/ for an app of its older kind and runs a deep-linked page without Home.py. Calling
    `st.navigation` ends that; the rerun goes through Home.py.
    """
    if not session.state().routed:
        session.state().routed = True
        configure()
        router = st.Page(
            lambda: None, title="Home", default=True
        )  # takes the empty path, which would go to the first page
        st.navigation([router, *pages().values()], position="hidden")
        st.rerun()
