"""Charts of one clip: its waveform, the models' answer, the reasons for it, and the answer over time.

Conventions: probabilities are from 0 to 1, times in s. Points of probability are hundredths.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from ser_core.audio import Samples
from ser_core.charts.style import (
    AXIS,
    INK,
    MARK,
    Chart,
    display_names,
    label_colour,
    percent_axis,
    row_axis,
    tooltips,
    two_colours,
)
from ser_core.emotions import GENDERS

STRETCH = "stretch"
"""The name of the timeline's selection: the stretch that was clicked."""

_ENVELOPE_POINTS = 500
_LEAST_REACH = 10.0  # points of probability that the axis of cues shows at least


# --------------------------------------------------------------------------------- the answer


def probability_bars(
    probabilities: Mapping[str, float], without_baseline: Mapping[str, float] | None = None
) -> Chart:
    """The probability of each label as a horizontal bar from 0 to 100%, with its figure.

    Parameters
    ----------
    probabilities : mapping from str to float
        By label, in order.
    without_baseline : mapping from str to float, optional
        Other probabilities of the same labels, marked by a line across each bar.

    Returns
    -------
    Chart
        A bar for each label; genders have their shapes as well.
    """
    labels = list(probabilities)
    names = display_names(labels)
    shares = [float(value) for value in probabilities.values()]
    data = pd.DataFrame({"label": names, "share": shares})
    data["text"] = [f"{value:.0%}" for value in data["share"]]
    data["reach"] = data["share"]
    if without_baseline is not None:
        marked = [float(without_baseline[label]) for label in labels]
        data["reach"] = np.maximum(data["share"], marked)
    y = row_axis(names, labelLimit=160, labelPadding=12)
    label_tooltip = tooltips({"label:N": "Label"})
    tooltip = [*label_tooltip, *tooltips({"share:Q": "Probability"}, ".1%")]
    base = alt.Chart(data).encode(y=y, x=percent_axis("Probability"), tooltip=tooltip)
    bars = base.mark_bar(cornerRadiusEnd=3, stroke=INK, strokeWidth=0.5)
    figures = base.mark_text(align="left", dx=14, color=INK, fontWeight="bold")
    layers = bars.encode(color=label_colour(labels))
    # The figure stands behind the bar and behind the line across it.
    layers += figures.encode(text="text:N", x=percent_axis("Probability", "reach"))
    if tuple(labels) == GENDERS:
        layers += _gender_points(base)
    if without_baseline is not None:
        ticks = alt.Chart(pd.DataFrame({"label": names, "share": marked}))
        ticks = ticks.mark_tick(color=INK, thickness=3, size=20)
        tooltip = [*label_tooltip, *tooltips({"share:Q": "Without the baseline"}, ".1%")]
        layers += ticks.encode(y=y, x=percent_axis("Probability"), tooltip=tooltip)
    return layers.properties(height=24 * len(labels) + 20 + AXIS)


def _gender_points(base: alt.Chart) -> alt.Chart:
    scale = alt.Scale(domain=display_names(GENDERS), range=["square", "circle"])
    points = base.mark_point(filled=True, size=90, opacity=1, stroke=INK)
    shape = alt.Shape("label:N", scale=scale, legend=None)
    return points.encode(shape=shape, color=label_colour(GENDERS))


def waveform(samples: Samples, sample_rate: int) -> Chart:
    """The envelope of a clip over time: the lowest and highest sample of about 500 stretches.

    Parameters
    ----------
    samples : array of float32 [n]
        The clip.
    sample_rate : int
        In Hz.

    Returns
    -------
    Chart
        An area over the time in s.
    """
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
    scale = alt.Scale(domain=[-limit, limit])
    axis = alt.Axis(tickCount=3, format=".2~f")
    area = alt.Chart(data).mark_area(color=MARK, opacity=0.8)
    envelope = area.encode(
        x=alt.X("seconds:Q", title="Time (s)", scale=alt.Scale(nice=False)),
        y=alt.Y("low:Q", title="Amplitude", scale=scale, axis=axis),
        y2="high:Q",
    )
    return envelope.properties(height=150)


# -------------------------------------------------------------------------------- the reasons


def cue_bars(cues: Mapping[str, float], titles: Mapping[str, str], emotion: str) -> Chart:
    """How many points of probability each cue adds to an emotion (right) or takes from it (left).

    Parameters
    ----------
    cues : mapping from str to float
        The change of probability by cue.
    titles : mapping from str to str
        The cues' names for people.
    emotion : str
        The emotion, as people read it.

    Returns
    -------
    Chart
        A bar with its figure for each cue.
    """
    points = [100 * float(value) for value in cues.values()]
    data = pd.DataFrame({"cue": [titles[cue] for cue in cues], "points": points})
    data["text"] = [f"{value:+.0f}" for value in points]
    in_favour, against = f"for {emotion}", f"against {emotion}"
    data["side"] = np.where(data["points"] >= 0, in_favour, against)
    reach = max(_LEAST_REACH, float(data["points"].abs().max())) * 1.25
    x = alt.X(
        "points:Q",
        title=f"Points of probability for {emotion}",
        scale=alt.Scale(domain=[-reach, reach]),
        axis=alt.Axis(tickCount=5),
    )
    tooltip = [
        *tooltips({"cue:N": "Cue", "side:N": "Speaks"}),
        *tooltips({"points:Q": "Points"}, "+.1f"),
    ]
    base = alt.Chart(data).encode(x=x, y=row_axis(None, "cue", labelLimit=180))
    bars = base.mark_bar(stroke=INK, strokeWidth=0.5)
    bars = bars.encode(color=two_colours("side", in_favour, against), tooltip=tooltip)
    right = base.mark_text(align="left", dx=6, color=INK).encode(text="text:N")
    left = base.mark_text(align="right", dx=-6, color=INK).encode(text="text:N")
    right = right.transform_filter("datum.points >= 0")
    left = left.transform_filter("datum.points < 0")
    return (bars + right + left).properties(height=30 * len(data) + AXIS)


