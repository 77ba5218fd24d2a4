"""What a model's files become in memory: an estimator, which gives probabilities of a task's labels.

There are three of them: a classifier on a feature vector, a network on the log-mel spectrogram, and a
combination of such estimators. Each takes the `Inputs` of clips, which compute features once for all
models. Probabilities are [clips, labels] in the order of `LABELS[task]`; rows sum to 1.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ser_core.emotions import LABELS
from ser_core.features import NETWORK_INPUT, Baseline, Inputs
from ser_core.features.cues import AverageFeatures, AverageSpeech
from ser_core.models.pooling import Probabilities, pool_probabilities

Averages = Mapping[str, AverageFeatures | AverageSpeech]

_NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""Set before the import, it keeps onnxruntime from reporting over the network what runs here."""
_OUTPUTS = ("emotion", "gender", "embedding")


class Estimator(Protocol):
    """What every estimator can do."""

    def member_probabilities(
        self, clips: Sequence[Inputs], baseline: Baseline | None = None
    ) -> list[Probabilities]:
        """The probabilities of clips, each [clips, labels], one array for each member of a pool.

        One array; with a personal baseline some estimators give a second one. A combination pools
        those of its members to one.
        """
        ...

    def averages(self) -> Averages:
        """The average of the clips that it learnt from, by the name of what it reads."""
        ...


@dataclass(frozen=True, eq=False)
class FeatureClassifier:
    """A fitted classifier as scikit-learn has them, and the feature set that it takes.

    `enrolled` is a second classifier, which also takes the difference from a personal baseline.
    """

    task: str
    feature_set: str
    fitted: Any
    enrolled: Any = None

    def member_probabilities(
        self, clips: Sequence[Inputs], baseline: Baseline | None = None
    ) -> list[Probabilities]:
        """See `Estimator`."""
        x = np.array([clip.vector(self.feature_set).values for clip in clips])
        members = [predict_labels(self.fitted, x, self.task)]
        if baseline is not None and self.enrolled is not None:
            with_difference = append_difference(x, baseline.vector(self.feature_set))
            members.append(predict_labels(self.enrolled, with_difference, self.task))
        return members

    def averages(self) -> Averages:
        """See `Estimator`."""
        scalers = list(_scalers(self.fitted))
        mean = np.vstack([scaler.mean_ for scaler in scalers]).mean(axis=0)
        deviation = np.vstack([scaler.scale_ for scaler in scalers]).mean(axis=0)
        return {self.feature_set: AverageFeatures(mean, deviation)}


def _scalers(fitted: Any) -> Iterator[Any]:
    """The parts of a fitted classifier that know the mean training clip.

    A classifier may be one itself, or hold them: alone, calibrated, or in each member of a bag.
    """
    if hasattr(fitted, "mean_"):
        yield fitted
    elif hasattr(fitted, "calibrated_classifiers_"):
        for calibrated in fitted.calibrated_classifiers_:
            yield from _scalers(calibrated.estimator)
    elif hasattr(fitted, "steps"):
        steps = (step for _, step in fitted.steps)
        yield from (step for step in steps if hasattr(step, "scale_") and hasattr(step, "mean_"))
    else:
        for member in fitted.estimators_:
            yield from _scalers(member)


class Network:
    """A network in ONNX on one thread, for one of its two tasks.

    See `ser_core.training.neural.onnx_export.Served` for its inputs and outputs.
    """

    def __init__(self, artefact: bytes, task: str, average: AverageSpeech) -> None:
        self.task, self._average = task, average
        self._session = _session(artefact)
        self._width = self._session.get_outputs()[_OUTPUTS.index("embedding")].shape[1]

    def member_probabilities(
        self, clips: Sequence[Inputs], baseline: Baseline | None = None
    ) -> list[Probabilities]:
        """See `Estimator`."""
        number = _OUTPUTS.index(self.task)
        rows = [self._outputs(clip, baseline)[number][0] for clip in clips]
        exact = np.array(rows, dtype=np.float64)
        return [np.asarray(exact / exact.sum(axis=1, keepdims=True))]

    def averages(self) -> Averages:
        """See `Estimator`."""
        return {NETWORK_INPUT: self._average}

    def embedding(self, inputs: Inputs) -> npt.NDArray[np.float32]:
        """The embedding of a clip, shape [width]."""
        return np.asarray(self._outputs(inputs, None)[_OUTPUTS.index("embedding")][0])

    def _outputs(self, inputs: Inputs, baseline: Baseline | None) -> list[npt.NDArray[np.float32]]:
        """All outputs for a clip, computed once for all tasks and models."""

        def compute() -> list[npt.NDArray[np.float32]]:
            mean = np.zeros(self._width, np.float32)
            if baseline is not None:
                mean = baseline.mean(self.embedding).astype(np.float32)
            feeds = {
                "log_mel": inputs.log_mel[None],
                "baseline": mean[None],
                "given": np.array([baseline is not None], np.float32),
            }
            return list(self._session.run(list(_OUTPUTS), feeds))

        return inputs.once((self._session, baseline), compute)


@lru_cache(maxsize=4)
def _session(artefact: bytes) -> Any:
    """The session of a network, shared by the models of both tasks."""
    os.environ[_NO_TELEMETRY] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # for Windows, where the variable has no effect
    options = onnxruntime.SessionOptions()
    # One thread: a clip takes milliseconds, and a second thread costs more to wake than it saves.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(artefact, options, providers=["CPUExecutionProvider"])


@dataclass(frozen=True, eq=False)
class Combination:
    """Estimators whose probabilities are pooled; see `pool_probabilities`.

    With a baseline the weights are others, one for each array that the members then give.
    """

    members: Sequence[Estimator]
    weights: Sequence[float]
    weights_with_baseline: Sequence[float] = ()

    def member_probabilities(
        self, clips: Sequence[Inputs], baseline: Baseline | None = None
    ) -> list[Probabilities]:
        """See `Estimator`."""
        each = [
            probabilities
            for member in self.members
            for probabilities in member.member_probabilities(clips, baseline)
        ]
        weights = self.weights if baseline is None else self.weights_with_baseline
        return [pool_probabilities(each, weights)]

    def averages(self) -> Averages:
        """See `Estimator`."""
        averages: dict[str, AverageFeatures | AverageSpeech] = {}
        for member in self.members:
            averages |= member.averages()
        return averages


def predict_labels(fitted: Any, x: npt.NDArray[Any], task: str) -> Probabilities:
    """The probabilities of all labels of a task, by a classifier that may know only some of them.

    Parameters
    ----------
    fitted : classifier
        As scikit-learn has them, with `classes_` and `predict_proba`.
    x : array [n, d]
        Features.
    task : str
        "emotion" or "gender".

    Returns
    -------
    array [n, labels]
        In the order of `LABELS[task]`; 0 for a label that the classifier has not learnt.
    """
    labels = LABELS[task]
    columns = [labels.index(str(label)) for label in fitted.classes_]
    probabilities = np.zeros((len(x), len(labels)))
    probabilities[:, columns] = fitted.predict_proba(x)
    return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True))


def append_difference(x: npt.NDArray[Any], baseline: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Features, followed by their difference from those of a baseline.

    Parameters
    ----------
    x : array [n, d]
        Features.
    baseline : array [n, d] or [d]
        The mean features of the baseline, for each row or for all.

    Returns
    -------
    array [n, 2 d]
    """
    return np.concatenate([x, x - baseline], axis=1)
