"""The map of all clips."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from ser_core.charts.style import MARK, SHAPES, Chart, cycle, label_colour, tooltips
from ser_core.corpora import CORPORA
from ser_core.emotions import COLOURS, GENDERS, LABELS, display_name

BRUSH, CLICKED = "brush", "clicked"
"""The names of the map's selections: the rectangle that was drawn, and the clip that was clicked."""

_STAR = (
    "M0,-1L0.29,-0.4L0.95,-0.31L0.48,0.15L0.59,0.81"
    "L0,0.5L-0.59,0.81L-0.48,0.15L-0.95,-0.31L-0.29,-0.4Z"
)
_MORE_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
"""Of Okabe and Ito, for kinds without a colour of their own."""
_INTENSITIES = ("low", "medium", "normal", "high", "strong", "unspecified")
_MOST_IN_LEGEND = 8
_DETAILS = ("emotion", "gender", "speaker", "intensity", "statement", "path")


def clip_map(placed: pd.DataFrame, by: str) -> Chart:
    """Clips as points, similar ones close together; the current recording is a violet star.

    A rectangle selects clips, a click selects one.

    Parameters
    ----------
    placed : DataFrame
        As `exploration.place_clips` gives it, with the recording or without.
    by : str
        The column that gives the colour: "emotion", "gender", "speaker", "corpus" or "intensity".

    Returns
    -------
    Chart
        The map.
    """
    clips = placed[placed["path"] != ""]
    recording = placed[placed["path"] == ""].assign(name="Your recording")
    shown = display_name if by == "emotion" else _display_kind
    clips = clips.assign(label=clips[by].map(shown))
    position = _position()
    layers = [_clip_points(clips, by, position)]
    if len(recording):
        layers.append(_star(recording, position))
    return alt.layer(*layers).properties(height=520)


def _position() -> dict[str, Any]:
    hidden = alt.Axis(labels=False, ticks=False, title=None, grid=False, domain=False)
    scale = alt.Scale(zero=False, nice=False, padding=12)
    return {
        "x": alt.X("x:Q", axis=hidden, scale=scale),
        "y": alt.Y("y:Q", axis=hidden, scale=scale),
    }


def _clip_points(clips: pd.DataFrame, by: str, position: dict[str, Any]) -> alt.Chart:
    brush = alt.selection_interval(name=BRUSH, encodings=["x", "y"])
    clicked = alt.selection_point(name=CLICKED, fields=["corpus", "path"], on="click", empty=False)
    points = alt.Chart(clips).mark_point(filled=True, size=36, cursor="pointer", stroke=MARK)
    shape = {"shape": _shape(clips)} if by in ("gender", "corpus") else {}
    return points.encode(
        color=_colour(clips, by),
        tooltip=tooltips({f"{column}:N": column.capitalize() for column in _DETAILS}),
        opacity=alt.condition(brush, alt.value(0.8), alt.value(0.15)),
        strokeWidth=alt.condition(clicked, alt.value(3), alt.value(0)),
        size=alt.condition(clicked, alt.value(160), alt.value(36)),
        **position,
        **shape,
    ).add_params(brush, clicked)


def _star(recording: pd.DataFrame, position: dict[str, Any]) -> alt.Chart:
    star = alt.Chart(recording).mark_point(
        shape=_STAR, filled=True, stroke="#ffffff", strokeWidth=1.5
    )
    return star.encode(
        size=alt.value(500),
        color=alt.value(MARK),
        opacity=alt.value(1),
        tooltip="name:N",
        **position,
    )


def _display_kind(value: str) -> str:
    """A gender, speaker, corpus or intensity as people read it."""
    if value in CORPORA:
        return CORPORA[value].title
    return value or "unknown"


def _kinds(clips: pd.DataFrame) -> list[str]:
    """The kinds that occur: known ones in their order, then the others by the alphabet."""
    occurring = set(clips["label"])
    known = [*GENDERS, *(corpus.title for corpus in CORPORA.values()), *_INTENSITIES]
    first = [kind for kind in known if kind in occurring]
    return first + sorted(occurring - set(known))


def _shape(clips: pd.DataFrame) -> alt.Shape:
    kinds = _kinds(clips)
    scale = alt.Scale(domain=kinds, range=cycle(SHAPES, len(kinds)))
    return alt.Shape("label:N", scale=scale, title=None)


def _colour(clips: pd.DataFrame, by: str) -> alt.Color:
    legend = alt.Legend(
        orient="top", columns=3, labelLimit=160, title=None, symbolOpacity=1, symbolStrokeWidth=0
    )
    if by == "emotion":
        occurring = set(clips["emotion"])
        labels = [label for label in LABELS["emotion"] if label in occurring]
        return label_colour(labels, legend)
    kinds = _kinds(clips)
    if len(kinds) > _MOST_IN_LEGEND:
        return alt.Color("label:N", scale=alt.Scale(scheme="tableau20"), legend=None)
    others = cycle(_MORE_COLOURS, len(kinds))
    colours = [COLOURS.get(kind, other) for kind, other in zip(kinds, others, strict=True)]
    scale = alt.Scale(domain=kinds, range=colours)
    return alt.Color("label:N", scale=scale, legend=legend, title=None)
