"""What models read of a clip: feature vectors and the log-mel spectrogram, each computed once.

Conventions: recordings are at 16 kHz, feature vectors [d], spectrograms [frames, 64] in dB.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from ser_core import audio
from ser_core.features import functionals
from ser_core.features.feature_sets import FEATURE_SETS, FeatureVector, extract
from ser_core.features.logmel import LogMel, log_mel
from ser_core.features.spectrum import Array

if TYPE_CHECKING:
    from ser_core.audio import Recording

T = TypeVar("T")

NETWORK_INPUT = "logmel64_v1"
"""The name of the log-mel spectrogram. It is no feature set: it has a row every 10 ms."""

_FROM_CONTOURS = "functionals_v1"
"""The feature set that is taken of contours: silencing a moment needs no new contours."""
_CONTOURS = "contours"


class Inputs:
    """What models read of one recording. Each thing is computed when it is first needed, and then kept.

    Parameters
    ----------
    recording : Recording
        At 16 kHz.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._computed: dict[Hashable, Any] = {}

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The result of `compute`, which runs only at the first call with this key.

        Parameters
        ----------
        key : hashable
            What is computed.
        compute : callable
            Called without arguments.

        Returns
        -------
        object
            The result, the same object each time.
        """
        if key not in self._computed:
            self._computed[key] = compute()
        return cast("T", self._computed[key])

    def vector(self, feature_set: str) -> FeatureVector:
        """The features of a feature set.

        Parameters
        ----------
        feature_set : str
            A name in `FEATURE_SETS`.

        Returns
        -------
        FeatureVector
            As `extract` gives it.

        Raises
        ------
        ValueError
            If there is no feature set of that name.
        """
        return self.once(feature_set, lambda: self._extract(feature_set))

    def _extract(self, feature_set: str) -> FeatureVector:
        if feature_set != _FROM_CONTOURS:
            return extract(self.recording, feature_set)
        values = functionals.summarise(self._contours)
        return FeatureVector(values, FEATURE_SETS[feature_set].names, feature_set)

    @property
    def log_mel(self) -> LogMel:
        """The log-mel spectrogram `logmel64_v1`, [frames, 64] in dB."""
        return self.once(NETWORK_INPUT, lambda: log_mel(self.recording.samples))

    def silenced(self, start_s: float, end_s: float) -> Inputs:
        """The inputs of the same recording with a stretch of silence.

        The features of `functionals_v1` are those of the recording's contours without the frames of the
        stretch.

        Parameters
        ----------
        start_s, end_s : float
            The stretch, in seconds.

        Returns
        -------
        Inputs
            New inputs, nothing computed yet.
        """
        return _Silenced(self, start_s, end_s)

    def changed(
        self,
        change_vector: Callable[[FeatureVector], Array],
        change_log_mel: Callable[[LogMel], LogMel],
    ) -> Inputs:
        """The inputs of the same recording with changed features and a changed spectrogram.

        Parameters
        ----------
        change_vector : callable
            From a feature vector to its new values [d].
        change_log_mel : callable
            From the spectrogram [frames, 64] to the new one.

        Returns
        -------
        Inputs
            New inputs, nothing computed yet.
        """
        return _Changed(self, change_vector, change_log_mel)

    @property
    def _contours(self) -> functionals.Contours:
        return self.once(_CONTOURS, lambda: functionals.compute_contours(self.recording))


class _Silenced(Inputs):
    """See `Inputs.silenced`."""

    def __init__(self, original: Inputs, start_s: float, end_s: float) -> None:
        super().__init__(audio.silence(original.recording, start_s, end_s))
        self._original = original
        self._span = (start_s, end_s)

    @property
    def _contours(self) -> functionals.Contours:
        return self.once(_CONTOURS, self._silence_contours)

    def _silence_contours(self) -> functionals.Contours:
        return functionals.silence_contours(self._original._contours, *self._span)


class _Changed(Inputs):
    """See `Inputs.changed`."""

    def __init__(
        self,
        original: Inputs,
        change_vector: Callable[[FeatureVector], Array],
        change_log_mel: Callable[[LogMel], LogMel],
    ) -> None:
        super().__init__(original.recording)
        self._original = original
        self._change_vector = change_vector
        self._change_log_mel = change_log_mel

    def _extract(self, feature_set: str) -> FeatureVector:
        vector = self._original.vector(feature_set)
        return replace(vector, values=self._change_vector(vector))

    @property
    def log_mel(self) -> LogMel:
        return self.once(NETWORK_INPUT, lambda: self._change_log_mel(self._original.log_mel))


class Baseline:
    """A personal baseline (enrolment): a few neutral clips of the speaker, given beforehand.

    Parameters
    ----------
    clips : sequence of Inputs
        At least one.

    Raises
    ------
    ValueError
        If there is no clip.
    """

    def __init__(self, clips: Sequence[Inputs]) -> None:
        if not clips:
            raise ValueError("A baseline needs at least one clip. Got none.")
        self.clips = tuple(clips)

    def mean(self, measure: Callable[[Inputs], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """The mean of an array over the clips.

        Parameters
        ----------
        measure : callable
            From the inputs of a clip to an array, of one shape for all clips.

        Returns
        -------
        array
            Of the same shape.
        """
        return np.asarray(np.mean([measure(clip) for clip in self.clips], axis=0))

    def vector(self, feature_set: str) -> Array:
        """The mean features [d] of the clips, of a feature set in `FEATURE_SETS`."""
        return self.mean(lambda clip: clip.vector(feature_set).values)
