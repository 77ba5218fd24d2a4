"""What all charts share: colours, the order of the emotions, axes.

Emotions keep the order and colours of `ser_core.emotions` in every chart; probabilities and recalls stand on a fixed axis from
0 to 100%; every axis is named with its unit. Men and women differ by shape as well as by colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt
from altair.utils.schemapi import disable_debug_mode

from ser_core.emotions import COLOURS, display_name

disable_debug_mode()  # Altair would check each part of a chart when it is made; the tests check whole specifications

Chart = (
    alt.Chart | alt.LayerChart | alt.FacetChart
)  # facets only in the type that Altair gives to a sum of charts

MARK = "#8a4fd3"  # the current recording, wherever it appears: no emotion has this violet
FIRST, SECOND = "#0072B2", "#D55E00"  # what speaks for and against, one model and another
INK = "#808080"  # readable on white and on dark
AXIS = 56  # pixels for ticks and title: Streamlit counts them into the height
LEGEND_ENTRY = 42  # pixels, of a legend whose entries stand below each other


def display_names(labels: Iterable[str]) -> list[str]:
    """Labels as people read them."""
    return [display_name(label) for label in labels]


def label_colour(labels: Sequence[str], legend: alt.Legend | None = None) -> alt.Color:
    """Each label in its own colour."""
    scale = alt.Scale(domain=display_names(labels), range=[COLOURS[label] for label in labels])
    return alt.Color("label:N", scale=scale, legend=legend, title=None)


def percent_axis(title: str | None, field: str = "share") -> alt.X:
    """From 0 to 100%, whatever is drawn."""
    axis = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1], grid=True, gridOpacity=0.4)
    return alt.X(f"{field}:Q", scale=alt.Scale(domain=[0, 1]), axis=axis, title=title)


SHAPES = ("square", "circle", "triangle-up", "diamond", "cross", "triangle-down")
SHADES = (0.95, 0.45, 0.7, 0.3, 0.85, 0.55)
DASHES = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 1], [1, 4])


def _each(kinds: Sequence[Any], groups: Sequence[str]) -> list[Any]:
    return [kinds[number % len(kinds)] for number in range(len(groups))]


def group_shape(
    groups: Sequence[str], field: str = "group", *, legend: bool = True
) -> alt.Shape | alt.ShapeValue:
    """Each group of clips in its own shape; one without a name needs none. Men are squares and women circles."""
    if list(groups) == [""]:
        return alt.ShapeValue("circle")
    scale = alt.Scale(domain=list(groups), range=_each(SHAPES, groups))
    return alt.Shape(
        f"{field}:N",
        scale=scale,
        legend=alt.Legend(orient="top", symbolFillColor=INK, symbolSize=90) if legend else None,
        title=None,
    )


def group_dash(groups: Sequence[str]) -> alt.StrokeDash | alt.StrokeDashValue:
    """Each group in its own kind of line, said in a legend; one without a name is drawn through."""
    if list(groups) == [""]:
        return alt.StrokeDashValue(list(DASHES[0]))
    scale = alt.Scale(domain=list(groups), range=_each(DASHES, groups))
    legend = alt.Legend(
        orient="top",
        symbolStrokeColor=INK,
        symbolSize=700,
        symbolType="stroke",
        symbolStrokeWidth=2.5,
    )
    return alt.StrokeDash("group:N", scale=scale, legend=legend, title=None)
