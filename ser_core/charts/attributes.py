"""Charts of one attribute: its distribution in each emotion, where a recording lies, and which attributes tell two emotions apart."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from ser_core.charts.style import (
    AXIS,
    INK,
    MARK,
    SHADES,
    Chart,
    display_names,
    group_shape,
    label_colour,
)
from ser_core.emotions import COLOURS, EMOTIONS, LABELS, display_name
from ser_core.features import FeatureSpec

_SHADE = alt.Opacity("shade:Q", scale=None)
_ROW = {"box": 44, "violin": 50}  # pixels
_SPLIT_ROW = 30
_ABOVE = 0.44  # of a row: how far a violin rises above its line; the points lie below
_BOX = (0.06, 0.34)


def feature_distribution(
    shapes: pd.DataFrame,
    points: pd.DataFrame,
    spec: FeatureSpec,
    groups: Sequence[str],
    *,
    kind: str = "box",
    current: float | None = None,
    log: bool = False,
) -> Chart:
    """How one feature is distributed within each emotion and group: a row each, its box or violin above its line, its clips as points below.

    Parameters
    ----------
    shapes : DataFrame
        As `exploration.boxes` or `exploration.densities` gives it.
    points : DataFrame
        As `exploration.points` gives it.
    groups : sequence of str
        The groups in order, [""] for none. They differ by place, lightness and the shape of their points.
    kind : str
        "box" (median, quartiles, the outermost clips within 1.5 times their distance) or "violin" (density).
    current : float, optional
        The value of the current recording, drawn as a line.
    log : bool
        Whether the axis is logarithmic; only for values above 0.
    """
    rows, names = _rows(shapes, groups)
    labels = [label for label in LABELS["emotion"] if label in set(shapes["emotion"])]
    scale = alt.Scale(type="log", zero=False, nice=False) if log else alt.Scale(zero=False)
    x = {
        "title": spec.title if spec.unit == "none" else f"{spec.title} ({spec.unit})",
        "scale": scale,
        "axis": alt.Axis(tickCount=6),
    }
    # Rows are numbers so that all share one plot, which a page can stretch; facets have a fixed width.
    axis = alt.Axis(
        values=[-row for row in range(len(rows))],
        labelExpr=f"{json.dumps(names)}[-datum.value]",
        ticks=False,
        grid=False,
        domain=False,
        labelLimit=170,
        labelOffset=-6,
    )
    y = {"scale": alt.Scale(domain=[0.5 - len(rows), 0.5], nice=False), "axis": axis, "title": None}
    look = _Look(x, y, label_colour(labels))
    shade = dict(zip(groups, itertools.cycle(SHADES)))
    data = shapes.assign(
        label=shapes["emotion"].map(display_name),
        row=_place(shapes, rows),
        shade=shapes["group"].map(shade),
    )
    layers = [
        *(_violins if kind == "violin" else _boxes)(data, look),
        _points(points, rows, groups, look),
        *_current(current, look),
    ]
    height = (_ROW[kind] if len(groups) == 1 else _SPLIT_ROW) * len(rows)
    return alt.layer(*layers).properties(height=height + AXIS)


def _rows(
    shapes: pd.DataFrame, groups: Sequence[str]
) -> tuple[dict[tuple[str, str], int], list[str]]:
    """The row of each emotion and group from the top, and how each is named: the emotion once, then its groups."""
    there = set(zip(shapes["emotion"], shapes["group"], strict=True))
    keys = [
        (emotion, group) for emotion in EMOTIONS for group in groups if (emotion, group) in there
    ]
    seen: set[str] = set()
    names = []
    for emotion, group in keys:
        shown = (
            display_name(emotion)
            if not group
            else f"{emotion.capitalize()} · {group}"
            if emotion not in seen
            else group
        )
        names.append(shown)
        seen.add(emotion)
    return {key: row for row, key in enumerate(keys)}, names


def _place(data: pd.DataFrame, rows: dict[tuple[str, str], int]) -> list[float]:
    return [-float(rows[key]) for key in zip(data["emotion"], data["group"], strict=True)]


@dataclass(frozen=True)
class _Look:
    """What all layers share: how both axes look, and the emotions' colours."""

    x: dict[str, Any]
    y: dict[str, Any]
    colour: alt.Color


