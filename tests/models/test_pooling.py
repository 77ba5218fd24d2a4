"""The one softmax, and the pool that rests on it."""

import numpy as np
import pytest

from ser_core.models.pooling import LEAST_PROBABILITY, log_softmax, pool_probabilities, softmax


def test_probabilities_sum_to_one_however_large_the_scores_are(rng):
    scores = rng.normal(0, 500, (20, 8))
    np.testing.assert_allclose(softmax(scores).sum(axis=-1), 1)
    np.testing.assert_allclose(np.exp(log_softmax(scores)), softmax(scores), atol=1e-12)


def test_a_constant_added_to_the_scores_changes_nothing(rng):
    scores = rng.normal(size=(3, 4, 5))
    np.testing.assert_allclose(softmax(scores + 1000), softmax(scores))


def test_one_member_with_the_weight_one_is_itself(rng):
    probabilities = rng.dirichlet(np.ones(8), 10)
    np.testing.assert_allclose(pool_probabilities([probabilities], [1.0]), probabilities)


def test_the_order_of_the_members_makes_no_difference(rng):
    members = [rng.dirichlet(np.ones(8), 10) for _ in range(3)]
    pooled = pool_probabilities(members, [0.5, 0.3, 0.1])
    np.testing.assert_allclose(pool_probabilities(members[::-1], [0.1, 0.3, 0.5]), pooled)


def test_a_zero_of_one_member_does_not_forbid_a_label():
    pooled = pool_probabilities([np.array([0.0, 1.0]), np.array([0.9, 0.1])], [0.5, 0.5])
    assert pooled[0] == pytest.approx(np.sqrt(0.9 * LEAST_PROBABILITY) / pooled_total(), rel=1e-6)


def pooled_total():
    return np.sqrt(0.9 * LEAST_PROBABILITY) + np.sqrt(0.1)
