"""Pure functions from data to Altair charts. Pages draw what these return and add nothing.

Emotions keep the order and colours of `ser_core.emotions` in every chart; probabilities and recalls stand on a fixed axis from
0 to 100%; every axis is named with its unit. Men and women differ by shape as well as by colour.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from ser_core.audio import Samples
from ser_core.emotions import COLOURS, GENDERS, LABELS, display_name
from ser_core.features import FeatureSpec

Chart = alt.Chart | alt.LayerChart | alt.FacetChart  # facets only in the type that Altair gives to a sum of charts

_MARK = "#8a4fd3"  # the current recording, wherever it appears: no emotion has this violet
_NEUTRAL_INK = "#808080"  # readable on white and on dark
_ENVELOPE_POINTS = 500
_AXIS = 56  # pixels for ticks and title: Streamlit counts them into the height
_LEGEND_ENTRY = 42  # pixels, of a legend whose entries stand below each other


def _names(labels: Iterable[str]) -> list[str]:
    return [display_name(label) for label in labels]


def _colour(labels: Sequence[str], legend: alt.Legend | None = None) -> alt.Color:
    scale = alt.Scale(domain=_names(labels), range=[COLOURS[label] for label in labels])
    return alt.Color("label:N", scale=scale, legend=legend, title=None)


def _percent_axis(title: str | None, field: str = "share") -> alt.X:
    axis = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1], grid=True, gridOpacity=0.4)
    return alt.X(f"{field}:Q", scale=alt.Scale(domain=[0, 1]), axis=axis, title=title)


def probability_bars(probabilities: Mapping[str, float], before: Mapping[str, float] | None = None) -> Chart:
    """Horizontal bars, one per label in the order given, 0 to 100%, each with its figure; `before` is marked by a line across each."""
    labels = list(probabilities)
    data = pd.DataFrame({"label": _names(labels), "share": [float(value) for value in probabilities.values()]})
    data["text"] = [f"{value:.0%}" for value in data["share"]]
    data["reach"] = data["share"] if before is None else np.maximum(data["share"], [float(before[label]) for label in labels])
    y = alt.Y("label:N", sort=_names(labels), title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=160, labelPadding=12))
    tooltip = [alt.Tooltip("label:N", title="Label"), alt.Tooltip("share:Q", title="Probability", format=".1%")]
    base = alt.Chart(data).encode(y=y, x=_percent_axis("Probability"), tooltip=tooltip)
    bars = base.mark_bar(cornerRadiusEnd=3, stroke=_NEUTRAL_INK, strokeWidth=0.5).encode(color=_colour(labels))
    figures = base.mark_text(align="left", dx=14, color=_NEUTRAL_INK, fontWeight="bold")
    layers = bars + figures.encode(text="text:N", x=_percent_axis("Probability", "reach"))
    if tuple(labels) == GENDERS:
        shape = alt.Shape("label:N", scale=alt.Scale(domain=_names(GENDERS), range=["square", "circle"]), legend=None)
        layers += base.mark_point(filled=True, size=90, opacity=1, stroke=_NEUTRAL_INK).encode(shape=shape, color=_colour(labels))
    if before is not None:
        earlier = pd.DataFrame({"label": _names(labels), "share": [float(before[label]) for label in labels]})
        ticks = alt.Chart(earlier).mark_tick(color=_NEUTRAL_INK, thickness=3, size=20).encode(y=y, x=_percent_axis("Probability"))
        layers += ticks.encode(tooltip=[tooltip[0], alt.Tooltip("share:Q", title="Without the baseline", format=".1%")])
    return layers.properties(height=24 * len(labels) + 20 + _AXIS)


def waveform(samples: Samples, sample_rate: int) -> Chart:
    """The clip's envelope over time: lowest and highest sample of up to 500 stretches."""
    step = max(1, len(samples) // _ENVELOPE_POINTS)
    stretches = samples[: len(samples) // step * step].reshape(-1, step)
    data = pd.DataFrame({"seconds": np.arange(len(stretches)) * step / sample_rate, "low": stretches.min(axis=1), "high": stretches.max(axis=1)})
    limit = float(np.max(np.abs(samples)))
    return (
        alt.Chart(data)
        .mark_area(color=_MARK, opacity=0.8)
        .encode(
            x=alt.X("seconds:Q", title="Time (s)", scale=alt.Scale(nice=False)),
            y=alt.Y("low:Q", title="Amplitude", scale=alt.Scale(domain=[-limit, limit]), axis=alt.Axis(tickCount=3, format=".2~f")),
            y2="high:Q",
        )
        .properties(height=150)
    )


STRETCH = "stretch"
"""The name of the timeline's selection: the stretch that was clicked."""


def timeline(probabilities: Sequence[Mapping[str, float]], spans: Sequence[tuple[float, float]], gaps: Sequence[tuple[float, float]]) -> Chart:
    """How likely each emotion is over the time of a long recording; a click on a column selects its stretch.

    Each of the (overlapping) stretches is drawn over the time that is nearest to its middle; a grey strip above marks `gaps` without speech.
    """
    middles = [(start + end) / 2 for start, end in spans]
    edges = [spans[0][0], *((before + after) / 2 for before, after in itertools.pairwise(middles)), spans[-1][1]]
    labels = list(probabilities[0])
    rows = [
        {
            "number": number,
            "left": max(edges[number], start),
            "right": min(edges[number + 1], end),
            "from": f"{start:.0f} to {end:.0f} s",
            "label": name,
            "share": said[label],
        }
        for number, (said, (start, end)) in enumerate(zip(probabilities, spans, strict=True))
        for label, name in zip(labels, _names(labels), strict=True)
    ]
    y = alt.Y("label:N", sort=_names(labels), title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=160, labelPadding=12))
    picked = alt.selection_point(name=STRETCH, fields=["number"], on="click", empty=False)
    cells = (
        alt.Chart(pd.DataFrame(rows))
        .mark_rect(stroke=_NEUTRAL_INK)
        .encode(
            x=alt.X("left:Q", title="Time (s)", scale=alt.Scale(nice=False, zero=True)),
            x2="right:Q",
            y=y,
            color=alt.Color("share:Q", title="Probability", scale=alt.Scale(scheme="blues", domain=[0, 1]), legend=alt.Legend(format=".0%")),
            strokeWidth=alt.condition(picked, alt.value(2), alt.value(0)),
            tooltip=[
                alt.Tooltip("from:N", title="Stretch"),
                alt.Tooltip("label:N", title="Emotion"),
                alt.Tooltip("share:Q", title="Probability", format=".0%"),
            ],
        )
        .add_params(picked)
    )
    silent = alt.Chart(pd.DataFrame(list(gaps), columns=["left", "right"])).mark_rect(color=_NEUTRAL_INK)
    strip = silent.encode(x="left:Q", x2="right:Q", y=alt.value(-10), y2=alt.value(-3))  # above the cells, not over them: those take the clicks
    return (cells + strip).properties(height=24 * len(labels) + _AXIS)


def feature_distribution(values: pd.DataFrame, spec: FeatureSpec, *, kind: str = "box", current: float | None = None) -> Chart:
    """How one feature is distributed within each emotion.

    Parameters
    ----------
    values : DataFrame
        Columns `emotion` and `value`.
    kind : str
        "box" (median, quartiles, 1.5 times their distance, clips beyond) or "violin" (density).
    current : float, optional
        The value of the current recording, drawn as a line.
    """
    labels = [label for label in LABELS["emotion"] if label in set(values["emotion"])]
    data = values.assign(label=values["emotion"].map(display_name))
    title = spec.title if spec.unit == "none" else f"{spec.title} ({spec.unit})"
    scale = alt.Scale(zero=False)
    mark = pd.DataFrame({"value": [] if current is None else [current], "name": [] if current is None else ["Your recording"]})
    rule = (
        alt.Chart(mark)
        .mark_rule(color=_MARK, strokeWidth=3)
        .encode(x="value:Q", tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("value:Q", format=".4~g")])
    )
    if kind == "violin":
        return _violins(data, labels, title, scale, rule)
    y = alt.Y("label:N", sort=_names(labels), title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=160))
    boxes = (
        alt.Chart(data)
        .mark_boxplot(
            size=20,
            outliers={"size": 12, "opacity": 0.5},
            median={"color": "#111111", "strokeWidth": 2},
            rule={"color": _NEUTRAL_INK},
            ticks=False,
        )
        .encode(x=alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(tickCount=8)), y=y, color=_colour(labels))
    )
    return (boxes + rule).properties(height=34 * len(labels) + _AXIS)


