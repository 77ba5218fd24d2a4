"""What a model's artefact becomes in memory: something that gives the probabilities of a task's labels for one clip.

Four kinds, told apart by the artefact's suffix: a scikit-learn estimator (.joblib) or bagged perceptrons (.npz) on a feature vector, a
network on the log-mel spectrogram (.onnx), and a combination of such models (.json). Each takes the `Inputs` of clips, which compute features
once for all models that ask, and gives probabilities [clips, labels] in the order of `LABELS[task]`, whose rows sum to 1.
"""

from __future__ import annotations

import io
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
from ser_core.models.perceptrons import BaggedPerceptrons

Probabilities = npt.NDArray[np.float64]

Averages = Mapping[str, AverageFeatures | AverageSpeech]

_NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""Set before it is imported, it keeps onnxruntime from telling its maker over the network what runs here."""
_LEAST = 1e-6  # probability; a logarithm needs one


class Estimator(Protocol):
    """What every kind of model can do."""

    def opinions(
        self, clips: Sequence[Inputs], baseline: Baseline | None = None
    ) -> list[Probabilities]:
        """The probabilities of the labels of the task for some clips, each [clips, labels].

        One opinion; with a personal baseline there may be a second one, and a combination weighs them.
        """
        ...

    def averages(self) -> Averages:
        """What the model learnt from looks like on average, by the name of what it reads."""
        ...


@dataclass(frozen=True, eq=False)
class Classical:
    """A fitted classifier, as scikit-learn has them, and the feature set it takes; `enrolled` takes what differs from a baseline, too."""

    task: str
    feature_set: str
    fitted: Any
    enrolled: Any = None

    def opinions(
        self, clips: Sequence[Inputs], baseline: Baseline | None = None
    ) -> list[Probabilities]:
        x = np.array([clip.vector(self.feature_set).values for clip in clips])
        said = [probabilities(self.fitted, x, self.task)]
        if baseline is not None and self.enrolled is not None:
            said.append(
                probabilities(
                    self.enrolled, beside(x, baseline.vector(self.feature_set)), self.task
                )
            )
        return said

    def averages(self) -> Averages:
        scalers = list(_scalers(self.fitted))
        mean, deviation = (
            np.vstack([getattr(scaler, name) for scaler in scalers]).mean(axis=0)
            for name in ("mean_", "scale_")
        )
        return {self.feature_set: AverageFeatures(mean, deviation)}


def _scalers(fitted: Any) -> Iterator[Any]:
    """What knows the mean clip of the training inside a fitted classifier: itself, its scaler, alone, calibrated, or in each of a bag."""
    if hasattr(fitted, "mean_"):
        yield fitted
    elif hasattr(fitted, "calibrated_classifiers_"):
        for calibrated in fitted.calibrated_classifiers_:
            yield from _scalers(calibrated.estimator)
    elif hasattr(fitted, "steps"):
        yield from (
            step for _, step in fitted.steps if hasattr(step, "scale_") and hasattr(step, "mean_")
        )
    else:
        for member in fitted.estimators_:
            yield from _scalers(member)


class Network:
    """A network in ONNX on one thread, for one of its two tasks; see `ser_core.training.neural.network.Served` for what goes in and out."""

    def __init__(self, artefact: bytes, task: str, average: AverageSpeech) -> None:
        self.task, self._average = task, average
        self._session = _session(artefact)
        self._width = self._session.get_outputs()[2].shape[1]

    def opinions(
        self, clips: Sequence[Inputs], baseline: Baseline | None = None
    ) -> list[Probabilities]:
        output = list(LABELS).index(self.task)
        exact = np.array(
            [self._said(clip, baseline)[output][0] for clip in clips], dtype=np.float64
        )
        return [np.asarray(exact / exact.sum(axis=1, keepdims=True))]

    def averages(self) -> Averages:
        return {NETWORK_INPUT: self._average}

    def embedding(self, inputs: Inputs) -> npt.NDArray[np.float32]:
        """What the network makes of a clip, shape [width]."""
        return np.asarray(self._said(inputs, None)[2][0])

    def _said(self, inputs: Inputs, baseline: Baseline | None) -> list[npt.NDArray[np.float32]]:
        """All outputs, asked for once however many tasks and models want them."""

        def ask() -> list[npt.NDArray[np.float32]]:
            given = baseline is not None
            mean = (
                baseline.mean(self.embedding)
                if baseline is not None
                else np.zeros(self._width, np.float32)
            )
            feeds = {
                "log_mel": inputs.log_mel[None],
                "baseline": mean[None].astype(np.float32),
                "given": np.array([given], np.float32),
            }
            return list(self._session.run(["emotion", "gender", "embedding"], feeds))

        return inputs.once((self._session, baseline), ask)


@lru_cache(maxsize=4)
def _session(artefact: bytes) -> Any:
    """A network's session, shared by the models of both tasks."""
    os.environ[_NO_TELEMETRY] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # on Windows, where the variable says nothing
    options = onnxruntime.SessionOptions()
    # One thread: a clip takes milliseconds, and a second thread costs more to wake than it saves.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(artefact, options, providers=["CPUExecutionProvider"])


