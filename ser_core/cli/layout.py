"""Tables and sentences as text: in columns of spaces for the terminal, or as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ser_core.evaluation import Interval

Cells = Sequence[str]
Rows = Sequence[Cells]


class Section(NamedTuple):
    """A table under its title; of Markdown's columns the first `n_names` hold words, the others figures."""

    title: str
    header: Cells
    rows: Rows
    n_names: int = 2


Part = Section | str
"""A part of a report: a section, or a sentence."""


def to_text(parts: Iterable[Part]) -> str:
    """Return a report for the terminal."""
    return "\n".join(
        f"{part}\n" if isinstance(part, str) else f"{part.title}\n\n{align(part.header, part.rows)}"
        for part in parts
    )


def to_markdown(parts: Iterable[Part]) -> str:
    """Return a report as Markdown, with a heading above each table."""
    return "\n".join(
        f"{part}\n"
        if isinstance(part, str)
        else f"## {part.title}\n\n{markdown_table(part.header, part.rows, part.n_names)}"
        for part in parts
    )


def align(header: Cells, rows: Rows) -> str:
    """Return a table in columns of spaces.

    Examples
    --------
    >>> print(align(("clip", "s"), [("long name", "3"), ("b", "12")]), end="")
    clip       s
    long name  3
    b          12
    """
    lines = [[escape_unprintable(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join("  ".join(map(str.ljust, line, widths)).rstrip() + "\n" for line in lines)


def markdown_table(header: Cells, rows: Rows, n_names: int = 2) -> str:
    """Return a Markdown table; the first `n_names` columns hold words, the others figures.

    Examples
    --------
    >>> print(markdown_table(("clip", "s"), [("a", "3")], n_names=1), end="")
    | clip | s |
    | --- | ---: |
    | a | 3 |
    """
    rule = ["---"] * n_names + ["---:"] * (len(header) - n_names)
    return "".join("| " + " | ".join(line) + " |\n" for line in (header, rule, *rows))


def format_interval(interval: Interval) -> str:
    """Return a share with its 95% interval in percent.

    Examples
    --------
    >>> format_interval(Interval(0.5, 0.4, 0.62))
    '50.0 [40.0, 62.0]'
    """
    if math.isnan(interval.low):
        return f"{100 * interval.value:.1f} [unknown]"
    return f"{100 * interval.value:.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def format_percent(share: float | None) -> str:
    """Return a share in percent; nothing for what is not known.

    Examples
    --------
    >>> format_percent(0.25), format_percent(None)
    ('25.0', '')
    """
    return "" if share is None or math.isnan(share) else f"{100 * share:.1f}"


def escape_unprintable(text: str) -> str:
    """Return the text with every character escaped that is not for reading.

    Else the name of a file could clear the terminal, or turn its letters around.

    Examples
    --------
    >>> escape_unprintable("a\\x1b[2J b.wav")
    'a\\\\x1b[2J b.wav'
    """
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
