"""What refusing is worth: prediction sets, refusals and the check of personal baselines, from what is stored.

Conventions: rows are those of one model in an out-of-fold table; all results are shares between 0 and 1. The
limits of a run were fitted on speakers that it set aside, or on corpora that inner runs left out: they have
not seen the tested speakers. Nothing here is fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.evaluation.out_of_fold import truth_and_probabilities
from ser_core.models import decision
from ser_core.models.decision import Thresholds
from ser_core.storage import manifest
from ser_core.storage.paths import DATA_DIR

if TYPE_CHECKING:
    import pandas as pd

LIMITS_TABLE = DATA_DIR / "limits.csv"
LIMITS_COLUMNS = ("classifier", "protocol", "fold", "in_set", "answered", "neutral_from")
PROTOCOLS = ("unseen_speakers", "corpus_left_out")


def read_limits(path: Path = LIMITS_TABLE) -> pd.DataFrame:
    """The stored limits, one row for each model, protocol and run.

    Parameters
    ----------
    path : Path, optional
        The stored table.

    Returns
    -------
    DataFrame
        `LIMITS_COLUMNS`; limits are probabilities.
    """
    import pandas as pd

    return pd.read_csv(manifest.verify(path))


def score_refusals(rows: pd.DataFrame, limits: pd.DataFrame) -> dict[str, float]:
    """What the limits do to the predictions of one model of emotions.

    Parameters
    ----------
    rows : DataFrame
        The model's rows under one protocol, tested on one corpus.
    limits : DataFrame
        The limits of this model and protocol.

    Returns
    -------
    dict
        coverage (how often the prediction set holds the truth) and set_size (mean number of labels), each
        speaker counting once; answered, the share of clips that is; accuracy of all clips;
        accuracy_answered; and accuracy_best, where exactly the least certain fifth is refused.
    """
    truth, probabilities = truth_and_probabilities(rows, "emotion")
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    in_set = np.zeros(probabilities.shape, dtype=bool)
    answered = np.zeros(len(rows), dtype=bool)
    for limit in limits.itertuples():
        of_fold = (rows["fold"] == limit.fold).to_numpy()
        limits_of_run = Thresholds(limit.in_set, limit.answered)
        in_set[of_fold] = decision.in_prediction_set(probabilities[of_fold], limits_of_run)
        answered[of_fold] = confidence[of_fold] >= limit.answered
    weights = decision.equal_group_weights(rows["speaker"])
    covered = in_set[np.arange(len(rows)), truth]
    surest = confidence >= np.quantile(confidence, decision.REFUSED)
    return {
        "coverage": float(np.average(covered, weights=weights)),
        "set_size": float(np.average(in_set.sum(axis=1), weights=weights)),
        "answered": float(answered.mean()),
        "accuracy": float(right.mean()),
        "accuracy_answered": float(right[answered].mean()) if answered.any() else float("nan"),
        "accuracy_best": float(right[surest].mean()),
    }


def rejected_baselines(rows: pd.DataFrame, limits: pd.DataFrame) -> dict[str, float]:
    """How often a baseline is noticed as not neutral, by the emotion of its clips.

    Every two clips of the same speaker and emotion are tried as a baseline.

    Parameters
    ----------
    rows : DataFrame
        The rows of one model of emotions under one protocol, tested on one corpus.
    limits : DataFrame
        The limits of this model and protocol.

    Returns
    -------
    dict
        The share that is noticed, by emotion; the mean over speakers.
    """
    _, probabilities = truth_and_probabilities(rows, "emotion")
    table = rows[["speaker", "truth", "fold"]].assign(neutral=decision.neutral_share(probabilities))
    threshold_of = dict(zip(limits["fold"], limits["neutral_from"], strict=True))
    shares: dict[str, list[float]] = {}
    for (_, emotion, fold), part in table.groupby(["speaker", "truth", "fold"], observed=True):
        values = part["neutral"].to_numpy()
        first, second = np.triu_indices(len(values), 1)
        if len(first):
            means = (values[first] + values[second]) / 2
            shares.setdefault(str(emotion), []).append(float((means < threshold_of[fold]).mean()))
    return {emotion: float(np.mean(of_speakers)) for emotion, of_speakers in shares.items()}


def rejected_voices(rows: pd.DataFrame, emotion_of: Mapping[str, str]) -> dict[str, float]:
    """How often a baseline of two neutral clips is noticed as another voice than the clip's.

    The baseline of every speaker is compared with every clip.

    Parameters
    ----------
    rows : DataFrame
        The rows of one model of gender under one protocol, tested on one corpus.
    emotion_of : mapping
        The emotion of each clip, by path.

    Returns
    -------
    dict
        The share that is noticed where the clip is of the same speaker (a false alarm), of any other, and of
        one of the other gender: keys same, other and other_gender.
    """
    _, probabilities = truth_and_probabilities(rows, "gender")
    speakers = rows["speaker"].to_numpy(str)
    genders = rows["truth"].to_numpy()
    neutral = rows["path"].map(emotion_of).to_numpy() == "neutral"
    gender_of = dict(zip(speakers, genders, strict=True))
    noticed: dict[str, list[npt.NDArray[np.bool_]]] = {"same": [], "other": [], "other_gender": []}
    for speaker in np.unique(speakers):
        own = speakers == speaker
        baseline = np.flatnonzero(neutral & own)[:2]
        is_other = decision.other_voice(probabilities, probabilities[baseline].mean(axis=0))
        in_baseline = np.isin(np.arange(len(rows)), baseline)
        noticed["same"].append(is_other[own & ~in_baseline])
        noticed["other"].append(is_other[~own])
        noticed["other_gender"].append(is_other[genders != gender_of[speaker]])
    return {kind: float(np.concatenate(parts).mean()) for kind, parts in noticed.items()}