def _boxes(data: pd.DataFrame, look: _Look) -> list[alt.Chart]:
    data = data.assign(
        bottom=data["row"] + _BOX[0], top=data["row"] + _BOX[1], middle=data["row"] + sum(_BOX) / 2
    )
    tooltip = [
        alt.Tooltip("label:N", title="Emotion"),
        alt.Tooltip("group:N", title="Group"),
        alt.Tooltip("clips:Q", title="Clips", format=","),
    ]
    tooltip += [
        alt.Tooltip(f"{name}:Q", title=title, format=".4~g") for name, title in _OF_BOX.items()
    ]
    base = alt.Chart(data).encode(tooltip=tooltip)
    upright = {"y": alt.Y("bottom:Q", **look.y), "y2": "top:Q"}
    whisker = base.mark_rule(color=INK, strokeWidth=1.5).encode(
        x=alt.X("low:Q", **look.x), x2="high:Q", y=alt.Y("middle:Q", **look.y)
    )
    box = base.mark_rect(stroke=INK, strokeWidth=0.7)
    box = box.encode(
        x=alt.X("q1:Q", **look.x), x2="q3:Q", color=look.colour, opacity=_SHADE, **upright
    )
    halo = base.mark_rule(color="#ffffff", strokeWidth=5).encode(
        x=alt.X("median:Q", **look.x), **upright
    )
    median = base.mark_rule(color="#111111", strokeWidth=2.5).encode(
        x=alt.X("median:Q", **look.x), **upright
    )
    return [whisker, box, halo, median]


_OF_BOX = {"median": "Median", "q1": "A quarter below", "q3": "A quarter above"}


def _violins(data: pd.DataFrame, look: _Look) -> list[alt.Chart]:
    data = data.assign(top=data["row"] + _ABOVE * data["density"])
    area = alt.Chart(data).mark_area(stroke=INK, strokeWidth=0.5)
    shape = area.encode(
        x=alt.X("value:Q", **look.x),
        y=alt.Y("top:Q", **look.y),
        y2="row:Q",
        color=look.colour,
        opacity=_SHADE,
    )
    return [shape.encode(detail=["label:N", "group:N"])]


def _points(
    points: pd.DataFrame, rows: dict[tuple[str, str], int], groups: Sequence[str], look: _Look
) -> alt.Chart:
    below = 0.06 + 0.34 * points["jitter"].to_numpy()
    data = points.assign(
        label=points["emotion"].map(display_name), at=np.array(_place(points, rows)) - below
    )
    tooltip = [alt.Tooltip(f"{name}:N", title=title) for name, title in _OF_POINT.items()]
    mark = alt.Chart(data).mark_point(
        filled=True, size=14, opacity=0.65, stroke=INK, strokeWidth=0.3
    )
    placed = mark.encode(
        x=alt.X("value:Q", **look.x),
        y=alt.Y("at:Q", **look.y),
        color=look.colour,
        shape=group_shape(groups, legend=False),
    )
    return placed.encode(tooltip=[*tooltip, alt.Tooltip("value:Q", title="Value", format=".4~g")])


_OF_POINT = {"label": "Emotion", "gender": "Voice", "speaker": "Speaker", "path": "Clip"}


def _current(current: float | None, look: _Look) -> list[alt.Chart]:
    if current is None:
        return []
    rule = alt.Chart(pd.DataFrame({"value": [current], "name": ["Your recording"]})).mark_rule(
        color=MARK, strokeWidth=3
    )
    return [
        rule.encode(
            x=alt.X("value:Q", **look.x),
            tooltip=[
                alt.Tooltip("name:N", title=" "),
                alt.Tooltip("value:Q", title="Value", format=".4~g"),
            ],
        )
    ]


