"""Probabilities that can be believed: temperatures and weights fitted on speakers (or corpora) that training set aside.

Conventions: `opinions` are probabilities [clips, labels] of one model each; `truth` are label positions [clips]; `weights` say
how much each clip counts. What is fitted is the exponent of each model in the logarithmic opinion pool, whose sum is the
reciprocal of the temperature (Guo et al. 2017, temperature scaling, for a single model).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from ser_core.models.estimators import Probabilities, pooled

Positions = npt.NDArray[np.int64]

_LEAST = 1e-6
_MOST = 4.0  # exponent; beyond, probabilities are sharpened to certainty


def exponents(
    opinions: Sequence[Probabilities], truth: Positions, weights: npt.NDArray[np.float64]
) -> list[float]:
    """The exponents, each 0 to 4, that make the pool's log loss smallest."""

    def loss(values: npt.NDArray[np.float64]) -> float:
        right = pooled(opinions, list(values))[np.arange(len(truth)), truth]
        return float(np.average(-np.log(np.maximum(right, _LEAST)), weights=weights))

    start = np.full(len(opinions), 1 / len(opinions))
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(0.0, _MOST)] * len(opinions))
    return [round(float(value), 3) for value in found.x]


def equal_parts(groups: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Weights that let every group (corpus) count the same, shape [clips]."""
    _, which, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    return np.asarray(1 / counts[which])
