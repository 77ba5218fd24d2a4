"""Intervals: against drawing speakers one by one, and where there are none."""

import numpy as np
import pytest

from ser_core.evaluation import intervals, uar


def test_the_bootstrap_is_that_of_drawing_speakers_one_by_one(rng):
    counts = rng.integers(1, 20, (12, 3, 3)).astype(float)
    interval = intervals.bootstrap_interval(uar, counts)
    drawn = [uar(counts[rng.integers(12, size=12)].sum(axis=0)) for _ in range(4000)]
    assert interval.value == pytest.approx(float(uar(counts.sum(axis=0))))
    ends = [interval.low, interval.high]
    np.testing.assert_allclose(ends, np.percentile(drawn, [2.5, 97.5]), atol=0.006)


def test_two_models_on_the_same_speakers_are_drawn_alike(rng):
    counts = rng.integers(1, 20, (5, 2, 2)).astype(float)
    once, again = intervals.resample_speakers(counts), intervals.resample_speakers(2 * counts)
    assert once.shape == (intervals.REPLICATES, 2, 2)
    np.testing.assert_array_equal(2 * once, again)


def test_one_speaker_has_no_interval_and_the_words_say_so():
    interval = intervals.bootstrap_interval(uar, np.array([[[3.0, 1.0], [0.0, 4.0]]]))
    assert np.isnan([interval.low, interval.high]).all()
    assert intervals.describe_interval(interval) == "87.5% (interval unknown)"
