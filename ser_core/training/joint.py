"""The models that learn from all corpora put together: the network, the perceptrons, and their combination.

The protocols of `runs` are carried out for both members (`networks`, `perceptrons`; the random split for the perceptrons only).
The combination's exponents (and with them the temperatures) and the limits of refusals and prediction sets are fitted on clips
that the run set aside, or, where a corpus is left out, on the corpora that inner runs left out. What comes out are out-of-fold
tables as `ser_core.evaluation` reads them, and the exponents and limits that the saved models take over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core import evaluation
from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, GENDERS, LABELS
from ser_core.evaluation import selective
from ser_core.features import NETWORK_INPUT
from ser_core.models import decision
from ser_core.models.decision import Limits
from ser_core.models.estimators import Probabilities, pooled
from ser_core.training.calibration import Positions, equal_parts, exponents
from ser_core.training.runs import Mask, Run

FEATURE_SET = "functionals_v1"
"""What the perceptrons take."""

WEIGHED = ("corpus_left_out", "unseen_speakers")
"""The protocols whose exponents the saved models take over."""

LEFT_OUT_SHARE = 2 / 3
"""How much the left-out corpora weigh in the exponents of the saved models; the rest are the unseen speakers."""

ASKED = ("as_it_is", "disturbed")
"""What the members are asked about: each clip as it is, and its disturbed copy, which only the fitting of weights looks at."""


Rows = npt.NDArray[np.int64]
"""Positions in the utterance table, in ascending order unless said otherwise."""


@dataclass(frozen=True, eq=False)
class Opinions:
    """What one model says of clips it was not trained on: `rows` [n] of the table and, by copy and task, probabilities [n, labels].

    `enrolled` gives the probabilities of the emotions of some of its rows (in any order) where each has a personal baseline: for
    each row the rows of the speaker's neutral clips.
    """

    rows: Rows
    probabilities: Mapping[str, Mapping[str, Probabilities]]
    enrolled: Callable[[Rows, Sequence[Rows]], Probabilities]

    def of(self, rows: Rows, task: str, copy: str = ASKED[0]) -> Probabilities:
        """The probabilities of some of its rows, shape [rows, labels]."""
        return self.probabilities[copy][task][np.searchsorted(self.rows, rows)]


# ---------------------------------------------------------------------------------------------------------- comparability


def comparable(
    table: pd.DataFrame,
    rows: Rows,
    probabilities: Probabilities,
    task: str,
    learnt: Mask,
    emotions: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> tuple[Rows, Positions, Probabilities]:
    """Predictions on the labels that both the tested corpus and the training have: rows kept, truth [n], probabilities [n, labels].

    Where one side lacks calm, calm counts as neutral. Clips of an emotion that training lacks are dropped, labels that
    the tested corpus or training lacks are taken out, and the rest sums to 1 again. `emotions` are those of corpora that are none of
    `CORPORA`, by name.
    """
    labels = LABELS[task]
    truth = np.array([labels.index(label) for label in table[task].iloc[rows]], dtype=np.int64)
    if task == "gender":
        return rows, truth, probabilities
    calm, neutral = labels.index("calm"), labels.index("neutral")
    probabilities = probabilities.copy()
    usable = np.zeros_like(probabilities, dtype=bool)
    of_corpus = table["corpus"].iloc[rows].to_numpy()
    for name in np.unique(of_corpus):
        here = of_corpus == name
        tested = np.isin(EMOTIONS, emotions[name] if name in emotions else CORPORA[name].emotions)
        usable[here] = tested & learnt
        if not usable[here][0, calm]:
            probabilities[here, neutral] += probabilities[here, calm]
            truth[here & (truth == calm)] = neutral
    kept = usable[np.arange(len(rows)), truth]
    left = np.where(usable, np.maximum(probabilities, 1e-9), 0.0)[kept]
    return rows[kept], truth[kept], left / left.sum(axis=1, keepdims=True)


def learnt_emotions(table: pd.DataFrame, train: Mask) -> Mask:
    """Which of the eight emotions the training rows have, shape [8]."""
    return np.isin(EMOTIONS, table["emotion"][train].unique())


# ------------------------------------------------------------------------------------------------------- putting together


def mean_network(every: Iterable[Opinions]) -> Opinions:
    """Several networks as one: the mean of their log probabilities."""
    members = list(every)
    share = [1 / len(members)] * len(members)

    def mean(copy: str, task: str) -> Probabilities:
        return pooled([member.probabilities[copy][task] for member in members], share)

    def enrolled(asked: Rows, baselines: Sequence[Rows]) -> Probabilities:
        return pooled([member.enrolled(asked, baselines) for member in members], share)

    return Opinions(
        members[0].rows,
        {copy: {task: mean(copy, task) for task in LABELS} for copy in ASKED},
        enrolled,
    )


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything that was predicted: `networks` by run and seed, `perceptrons` by run."""

    table: pd.DataFrame
    runs: Mapping[str, Run]
    networks: Mapping[tuple[str, int], Opinions]
    perceptrons: Mapping[str, Opinions]

    def seeds(self, run: str) -> list[int]:
        return sorted(seed for name, seed in self.networks if name == run)

    def members(self, model: str, run: str, seed: int | None) -> list[Opinions]:
        """The opinions that a model pools in a run. Without a seed the network is the mean of those of all seeds, as it is served."""
        if model == "bagged_mlp":
            return [self.perceptrons[run]]
        seeds = [seed] if (run, seed) in self.networks else self.seeds(run)
        network = mean_network(self.networks[run, s] for s in seeds if s is not None)
        return [network] if model == "network" else [network, self.perceptrons[run]]

    def sources(self, run: Run) -> list[tuple[Run, Rows]]:
        """The runs, and the rows of each, that the exponents of a run are fitted on: clips that no member was trained on."""
        if run.protocol == "corpus_left_out":
            inner = [
                other
                for other in self.runs.values()
                if other.protocol == "single_corpus" and not (other.train & run.test).any()
            ]
            return [(other, np.flatnonzero(other.test & run.train)) for other in inner]
        return [(run, np.flatnonzero(run.calibrate))]

    def calibration(
        self, model: str, run: Run, task: str, seed: int | None, copy: str = ASKED[0]
    ) -> tuple[Rows, list[Probabilities], Positions, npt.NDArray[np.float64]]:
        """What the exponents of a model in a run are fitted on: rows, opinions, truth and weights of clips that no member was trained on."""
        parts = []
        for source, rows in self.sources(run):
            members = self.members(model, source.name, seed)
            learnt = learnt_emotions(self.table, source.train)
            each = [
                comparable(self.table, rows, member.of(rows, task, copy), task, learnt)
                for member in members
            ]
            parts.append((each[0][0], each[0][1], [probabilities for _, _, probabilities in each]))
        rows = np.concatenate([part[0] for part in parts])
        truth = np.concatenate([part[1] for part in parts])
        opinions = [
            np.concatenate([part[2][number] for part in parts])
            for number in range(len(parts[0][2]))
        ]
        return rows, opinions, truth, equal_parts(self.table["corpus"].iloc[rows].to_numpy(str))

    def exponents(self, model: str, run: Run, task: str, seed: int | None = None) -> list[float]:
        """The exponents of a model in a run: how they compare from clips as they are and disturbed ones alike, their sum from the first.

        So a member that holds in a room or on a telephone weighs more, and the temperature is that of good recordings.
        """
        _, opinions, truth, weights = self.calibration(model, run, task, seed)
        if len(opinions) == 1:
            return exponents(opinions, truth, weights)
        _, disturbed, _, _ = self.calibration(model, run, task, seed, ASKED[1])
        both = [np.concatenate(pair) for pair in zip(opinions, disturbed, strict=True)]
        shares = exponents(both, np.tile(truth, 2), np.tile(weights, 2))
        (scale,) = exponents([pooled(opinions, shares)], truth, weights)
        return [round(scale * share, 3) for share in shares]

    def limits(self, model: str, run: Run) -> Limits:
        """From which probability on an emotion is in the prediction set, and an answer is given: fitted where the exponents are."""
        rows, opinions, truth, _ = self.calibration(model, run, "emotion", None)
        weights = decision.each_speaker_once(self.table["speaker"].iloc[rows])
        return decision.fit(truth, pooled(opinions, self.exponents(model, run, "emotion")), weights)

    def neutral_from(self, model: str, run: Run) -> float:
        """How likely neutral is at least for nine in ten neutral clips, fitted where the exponents are."""
        rows, opinions, truth, _ = self.calibration(model, run, "emotion", None)
        neutral = truth == EMOTIONS.index("neutral")
        said = decision.neutral_share(
            pooled(opinions, self.exponents(model, run, "emotion"))[neutral]
        )
        return decision.quantile(
            said,
            decision.each_speaker_once(self.table["speaker"].iloc[rows[neutral]]),
            decision.NEUTRAL_MISSED,
        )

    def tested(
        self, model: str, run: Run, task: str, seed: int | None
    ) -> tuple[Rows, Positions, Probabilities]:
        """Rows, truth and calibrated probabilities of the clips that a run tests."""
        rows = np.flatnonzero(run.test)
        learnt = learnt_emotions(self.table, run.train)
        each = [
            comparable(self.table, rows, member.of(rows, task), task, learnt)
            for member in self.members(model, run.name, seed)
        ]
        return (
            each[0][0],
            each[0][1],
            pooled(
                [probabilities for _, _, probabilities in each],
                self.exponents(model, run, task, seed),
            ),
        )


