"""Charts over frequency and over time: the average spectrum and pitch contour of emotions, the spectrogram and pitch of one clip."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core.charts.style import AXIS, FIRST, INK, MARK, Chart, group_dash, label_colour
from ser_core.emotions import display_name
from ser_core.features.intonation import Melody
from ser_core.features.spectrogram import RANGE_DB, Spectrogram
from ser_core.features.spectrum import hz_to_mel

_RECORDING = "recording"
_TICKS_HZ = [100, 200, 500, 1000, 2000, 4000, 7000]
_RAMP = [
    "#000004",
    "#2c115f",
    "#721f81",
    "#b73779",
    "#f1605d",
    "#feb078",
    "#fcfdbf",
]  # magma, even in lightness
_HEIGHT = 340


def _frequency(axis: str) -> alt.X:
    """Hz on a logarithmic scale, or spaced by mel and named in Hz."""
    if axis == "hz":
        scale = alt.Scale(type="log", domain=[120, 7300], nice=False)
        return alt.X(
            "frequency_hz:Q",
            title="Frequency (Hz)",
            scale=scale,
            axis=alt.Axis(values=_TICKS_HZ, format=",d"),
        )
    scale = alt.Scale(domain=[0, float(hz_to_mel(np.array(8000.0)))], nice=False)
    return alt.X(
        "mel:Q",
        title="Frequency (Hz, spaced by mel as the ear hears)",
        scale=scale,
        axis=_mel_axis(_TICKS_HZ),
    )


def _mel_axis(hertz: Sequence[float]) -> alt.Axis:
    """An axis in mel whose ticks are named in Hz."""
    at = [round(float(mel), 3) for mel in hz_to_mel(np.array(hertz, dtype=float))]
    names = json.dumps(
        {f"{mel:.3f}": f"{value:,.0f}" for mel, value in zip(at, hertz, strict=True)}
    )
    return alt.Axis(values=at, labelExpr=f"{names}[format(datum.value, '.3f')]")


def mel_spectrum(
    bands: pd.DataFrame, labels: Sequence[str], groups: Sequence[str] = ("",), axis: str = "hz"
) -> Chart:
    """The average mel spectrum per emotion and group, with the middle half of the clips as a band.

    Parameters
    ----------
    bands : DataFrame
        As `exploration.mel_spectrum` gives it; rows whose emotion is "recording" are drawn as the current recording.
    labels, groups : sequences of str
        The emotions and the groups, in order.
    axis : str
        "hz" (logarithmic) or "mel".
    """
    title = "Level, against the other bands (dB)"
    tooltip = [
        alt.Tooltip("frequency_hz:Q", title="Hz", format=",.0f"),
        alt.Tooltip("mean:Q", title="dB", format=".1f"),
    ]
    return _curves(bands, labels, groups, _frequency(axis), title, tooltip)


def pitch_contour(
    contours: pd.DataFrame,
    labels: Sequence[str],
    groups: Sequence[str] = ("",),
    scale: str = "semitones",
) -> Chart:
    """The average pitch over normalised time per emotion and group, with its 95% band over speakers; `contours` is as `contours.average` gives it."""
    title = "F0 against the speaker's median (semitones)" if scale == "semitones" else "F0 (Hz)"
    x = alt.X(
        "time:Q",
        title="Time from the first to the last voiced sound (%)",
        scale=alt.Scale(domain=[0, 100]),
        axis=alt.Axis(tickCount=5),
    )
    tooltip = [
        alt.Tooltip("time:Q", title="Time (%)", format=".0f"),
        alt.Tooltip("mean:Q", title="F0", format=".1f"),
        alt.Tooltip("low:Q", title="95% from", format=".1f"),
        alt.Tooltip("high:Q", title="to", format=".1f"),
        alt.Tooltip("speakers:Q", title="Speakers"),
    ]
    return _curves(contours, labels, groups, x, title, tooltip)


def _curves(
    rows: pd.DataFrame,
    labels: Sequence[str],
    groups: Sequence[str],
    x: alt.X,
    title: str,
    tooltip: list[alt.Tooltip],
) -> Chart:
    """A line with a band for each emotion and group, and the recording's own line."""
    data = rows[rows["emotion"] != _RECORDING].assign(
        label=lambda own: own["emotion"].map(display_name)
    )
    y: dict[str, Any] = {"title": title, "scale": alt.Scale(zero=False)}
    said = [
        alt.Tooltip("label:N", title="Emotion"),
        *([alt.Tooltip("group:N", title="Group")] if list(groups) != [""] else []),
        *tooltip,
    ]
    colour = label_colour(
        labels, alt.Legend(orient="top", labelLimit=160, symbolOpacity=1, columns=4)
    )  # one for both layers, or the legend is lost
    kinds = ["label:N", "group:N"]
    area = (
        alt.Chart(data)
        .mark_area(opacity=0.14)
        .encode(x=x, y=alt.Y("low:Q", **y), y2="high:Q", color=colour, detail=kinds)
    )
    line = alt.Chart(data).mark_line(strokeWidth=2.5)
    line = line.encode(
        x=x,
        y=alt.Y("mean:Q", **y),
        color=colour,
        detail=kinds,
        strokeDash=group_dash(groups),
        tooltip=said,
    )
    own = rows[rows["emotion"] == _RECORDING].assign(label="Your recording")
    mark = alt.Chart(own).mark_line(strokeWidth=3.5, color=MARK, strokeDash=[6, 3])
    mine = (
        [
            mark.encode(
                x=x,
                y=alt.Y("mean:Q", **y),
                tooltip=[alt.Tooltip("label:N", title=" "), *tooltip[:2]],
            )
        ]
        if len(own)
        else []
    )
    return alt.layer(area, line, *mine).properties(
        height=_HEIGHT + AXIS + (30 if len(groups) > 1 else 0)
    )


