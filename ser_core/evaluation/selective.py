"""What refusing is worth: prediction sets, refusals and the check of personal baselines, scored from stored predictions and limits.

The limits of a run were fitted on speakers that it set aside (or on corpora that inner runs left out): they have not seen the
tested speakers. Pure arithmetic: it fits nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core import evaluation
from ser_core.evaluation import DATA_DIR
from ser_core.models import decision
from ser_core.models.decision import Limits
from ser_core.storage import manifest

if TYPE_CHECKING:
    import pandas as pd

LIMITS_TABLE = DATA_DIR / "limits.csv"
LIMITS_COLUMNS = ("classifier", "protocol", "fold", "in_set", "answered", "neutral_from")
PROTOCOLS = ("unseen_speakers", "corpus_left_out")


def read_limits(path: Path = LIMITS_TABLE) -> pd.DataFrame:
    """The stored limits, one row per model, protocol and run."""
    import pandas as pd

    return pd.read_csv(manifest.intact(path))


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
        inside[here] = decision.in_set(probabilities[here], of_run)
        answered[here] = top[here] >= of_run.answered
    once = decision.each_speaker_once(rows["speaker"])
    covered = inside[np.arange(len(rows)), truth]
    surest = top >= np.quantile(top, decision.REFUSED)
    return {
        "coverage": float(np.average(covered, weights=once)),
        "set_size": float(np.average(inside.sum(axis=1), weights=once)),
        "answered": float(answered.mean()),
        "accuracy": float(right.mean()),
        "accuracy_answered": float(right[answered].mean()) if answered.any() else float("nan"),
        "accuracy_best": float(right[surest].mean()),
    }


def baselines_noticed(rows: pd.DataFrame, limits: pd.DataFrame) -> dict[str, float]:
    """By emotion, the share of baselines that are noticed as not neutral: every two clips of the same speaker and emotion."""
    _, probabilities = evaluation.truth_and_probabilities(rows, "emotion")
    table = rows[["speaker", "truth", "fold"]].assign(neutral=decision.neutral_share(probabilities))
    least = dict(zip(limits["fold"], limits["neutral_from"], strict=True))
    noticed: dict[str, list[float]] = {}
    for (_, truth, fold), part in table.groupby(["speaker", "truth", "fold"], observed=True):
        values = part["neutral"].to_numpy()
        first, second = np.triu_indices(len(values), 1)
        if len(first):
            noticed.setdefault(str(truth), []).append(
                float(((values[first] + values[second]) / 2 < least[fold]).mean())
            )
    return {emotion: float(np.mean(shares)) for emotion, shares in noticed.items()}


def voices_noticed(rows: pd.DataFrame, emotion_of: Mapping[str, str]) -> dict[str, float]:
    """How often a baseline of two neutral clips is noticed as another voice: `same` speaker (a false alarm), `other`, `other_gender`.

    `rows` are the out-of-fold rows of one model of gender, `emotion_of` the emotion of each clip by path. Every speaker's baseline is
    held against every clip.
    """
    _, probabilities = evaluation.truth_and_probabilities(rows, "gender")
    speakers, neutral = (
        rows["speaker"].to_numpy(str),
        rows["path"].map(emotion_of).to_numpy() == "neutral",
    )
    gender_of = dict(zip(speakers, rows["truth"], strict=True))
    found: dict[str, list[npt.NDArray[np.bool_]]] = {"same": [], "other": [], "other_gender": []}
    for speaker in np.unique(speakers):
        own = np.flatnonzero(neutral & (speakers == speaker))[:2]
        noticed = decision.other_voice(probabilities, probabilities[own].mean(axis=0))
        same = speakers == speaker
        found["same"].append(noticed[same & ~np.isin(np.arange(len(rows)), own)])
        found["other"].append(noticed[~same])
        found["other_gender"].append(noticed[rows["truth"].to_numpy() != gender_of[speaker]])
    return {kind: float(np.concatenate(shares).mean()) for kind, shares in found.items()}
