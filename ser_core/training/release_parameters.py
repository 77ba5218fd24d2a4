"""What a released joint model takes over from the runs: its pool weights, limits and neutral threshold.

A model that is fitted on every speaker cannot fit these on itself. They come from the runs, on clips that no
member was trained on. The fold models of a run have those that the run itself fitted.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ser_core.emotions import EMOTIONS
from ser_core.models.pooling import Probabilities
from ser_core.training.baseline_clips import draw_baselines
from ser_core.training.common_labels import LabelledPredictions, concatenate
from ser_core.training.member_predictions import ENROLLED_MEMBERS, JointPredictions
from ser_core.training.pooled_predictions import (
    PooledPredictions,
    fit_limits,
    fit_neutral_threshold,
)
from ser_core.training.runs import Rows, Run


def released_parameters(
    pooled: PooledPredictions, model: str, run: Run, task: str
) -> dict[str, Any]:
    """What the card of a model keeps of the runs.

    Parameters
    ----------
    pooled : PooledPredictions
        The predictions of all runs.
    model, task : str
        One of `JOINT_KINDS`, and "emotion" or "gender".
    run : Run
        The run that the model was fitted in; the final fit on everything is none of those in `pooled`.

    Returns
    -------
    dict
        Fields of `ModelCard`, by name.
    """
    weights = _pool_weights(pooled, model, run, task)
    if task != "emotion":
        return {"pool_weights": tuple(weights)}
    joint = pooled.joint
    enrolled_weights = _pool_weights(pooled, model, run, task, with_baseline=True)
    clips = _threshold_clips(joint, model, run)
    enrolled_clips = _enrolled_threshold_clips(joint, model, run)
    return {
        "pool_weights": tuple(weights),
        "thresholds": fit_limits(joint.table, clips, weights),
        "neutral_threshold": fit_neutral_threshold(joint.table, clips, weights),
        "pool_weights_with_baseline": tuple(enrolled_weights),
        "thresholds_with_baseline": fit_limits(joint.table, enrolled_clips, enrolled_weights),
    }


def _pool_weights(
    pooled: PooledPredictions, model: str, run: Run, task: str, *, with_baseline: bool = False
) -> list[float]:
    if run.name in pooled.joint.runs:
        return pooled.pool_weights(model, run, task, with_baseline=with_baseline)
    return pooled.final_pool_weights(model, task, with_baseline=with_baseline)


def _threshold_sources(joint: JointPredictions, run: Run) -> list[tuple[Run, Rows]]:
    """The runs, and the rows of each, that limits are fitted on.

    For the final fit the tested speakers of all runs on unseen speakers; for the models of a run the
    speakers that it set aside.
    """
    if run.name in joint.runs:
        return [(run, np.flatnonzero(run.calibrate))]
    unseen = [other for other in joint.runs.values() if other.protocol == "unseen_speakers"]
    return [(other, np.flatnonzero(other.test)) for other in unseen]


def _threshold_clips(joint: JointPredictions, model: str, run: Run) -> LabelledPredictions:
    parts = []
    for source, rows in _threshold_sources(joint, run):
        members = joint.members(model, source.name)
        probabilities = [member.of(rows, "emotion") for member in members]
        parts.append(_all_emotions(joint, rows, probabilities))
    return concatenate(parts)


def _enrolled_threshold_clips(joint: JointPredictions, model: str, run: Run) -> LabelledPredictions:
    """The same clips, each with a drawn baseline."""
    parts = []
    for source, rows in _threshold_sources(joint, run):
        enrolled, baselines = draw_baselines(joint.table, rows, source.fold)
        predicted = joint.predict_enrolled(source.name, enrolled, baselines)
        probabilities = [predicted[number] for number in ENROLLED_MEMBERS[model]]
        parts.append(_all_emotions(joint, enrolled, probabilities))
    return concatenate(parts)


def _all_emotions(
    joint: JointPredictions, rows: Rows, members: list[Probabilities]
) -> LabelledPredictions:
    """Predictions of all eight emotions, as a released model gives them, whatever the corpus has."""
    truth = np.array([EMOTIONS.index(emotion) for emotion in joint.table["emotion"].iloc[rows]])
    return LabelledPredictions(rows, truth.astype(np.int64), members)
