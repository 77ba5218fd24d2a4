"""Libraries for tests: entries to keep, and errors to expect."""

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from ser_core import audio, models
from ser_core.audio import Quality, Recording
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.errors import ErrorCode, SerError
from ser_core.library.layer_fitting import LabelledClips
from ser_core.library.store import Library
from ser_core.prediction import Prediction

CARDS = [models.default_card(task) for task in ("emotion", "gender")]
PREDICTION = Prediction(
    sha256="0" * 64,
    duration_s=0.5,
    emotion_model="combination",
    gender_model="combination",
    emotion_probabilities=dict(
        zip(EMOTIONS, [0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], strict=True)
    ),
    gender_probabilities=dict(zip(GENDERS, [0.9, 0.1], strict=True)),
    quality=Quality(-3.0, -20.0, 30.0, 0.0, ()),
    segments=(),
    speech_s=0.5,
    gaps=(),
)


def noise(seed: int) -> Recording:
    """Half a second of noise, another one for each seed."""
    samples = np.random.default_rng(seed).uniform(-0.5, 0.5, 8000).astype(np.float32)
    return audio.from_samples(samples, 16_000)


def keep(library: Library, owner: str = "local", seed: int = 0, name: str = "clip.wav") -> int:
    """Keep a recording with a prediction; its number."""
    return library.keep(owner, name, noise(seed), PREDICTION, CARDS)


@contextlib.contextmanager
def fails(code: ErrorCode) -> Iterator[pytest.ExceptionInfo[SerError]]:
    """Expect a `SerError` with a code, a sentence and a hint."""
    with pytest.raises(SerError) as caught:
        yield caught
    assert caught.value.code == code
    assert str(caught.value).endswith(".")
    assert caught.value.hint


def biased_clips(rng: np.random.Generator, n: int, speakers: Sequence[str]) -> LabelledClips:
    """Clips of speakers whom the model takes for calm where they are happy."""
    happy, calm = EMOTIONS.index("happy"), EMOTIONS.index("calm")
    truth = rng.choice([EMOTIONS.index(name) for name in ("happy", "sad", "angry")], n)
    probabilities = np.full((n, len(EMOTIONS)), 0.05)
    predicted = np.where(truth == happy, calm, truth)
    probabilities[np.arange(n), predicted] = rng.uniform(0.3, 0.6, n)
    probabilities[np.arange(n), truth] += 0.1
    return LabelledClips(
        probabilities / probabilities.sum(axis=1, keepdims=True),
        truth,
        tuple(rng.choice(speakers, n)),
    )
