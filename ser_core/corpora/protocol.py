"""Which speakers are tested together: the folds of a corpus, and the joint runs over several corpora.

Speakers and corpora are given by row of a table: both have shape [n]. Folds and runs count from 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ser_core.corpora.corpus import N_JOINT_RUNS, Corpus
from ser_core.corpora.registry import RECOGNISED, TRAINING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_MAX_DEALT_FOLDS = 6


def assign_folds(speakers: Iterable[str], corpora: Iterable[str]) -> npt.NDArray[np.int64]:
    """The fold in which each row is tested, shape [n]; all rows of a speaker share one.

    A whole known corpus has the folds of its entry. Other speakers (a person's own table, a part of
    a corpus) are dealt in alphabetical order into as many folds as there are speakers, six at most.
    A speaker of the same name in two corpora is one person (of RAVDESS, some sing, too).

    Parameters
    ----------
    speakers, corpora : iterable of str [n]
        The speaker and the corpus of each row.
    """
    import numpy as np

    speakers, corpora = list(speakers), list(corpora)
    speakers_of: dict[str, set[str]] = {}
    for speaker, corpus in zip(speakers, corpora, strict=True):
        speakers_of.setdefault(corpus, set()).add(speaker)
    fold_of: dict[str, int] = {}
    for corpus, names in speakers_of.items():
        fold_of |= _folds_of_whole(corpus, names)
    to_deal = sorted(set(speakers) - set(fold_of))
    n_folds = min(_MAX_DEALT_FOLDS, len(to_deal))
    fold_of |= {speaker: position % n_folds + 1 for position, speaker in enumerate(to_deal)}
    return np.array([fold_of[speaker] for speaker in speakers], dtype=np.int64)


def _folds_of_whole(corpus: str, speakers: Iterable[str]) -> dict[str, int]:
    """The folds of a corpus's entry by speaker; none unless all are known and every fold has speakers."""
    fold_of = {speaker: _entry_fold(speaker, corpus, RECOGNISED) for speaker in speakers}
    known = {speaker: fold for speaker, fold in fold_of.items() if fold is not None}
    if len(known) < len(fold_of):
        return {}
    is_whole = set(known.values()) == set(range(1, RECOGNISED[corpus].n_folds + 1))
    return known if is_whole else {}


def assign_joint_runs(speakers: Iterable[str], corpora: Iterable[str]) -> npt.NDArray[np.int64]:
    """The one joint run, 1 to `N_JOINT_RUNS`, in which each row is scored, shape [n].

    0 is for rows that are only trained on: a corpus that is not one of `TRAINING` is never tested.
    Fold f of a corpus is scored in run f; folds beyond the sixth (nEMO has nine) start again at
    run 1. A corpus with `joint_run_of` (ASED) deals its speakers itself.

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
        if corpus not in TRAINING:
            continue
        fold = _entry_fold(speaker, corpus, TRAINING)
        if fold is None:
            title = TRAINING[corpus].title
            raise ValueError(f"The speaker must be one of {title}. Got {speaker!r}.")
        own_rule = TRAINING[corpus].joint_run_of
        run_of[speaker, corpus] = own_rule(speaker) if own_rule else (fold - 1) % N_JOINT_RUNS + 1
    return np.array([run_of[pair] for pair in pairs], dtype=np.int64)


def scored_rows(run: int, speakers: Iterable[str], corpora: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Whether a joint run's figures count each row, shape [n].

    Over all runs, each row of a corpus of `TRAINING` counts once.

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
    for name in set(corpora) & set(TRAINING):
        corpus = TRAINING[name]
        n_runs = N_JOINT_RUNS if corpus.joint_run_of else min(corpus.n_folds, N_JOINT_RUNS)
        first_run = (run - 1) % n_runs + 1
        is_held_out |= (np.array(corpora) == name) & (runs == first_run)
    return is_held_out


def _entry_fold(speaker: str, corpus: str, known: Mapping[str, Corpus]) -> int | None:
    """The fold of a speaker by the corpus's entry; None for an unknown speaker or corpus."""
    if corpus not in known:
        return None
    try:
        return known[corpus].fold_of(speaker)
    except ValueError:
        return None
