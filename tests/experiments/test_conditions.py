"""What each condition does to a clip, and how conditions are grouped."""

import re

import numpy as np
import pytest

from ser_core import models
from ser_core.experiments import conditions
from tests.support.synthesis import voice

OTHERS = [
    voice(hertz, seconds=1.5, seed=int(hertz)).astype(np.float32)
    for hertz in (110.0, 140.0, 180.0, 220.0)
]


@pytest.mark.parametrize("name", conditions.CONDITIONS)
def test_every_condition_keeps_the_length_and_is_the_same_every_time(name):
    samples = voice(seconds=1.0).astype(np.float32)
    first, second = (
        conditions.CONDITIONS[name](samples, np.random.default_rng(1), OTHERS) for _ in range(2)
    )
    assert first.shape == samples.shape
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, second)
    assert np.array_equal(first, samples) == (name == "as it is")


@pytest.mark.parametrize("kind", ["white noise", "babble"])
@pytest.mark.parametrize("level", [30, 10, 0])
def test_noise_is_as_far_below_the_clip_as_its_name_says(kind, level):
    samples = voice(seconds=1.0).astype(np.float32)
    added = (
        conditions.CONDITIONS[f"{kind}, {level} dB"](samples, np.random.default_rng(1), OTHERS)
        - samples
    )
    assert 10 * np.log10(np.mean(samples**2) / np.mean(added**2)) == pytest.approx(level, abs=0.1)


def test_every_condition_belongs_to_one_kind_and_levels_go_from_little_to_much():
    kinds = [*conditions.KINDS, conditions.WITHOUT_LEVELS]
    listed = [name for kind in kinds for name in list(conditions.levels_of_kind(kind))[1:]]
    assert sorted(["as it is", *listed]) == sorted(conditions.CONDITIONS)
    for kind in conditions.KINDS:
        levels = [float(level) for level in list(conditions.levels_of_kind(kind).values())[1:]]
        assert levels == sorted(levels, reverse=kind != "reverberation")
        assert all(
            re.fullmatch(rf"{kind}, [\d.]+ (dB|s|kbit/s)", name)
            for name in list(conditions.levels_of_kind(kind))[1:]
        )


def test_curves_are_named_as_pages_name_models():
    curves = conditions.read_kind_curves("reverberation")
    assert list(dict.fromkeys(curves["level"])) == ["as it is", "0.2", "0.4", "0.6", "1"]
    assert next(iter(dict.fromkeys(curves["title"]))) == models.title("combination", "several")
    assert len(curves) == 5 * 6
