"""Named, versioned feature sets: the same numbers in training, command line and app.

Conventions: recordings are at 16 kHz, features are float64 [d]. A feature set is immutable: a change of any
value beyond the tolerances in the tests is a new version under a new name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from ser_core.features import acoustic128, functionals, mfcc128
from ser_core.features.catalogue import FeatureSpec
from ser_core.features.spectrum import Array
from ser_core.speech import gate, windows

if TYPE_CHECKING:
    from ser_core.audio import Recording

DEFAULT = "acoustic128_v1"


@dataclass(frozen=True)
class FeatureSet:
    """A feature set: its name, a summary, its features in order, and the function that computes them."""

    name: str
    summary: str
    specs: tuple[FeatureSpec, ...]
    compute: Callable[[Recording], Array]
    """From a recording at 16 kHz."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the features, in order."""
        return tuple(spec.name for spec in self.specs)


@dataclass(frozen=True, eq=False)
class FeatureVector:
    """The features of one clip: `values` [d] float64, their `names`, and the name of their feature set."""

    values: Array
    names: tuple[str, ...]
    feature_set: str


FEATURE_SETS: Mapping[str, FeatureSet] = MappingProxyType(
    {
        "acoustic128_v1": FeatureSet(
            "acoustic128_v1",
            "128 features of timbre, spectrum, pitch, energy and rhythm, whatever the loudness",
            acoustic128.SPECS,
            acoustic128.extract,
        ),
        "mfcc128_v1": FeatureSet(
            "mfcc128_v1",
            "the mean of 128 MFCCs, the baseline of most projects",
            mfcc128.SPECS,
            mfcc128.extract,
        ),
        "functionals_v1": FeatureSet(
            "functionals_v1",
            f"{len(functionals.SPECS)} statistics of timbre, spectrum, voice, pitch, energy and rhythm, "
            "whatever the loudness",
            functionals.SPECS,
            functionals.extract,
        ),
    }
)
"""Every feature set by its name."""


def extract(recording: Recording, feature_set: str = DEFAULT) -> FeatureVector:
    """The features of one recording.

    Parameters
    ----------
    recording : Recording
        At 16 kHz, as `ser_core.audio` makes it.
    feature_set : str
        A name in `FEATURE_SETS`.

    Returns
    -------
    FeatureVector
        The features in the order of the feature set.

    Raises
    ------
    ValueError
        If there is no feature set of that name.
    """
    chosen = FEATURE_SETS.get(feature_set)
    if chosen is None:
        known = ", ".join(FEATURE_SETS)
        raise ValueError(f"The feature set must be one of {known}. Got {feature_set!r}.")
    return FeatureVector(chosen.compute(recording), chosen.names, chosen.name)


def extract_by_windows(recording: Recording, feature_set: str = DEFAULT) -> FeatureVector:
    """The features of a recording of any length, in bounded memory.

    Up to 8 s they are those of `extract`; of a longer recording, their mean over the windows that a
    prediction would use.

    Parameters
    ----------
    recording : Recording
        At 16 kHz.
    feature_set : str
        A name in `FEATURE_SETS`.

    Returns
    -------
    FeatureVector
        The features in the order of the feature set.

    Raises
    ------
    ValueError
        If there is no feature set of that name.
    """
    if recording.duration_s <= windows.WHOLE_SECONDS:
        return extract(recording, feature_set)
    stretches = windows.choose_stretches(recording, gate.speech_probabilities(recording.samples))
    vectors = [extract(stretch.part, feature_set) for stretch in stretches]
    mean = np.mean([vector.values for vector in vectors], axis=0)
    return FeatureVector(mean, vectors[0].names, feature_set)