@dataclass(frozen=True, eq=False)
class Combination:
    """Models whose opinions are pooled: probabilities proportional to the product of theirs, each to the power of its weight.

    With a baseline the weights are others, one for each opinion that the members then have.
    """

    members: Sequence[Estimator]
    weights: Sequence[float]
    weights_with_baseline: Sequence[float] = ()

    def opinions(
        self, clips: Sequence[Inputs], baseline: Baseline | None = None
    ) -> list[Probabilities]:
        said = [opinion for member in self.members for opinion in member.opinions(clips, baseline)]
        return [pooled(said, self.weights if baseline is None else self.weights_with_baseline)]

    def averages(self) -> Averages:
        return {
            name: average for member in self.members for name, average in member.averages().items()
        }


def probabilities(fitted: Any, x: npt.NDArray[Any], task: str) -> Probabilities:
    """What a scikit-learn estimator says of features [n, d]: shape [n, labels] in the order of `LABELS[task]`, 0 for a label it has not learnt."""
    said = np.zeros((len(x), len(LABELS[task])))
    said[:, [LABELS[task].index(str(label)) for label in fitted.classes_]] = fitted.predict_proba(x)
    return np.asarray(said / said.sum(axis=1, keepdims=True))


def beside(x: npt.NDArray[Any], baseline: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Features [n, d] and, beside them, what differs from the baseline ([n, d], or [d] for all): shape [n, 2 d]."""
    return np.concatenate([x, x - baseline], axis=1)


def pooled(opinions: Sequence[Probabilities], weights: Sequence[float]) -> Probabilities:
    """The logarithmic opinion pool of probabilities [..., labels] (Genest & Zidek 1986); weights above 1 in sum sharpen, below flatten.

    >>> pooled([np.array([0.8, 0.2]), np.array([0.5, 0.5])], [1.0, 1.0]).round(3).tolist()
    [0.8, 0.2]
    """
    logarithms = sum(
        weight * np.log(np.maximum(opinion, _LEAST))
        for opinion, weight in zip(opinions, weights, strict=True)
    )
    shifted = np.exp(logarithms - np.max(logarithms, axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def load_classical(artefact: bytes, task: str, feature_set: str) -> Classical:
    """Unpickle a scikit-learn model. Only for bytes whose digest was checked: a pickle runs code."""
    import joblib

    return Classical(task, feature_set, joblib.load(io.BytesIO(artefact)))


def load_perceptrons(
    artefact: bytes, task: str, feature_set: str, enrolled: bytes | None = None
) -> Classical:
    """Bagged perceptrons and, where there are such, those that take a baseline."""
    return Classical(
        task,
        feature_set,
        *(BaggedPerceptrons.from_bytes(data) for data in (artefact, enrolled) if data is not None),
    )
