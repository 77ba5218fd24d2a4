"""What the explorer shows.

How the features of corpora are distributed, what distinguishes emotions, and where one recording
lies among the clips. Tables have one row per clip; those of features are in the features' own units.
"""

from __future__ import annotations

from ser_core.exploration import contours
from ser_core.exploration.average_spectra import (
    RECORDING,
    average_mel_spectra,
    mel_spectrum_difference,
)
from ser_core.exploration.clip_map import (
    MAPS,
    MOST_POINTS,
    FeatureSpace,
    add_recording,
    build_space,
    clip_keys,
    clips_inside,
    map_path,
    nearest_clips,
    place_clips,
    read_stored_places,
    thin_out,
)
from ser_core.exploration.clip_selection import (
    CLIP_COLUMNS,
    corpus_title,
    describe_selection,
    emotions_present,
    select_emotions,
    select_gender,
)
from ser_core.exploration.distributions import (
    SPLITS,
    box_statistics,
    clip_groups,
    densities,
    describe_share_below,
    feature_summary,
    feature_values,
    order_groups,
    sample_points,
    share_below,
)
from ser_core.exploration.explored_features import (
    AUDIBLE_GROUPS,
    FEATURE_SET,
    feature_groups,
    feature_specs,
    read_shipped_features,
)
from ser_core.exploration.separation import (
    MIN_SPEAKERS,
    mean_over_speakers,
    rank_features,
    ranking_obstacle,
    summarise_ranking,
)
from ser_core.exploration.single_clip import describe_clip, rank_unusual_features

__all__ = [
    "AUDIBLE_GROUPS",
    "CLIP_COLUMNS",
    "FEATURE_SET",
    "MAPS",
    "MIN_SPEAKERS",
    "MOST_POINTS",
    "RECORDING",
    "SPLITS",
    "FeatureSpace",
    "add_recording",
    "average_mel_spectra",
    "box_statistics",
    "build_space",
    "clip_groups",
    "clip_keys",
    "clips_inside",
    "contours",
    "corpus_title",
    "densities",
    "describe_clip",
    "describe_selection",
    "describe_share_below",
    "emotions_present",
    "feature_groups",
    "feature_specs",
    "feature_summary",
    "feature_values",
    "map_path",
    "mean_over_speakers",
    "mel_spectrum_difference",
    "nearest_clips",
    "order_groups",
    "place_clips",
    "rank_features",
    "rank_unusual_features",
    "ranking_obstacle",
    "read_shipped_features",
    "read_stored_places",
    "sample_points",
    "select_emotions",
    "select_gender",
    "share_below",
    "summarise_ranking",
    "thin_out",
]
