"""A chart as an SVG file."""

from __future__ import annotations

import io

import altair as alt

from ser_core.charts.style import Chart

_WIDTH = 760  # pixels
_PADDING = 30  # pixels: the reader's font may be wider than the one that the text was measured with


def to_svg(chart: Chart, title: str, width: int = _WIDTH) -> bytes:
    """A chart under a title as an SVG file.

    Vega itself draws it in its light theme, without a browser or the network.

    Parameters
    ----------
    chart : Chart
        Any chart of this package.
    title : str
        The title above it.
    width : int
        Of the plot, in pixels.

    Returns
    -------
    bytes
        The file.
    """
    file = io.StringIO()
    # On a page Streamlit carries the data; a file holds them all, however many rows there are.
    with alt.data_transformers.enable("default", max_rows=None):
        chart.properties(width=width, title=title, padding=_PADDING).save(file, format="svg")
    return file.getvalue().encode()
