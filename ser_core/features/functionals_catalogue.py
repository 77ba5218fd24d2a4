"""The features of `functionals_v1` by name: statistics of contours, then pitch, energy and rhythm."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ser_core.features import contour_catalogue, prosody_catalogue
from ser_core.features.catalogue import FeatureSpec

_CONTOUR_GROUPS = (
    ("Mel spectrum", contour_catalogue.MEL_CONTOURS, contour_catalogue.MEL_STATISTICS),
    ("Timbre (MFCC)", contour_catalogue.MFCC_CONTOURS, contour_catalogue.MFCC_STATISTICS),
    ("Spectral shape", contour_catalogue.SHAPE_CONTOURS, contour_catalogue.SHAPE_STATISTICS),
    ("Voice quality", contour_catalogue.VOICE_CONTOURS, contour_catalogue.VOICE_STATISTICS),
)
_PROSODY_GROUPS = (
    ("Pitch", prosody_catalogue.PITCH),
    ("Energy", prosody_catalogue.ENERGY),
    ("Rhythm", prosody_catalogue.RHYTHM),
)


def _specs() -> Iterator[FeatureSpec]:
    for group, contours, statistics in _CONTOUR_GROUPS:
        for key, contour in itertools.product(statistics, contours):
            statistic = contour_catalogue.STATISTICS[key]
            yield FeatureSpec(
                f"{contour.name}_{key}",
                f"{contour.title}, {statistic.title}",
                statistic.unit(contour),
                group,
                statistic.sentence.format(contour.meaning),
                contour.frequency_hz,
            )
    for group, rows in _PROSODY_GROUPS:
        for name, title, unit, sentence in rows:
            yield FeatureSpec(name, title, unit, group, sentence)


SPECS = tuple(_specs())

CHANNEL_DEPENDENT = frozenset(
    spec.name
    for spec in SPECS
    if spec.name.endswith("_mean") and spec.group in {group for group, *_ in _CONTOUR_GROUPS}
)
"""The averages of spectral contours: a microphone or a room moves these."""