def spectrum_difference(
    bands: pd.DataFrame, first: str, second: str, groups: Sequence[str] = ("",), axis: str = "hz"
) -> Chart:
    """By how many dB each band is stronger in the first emotion, with its interval; `bands` is as `exploration.spectrum_difference` gives it."""
    tooltip = [alt.Tooltip("frequency_hz:Q", title="Hz", format=",.0f")]
    return _difference(bands, [f"{first} less {second}", "(dB)"], _frequency(axis), groups, tooltip)


def contour_difference(
    rows: pd.DataFrame,
    first: str,
    second: str,
    groups: Sequence[str] = ("",),
    scale: str = "semitones",
) -> Chart:
    """By how much the pitch of the first emotion lies above that of the second over time; `rows` is as `contours.difference` gives it."""
    x = alt.X(
        "time:Q",
        title="Time from the first to the last voiced sound (%)",
        scale=alt.Scale(domain=[0, 100]),
        axis=alt.Axis(tickCount=5),
    )
    unit = "(semitones)" if scale == "semitones" else "(Hz)"
    return _difference(
        rows,
        [f"{first} less {second}", unit],
        x,
        groups,
        [alt.Tooltip("time:Q", title="Time (%)", format=".0f")],
    )


def _difference(
    rows: pd.DataFrame,
    title: list[str],
    x: alt.X,
    groups: Sequence[str],
    tooltip: list[alt.Tooltip],
) -> Chart:
    figures = (("mean", "Difference"), ("low", "95% from"), ("high", "to"))
    said = [
        *tooltip,
        *(alt.Tooltip(f"{name}:Q", title=shown, format="+.1f") for name, shown in figures),
        alt.Tooltip("speakers:Q", title="Speakers"),
    ]
    base = alt.Chart(rows).encode(x=x, detail="group:N")
    area = base.mark_area(color=FIRST).encode(
        y=alt.Y("low:Q", title=title), y2="high:Q", opacity=alt.value(0.22)
    )
    line = base.mark_line(strokeWidth=2.5, color=FIRST).encode(
        y=alt.Y("mean:Q", title=title), strokeDash=group_dash(groups), tooltip=said
    )
    zero = (
        alt.Chart(pd.DataFrame({"mean": [0.0]}))
        .mark_rule(strokeDash=[4, 4], color=INK)
        .encode(y="mean:Q")
    )
    return alt.layer(area, line, zero).properties(
        height=200 + AXIS + (30 if len(groups) > 1 else 0)
    )


