"""Charts that compare models, and the conditions under which one is tested.

Conventions: scores are shares from 0 to 1 unless a docstring says percent. A model is named by its title.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from ser_core.charts.style import (
    AXIS,
    FIRST,
    INK,
    LEGEND_ENTRY,
    SECOND,
    Chart,
    dashed_line,
    display_names,
    interval_tooltips,
    percent_axis,
    row_axis,
    share_colour,
    share_ink,
    tooltips,
)

_PROTOCOLS = {
    "unseen_speakers": ("Unseen voices", "#0072B2", "circle"),
    "corpus_left_out": ("Corpus left out", "#009E73", "square"),
    "random_split": ("Random split (optimistic)", "#E69F00", "diamond"),
}
"""Title, colour and shape of each protocol on the leaderboard."""

_TWO_LINES = "split(datum.label, ', ')"
"""Titles break at the comma, so that the points have room in a narrow window."""
_UAR_TITLE = "Recognised on average (UAR)"


# ----------------------------------------------------------------------------------- leaderboard


def leaderboard(table: pd.DataFrame, references: pd.DataFrame) -> Chart:
    """The UAR of each model under each protocol with its 95% interval, and that of people and of guessing.

    Parameters
    ----------
    table : DataFrame
        As `evaluation.leaderboard.rank_with_costs` gives it.
    references : DataFrame
        As `evaluation.leaderboard.reference_rows` gives it. The last row, guessing, is drawn as a line as
        well.

    Returns
    -------
    Chart
        A row for each model and reference.
    """
    order = [*table["title"], *references["title"]]
    protocols = [name for name in _PROTOCOLS if _was_measured(table, name)]
    y = row_axis(
        order,
        "title",
        labelExpr=_TWO_LINES,
        labelLimit=170,
        labelOverlap=False,
        grid=True,
        gridOpacity=0.3,
    )
    spans, points = _model_layers(table, protocols, y)
    guess, reference_points, reference_spans = _reference_layers(references, y)
    layers = (guess, spans, points, reference_points, reference_spans)
    height = 42 * len(order) + AXIS + LEGEND_ENTRY * len(protocols)
    return alt.layer(*layers).properties(height=height)


def _was_measured(table: pd.DataFrame, protocol: str) -> bool:
    column = f"{protocol}_uar"
    return column in table and bool(table[column].notna().any())


def _model_layers(
    table: pd.DataFrame, protocols: Sequence[str], y: alt.Y
) -> tuple[alt.Chart, alt.Chart]:
    """The intervals and the points of the models."""
    data = _by_protocol(table, protocols)
    titles = [_PROTOCOLS[name][0] for name in protocols]
    colours = alt.Scale(domain=titles, range=[_PROTOCOLS[name][1] for name in protocols])
    shapes = alt.Scale(domain=titles, range=[_PROTOCOLS[name][2] for name in protocols])
    # The legend's entries stand below each other, so that they have room in a narrow window.
    legend = alt.Legend(orient="top", direction="vertical", title=None, symbolOpacity=1)
    colour = alt.Color("protocol:N", scale=colours, legend=legend)
    shape = alt.Shape("protocol:N", scale=shapes, legend=legend)
    tooltip = [
        *tooltips({"title:N": "Model", "protocol:N": "Tested on"}),
        *tooltips({"uar:Q": "UAR"}, ".1%"),
        *interval_tooltips(".1%"),
    ]
    base = alt.Chart(data)
    spans = base.mark_rule(strokeWidth=3, opacity=0.5)
    spans = spans.encode(x=alt.X("low:Q"), x2="high:Q", y=y, color=colour)
    points = base.mark_point(filled=True, size=110, opacity=1)
    x = percent_axis(_UAR_TITLE, "uar")
    return spans, points.encode(x=x, y=y, color=colour, shape=shape, tooltip=tooltip)


def _by_protocol(table: pd.DataFrame, protocols: Sequence[str]) -> pd.DataFrame:
    """A row per model and protocol that it was tested under; an interval may be unknown."""
    parts = [
        table.assign(
            protocol=_PROTOCOLS[name][0],
            uar=table[f"{name}_uar"],
            low=table[f"{name}_uar_low"],
            high=table[f"{name}_uar_high"],
        )
        for name in protocols
    ]
    rows = pd.concat(parts)[["title", "protocol", "uar", "low", "high"]]
    return rows.dropna(subset="uar")


def _reference_layers(references: pd.DataFrame, y: alt.Y) -> tuple[alt.Chart, alt.Chart, alt.Chart]:
    """The line of guessing, and the points and the intervals of all references."""
    names = {f"unseen_speakers_{name}": name for name in ("uar", "uar_low", "uar_high")}
    data = references.rename(columns=names).reindex(columns=["title", *names.values()])
    tooltip = [*tooltips({"title:N": "Model"}), *tooltips({"uar:Q": "UAR"}, ".1%")]
    interval = interval_tooltips(".1%", "uar_low", "uar_high")
    guess = dashed_line(data.iloc[-1:], x="uar:Q", tooltip="title:N")
    points = alt.Chart(data).mark_point(shape="cross", filled=True, size=140, opacity=1, color=INK)
    spans = alt.Chart(data.dropna()).mark_rule(strokeWidth=3, opacity=0.5, color=INK)
    return (
        guess,
        points.encode(x="uar:Q", y=y, tooltip=tooltip),
        spans.encode(x="uar_low:Q", x2="uar_high:Q", y=y, tooltip=[*tooltip, *interval]),
    )


# ---------------------------------------------------------------------- two models, all models


def two_recalls(recalls: pd.DataFrame, first: str, second: str) -> Chart:
    """The share of each label's clips that two models recognise, joined by a line.

    Parameters
    ----------
    recalls : DataFrame
        With the columns label, first and second.
    first, second : str
        The titles of the models.

    Returns
    -------
    Chart
        A row for each label.
    """
    data = recalls.assign(label=display_names(recalls["label"]))
    titles = {"first": first, "second": second}
    by_model = data.melt("label", var_name="model", value_name="share")
    by_model = by_model.replace({"model": titles})
    y = row_axis(list(data["label"]), labelLimit=160, grid=True, gridOpacity=0.3)
    legend = alt.Legend(orient="top", direction="vertical", title=None, labelLimit=300)
    names = list(titles.values())
    colours = alt.Scale(domain=names, range=[FIRST, SECOND])
    shapes = alt.Scale(domain=names, range=["circle", "diamond"])
    tooltip = [
        *tooltips({"model:N": "Model", "label:N": "Label"}),
        *tooltips({"share:Q": "Recognised"}, ".1%"),
    ]
    gaps = alt.Chart(data).mark_rule(strokeWidth=3, opacity=0.4, color=INK)
    gaps = gaps.encode(x=alt.X("first:Q"), x2="second:Q", y=y)
    points = alt.Chart(by_model).mark_point(filled=True, size=120, opacity=1)
    points = points.encode(
        x=percent_axis("Share recognised (recall)"),
        y=y,
        color=alt.Color("model:N", scale=colours, legend=legend),
        shape=alt.Shape("model:N", scale=shapes, legend=legend),
        tooltip=tooltip,
    )
    return (gaps + points).properties(height=34 * len(data) + AXIS + 2 * LEGEND_ENTRY)


def model_probabilities(
    probabilities: Mapping[str, Mapping[str, float]], labels: Sequence[str]
) -> Chart:
    """The probability that each model gives each label of one clip.

    Parameters
    ----------
    probabilities : mapping from str to mapping from str to float
        By the model's title, then by label.
    labels : sequence of str
        The labels in order.

    Returns
    -------
    Chart
        A row for each model, a column for each label.
    """
    columns = [label.capitalize() for label in labels]
    rows = [
        {
            "model": title,
            "label": column,
            "share": float(of_model[label]),
            "top": of_model[label] == max(of_model.values()),
        }
        for title, of_model in probabilities.items()
        for label, column in zip(labels, columns, strict=True)
    ]
    x_axis = alt.Axis(labelAngle=-40, orient="top", labelOverlap=False)
    y_axis = alt.Axis(labelExpr=_TWO_LINES, labelLimit=170, labelOverlap=False)
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("label:N", sort=columns, title=None, axis=x_axis),
        y=alt.Y("model:N", sort=list(probabilities), title=None, axis=y_axis),
    )
    tooltip = [
        *tooltips({"model:N": "Model", "label:N": "Label"}),
        *tooltips({"share:Q": "Probability"}, ".1%"),
    ]
    cells = base.mark_rect(stroke="white").encode(color=share_colour(), tooltip=tooltip)
    figures = base.mark_text().encode(
        text=alt.Text("share:Q", format=".0%"),
        color=share_ink(),
        opacity=alt.condition("datum.top || datum.share >= 0.1", alt.value(1), alt.value(0)),
    )
    return (cells + figures).properties(height=34 * len(probabilities) + 70)


def condition_bars(table: pd.DataFrame) -> Chart:
    """How much is recognised under each condition, compared with the first one, the clip as it is.

    Parameters
    ----------
    table : DataFrame
        With the columns condition, UAR and lost; the last two in percent.

    Returns
    -------
    Chart
        A bar for each condition.
    """
    data = pd.DataFrame(
        {
            "condition": table["condition"],
            "uar": table["UAR"].astype(float) / 100,
            "lost": table["lost"].astype(float),
        }
    )
    tooltip = [
        *tooltips({"condition:N": "Condition"}),
        *tooltips({"uar:Q": "UAR"}, ".1%"),
        *tooltips({"lost:Q": "Points lost"}, ".1f"),
    ]
    base = alt.Chart(data).encode(
        x=percent_axis(_UAR_TITLE, "uar"),
        y=row_axis(list(data["condition"]), "condition", labelLimit=200),
        tooltip=tooltip,
    )
    bars = base.mark_bar(color=FIRST, cornerRadiusEnd=3)
    figures = base.mark_text(align="right", dx=-6, color="white", fontWeight="bold")
    figures = figures.encode(text=alt.Text("uar:Q", format=".0%"))
    undisturbed = dashed_line(data.iloc[:1], x="uar:Q")
    return (bars + figures + undisturbed).properties(height=26 * len(data) + AXIS)
