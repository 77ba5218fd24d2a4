"""Charts of one clip: its waveform, what models say of it, why, and over time."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from ser_core.audio import Samples
from ser_core.charts.style import (
    AXIS,
    FIRST,
    INK,
    MARK,
    SECOND,
    Chart,
    display_names,
    label_colour,
    percent_axis,
)
from ser_core.emotions import GENDERS

_ENVELOPE_POINTS = 500


def probability_bars(
    probabilities: Mapping[str, float], before: Mapping[str, float] | None = None
) -> Chart:
    """Horizontal bars, one per label in the order given, 0 to 100%, each with its figure; `before` is marked by a line across each."""
    labels = list(probabilities)
    data = pd.DataFrame(
        {
            "label": display_names(labels),
            "share": [float(value) for value in probabilities.values()],
        }
    )
    data["text"] = [f"{value:.0%}" for value in data["share"]]
    data["reach"] = (
        data["share"]
        if before is None
        else np.maximum(data["share"], [float(before[label]) for label in labels])
    )
    y = alt.Y(
        "label:N",
        sort=display_names(labels),
        title=None,
        axis=alt.Axis(ticks=False, domain=False, labelLimit=160, labelPadding=12),
    )
    tooltip = [
        alt.Tooltip("label:N", title="Label"),
        alt.Tooltip("share:Q", title="Probability", format=".1%"),
    ]
    base = alt.Chart(data).encode(y=y, x=percent_axis("Probability"), tooltip=tooltip)
    bars = base.mark_bar(cornerRadiusEnd=3, stroke=INK, strokeWidth=0.5).encode(
        color=label_colour(labels)
    )
    figures = base.mark_text(align="left", dx=14, color=INK, fontWeight="bold")
    layers = bars + figures.encode(text="text:N", x=percent_axis("Probability", "reach"))
    if tuple(labels) == GENDERS:
        shape = alt.Shape(
            "label:N",
            scale=alt.Scale(domain=display_names(GENDERS), range=["square", "circle"]),
            legend=None,
        )
        layers += base.mark_point(filled=True, size=90, opacity=1, stroke=INK).encode(
            shape=shape, color=label_colour(labels)
        )
    if before is not None:
        earlier = pd.DataFrame(
            {"label": display_names(labels), "share": [float(before[label]) for label in labels]}
        )
        ticks = (
            alt.Chart(earlier)
            .mark_tick(color=INK, thickness=3, size=20)
            .encode(y=y, x=percent_axis("Probability"))
        )
        layers += ticks.encode(
            tooltip=[tooltip[0], alt.Tooltip("share:Q", title="Without the baseline", format=".1%")]
        )
    return layers.properties(height=24 * len(labels) + 20 + AXIS)


def waveform(samples: Samples, sample_rate: int) -> Chart:
    """The clip's envelope over time: lowest and highest sample of up to 500 stretches."""
    step = max(1, len(samples) // _ENVELOPE_POINTS)
    stretches = samples[: len(samples) // step * step].reshape(-1, step)
    data = pd.DataFrame(
        {
            "seconds": np.arange(len(stretches)) * step / sample_rate,
            "low": stretches.min(axis=1),
            "high": stretches.max(axis=1),
        }
    )
    limit = float(np.max(np.abs(samples)))
    return (
        alt.Chart(data)
        .mark_area(color=MARK, opacity=0.8)
        .encode(
            x=alt.X("seconds:Q", title="Time (s)", scale=alt.Scale(nice=False)),
            y=alt.Y(
                "low:Q",
                title="Amplitude",
                scale=alt.Scale(domain=[-limit, limit]),
                axis=alt.Axis(tickCount=3, format=".2~f"),
            ),
            y2="high:Q",
        )
        .properties(height=150)
    )


def cue_bars(cues: Mapping[str, float], titles: Mapping[str, str], emotion: str) -> Chart:
    """How many points of probability each cue adds to an emotion (to the right) or takes from it (to the left)."""
    data = pd.DataFrame(
        {
            "cue": [titles[cue] for cue in cues],
            "points": [100 * float(value) for value in cues.values()],
        }
    )
    data["text"] = [f"{points:+.0f}" for points in data["points"]]
    data["side"] = np.where(data["points"] >= 0, f"for {emotion}", f"against {emotion}")
    reach = max(10.0, float(data["points"].abs().max())) * 1.25
    y = alt.Y(
        "cue:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=180)
    )
    x = alt.X(
        "points:Q",
        title=f"Points of probability for {emotion}",
        scale=alt.Scale(domain=[-reach, reach]),
        axis=alt.Axis(tickCount=5),
    )
    colour = alt.Color(
        "side:N",
        scale=alt.Scale(domain=[f"for {emotion}", f"against {emotion}"], range=[FIRST, SECOND]),
        legend=None,
    )
    tooltip = [
        alt.Tooltip("cue:N", title="Cue"),
        alt.Tooltip("side:N", title="Speaks"),
        alt.Tooltip("points:Q", title="Points", format="+.1f"),
    ]
    base = alt.Chart(data).encode(x=x, y=y)
    bars = base.mark_bar(stroke=INK, strokeWidth=0.5).encode(color=colour, tooltip=tooltip)
    right = (
        base.mark_text(align="left", dx=6, color=INK)
        .encode(text="text:N")
        .transform_filter("datum.points >= 0")
    )
    left = (
        base.mark_text(align="right", dx=-6, color=INK)
        .encode(text="text:N")
        .transform_filter("datum.points < 0")
    )
    return (bars + right + left).properties(height=30 * len(data) + AXIS)


def moments(
    spans: Sequence[tuple[float, float]],
    shares: Sequence[float],
    emotion: str,
    within: tuple[float, float],
) -> Chart:
    """How many points of probability an emotion loses when a moment is silenced, over the time `within` which the clip was looked at.

    Moments overlap: each is drawn over the time that is nearest to its middle. Below 0, the emotion would be likelier without it.
    """
    middles = [(start + end) / 2 for start, end in spans]
    edges = [
        spans[0][0],
        *((before + after) / 2 for before, after in itertools.pairwise(middles)),
        spans[-1][1],
    ]
    data = pd.DataFrame(
        {"left": edges[:-1], "right": edges[1:], "points": [100 * float(share) for share in shares]}
    )
    data["zero"] = 0.0
    data["silenced"] = [f"{start:.1f} to {end:.1f} s" for start, end in spans]
    data["side"] = np.where(data["points"] >= 0, "for", "against")
    colour = alt.Color(
        "side:N", scale=alt.Scale(domain=["for", "against"], range=[FIRST, SECOND]), legend=None
    )
    return (
        alt.Chart(data)
        .mark_rect(stroke=INK, strokeWidth=0.5)
        .encode(
            x=alt.X("left:Q", title="Time (s)", scale=alt.Scale(domain=list(within), nice=False)),
            x2="right:Q",
            y=alt.Y("points:Q", title=["Points lost", "without it"], axis=alt.Axis(tickCount=4)),
            y2="zero:Q",
            color=colour,
            tooltip=[
                alt.Tooltip("silenced:N", title="Silenced"),
                alt.Tooltip("points:Q", title=f"Points of {emotion} lost", format="+.1f"),
            ],
        )
        .properties(height=120 + AXIS)
    )


STRETCH = "stretch"
"""The name of the timeline's selection: the stretch that was clicked."""


def timeline(
    probabilities: Sequence[Mapping[str, float]],
    spans: Sequence[tuple[float, float]],
    gaps: Sequence[tuple[float, float]],
) -> Chart:
    """How likely each emotion is over the time of a long recording; a click on a column selects its stretch.

    Each of the (overlapping) stretches is drawn over the time that is nearest to its middle; a grey strip above marks `gaps` without speech.
    """
    middles = [(start + end) / 2 for start, end in spans]
    edges = [
        spans[0][0],
        *((before + after) / 2 for before, after in itertools.pairwise(middles)),
        spans[-1][1],
    ]
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
        for label, name in zip(labels, display_names(labels), strict=True)
    ]
    y = alt.Y(
        "label:N",
        sort=display_names(labels),
        title=None,
        axis=alt.Axis(ticks=False, domain=False, labelLimit=160, labelPadding=12),
    )
    picked = alt.selection_point(name=STRETCH, fields=["number"], on="click", empty=False)
    cells = (
        alt.Chart(pd.DataFrame(rows))
        .mark_rect(stroke=INK)
        .encode(
            x=alt.X("left:Q", title="Time (s)", scale=alt.Scale(nice=False, zero=True)),
            x2="right:Q",
            y=y,
            color=alt.Color(
                "share:Q",
                title="Probability",
                scale=alt.Scale(scheme="blues", domain=[0, 1]),
                legend=alt.Legend(format=".0%"),
            ),
            strokeWidth=alt.condition(picked, alt.value(2), alt.value(0)),
            tooltip=[
                alt.Tooltip("from:N", title="Stretch"),
                alt.Tooltip("label:N", title="Emotion"),
                alt.Tooltip("share:Q", title="Probability", format=".0%"),
            ],
        )
        .add_params(picked)
    )
    silent = alt.Chart(pd.DataFrame(list(gaps), columns=["left", "right"])).mark_rect(color=INK)
    strip = silent.encode(
        x="left:Q", x2="right:Q", y=alt.value(-10), y2=alt.value(-3)
    )  # above the cells, not over them: those take the clicks
    return (cells + strip).properties(height=24 * len(labels) + AXIS)
