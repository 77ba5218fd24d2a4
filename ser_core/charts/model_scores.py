"""Charts of how good models are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from ser_core.charts.style import (
    AXIS,
    FIRST,
    INK,
    LEGEND_ENTRY,
    MARK,
    SECOND,
    Chart,
    display_names,
    label_colour,
    percent_axis,
)

_PROTOCOLS = {
    "unseen_speakers": ("Unseen voices", "#0072B2", "circle"),
    "corpus_left_out": ("Corpus left out", "#009E73", "square"),
    "random_split": ("Random split (optimistic)", "#E69F00", "diamond"),
}
"""Title, colour and shape of each protocol that the leaderboard shows."""


def leaderboard(table: pd.DataFrame, beside: pd.DataFrame) -> Chart:
    """Every model's UAR under each protocol it was tested under, with its 95% interval; below them what people and guessing reach.

    Parameters
    ----------
    table : DataFrame
        As `leaderboard.rank_with_costs` gives it.
    beside : DataFrame
        As `leaderboard.reference_rows` gives it. The last row, guessing, is drawn as a line as well.
    """
    order = [*table["title"], *beside["title"]]
    shown = [
        name for name in _PROTOCOLS if f"{name}_uar" in table and table[f"{name}_uar"].notna().any()
    ]
    protocols = [_PROTOCOLS[name][0] for name in shown]
    long = pd.concat(
        table.assign(
            protocol=_PROTOCOLS[name][0],
            uar=table[f"{name}_uar"],
            low=table[f"{name}_uar_low"],
            high=table[f"{name}_uar_high"],
        )
        for name in shown
    )[["title", "protocol", "uar", "low", "high"]].dropna(
        subset="uar"
    )  # an interval may be unknown
    # Names on two lines and the legend's entries below each other, so that the points have room in a narrow window.
    axis = alt.Axis(
        labelExpr="split(datum.label, ', ')",
        labelLimit=170,
        labelOverlap=False,
        ticks=False,
        domain=False,
        grid=True,
        gridOpacity=0.3,
    )
    y = alt.Y("title:N", sort=order, title=None, axis=axis)
    x = percent_axis("Recognised on average (UAR)", "uar")
    legend = alt.Legend(orient="top", direction="vertical", title=None, symbolOpacity=1)
    colour = alt.Color(
        "protocol:N",
        scale=alt.Scale(domain=protocols, range=[_PROTOCOLS[name][1] for name in shown]),
        legend=legend,
    )
    shape = alt.Shape(
        "protocol:N",
        scale=alt.Scale(domain=protocols, range=[_PROTOCOLS[name][2] for name in shown]),
        legend=legend,
    )
    tooltip = [
        alt.Tooltip("title:N", title="Model"),
        alt.Tooltip("protocol:N", title="Tested on"),
        alt.Tooltip("uar:Q", title="UAR", format=".1%"),
        alt.Tooltip("low:Q", title="95% from", format=".1%"),
        alt.Tooltip("high:Q", title="to", format=".1%"),
    ]
    span = (
        alt.Chart(long)
        .mark_rule(strokeWidth=3, opacity=0.5)
        .encode(x=alt.X("low:Q"), x2="high:Q", y=y, color=colour)
    )
    points = (
        alt.Chart(long)
        .mark_point(filled=True, size=110, opacity=1)
        .encode(x=x, y=y, color=colour, shape=shape, tooltip=tooltip)
    )
    names = {f"unseen_speakers_{name}": name for name in ("uar", "uar_low", "uar_high")}
    others = beside.rename(columns=names).reindex(columns=["title", *names.values()])
    known = [tooltip[0], alt.Tooltip("uar:Q", title="UAR", format=".1%")]
    with_interval = [
        *known,
        alt.Tooltip("uar_low:Q", title="95% from", format=".1%"),
        alt.Tooltip("uar_high:Q", title="to", format=".1%"),
    ]
    no_models = (
        alt.Chart(others)
        .mark_point(shape="cross", filled=True, size=140, opacity=1, color=INK)
        .encode(x="uar:Q", y=y, tooltip=known)
    )
    heard = alt.Chart(others.dropna()).mark_rule(strokeWidth=3, opacity=0.5, color=INK)
    other_spans = heard.encode(x="uar_low:Q", x2="uar_high:Q", y=y, tooltip=with_interval)
    guess = (
        alt.Chart(others.iloc[-1:])
        .mark_rule(strokeDash=[4, 4], color=INK)
        .encode(x="uar:Q", tooltip="title:N")
    )
    height = 42 * len(order) + AXIS + LEGEND_ENTRY * len(shown)
    return alt.layer(guess, span, points, no_models, other_spans).properties(height=height)


def reliability(bins: pd.DataFrame) -> Chart:
    """How often a model is right where it says how sure it is: on the diagonal where its probabilities can be believed.

    `bins` has the columns confidence, right and clips, as `evaluation.reliability` gives them.
    """
    x = percent_axis("How sure the model is", "confidence")
    axis = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1], grid=True, gridOpacity=0.4)
    y = alt.Y("right:Q", scale=alt.Scale(domain=[0, 1]), axis=axis, title="How often it is right")
    tooltip = [
        alt.Tooltip("confidence:Q", title="Sure, on average", format=".1%"),
        alt.Tooltip("right:Q", title="Right", format=".1%"),
        alt.Tooltip("clips:Q", title="Clips"),
    ]
    perfect = alt.Chart(pd.DataFrame({"confidence": [0.0, 1.0], "right": [0.0, 1.0]})).mark_line(
        strokeDash=[4, 4], color=INK
    )
    line = alt.Chart(bins).mark_line(color="#0072B2", strokeWidth=2)
    points = (
        alt.Chart(bins)
        .mark_point(filled=True, size=80, opacity=1, color="#0072B2")
        .encode(tooltip=tooltip)
    )
    return alt.layer(*(layer.encode(x=x, y=y) for layer in (perfect, line, points))).properties(
        height=260 + AXIS
    )


_LEAST_MATRIX = 240  # pixels: the names below the cells take their part of it

CELL = "cell"
"""The name of the confusion matrix's selection: the cell that was clicked."""