def spectrogram(found: Spectrogram) -> Chart:
    """A clip's spectrogram: time in s, frequency in Hz, level in dB below the loudest; linear or spaced by mel as `found` is."""
    top = float(found.frequencies_hz[-1])
    ticks = [0, 500, 1000, 2000, 4000, 8000] if found.is_mel else [0, 2000, 4000, 6000, 8000]
    high = float(hz_to_mel(np.array(top))) if found.is_mel else top
    axis = _mel_axis(ticks) if found.is_mel else alt.Axis(values=ticks, format=",d")
    place = pd.DataFrame(
        {
            "url": [_picture(found.levels_db)],
            "start": [0.0],
            "end": [found.seconds],
            "bottom": [0.0],
            "top": [high],
        }
    )
    x = alt.X("start:Q", title="Time (s)", scale=alt.Scale(domain=[0, found.seconds], nice=False))
    y = alt.Y(
        "bottom:Q", title="Frequency (Hz)", scale=alt.Scale(domain=[0, high], nice=False), axis=axis
    )
    image = (
        alt.Chart(place)
        .mark_image(aspect=False)
        .encode(x=x, x2="end:Q", y=y, y2="top:Q", url="url:N")
    )
    legend = alt.Legend(title="dB", gradientLength=160)
    scale = alt.Scale(
        domain=list(np.linspace(-RANGE_DB, 0, len(_RAMP))), range=_RAMP, interpolate="rgb"
    )
    ends = pd.DataFrame({"start": [0.0, 0.0], "bottom": [0.0, 0.0], "level": [-RANGE_DB, 0.0]})
    key = (
        alt.Chart(ends)
        .mark_point(opacity=0)
        .encode(x=x, y=y, color=alt.Color("level:Q", scale=scale, legend=legend))
    )
    return alt.layer(image, key).properties(height=220 + AXIS)


def _picture(levels: npt.NDArray[np.floating]) -> str:
    """Levels [frequencies, times] from -RANGE_DB to 0 as a PNG in a data URL, low frequencies at the bottom: thousands of rectangles are too slow."""
    anchors = np.array(
        [[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in _RAMP], dtype=float
    )
    position = np.clip(levels[::-1] / RANGE_DB + 1, 0, 1)
    pixels = np.stack(
        [
            np.interp(position, np.linspace(0, 1, len(anchors)), anchors[:, part])
            for part in range(3)
        ],
        axis=-1,
    )
    height, width = position.shape
    lines = np.concatenate(
        [
            np.zeros((height, 1), np.uint8),
            pixels.round().astype(np.uint8).reshape(height, 3 * width),
        ],
        axis=1,
    )
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines.tobytes(), 6)),
        (b"IEND", b""),
    )
    chunks = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return f"data:image/png;base64,{base64.b64encode(bytes((137, 80, 78, 71, 13, 10, 26, 10)) + chunks).decode()}"


def melody(sung: Melody, seconds: float) -> Chart:
    """The F0 of a clip's voiced frames over its time, in Hz."""
    data = pd.DataFrame({"seconds": sung.seconds, "f0": sung.f0_hz})
    x = alt.X("seconds:Q", title="Time (s)", scale=alt.Scale(domain=[0, seconds], nice=False))
    y = alt.Y(
        "f0:Q", title="F0 (Hz)", scale=alt.Scale(zero=False, padding=8), axis=alt.Axis(tickCount=5)
    )
    tooltip = [
        alt.Tooltip("seconds:Q", title="s", format=".2f"),
        alt.Tooltip("f0:Q", title="Hz", format=".0f"),
    ]
    return (
        alt.Chart(data)
        .mark_point(filled=True, size=16, color=MARK, opacity=1)
        .encode(x=x, y=y, tooltip=tooltip)
        .properties(height=120 + AXIS)
    )


def stored_contour(f0_hz: npt.NDArray[np.floating]) -> Chart:
    """The stored contour of a clip that cannot be heard here: F0 in Hz over normalised time."""
    data = pd.DataFrame({"time": np.linspace(0, 100, len(f0_hz)), "f0": f0_hz})
    x = alt.X(
        "time:Q",
        title="Time from the first to the last voiced sound (%)",
        scale=alt.Scale(domain=[0, 100]),
        axis=alt.Axis(tickCount=5),
    )
    y = alt.Y(
        "f0:Q", title="F0 (Hz)", scale=alt.Scale(zero=False, padding=8), axis=alt.Axis(tickCount=5)
    )
    return (
        alt.Chart(data)
        .mark_line(strokeWidth=2.5, color=MARK, point={"color": MARK, "filled": True})
        .encode(x=x, y=y)
        .properties(height=120 + AXIS)
    )
