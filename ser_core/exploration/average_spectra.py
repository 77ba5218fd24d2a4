"""The average spectrum of each emotion, and the difference of two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ser_core.exploration.choice import specs
from ser_core.exploration.distributions import group_of, ordered
from ser_core.exploration.separation import differences, over_speakers
from ser_core.features import FeatureVector, spectrum

RECORDING = "recording"
"""What stands for the emotion in rows that are of the current recording."""


def _bands() -> dict[str, float]:
    """The mel bands among the features, with their centre in Hz."""
    return {
        name: spec.frequency_hz for name, spec in specs().items() if spec.frequency_hz is not None
    }


def mel_spectrum(
    table: pd.DataFrame,
    emotions: Sequence[str],
    recording: FeatureVector | None = None,
    split: str = "",
) -> pd.DataFrame:
    """The mel spectrum of each emotion and group, and of a recording: columns emotion, group, frequency_hz, mel, mean, low, high (dB).

    `low` and `high` are the quartiles over clips; a recording has the emotion "recording" and neither.
    """
    bands, groups = _bands(), group_of(table, split)
    rows = []
    for emotion in emotions:
        for group in ordered(groups):
            own = table.loc[(table["emotion"] == emotion) & (groups == group), list(bands)]
            if len(own):
                shape = {
                    "mean": own.mean().to_numpy(),
                    "low": own.quantile(0.25).to_numpy(),
                    "high": own.quantile(0.75).to_numpy(),
                }
                rows.append(
                    pd.DataFrame(
                        {
                            "emotion": emotion,
                            "group": group,
                            "frequency_hz": bands.values(),
                            **shape,
                        }
                    )
                )
    if recording is not None:
        value = dict(zip(recording.names, recording.values, strict=True))
        own_levels = [value[name] for name in bands]
        mine = {
            "emotion": RECORDING,
            "group": "",
            "frequency_hz": bands.values(),
            "mean": own_levels,
            "low": np.nan,
            "high": np.nan,
        }
        rows.append(pd.DataFrame(mine))
    return (
        _on_mel(pd.concat(rows, ignore_index=True))
        if rows
        else pd.DataFrame(columns=["emotion", "group", "frequency_hz", "mel", "mean"])
    )


def spectrum_difference(
    table: pd.DataFrame, first: str, second: str, split: str = ""
) -> pd.DataFrame:
    """How much stronger each mel band is in one emotion than in another: columns group, frequency_hz, mel, mean, low, high (dB), speakers.

    Mean over the speakers of the difference of their own means, with the 95% interval of Student's t.
    """
    bands, groups = _bands(), group_of(table, split)
    rows = []
    for group in ordered(groups):
        apart = differences(table[groups == group], first, second, list(bands))
        if len(apart):
            rows.append(
                over_speakers(apart).assign(
                    group=group, frequency_hz=list(bands.values()), speakers=len(apart)
                )
            )
    columns = ["group", "frequency_hz", "mel", "mean", "low", "high", "speakers"]
    return (
        _on_mel(pd.concat(rows, ignore_index=True))[columns]
        if rows
        else pd.DataFrame(columns=columns)
    )


def _on_mel(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(mel=spectrum.mel_of(rows["frequency_hz"].to_numpy(dtype=float)))