def standing(found: pd.DataFrame) -> Chart:
    """How much of each emotion's clips lie below the recording, 0 to 100%: men as squares, women as circles; `found` is as `exploration.standing`."""
    labels = [label for label in EMOTIONS if label in set(found["emotion"])]
    genders = [
        gender for gender in (*LABELS["gender"], "unknown") if gender in set(found["gender"])
    ]
    data = found.assign(label=found["emotion"].map(display_name))
    axis = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1], grid=True, gridOpacity=0.4)
    x = alt.X(
        "below:Q", title="Clips below your recording", scale=alt.Scale(domain=[0, 1]), axis=axis
    )
    y = alt.Y(
        "label:N",
        sort=display_names(labels),
        title=None,
        axis=alt.Axis(ticks=False, domain=False, labelLimit=160, grid=True, gridOpacity=0.3),
    )
    tooltip = [
        alt.Tooltip("label:N", title="Emotion"),
        alt.Tooltip("gender:N", title="Voices"),
        alt.Tooltip("below:Q", title="Below yours", format=".0%"),
        alt.Tooltip("clips:Q", title="Clips", format=","),
    ]
    marks = alt.Chart(data).mark_point(
        filled=True, size=110, opacity=1, stroke=INK, strokeWidth=0.7
    )
    middle = (
        alt.Chart(pd.DataFrame({"below": [0.5]}))
        .mark_rule(strokeDash=[4, 4], color=INK)
        .encode(x=x)
    )
    points = marks.encode(
        x=x, y=y, color=label_colour(labels), shape=group_shape(genders, "gender"), tooltip=tooltip
    )
    return alt.layer(middle, points).properties(height=26 * len(labels) + AXIS + 70)


PICKED = "picked"
"""The name of the selection of the chart of effects: the attribute that was clicked."""


def effects(ranking: pd.DataFrame, first: str, second: str) -> Chart:
    """The effect of each attribute with its interval: to the right it is larger in the first emotion, to the left in the second.

    `ranking` is as `exploration.ranking` gives it. A click selects an attribute.
    """
    order = list(ranking["attribute"])
    data = ranking.assign(larger=np.where(ranking["effect"] >= 0, first, second))
    y = alt.Y(
        "attribute:N",
        sort=order,
        title=None,
        axis=alt.Axis(
            ticks=False,
            domain=False,
            labelLimit=190,
            labelOverlap=False,
            grid=True,
            gridOpacity=0.3,
        ),
    )
    # Short lines: a long title would take the width from the points in a narrow window.
    title = [
        "Effect (standard deviations",
        "of the differences)",
        f"\u2190 {second} \u00b7 {first} \u2192",
    ]
    x = alt.X("effect:Q", title=title, axis=alt.Axis(tickCount=5))
    scale = alt.Scale(domain=[first, second], range=[COLOURS[first], COLOURS[second]])
    colour = alt.Color("larger:N", scale=scale, legend=None)
    tooltip = [
        alt.Tooltip("attribute:N", title="Attribute"),
        alt.Tooltip("effect:Q", title="Effect", format="+.2f"),
        alt.Tooltip("low:Q", title="95% from", format="+.2f"),
        alt.Tooltip("high:Q", title="to", format="+.2f"),
        alt.Tooltip("sentence:N", title=" "),
    ]
    picked = alt.selection_point(name=PICKED, fields=["feature"], on="click", empty=False)
    span = (
        alt.Chart(data)
        .mark_rule(strokeWidth=3, opacity=0.7)
        .encode(x=alt.X("low:Q"), x2="high:Q", y=y, color=colour)
    )
    points = alt.Chart(data).mark_point(filled=True, opacity=1, stroke=INK, cursor="pointer")
    shown = points.encode(
        x=x,
        y=y,
        color=colour,
        tooltip=tooltip,
        size=alt.condition(picked, alt.value(260), alt.value(120)),
        strokeWidth=alt.condition(picked, alt.value(2.5), alt.value(0.5)),
    )
    zero = (
        alt.Chart(pd.DataFrame({"effect": [0.0]}))
        .mark_rule(strokeDash=[4, 4], color=INK)
        .encode(x="effect:Q")
    )
    return alt.layer(zero, span, shown.add_params(picked)).properties(height=26 * len(order) + AXIS)