def confusion_matrix(counts: np.ndarray, labels: Sequence[str], as_counts: bool = False) -> Chart:
    """Which emotion was taken for which: rows are what was meant, columns what the model said.

    The figures are shares of the row or, asked for so, counts of clips; the colours are of the shares.
    """
    names = [
        label.capitalize() for label in labels
    ]  # without the aliases, which do not fit under a cell
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    data = pd.DataFrame(
        [
            {
                "meant": names[i],
                "said": names[j],
                "share": float(shares[i, j]),
                "clips": float(counts[i, j]),
            }
            for i in range(len(names))
            for j in range(len(names))
        ]
    )
    base = alt.Chart(data).encode(
        x=alt.X(
            "said:N",
            sort=names,
            title="The model said",
            axis=alt.Axis(labelAngle=-40, labelOverlap=False),
        ),
        y=alt.Y("meant:N", sort=names, title="What was meant"),
    )
    tooltip = [
        alt.Tooltip("meant:N", title="Meant"),
        alt.Tooltip("said:N", title="Said"),
        alt.Tooltip("share:Q", title="Share", format=".0%"),
        alt.Tooltip("clips:Q", title="Clips", format=",.0f"),
    ]
    colour = alt.Color(
        "share:Q", scale=alt.Scale(domain=[0, 1], range=["#f3f0f8", "#3d1a78"]), legend=None
    )
    ink = alt.condition("datum.share > 0.45", alt.value("white"), alt.value("#222222"))
    picked = alt.selection_point(name=CELL, fields=["meant", "said"], on="click", empty=False)
    edge = alt.condition(picked, alt.value(MARK), alt.value("white"))
    width = alt.condition(picked, alt.value(4), alt.value(1))
    cells = (
        base.mark_rect()
        .encode(color=colour, tooltip=tooltip, stroke=edge, strokeWidth=width)
        .add_params(picked)
    )
    text = alt.Text("clips:Q", format=",.0f") if as_counts else alt.Text("share:Q", format=".0%")
    figures = base.mark_text().encode(text=text, color=ink)
    return alt.layer(cells, figures).properties(height=max(46 * len(names) + 60, _LEAST_MATRIX))


