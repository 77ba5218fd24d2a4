"""Which speakers are tested together: the folds of a corpus, and the joint runs over several corpora.

Speakers and corpora are given by row of a table: both have shape [n]. Folds and runs count from 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ser_core.corpora.corpus import Corpus
from ser_core.corpora.registry import CORPORA, RECOGNISED

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

N_JOINT_RUNS = 6
"""The number of joint runs: the folds of RAVDESS, which the headline figure is taken on."""


_MAX_DEALT_FOLDS = 6


def assign_folds(speakers: Iterable[str], corpora: Iterable[str]) -> npt.NDArray[np.int64]:
    """The fold in which each row is tested, shape [n]; all rows of a speaker share one.

    A whole known corpus has the folds of its entry. Other speakers (a person's own table, a part of
    a corpus) are dealt in alphabetical order into as many folds as there are speakers, six at most.

    Parameters
    ----------
    speakers, corpora : iterable of str [n]
        The speaker and the corpus of each row.
    """
    import numpy as np

    pairs = list(zip(speakers, corpora, strict=True))
    fold_of = {pair: _entry_fold(*pair, RECOGNISED) for pair in sorted(set(pairs))}
    for name in {corpus for _, corpus in pairs}:
        of_corpus = {pair: fold for pair, fold in fold_of.items() if pair[1] == name}
        if not _is_whole(name, set(of_corpus.values())):
            fold_of |= dict.fromkeys(of_corpus, None)
    to_deal = [pair for pair, fold in fold_of.items() if fold is None]
    n_folds = min(_MAX_DEALT_FOLDS, len(to_deal))
    dealt = {pair: position % n_folds + 1 for position, pair in enumerate(to_deal)}
    return np.array([fold_of[pair] or dealt[pair] for pair in pairs], dtype=np.int64)


def _is_whole(corpus: str, folds: set[int | None]) -> bool:
    """Whether every speaker has a fold of the corpus's entry, and every fold has speakers."""
    return None not in folds and folds == set(range(1, RECOGNISED[corpus].n_folds + 1))


def assign_joint_runs(speakers: Iterable[str], corpora: Iterable[str]) -> npt.NDArray[np.int64]:
    """The one joint run, 1 to `N_JOINT_RUNS`, in which each row is scored, shape [n].

    0 is for rows that are only trained on: a corpus that is not one of `CORPORA` is never tested.
    Fold f of a corpus is scored in run f; folds beyond the sixth (nEMO has nine) start again at
    run 1.

    Parameters
    ----------
    speakers, corpora : iterable of str [n]
        The speaker and the corpus of each row.

    Raises
    ------
    ValueError
        For a speaker who is none of the named corpus: counted as unseen, that voice could be in the
        training clips, too.
    """
    import numpy as np

    pairs = list(zip(speakers, corpora, strict=True))
    run_of = dict.fromkeys(pairs, 0)
    for speaker, corpus in run_of:
        if corpus not in CORPORA:
            continue
        fold = _entry_fold(speaker, corpus, CORPORA)
        if fold is None:
            title = CORPORA[corpus].title
            raise ValueError(f"The speaker must be one of {title}. Got {speaker!r}.")
        run_of[speaker, corpus] = (fold - 1) % N_JOINT_RUNS + 1
    return np.array([run_of[pair] for pair in pairs], dtype=np.int64)


def scored_rows(run: int, speakers: Iterable[str], corpora: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Whether a joint run's figures count each row, shape [n].

    Over all runs, each row of a known corpus counts once.

    Parameters
    ----------
    run : int
        1 to `N_JOINT_RUNS`.
    speakers, corpora : iterable of str [n]
        The speaker and the corpus of each row.

    Raises
    ------
    ValueError
        As `assign_joint_runs`; for a run that does not exist.
    """
    if not 1 <= run <= N_JOINT_RUNS:
        raise ValueError(f"The run must be 1 to {N_JOINT_RUNS}. Got {run}.")
    return assign_joint_runs(speakers, corpora) == run


def held_out_rows(
    run: int, speakers: Iterable[str], corpora: Iterable[str]
) -> npt.NDArray[np.bool_]:
    """Whether a joint run must not train on each row, shape [n].

    These are the rows that the run is scored on. Runs beyond a corpus's last fold (run 6 for the
    five of CREMA-D) hold out the rows of its first folds once more, so that every run trains on
    similar amounts of each corpus.

    Parameters
    ----------
    run, speakers, corpora
        As `scored_rows`.

    Raises
    ------
    ValueError
        As `scored_rows`.
    """
    import numpy as np

    speakers, corpora = list(speakers), list(corpora)
    is_held_out = scored_rows(run, speakers, corpora)
    runs = assign_joint_runs(speakers, corpora)
    for name in set(corpora) & set(CORPORA):
        n_folds = min(CORPORA[name].n_folds, N_JOINT_RUNS)
        fold = (run - 1) % n_folds + 1
        is_held_out |= (np.array(corpora) == name) & (runs == fold)
    return is_held_out


def _entry_fold(speaker: str, corpus: str, known: Mapping[str, Corpus]) -> int | None:
    """The fold of a speaker by the corpus's entry; None for an unknown speaker or corpus."""
    if corpus not in known:
        return None
    try:
        return known[corpus].fold_of(speaker)
    except ValueError:
        return None
