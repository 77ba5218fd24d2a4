"""What tells two emotions apart: the ranking of attributes, and the one that is chosen from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from ser_core import charts, exploration
from ser_core.emotions import EMOTIONS, display_name
from ui import widgets
from ui.explore import attributes, choose, chosen_clips

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.features import FeatureVector
    from ui.explore.chosen_clips import Choice
    from ui.streamlit_internals import DeltaGenerator

SHOWN = 15
"""How many attributes are drawn; the table has all."""


def section(choice: Choice, own: FeatureVector | None) -> None:
    """Two emotions, what tells them apart best, and the distribution of the chosen attribute."""
    st.markdown(
        "Every attribute compared **within each speaker**, so that a high voice does not count "
        "as an emotion; the clearest first."
    )
    left, right = st.columns(2, gap="medium")
    rows = chosen_clips.chosen_rows(choice)
    present = exploration.emotions_present(rows)
    pair = (
        ("angry", "neutral")
        if {"angry", "neutral"} <= set(present) or len(present) < 2
        else present[:2]
    )
    first = str(_emotion("Emotion", pair[0], "apart_first", left))
    second = str(_emotion("Against", pair[1], "apart_second", right))
    reason = (
        "Choose two different emotions above."
        if first == second
        else exploration.ranking_obstacle(rows, first, second)
    )
    if reason:
        widgets.explain_no_clip(reason)
        return
    ranking = chosen_clips.ranking(choice, first, second)
    kinds = st.pills(
        "Kinds of attributes",
        exploration.feature_groups(),
        selection_mode="multi",
        default=list(exploration.AUDIBLE_GROUPS),
        key="kinds",
        bind="query-params",
    )
    if not kinds:
        widgets.explain_no_clip("Choose one or more kinds of attributes above.")
        return
    if short := exploration.summarise_ranking(ranking, kinds):
        st.markdown(f"**{first.capitalize()} against {second}, in short:** {short}.")
    best = ranking[ranking["group"].isin(kinds)]
    shown_key = f"{hash(choice)}_{first}_{second}"  # a click holds for nothing else
    left, right = st.columns(2, gap="large")
    with left:
        clicked = _effects(best, first, second, f"effects_{shown_key}_{hash(tuple(kinds))}")
        st.caption(_how_to_read(ranking, rows))
    picked = (
        _table(ranking, first, second, f"ranking_{shown_key}")
        or clicked
        or str(best["feature"].iloc[0])
    )
    with right:
        _attribute(
            ranking.set_index("feature").loc[picked],
            exploration.select_emotions(rows, [first, second]),
            own,
            (first, second),
        )


def _effects(best: pd.DataFrame, first: str, second: str, key: str) -> str | None:
    """The clearest attributes as a chart; the one that was clicked."""
    chart = charts.effect_sizes(best.head(SHOWN), first, second)
    alt = f"The attributes that tell {first} from {second} best"
    points = widgets.draw(chart, key=key, alt=alt, select=charts.PICKED).get(charts.PICKED)
    return str(points[0]["feature"]) if points else None


def _attribute(
    row: pd.Series, rows: pd.DataFrame, own: FeatureVector | None, pair: tuple[str, str]
) -> None:
    """One attribute: by how much it differs, and its distribution in both emotions."""
    name = str(row.name)
    st.subheader(row["attribute"], anchor=False)
    st.markdown(_in_words(row, *pair))
    attributes.one(rows, exploration.feature_specs()[name], own, kind="violin")
    st.button(
        "See it in every emotion",
        icon=":material/bar_chart:",
        key="to_attribute",
        on_click=_lead_on,
        args=(name,),
    )
    choose.invite_to_record()


def _emotion(label: str, default: str, key: str, column: DeltaGenerator) -> str | None:
    return column.selectbox(
        label,
        EMOTIONS,
        index=EMOTIONS.index(default),
        format_func=display_name,
        key=key,
        bind="query-params",
    )


def _in_words(row: pd.Series, first: str, second: str) -> str:
    """By how much an attribute differs, and whether that is beyond chance."""
    beyond = "beyond chance" if row["p_corrected"] < 0.05 else "not beyond chance"
    difference = f"{row['difference']:+.3g} {row['unit']}".strip()
    return (
        f"**{difference}** in {first} against {second} speech of the same speaker, on average over "
        f"{row['speakers']} speakers ({beyond})."
    )


def _lead_on(name: str) -> None:
    st.session_state["look"], st.session_state["attributes"] = "attributes", [name]


def _table(ranking: pd.DataFrame, first: str, second: str, key: str) -> str | None:
    """All attributes as a table; the one that is selected."""
    with st.expander("All 128 attributes: select one to see it", icon=":material/table:"):
        event = st.dataframe(
            ranking,
            hide_index=True,
            width="stretch",
            column_config=RANKING_COLUMNS,
            key=key,
            on_select="rerun",
            selection_mode="single-row",
        )
        choose.save(ranking, f"{first}-against-{second}", "Save CSV", "save_ranking")
    chosen = event.selection.rows
    return str(ranking["feature"].iloc[chosen[0]]) if chosen else None


def _how_to_read(ranking: pd.DataFrame, rows: pd.DataFrame) -> str:
    clear, unknown = int((ranking["p_corrected"] < 0.05).sum()), int((rows["speaker"] == "").sum())
    left_out = f" {unknown:,} clips of unknown speakers are left out." if unknown else ""
    return (
        f"**Click a point to see the attribute.** **{clear} of {len(ranking)}** attributes "
        "differ beyond chance (paired t-test over "
        f"{int(ranking['speakers'].iloc[0])} speakers, 5%, corrected for {len(ranking)} tests: "
        "Benjamini and Hochberg 1995). Effect: the mean of the "
        "speakers' differences, in standard deviations of these differences (Cohen's d for "
        f"paired samples), with its 95% interval.{left_out}"
    )


RANKING_COLUMNS: dict[str, Any] = {
    "attribute": "Attribute",
    "group": "Group",
    "unit": "Unit",
    "difference": st.column_config.NumberColumn("Difference", format="%.3g"),
    "effect": st.column_config.NumberColumn("Effect", format="%.2f"),
    "low": st.column_config.NumberColumn("95% from", format="%.2f"),
    "high": st.column_config.NumberColumn("to", format="%.2f"),
    "p_corrected": st.column_config.NumberColumn("p, corrected", format="%.2g"),
    "speakers": "Speakers",
    "sentence": "What it is",
    "feature": "In tables",
}
"""How the ranking calls its columns."""
