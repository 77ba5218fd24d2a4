"""Which speakers are tested together: the folds of one corpus, and the runs in which several corpora are trained on jointly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ser_core.corpora.corpus import Corpus
from ser_core.corpora.registry import CORPORA, RECOGNISED

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

N_JOINT_RUNS = 6
"""The number of joint runs: that of the folds of RAVDESS, on which the headline figure is taken."""


def folds(speakers: Iterable[str], corpora: Iterable[str]) -> npt.NDArray[np.int64]:
    """The fold in which each row is tested, shape [n]: all rows of a speaker share one.

    A whole known corpus has the folds of its entry. Other speakers (a person's own table, a part of a corpus) are dealt in
    alphabetical order into as many folds as there are speakers, six at most.
    """
    import numpy as np

    pairs = list(zip(speakers, corpora, strict=True))
    fold_of = {pair: _own_fold(*pair, RECOGNISED) for pair in sorted(set(pairs))}
    for name in {corpus for _, corpus in pairs}:
        found = {fold for (_, corpus), fold in fold_of.items() if corpus == name}
        if None in found or found != set(range(1, RECOGNISED[name].n_folds + 1)):
            fold_of |= dict.fromkeys((pair for pair in fold_of if pair[1] == name), None)
    strangers = [pair for pair, fold in fold_of.items() if fold is None]
    dealt = {pair: position % min(6, len(strangers)) + 1 for position, pair in enumerate(strangers)}
    return np.array([fold_of[pair] or dealt[pair] for pair in pairs], dtype=np.int64)


def joint_runs(speakers: Iterable[str], corpora: Iterable[str]) -> npt.NDArray[np.int64]:
    """The one joint run, 1 to `N_JOINT_RUNS`, in which each row is scored, shape [n]; 0 for rows that are only trained on.

    Fold f of a corpus is scored in run f; folds beyond the sixth (nEMO has nine) start again at run 1. A corpus that is not
    one of `CORPORA` is never tested.

    Raises
    ------
    ValueError
        For a speaker who is none of the named corpus: counted as unseen, that voice could be in the training clips too.
    """
    import numpy as np

    pairs = list(zip(speakers, corpora, strict=True))
    run_of = dict.fromkeys(pairs, 0)
    for speaker, corpus in run_of:
        if corpus in CORPORA:
            fold = _own_fold(speaker, corpus, CORPORA)
            if fold is None:
                raise ValueError(
                    f"The speaker must be one of {CORPORA[corpus].title}. Got {speaker!r}."
                )
            run_of[speaker, corpus] = (fold - 1) % N_JOINT_RUNS + 1
    return np.array([run_of[pair] for pair in pairs], dtype=np.int64)


def scored(run: int, speakers: Iterable[str], corpora: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Whether a joint run's figures count each row, shape [n]: over all runs, each row of a known corpus once.

    Raises
    ------
    ValueError
        As `joint_runs`; for a run that there is not.
    """
    if not 1 <= run <= N_JOINT_RUNS:
        raise ValueError(f"The run must be 1 to {N_JOINT_RUNS}. Got {run}.")
    return joint_runs(speakers, corpora) == run


def held_out(run: int, speakers: Iterable[str], corpora: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Whether a joint run must not train on each row, shape [n].

    These are the rows that it is scored on, and in runs beyond a corpus's last fold (run 6 for the five of CREMA-D) once more
    those of its first, so that every run trains on like amounts of each corpus.

    Raises
    ------
    ValueError
        As `scored`.
    """
    import numpy as np

    speakers, corpora = list(speakers), list(corpora)
    held = scored(run, speakers, corpora)
    runs = joint_runs(speakers, corpora)
    for name in set(corpora) & set(CORPORA):
        n_folds = min(CORPORA[name].n_folds, N_JOINT_RUNS)
        held |= (np.array(corpora) == name) & (runs == (run - 1) % n_folds + 1)
    return held


def _own_fold(speaker: str, corpus: str, known: Mapping[str, Corpus]) -> int | None:
    """The fold that a corpus's entry gives a speaker; None for a name that is none of its speakers', and of a corpus that is not known."""
    if corpus not in known:
        return None
    try:
        return known[corpus].fold_of(speaker)
    except ValueError:
        return None
