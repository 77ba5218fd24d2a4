"""Attributes (features) that place a recording among clips, or that tell two emotions apart.

Conventions: shares are from 0 to 1, effects are in standard deviations of the differences.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from ser_core.charts.style import (
    AXIS,
    INK,
    Chart,
    dashed_line,
    display_names,
    group_shape,
    interval_tooltips,
    label_colour,
    percent_axis,
    row_axis,
    tooltips,
)
from ser_core.emotions import COLOURS, EMOTIONS, LABELS, display_name

PICKED = "picked"
"""The name of the selection of `effect_sizes`: the attribute that was clicked."""


def share_below(shares: pd.DataFrame) -> Chart:
    """The share of each emotion's clips that lie below the recording: men as squares, women as circles.

    Parameters
    ----------
    shares : DataFrame
        As `exploration.share_below` gives it.

    Returns
    -------
    Chart
        A row for each emotion, from 0 to 100%.
    """
    emotions, voices = set(shares["emotion"]), set(shares["gender"])
    labels = [label for label in EMOTIONS if label in emotions]
    genders = [gender for gender in (*LABELS["gender"], "unknown") if gender in voices]
    data = shares.assign(label=shares["emotion"].map(display_name))
    x = percent_axis("Clips below your recording", "below")
    tooltip = [
        *tooltips({"label:N": "Emotion", "gender:N": "Voices"}),
        *tooltips({"below:Q": "Below yours"}, ".0%"),
        *tooltips({"clips:Q": "Clips"}, ","),
    ]
    points = alt.Chart(data).mark_point(
        filled=True, size=110, opacity=1, stroke=INK, strokeWidth=0.7
    )
    points = points.encode(
        x=x,
        y=row_axis(display_names(labels), labelLimit=160, grid=True, gridOpacity=0.3),
        color=label_colour(labels),
        shape=group_shape(genders, "gender"),
        tooltip=tooltip,
    )
    middle = dashed_line(pd.DataFrame({"below": [0.5]}), x=x)
    return alt.layer(middle, points).properties(height=26 * len(labels) + AXIS + 70)


def effect_sizes(ranking: pd.DataFrame, first: str, second: str) -> Chart:
    """The effect of each attribute with its interval: on the right it is larger in the first emotion.

    Parameters
    ----------
    ranking : DataFrame
        As `exploration.rank_features` gives it.
    first, second : str
        The two emotions.

    Returns
    -------
    Chart
        A row for each attribute; a click selects one.
    """
    order = list(ranking["attribute"])
    data = ranking.assign(larger=np.where(ranking["effect"] >= 0, first, second))
    y = row_axis(order, "attribute", labelLimit=190, labelOverlap=False, grid=True, gridOpacity=0.3)
    scale = alt.Scale(domain=[first, second], range=[COLOURS[first], COLOURS[second]])
    colour = alt.Color("larger:N", scale=scale, legend=None)
    spans = alt.Chart(data).mark_rule(strokeWidth=3, opacity=0.7)
    spans = spans.encode(x=alt.X("low:Q"), x2="high:Q", y=y, color=colour)
    points = _effect_points(data, first, second).encode(y=y, color=colour)
    zero = dashed_line(pd.DataFrame({"effect": [0.0]}), x="effect:Q")
    return alt.layer(zero, spans, points).properties(height=26 * len(order) + AXIS)


def _effect_points(data: pd.DataFrame, first: str, second: str) -> alt.Chart:
    # Short lines: a long title would take the width from the points in a narrow window.
    title = [
        "Effect (standard deviations",
        "of the differences)",
        f"\u2190 {second} \u00b7 {first} \u2192",
    ]
    tooltip = [
        *tooltips({"attribute:N": "Attribute"}),
        *tooltips({"effect:Q": "Effect"}, "+.2f"),
        *interval_tooltips("+.2f"),
        *tooltips({"sentence:N": " "}),
    ]
    picked = alt.selection_point(name=PICKED, fields=["feature"], on="click", empty=False)
    points = alt.Chart(data).mark_point(filled=True, opacity=1, stroke=INK, cursor="pointer")
    return points.encode(
        x=alt.X("effect:Q", title=title, axis=alt.Axis(tickCount=5)),
        tooltip=tooltip,
        size=alt.condition(picked, alt.value(260), alt.value(120)),
        strokeWidth=alt.condition(picked, alt.value(2.5), alt.value(0.5)),
    ).add_params(picked)