def moment_bars(
    spans: Sequence[tuple[float, float]],
    shares: Sequence[float],
    emotion: str,
    within: tuple[float, float],
) -> Chart:
    """How many points of probability an emotion loses when a moment is silenced.

    Moments overlap: each is drawn over the time that is nearest to its middle. Below 0, the emotion would be
    more likely without the moment.

    Parameters
    ----------
    spans : sequence of (float, float)
        Start and end of each moment in s.
    shares : sequence of float
        The loss of probability for each.
    emotion : str
        The emotion, as people read it.
    within : (float, float)
        The time in s that was analysed.

    Returns
    -------
    Chart
        A bar for each moment over the time in s.
    """
    edges = _edges(spans)
    points = [100 * float(share) for share in shares]
    data = pd.DataFrame({"left": edges[:-1], "right": edges[1:], "points": points})
    data["zero"] = 0.0
    data["silenced"] = [f"{start:.1f} to {end:.1f} s" for start, end in spans]
    data["side"] = np.where(data["points"] >= 0, "for", "against")
    scale = alt.Scale(domain=list(within), nice=False)
    title = ["Points lost", "without it"]
    tooltip = [
        *tooltips({"silenced:N": "Silenced"}),
        *tooltips({"points:Q": f"Points of {emotion} lost"}, "+.1f"),
    ]
    bars = alt.Chart(data).mark_rect(stroke=INK, strokeWidth=0.5)
    bars = bars.encode(
        x=alt.X("left:Q", title="Time (s)", scale=scale),
        x2="right:Q",
        y=alt.Y("points:Q", title=title, axis=alt.Axis(tickCount=4)),
        y2="zero:Q",
        color=two_colours("side", "for", "against"),
        tooltip=tooltip,
    )
    return bars.properties(height=120 + AXIS)


def _edges(spans: Sequence[tuple[float, float]]) -> list[float]:
    """The times between overlapping spans: halfway between their middles, and both ends."""
    middles = [(start + end) / 2 for start, end in spans]
    between = [(before + after) / 2 for before, after in itertools.pairwise(middles)]
    return [spans[0][0], *between, spans[-1][1]]


# ------------------------------------------------------------------------ the answer over time


def timeline(
    probabilities: Sequence[Mapping[str, float]],
    spans: Sequence[tuple[float, float]],
    gaps: Sequence[tuple[float, float]],
) -> Chart:
    """The probability of each emotion over the time of a long recording.

    A click on a column selects its stretch. Each of the overlapping stretches is drawn over the time that is
    nearest to its middle.

    Parameters
    ----------
    probabilities : sequence of mapping from str to float
        By stretch, then by label in order.
    spans : sequence of (float, float)
        Start and end of each stretch in s.
    gaps : sequence of (float, float)
        Start and end in s of the times without speech: a grey strip above.

    Returns
    -------
    Chart
        A row for each label, over the time in s.
    """
    labels = list(probabilities[0])
    picked = alt.selection_point(name=STRETCH, fields=["number"], on="click", empty=False)
    colour = alt.Color(
        "share:Q",
        title="Probability",
        scale=alt.Scale(scheme="blues", domain=[0, 1]),
        legend=alt.Legend(format=".0%"),
    )
    tooltip = [
        *tooltips({"from:N": "Stretch", "label:N": "Emotion"}),
        *tooltips({"share:Q": "Probability"}, ".0%"),
    ]
    cells = alt.Chart(_timeline_cells(probabilities, spans)).mark_rect(stroke=INK)
    cells = cells.encode(
        x=alt.X("left:Q", title="Time (s)", scale=alt.Scale(nice=False, zero=True)),
        x2="right:Q",
        y=row_axis(display_names(labels), labelLimit=160, labelPadding=12),
        color=colour,
        strokeWidth=alt.condition(picked, alt.value(2), alt.value(0)),
        tooltip=tooltip,
    )
    silent = alt.Chart(pd.DataFrame(list(gaps), columns=["left", "right"])).mark_rect(color=INK)
    # Above the cells, not over them: those take the clicks.
    strip = silent.encode(x="left:Q", x2="right:Q", y=alt.value(-10), y2=alt.value(-3))
    return (cells.add_params(picked) + strip).properties(height=24 * len(labels) + AXIS)


def _timeline_cells(
    probabilities: Sequence[Mapping[str, float]], spans: Sequence[tuple[float, float]]
) -> pd.DataFrame:
    """A row for each stretch and label."""
    edges = _edges(spans)
    rows = []
    for number, (by_label, (start, end)) in enumerate(zip(probabilities, spans, strict=True)):
        for label, name in zip(by_label, display_names(by_label), strict=True):
            rows.append(
                {
                    "number": number,
                    "left": max(edges[number], start),
                    "right": min(edges[number + 1], end),
                    "from": f"{start:.0f} to {end:.0f} s",
                    "label": name,
                    "share": by_label[label],
                }
            )
    return pd.DataFrame(rows)