MODELS = ("network", "bagged_mlp", "combination")
MODEL_INPUTS = {"network": NETWORK_INPUT, "bagged_mlp": FEATURE_SET, "combination": "several"}


BY_SEED_CORPUS = "ravdess"


def out_of_fold(evidence: Evidence) -> pd.DataFrame:
    """The out-of-fold rows of the three models under every protocol: `evaluation.OUT_OF_FOLD_COLUMNS`.

    The network has rows for each seed, one net each; in the combination it is the mean of its nets, as it is served.
    """
    parts = []
    for task in LABELS:
        for run in evidence.runs.values():
            if run.protocol == "single_corpus" or (
                task == "gender" and run.protocol == "other_statement"
            ):
                continue
            for model in MODELS:
                if model != "bagged_mlp" and not evidence.seeds(run.name):
                    continue
                seeds: list[int | None] = (
                    [*evidence.seeds(run.name)] if model == "network" else [None]
                )
                for seed in seeds:
                    rows, truth, probabilities = evidence.tested(model, run, task, seed)
                    run_of = (task, MODEL_INPUTS[model], model, run.protocol, seed or 0, run.fold)
                    parts.append(
                        out_of_fold_rows(evidence.table, rows, truth, probabilities, run_of)
                    )
    parts += _by_seed(evidence)
    return pd.concat(parts, ignore_index=True)[list(evaluation.OUT_OF_FOLD_COLUMNS)]


