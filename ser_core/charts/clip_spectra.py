"""The spectrogram and the pitch of one clip.

Conventions: times are in s, frequencies and F0 in Hz, levels in dB below the loudest point.
"""

from __future__ import annotations

import base64
import struct
import zlib

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core.charts.spectra import mel_axis
from ser_core.charts.style import AXIS, MARK, Chart, normalised_time_axis, tooltips
from ser_core.features.intonation import Melody
from ser_core.features.spectrogram import RANGE_DB, Spectrogram
from ser_core.features.spectrum import hz_to_mel

_RAMP = ["#000004", "#2c115f", "#721f81", "#b73779", "#f1605d", "#feb078", "#fcfdbf"]
"""Magma: even in lightness."""
_TICKS_HZ = [0, 2000, 4000, 6000, 8000]
_MEL_TICKS_HZ = [0, 500, 1000, 2000, 4000, 8000]
_PNG_SIGNATURE = bytes((137, 80, 78, 71, 13, 10, 26, 10))


def spectrogram(levels: Spectrogram) -> Chart:
    """The spectrogram of a clip, as a picture: thousands of rectangles would be too slow.

    Parameters
    ----------
    levels : Spectrogram
        As `features.spectrogram.spectrogram` gives it, linear or spaced by mel.

    Returns
    -------
    Chart
        Time in s, frequency in Hz, and a legend of the levels in dB.
    """
    highest_hz = float(levels.frequencies_hz[-1])
    if levels.is_mel:
        top, axis = float(hz_to_mel(np.array(highest_hz))), mel_axis(_MEL_TICKS_HZ)
    else:
        top, axis = highest_hz, alt.Axis(values=_TICKS_HZ, format=",d")
    picture = pd.DataFrame(
        {
            "url": [_to_data_url(levels.levels_db)],
            "start": [0.0],
            "end": [levels.seconds],
            "bottom": [0.0],
            "top": [top],
        }
    )
    time = alt.Scale(domain=[0, levels.seconds], nice=False)
    frequency = alt.Scale(domain=[0, top], nice=False)
    x = alt.X("start:Q", title="Time (s)", scale=time)
    y = alt.Y("bottom:Q", title="Frequency (Hz)", scale=frequency, axis=axis)
    image = alt.Chart(picture).mark_image(aspect=False)
    image = image.encode(x=x, x2="end:Q", y=y, y2="top:Q", url="url:N")
    return alt.layer(image, _level_legend(x, y)).properties(height=220 + AXIS)


def _level_legend(x: alt.X, y: alt.Y) -> alt.Chart:
    """Two invisible points, whose colours make the legend of a picture."""
    ends = pd.DataFrame({"start": [0.0, 0.0], "bottom": [0.0, 0.0], "level": [-RANGE_DB, 0.0]})
    domain = list(np.linspace(-RANGE_DB, 0, len(_RAMP)))
    scale = alt.Scale(domain=domain, range=_RAMP, interpolate="rgb")
    legend = alt.Legend(title="dB", gradientLength=160)
    colour = alt.Color("level:Q", scale=scale, legend=legend)
    return alt.Chart(ends).mark_point(opacity=0).encode(x=x, y=y, color=colour)


def _to_data_url(levels: npt.NDArray[np.floating]) -> str:
    """Levels [frequencies, times] from -RANGE_DB to 0 as a PNG in a data URL, low frequencies below."""
    channels = [[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in _RAMP]
    anchors = np.array(channels, dtype=float)
    places = np.linspace(0, 1, len(anchors))
    position = np.clip(levels[::-1] / RANGE_DB + 1, 0, 1)
    pixels = np.stack(
        [np.interp(position, places, anchors[:, channel]) for channel in range(3)], axis=-1
    )
    png = base64.b64encode(_to_png(pixels.round().astype(np.uint8)))
    return f"data:image/png;base64,{png.decode()}"


def _to_png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Pixels [height, width, 3] as a PNG file."""
    height, width, _ = pixels.shape
    filters = np.zeros((height, 1), np.uint8)  # one byte before each line: no filter
    lines = np.concatenate([filters, pixels.reshape(height, 3 * width)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(lines.tobytes(), 6)
    parts = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return _PNG_SIGNATURE + b"".join(_png_chunk(kind, part) for kind, part in parts)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def melody(track: Melody, seconds: float) -> Chart:
    """The F0 of a clip's voiced frames over its time.

    Parameters
    ----------
    track : Melody
        As `intonation.track_melody` gives it.
    seconds : float
        The length of the clip.

    Returns
    -------
    Chart
        Points in Hz over the time in s.
    """
    data = pd.DataFrame({"seconds": track.seconds, "f0": track.f0_hz})
    scale = alt.Scale(domain=[0, seconds], nice=False)
    x = alt.X("seconds:Q", title="Time (s)", scale=scale)
    tooltip = [*tooltips({"seconds:Q": "s"}, ".2f"), *tooltips({"f0:Q": "Hz"}, ".0f")]
    points = alt.Chart(data).mark_point(filled=True, size=16, color=MARK, opacity=1)
    return points.encode(x=x, y=_f0_axis(), tooltip=tooltip).properties(height=120 + AXIS)


def stored_contour(f0_hz: npt.NDArray[np.floating]) -> Chart:
    """The stored pitch contour of a clip whose audio is not at hand.

    Parameters
    ----------
    f0_hz : array [points]
        F0 at even steps of normalised time.

    Returns
    -------
    Chart
        A line in Hz over normalised time.
    """
    data = pd.DataFrame({"time": np.linspace(0, 100, len(f0_hz)), "f0": f0_hz})
    dots = {"color": MARK, "filled": True}
    line = alt.Chart(data).mark_line(strokeWidth=2.5, color=MARK, point=dots)
    return line.encode(x=normalised_time_axis(), y=_f0_axis()).properties(height=120 + AXIS)


def _f0_axis() -> alt.Y:
    scale = alt.Scale(zero=False, padding=8)
    return alt.Y("f0:Q", title="F0 (Hz)", scale=scale, axis=alt.Axis(tickCount=5))
