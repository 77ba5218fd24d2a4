"""Pure functions from data to Altair charts. Pages draw what these return and add nothing.

Emotions keep the order and colours of `ser_core.emotions` in every chart; probabilities and recalls stand on a fixed axis from
0 to 100%; every axis is named with its unit. Men and women differ by shape as well as by colour.
"""

from __future__ import annotations

from ser_core.charts.attributes import PICKED, effects, feature_distribution, standing
from ser_core.charts.clips import STRETCH, cue_bars, moments, probability_bars, timeline, waveform
from ser_core.charts.curves import condition_curves, learning_curves
from ser_core.charts.maps import BRUSH, CLICKED, clip_map
from ser_core.charts.model_scores import (
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
from ser_core.charts.spectra import (
    contour_difference,
    mel_spectrum,
    melody,
    pitch_contour,
    spectrogram,
    spectrum_difference,
    stored_contour,
)
from ser_core.charts.svg import to_svg

__all__ = [
    "STRETCH",
    "cue_bars",
    "moments",
    "probability_bars",
    "timeline",
    "waveform",
    "PICKED",
    "condition_curves",
    "learning_curves",
    "BRUSH",
    "clip_map",
    "effects",
    "feature_distribution",
    "standing",
    "CLICKED",
    "contour_difference",
    "mel_spectrum",
    "melody",
    "pitch_contour",
    "spectrogram",
    "spectrum_difference",
    "stored_contour",
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
