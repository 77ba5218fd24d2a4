"""A small feature table as a person has it."""

import numpy as np
import pandas as pd

from ser_core.features import FEATURE_SETS

NAMES = FEATURE_SETS["acoustic128_v1"].names


def own_table(n_speakers=4, clips=8, seed=0):
    """A person's own table: two emotions that some features tell apart."""
    rng = np.random.default_rng(seed)
    n = n_speakers * clips
    rows = pd.DataFrame(rng.normal(size=(n, 128)), columns=list(NAMES))
    emotions = np.tile(["happy", "scared"], n // 2)
    rows[list(NAMES[:40])] += np.where(emotions == "happy", 2.0, -2.0)[:, None]
    rows.insert(0, "emotion", emotions)
    rows.insert(0, "speaker", np.repeat([f"s{i}" for i in range(n_speakers)], clips))
    return rows
