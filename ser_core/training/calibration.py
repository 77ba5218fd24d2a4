"""Pool weights (with the temperature in them), fitted on speakers or corpora that training set aside.

Conventions: `members` are probabilities [clips, labels], one array per model; `truth` are label positions
[clips]; `clip_weights` say how much each clip counts [clips]. A pool weight is the exponent of a model in
the logarithmic opinion pool. The sum of the weights is the reciprocal of the temperature (for one model:
temperature scaling, Guo et al. 2017).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from ser_core.evaluation import Positions
from ser_core.models.pooling import LEAST_PROBABILITY, Probabilities, pool_probabilities

ClipWeights = npt.NDArray[np.float64]

_LARGEST_WEIGHT = 4.0  # beyond, probabilities are sharpened to certainty
_DECIMALS = 3


def fit_pool_weights(
    members: Sequence[Probabilities], truth: Positions, clip_weights: ClipWeights
) -> list[float]:
    """The pool weights, each 0 to 4, that make the log loss of the pool smallest."""
    clips = np.arange(len(truth))

    def loss(weights: npt.NDArray[np.float64]) -> float:
        of_truth = pool_probabilities(members, list(weights))[clips, truth]
        log_loss = -np.log(np.maximum(of_truth, LEAST_PROBABILITY))
        return float(np.average(log_loss, weights=clip_weights))

    start = np.full(len(members), 1 / len(members))
    bounds = [(0.0, _LARGEST_WEIGHT)] * len(members)
    fitted = minimize(loss, start, method="L-BFGS-B", bounds=bounds)
    return [round(float(weight), _DECIMALS) for weight in fitted.x]


def fit_robust_pool_weights(
    members: Sequence[Probabilities],
    disturbed_members: Sequence[Probabilities],
    truth: Positions,
    clip_weights: ClipWeights,
) -> list[float]:
    """The pool weights with their ratio from clips and disturbed copies alike, their sum from clips alone.

    So a member that holds in a room or on a telephone weighs more, and the temperature is that of good
    recordings. `disturbed_members` are the probabilities of the disturbed copies of the same clips.
    """
    if len(members) == 1:
        return fit_pool_weights(members, truth, clip_weights)
    both = [np.concatenate(pair) for pair in zip(members, disturbed_members, strict=True)]
    shares = fit_pool_weights(both, np.tile(truth, 2), np.tile(clip_weights, 2))
    (scale,) = fit_pool_weights([pool_probabilities(members, shares)], truth, clip_weights)
    return [round(scale * share, _DECIMALS) for share in shares]
