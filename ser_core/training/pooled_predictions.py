"""The predictions of the joint models: their members' probabilities, pooled by weights that each run fitted.

The pool weights of a run are fitted on clips that the run set aside, or, where a corpus is left out, on the
corpora that inner runs left out. Each is fitted once and reused. Conventions: see `member_predictions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ser_core.emotions import EMOTIONS
from ser_core.evaluation import Positions
from ser_core.models import decision
from ser_core.models.decision import Thresholds
from ser_core.models.pooling import Probabilities
from ser_core.training.calibration import (
    fit_pool_weights,
    fit_robust_pool_weights,
)
from ser_core.training.common_labels import LabelledPredictions
from ser_core.training.member_predictions import DISTURBED, ENROLLED_MEMBERS, JointPredictions
from ser_core.training.runs import Rows, Run

FINAL_PROTOCOLS = ("corpus_left_out", "unseen_speakers")
"""The protocols whose pool weights the saved models take over."""

LEFT_OUT_SHARE = 2 / 3
"""How much the left-out corpora count in the pool weights of the saved models.

The rest are the unseen speakers.
"""

_Fit = tuple[str, str, str, int | None, bool]
"""What pool weights are fitted for: model, run, task, seed, and whether a baseline is given."""


@dataclass(frozen=True, eq=False)
class PooledPredictions:
    """The pooled predictions of every joint model in every run, with pool weights that are fitted once."""

    joint: JointPredictions
    _weights: dict[_Fit, list[float]] = field(default_factory=dict, init=False, repr=False)
    _enrolled_clips: dict[str, LabelledPredictions] = field(
        default_factory=dict, init=False, repr=False
    )

    def pool_weights(
        self,
        model: str,
        run: Run,
        task: str,
        seed: int | None = None,
        *,
        with_baseline: bool = False,
    ) -> list[float]:
        """The pool weights of a model in a run, one per member; fitted at the first call.

        With a baseline (emotions only, without a seed) the members are those of `ENROLLED_MEMBERS`.
        """
        key = (model, run.name, task, seed, with_baseline)
        if key not in self._weights:
            if with_baseline:
                self._weights[key] = fit_enrolled_run(self.joint, model, self._enrolled(run))
            else:
                self._weights[key] = fit_run(self.joint, model, run, task, seed)
        return self._weights[key]

    def _enrolled(self, run: Run) -> LabelledPredictions:
        """The clips with a baseline that the weights of a run are fitted on, the same for every model."""
        if run.name not in self._enrolled_clips:
            self._enrolled_clips[run.name] = self.joint.enrolled_calibration_clips(run)
        return self._enrolled_clips[run.name]

    def final_pool_weights(
        self, model: str, task: str, *, with_baseline: bool = False
    ) -> list[float]:
        """The pool weights of a model that is fitted on everything.

        They are means over the runs of each of `FINAL_PROTOCOLS`, the left-out corpora counting most.
        """
        left_out, unseen = (
            np.mean(
                [
                    self.pool_weights(model, run, task, with_baseline=with_baseline)
                    for run in self.joint.runs.values()
                    if run.protocol == protocol
                ],
                axis=0,
            )
            for protocol in FINAL_PROTOCOLS
        )
        mean = LEFT_OUT_SHARE * left_out + (1 - LEFT_OUT_SHARE) * unseen
        return [round(float(weight), 3) for weight in mean]

    def tested(
        self, model: str, run: Run, task: str, seed: int | None = None
    ) -> tuple[Rows, Positions, Probabilities]:
        """Rows, truth and pooled probabilities of the clips that a run tests, on the common labels."""
        tested = self.joint.predict(model, run, np.flatnonzero(run.test), task, seed)
        weights = self.pool_weights(model, run, task, seed)
        return tested.rows, tested.truth, tested.pooled(weights)

    def limits(self, model: str, run: Run) -> Thresholds:
        """The limits of prediction sets and refusals of a run, fitted where its pool weights are."""
        clips = self.joint.calibration_clips(model, run, "emotion")
        return fit_limits(self.joint.table, clips, self.pool_weights(model, run, "emotion"))

    def neutral_threshold(self, model: str, run: Run) -> float:
        """The share of neutral that nine in ten neutral clips reach, fitted where the pool weights are."""
        clips = self.joint.calibration_clips(model, run, "emotion")
        weights = self.pool_weights(model, run, "emotion")
        return fit_neutral_threshold(self.joint.table, clips, weights)


def fit_run(
    joint: JointPredictions, model: str, run: Run, task: str, seed: int | None
) -> list[float]:
    """Fit the pool weights of a model in a run, without a baseline."""
    clips = joint.calibration_clips(model, run, task, seed)
    disturbed = joint.calibration_clips(model, run, task, seed, DISTURBED)
    corpora = joint.table["corpus"].iloc[clips.rows].to_numpy(str)
    return fit_robust_pool_weights(
        clips.members, disturbed.members, clips.truth, decision.equal_group_weights(corpora)
    )


def fit_enrolled_run(
    joint: JointPredictions, model: str, clips: LabelledPredictions
) -> list[float]:
    """Fit the pool weights of a model on clips that have a baseline each."""
    members = [clips.members[number] for number in ENROLLED_MEMBERS[model]]
    corpora = joint.table["corpus"].iloc[clips.rows].to_numpy(str)
    return fit_pool_weights(members, clips.truth, decision.equal_group_weights(corpora))


def fit_limits(
    table: pd.DataFrame, clips: LabelledPredictions, weights: Sequence[float]
) -> Thresholds:
    """The limits of prediction sets and refusals on clips of emotions; every speaker counts the same."""
    speakers = table["speaker"].iloc[clips.rows]
    return decision.fit_thresholds(
        clips.truth, clips.pooled(weights), decision.equal_group_weights(speakers)
    )


def fit_neutral_threshold(
    table: pd.DataFrame, clips: LabelledPredictions, weights: Sequence[float]
) -> float:
    """The share of neutral that nine in ten neutral clips reach; every speaker counts the same."""
    neutral = clips.truth == EMOTIONS.index("neutral")
    shares = decision.neutral_share(clips.pooled(weights)[neutral])
    speaker_weights = decision.equal_group_weights(table["speaker"].iloc[clips.rows[neutral]])
    return decision.quantile(shares, speaker_weights, decision.NEUTRAL_MISSED)
