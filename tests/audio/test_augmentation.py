"""The copies of clips that training adds: as from other rooms, microphones and crowds."""

import hashlib

import numpy as np
import pytest

from ser_core.audio.augmentation import COPIES, add_background, augment
from tests.support.synthesis import RATE, voice

CLIP = voice(140.0, seconds=1.5).astype(np.float32)
VOICES = [voice(hertz, seconds=1.0, seed=int(hertz)).astype(np.float32) for hertz in (120.0, 160.0)]


def digest(number):
    return hashlib.sha256(str(number).encode()).hexdigest()


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_is_the_same_for_the_same_clip_and_differs_between_clips(kind):
    first, again, other = (augment(kind, CLIP, digest(number), VOICES) for number in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


@pytest.mark.parametrize("kind", COPIES)
def test_copies_can_be_used_like_clips(kind):
    for number in range(25):
        copy = augment(kind, CLIP, digest(number), VOICES)
        assert copy.dtype == np.float32
        assert np.isfinite(copy).all()
        assert 1.2 * RATE < len(copy) < 1.8 * RATE  # speed: at most 14%
        assert np.sqrt(np.mean(copy**2)) > 1e-3


def test_the_kinds_differ():
    copies = [augment(kind, CLIP, digest(1), VOICES) for kind in COPIES]
    assert copies[0].shape != copies[1].shape or not np.array_equal(*copies)


def test_a_noisy_copy_without_voices_holds_noise():
    rng = np.random.default_rng(3)
    pause = np.concatenate([CLIP, np.zeros(RATE // 2, np.float32)])
    assert np.abs(add_background(pause, rng)[-RATE // 4 :]).max() > 1e-4
