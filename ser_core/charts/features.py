"""Charts of the features of a corpus, and of a recording among them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from ser_core.charts.common import AXIS, FIRST, INK, MARK, SECOND, Chart, display_names, label_colour
from ser_core.emotions import COLOURS, LABELS, display_name
from ser_core.features import FeatureSpec

_HERTZ = alt.Scale(type="log", domain=[90, 8000])
_LINE = 16  # pixels, of an axis title
_HERTZ_TICKS = [100, 200, 500, 1000, 2000, 5000]


def feature_distribution(values: pd.DataFrame, spec: FeatureSpec, *, kind: str = "box", current: float | None = None, log: bool = False) -> Chart:
    """How one feature is distributed within each emotion.

    Parameters
    ----------
    values : DataFrame
        Columns `emotion` and `value`.
    kind : str
        "box" (median, quartiles, 1.5 times their distance, clips beyond) or "violin" (density).
    current : float, optional
        The value of the current recording, drawn as a line.
    log : bool
        Whether the axis is logarithmic; only for values above 0.
    """
    labels = [label for label in LABELS["emotion"] if label in set(values["emotion"])]
    data = values.assign(label=values["emotion"].map(display_name))
    title = spec.title if spec.unit == "none" else f"{spec.title} ({spec.unit})"
    scale = alt.Scale(type="log", zero=False, nice=False) if log else alt.Scale(zero=False)
    mark = pd.DataFrame({"value": [] if current is None else [current], "name": [] if current is None else ["Your recording"]})
    rule = (
        alt.Chart(mark)
        .mark_rule(color=MARK, strokeWidth=3)
        .encode(x="value:Q", tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("value:Q", format=".4~g")])
    )
    if kind == "violin":
        return _violins(data, labels, title, scale, rule)
    y = alt.Y("label:N", sort=display_names(labels), title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=160))
    boxes = (
        alt.Chart(data)
        .mark_boxplot(
            size=20,
            outliers={"size": 12, "opacity": 0.5},
            median={"color": "#111111", "strokeWidth": 2},
            rule={"color": INK},
            ticks=False,
        )
        .encode(x=alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(tickCount=8)), y=y, color=label_colour(labels))
    )
    return (boxes + rule).properties(height=34 * len(labels) + AXIS)


def _violins(data: pd.DataFrame, labels: list[str], title: str, scale: alt.Scale, rule: alt.Chart) -> Chart:
    """Densities, one row an emotion from the top, each scaled to the same height."""
    names = display_names(labels)
    low, high = float(data["value"].min()), float(data["value"].max())
    grid = np.linspace(low, high, 120)
    shapes = []
    for row, name in enumerate(names):
        own = data.loc[data["label"] == name, "value"].to_numpy(dtype=float)
        width = max(1.06 * own.std() * len(own) ** -0.2, (high - low) * 1e-3, 1e-9)  # Silverman's rule
        density = np.exp(-0.5 * ((grid[:, None] - own) / width) ** 2).mean(axis=1)
        half = 0.45 * density / density.max()
        shapes.append(pd.DataFrame({"label": name, "value": grid, "top": half - row, "bottom": -half - row}))
    # Rows are numbers so that all violins share one plot, which a page can stretch; facets have a fixed width.
    axis = alt.Axis(values=[-row for row in range(len(names))], labelExpr=f"{json.dumps(names)}[-datum.value]", ticks=False, grid=False, domain=False)
    rows = alt.Scale(domain=[0.6 - len(names), 0.6])
    area = (
        alt.Chart(pd.concat(shapes))
        .mark_area(opacity=0.85)
        .encode(
            x=alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(tickCount=8)),
            y=alt.Y("top:Q", title=None, axis=axis, scale=rows),
            y2="bottom:Q",
            color=label_colour(labels),
        )
    )
    return (area + rule).properties(height=44 * len(names) + AXIS)


def mel_spectrum(bands: pd.DataFrame, labels: Sequence[str]) -> Chart:
    """The average mel spectrum per emotion, with the middle half of the clips as a band.

    Parameters
    ----------
    bands : DataFrame
        Columns `emotion`, `frequency_hz`, `mean`, `low`, `high` in dB; rows whose emotion is "recording" are drawn as the
        current recording.
    """
    emotions = bands[bands["emotion"] != "recording"]
    data = emotions.assign(label=emotions["emotion"].map(display_name))
    x = alt.X("frequency_hz:Q", title="Frequency (Hz)", scale=_HERTZ, axis=alt.Axis(values=_HERTZ_TICKS, format=",d"))
    title = "Level, compared with the clip's other bands (dB)"
    tooltip = [
        alt.Tooltip("label:N", title="Emotion"),
        alt.Tooltip("frequency_hz:Q", title="Hz", format=",.0f"),
        alt.Tooltip("mean:Q", title="dB", format=".1f"),
    ]
    colour = label_colour(labels, alt.Legend(orient="top", labelLimit=160, symbolOpacity=1))  # one for both layers, or the legend is lost
    area = alt.Chart(data).mark_area(opacity=0.12).encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q", color=colour)
    line = alt.Chart(data).mark_line(strokeWidth=2.5).encode(x=x, y=alt.Y("mean:Q", title=title), color=colour, tooltip=tooltip)
    own = bands[bands["emotion"] == "recording"].assign(label="Your recording")
    mine = alt.Chart(own).mark_line(strokeWidth=3, color=MARK, strokeDash=[6, 3]).encode(x=x, y=alt.Y("mean:Q", title=title), tooltip=tooltip)
    return alt.layer(area, line, mine).properties(height=360)


def spectrum_difference(bands: pd.DataFrame, first: str, second: str) -> Chart:
    """By how many dB each band is stronger in the first emotion, with its interval; `bands` is as `exploration.spectrum_difference` gives it."""
    x = alt.X("frequency_hz:Q", title="Frequency (Hz)", scale=_HERTZ, axis=alt.Axis(values=_HERTZ_TICKS, format=",d"))
    title = [f"{first} less {second}", "(dB)"]
    tooltip = [
        alt.Tooltip("frequency_hz:Q", title="Hz", format=",.0f"),
        alt.Tooltip("mean:Q", title="dB", format="+.1f"),
        alt.Tooltip("low:Q", title="95% from", format="+.1f"),
        alt.Tooltip("high:Q", title="to", format="+.1f"),
    ]
    base = alt.Chart(bands).encode(x=x)
    area = base.mark_area(opacity=0.25, color=FIRST).encode(y=alt.Y("low:Q", title=title), y2="high:Q")
    line = base.mark_line(strokeWidth=2.5, color=FIRST).encode(y="mean:Q", tooltip=tooltip)
    zero = alt.Chart(pd.DataFrame({"mean": [0.0]})).mark_rule(strokeDash=[4, 4], color=INK).encode(y="mean:Q")
    return alt.layer(area, line, zero).properties(height=200 + AXIS)


def effects(ranking: pd.DataFrame, first: str, second: str) -> Chart:
    """The effect of each attribute with its interval: to the right it is larger in the first emotion, to the left in the second.

    `ranking` is as `exploration.ranking` gives it.
    """
    order = list(ranking["attribute"])
    data = ranking.assign(larger=np.where(ranking["effect"] >= 0, first, second))
    axis = alt.Axis(ticks=False, domain=False, labelLimit=260, labelOverlap=False, grid=True, gridOpacity=0.3)
    y = alt.Y("attribute:N", sort=order, title=None, axis=axis)
    # Short lines: a long title would take the width from the points in a narrow window.
    title = ["Effect (standard deviations", "of the differences)", f"\u2190 {second} \u00b7 {first} \u2192"]
    x = alt.X("effect:Q", title=title, axis=alt.Axis(tickCount=8))
    scale = alt.Scale(domain=[first, second], range=[COLOURS[first], COLOURS[second]])
    colour = alt.Color("larger:N", scale=scale, legend=None)
    tooltip = [
        alt.Tooltip("attribute:N", title="Attribute"),
        alt.Tooltip("effect:Q", title="Effect", format="+.2f"),
        alt.Tooltip("low:Q", title="95% from", format="+.2f"),
        alt.Tooltip("high:Q", title="to", format="+.2f"),
        alt.Tooltip("sentence:N", title=" "),
    ]
    span = alt.Chart(data).mark_rule(strokeWidth=3, opacity=0.7).encode(x=alt.X("low:Q"), x2="high:Q", y=y, color=colour)
    points = alt.Chart(data).mark_point(filled=True, size=110, opacity=1, stroke=INK, strokeWidth=0.5)
    zero = alt.Chart(pd.DataFrame({"effect": [0.0]})).mark_rule(strokeDash=[4, 4], color=INK).encode(x="effect:Q")
    return alt.layer(zero, span, points.encode(x=x, y=y, color=colour, tooltip=tooltip)).properties(height=26 * len(order) + AXIS + 2 * _LINE)


BRUSH = "brush"
"""The name of the map's selection: the rectangle that was drawn."""


