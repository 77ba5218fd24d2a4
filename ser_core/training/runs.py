"""Which clips a run trains on, calibrates on and tests: the protocols of the project as masks.

Conventions: a mask is bool [clips] over the rows of an utterance table; rows are positions in it. Every run
of a protocol sets a few of its own training speakers aside to fit temperatures and pool weights on, so that
nothing of a tested speaker is in them. A speaker may be in several corpora (actors of RAVDESS sing, too) and
is kept on one side in all of them. The names of the runs are those of the files that training leaves
behind.
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

Rows = npt.NDArray[np.int64]
"""Positions in an utterance table, in ascending order unless said otherwise."""

SET_ASIDE = {"ravdess": 2, "crema-d": 8}
"""How many training speakers of a corpus calibrate a run. nEMO has too few to spare one."""

STATEMENT_CORPUS = "ravdess"

RANDOM_FOLDS = 5
RANDOM_ASIDE = 0.1
"""The share of the clips that calibrates a run of the random split."""


@dataclass(frozen=True, eq=False)
class Run:
    """One training: rows to train on, rows set aside for calibration, and rows that are tested.

    No speaker is in two of them, except in a random split.
    """

    name: str
    protocol: str
    fold: int
    train: Mask
    calibrate: Mask
    test: Mask


def joint(table: pd.DataFrame) -> Iterator[Run]:
    """Unseen speakers: the six joint runs over all corpora."""
    speakers, corpus_of = table["speaker"], table["corpus"]
    for run in range(1, N_JOINT_RUNS + 1):
        held_out = corpora.held_out_rows(run, speakers, corpus_of)
        aside = _set_aside(table, ~held_out, run)
        train = ~held_out & ~aside
        test = corpora.scored_rows(run, speakers, corpus_of)
        yield Run(f"joint-{run}", "unseen_speakers", run, train, aside, test)


def corpus_left_out(table: pd.DataFrame) -> Iterator[Run]:
    """One corpus left out: trained on the others, which the runs of `single_corpus` calibrate.

    What its speakers say elsewhere is left out, too.
    """
    for number, name in enumerate(dict.fromkeys(table["corpus"]), start=1):
        left_out = (table["corpus"] == name).to_numpy()
        train = ~rows_of_speakers(table, left_out)
        nothing = np.zeros_like(left_out)
        yield Run(f"without-{name}", "corpus_left_out", number, train, nothing, left_out)


def single_corpus(table: pd.DataFrame) -> Iterator[Run]:
    """Trained on one corpus, tested on the others, as far as they have other speakers.

    These are the inner folds of `corpus_left_out`, whose training corpora test each other.
    """
    for number, name in enumerate(dict.fromkeys(table["corpus"]), start=1):
        own = (table["corpus"] == name).to_numpy()
        test = ~rows_of_speakers(table, own)
        yield Run(f"only-{name}", "single_corpus", number, own, np.zeros_like(own), test)


def other_statement(table: pd.DataFrame) -> Iterator[Run]:
    """The other sentence and other speakers.

    Of RAVDESS one statement is trained on and the other tested, by three groups of speakers. Of the other
    corpora all is trained on but the tested statement and the tested speakers (both are sung, too).
    """
    of_corpus = (table["corpus"] == STATEMENT_CORPUS).to_numpy()
    group = (corpora.assign_joint_runs(table["speaker"], table["corpus"]) + 1) // 2
    statements = sorted(set(table["statement"][of_corpus]))
    for position, statement in enumerate(statements):
        tested = (table["statement"] == statement).to_numpy()
        for number in range(1, N_JOINT_RUNS // 2 + 1):
            of_group = of_corpus & (group == number)
            test = of_group & tested
            train = ~rows_of_speakers(table, of_group) & ~tested
            aside = _set_aside(table, train, 2 * number)
            name = f"statement-{position + 1}-{number}"
            fold = 3 * position + number
            yield Run(name, "other_statement", fold, train & ~aside, aside, test)


def random_split(table: pd.DataFrame) -> Iterator[Run]:
    """The optimistic split: five random folds of clips, so that every tested voice was trained on."""
    folds = random_folds((table["corpus"] + " " + table["emotion"]).to_numpy(str))
    for fold in range(1, RANDOM_FOLDS + 1):
        test = folds == fold
        aside = ~test & (np.random.default_rng(fold).random(len(table)) < RANDOM_ASIDE)
        yield Run(f"random-{fold}", "random_split", fold, ~test & ~aside, aside, test)


def rows_of_speakers(table: pd.DataFrame, rows: Mask) -> Mask:
    """The rows of everybody who speaks in some rows, those included: also what they say in other corpora."""
    return table["speaker"].isin(set(table["speaker"][rows])).to_numpy()


def random_folds(
    labels: npt.NDArray[np.str_], n_folds: int = RANDOM_FOLDS, seed: int = 0
) -> npt.NDArray[np.int64]:
    """The fold, 1 to `n_folds`, of each clip in a stratified random split: shape [clips].

    Optimistic: the same voices are on both sides.
    """
    fold_of = np.zeros(len(labels), dtype=np.int64)
    splits = StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(labels, labels)
    for fold, (_, test) in enumerate(splits, start=1):
        fold_of[test] = fold
    return fold_of


def _set_aside(table: pd.DataFrame, train: Mask, run: int) -> Mask:
    """All training rows of the first speakers of the next fold, `SET_ASIDE` speakers of each corpus."""
    next_fold = run % (N_JOINT_RUNS - 1) + 1
    in_next_fold = corpora.assign_joint_runs(table["speaker"], table["corpus"]) == next_fold
    aside = np.zeros(len(table), dtype=bool)
    for name, n_speakers in SET_ASIDE.items():
        rows = train & in_next_fold & (table["corpus"] == name).to_numpy()
        speakers = sorted(set(table["speaker"][rows]))[:n_speakers]
        aside |= train & table["speaker"].isin(speakers).to_numpy()
    return aside
