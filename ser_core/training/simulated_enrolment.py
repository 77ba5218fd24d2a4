"""What a personal baseline is worth: the joint runs with simulated enrolment.

A speaker gives one or two neutral clips, which are then left out of the test. Every choice of so many
neutral clips is tried (of more than twelve, twelve that are drawn once and for all), and the choices are
averaged. The pool weights are fitted as without a baseline: on clips that the run set aside or on corpora
that inner runs left out, each clip with a drawn baseline.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core.emotions import EMOTIONS
from ser_core.evaluation import enrolment
from ser_core.models.pooling import pool_probabilities
from ser_core.training.baseline_clips import BASELINE_SIZES, baselines_of_size, neutral_rows
from ser_core.training.common_labels import learnt_emotions, restrict_members
from ser_core.training.member_predictions import ENROLLED_MEMBERS
from ser_core.training.pooled_predictions import FINAL_PROTOCOLS, PooledPredictions
from ser_core.training.runs import Rows, Run

TopCounts = npt.NDArray[np.int64]
"""How often each emotion came out on top, by row of the utterance table: [clips, 8]."""


def compare_with_baseline(pooled: PooledPredictions) -> pd.DataFrame:
    """What a baseline changes on unseen speakers and on corpora left out.

    Parameters
    ----------
    pooled : PooledPredictions
        The predictions of all runs.

    Returns
    -------
    DataFrame
        With the columns `evaluation.enrolment.COLUMNS`: one row per model, clip and size of the baseline.
    """
    parts = [
        _compare_in_run(pooled, run, size)
        for run in pooled.joint.runs.values()
        if run.protocol in FINAL_PROTOCOLS
        for size in BASELINE_SIZES
    ]
    return pd.concat(parts, ignore_index=True)[list(enrolment.COLUMNS)]


def _compare_in_run(pooled: PooledPredictions, run: Run, size: int) -> pd.DataFrame:
    counts = _count_top_emotions(pooled, run, size)
    parts = [_table_of_model(pooled, model, run, size, counts[model]) for model in ENROLLED_MEMBERS]
    return pd.concat(parts, ignore_index=True)


def _count_top_emotions(pooled: PooledPredictions, run: Run, size: int) -> dict[str, TopCounts]:
    """By model, the top emotions of the tested clips, counted over the baselines that are tried."""
    joint = pooled.joint
    learnt = learnt_emotions(joint.table, run.train)
    weights = {
        model: pooled.pool_weights(model, run, "emotion", with_baseline=True)
        for model in ENROLLED_MEMBERS
    }
    shape = (len(joint.table), len(EMOTIONS))
    counts = {model: np.zeros(shape, dtype=np.int64) for model in ENROLLED_MEMBERS}
    for rows, baselines in _enrolled_by_speaker(joint.table, np.flatnonzero(run.test), size):
        predicted = joint.predict_enrolled(run.name, rows, baselines)
        clips = restrict_members(joint.table, rows, predicted, "emotion", learnt)
        for model, numbers in ENROLLED_MEMBERS.items():
            probabilities = pool_probabilities(
                [clips.members[number] for number in numbers], weights[model]
            )
            np.add.at(counts[model], (clips.rows, probabilities.argmax(axis=1)), 1)
    return counts


def _enrolled_by_speaker(
    table: pd.DataFrame, rows: Rows, size: int
) -> Iterable[tuple[Rows, list[Rows]]]:
    """For each speaker: the clips that are tested, once for each baseline, and the baseline of each."""
    speakers = table["speaker"].iloc[rows].to_numpy(str)
    for speaker, neutral in neutral_rows(table, rows).items():
        own = rows[speakers == speaker]
        baselines = baselines_of_size(neutral, size)
        if not baselines:
            continue
        tested = [np.setdiff1d(own, baseline) for baseline in baselines]
        baseline_of_clip = [
            baseline for clips, baseline in zip(tested, baselines, strict=True) for _ in clips
        ]
        yield np.concatenate(tested), baseline_of_clip


def _table_of_model(
    pooled: PooledPredictions, model: str, run: Run, size: int, counts: TopCounts
) -> pd.DataFrame:
    rows, truth, without = pooled.tested(model, run, "emotion")
    about = pooled.joint.table.iloc[rows]
    emotions = np.array(EMOTIONS)
    columns: dict[str, object] = {
        "corpus": about["corpus"].to_numpy(),
        "classifier": model,
        "protocol": run.protocol,
        "fold": run.fold,
        "clips": size,
        "path": about["path"].to_numpy(),
        "speaker": about["speaker"].to_numpy(),
        "truth": emotions[truth],
        "without": emotions[without.argmax(axis=1)],
    }
    for number, emotion in enumerate(EMOTIONS):
        columns[emotion] = counts[rows, number].astype(np.uint8)
    return pd.DataFrame(columns)
