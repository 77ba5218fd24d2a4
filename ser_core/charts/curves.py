"""Charts of how much is recognised as something grows: the number of training speakers, or a disturbance.

Conventions: a row per model and step, with columns title (the model's), value, low and high (its 95%
interval); all of these are shares from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from ser_core.charts.style import (
    AXIS,
    LEGEND_ENTRY,
    Chart,
    dashed_line,
    interval_tooltips,
    tooltips,
    vertical_percent_axis,
)

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_SHAPES = ("circle", "diamond", "square", "triangle-up", "cross", "triangle-down")
"""One of each for a model, so that models differ without colour, too."""

_HEIGHT = 380


def learning_curves(curves: pd.DataFrame, titles: Sequence[str], chance: float) -> Chart:
    """How much is recognised by how many training speakers, with its 95% interval as a band.

    Parameters
    ----------
    curves : DataFrame
        As `learning_curves.curves` gives it, with a column `title`.
    titles : sequence of str
        The titles of all models, shown or not, so that each keeps its colour.
    chance : float
        What guessing reaches, a dashed line.

    Returns
    -------
    Chart
        A line with a band for each model.
    """
    steps = sorted(set(curves["training_speakers"]))
    # Each step about doubles the speakers, so that on a logarithmic axis steps are as wide as each other.
    axis = alt.Axis(values=steps, format="d", grid=False, labelOverlap=False)
    scale = alt.Scale(type="log", base=2, domain=[steps[0] * 0.9, steps[-1] * 1.1], nice=False)
    x = alt.X("training_speakers:Q", scale=scale, axis=axis, title="Speakers that it learnt from")
    tooltip = [
        *tooltips({"title:N": "Model", "training_speakers:Q": "Training speakers"}),
        *tooltips({"value:Q": "UAR"}, ".1%"),
        *interval_tooltips(".1%"),
        *tooltips({"draws:Q": "Draws of speakers"}),
        *tooltips({"least:Q": "Lowest draw", "most:Q": "Highest draw"}, ".1%"),
    ]
    return _curves(curves, x, tooltip, titles, chance, joined=True)


def condition_curves(
    curves: pd.DataFrame,
    levels: Sequence[str],
    axis_title: str,
    titles: Sequence[str],
    chance: float,
    joined: bool,
) -> Chart:
    """How much is recognised at each level of a disturbance, with the interval over clips as a band.

    Parameters
    ----------
    curves : DataFrame
        With the columns title, level, value, low and high.
    levels : sequence of str
        The levels in order, the undisturbed clip first.
    axis_title : str
        The disturbance and its unit.
    titles : sequence of str
        The titles of all models, shown or not, so that each keeps its colour.
    chance : float
        What guessing reaches, a dashed line.
    joined : bool
        Whether the levels are of one kind, so that a line joins them.

    Returns
    -------
    Chart
        Points, and lines if joined, for each model.
    """
    axis = alt.Axis(labelAngle=0 if joined else -30, labelOverlap=False, grid=False)
    x = alt.X("level:N", sort=list(levels), title=axis_title, axis=axis)
    tooltip = [
        *tooltips({"title:N": "Model", "level:N": axis_title}),
        *tooltips({"value:Q": "UAR", "low:Q": "Other clips: from", "high:Q": "to"}, ".1%"),
    ]
    return _curves(curves, x, tooltip, titles, chance, joined)


def _curves(
    curves: pd.DataFrame,
    x: alt.X,
    tooltip: list[alt.Tooltip],
    titles: Sequence[str],
    chance: float,
    joined: bool,
) -> Chart:
    """Points with a band and a line for each title, or with a rule where they are not joined."""
    occurring = set(curves["title"])
    shown = [title for title in titles if title in occurring]
    number_of = {title: number for number, title in enumerate(titles)}
    numbers = [number_of[title] for title in shown]
    legend = alt.Legend(
        orient="top", direction="vertical", columns=1, title=None, labelLimit=320, symbolOpacity=1
    )
    colours = alt.Scale(domain=shown, range=[_COLOURS[number] for number in numbers])
    shapes = alt.Scale(domain=shown, range=[_SHAPES[number] for number in numbers])
    shape = alt.Shape("title:N", scale=shapes, legend=legend)
    base = alt.Chart(curves).encode(x=x, color=alt.Color("title:N", scale=colours, legend=legend))
    y = vertical_percent_axis("Recognised on average (UAR)", "value")
    interval = {"y": alt.Y("low:Q"), "y2": "high:Q"}
    points = base.mark_point(filled=True, size=70, opacity=1)
    points = points.encode(y=y, shape=shape, tooltip=tooltip)
    if joined:
        band = base.mark_area(opacity=0.12).encode(**interval)
        line = base.mark_line(strokeWidth=2).encode(y=y)
        layers = [band, line, points]
    else:
        layers = [base.mark_rule(strokeWidth=2, opacity=0.4).encode(**interval), points]
    guessing = pd.DataFrame({"value": [chance], "name": ["Guessing"]})
    guess = dashed_line(guessing, y="value:Q", tooltip="name:N")
    height = _HEIGHT + AXIS + LEGEND_ENTRY * len(shown) // 2
    return alt.layer(guess, *layers).properties(height=height)
