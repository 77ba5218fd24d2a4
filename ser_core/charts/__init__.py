"""Charts: pure functions from data to Altair charts. Pages draw what these return and add nothing."""

from ser_core.charts.attribute_distributions import feature_distribution
from ser_core.charts.attributes import PICKED, effect_sizes, share_below
from ser_core.charts.clip_spectra import melody, spectrogram, stored_contour
from ser_core.charts.clips import (
    STRETCH,
    cue_bars,
    moment_bars,
    probability_bars,
    timeline,
    waveform,
)
from ser_core.charts.curves import condition_curves, learning_curves
from ser_core.charts.maps import BRUSH, CLICKED, clip_map
from ser_core.charts.model_comparison import (
    condition_bars,
    leaderboard,
    model_probabilities,
    two_recalls,
)
from ser_core.charts.model_scores import (
    CELL,
    confusion_matrix,
    group_scores,
    recall_bars,
    reliability,
    risk_coverage,
)
from ser_core.charts.spectra import (
    contour_difference,
    mel_spectrum,
    pitch_contour,
    spectrum_difference,
)
from ser_core.charts.style import Chart
from ser_core.charts.svg import to_svg

__all__ = [
    "BRUSH",
    "CELL",
    "CLICKED",
    "PICKED",
    "STRETCH",
    "Chart",
    "clip_map",
    "condition_bars",
    "condition_curves",
    "confusion_matrix",
    "contour_difference",
    "cue_bars",
    "effect_sizes",
    "feature_distribution",
    "group_scores",
    "leaderboard",
    "learning_curves",
    "mel_spectrum",
    "melody",
    "model_probabilities",
    "moment_bars",
    "pitch_contour",
    "probability_bars",
    "recall_bars",
    "reliability",
    "risk_coverage",
    "share_below",
    "spectrogram",
    "spectrum_difference",
    "stored_contour",
    "timeline",
    "to_svg",
    "two_recalls",
    "waveform",
]
