"""How many speakers it takes: what the classifiers of one corpus recognise by how many speakers
they learnt from.
"""

from __future__ import annotations

import streamlit as st

from ser_core import charts
from ser_core.evaluation import learning_curves
from ui import caches, widgets
from ui.compare import tested_corpora


def section(task: str, corpus: str) -> None:
    """The learning curves of a corpus, drawn and as a table."""
    curves = caches.learning_curves(corpus) if task == learning_curves.TASK else None
    if curves is None:
        widgets.explain_no_clip(
            f"This was measured for the {learning_curves.TASK}s of the three corpora. Choose "
            "one of them above."
        )
        return
    st.markdown(learning_curves.describe_gain(curves, curves["title"].iloc[0]))
    titles = list(dict.fromkeys(curves["title"]))
    shown = st.multiselect(
        "Models", titles, default=titles[:4], key="learners", bind="query-params"
    )
    if not shown:
        widgets.explain_no_clip("Choose one or more models above.")
        return
    chosen = curves[curves["title"].isin(shown)]
    widgets.draw(
        charts.learning_curves(chosen, titles, tested_corpora.chance(task, corpus)),
        key="learning_curves",
        alt=(
            "Share of each emotion recognised by the number of training speakers, a line for each "
            "model; the table below has the figures"
        ),
    )
    st.caption(
        "Unseen voices, the same as in *All models*; the axis is logarithmic, the dashed line "
        "is guessing. Bands: 95%, bootstrap over the tested "
        f"speakers. Except for all speakers, the mean of {int(curves['draws'].max())} draws of "
        "training speakers, men and women in turn, each with "
        "all speakers of the smaller ones. Parameters never saw a tested speaker, but were "
        "chosen on more speakers than a small step has. The "
        "networks are not here: each step would train for hours."
    )
    number = st.column_config.NumberColumn
    columns = {title: number(f"{title} (%)", format="%.1f") for title in shown}
    st.dataframe(
        learning_curves.tabulate_learning_curves(chosen),
        hide_index=True,
        width="stretch",
        height="content",
        column_config={"training_speakers": number("Training speakers", pinned=True), **columns},
    )
