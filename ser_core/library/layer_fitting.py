"""Fitting a correction layer on clips with labels.

Probabilities are between 0 and 1, shape [n, emotions]; a speaker's name is "" where unknown. The
layer is fitted by maximum likelihood with a penalty on its squared distance to the identity: the
less there is to learn from, the less it changes. The strength of the penalty is chosen among the
training speakers alone, each left out in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser_core.emotions import EMOTIONS
from ser_core.models import Layer
from ser_core.models.correction import log_ratios
from ser_core.models.pooling import log_softmax

Array = npt.NDArray[np.float64]

STRENGTHS = (3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0)
"""The strengths that are tried. Half of one, times the squared distance, is the penalty."""
STRENGTH_OF_ONE_SPEAKER = 100.0
"""The strength where there is a single training speaker, or the speakers are unknown."""

_LEAST_PROBABILITY = 1e-12
_MAX_ITERATIONS = 1000


@dataclass(frozen=True, eq=False)
class LabelledClips:
    """Clips with labels, and the default model's probabilities for them."""

    probabilities: Array
    """Shape [n, emotions]."""
    truth: npt.NDArray[np.int64]
    """The position of each label among the emotions, shape [n]."""
    speakers: tuple[str, ...]

    def count(self) -> dict[str, object]:
        """The number of clips, of known speakers, and of clips by emotion, as JSON."""
        n_of_each = np.bincount(self.truth, minlength=len(EMOTIONS)).tolist()
        return {
            "clips": len(self.truth),
            "speakers": len(set(self.speakers) - {""}),
            "emotions": {emotion: n for emotion, n in zip(EMOTIONS, n_of_each, strict=True) if n},
        }


def fit(clips: LabelledClips, strength: float, base: str) -> Layer:
    """The layer with the greatest penalised likelihood of the labels.

    Each emotion counts the same, however often it occurs.

    Parameters
    ----------
    clips : LabelledClips
    strength : float
        Of the penalty, see `STRENGTHS`.
    base : str
        The SHA-256 on the card of the model that the layer corrects.
    """
    from scipy.optimize import minimize

    n = len(EMOTIONS)
    inputs = log_ratios(clips.probabilities)
    targets = np.eye(n)[clips.truth]
    weights = _emotion_weights(clips.truth)
    identity = np.eye(n)

    def loss(flat: Array) -> tuple[float, Array]:
        """The penalised negative log-likelihood and its gradient."""
        matrix, bias = _unpack(flat)
        scores = inputs @ matrix.T + bias
        log_probabilities = log_softmax(scores)
        distance = matrix - identity
        penalty = strength / 2 * ((distance**2).sum() + (bias**2).sum())
        value = -((log_probabilities * targets).sum(axis=1) * weights).sum() + penalty
        errors = (np.exp(log_probabilities) - targets) * weights[:, None]
        matrix_gradient = errors.T @ inputs + strength * distance
        bias_gradient = errors.sum(axis=0) + strength * bias
        return float(value), np.concatenate([matrix_gradient.ravel(), bias_gradient])

    start = np.concatenate([identity.ravel(), np.zeros(n)])
    options = {"maxiter": _MAX_ITERATIONS}
    optimum = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    return Layer(*_unpack(optimum.x), base)


def _unpack(flat: Array) -> tuple[Array, Array]:
    """The matrix and the bias of a layer from its parameters in a row."""
    n = len(EMOTIONS)
    return flat[: n * n].reshape(n, n), flat[n * n :]


def _emotion_weights(truth: npt.NDArray[np.int64]) -> Array:
    """A weight per clip, with mean 1, by which each emotion counts the same."""
    weights = 1 / np.bincount(truth, minlength=len(EMOTIONS))[truth]
    return np.asarray(weights * (len(weights) / max(weights.sum(), 1e-12)))


def choose_strength(clips: LabelledClips) -> float:
    """The strength with the least loss on training speakers that are left out in turn.

    Each speaker counts once. Of two equal strengths it is the greater. With fewer than two known
    speakers it is `STRENGTH_OF_ONE_SPEAKER`.
    """
    speakers = sorted(set(clips.speakers) - {""})
    if len(speakers) < 2:
        return STRENGTH_OF_ONE_SPEAKER
    losses = {strength: _loss_on_left_out(clips, speakers, strength) for strength in STRENGTHS}
    least = min(losses.values())
    return max(strength for strength, loss in losses.items() if loss == least)


def _loss_on_left_out(clips: LabelledClips, speakers: Sequence[str], strength: float) -> float:
    """The mean over speakers of the mean negative log-likelihood of their clips, when left out."""
    speaker_of = np.array(clips.speakers)
    losses = []
    for speaker in speakers:
        inside = speaker_of != speaker
        training = LabelledClips(clips.probabilities[inside], clips.truth[inside], ())
        corrected = fit(training, strength, "")(clips.probabilities[~inside])
        truth = clips.truth[~inside]
        likelihoods = np.maximum(corrected[np.arange(len(truth)), truth], _LEAST_PROBABILITY)
        losses.append(float(-np.log(likelihoods).mean()))
    return round(float(np.mean(losses)), 6)