def _violins(data: pd.DataFrame, labels: list[str], title: str, scale: alt.Scale, rule: alt.Chart) -> Chart:
    """Densities, one row an emotion from the top, each scaled to the same height."""
    names = _names(labels)
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
            color=_colour(labels),
        )
    )
    return (area + rule).properties(height=44 * len(names) + _AXIS)


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
    ticks = [100, 200, 500, 1000, 2000, 5000]
    x = alt.X("frequency_hz:Q", title="Frequency (Hz)", scale=alt.Scale(type="log", domain=[90, 8000]), axis=alt.Axis(values=ticks, format=",d"))
    title = "Level, compared with the clip's other bands (dB)"
    tooltip = [
        alt.Tooltip("label:N", title="Emotion"),
        alt.Tooltip("frequency_hz:Q", title="Hz", format=",.0f"),
        alt.Tooltip("mean:Q", title="dB", format=".1f"),
    ]
    colour = _colour(labels, alt.Legend(orient="top", labelLimit=160, symbolOpacity=1))  # one for both layers, or the legend is lost
    area = alt.Chart(data).mark_area(opacity=0.12).encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q", color=colour)
    line = alt.Chart(data).mark_line(strokeWidth=2.5).encode(x=x, y=alt.Y("mean:Q", title=title), color=colour, tooltip=tooltip)
    own = bands[bands["emotion"] == "recording"].assign(label="Your recording")
    mine = alt.Chart(own).mark_line(strokeWidth=3, color=_MARK, strokeDash=[6, 3]).encode(x=x, y=alt.Y("mean:Q", title=title), tooltip=tooltip)
    return alt.layer(area, line, mine).properties(height=360)