def clip_map(placed: pd.DataFrame, by: str) -> Chart:
    """All clips as points, alike ones together, coloured by emotion, gender or speaker; the current recording is a violet star.

    `placed` is as `exploration.map_of` gives it. Drawing a rectangle selects clips.
    """
    clips = placed[placed["path"] != ""]
    hidden = alt.Axis(labels=False, ticks=False, title=None, grid=False, domain=False)
    scale = alt.Scale(zero=False, nice=False, padding=12)
    x, y = alt.X("x:Q", axis=hidden, scale=scale), alt.Y("y:Q", axis=hidden, scale=scale)
    legend = alt.Legend(orient="top", columns=4, labelLimit=160, title=None, symbolOpacity=1)
    if by == "emotion":
        labels = [label for label in LABELS["emotion"] if label in set(clips["emotion"])]
        clips = clips.assign(label=clips["emotion"].map(display_name))
        colour = label_colour(labels, legend)
    else:
        clips = clips.assign(label=clips[by])
        palette = alt.Scale(range=[FIRST, SECOND]) if by == "gender" else alt.Scale(scheme="tableau20")
        colour = alt.Color("label:N", scale=palette, legend=legend if by == "gender" else None)
    brush = alt.selection_interval(name=BRUSH, encodings=["x", "y"])
    tooltip = [alt.Tooltip(f"{field}:N", title=field.capitalize()) for field in ("emotion", "gender", "speaker", "intensity", "statement", "path")]
    points = (
        alt.Chart(clips)
        .mark_point(filled=True, size=36)
        .encode(x=x, y=y, color=colour, tooltip=tooltip, opacity=alt.condition(brush, alt.value(0.8), alt.value(0.15)))
        .add_params(brush)
    )
    own = alt.Chart(placed[placed["path"] == ""].assign(name="Your recording"))
    star = own.mark_point(shape="M0,-1L0.29,-0.4L0.95,-0.31L0.48,0.15L0.59,0.81L0,0.5L-0.59,0.81L-0.48,0.15L-0.95,-0.31L-0.29,-0.4Z", filled=True)
    return (points + star.encode(x=x, y=y, size=alt.value(500), color=alt.value(MARK), opacity=alt.value(1), tooltip="name:N")).properties(height=520)
