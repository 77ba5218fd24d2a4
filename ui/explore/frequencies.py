"""Frequencies by emotion: the average spectrum, and the average pitch over the time of a clip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ser_core import charts, exploration
from ser_core.corpora import CORPORA
from ui import widgets
from ui.explore import choose, chosen_clips

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ser_core.features import FeatureVector
    from ui.explore.chosen_clips import Choice

SPLITS = ["", "gender", "corpus"]
AXES = {"hz": "Hz", "mel": "Mel"}


def section(choice: Choice, own: FeatureVector | None, own_contour: np.ndarray | None) -> None:
    """The choice of emotions and groups; below the spectrum and the pitch of each."""
    rows = chosen_clips.chosen_rows(choice)
    emotions = choose.choose_emotions("heard_emotions", ["neutral", "angry"], rows)
    first, second, third = st.columns(3, gap="medium")
    split = first.segmented_control(
        "Lines apart by",
        SPLITS,
        default="",
        required=True,
        format_func=exploration.SPLITS.__getitem__,
        key="lines_by",
        bind="query-params",
        wrap=True,
    )
    axis = second.segmented_control(
        "Frequency axis",
        list(AXES),
        default="hz",
        required=True,
        format_func=AXES.__getitem__,
        key="frequency_axis",
        bind="query-params",
        wrap=True,
    )
    scales = exploration.contours.SCALES
    scale = third.segmented_control(
        "Pitch in",
        list(scales),
        default="semitones",
        required=True,
        format_func=scales.__getitem__,
        key="pitch_scale",
        bind="query-params",
        wrap=True,
    )
    choose.invite_to_record()
    if emotions:
        groups = exploration.order_groups(exploration.clip_groups(rows, str(split or "")))
        spectrum(rows, emotions, own, str(split or ""), groups, str(axis))
        st.divider()
        pitch(choice, emotions, own_contour, str(split or ""), groups, str(scale))


def spectrum(
    rows: pd.DataFrame,
    emotions: list[str],
    own: FeatureVector | None,
    split: str,
    groups: list[str],
    axis: str,
) -> None:
    """The average mel spectrum of the chosen emotions, and of two the difference."""
    st.subheader("Average spectrum", anchor=False)
    mine = "" if own is None else " :violet[**The dashed violet line is your recording.**]"
    st.markdown(
        "Which frequencies are strong in each emotion. The shaded bands hold the middle half "
        f"of the clips.{mine}"
    )
    bands = exploration.average_mel_spectra(rows, emotions, own, split)
    chart = charts.mel_spectrum(bands, emotions, groups, axis)
    widgets.draw(chart, key="mel_spectrum", alt="Average mel spectrum of each emotion")
    if len(emotions) == 2:
        less, more = emotions
        difference = exploration.mel_spectrum_difference(rows, more, less, split)
        if len(difference):
            chart = charts.spectrum_difference(difference, more, less, groups, axis)
            widgets.draw(
                chart, key="spectrum_difference", alt=f"Spectrum of {more} less that of {less}"
            )
        st.caption(
            difference_in_words(
                difference, f"How much stronger each band is in {more} than in {less}"
            )
        )
    choose.save(bands, "spectrum", "Save the spectra (CSV)", "save_spectrum")


def pitch(
    choice: Choice,
    emotions: list[str],
    own: np.ndarray | None,
    split: str,
    groups: list[str],
    scale: str,
) -> None:
    """The average pitch contour of the chosen emotions, and of two the difference."""
    st.subheader("Average pitch over the time of a clip", anchor=False)
    st.markdown(pitch_in_words(scale, own is not None))
    speakers = chosen_clips.contours(choice, scale)
    contours = exploration.contours.average_contours(speakers, emotions, own, scale, split)
    if set(choice.corpora) - set(CORPORA):
        st.caption("Pitch over time is stored for the corpora that ship, not for your own.")
    if contours.empty:
        return
    chart = charts.pitch_contour(contours, emotions, groups, scale)
    widgets.draw(chart, key="pitch_contour", alt="Average pitch of each emotion over time")
    if len(emotions) == 2:
        less, more = emotions
        apart = exploration.contours.contour_difference(speakers, more, less, split)
        if len(apart):
            chart = charts.contour_difference(apart, more, less, groups, scale)
            widgets.draw(
                chart, key="contour_difference", alt=f"Pitch of {more} less that of {less}"
            )
        st.caption(
            difference_in_words(apart, f"How much higher the voice is in {more} than in {less}")
        )
    choose.save(contours, "pitch-contours", "Save the contours (CSV)", "save_contours")


def pitch_in_words(scale: str, recorded: bool) -> str:
    """What the contours are."""
    against = (
        "in semitones against the speaker's own median over all emotions, so that high and low "
        "voices can be averaged"
        if scale == "semitones"
        else "in Hz, so that high and low voices pull the average their way"
    )
    mine = " :violet[**The dashed violet line is your recording**]" + (
        ", against its own median: compare its shape, not its height."
        if scale == "semitones"
        else "."
    )
    return (
        f"How the voice rises and falls from the first to the last voiced sound, {against}. "
        "Lines: the mean over speakers of their own means; "
        f"bands: its 95% interval over speakers.{mine if recorded else ''}"
    )


def difference_in_words(difference: pd.DataFrame, what: str) -> str:
    """What a difference is, and over how many speakers."""
    if difference.empty:
        return "No speaker is known to have both emotions among the chosen clips: no difference can be shown."
    speakers = [int(n) for n in difference.drop_duplicates("group")["speakers"]]
    least = exploration.MIN_SPEAKERS
    few = f" Under {least} speakers there is no interval." if min(speakers) < least else ""
    return (
        f"{what}: mean over {' and '.join(f'{n:,}' for n in speakers)} speakers, each against "
        f"themselves, with its 95% interval.{few}"
    )