_PROTOCOLS = {
    "unseen_speakers": ("Unseen voices", "#0072B2", "circle"),
    "corpus_left_out": ("Corpus left out", "#009E73", "square"),
    "random_split": ("Random split (optimistic)", "#E69F00", "diamond"),
}
"""Title, colour and shape of each protocol that the leaderboard shows."""


def leaderboard(table: pd.DataFrame, chance: float) -> Chart:
    """Every model's UAR under each protocol it was tested under, with its 95% interval.

    Parameters
    ----------
    table : DataFrame
        As `evaluation.leaderboard` gives it, with a column `title`.
    chance : float
        The UAR of guessing, drawn as a line.
    """
    order = list(table["title"])
    shown = [name for name in _PROTOCOLS if f"{name}_uar" in table and table[f"{name}_uar"].notna().any()]
    protocols = [_PROTOCOLS[name][0] for name in shown]
    long = pd.concat(
        table.assign(protocol=_PROTOCOLS[name][0], uar=table[f"{name}_uar"], low=table[f"{name}_uar_low"], high=table[f"{name}_uar_high"])
        for name in shown
    )[["title", "protocol", "uar", "low", "high"]].dropna()
    # Names on two lines and the legend's entries below each other, so that the points have room in a narrow window.
    axis = alt.Axis(labelExpr="split(datum.label, ', ')", labelLimit=170, labelOverlap=False, ticks=False, domain=False, grid=True, gridOpacity=0.3)
    y = alt.Y("title:N", sort=order, title=None, axis=axis)
    x = _percent_axis("Recognised on average (UAR)", "uar")
    legend = alt.Legend(orient="top", direction="vertical", title=None)
    colour = alt.Color("protocol:N", scale=alt.Scale(domain=protocols, range=[_PROTOCOLS[name][1] for name in shown]), legend=legend)
    shape = alt.Shape("protocol:N", scale=alt.Scale(domain=protocols, range=[_PROTOCOLS[name][2] for name in shown]), legend=legend)
    tooltip = [
        alt.Tooltip("title:N", title="Model"),
        alt.Tooltip("protocol:N", title="Tested on"),
        alt.Tooltip("uar:Q", title="UAR", format=".1%"),
        alt.Tooltip("low:Q", title="95% from", format=".1%"),
        alt.Tooltip("high:Q", title="to", format=".1%"),
    ]
    span = alt.Chart(long).mark_rule(strokeWidth=3, opacity=0.5).encode(x=alt.X("low:Q"), x2="high:Q", y=y, color=colour)
    points = alt.Chart(long).mark_point(filled=True, size=110, opacity=1).encode(x=x, y=y, color=colour, shape=shape, tooltip=tooltip)
    guess = alt.Chart(pd.DataFrame({"uar": [chance], "name": ["Guessing"]})).mark_rule(strokeDash=[4, 4], color=_NEUTRAL_INK)
    return alt.layer(guess.encode(x="uar:Q", tooltip="name:N"), span, points).properties(height=42 * len(order) + _AXIS + _LEGEND_ENTRY * len(shown))


