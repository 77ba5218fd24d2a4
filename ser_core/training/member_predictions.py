"""What the members (networks, perceptrons) of the joint models predict of clips they were not trained on.

Conventions: rows are positions in the utterance table of all corpora; probabilities are [clips, labels] in
the order of `LABELS[task]`. Members predict each clip in two versions (`VERSIONS`): as it is, and disturbed.
Only the fitting of pool weights looks at the disturbed one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ser_core.emotions import LABELS
from ser_core.models.kinds import BAGGED_PERCEPTRONS, COMBINATION, NETWORK
from ser_core.models.pooling import Probabilities, pool_probabilities
from ser_core.training.baseline_clips import draw_baselines
from ser_core.training.common_labels import (
    LabelledPredictions,
    concatenate,
    learnt_emotions,
    restrict_members,
)
from ser_core.training.runs import Rows, Run

AS_IT_IS, DISTURBED = VERSIONS = ("as_it_is", "disturbed")

ENROLLED_MEMBERS: Mapping[str, Sequence[int]] = {
    NETWORK: (0,),
    BAGGED_PERCEPTRONS: (1, 2),
    COMBINATION: (0, 1, 2),
}
"""Which members each model pools where a baseline is given; see `JointPredictions.predict_enrolled`."""


@dataclass(frozen=True, eq=False)
class MemberPredictions:
    """What one member predicts of clips it was not trained on.

    `rows` [n] are ascending. `probabilities` are by version and task, each [n, labels]. `predict_enrolled`
    takes some of the rows (in any order) and for each of them a personal baseline (the rows of the speaker's
    neutral clips), and gives the probabilities of the emotions [m, 8].
    """

    rows: Rows
    probabilities: Mapping[str, Mapping[str, Probabilities]]
    predict_enrolled: Callable[[Rows, Sequence[Rows]], Probabilities]

    def of(self, rows: Rows, task: str, version: str = AS_IT_IS) -> Probabilities:
        """The probabilities of some of its rows, shape [rows, labels]."""
        return self.probabilities[version][task][np.searchsorted(self.rows, rows)]


def mean_of_networks(networks: Iterable[MemberPredictions]) -> MemberPredictions:
    """Several networks as one: the mean of their log probabilities."""
    members = list(networks)
    share = [1 / len(members)] * len(members)

    def mean(version: str, task: str) -> Probabilities:
        return pool_probabilities(
            [member.probabilities[version][task] for member in members], share
        )

    def predict_enrolled(rows: Rows, baselines: Sequence[Rows]) -> Probabilities:
        return pool_probabilities(
            [member.predict_enrolled(rows, baselines) for member in members], share
        )

    probabilities = {
        version: {task: mean(version, task) for task in LABELS} for version in VERSIONS
    }
    return MemberPredictions(members[0].rows, probabilities, predict_enrolled)


@dataclass(frozen=True, eq=False)
class JointPredictions:
    """The predictions of all members: of `networks` by run and seed, of `perceptrons` by run."""

    table: pd.DataFrame
    runs: Mapping[str, Run]
    networks: Mapping[tuple[str, int], MemberPredictions]
    perceptrons: Mapping[str, MemberPredictions]

    def seeds(self, run: str) -> list[int]:
        """The seeds of the networks of a run, ascending; none where it has no network."""
        return sorted(seed for name, seed in self.networks if name == run)

    def members(self, model: str, run: str, seed: int | None = None) -> list[MemberPredictions]:
        """The members that a model pools in a run.

        Without a seed the network is the mean of the networks of all seeds, as it is served. The same where
        the run has no network of that seed.
        """
        if model == BAGGED_PERCEPTRONS:
            return [self.perceptrons[run]]
        seeds = [seed] if seed is not None and (run, seed) in self.networks else self.seeds(run)
        network = mean_of_networks(self.networks[run, each] for each in seeds)
        return [network] if model == NETWORK else [network, self.perceptrons[run]]

    def predict(
        self,
        model: str,
        run: Run,
        rows: Rows,
        task: str,
        seed: int | None = None,
        version: str = AS_IT_IS,
    ) -> LabelledPredictions:
        """What the members of a model predict in a run of some rows, on the common labels."""
        members = self.members(model, run.name, seed)
        probabilities = [member.of(rows, task, version) for member in members]
        learnt = learnt_emotions(self.table, run.train)
        return restrict_members(self.table, rows, probabilities, task, learnt)

    def predict_enrolled(
        self, run: str, rows: Rows, baselines: Sequence[Rows]
    ) -> list[Probabilities]:
        """The probabilities of the emotions of rows that each have a baseline: three of [rows, 8].

        Of the network with the baseline, and of the perceptrons without it and with it.
        """
        network, perceptrons = self.members(COMBINATION, run)
        return [
            network.predict_enrolled(rows, baselines),
            perceptrons.of(rows, "emotion"),
            perceptrons.predict_enrolled(rows, baselines),
        ]

    def calibration_sources(self, run: Run) -> list[tuple[Run, Rows]]:
        """The runs, and the rows of each, that the pool weights of a run are fitted on.

        No member was trained on these clips: the run set them aside, or, where a corpus is left out, inner
        runs left out their corpora.
        """
        if run.protocol != "corpus_left_out":
            return [(run, np.flatnonzero(run.calibrate))]
        inner_runs = [
            inner
            for inner in self.runs.values()
            if inner.protocol == "single_corpus" and not (inner.train & ~run.train).any()
        ]
        return [(inner, np.flatnonzero(inner.test & run.train)) for inner in inner_runs]

    def calibration_clips(
        self,
        model: str,
        run: Run,
        task: str,
        seed: int | None = None,
        version: str = AS_IT_IS,
    ) -> LabelledPredictions:
        """The clips that the pool weights of a model in a run are fitted on."""
        sources = self.calibration_sources(run)
        return concatenate(
            [self.predict(model, source, rows, task, seed, version) for source, rows in sources]
        )

    def enrolled_calibration_clips(self, run: Run) -> LabelledPredictions:
        """The same clips, each with a drawn baseline, and the three `predict_enrolled` of their emotions."""
        parts = []
        for source, rows in self.calibration_sources(run):
            enrolled, baselines = draw_baselines(self.table, rows, run.fold)
            members = self.predict_enrolled(source.name, enrolled, baselines)
            learnt = learnt_emotions(self.table, source.train)
            parts.append(restrict_members(self.table, enrolled, members, "emotion", learnt))
        return concatenate(parts)
