"""The classifiers: inner folds, and the same result for the same seed."""

import numpy as np
import pytest

from ser_core.training.classifiers import CLASSIFIERS, fit, speaker_splits, tune
from tests.support.own_tables import NAMES, own_table


def test_inner_folds_share_no_speaker():
    speakers = np.repeat([f"s{i}" for i in range(10)], 3)
    splits = speaker_splits(speakers)
    assert len(splits) == 4
    for train, validation in splits:
        assert not set(speakers[train]) & set(speakers[validation])
    assert sorted(np.concatenate([validation for _, validation in splits])) == list(range(30))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_same_seed_gives_the_same_probabilities(name):
    table = own_table()
    x, y, speakers = (
        table[list(NAMES)].to_numpy(),
        table["emotion"].to_numpy(dtype=str),
        table["speaker"].to_numpy(dtype=str),
    )
    parameters, _ = tune(CLASSIFIERS[name], x, y, speakers, seed=0)
    first, second = (
        fit(CLASSIFIERS[name], parameters, x, y, speakers, seed=0).predict_proba(x)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
