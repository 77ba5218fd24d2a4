"""Pool weights: what they undo, and what each member and corpus counts."""

import numpy as np
import pytest

from ser_core.training.calibration import fit_pool_weights

N_CLIPS = 4000
N_LABELS = 4
ONES = np.ones(N_CLIPS)


def sharpened(rng, sharpness):
    """Truth drawn from probabilities, and these sharpened: their weight should be 1 / sharpness."""
    calibrated = rng.dirichlet(np.ones(N_LABELS), N_CLIPS)
    truth = np.array([rng.choice(N_LABELS, p=p) for p in calibrated])
    powers = calibrated**sharpness
    return truth, powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("sharpness", [0.5, 2.0])
def test_a_pool_weight_undoes_over_and_underconfidence(rng, sharpness):
    truth, probabilities = sharpened(rng, sharpness)
    (weight,) = fit_pool_weights([probabilities], truth, ONES)
    assert weight == pytest.approx(1 / sharpness, rel=0.1)


def test_a_member_that_knows_nothing_gets_no_weight(rng):
    truth, probabilities = sharpened(rng, 1.0)
    noise = rng.dirichlet(np.ones(N_LABELS), N_CLIPS)
    weight, weight_of_noise = fit_pool_weights([probabilities, noise], truth, ONES)
    assert weight == pytest.approx(1.0, rel=0.15)
    assert weight_of_noise < 0.1
