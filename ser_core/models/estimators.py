"""What a model's artefact becomes in memory: something that gives the probabilities of a task's labels for one clip.

Three kinds, told apart by the artefact's suffix: a scikit-learn estimator on a feature vector (.joblib), a network on the
log-mel spectrogram (.onnx), and a combination of such models (.json). Each takes `Inputs`, which computes the features of a
clip once for all models that ask, and gives an array in the order of `LABELS[task]` that sums to 1.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ser_core.emotions import LABELS
from ser_core.features import Inputs

Probabilities = npt.NDArray[np.float64]

_LEAST = 1e-6  # probability; a logarithm needs one


class Estimator(Protocol):
    """What every kind of model can do."""

    def predict_proba(self, inputs: Inputs) -> Probabilities:
        """The probability of each label of the task for one clip, shape [labels]."""
        ...


@dataclass(frozen=True, eq=False)
class Classical:
    """A fitted scikit-learn estimator and the feature set it takes."""

    task: str
    feature_set: str
    fitted: Any

    def predict_proba(self, inputs: Inputs) -> Probabilities:
        raw = self.fitted.predict_proba(inputs.vector(self.feature_set).values.reshape(1, -1))[0]
        known = dict(zip(self.fitted.classes_, raw, strict=True))
        probabilities = np.array([known.get(label, 0.0) for label in LABELS[self.task]], dtype=np.float64)
        return np.asarray(probabilities / probabilities.sum())


class Network:
    """A network in ONNX on one thread: input `log_mel` [1, frames, 64] in dB, output `probabilities` [1, labels]."""

    def __init__(self, artefact: bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # One thread: a clip takes milliseconds, and a second thread costs more to wake than it saves.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(artefact, options, providers=["CPUExecutionProvider"])

    def predict_proba(self, inputs: Inputs) -> Probabilities:
        (probabilities,) = self._session.run(["probabilities"], {"log_mel": inputs.log_mel[None]})
        exact = probabilities[0].astype(np.float64)
        return np.asarray(exact / exact.sum())


@dataclass(frozen=True, eq=False)
class Combination:
    """Models whose opinions are pooled: probabilities proportional to the product of theirs, each to the power of its weight."""

    members: Sequence[tuple[Estimator, float]]

    def predict_proba(self, inputs: Inputs) -> Probabilities:
        return pooled([member.predict_proba(inputs) for member, _ in self.members], [weight for _, weight in self.members])


def pooled(opinions: Sequence[Probabilities], weights: Sequence[float]) -> Probabilities:
    """The logarithmic opinion pool of probabilities [..., labels] (Genest & Zidek 1986); weights above 1 in sum sharpen, below flatten.

    >>> pooled([np.array([0.8, 0.2]), np.array([0.5, 0.5])], [1.0, 1.0]).round(3).tolist()
    [0.8, 0.2]
    """
    logarithms = sum(weight * np.log(np.maximum(opinion, _LEAST)) for opinion, weight in zip(opinions, weights, strict=True))
    shifted = np.exp(logarithms - np.max(logarithms, axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def load_classical(artefact: bytes, task: str, feature_set: str) -> Classical:
    """Unpickle a scikit-learn model. Only for bytes whose digest was checked: a pickle runs code."""
    import joblib

    return Classical(task, feature_set, joblib.load(io.BytesIO(artefact)))
