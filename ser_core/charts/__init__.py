"""Pure functions from data to Altair charts. Pages draw what these return and add nothing.

Emotions keep the order and colours of `ser_core.emotions` in every chart; probabilities and recalls stand on a fixed axis from
0 to 100%; every axis is named with its unit. Men and women differ by shape as well as by colour.
"""

from __future__ import annotations

from ser_core.charts.clips import STRETCH, cue_bars, moments, probability_bars, timeline, waveform
from ser_core.charts.export import to_svg
from ser_core.charts.features import BRUSH, clip_map, effects, feature_distribution, mel_spectrum, spectrum_difference
from ser_core.charts.models import (
    CELL,
    conditions,
    confusion_matrix,
    every_model,
    groups,
    leaderboard,
    recall_bars,
    reliability,
    risk_coverage,
    two_recalls,
)

__all__ = [
    "STRETCH",
    "cue_bars",
    "moments",
    "probability_bars",
    "timeline",
    "waveform",
    "BRUSH",
    "clip_map",
    "effects",
    "feature_distribution",
    "mel_spectrum",
    "spectrum_difference",
    "CELL",
    "conditions",
    "confusion_matrix",
    "every_model",
    "groups",
    "leaderboard",
    "recall_bars",
    "reliability",
    "risk_coverage",
    "two_recalls",
    "to_svg",
]
