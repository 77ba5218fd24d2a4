"""The average mel spectrum of each emotion, and the difference of two.

Levels are in dB, frequencies in Hz and in mel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ser_core.exploration.distributions import clip_groups, order_groups
from ser_core.exploration.explored_features import feature_specs
from ser_core.exploration.separation import mean_over_speakers, speaker_differences
from ser_core.features import FeatureVector, spectrum

RECORDING = "recording"
"""The value of the column emotion in rows of the current recording."""

_SPECTRUM_COLUMNS = ["emotion", "group", "frequency_hz", "mel", "mean"]
_DIFFERENCE_COLUMNS = ["group", "frequency_hz", "mel", "mean", "low", "high", "speakers"]


def _band_frequencies() -> dict[str, float]:
    """The mel bands among the features, with their centre in Hz."""
    frequencies = {name: spec.frequency_hz for name, spec in feature_specs().items()}
    return {name: hz for name, hz in frequencies.items() if hz is not None}


def average_mel_spectra(
    table: pd.DataFrame,
    emotions: Sequence[str],
    recording: FeatureVector | None = None,
    split: str = "",
) -> pd.DataFrame:
    """The average mel spectrum of the clips of each emotion and group, and that of a recording.

    Parameters
    ----------
    table : DataFrame
        A feature table.
    emotions : sequence of str
    recording : FeatureVector, optional
        Its rows come last, with the emotion "recording", and without quartiles.
    split : str
        One of `SPLITS`.

    Returns
    -------
    DataFrame
        Columns emotion, group, frequency_hz, mel, mean, and low and high, the quartiles over clips.
    """
    frequencies = _band_frequencies()
    groups = clip_groups(table, split)
    parts = []
    for emotion in emotions:
        for group in order_groups(groups):
            is_chosen = (table["emotion"] == emotion) & (groups == group)
            levels = table.loc[is_chosen, list(frequencies)]
            if len(levels):
                parts.append(_quartiles(levels).assign(emotion=emotion, group=group))
    if recording is not None:
        value_of = dict(zip(recording.names, recording.values, strict=True))
        levels_of_recording = {"mean": [value_of[name] for name in frequencies]}
        part = pd.DataFrame({**levels_of_recording, "low": np.nan, "high": np.nan})
        parts.append(part.assign(emotion=RECORDING, group=""))
    if not parts:
        return pd.DataFrame(columns=_SPECTRUM_COLUMNS)
    parts = [part.assign(frequency_hz=list(frequencies.values())) for part in parts]
    columns = ["emotion", "group", "frequency_hz", "mean", "low", "high"]
    return _add_mel(pd.concat(parts, ignore_index=True)[columns])


def _quartiles(levels: pd.DataFrame) -> pd.DataFrame:
    """Mean and quartiles over clips, one row per band."""
    return pd.DataFrame(
        {
            "mean": levels.mean().to_numpy(),
            "low": levels.quantile(0.25).to_numpy(),
            "high": levels.quantile(0.75).to_numpy(),
        }
    )


def mel_spectrum_difference(
    table: pd.DataFrame, first: str, second: str, split: str = ""
) -> pd.DataFrame:
    """How much stronger each mel band is in one emotion than in another, within speakers.

    Parameters
    ----------
    table : DataFrame
        A feature table.
    first, second : str
        The emotions.
    split : str
        One of `SPLITS`.

    Returns
    -------
    DataFrame
        Columns group, frequency_hz, mel, mean, low, high, speakers: the mean over speakers of the
        difference of their own means, with the 95% interval of Student's t.
    """
    frequencies = _band_frequencies()
    groups = clip_groups(table, split)
    parts = []
    for group in order_groups(groups):
        of_speakers = speaker_differences(table[groups == group], first, second, list(frequencies))
        if len(of_speakers):
            part = mean_over_speakers(of_speakers).assign(group=group, speakers=len(of_speakers))
            parts.append(part.assign(frequency_hz=list(frequencies.values())))
    if not parts:
        return pd.DataFrame(columns=_DIFFERENCE_COLUMNS)
    return _add_mel(pd.concat(parts, ignore_index=True))[_DIFFERENCE_COLUMNS]


def _add_mel(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(mel=spectrum.hz_to_mel(rows["frequency_hz"].to_numpy(dtype=float)))
