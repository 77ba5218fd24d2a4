"""The map of all clips."""

from __future__ import annotations

import altair as alt
import pandas as pd

from ser_core.charts.style import MARK, SHAPES, Chart, label_colour
from ser_core.corpora import CORPORA
from ser_core.emotions import COLOURS, GENDERS, LABELS, display_name

BRUSH, CLICKED = "brush", "clicked"
"""The names of the map's selections: the rectangle that was drawn, and the clip that was clicked."""

_STAR = "M0,-1L0.29,-0.4L0.95,-0.31L0.48,0.15L0.59,0.81L0,0.5L-0.59,0.81L-0.48,0.15L-0.95,-0.31L-0.29,-0.4Z"
_MORE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")  # Okabe and Ito
_INTENSITIES = ("low", "medium", "normal", "high", "strong", "unspecified")
_FEW = 8  # kinds that a legend can name


def clip_map(placed: pd.DataFrame, by: str) -> Chart:
    """Clips as points, alike ones together, coloured by emotion, gender, speaker, corpus or intensity; the current recording is a violet star.

    `placed` is as `exploration.places` gives it, with a recording or without. A rectangle selects clips, a click one.
    """
    clips = placed[placed["path"] != ""]
    hidden = alt.Axis(labels=False, ticks=False, title=None, grid=False, domain=False)
    scale = alt.Scale(zero=False, nice=False, padding=12)
    x, y = alt.X("x:Q", axis=hidden, scale=scale), alt.Y("y:Q", axis=hidden, scale=scale)
    clips = clips.assign(
        label=clips["emotion"].map(display_name) if by == "emotion" else clips[by].map(_shown)
    )
    brush = alt.selection_interval(name=BRUSH, encodings=["x", "y"])
    clicked = alt.selection_point(name=CLICKED, fields=["corpus", "path"], on="click", empty=False)
    tooltip = [
        alt.Tooltip(f"{field}:N", title=field.capitalize())
        for field in ("emotion", "gender", "speaker", "intensity", "statement", "path")
    ]
    points = alt.Chart(clips).mark_point(filled=True, size=36, cursor="pointer", stroke=MARK)
    shown = points.encode(
        x=x,
        y=y,
        color=_colour(clips, by),
        tooltip=tooltip,
        opacity=alt.condition(brush, alt.value(0.8), alt.value(0.15)),
        strokeWidth=alt.condition(clicked, alt.value(3), alt.value(0)),
        size=alt.condition(clicked, alt.value(160), alt.value(36)),
        **({"shape": _shape(clips)} if by in ("gender", "corpus") else {}),
    )
    own = placed[placed["path"] == ""].assign(name="Your recording")
    star = alt.Chart(own).mark_point(shape=_STAR, filled=True, stroke="#ffffff", strokeWidth=1.5)
    mine = (
        [
            star.encode(
                x=x,
                y=y,
                size=alt.value(500),
                color=alt.value(MARK),
                opacity=alt.value(1),
                tooltip="name:N",
            )
        ]
        if len(own)
        else []
    )
    return alt.layer(shown.add_params(brush, clicked), *mine).properties(height=520)


def _shown(value: str) -> str:
    return CORPORA[value].title if value in CORPORA else value or "unknown"


def _kinds(clips: pd.DataFrame) -> list[str]:
    there = set(clips["label"])
    known = [*GENDERS, *(corpus.title for corpus in CORPORA.values()), *_INTENSITIES]
    return [*(kind for kind in known if kind in there), *sorted(there - set(known))]


def _shape(clips: pd.DataFrame) -> alt.Shape:
    kinds = _kinds(clips)
    return alt.Shape(
        "label:N",
        scale=alt.Scale(
            domain=kinds, range=[SHAPES[number % len(SHAPES)] for number in range(len(kinds))]
        ),
        title=None,
    )


def _colour(clips: pd.DataFrame, by: str) -> alt.Color:
    legend = alt.Legend(
        orient="top", columns=3, labelLimit=160, title=None, symbolOpacity=1, symbolStrokeWidth=0
    )
    if by == "emotion":
        return label_colour(
            [label for label in LABELS["emotion"] if label in set(clips["emotion"])], legend
        )
    kinds = _kinds(clips)
    if len(kinds) > _FEW:
        return alt.Color("label:N", scale=alt.Scale(scheme="tableau20"), legend=None)
    colours = [COLOURS.get(kind, _MORE[number % len(_MORE)]) for number, kind in enumerate(kinds)]
    return alt.Color(
        "label:N", scale=alt.Scale(domain=kinds, range=colours), legend=legend, title=None
    )