def _by_seed(evidence: Evidence) -> list[pd.DataFrame]:
    """The combination with one network at a time on unseen speakers of RAVDESS: how much of its score is the luck of a seed."""
    parts = []
    for run in evidence.runs.values():
        for seed in evidence.seeds(run.name) if run.protocol == "unseen_speakers" else ():
            rows, truth, probabilities = evidence.tested("combination", run, "emotion", seed)
            own = (evidence.table["corpus"].iloc[rows] == BY_SEED_CORPUS).to_numpy()
            run_of = (
                "emotion",
                MODEL_INPUTS["combination"],
                "combination_of_one",
                run.protocol,
                seed,
                run.fold,
            )
            parts.append(
                out_of_fold_rows(evidence.table, rows[own], truth[own], probabilities[own], run_of)
            )
    return parts


def limits(evidence: Evidence) -> pd.DataFrame:
    """The limits of each model of emotions in each run on unseen speakers or a corpus left out: `selective.LIMITS_COLUMNS`."""
    rows = []
    for run in evidence.runs.values():
        for model in MODELS if run.protocol in ("unseen_speakers", "corpus_left_out") else ():
            found = evidence.limits(model, run)
            rows.append(
                (
                    model,
                    run.protocol,
                    run.fold,
                    found.in_set,
                    found.answered,
                    evidence.neutral_from(model, run),
                )
            )
    return pd.DataFrame(rows, columns=list(selective.LIMITS_COLUMNS))


