"""The distribution of one attribute (feature) in each emotion and group of clips.

Conventions: a row per emotion and group. Rows are at the heights 0, -1, -2, ...; a shape rises above its
row's line, the clips lie below as points.
"""

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
    group_shape,
    label_colour,
    tooltips,
)
from ser_core.emotions import EMOTIONS, LABELS, display_name
from ser_core.features import FeatureSpec

_SHADE = alt.Opacity("shade:Q", scale=None)
_ROW_HEIGHT = {"box": 44, "violin": 50}  # pixels
_GROUP_ROW_HEIGHT = 30
_VIOLIN_HEIGHT = 0.44  # of a row
_BOX = (0.06, 0.34)  # of a row: where a box begins and ends above its line
_BOX_TITLES = {"median:Q": "Median", "q1:Q": "A quarter below", "q3:Q": "A quarter above"}
_POINT_TITLES = {
    "label:N": "Emotion",
    "gender:N": "Voice",
    "speaker:N": "Speaker",
    "path:N": "Clip",
}
_VALUE_TITLES = {"value:Q": "Value"}
_FORMAT = ".4~g"

Rows = dict[tuple[str, str], int]
"""The number of each row from the top, by emotion and group."""


@dataclass(frozen=True)
class _Look:
    """The settings that all layers share: both axes, and the emotions' colours."""

    x: dict[str, Any]
    y: dict[str, Any]
    colour: alt.Color


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
    """The distribution of one feature within each emotion and group.

    Parameters
    ----------
    shapes : DataFrame
        As `exploration.box_statistics` or `exploration.densities` gives it.
    points : DataFrame
        As `exploration.sample_points` gives it.
    spec : FeatureSpec
        The feature.
    groups : sequence of str
        The groups in order, [""] for none. They differ by place, lightness and the shape of their points.
    kind : str
        "box" (median, quartiles, the outermost clips within 1.5 times their distance) or "violin" (density).
    current : float, optional
        The value of the current recording, drawn as a line.
    log : bool
        Whether the axis is logarithmic; only for values above 0.

    Returns
    -------
    Chart
        A row for each emotion and group.
    """
    rows = _number_rows(shapes, groups)
    occurring = set(shapes["emotion"])
    labels = [label for label in LABELS["emotion"] if label in occurring]
    look = _Look(_value_axis(spec, log), _row_axis(rows), label_colour(labels))
    shade_of = dict(zip(groups, itertools.cycle(SHADES)))
    data = shapes.assign(
        label=shapes["emotion"].map(display_name),
        row=_heights(shapes, rows),
        shade=shapes["group"].map(shade_of),
    )
    draw_shapes = _violins if kind == "violin" else _boxes
    layers = [*draw_shapes(data, look), _points(points, rows, groups, look)]
    if current is not None:
        layers.append(_current_line(current, look))
    row_height = _ROW_HEIGHT[kind] if len(groups) == 1 else _GROUP_ROW_HEIGHT
    return alt.layer(*layers).properties(height=row_height * len(rows) + AXIS)


def _value_axis(spec: FeatureSpec, log: bool) -> dict[str, Any]:
    scale = alt.Scale(zero=False)
    if log:
        scale = alt.Scale(type="log", zero=False, nice=False)
    title = spec.title if spec.unit == "none" else f"{spec.title} ({spec.unit})"
    return {"title": title, "scale": scale, "axis": alt.Axis(tickCount=6)}


def _row_axis(rows: Rows) -> dict[str, Any]:
    """Rows are numbers, so that all share one plot, which a page can stretch; facets have a fixed width."""
    axis = alt.Axis(
        values=[-row for row in rows.values()],
        labelExpr=f"{json.dumps(_row_names(rows))}[-datum.value]",
        ticks=False,
        grid=False,
        domain=False,
        labelLimit=170,
        labelOffset=-6,
    )
    scale = alt.Scale(domain=[0.5 - len(rows), 0.5], nice=False)
    return {"scale": scale, "axis": axis, "title": None}