def recall_bars(recall: Mapping[str, float]) -> Chart:
    """The share of each label's clips that was recognised."""
    data = pd.DataFrame({"label": display_names(recall), "share": list(recall.values())})
    data["text"] = [f"{value:.0%}" for value in data["share"]]
    y = alt.Y(
        "label:N",
        sort=display_names(recall),
        title=None,
        axis=alt.Axis(ticks=False, domain=False, labelLimit=160),
    )
    base = alt.Chart(data).encode(y=y, x=percent_axis("Share recognised (recall)"))
    bars = base.mark_bar(cornerRadiusEnd=3, stroke=INK, strokeWidth=0.5).encode(
        color=label_colour(list(recall))
    )
    return (bars + base.mark_text(align="left", dx=6, color=INK).encode(text="text:N")).properties(
        height=34 * len(recall) + AXIS
    )


def two_recalls(recalls: pd.DataFrame, first: str, second: str) -> Chart:
    """The share of each label that two models recognise, joined by a line. `recalls` has the columns label, first and second."""
    titles = [first, second]
    data = recalls.assign(label=display_names(recalls["label"]))
    long = data.melt("label", var_name="model", value_name="share").replace(
        {"model": {"first": first, "second": second}}
    )
    y = alt.Y(
        "label:N",
        sort=list(data["label"]),
        title=None,
        axis=alt.Axis(ticks=False, domain=False, labelLimit=160, grid=True, gridOpacity=0.3),
    )
    legend = alt.Legend(orient="top", direction="vertical", title=None, labelLimit=300)
    colour = alt.Color(
        "model:N", scale=alt.Scale(domain=titles, range=[FIRST, SECOND]), legend=legend
    )
    shape = alt.Shape(
        "model:N", scale=alt.Scale(domain=titles, range=["circle", "diamond"]), legend=legend
    )
    tooltip = [
        alt.Tooltip("model:N", title="Model"),
        alt.Tooltip("label:N", title="Label"),
        alt.Tooltip("share:Q", title="Recognised", format=".1%"),
    ]
    x = percent_axis("Share recognised (recall)")
    apart = (
        alt.Chart(data)
        .mark_rule(strokeWidth=3, opacity=0.4, color=INK)
        .encode(x=alt.X("first:Q"), x2="second:Q", y=y)
    )
    points = (
        alt.Chart(long)
        .mark_point(filled=True, size=120, opacity=1)
        .encode(x=x, y=y, color=colour, shape=shape, tooltip=tooltip)
    )
    return (apart + points).properties(height=34 * len(data) + AXIS + 2 * LEGEND_ENTRY)


def risk_coverage(curve: pd.DataFrame, threshold: float) -> Chart:
    """How often answers are right by how many are given; the point is where answers less sure than `threshold` are refused.

    `curve` has the columns threshold, coverage and accuracy, as `single_model.risk_coverage` gives them.
    """
    drawn = curve.dropna()
    x = percent_axis("Share of the clips that is answered", "coverage")
    axis = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1], grid=True, gridOpacity=0.4)
    y = alt.Y(
        "accuracy:Q", scale=alt.Scale(domain=[0, 1]), axis=axis, title="Right, of what is answered"
    )
    tooltip = [
        alt.Tooltip("threshold:Q", title="Answered from", format=".0%"),
        alt.Tooltip("coverage:Q", title="Answered", format=".1%"),
        alt.Tooltip("accuracy:Q", title="Right", format=".1%"),
    ]
    line = (
        alt.Chart(drawn)
        .mark_line(color=FIRST, strokeWidth=2.5, point=alt.OverlayMarkDef(size=12, color=FIRST))
        .encode(x=x, y=y, tooltip=tooltip)
    )
    here = drawn.iloc[[int((drawn["threshold"] - threshold).abs().to_numpy().argmin())]]
    return (
        line
        + alt.Chart(here)
        .mark_point(filled=True, size=160, color=MARK, opacity=1)
        .encode(x=x, y=y, tooltip=tooltip)
    ).properties(height=200 + AXIS)


