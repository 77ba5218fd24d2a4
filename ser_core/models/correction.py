"""A correction layer: what labels of one's own teach, put on top of an emotion model that itself stays as it is.

The layer takes the centred logarithms of the model's probabilities and gives those of the corrected ones, up to a constant: a matrix and a
bias (Dirichlet calibration: Kull et al. 2019, Beyond temperature scaling). The identity changes nothing. It is kept as JSON, known by the
SHA-256 of that, and runs no code. It knows by its digest the model that it was fitted on, and works with no other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode, SerError
from ser_core.features import Baseline, Inputs
from ser_core.models.estimators import Averages, Estimator, Probabilities

CORRECTED = "+corrected-"
"""What stands between the name of a model and that of the layer on it."""

SCHEMA = 1
LEAST = 1e-6
"""The least probability; a logarithm needs one."""
_TRAIN_ANEW = "Train another one: python -m ser_core library train"


@dataclass(frozen=True, eq=False)
class Layer:
    """`matrix` [emotions, emotions] and `bias` [emotions]; `base` is the SHA-256 on the card of the model that it corrects."""

    matrix: npt.NDArray[np.float64]
    bias: npt.NDArray[np.float64]
    base: str

    @classmethod
    def identity(cls, base: str) -> Layer:
        """The layer that changes nothing."""
        return cls(np.eye(len(EMOTIONS)), np.zeros(len(EMOTIONS)), base)

    @classmethod
    def from_json(cls, text: str) -> Layer:
        """The layer that `to_json` wrote down.

        Raises
        ------
        SerError
            MODEL_SCHEMA where it is none.
        """
        try:
            raw = json.loads(text)
            matrix, bias = (
                np.array(raw["matrix"], dtype=np.float64),
                np.array(raw["bias"], dtype=np.float64),
            )
            fits = (
                raw["schema"] == SCHEMA
                and raw["labels"] == list(EMOTIONS)
                and isinstance(raw["base"], str)
            )
        except (ValueError, KeyError, TypeError) as error:
            raise SerError(
                ErrorCode.MODEL_SCHEMA, "The correction layer cannot be read.", _TRAIN_ANEW
            ) from error
        n = len(EMOTIONS)
        if (
            not fits
            or matrix.shape != (n, n)
            or bias.shape != (n,)
            or not (np.isfinite(matrix).all() and np.isfinite(bias).all())
        ):
            raise SerError(
                ErrorCode.MODEL_SCHEMA,
                "The correction layer was made for other emotions, or holds what are no numbers.",
                _TRAIN_ANEW,
            )
        return cls(matrix, bias, raw["base"])

    def to_json(self) -> str:
        """The layer as JSON; the same layer always gives the same text."""
        return json.dumps(
            {
                "schema": SCHEMA,
                "base": self.base,
                "labels": list(EMOTIONS),
                "matrix": self.matrix.tolist(),
                "bias": self.bias.tolist(),
            },
            sort_keys=True,
        )

    @property
    def digest(self) -> str:
        """The SHA-256 of `to_json`."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def __call__(self, probabilities: Probabilities, least: float = LEAST) -> Probabilities:
        """Corrected probabilities [..., emotions]; those below `least` are taken for it.

        >>> said = np.full(8, 0.125)
        >>> bool(np.allclose(Layer.identity("")(said), said))
        True
        """
        logarithms = log_ratios(probabilities, least) @ self.matrix.T + self.bias
        shifted = np.exp(logarithms - logarithms.max(axis=-1, keepdims=True))
        return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def log_ratios(probabilities: Probabilities, least: float = LEAST) -> Probabilities:
    """Logarithms of probabilities [..., emotions] less their mean; those below `least` are taken for it.

    >>> log_ratios(np.array([0.2, 0.8])).round(3).tolist()
    [-0.693, 0.693]
    """
    logarithms = np.log(np.maximum(probabilities, least))
    return np.asarray(logarithms - logarithms.mean(axis=-1, keepdims=True))


@dataclass(frozen=True, eq=False)
class Corrected:
    """An estimator whose opinions go through a layer, with a personal baseline or without."""

    estimator: Estimator
    layer: Layer

    def opinions(
        self, clips: Sequence[Inputs], baseline: Baseline | None = None
    ) -> list[Probabilities]:
        return [self.layer(said) for said in self.estimator.opinions(clips, baseline)]

    def averages(self) -> Averages:
        return self.estimator.averages()
