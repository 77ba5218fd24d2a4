"""What a personal baseline is worth: the runs with simulated enrolment.

A speaker gives one or two neutral clips, which are then left out of the test; every choice of so many neutral clips is tried (of
more than twelve choices, twelve that are drawn once and for all), and the choices are averaged. With a baseline three opinions
are pooled: the network's and the perceptrons' with it, and the perceptrons' without. The exponents are fitted as without one,
on clips that the run set aside or on corpora that inner runs left out, each with a baseline of one or two clips.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core.emotions import EMOTIONS
from ser_core.evaluation import enrolment
from ser_core.models.estimators import Probabilities, pooled
from ser_core.training import calibration
from ser_core.training.calibration import Positions
from ser_core.training.joint import WEIGHED, Evidence, Rows, comparable, learnt_emotions, over_runs
from ser_core.training.runs import Run

N_CLIPS = (1, 2)
"""How many neutral clips a baseline is made of."""
MOST_CHOICES = 12
POOLED: Mapping[str, Sequence[int]] = {
    "network": (0,),
    "bagged_mlp": (1, 2),
    "combination": (0, 1, 2),
}
"""Which of the three `opinions` each model pools."""


def neutral_rows(table: pd.DataFrame, rows: Rows) -> dict[str, Rows]:
    """By speaker, those of the rows that are neutral."""
    neutral = rows[(table["emotion"].iloc[rows] == "neutral").to_numpy()]
    speakers = table["speaker"].iloc[neutral].to_numpy(str)
    return {str(speaker): neutral[speakers == speaker] for speaker in np.unique(speakers)}


def choices(neutral: Rows, n: int) -> list[Rows]:
    """The baselines of `n` clips that are tried for a speaker: all there are, at most twelve."""
    every = list(itertools.islice(itertools.combinations(neutral.tolist(), n), 100_000))
    if len(every) > MOST_CHOICES:
        drawn = np.random.default_rng([n, len(neutral)]).choice(
            len(every), MOST_CHOICES, replace=False
        )
        every = [every[number] for number in sorted(drawn)]
    return [np.array(choice, dtype=np.int64) for choice in every]


def opinions(
    evidence: Evidence, run: Run, asked: Rows, baselines: Sequence[Rows], seed: int | None = None
) -> list[Probabilities]:
    """What the network (with the baseline) and the perceptrons (without, with) say of emotions of rows: three of [asked, 8]."""
    network, perceptrons = evidence.members("combination", run.name, seed)
    return [
        network.enrolled(asked, baselines),
        perceptrons.of(asked, "emotion"),
        perceptrons.enrolled(asked, baselines),
    ]


def one_each(table: pd.DataFrame, rows: Rows, seed: int) -> tuple[Rows, list[Rows]]:
    """The rows whose speakers can be enrolled, and for each of them one baseline of one or two neutral clips, not the clip itself."""
    rng = np.random.default_rng(seed)
    neutral = neutral_rows(table, rows)
    asked, baselines = [], []
    for row, speaker in zip(rows, table["speaker"].iloc[rows], strict=True):
        others = neutral.get(speaker, rows[:0])
        others = others[others != row]
        if len(others):
            asked.append(row)
            baselines.append(
                rng.choice(others, min(len(others), int(rng.choice(N_CLIPS))), replace=False)
            )
    return np.array(asked), baselines


def judged(
    evidence: Evidence, model: str, run: Run, rows: Rows
) -> tuple[Rows, list[Probabilities]]:
    """Rows, each with one baseline, and what a model pools of them: all eight emotions."""
    asked, baselines = one_each(evidence.table, rows, run.fold)
    said = opinions(evidence, run, asked, baselines)
    return asked, [said[number] for number in POOLED[model]]


def fitted(evidence: Evidence, run: Run) -> dict[str, list[float]]:
    """The exponents of each model of `POOLED` in a run, where a baseline is given."""
    table = evidence.table
    parts = []
    for source, rows in evidence.sources(run):
        asked, baselines = one_each(table, rows, run.fold)
        parts.append(
            _comparable(evidence, source, asked, opinions(evidence, source, asked, baselines))
        )
    rows = np.concatenate([part[0] for part in parts])
    truth = np.concatenate([part[1] for part in parts])
    said = [np.concatenate([part[2][number] for part in parts]) for number in range(3)]
    weights = calibration.equal_parts(table["corpus"].iloc[rows].to_numpy(str))
    return {
        model: calibration.exponents([said[number] for number in numbers], truth, weights)
        for model, numbers in POOLED.items()
    }


def tested(evidence: Evidence) -> pd.DataFrame:
    """What a baseline changes: `baseline_gains.COLUMNS`, one row per model, clip and size of the baseline."""
    parts = [
        _tested(evidence, run, n)
        for run in evidence.runs.values()
        if run.protocol in WEIGHED
        for n in N_CLIPS
    ]
    return pd.concat(parts, ignore_index=True)[list(enrolment.COLUMNS)]


def saved(
    every: Mapping[str, Mapping[str, list[float]]], evidence: Evidence, model: str
) -> list[float]:
    """The exponents, with a baseline, of a model that is fitted on everything: means over the runs, the left-out corpora weighing most.

    `every` has what `fitted` gave by run.
    """
    return over_runs(evidence, {name: of_run[model] for name, of_run in every.items()})


def _tested(evidence: Evidence, run: Run, n: int) -> pd.DataFrame:
    table, rows = evidence.table, np.flatnonzero(run.test)
    speakers = table["speaker"].iloc[rows].to_numpy(str)
    exponents = fitted(evidence, run)
    without = {model: evidence.tested(model, run, "emotion", None) for model in POOLED}
    hits = {model: np.zeros((len(table), len(EMOTIONS)), dtype=np.int64) for model in POOLED}
    for speaker, neutral in neutral_rows(table, rows).items():
        own = rows[speakers == speaker]
        left = [(np.setdiff1d(own, choice), choice) for choice in choices(neutral, n)]
        if not left:
            continue
        asked = np.concatenate([clips for clips, _ in left])
        baselines = [choice for clips, choice in left for _ in clips]
        kept, _, said = _comparable(evidence, run, asked, opinions(evidence, run, asked, baselines))
        for model, numbers in POOLED.items():
            top = pooled([said[number] for number in numbers], exponents[model]).argmax(axis=1)
            np.add.at(hits[model], (kept, top), 1)
    parts = []
    for model, (kept, truth, probabilities) in without.items():
        about = table.iloc[kept]
        columns: dict[str, object] = {
            "corpus": about["corpus"].to_numpy(),
            "classifier": model,
            "protocol": run.protocol,
            "fold": run.fold,
        }
        columns |= {
            "clips": n,
            "path": about["path"].to_numpy(),
            "speaker": about["speaker"].to_numpy(),
        }
        columns |= {
            "truth": np.array(EMOTIONS)[truth],
            "without": np.array(EMOTIONS)[probabilities.argmax(axis=1)],
        }
        columns |= {
            emotion: hits[model][kept, number].astype(np.uint8)
            for number, emotion in enumerate(EMOTIONS)
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _comparable(
    evidence: Evidence, run: Run, asked: Rows, said: Sequence[Probabilities]
) -> tuple[Rows, Positions, list[npt.NDArray[np.float64]]]:
    learnt = learnt_emotions(evidence.table, run.train)
    each = [
        comparable(evidence.table, asked, probabilities, "emotion", learnt)
        for probabilities in said
    ]
    return each[0][0], each[0][1], [probabilities for _, _, probabilities in each]