def reliability(bins: pd.DataFrame) -> Chart:
    """How often a model is right where it says how sure it is: on the diagonal where its probabilities can be believed.

    `bins` has the columns confidence, right and clips, as `evaluation.reliability` gives them.
    """
    x = _percent_axis("How sure the model is", "confidence")
    axis = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1], grid=True, gridOpacity=0.4)
    y = alt.Y("right:Q", scale=alt.Scale(domain=[0, 1]), axis=axis, title="How often it is right")
    tooltip = [
        alt.Tooltip("confidence:Q", title="Sure, on average", format=".1%"),
        alt.Tooltip("right:Q", title="Right", format=".1%"),
        alt.Tooltip("clips:Q", title="Clips"),
    ]
    perfect = alt.Chart(pd.DataFrame({"confidence": [0.0, 1.0], "right": [0.0, 1.0]})).mark_line(strokeDash=[4, 4], color=_NEUTRAL_INK)
    line = alt.Chart(bins).mark_line(color="#0072B2", strokeWidth=2)
    points = alt.Chart(bins).mark_point(filled=True, size=80, opacity=1, color="#0072B2").encode(tooltip=tooltip)
    return alt.layer(*(layer.encode(x=x, y=y) for layer in (perfect, line, points))).properties(height=260 + _AXIS)


def confusion_matrix(counts: np.ndarray, labels: Sequence[str]) -> Chart:
    """Which emotion was taken for which: rows are what was meant, columns what the model said, as shares of the row."""
    names = [label.capitalize() for label in labels]  # without the aliases, which do not fit under a cell
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    data = pd.DataFrame(
        [
            {"meant": names[i], "said": names[j], "share": float(shares[i, j]), "clips": float(counts[i, j])}
            for i in range(len(names))
            for j in range(len(names))
        ]
    )
    base = alt.Chart(data).encode(
        x=alt.X("said:N", sort=names, title="The model said", axis=alt.Axis(labelAngle=-40, labelOverlap=False)),
        y=alt.Y("meant:N", sort=names, title="The actor meant"),
    )
    tooltip = [
        alt.Tooltip("meant:N", title="Meant"),
        alt.Tooltip("said:N", title="Said"),
        alt.Tooltip("share:Q", title="Share", format=".0%"),
        alt.Tooltip("clips:Q", title="Clips", format=".0f"),
    ]
    colour = alt.Color("share:Q", scale=alt.Scale(domain=[0, 1], range=["#f3f0f8", "#3d1a78"]), legend=None)
    ink = alt.condition("datum.share > 0.45", alt.value("white"), alt.value("#222222"))
    cells = base.mark_rect(stroke="white", strokeWidth=1).encode(color=colour, tooltip=tooltip)
    figures = base.mark_text().encode(text=alt.Text("share:Q", format=".0%"), color=ink)
    return alt.layer(cells, figures).properties(height=46 * len(names) + 60)


def recall_bars(recall: Mapping[str, float]) -> Chart:
    """The share of each label's clips that was recognised."""
    data = pd.DataFrame({"label": _names(recall), "share": list(recall.values())})
    data["text"] = [f"{value:.0%}" for value in data["share"]]
    y = alt.Y("label:N", sort=_names(recall), title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=160))
    base = alt.Chart(data).encode(y=y, x=_percent_axis("Share recognised (recall)"))
    bars = base.mark_bar(cornerRadiusEnd=3, stroke=_NEUTRAL_INK, strokeWidth=0.5).encode(color=_colour(list(recall)))
    return (bars + base.mark_text(align="left", dx=6, color=_NEUTRAL_INK).encode(text="text:N")).properties(height=34 * len(recall) + _AXIS)
