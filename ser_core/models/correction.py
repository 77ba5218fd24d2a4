"""A correction layer: what a person's own labels teach, on top of an emotion model that stays as it is.

The layer is a matrix and a bias. It takes the centred logarithms of the probabilities of the model and
gives those of the corrected ones, up to a constant (Dirichlet calibration: Kull et al. 2019, Beyond
temperature scaling). The identity changes nothing. It is kept as JSON, named by its SHA-256, and runs no
code. It holds the digest of the model that it was fitted on, and works with no other.

Conventions: probabilities [..., emotions], in the order of `EMOTIONS`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode, SerError
from ser_core.features import Baseline, Inputs
from ser_core.models.estimators import Averages, Estimator
from ser_core.models.pooling import LEAST_PROBABILITY, Probabilities, softmax

CORRECTED = "+corrected-"
"""What stands between the name of a model and that of the layer on it."""

SCHEMA = 1
_TRAIN_HINT = "Train another one: python -m ser_core library train"


@dataclass(frozen=True, eq=False)
class Layer:
    """A correction layer of an emotion model."""

    matrix: npt.NDArray[np.float64]
    """Shape [emotions, emotions]."""
    bias: npt.NDArray[np.float64]
    """Shape [emotions]."""
    base: str
    """The SHA-256 on the card of the model that it corrects."""

    @classmethod
    def identity(cls, base: str) -> Layer:
        """The layer that changes nothing.

        Parameters
        ----------
        base : str
            The SHA-256 on the card of the model.

        Returns
        -------
        Layer
        """
        return cls(np.eye(len(EMOTIONS)), np.zeros(len(EMOTIONS)), base)

    @classmethod
    def from_json(cls, text: str) -> Layer:
        """The layer that `to_json` wrote.

        Parameters
        ----------
        text : str
            JSON.

        Returns
        -------
        Layer

        Raises
        ------
        SerError
            MODEL_SCHEMA where it is none.
        """
        try:
            raw = json.loads(text)
            matrix = np.array(raw["matrix"], dtype=np.float64)
            bias = np.array(raw["bias"], dtype=np.float64)
            fits = _has_this_schema(raw) and _has_numbers(matrix, bias)
        except (ValueError, KeyError, TypeError) as error:
            message = "The correction layer cannot be read."
            raise SerError(ErrorCode.MODEL_SCHEMA, message, _TRAIN_HINT) from error
        if not fits:
            message = (
                "The correction layer was made for other emotions, or holds what are no numbers."
            )
            raise SerError(ErrorCode.MODEL_SCHEMA, message, _TRAIN_HINT)
        return cls(matrix, bias, raw["base"])

    def to_json(self) -> str:
        """The layer as JSON; the same layer always gives the same text.

        Returns
        -------
        str
            Schema 1.
        """
        raw = {
            "schema": SCHEMA,
            "base": self.base,
            "labels": list(EMOTIONS),
            "matrix": self.matrix.tolist(),
            "bias": self.bias.tolist(),
        }
        return json.dumps(raw, sort_keys=True)

    @property
    def digest(self) -> str:
        """The SHA-256 of `to_json`."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def __call__(
        self, probabilities: Probabilities, least: float = LEAST_PROBABILITY
    ) -> Probabilities:
        """Correct probabilities.

        Parameters
        ----------
        probabilities : array [..., emotions]
            Of the model.
        least : float
            Probabilities below it count as that much.

        Returns
        -------
        array [..., emotions]

        Examples
        --------
        >>> probabilities = np.full(8, 0.125)
        >>> bool(np.allclose(Layer.identity("")(probabilities), probabilities))
        True
        """
        return softmax(log_ratios(probabilities, least) @ self.matrix.T + self.bias)


def _has_this_schema(raw: Any) -> bool:
    is_base = isinstance(raw["base"], str)
    return bool(raw["schema"] == SCHEMA and raw["labels"] == list(EMOTIONS) and is_base)


def _has_numbers(matrix: npt.NDArray[np.float64], bias: npt.NDArray[np.float64]) -> bool:
    """Whether matrix and bias have their shapes and finite numbers."""
    n = len(EMOTIONS)
    if matrix.shape != (n, n) or bias.shape != (n,):
        return False
    return bool(np.isfinite(matrix).all() and np.isfinite(bias).all())


def log_ratios(probabilities: Probabilities, least: float = LEAST_PROBABILITY) -> Probabilities:
    """The logarithms of probabilities less their mean over the labels.

    Parameters
    ----------
    probabilities : array [..., labels]
        Of a model.
    least : float
        Probabilities below it count as that much.

    Returns
    -------
    array [..., labels]

    Examples
    --------
    >>> log_ratios(np.array([0.2, 0.8])).round(3).tolist()
    [-0.693, 0.693]
    """
    logarithms = np.log(np.maximum(probabilities, least))
    return np.asarray(logarithms - logarithms.mean(axis=-1, keepdims=True))


@dataclass(frozen=True, eq=False)
class Corrected:
    """An estimator with a correction layer on it, with a personal baseline or without."""

    estimator: Estimator
    layer: Layer

    def member_probabilities(
        self, clips: Sequence[Inputs], baseline: Baseline | None = None
    ) -> list[Probabilities]:
        """See `Estimator`."""
        members = self.estimator.member_probabilities(clips, baseline)
        return [self.layer(probabilities) for probabilities in members]

    def averages(self) -> Averages:
        """See `Estimator`."""
        return self.estimator.averages()
