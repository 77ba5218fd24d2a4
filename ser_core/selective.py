"""What refusing is worth: prediction sets and refusals of the default model, scored from stored predictions and stored limits.

The limits of a run were fitted on speakers that it set aside (or on corpora that inner runs left out): they have not seen the
tested speakers. Pure arithmetic: it fits nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ser_core import evaluation, refusal
from ser_core.evaluation import DATA_DIR
from ser_core.refusal import Limits

if TYPE_CHECKING:
    import pandas as pd

LIMITS_TABLE = DATA_DIR / "limits.csv"
LIMITS_COLUMNS = ("classifier", "protocol", "fold", "in_set", "answered")
PROTOCOLS = ("unseen_speakers", "corpus_left_out")


def read_limits(path: Path = LIMITS_TABLE) -> pd.DataFrame:
    """The stored limits, one row per model, protocol and run."""
    import pandas as pd

    return pd.read_csv(path)


def scores(rows: pd.DataFrame, limits: pd.DataFrame) -> dict[str, float]:
    """What the limits do to the rows of one model of emotions under one protocol, tested on one corpus.

    `coverage` and `set_size` (each speaker counts once); `answered`, the share of clips that is; `accuracy` of all clips and
    `accuracy_answered`; `accuracy_best`, where exactly the least certain fifth is refused.
    """
    truth, probabilities = evaluation.truth_and_probabilities(rows, "emotion")
    of_fold = {int(row.fold): Limits(row.in_set, row.answered) for row in limits.itertuples()}
    inside, answered = np.zeros(probabilities.shape, dtype=bool), np.zeros(len(rows), dtype=bool)
    top, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    for fold, of_run in of_fold.items():
        here = (rows["fold"] == fold).to_numpy()
        inside[here] = refusal.in_set(probabilities[here], of_run)
        answered[here] = top[here] >= of_run.answered
    once = refusal.each_speaker_once(rows["speaker"])
    covered = inside[np.arange(len(rows)), truth]
    surest = top >= np.quantile(top, refusal.REFUSED)
    return {
        "coverage": float(np.average(covered, weights=once)),
        "set_size": float(np.average(inside.sum(axis=1), weights=once)),
        "answered": float(answered.mean()),
        "accuracy": float(right.mean()),
        "accuracy_answered": float(right[answered].mean()) if answered.any() else float("nan"),
        "accuracy_best": float(right[surest].mean()),
    }
