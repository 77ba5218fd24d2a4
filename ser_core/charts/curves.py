"""Charts of how much is recognised as something grows: the number of training speakers, or what disturbs a clip."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from ser_core.charts.style import AXIS, INK, LEGEND_ENTRY, Chart

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_SHAPES = ("circle", "diamond", "square", "triangle-up", "cross", "triangle-down")
"""One of each for a model, so that they are told apart without colour."""

_HEIGHT = 380


def learning_curves(found: pd.DataFrame, everyone: Sequence[str], chance: float) -> Chart:
    """How much is recognised by how many training speakers, with its 95% interval as a band.

    `found` is as `learning_curves.curves` gives it with a column `title`; `everyone` are the titles of all models, whether they are shown
    or not, so that each keeps its colour; `chance` is what guessing reaches, a dashed line.
    """
    steps = sorted(set(found["training_speakers"]))
    # Each step about doubles the speakers, so that on a logarithmic axis steps are as wide as each other.
    axis = alt.Axis(values=steps, format="d", grid=False, labelOverlap=False)
    scale = alt.Scale(type="log", base=2, domain=[steps[0] * 0.9, steps[-1] * 1.1], nice=False)
    x = alt.X("training_speakers:Q", scale=scale, axis=axis, title="Speakers that it learnt from")
    about = [
        alt.Tooltip("title:N", title="Model"),
        alt.Tooltip("training_speakers:Q", title="Training speakers"),
        alt.Tooltip("value:Q", title="UAR", format=".1%"),
        alt.Tooltip("low:Q", title="95% from", format=".1%"),
        alt.Tooltip("high:Q", title="to", format=".1%"),
        alt.Tooltip("draws:Q", title="Draws of speakers"),
        alt.Tooltip("least:Q", title="Lowest draw", format=".1%"),
        alt.Tooltip("most:Q", title="Highest draw", format=".1%"),
    ]
    return _curves(found, x, about, everyone, chance, joined=True)


def condition_curves(
    found: pd.DataFrame,
    levels: Sequence[str],
    title: str,
    everyone: Sequence[str],
    chance: float,
    joined: bool,
) -> Chart:
    """How much is recognised at each level of what disturbs a clip, with the interval over clips as a band.

    `found` has the columns title, level, value, low and high; `levels` stand in the order given, the clip as it is first. Levels that
    are of one kind are `joined` by lines.
    """
    x = alt.X(
        "level:N",
        sort=list(levels),
        title=title,
        axis=alt.Axis(labelAngle=0 if joined else -30, labelOverlap=False, grid=False),
    )
    about = [
        alt.Tooltip("title:N", title="Model"),
        alt.Tooltip("level:N", title=title),
        alt.Tooltip("value:Q", title="UAR", format=".1%"),
        alt.Tooltip("low:Q", title="Other clips: from", format=".1%"),
        alt.Tooltip("high:Q", title="to", format=".1%"),
    ]
    return _curves(found, x, about, everyone, chance, joined)


def _curves(
    found: pd.DataFrame,
    x: alt.X,
    about: list[alt.Tooltip],
    everyone: Sequence[str],
    chance: float,
    joined: bool,
) -> Chart:
    """A line, points and a band for each title."""
    shown = [title for title in everyone if title in set(found["title"])]
    place = {title: number for number, title in enumerate(everyone)}
    legend = alt.Legend(
        orient="top", direction="vertical", columns=1, title=None, labelLimit=320, symbolOpacity=1
    )
    colour = alt.Color(
        "title:N",
        scale=alt.Scale(domain=shown, range=[_COLOURS[place[title]] for title in shown]),
        legend=legend,
    )
    shape = alt.Shape(
        "title:N",
        scale=alt.Scale(domain=shown, range=[_SHAPES[place[title]] for title in shown]),
        legend=legend,
    )
    axis = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1], grid=True, gridOpacity=0.4)
    y = alt.Y(
        "value:Q", scale=alt.Scale(domain=[0, 1]), axis=axis, title="Recognised on average (UAR)"
    )
    base = alt.Chart(found).encode(x=x, color=colour)
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        y=y, shape=shape, tooltip=about
    )
    layers = [
        base.mark_rule(strokeWidth=2, opacity=0.4).encode(y=alt.Y("low:Q"), y2="high:Q"),
        points,
    ]
    if joined:
        line = base.mark_line(strokeWidth=2).encode(y=y)
        layers = [base.mark_area(opacity=0.12).encode(y=alt.Y("low:Q"), y2="high:Q"), line, points]
    guess = alt.Chart(pd.DataFrame({"value": [chance], "name": ["Guessing"]})).mark_rule(
        strokeDash=[4, 4], color=INK
    )
    return alt.layer(guess.encode(y="value:Q", tooltip="name:N"), *layers).properties(
        height=_HEIGHT + AXIS + LEGEND_ENTRY * len(shown) // 2
    )
