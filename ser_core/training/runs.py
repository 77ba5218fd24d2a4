"""Which clips a run trains on, calibrates on and is tested on: the protocols of the project as masks over an utterance table.

Every run of a protocol sets a few of its own training speakers aside to fit temperatures and weights on, so that nothing of
a tested speaker is in them. The names of the runs are those of the files that training leaves behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from ser_core import corpora
from ser_core.corpora import N_JOINT_RUNS

Mask = npt.NDArray[np.bool_]

SET_ASIDE = {"ravdess": 2, "crema-d": 8}
"""How many training speakers of a corpus calibrate a run. nEMO has too few to spare one."""

STATEMENT_CORPUS = "ravdess"

RANDOM_FOLDS = 5
RANDOM_ASIDE = 0.1
"""The share of the clips that calibrates a run of the random split."""


@dataclass(frozen=True, eq=False)
class Run:
    """One training: rows to train on, rows set aside for calibration, and rows that are tested; no speaker is in two of them."""

    name: str
    protocol: str
    fold: int
    train: Mask
    calibrate: Mask
    test: Mask


def joint(table: pd.DataFrame) -> Iterator[Run]:
    """Unseen speakers: the six joint runs over all corpora."""
    for run in range(1, N_JOINT_RUNS + 1):
        held = corpora.held_out(run, table["speaker"], table["corpus"])
        aside = _set_aside(table, ~held, run)
        yield Run(
            f"joint-{run}",
            "unseen_speakers",
            run,
            ~held & ~aside,
            aside,
            corpora.scored(run, table["speaker"], table["corpus"]),
        )


def corpus_left_out(table: pd.DataFrame) -> Iterator[Run]:
    """One corpus left out: trained on the others. What calibrates is the left-out corpora among those: see `single_corpus`."""
    for number, name in enumerate(dict.fromkeys(table["corpus"]), start=1):
        left_out = (table["corpus"] == name).to_numpy()
        yield Run(
            f"without-{name}",
            "corpus_left_out",
            number,
            ~left_out,
            np.zeros_like(left_out),
            left_out,
        )


def single_corpus(table: pd.DataFrame) -> Iterator[Run]:
    """Trained on one corpus, tested on the others: the inner folds of `corpus_left_out`, whose training corpora test each other."""
    for number, name in enumerate(dict.fromkeys(table["corpus"]), start=1):
        own = (table["corpus"] == name).to_numpy()
        yield Run(f"only-{name}", "single_corpus", number, own, np.zeros_like(own), ~own)


def other_statement(table: pd.DataFrame) -> Iterator[Run]:
    """The other sentence, other speakers: of RAVDESS one statement is trained on and the other tested, by three groups of speakers.

    The other corpora are trained on whole: they have neither of the two sentences.
    """
    of_corpus = (table["corpus"] == STATEMENT_CORPUS).to_numpy()
    fold = corpora.joint_runs(table["speaker"], table["corpus"])
    group = (fold + 1) // 2
    for which, statement in enumerate(sorted(set(table["statement"][of_corpus]))):
        tested = (table["statement"] == statement).to_numpy()
        for number in range(1, N_JOINT_RUNS // 2 + 1):
            test = of_corpus & (group == number) & tested
            train = ~of_corpus | ((group != number) & ~tested)
            aside = _set_aside(table, train, 2 * number)
            yield Run(
                f"statement-{which + 1}-{number}",
                "other_statement",
                3 * which + number,
                train & ~aside,
                aside,
                test,
            )


def random_split(table: pd.DataFrame) -> Iterator[Run]:
    """The flattering split: five random folds of clips, so that every tested voice was trained on."""
    folds = random_folds((table["corpus"] + " " + table["emotion"]).to_numpy(str))
    for fold in range(1, RANDOM_FOLDS + 1):
        test = folds == fold
        aside = ~test & (np.random.default_rng(fold).random(len(table)) < RANDOM_ASIDE)
        yield Run(f"random-{fold}", "random_split", fold, ~test & ~aside, aside, test)


def random_folds(
    labels: npt.NDArray[np.str_], n_folds: int = RANDOM_FOLDS, seed: int = 0
) -> npt.NDArray[np.int64]:
    """The fold, 1 to `n_folds`, of each clip in a stratified random split: shape [n]. Optimistic: voices are on both sides."""
    fold_of = np.zeros(len(labels), dtype=np.int64)
    for fold, (_, test) in enumerate(
        StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(labels, labels), start=1
    ):
        fold_of[test] = fold
    return fold_of


def _set_aside(table: pd.DataFrame, train: Mask, run: int) -> Mask:
    """The training rows of the first speakers of the next fold, as many of each corpus as `SET_ASIDE` says."""
    following = (
        corpora.joint_runs(table["speaker"], table["corpus"]) == run % (N_JOINT_RUNS - 1) + 1
    )
    aside = np.zeros(len(table), dtype=bool)
    for name, n in SET_ASIDE.items():
        rows = train & following & (table["corpus"] == name).to_numpy()
        aside |= rows & table["speaker"].isin(sorted(set(table["speaker"][rows]))[:n]).to_numpy()
    return aside
