"""Softmax, and several models' probabilities pooled as one.

Conventions: probabilities [..., labels]; those below `LEAST_PROBABILITY` count as that much, since a
logarithm needs one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float64]

LEAST_PROBABILITY = 1e-6
"""The least probability that a logarithm is taken of."""


def softmax(scores: npt.NDArray[Any]) -> Probabilities:
    """The probabilities that are proportional to the exponentials of scores.

    Parameters
    ----------
    scores : array [..., labels]
        Logarithms of probabilities, up to a constant.

    Returns
    -------
    array [..., labels]
        They sum to 1 over the last axis.

    Examples
    --------
    >>> softmax(np.log([[1.0, 3.0]])).round(3).tolist()
    [[0.25, 0.75]]
    """
    shifted = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def log_softmax(scores: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The logarithms of `softmax`, also where it is nearly 0.

    Parameters
    ----------
    scores : array [..., labels]
        Logarithms of probabilities, up to a constant.

    Returns
    -------
    array [..., labels]
    """
    shifted = scores - np.max(scores, axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def pool_probabilities(members: Sequence[Probabilities], weights: Sequence[float]) -> Probabilities:
    """The logarithmic opinion pool of several models' probabilities (Genest & Zidek 1986).

    Parameters
    ----------
    members : sequence of arrays [..., labels]
        The probabilities of each model.
    weights : sequence of float
        The pool weight of each model. A sum above 1 sharpens, one below 1 flattens.

    Returns
    -------
    array [..., labels]
        Proportional to the product of the members, each to the power of its weight.

    Examples
    --------
    >>> members = [np.array([0.8, 0.2]), np.array([0.5, 0.5])]
    >>> pool_probabilities(members, [1.0, 1.0]).round(3).tolist()
    [0.8, 0.2]
    """
    logarithms = sum(
        weight * np.log(np.maximum(member, LEAST_PROBABILITY))
        for member, weight in zip(members, weights, strict=True)
    )
    return softmax(np.asarray(logarithms))
