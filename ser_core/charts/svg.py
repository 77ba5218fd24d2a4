"""A chart as a file."""

from __future__ import annotations

import io

import altair as alt

from ser_core.charts.style import Chart

_WIDTH = 760
_PADDING = (
    30  # pixels: whoever opens the file may have a wider font than the one that was measured with
)


def to_svg(chart: Chart, title: str, width: int = _WIDTH) -> bytes:
    """The chart under a title as an SVG file, `width` pixels of plot wide; drawn by Vega itself, without a browser or the network.

    The same that a page shows, in Vega's own light theme.
    """
    file = io.StringIO()
    # On a page Streamlit carries the data; a file holds them all, however many rows there are.
    with alt.data_transformers.enable("default", max_rows=None):
        chart.properties(width=width, title=title, padding=_PADDING).save(file, format="svg")
    return file.getvalue().encode()
