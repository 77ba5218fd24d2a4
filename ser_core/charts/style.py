"""The parts that charts share: colours, shapes, the order of the emotions, axes, tooltips.

Conventions: emotions keep the order and colours of `ser_core.emotions` in every chart. Probabilities and
recalls stand on a fixed axis from 0 to 100%. Every axis is named with its unit. Men and women differ by shape
as well as by colour. Sizes are in pixels. Altair writes a column as "name:Q" (a quantity) or "name:N" (a
name).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt
import pandas as pd
from altair.utils.schemapi import disable_debug_mode

from ser_core.emotions import COLOURS, display_name

# Altair would check each part of a chart when it is made; the tests check whole specifications.
disable_debug_mode()

Chart = alt.Chart | alt.LayerChart | alt.FacetChart
"""No chart has facets: they are only in the type that Altair gives to a sum of charts."""

MARK = "#8a4fd3"
"""The current recording, wherever it appears: no emotion has this violet."""
FIRST, SECOND = "#0072B2", "#D55E00"
"""For and against, or one model and another."""
INK = "#808080"
"""Readable on white and on dark."""
AXIS = 56
"""The height of ticks and title: Streamlit counts them into the height of a chart."""
LEGEND_ENTRY = 42
"""The height of an entry of a legend whose entries stand below each other."""

SHAPES = ("square", "circle", "triangle-up", "diamond", "cross", "triangle-down")
SHADES = (0.95, 0.45, 0.7, 0.3, 0.85, 0.55)
DASHES = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 1], [1, 4])

_PERCENT_TICKS = [0, 0.25, 0.5, 0.75, 1]


def display_names(labels: Iterable[str]) -> list[str]:
    """Labels as people read them."""
    return [display_name(label) for label in labels]


def cycle(kinds: Sequence[Any], n: int) -> list[Any]:
    """The first n of some kinds, from the beginning again after the last."""
    return [kinds[number % len(kinds)] for number in range(n)]


# ------------------------------------------------------------------------------------------- axes


def percent_ticks() -> alt.Axis:
    """Ticks at every quarter from 0 to 100%."""
    return alt.Axis(format=".0%", values=_PERCENT_TICKS, grid=True, gridOpacity=0.4)


def percent_axis(title: str | None, field: str = "share") -> alt.X:
    """A horizontal axis from 0 to 100%, whatever the data are."""
    return alt.X(f"{field}:Q", scale=alt.Scale(domain=[0, 1]), axis=percent_ticks(), title=title)


def vertical_percent_axis(title: str | None, field: str) -> alt.Y:
    """A vertical axis from 0 to 100%, whatever the data are."""
    return alt.Y(f"{field}:Q", scale=alt.Scale(domain=[0, 1]), axis=percent_ticks(), title=title)


def row_axis(
    order: Sequence[str] | None, field: str = "label", title: str | None = None, **axis: Any
) -> alt.Y:
    """A vertical axis with a row for each name, in the order given; `axis` goes to `alt.Axis`."""
    settings = alt.Axis(ticks=False, domain=False, **axis)
    return alt.Y(f"{field}:N", sort=order, title=title, axis=settings)


def normalised_time_axis() -> alt.X:
    """The time of a pitch contour, from 0 to 100% of the voiced part of a clip."""
    return alt.X(
        "time:Q",
        title="Time from the first to the last voiced sound (%)",
        scale=alt.Scale(domain=[0, 100]),
        axis=alt.Axis(tickCount=5),
    )


# ------------------------------------------------------------------------- colours, shapes, lines


def label_colour(labels: Sequence[str], legend: alt.Legend | None = None) -> alt.Color:
    """Each label in its own colour."""
    scale = alt.Scale(domain=display_names(labels), range=[COLOURS[label] for label in labels])
    return alt.Color("label:N", scale=scale, legend=legend, title=None)


def two_colours(field: str, first: str, second: str, legend: alt.Legend | None = None) -> alt.Color:
    """One name in the first colour, another in the second."""
    scale = alt.Scale(domain=[first, second], range=[FIRST, SECOND])
    return alt.Color(f"{field}:N", scale=scale, legend=legend)


def share_colour() -> alt.Color:
    """A share from pale to dark violet, for the cells of a table."""
    scale = alt.Scale(domain=[0, 1], range=["#f3f0f8", "#3d1a78"])
    return alt.Color("share:Q", scale=scale, legend=None)


def share_ink() -> Any:
    """The colour of a figure on a cell of `share_colour`."""
    return alt.condition("datum.share > 0.45", alt.value("white"), alt.value("#222222"))


def group_shape(
    groups: Sequence[str], field: str = "group", *, legend: bool = True
) -> alt.Shape | alt.ShapeValue:
    """Each group of clips in its own shape, men first as squares; a group without a name is a circle."""
    if list(groups) == [""]:
        return alt.ShapeValue("circle")
    scale = alt.Scale(domain=list(groups), range=cycle(SHAPES, len(groups)))
    symbols = alt.Legend(orient="top", symbolFillColor=INK, symbolSize=90) if legend else None
    return alt.Shape(f"{field}:N", scale=scale, legend=symbols, title=None)


def group_dash(groups: Sequence[str]) -> alt.StrokeDash | alt.StrokeDashValue:
    """Each group in its own kind of line, with a legend; a single group without a name is a solid line."""
    if list(groups) == [""]:
        return alt.StrokeDashValue(list(DASHES[0]))
    scale = alt.Scale(domain=list(groups), range=cycle(DASHES, len(groups)))
    legend = alt.Legend(
        orient="top",
        symbolStrokeColor=INK,
        symbolSize=700,
        symbolType="stroke",
        symbolStrokeWidth=2.5,
    )
    return alt.StrokeDash("group:N", scale=scale, legend=legend, title=None)


# -------------------------------------------------------------------------- tooltips, reference lines


def tooltips(titles: dict[str, str], form: str | None = None) -> list[alt.Tooltip]:
    """A tooltip for each column, by its title; `form` is the format of figures."""
    if form is None:
        return [alt.Tooltip(column, title=title) for column, title in titles.items()]
    return [alt.Tooltip(column, title=title, format=form) for column, title in titles.items()]


def interval_tooltips(form: str, low: str = "low", high: str = "high") -> list[alt.Tooltip]:
    """The tooltips of a 95% interval."""
    return tooltips({f"{low}:Q": "95% from", f"{high}:Q": "to"}, form)


def dashed_line(data: pd.DataFrame, **encoding: Any) -> alt.Chart:
    """A dashed line across the chart, for a value to compare with; `encoding` says at which column."""
    return alt.Chart(data).mark_rule(strokeDash=[4, 4], color=INK).encode(**encoding)
