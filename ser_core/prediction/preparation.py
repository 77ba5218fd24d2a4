"""What a recording holds, before any model sees it: the gate's result, the windows and their inputs.

A recording of up to 8 s is one window. A longer one has windows of 4 s, the length of the clips that
the models learnt from, every two seconds where somebody speaks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser_core.audio import Quality, Recording
from ser_core.features import Inputs
from ser_core.speech import gate, windows

_TOGETHER = 32  # windows whose features are held at a time, nearly two megabytes each


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a recording holds, before any model sees it: for all models, with and without a baseline."""

    recording: Recording
    gate_result: gate.GateResult
    windows: tuple[windows.Stretch, ...]
    weights: npt.NDArray[np.float64]
    """How much each window counts, shape [windows]."""
    inputs: tuple[Inputs, ...]
    """The inputs of each window, whose features are computed once; empty where there are too many
    windows to hold them."""

    @property
    def quality(self) -> Quality:
        """The technical quality of the recording."""
        return self.gate_result.quality

    @property
    def is_speech(self) -> bool:
        """Whether the gate takes the recording for speech."""
        return all(reason.code != "NOT_SPEECH" for reason in self.gate_result.reasons)

    def batches(self) -> Iterator[Sequence[Inputs]]:
        """The inputs of all windows in order, some at a time: features of hours would fill the memory."""
        if self.inputs:
            yield self.inputs
            return
        for start in range(0, len(self.windows), _TOGETHER):
            yield [Inputs(window.part) for window in self.windows[start : start + _TOGETHER]]


def prepare(recording: Recording) -> Prepared:
    """Check a recording and divide it into windows, before any model sees it.

    Parameters
    ----------
    recording : Recording
        At 16 kHz.

    Returns
    -------
    Prepared
        It holds the features once they are computed, up to two megabytes a window.
    """
    gate_result = gate.check_speech(recording)
    stretches = tuple(windows.choose_stretches(recording, gate_result.speech))
    speech_seconds = [stretch.speech_s for stretch in stretches]
    weights = np.maximum(speech_seconds, windows.GAP_SECONDS / 10)
    few = len(stretches) <= _TOGETHER
    inputs = tuple(Inputs(stretch.part) for stretch in stretches) if few else ()
    return Prepared(recording, gate_result, stretches, weights, inputs)
