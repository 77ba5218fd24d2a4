"""Made-up out-of-fold rows, for tests of scores and comparisons."""

import numpy as np
import pandas as pd

from ser_core.emotions import EMOTIONS, GENDERS

N_SPEAKERS, PER_SPEAKER = 12, 32


def rows_of(accuracy, seed=0, intensity=None):
    """Out-of-fold rows of a model of emotions that is right on a share of the clips.

    The clips are the same for every seed.
    """
    rng = np.random.default_rng(100 + seed)
    n = N_SPEAKERS * PER_SPEAKER
    truth = np.tile(np.arange(8), n // 8)
    right = rng.random(n) < accuracy
    predicted = np.where(right, truth, (truth + rng.integers(1, 8, n)) % 8)
    confidence = np.where(right, rng.uniform(0.4, 1.0, n), rng.uniform(0.2, 0.7, n))
    probabilities = np.full((n, 8), 0.0) + ((1 - confidence) / 7)[:, None]
    probabilities[np.arange(n), predicted] = confidence
    about = {
        "path": [f"clip-{number}" for number in range(n)],
        "corpus": "ravdess",
        "speaker": np.repeat([f"s{number:02d}" for number in range(N_SPEAKERS)], PER_SPEAKER),
        "gender": np.repeat(list(GENDERS), n // 2),
        "intensity": intensity or "normal",
        "statement": np.tile(["a", "b"], n // 2),
        "seed": 0,
        "truth": np.array(EMOTIONS)[truth],
    }
    return pd.DataFrame(about | dict(zip(EMOTIONS, probabilities.T, strict=True)))


def predicted_by(rows):
    """The emotions that a model of emotions predicts, shape [n]."""
    return np.array(EMOTIONS)[rows[list(EMOTIONS)].to_numpy().argmax(axis=1)]
