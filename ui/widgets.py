"""What the pages share of drawing: charts, players, tables, errors, empty states."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import streamlit as st

from ser_core import audio
from ser_core.audio import Recording
from ser_core.errors import SerError
from ui import caches, session
from ui.server import logs

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.charts.style import Chart

AI_ACT = (
    "For teaching and research only, never to assess pupils or staff: the EU's AI Act "
    "**prohibits** inferring people's "
    "emotions at work and in education, except for medical or safety reasons."
)
CORPUS_NOTE = "Measured on RAVDESS: acted North American English, 24 actors, two sentences."


def plain(text: str) -> str:
    """Text that a page shows as it is: a file's name, say, which as Markdown could fetch a picture
    from somewhere, or pass for the page's own.
    """
    return re.sub(r"([\\`*_\[\]<>$~#|]|:(?=[\w/]))", r"\\\1", text)


def choose_one(label: str, titles: Mapping[str, str], default: str, key: str) -> str:
    """Buttons in a row, of which one is always chosen and stands in the page's address.

    Parameters
    ----------
    label
        What is chosen.
    titles
        The choices by name, with what their buttons say.
    default
        The name of the one that is chosen at first.
    key
        Of the widget, and of the choice in the address.

    Returns
    -------
    str
        The name of the chosen one.
    """
    chosen = st.segmented_control(
        label,
        list(titles),
        default=default,
        required=True,
        format_func=titles.__getitem__,
        key=key,
        bind="query-params",
    )
    return str(chosen)


def show_error(error: SerError) -> None:
    """One sentence on what is wrong, one on what to do, and the code to search for."""
    logs.refused(error)
    st.error(
        f"{plain(str(error))} {error.hint} :small[Code: {error.code}]", icon=":material/error:"
    )


class _Unchecked:
    """A chart as Streamlit asks it for its specification, without the check against the schema,
    which takes longer than all the rest.

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
    """A chart over the whole width, which the foot of the page offers to save.

    Gives what is selected in it, by the names in `select`.

    `alt` is for who cannot see it; `title` is shorter, for a file. `then` is called first after a
    selection; there, `selected(key, name)` says what it is. The toolbar above a chart has its data
    as a table and a PNG.
    """
    session.state().drawn_charts[key] = title or alt, chart
    chart = cast("Chart", _Unchecked(chart))
    if select is None:
        st.altair_chart(chart, width="stretch", key=key, alt=alt)
        return {}
    selection: Mapping[str, Any] = st.altair_chart(
        chart, width="stretch", key=key, alt=alt, on_select=then or "rerun", selection_mode=select
    ).selection
    return selection


def save_charts() -> None:
    """The charts that this run of a page has drawn, each to be saved as a file."""
    from ser_core import charts

    drawn = session.state().drawn_charts
    session.state().drawn_charts = {}
    if not drawn:
        return
    with st.popover("Save charts", icon=":material/download:"):
        st.caption("As SVG. The symbols above a chart have its data as a table, and a PNG.")
        for key, (title, chart) in drawn.items():
            svg = partial(charts.to_svg, chart, title)  # drawn when it is asked for
            st.download_button(
                title,
                svg,
                f"{key}.svg",
                "image/svg+xml",
                key=f"svg_{key}",
                on_click="ignore",
                type="tertiary",
            )


def selected(key: str, name: str) -> Mapping[str, Any] | None:
    """The fields of the mark that was clicked in a chart, by the chart's key and the name of its
    selection; None without one.
    """
    marks = st.session_state[key].selection.get(name)
    return dict(marks[0]) if marks else None


def save_table(table: pd.DataFrame, name: str, key: str) -> None:
    """A button that saves a table as CSV."""
    st.download_button(
        "Save CSV",
        table.to_csv(index=False),
        name,
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=key,
    )


def play(recording: Recording) -> None:
    """A player for a recording that outlives this run; its WAV is made once."""
    st.audio(caches.wav(recording), format="audio/wav")


def play_once(recording: Recording) -> None:
    """A player for a recording that this run has made; nothing of it is kept for the next."""
    st.audio(audio.to_wav(recording), format="audio/wav")


def play_of_corpus(corpus: str, path: str) -> None:
    """A player for a clip of a corpus, the session's own or another.

    Where that is not on this computer, how to get it.
    """
    recording = caches.corpus_recording(corpus, path)
    if recording is not None:
        play(recording)
    else:
        explain_no_audio(corpus)


def explain_no_audio(corpus: str) -> None:
    """How to hear clips of a corpus that is not on this computer."""
    from ser_core.corpora import CORPORA

    if corpus not in CORPORA:
        st.info(
            "The sound of this clip is not at hand: open your corpus again to hear it.",
            icon=":material/hearing:",
        )
        return
    st.info(
        f"To hear the clips, get the corpus (`python -m ser_core corpora download {corpus}` "
        "says where), and start the app with `SER_CORPORA` "
        "set to the folder that holds it.",
        icon=":material/hearing:",
    )


def explain_no_clip(text: str) -> None:
    """The empty state of whatever needs a clip."""
    with st.container(border=True):
        st.markdown(f":material/hearing: {text}")
