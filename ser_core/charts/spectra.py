"""The average mel spectrum and the average pitch contour of emotions, and their differences.

Conventions: data frames have a row per point of a curve, with columns emotion, group, mean, low and high.
Levels are in dB, frequencies in Hz, normalised time is in percent.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from ser_core.charts.style import (
    AXIS,
    FIRST,
    MARK,
    Chart,
    dashed_line,
    group_dash,
    interval_tooltips,
    label_colour,
    normalised_time_axis,
    tooltips,
)
from ser_core.emotions import display_name
from ser_core.features.spectrum import hz_to_mel

_RECORDING = "recording"
_TICKS_HZ = [100, 200, 500, 1000, 2000, 4000, 7000]
_HEIGHT = 340
_DIFFERENCE_HEIGHT = 200
_LEGEND = 30  # the height of a legend of groups


def mel_axis(hertz: Sequence[float]) -> alt.Axis:
    """An axis in mel whose ticks are named in Hz."""
    ticks = [round(float(mel), 3) for mel in hz_to_mel(np.array(hertz, dtype=float))]
    names = {f"{mel:.3f}": f"{value:,.0f}" for mel, value in zip(ticks, hertz, strict=True)}
    return alt.Axis(values=ticks, labelExpr=f"{json.dumps(names)}[format(datum.value, '.3f')]")


def _frequency_axis(axis: str) -> alt.X:
    """Hz on a logarithmic scale ("hz"), or spaced by mel and named in Hz ("mel")."""
    if axis == "hz":
        scale = alt.Scale(type="log", domain=[120, 7300], nice=False)
        ticks = alt.Axis(values=_TICKS_HZ, format=",d")
        return alt.X("frequency_hz:Q", title="Frequency (Hz)", scale=scale, axis=ticks)
    title = "Frequency (Hz, spaced by mel as the ear hears)"
    scale = alt.Scale(domain=[0, float(hz_to_mel(np.array(8000.0)))], nice=False)
    return alt.X("mel:Q", title=title, scale=scale, axis=mel_axis(_TICKS_HZ))


def mel_spectrum(
    bands: pd.DataFrame, labels: Sequence[str], groups: Sequence[str] = ("",), axis: str = "hz"
) -> Chart:
    """The average mel spectrum per emotion and group, with the middle half of the clips as a band.

    Parameters
    ----------
    bands : DataFrame
        As `exploration.average_mel_spectra` gives it; rows with the emotion "recording" are the current
        recording.
    labels, groups : sequences of str
        The emotions and the groups, in order.
    axis : str
        "hz" (logarithmic) or "mel".

    Returns
    -------
    Chart
        A line with a band for each emotion and group.
    """
    title = "Level, against the other bands (dB)"
    tooltip = [*tooltips({"frequency_hz:Q": "Hz"}, ",.0f"), *tooltips({"mean:Q": "dB"}, ".1f")]
    return _curves(bands, labels, groups, _frequency_axis(axis), title, tooltip)


def pitch_contour(
    contours: pd.DataFrame,
    labels: Sequence[str],
    groups: Sequence[str] = ("",),
    scale: str = "semitones",
) -> Chart:
    """The average pitch over normalised time per emotion and group, with its 95% band over speakers.

    Parameters
    ----------
    contours : DataFrame
        As `contours.average_contours` gives it.
    labels, groups : sequences of str
        The emotions and the groups, in order.
    scale : str
        "semitones" (against the speaker's median) or "hz".

    Returns
    -------
    Chart
        A line with a band for each emotion and group.
    """
    title = "F0 against the speaker's median (semitones)" if scale == "semitones" else "F0 (Hz)"
    tooltip = [
        *tooltips({"time:Q": "Time (%)"}, ".0f"),
        *tooltips({"mean:Q": "F0"}, ".1f"),
        *interval_tooltips(".1f"),
        *tooltips({"speakers:Q": "Speakers"}),
    ]
    return _curves(contours, labels, groups, normalised_time_axis(), title, tooltip)


def _curves(
    rows: pd.DataFrame,
    labels: Sequence[str],
    groups: Sequence[str],
    x: alt.X,
    title: str,
    tooltip: list[alt.Tooltip],
) -> Chart:
    """A line with a band for each emotion and group, and the recording's own line."""
    is_recording = rows["emotion"] == _RECORDING
    data = rows[~is_recording]
    data = data.assign(label=data["emotion"].map(display_name))
    recording = rows[is_recording].assign(label="Your recording")
    scale = alt.Scale(zero=False)
    low = alt.Y("low:Q", title=title, scale=scale)
    mean = alt.Y("mean:Q", title=title, scale=scale)
    names = {"label:N": "Emotion"}
    if list(groups) != [""]:
        names["group:N"] = "Group"
    legend = alt.Legend(orient="top", labelLimit=160, symbolOpacity=1, columns=4)
    # One colour for both layers, or the legend is lost.
    base = alt.Chart(data).encode(
        x=x, color=label_colour(labels, legend), detail=["label:N", "group:N"]
    )
    band = base.mark_area(opacity=0.14).encode(y=low, y2="high:Q")
    line = base.mark_line(strokeWidth=2.5)
    line = line.encode(y=mean, strokeDash=group_dash(groups), tooltip=[*tooltips(names), *tooltip])
    layers = [band, line]
    if len(recording):
        own = alt.Chart(recording).mark_line(strokeWidth=3.5, color=MARK, strokeDash=[6, 3])
        own_tooltip = [*tooltips({"label:N": " "}), *tooltip[:2]]
        layers.append(own.encode(x=x, y=mean, tooltip=own_tooltip))
    return alt.layer(*layers).properties(height=_HEIGHT + AXIS + _legend_height(groups))


def _legend_height(groups: Sequence[str]) -> int:
    return _LEGEND if len(groups) > 1 else 0


def spectrum_difference(
    bands: pd.DataFrame, first: str, second: str, groups: Sequence[str] = ("",), axis: str = "hz"
) -> Chart:
    """By how many dB each band is stronger in the first emotion, with its interval.

    Parameters
    ----------
    bands : DataFrame
        As `exploration.mel_spectrum_difference` gives it.
    first, second : str
        The two emotions, as people read them.
    groups : sequence of str
        The groups, in order.
    axis : str
        "hz" (logarithmic) or "mel".

    Returns
    -------
    Chart
        A line with a band for each group, and a line at 0.
    """
    tooltip = tooltips({"frequency_hz:Q": "Hz"}, ",.0f")
    title = [f"{first} less {second}", "(dB)"]
    return _difference(bands, title, _frequency_axis(axis), groups, tooltip)


def contour_difference(
    rows: pd.DataFrame,
    first: str,
    second: str,
    groups: Sequence[str] = ("",),
    scale: str = "semitones",
) -> Chart:
    """By how much the pitch of the first emotion lies above that of the second over normalised time.

    Parameters
    ----------
    rows : DataFrame
        As `contours.contour_difference` gives it.
    first, second : str
        The two emotions, as people read them.
    groups : sequence of str
        The groups, in order.
    scale : str
        "semitones" or "hz".

    Returns
    -------
    Chart
        A line with a band for each group, and a line at 0.
    """
    unit = "(semitones)" if scale == "semitones" else "(Hz)"
    tooltip = tooltips({"time:Q": "Time (%)"}, ".0f")
    title = [f"{first} less {second}", unit]
    return _difference(rows, title, normalised_time_axis(), groups, tooltip)


def _difference(
    rows: pd.DataFrame,
    title: list[str],
    x: alt.X,
    groups: Sequence[str],
    tooltip: list[alt.Tooltip],
) -> Chart:
    tooltip = [
        *tooltip,
        *tooltips({"mean:Q": "Difference"}, "+.1f"),
        *interval_tooltips("+.1f"),
        *tooltips({"speakers:Q": "Speakers"}),
    ]
    base = alt.Chart(rows).encode(x=x, detail="group:N")
    band = base.mark_area(color=FIRST)
    band = band.encode(y=alt.Y("low:Q", title=title), y2="high:Q", opacity=alt.value(0.22))
    line = base.mark_line(strokeWidth=2.5, color=FIRST)
    mean = alt.Y("mean:Q", title=title)
    line = line.encode(y=mean, strokeDash=group_dash(groups), tooltip=tooltip)
    zero = dashed_line(pd.DataFrame({"mean": [0.0]}), y="mean:Q")
    height = _DIFFERENCE_HEIGHT + AXIS + _legend_height(groups)
    return alt.layer(band, line, zero).properties(height=height)
