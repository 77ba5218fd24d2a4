"""Charts of how good one model is.

Conventions: scores are shares from 0 to 1. Labels keep the order given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from ser_core.charts.style import (
    AXIS,
    FIRST,
    INK,
    MARK,
    Chart,
    display_names,
    interval_tooltips,
    label_colour,
    percent_axis,
    row_axis,
    share_colour,
    share_ink,
    tooltips,
    vertical_percent_axis,
)

CELL = "cell"
"""The name of the confusion matrix's selection: the cell that was clicked."""

_LEAST_MATRIX = 240  # pixels: the names below the cells take their part of it
_MANY_GROUPS = 12  # more have lower rows


def reliability(bins: pd.DataFrame) -> Chart:
    """How often a model is right, by how sure it is: on the diagonal its probabilities can be believed.

    Parameters
    ----------
    bins : DataFrame
        With the columns confidence, right and clips, as `evaluation.reliability` gives them.

    Returns
    -------
    Chart
        A line over the bins, and the diagonal.
    """
    x = percent_axis("How sure the model is", "confidence")
    y = vertical_percent_axis("How often it is right", "right")
    tooltip = [
        *tooltips({"confidence:Q": "Sure, on average", "right:Q": "Right"}, ".1%"),
        *tooltips({"clips:Q": "Clips"}),
    ]
    ends = pd.DataFrame({"confidence": [0.0, 1.0], "right": [0.0, 1.0]})
    diagonal = alt.Chart(ends).mark_line(strokeDash=[4, 4], color=INK)
    line = alt.Chart(bins).mark_line(color=FIRST, strokeWidth=2)
    points = alt.Chart(bins).mark_point(filled=True, size=80, opacity=1, color=FIRST)
    layers = (diagonal, line, points.encode(tooltip=tooltip))
    return alt.layer(*(layer.encode(x=x, y=y) for layer in layers)).properties(height=260 + AXIS)


def confusion_matrix(counts: np.ndarray, labels: Sequence[str], as_counts: bool = False) -> Chart:
    """Which emotion was taken for which: rows are the truth, columns the model's answers.

    Parameters
    ----------
    counts : array [labels, labels]
        Clips by truth and answer.
    labels : sequence of str
        The labels in order.
    as_counts : bool
        Whether the figures are counts of clips instead of shares of the row. The colours show the shares.

    Returns
    -------
    Chart
        The matrix; a click selects a cell.
    """
    names = [label.capitalize() for label in labels]  # an alias would not fit under a cell
    base = alt.Chart(_cells(counts, names)).encode(
        x=alt.X(
            "said:N",
            sort=names,
            title="The model said",
            axis=alt.Axis(labelAngle=-40, labelOverlap=False),
        ),
        y=alt.Y("meant:N", sort=names, title="What was meant"),
    )
    tooltip = [
        *tooltips({"meant:N": "Meant", "said:N": "Said"}),
        *tooltips({"share:Q": "Share"}, ".0%"),
        *tooltips({"clips:Q": "Clips"}, ",.0f"),
    ]
    picked = alt.selection_point(name=CELL, fields=["meant", "said"], on="click", empty=False)
    cells = base.mark_rect().encode(
        color=share_colour(),
        tooltip=tooltip,
        stroke=alt.condition(picked, alt.value(MARK), alt.value("white")),
        strokeWidth=alt.condition(picked, alt.value(4), alt.value(1)),
    )
    text = alt.Text("clips:Q", format=",.0f") if as_counts else alt.Text("share:Q", format=".0%")
    figures = base.mark_text().encode(text=text, color=share_ink())
    height = max(46 * len(names) + 60, _LEAST_MATRIX)
    return alt.layer(cells.add_params(picked), figures).properties(height=height)


def _cells(counts: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """A row for each cell: what was meant, what was said, its share of the row, and its clips."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    rows = []
    for i, meant in enumerate(names):
        for j, said in enumerate(names):
            share, clips = float(shares[i, j]), float(counts[i, j])
            rows.append({"meant": meant, "said": said, "share": share, "clips": clips})
    return pd.DataFrame(rows)


def recall_bars(recall: Mapping[str, float]) -> Chart:
    """The share of each label's clips that was recognised.

    Parameters
    ----------
    recall : mapping from str to float
        By label, in order.

    Returns
    -------
    Chart
        A bar with its figure for each label.
    """
    data = pd.DataFrame({"label": display_names(recall), "share": list(recall.values())})
    data["text"] = [f"{value:.0%}" for value in data["share"]]
    y = row_axis(display_names(recall), labelLimit=160)
    base = alt.Chart(data).encode(y=y, x=percent_axis("Share recognised (recall)"))
    bars = base.mark_bar(cornerRadiusEnd=3, stroke=INK, strokeWidth=0.5)
    bars = bars.encode(color=label_colour(list(recall)))
    figures = base.mark_text(align="left", dx=6, color=INK).encode(text="text:N")
    return (bars + figures).properties(height=34 * len(recall) + AXIS)


def risk_coverage(curve: pd.DataFrame, threshold: float) -> Chart:
    """How often answers are right, by how many are given; a point marks the threshold of refusal.

    Parameters
    ----------
    curve : DataFrame
        With the columns threshold, coverage and accuracy, as `single_model.risk_coverage` gives them.
    threshold : float
        The least probability of an answer.

    Returns
    -------
    Chart
        The curve and the point.
    """
    answered = curve.dropna()
    x = percent_axis("Share of the clips that is answered", "coverage")
    y = vertical_percent_axis("Right, of what is answered", "accuracy")
    tooltip = [
        *tooltips({"threshold:Q": "Answered from"}, ".0%"),
        *tooltips({"coverage:Q": "Answered", "accuracy:Q": "Right"}, ".1%"),
    ]
    dots = alt.OverlayMarkDef(size=12, color=FIRST)
    line = alt.Chart(answered).mark_line(color=FIRST, strokeWidth=2.5, point=dots)
    nearest = int((answered["threshold"] - threshold).abs().to_numpy().argmin())
    point = alt.Chart(answered.iloc[[nearest]])
    point = point.mark_point(filled=True, size=160, color=MARK, opacity=1)
    layers = [layer.encode(x=x, y=y, tooltip=tooltip) for layer in (line, point)]
    return alt.layer(*layers).properties(height=200 + AXIS)


def group_scores(scores: pd.DataFrame, title: str) -> Chart:
    """How much is recognised in each group of clips, with its interval.

    Parameters
    ----------
    scores : DataFrame
        As `single_model.score_groups` gives it.
    title : str
        What the groups are.

    Returns
    -------
    Chart
        A row for each group; a group of one speaker has no interval.
    """
    order = list(scores["name"])
    y = row_axis(order, "name", title, labelLimit=220, grid=True, gridOpacity=0.3)
    tooltip = [
        *tooltips({"name:N": title}),
        *tooltips({"value:Q": "Recognised"}, ".1%"),
        *interval_tooltips(".1%"),
        *tooltips({"clips:Q": "Clips", "speakers:Q": "Speakers"}),
    ]
    spans = alt.Chart(scores.dropna()).mark_rule(strokeWidth=3, opacity=0.5, color=FIRST)
    spans = spans.encode(x=alt.X("low:Q"), x2="high:Q", y=y)
    points = alt.Chart(scores).mark_point(filled=True, size=100, opacity=1, color=FIRST)
    points = points.encode(x=percent_axis("Recognised on average", "value"), y=y, tooltip=tooltip)
    row = 16 if len(order) > _MANY_GROUPS else 36
    return (spans + points).properties(height=row * len(order) + AXIS)