def groups(found: pd.DataFrame, title: str) -> Chart:
    """How much is recognised in each group of clips, with its interval; `found` is as `single_model.score_groups` gives it."""
    order = list(found["name"])
    y = alt.Y(
        "name:N",
        sort=order,
        title=title,
        axis=alt.Axis(ticks=False, domain=False, labelLimit=220, grid=True, gridOpacity=0.3),
    )
    tooltip = [
        alt.Tooltip("name:N", title=title),
        alt.Tooltip("value:Q", title="Recognised", format=".1%"),
        alt.Tooltip("low:Q", title="95% from", format=".1%"),
        alt.Tooltip("high:Q", title="to", format=".1%"),
        alt.Tooltip("clips:Q", title="Clips"),
        alt.Tooltip("speakers:Q", title="Speakers"),
    ]
    span = (
        alt.Chart(found.dropna())
        .mark_rule(strokeWidth=3, opacity=0.5, color=FIRST)
        .encode(x=alt.X("low:Q"), x2="high:Q", y=y)
    )
    x = percent_axis("Recognised on average", "value")
    points = (
        alt.Chart(found)
        .mark_point(filled=True, size=100, opacity=1, color=FIRST)
        .encode(x=x, y=y, tooltip=tooltip)
    )
    return (span + points).properties(height=(16 if len(order) > 12 else 36) * len(order) + AXIS)


def conditions(table: pd.DataFrame) -> Chart:
    """How much is recognised under each condition (columns condition, UAR and lost, in %), against the first, the clip as it is."""
    data = pd.DataFrame(
        {
            "condition": table["condition"],
            "uar": table["UAR"].astype(float) / 100,
            "lost": table["lost"].astype(float),
        }
    )
    y = alt.Y(
        "condition:N",
        sort=list(data["condition"]),
        title=None,
        axis=alt.Axis(ticks=False, domain=False, labelLimit=200),
    )
    tooltip = [
        alt.Tooltip("condition:N", title="Condition"),
        alt.Tooltip("uar:Q", title="UAR", format=".1%"),
        alt.Tooltip("lost:Q", title="Points lost", format=".1f"),
    ]
    base = alt.Chart(data).encode(
        x=percent_axis("Recognised on average (UAR)", "uar"), y=y, tooltip=tooltip
    )
    figures = base.mark_text(align="right", dx=-6, color="white", fontWeight="bold").encode(
        text=alt.Text("uar:Q", format=".0%")
    )
    rule = alt.Chart(data.iloc[:1]).mark_rule(strokeDash=[4, 4], color=INK).encode(x="uar:Q")
    return (base.mark_bar(color=FIRST, cornerRadiusEnd=3) + figures + rule).properties(
        height=26 * len(data) + AXIS
    )


def every_model(said: Mapping[str, Mapping[str, float]], labels: Sequence[str]) -> Chart:
    """What every model (rows, by title) says of one clip: the probability of each label."""
    short = [label.capitalize() for label in labels]
    rows = [
        {
            "model": title,
            "label": name,
            "share": float(probabilities[label]),
            "top": probabilities[label] == max(probabilities.values()),
        }
        for title, probabilities in said.items()
        for label, name in zip(labels, short, strict=True)
    ]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X(
            "label:N",
            sort=short,
            title=None,
            axis=alt.Axis(labelAngle=-40, orient="top", labelOverlap=False),
        ),
        y=alt.Y(
            "model:N",
            sort=list(said),
            title=None,
            axis=alt.Axis(labelExpr="split(datum.label, ', ')", labelLimit=170, labelOverlap=False),
        ),
    )
    tooltip = [
        alt.Tooltip("model:N", title="Model"),
        alt.Tooltip("label:N", title="Label"),
        alt.Tooltip("share:Q", title="Probability", format=".1%"),
    ]
    colour = alt.Color(
        "share:Q", scale=alt.Scale(domain=[0, 1], range=["#f3f0f8", "#3d1a78"]), legend=None
    )
    cells = base.mark_rect(stroke="white").encode(color=colour, tooltip=tooltip)
    ink = alt.condition("datum.share > 0.45", alt.value("white"), alt.value("#222222"))
    figures = base.mark_text().encode(
        text=alt.Text("share:Q", format=".0%"),
        color=ink,
        opacity=alt.condition("datum.top || datum.share >= 0.1", alt.value(1), alt.value(0)),
    )
    return (cells + figures).properties(height=34 * len(said) + 70)
