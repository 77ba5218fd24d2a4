"""Named, versioned feature sets: `extract(recording, feature_set)` gives the same numbers in training, CLI and app.

A feature set is immutable: any change of a value beyond the tolerances in the tests is a new version under a new name.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from ser_core import audio
from ser_core.features import acoustic128, functionals, logmel, mfcc128
from ser_core.features.catalogue import FeatureSpec
from ser_core.features.spectrum import Array
from ser_core.speech import gate, windows

if TYPE_CHECKING:
    from ser_core.audio import Recording

__all__ = [
    "FEATURE_SETS",
    "Baseline",
    "FeatureSet",
    "FeatureSpec",
    "FeatureVector",
    "Inputs",
    "extract",
    "extract_by_windows",
]

T = TypeVar("T")


@dataclass(frozen=True)
class FeatureSet:
    """A feature set: its name, what it is, its features in order, and how they are computed from a 16 kHz recording."""

    name: str
    summary: str
    specs: tuple[FeatureSpec, ...]
    compute: Callable[[Recording], Array]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(spec.name for spec in self.specs)


@dataclass(frozen=True, eq=False)
class FeatureVector:
    """The features of one clip: `values` [d] float64, their `names`, and the name of their feature set."""

    values: Array
    names: tuple[str, ...]
    feature_set: str


NETWORK_INPUT = "logmel64_v1"
"""The name of the log-mel spectrogram, which is no feature set: it has a row every 10 ms."""


class Inputs:
    """What models ask of one recording at 16 kHz, each thing computed once, when it is first asked for."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._kept: dict[Hashable, Any] = {}

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What `compute` gives, computed at the first call with this key."""
        if key not in self._kept:
            self._kept[key] = compute()
        return cast("T", self._kept[key])

    def vector(self, feature_set: str) -> FeatureVector:
        """The features of a feature set."""
        if feature_set == _CONTOURED:
            return self.once(
                feature_set,
                lambda: FeatureVector(
                    functionals.summary(self._contours),
                    FEATURE_SETS[feature_set].names,
                    feature_set,
                ),
            )
        return self.once(feature_set, lambda: extract(self.recording, feature_set))

    @property
    def log_mel(self) -> logmel.Frames:
        """The log-mel spectrogram `logmel64_v1`, shape [frames, 64], dB."""
        return self.once(NETWORK_INPUT, lambda: logmel.log_mel(self.recording.samples))

    def silenced(self, start_s: float, end_s: float) -> Inputs:
        """The same recording with silence from `start_s` to `end_s`. The large feature set is that of its contours without those frames."""
        return _Silenced(self, start_s, end_s)

    def changed(
        self,
        vector: Callable[[FeatureVector], Array],
        log_mel: Callable[[logmel.Frames], logmel.Frames],
    ) -> Inputs:
        """The same recording, where features and spectrogram are what two functions make of them."""
        return _Changed(self, vector, log_mel)

    @property
    def _contours(self) -> functionals.Contours:
        return self.once(_CONTOURS, lambda: functionals.contours(self.recording))


_CONTOURED = "functionals_v1"
_CONTOURS = "contours"


class _Silenced(Inputs):
    """See `Inputs.silenced`."""

    def __init__(self, of: Inputs, start_s: float, end_s: float) -> None:
        super().__init__(audio.silenced(of.recording, start_s, end_s))
        self._of, self._span = of, (start_s, end_s)

    @property
    def _contours(self) -> functionals.Contours:
        return self.once(_CONTOURS, lambda: functionals.silenced(self._of._contours, *self._span))


class _Changed(Inputs):
    """See `Inputs.changed`."""

    def __init__(
        self,
        of: Inputs,
        vector: Callable[[FeatureVector], Array],
        log_mel: Callable[[logmel.Frames], logmel.Frames],
    ) -> None:
        super().__init__(of.recording)
        self._of, self._vector, self._log_mel = of, vector, log_mel

    def vector(self, feature_set: str) -> FeatureVector:
        own = self._of.vector(feature_set)
        return self.once(feature_set, lambda: replace(own, values=self._vector(own)))

    @property
    def log_mel(self) -> logmel.Frames:
        return self.once(NETWORK_INPUT, lambda: self._log_mel(self._of.log_mel))


class Baseline:
    """A few neutral clips of a speaker, as models see them: the mean of what they make of each."""

    def __init__(self, clips: Sequence[Inputs]) -> None:
        if not clips:
            raise ValueError("A baseline needs at least one clip. Got none.")
        self.clips = tuple(clips)

    def mean(self, of: Callable[[Inputs], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """The mean over the clips of an array that is made of each."""
        return np.asarray(np.mean([of(clip) for clip in self.clips], axis=0))

    def vector(self, feature_set: str) -> Array:
        """The mean features of a feature set, shape [d]."""
        return self.mean(lambda clip: clip.vector(feature_set).values)


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
            f"{len(functionals.SPECS)} statistics of timbre, spectrum, voice, pitch, energy and rhythm, whatever the loudness",
            functionals.SPECS,
            functionals.extract,
        ),
    }
)


def extract(recording: Recording, feature_set: str = "acoustic128_v1") -> FeatureVector:
    """The features of one recording at 16 kHz.

    Parameters
    ----------
    recording : Recording
        As `ser_core.audio` makes it.
    feature_set : str
        A name in `FEATURE_SETS`.

    Raises
    ------
    ValueError
        If there is no feature set of that name.
    """
    chosen = FEATURE_SETS.get(feature_set)
    if chosen is None:
        raise ValueError(
            f"The feature set must be one of {', '.join(FEATURE_SETS)}. Got {feature_set!r}."
        )
    return FeatureVector(chosen.compute(recording), chosen.names, chosen.name)


def extract_by_windows(recording: Recording, feature_set: str = "acoustic128_v1") -> FeatureVector:
    """The features of a recording of any length, in bounded memory: the mean over the stretches that a prediction would use.

    Up to 8 s that is `extract`.
    """
    if recording.duration_s <= windows.WHOLE_SECONDS:
        return extract(recording, feature_set)
    stretches = windows.stretches(recording, gate.speech_probabilities(recording.samples))
    vectors = [extract(stretch.part, feature_set) for stretch in stretches]
    return FeatureVector(
        np.mean([vector.values for vector in vectors], axis=0), vectors[0].names, feature_set
    )