def saved_limits(
    table: pd.DataFrame, parts: Iterable[tuple[Rows, list[Probabilities]]], weights: Sequence[float]
) -> Limits:
    """The limits of a model that is saved: fitted on clips that no member was trained on (rows, opinions), pooled by its own weights.

    Of all eight emotions, as the saved model gives them.
    """
    each = list(parts)
    rows = np.concatenate([rows for rows, _ in each])
    probabilities = np.concatenate([pooled(opinions, weights) for _, opinions in each])
    truth = np.array(
        [EMOTIONS.index(emotion) for emotion in table["emotion"].iloc[rows]], dtype=np.int64
    )
    return decision.fit(
        truth, probabilities, decision.each_speaker_once(table["speaker"].iloc[rows])
    )


def saved_neutral(
    table: pd.DataFrame, parts: Iterable[tuple[Rows, list[Probabilities]]], weights: Sequence[float]
) -> float:
    """How likely neutral is at least for nine in ten neutral clips of a model that is saved; see `saved_limits`."""
    found, speakers = [], []
    for rows, opinions in parts:
        neutral = (table["emotion"].iloc[rows] == "neutral").to_numpy()
        found.append(decision.neutral_share(pooled(opinions, weights)[neutral]))
        speakers.append(table["speaker"].iloc[rows[neutral]].to_numpy(str))
    return decision.quantile(
        np.concatenate(found),
        decision.each_speaker_once(np.concatenate(speakers)),
        decision.NEUTRAL_MISSED,
    )


def saved_exponents(evidence: Evidence, model: str, task: str) -> list[float]:
    """The exponents of a model that is fitted on everything: means over the runs, the left-out corpora weighing most."""
    return over_runs(
        evidence,
        {
            run.name: evidence.exponents(model, run, task)
            for run in evidence.runs.values()
            if run.protocol in WEIGHED
        },
    )


def over_runs(evidence: Evidence, of_run: Mapping[str, Sequence[float]]) -> list[float]:
    """Exponents by run as one: the mean of each protocol of `WEIGHED`, the left-out corpora weighing most."""
    means = [
        np.mean(
            [found for name, found in of_run.items() if evidence.runs[name].protocol == protocol],
            axis=0,
        )
        for protocol in WEIGHED
    ]
    return [
        round(float(value), 3)
        for value in LEFT_OUT_SHARE * means[0] + (1 - LEFT_OUT_SHARE) * means[1]
    ]


def out_of_fold_rows(
    table: pd.DataFrame,
    rows: Rows,
    truth: Positions,
    probabilities: Probabilities,
    run_of: tuple[object, ...],
) -> pd.DataFrame:
    """Predictions of clips of an utterance table as rows of an out-of-fold table; `run_of` are its `evaluation.RUN_COLUMNS`."""
    about = table.iloc[rows]
    columns: dict[str, object] = {"corpus": about["corpus"].to_numpy()}
    columns |= dict(zip(evaluation.RUN_COLUMNS, run_of, strict=True))
    columns |= {
        name: about[name].to_numpy()
        for name in ("path", "speaker", "gender", "intensity", "statement")
    }
    task = str(run_of[0])
    columns["truth"] = np.array(LABELS[task])[truth]
    for label in (*EMOTIONS, *GENDERS):
        values = (
            probabilities[:, LABELS[task].index(label)]
            if label in LABELS[task]
            else np.full(len(rows), np.nan)
        )
        columns[label] = np.round(values, 4).astype(np.float32)
    return pd.DataFrame(columns)
