"""Features of a clip: versioned feature sets, the log-mel spectrogram, and the tables of them."""

from ser_core.features.catalogue import FeatureSpec
from ser_core.features.feature_sets import (
    FEATURE_SETS,
    FeatureSet,
    FeatureVector,
    extract,
    extract_by_windows,
)
from ser_core.features.inputs import NETWORK_INPUT, Baseline, Inputs

__all__ = [
    "FEATURE_SETS",
    "NETWORK_INPUT",
    "Baseline",
    "FeatureSet",
    "FeatureSpec",
    "FeatureVector",
    "Inputs",
    "extract",
    "extract_by_windows",
]
