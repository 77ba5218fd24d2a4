"""What the explorer shows: how the features of a corpus are distributed, and where one recording lies among them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ser_core.emotions import EMOTIONS
from ser_core.evaluation import DATA_DIR
from ser_core.features import FEATURE_SETS, FeatureSpec, FeatureVector

FEATURE_SET = "acoustic128_v1"


def shipped_features(corpus: str = "ravdess") -> pd.DataFrame:
    """The feature table of a corpus in `data/`, one row per clip."""
    return pd.read_csv(DATA_DIR / corpus / f"{FEATURE_SET}.csv")


def specs() -> dict[str, FeatureSpec]:
    """The features that can be explored, by name."""
    return {spec.name: spec for spec in FEATURE_SETS[FEATURE_SET].specs}


def feature_values(table: pd.DataFrame, feature: str) -> pd.DataFrame:
    """One feature as a long table: columns emotion, gender, speaker, path, value."""
    return table[["emotion", "gender", "speaker", "path"]].assign(value=table[feature])


def feature_summary(values: pd.DataFrame) -> pd.DataFrame:
    """Clips, median and quartiles of each emotion, in the order of the emotions."""
    grouped = values.groupby("emotion")["value"]
    summary = pd.DataFrame(
        {"clips": grouped.size(), "lower quartile": grouped.quantile(0.25), "median": grouped.median(), "upper quartile": grouped.quantile(0.75)}
    )
    return summary.reindex([emotion for emotion in EMOTIONS if emotion in summary.index])


def percentile(values: pd.DataFrame, value: float) -> dict[str, float]:
    """For each emotion the share of its clips that lie below a value."""
    below = values.assign(below=values["value"] < value).groupby("emotion")["below"].mean()
    return {emotion: float(below[emotion]) for emotion in EMOTIONS if emotion in below.index}


def mel_spectrum(table: pd.DataFrame, emotions: Sequence[str], recording: FeatureVector | None = None) -> pd.DataFrame:
    """The mel spectrum of each emotion, and of a recording: columns emotion, frequency_hz, mean, low, high (dB).

    `low` and `high` are the quartiles over clips; a recording has the emotion "recording" and neither.
    """
    bands = [spec for spec in FEATURE_SETS[FEATURE_SET].specs if spec.frequency_hz is not None]
    rows = []
    for emotion in emotions:
        own = table.loc[table["emotion"] == emotion, [spec.name for spec in bands]]
        low, high = own.quantile(0.25), own.quantile(0.75)
        mean = own.mean()
        rows += [(emotion, spec.frequency_hz, mean[spec.name], low[spec.name], high[spec.name]) for spec in bands]
    if recording is not None:
        value = dict(zip(recording.names, recording.values, strict=True))
        rows += [("recording", spec.frequency_hz, value[spec.name], np.nan, np.nan) for spec in bands]
    return pd.DataFrame(rows, columns=["emotion", "frequency_hz", "mean", "low", "high"])