def _number_rows(shapes: pd.DataFrame, groups: Sequence[str]) -> Rows:
    occurring = set(zip(shapes["emotion"], shapes["group"], strict=True))
    keys = [key for key in itertools.product(EMOTIONS, groups) if key in occurring]
    return {key: row for row, key in enumerate(keys)}


def _row_names(rows: Rows) -> list[str]:
    """The name of each row: the emotion once, then its groups alone."""
    names = []
    previous = ""
    for emotion, group in rows:
        if not group:
            names.append(display_name(emotion))
        elif emotion == previous:
            names.append(group)
        else:
            names.append(f"{emotion.capitalize()} · {group}")
        previous = emotion
    return names


def _heights(data: pd.DataFrame, rows: Rows) -> list[float]:
    return [-float(rows[key]) for key in zip(data["emotion"], data["group"], strict=True)]


def _boxes(data: pd.DataFrame, look: _Look) -> list[alt.Chart]:
    """A whisker, a box, and the median on a white line for each row."""
    bottom, top = _BOX
    data = data.assign(
        bottom=data["row"] + bottom, top=data["row"] + top, middle=data["row"] + (bottom + top) / 2
    )
    tooltip = [
        *tooltips({"label:N": "Emotion", "group:N": "Group"}),
        *tooltips({"clips:Q": "Clips"}, ","),
        *tooltips(_BOX_TITLES, _FORMAT),
    ]
    base = alt.Chart(data).encode(tooltip=tooltip)
    upright = {"y": alt.Y("bottom:Q", **look.y), "y2": "top:Q"}
    at_median = {"x": alt.X("median:Q", **look.x), **upright}
    whisker = base.mark_rule(color=INK, strokeWidth=1.5).encode(
        x=alt.X("low:Q", **look.x), x2="high:Q", y=alt.Y("middle:Q", **look.y)
    )
    box = base.mark_rect(stroke=INK, strokeWidth=0.7).encode(
        x=alt.X("q1:Q", **look.x), x2="q3:Q", color=look.colour, opacity=_SHADE, **upright
    )
    halo = base.mark_rule(color="#ffffff", strokeWidth=5).encode(**at_median)
    median = base.mark_rule(color="#111111", strokeWidth=2.5).encode(**at_median)
    return [whisker, box, halo, median]


def _violins(data: pd.DataFrame, look: _Look) -> list[alt.Chart]:
    """The density above the line of each row."""
    data = data.assign(top=data["row"] + _VIOLIN_HEIGHT * data["density"])
    area = alt.Chart(data).mark_area(stroke=INK, strokeWidth=0.5)
    violin = area.encode(
        x=alt.X("value:Q", **look.x),
        y=alt.Y("top:Q", **look.y),
        y2="row:Q",
        color=look.colour,
        opacity=_SHADE,
        detail=["label:N", "group:N"],
    )
    return [violin]


def _points(points: pd.DataFrame, rows: Rows, groups: Sequence[str], look: _Look) -> alt.Chart:
    below = 0.06 + 0.34 * points["jitter"].to_numpy()
    data = points.assign(
        label=points["emotion"].map(display_name), at=np.array(_heights(points, rows)) - below
    )
    mark = alt.Chart(data).mark_point(
        filled=True, size=14, opacity=0.65, stroke=INK, strokeWidth=0.3
    )
    return mark.encode(
        x=alt.X("value:Q", **look.x),
        y=alt.Y("at:Q", **look.y),
        color=look.colour,
        shape=group_shape(groups, legend=False),
        tooltip=[*tooltips(_POINT_TITLES), *tooltips(_VALUE_TITLES, _FORMAT)],
    )


def _current_line(current: float, look: _Look) -> alt.Chart:
    data = pd.DataFrame({"value": [current], "name": ["Your recording"]})
    line = alt.Chart(data).mark_rule(color=MARK, strokeWidth=3)
    tooltip = [*tooltips({"name:N": " "}), *tooltips(_VALUE_TITLES, _FORMAT)]
    return line.encode(x=alt.X("value:Q", **look.x), tooltip=tooltip)
