"""What noise, rooms and codecs do to the default model, and the current clip through every model and through changes."""

from __future__ import annotations

import streamlit as st

import ui
from ser_core import charts, robustness, what_if
from ser_core.emotions import EMOTIONS
from ser_core.errors import SerError


def section() -> None:
    """What is left of the default model under each condition."""
    st.markdown(
        "The same 240 clips of four actors whom the model never heard, played through noise, rooms, telephones and codecs: how much of each "
        "emotion is still recognised."
    )
    table = ui.condition_scores()
    st.altair_chart(charts.conditions(table), width="stretch", key="conditions", alt="Share recognised under each condition")
    st.dataframe(table, hide_index=True, width="stretch", height="content")
    st.markdown("**Through the recorder of this app**, in a real browser:")
    st.dataframe(ui.recorder_scores(), hide_index=True, width="stretch")
    st.caption(
        "In %. RAVDESS actors 1 to 4; the default model as trained without them. Lost: points of UAR against the clip as it is. Compute it again "
        f"with `python -m ser_core evaluate --conditions`. {len(robustness.CONDITIONS)} conditions, fixed seeds."
    )


def every_model() -> None:
    """The current clip through every model of emotions, and what changes to it would do."""
    clip = ui.clip()
    if clip is None:
        ui.explain_no_clip("**Record or pick a clip first**: then every model says here what it makes of it.")
        st.page_link(ui.pages()["record"], label="Record & predict", icon=":material/mic:")
        return
    st.markdown(f"What every model makes of **{clip.name}**, the models of all corpora first.")
    said = ui.said_by_every_model(clip)
    st.altair_chart(charts.every_model(said, EMOTIONS), width="stretch", key="every_model", alt="What every model makes of the clip")
    st.markdown("**What if** it sounded different? Move a slider; the lines in the bars are the clip as it is.")
    first, second, third, fourth = st.columns(4, gap="medium")
    changes = what_if.Changes(
        semitones=first.slider("Pitch (semitones)", -6, 6, 0, key="what_if_pitch"),
        speed=second.slider("Speed (%)", 60, 160, 100, step=5, key="what_if_speed") / 100,
        gain_db=third.slider("Loudness (dB)", -30, 10, 0, step=5, key="what_if_gain"),
        noise_db=fourth.select_slider("Noise", what_if.NOISES, key="what_if_noise", format_func=what_if.noise_in_words),
        telephone=first.toggle("Over the telephone", key="what_if_telephone"),
    )
    chosen = ui.chosen_models()
    before = ui.predicted(clip, chosen["emotion"], chosen["gender"], explain=False)
    try:
        changed = ui.Clip(clip.name, what_if.changed(clip.recording, changes))
    except SerError as error:  # half a second, made faster, is too short
        ui.show_error(error)
        return
    after = ui.predicted(changed, chosen["emotion"], chosen["gender"], explain=False) if changes.any else before
    ui.play(changed.recording)
    st.altair_chart(
        charts.probability_bars(after.emotion_probabilities, before.emotion_probabilities if changes.any else None),
        width="stretch",
        key="what_if_bars",
        alt="Probabilities of the changed clip",
    )
    st.caption(f"By the model that is chosen on *Record & predict*: {chosen['emotion']}.")
