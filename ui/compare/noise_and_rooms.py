"""What noise, rooms and codecs do to models, and the current clip through every model and through changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ser_core import charts
from ser_core.audio import manipulation
from ser_core.emotions import EMOTIONS
from ser_core.errors import SerError
from ser_core.evaluation import robustness
from ser_core.experiments import conditions
from ui import caches, predictions, routing, session, widgets
from ui.compare import tested_corpora

if TYPE_CHECKING:
    import pandas as pd


DISTURBANCES = {
    "white noise": ("White noise", "Noise: below the voice by (dB)"),
    "babble": ("Other voices", "Four other voices: below by (dB)"),
    "reverberation": ("Rooms", "Reverberation time of the room (s)"),
    "Opus": ("Opus codec", "Bit rate of Opus (kbit/s)"),
    "MP3": ("MP3", "Bit rate of MP3 (kbit/s)"),
    conditions.WITHOUT_LEVELS: ("Telephone, loudness", "What was done to the clip"),
}
"""The kinds of conditions: how the page calls each, and its axis."""


def section() -> None:
    """What is left of several models the more a clip is disturbed, and of the default one under
    each of some conditions.
    """
    st.markdown(
        "The same 240 clips of four actors whom no model here ever heard, played through "
        "noise, rooms, telephones and codecs: how much of each "
        "emotion is still recognised."
    )
    kind = str(
        st.segmented_control(
            "Played through",
            list(DISTURBANCES),
            default=next(iter(DISTURBANCES)),
            required=True,
            format_func=lambda name: DISTURBANCES[name][0],
            key="played_through",
            bind="query-params",
        )
    )
    table_of_curves = caches.condition_curves(kind)
    titles = list(dict.fromkeys(table_of_curves["title"]))
    shown = st.multiselect("Models", titles, default=titles[:4], key="models", bind="query-params")
    if shown:
        curves(table_of_curves[table_of_curves["title"].isin(shown)], kind, titles)
    else:
        widgets.explain_no_clip("Choose one or more models above.")
    st.markdown("**The default model, condition by condition**")
    table = caches.condition_scores()
    alt = "The share that the default model recognises under each condition; the table below has the figures"
    widgets.draw(charts.condition_bars(table), key="conditions", alt=alt)
    st.dataframe(table, hide_index=True, width="stretch", height="content")
    st.markdown("**Through the recorder of this app**, in a real browser:")
    st.dataframe(caches.recorder_scores(), hide_index=True, width="stretch")
    st.caption(
        "In %. RAVDESS actors 1 to 4; the default model as trained without them. Lost: points "
        "of UAR against the clip as it is. Compute it again "
        f"with `python -m ser_core evaluate --conditions`. {len(conditions.CONDITIONS)} "
        "conditions in all, fixed seeds."
    )


def curves(table: pd.DataFrame, kind: str, titles: list[str]) -> None:
    """The curves of some models under one kind of conditions, drawn and as a table."""
    if kind in conditions.KINDS:
        st.markdown(robustness.describe_losses(table))
    levels = list(conditions.levels_of_kind(kind).values())
    chart = charts.condition_curves(
        table,
        levels,
        DISTURBANCES[kind][1],
        titles,
        tested_corpora.chance("emotion", robustness.CORPUS),
        joined=kind in conditions.KINDS,
    )
    alt = (
        f"Share of each emotion recognised, {DISTURBANCES[kind][0].lower()}, from a clip as it is "
        "to a much disturbed one, for each model"
    )
    widgets.draw(chart, key="condition_curves", alt=alt)
    st.caption(
        "Worse from left to right; the dashed line is guessing. Combination, network and "
        "bagged perceptrons learnt from disturbed copies, too; the "
        "others from the clips of RAVDESS as they are. **Four speakers only**: bands say how "
        "much other clips of these four would change (95%), "
        "nothing of other people."
    )
    columns = {
        title: st.column_config.NumberColumn(f"{title} (%)", format="%.1f")
        for title in table["title"].unique()
    }
    st.dataframe(
        robustness.tabulate_robustness_curves(table),
        hide_index=True,
        width="stretch",
        height="content",
        column_config={
            "level": st.column_config.TextColumn(DISTURBANCES[kind][1], pinned=True, width="small"),
            **columns,
        },
    )


def every_model() -> None:
    """The current clip through every model of emotions, and what changes to it would do."""
    clip = session.clip()
    if clip is None:
        widgets.explain_no_clip(
            "**Record or pick a clip first**: then every model says here what it makes of it."
        )
        st.page_link(routing.pages()["record"], label="Record & predict", icon=":material/mic:")
        return
    st.markdown(
        f"What every model makes of **{widgets.plain(clip.name)}**, the models of all corpora first."
    )
    probabilities = predictions.probabilities_by_model(clip)
    widgets.draw(
        charts.model_probabilities(probabilities, EMOTIONS),
        key="every_model",
        alt="What every model makes of the clip",
    )
    st.markdown(
        "**What if** it sounded different? Move a slider; the lines in the bars are the clip as it is."
    )
    first, second, third, fourth = st.columns(4, gap="medium")
    changes = manipulation.Changes(
        semitones=first.slider("Pitch (semitones)", -6, 6, 0, key="what_if_pitch"),
        speed=second.slider("Speed (%)", 60, 160, 100, step=5, key="what_if_speed") / 100,
        gain_db=third.slider("Loudness (dB)", -30, 10, 0, step=5, key="what_if_gain"),
        noise_db=fourth.select_slider(
            "Noise",
            manipulation.NOISES,
            key="what_if_noise",
            format_func=manipulation.describe_noise,
        ),
        telephone=first.toggle("Over the telephone", key="what_if_telephone"),
    )
    before = predictions.predict(clip)
    try:
        changed = predictions.change(clip, changes)
    except SerError as error:  # half a second, made faster, is too short
        widgets.show_error(error)
        return
    after = predictions.predict_changed(clip, changed)
    widgets.play(changed.recording)
    widgets.draw(
        charts.probability_bars(
            after.emotion_probabilities, before.emotion_probabilities if changes.any else None
        ),
        key="what_if_bars",
        alt="Probabilities of the changed clip",
    )
    st.caption(f"By the model that is chosen on *Record & predict*: {after.emotion_model}.")
