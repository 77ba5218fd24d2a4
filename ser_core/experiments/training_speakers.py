"""How many training speakers it takes: the classifiers of one corpus, fitted on ever more of its speakers.

The tested speakers are those of the folds of `unseen_speakers`. In each fold the training speakers come in an
order that is drawn at random, men and women in turn, so that every step has all speakers of the one before.
There are three such draws, and one of all speakers, who are the same in any order. Parameters never see a
tested speaker: in a fold of RAVDESS they are those that the inner folds of its training speakers chose,
elsewhere those on the card of the model that ships, which the speakers of RAVDESS chose. One seed is used.
The networks are not here: one step of theirs takes hours.
"""

from __future__ import annotations

import hashlib
import shutil
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Memory, Parallel, delayed
from tqdm import tqdm

from ser_core import corpora, models
from ser_core.evaluation import learning_curves
from ser_core.evaluation.learning_curves import FEATURE_SET, TASK
from ser_core.features.tables import SHIPPED_CORPUS, read_joint_table
from ser_core.storage.cache_folder import cache_folder
from ser_core.training import classifiers as classifiers_module
from ser_core.training import cross_validation
from ser_core.training.classifiers import CLASSIFIERS, Labels, Matrix, Parameters, fit_uncalibrated
from ser_core.training.runs import Mask

SEED = 0
DRAWS = 3
STEPS = {"ravdess": (2, 4, 8, 12, 16), "crema-d": (4, 8, 16, 32, 64), "nemo": (2, 4, 6)}
"""Numbers of training speakers; a last step has all there are."""

_COUNT_TYPES = {
    "training_speakers": np.int16,
    "draw": np.int8,
    "hits": np.int16,
    "clips": np.int16,
}


@dataclass(frozen=True, eq=False)
class Split:
    """Who is trained on, and who is tested: `train` and `test` mark rows of the table."""

    fold: int
    training_speakers: int
    draw: int
    train: Mask
    test: Mask


def count_hits(
    corpus: str, names: Sequence[str] = tuple(CLASSIFIERS), jobs: int = 1
) -> pd.DataFrame:
    """Fit and test every step on a corpus; progress on stderr.

    Finished fits are kept in the cache folder, so that an interrupted run goes on where it stopped.

    Parameters
    ----------
    corpus : str
        A key of `CORPORA`.
    names : sequence of str, optional
        The classifiers.
    jobs : int, optional
        The number of processes.

    Returns
    -------
    DataFrame
        `learning_curves.COLUMNS`.

    Raises
    ------
    SerError
        NOT_FOUND where `data/` has no table of the corpus.
    """
    table = read_joint_table(FEATURE_SET, (corpus,), copies=())
    rows, y = table.rows, table.rows[TASK].to_numpy(str)
    x = table.x.astype(np.float64)
    finished = cache_folder() / "learning-curves" / table.sha256[:16]
    fit_and_predict = Memory(finished, verbose=0).cache(_fit_and_predict)
    code = _code_digest()
    parameters = cache(partial(_parameters, corpus))
    fits = [(split, name) for split in _splits(rows, corpus) for name in names]
    work = [
        delayed(fit_and_predict)(
            name, parameters(name, split.fold), x, y, split.train, split.test, code
        )
        for split, name in fits
    ]
    predictions = Parallel(n_jobs=jobs, return_as="generator")(work)
    shown = tqdm(predictions, total=len(work), unit="fit", desc=corpus)
    parts = [
        _count_tested(rows, split, predicted == y[split.test]).assign(classifier=name)
        for (split, name), predicted in zip(fits, shown, strict=True)
    ]
    shutil.rmtree(finished)  # what is finished is stored: the next run computes everything anew
    counts = pd.concat(parts, ignore_index=True)[list(learning_curves.COLUMNS)]
    return counts.astype(_COUNT_TYPES)


def shuffle_speakers(speakers: Sequence[tuple[str, str]], seed: str) -> list[str]:
    """Speakers in an order drawn at random, the genders in turn as long as there are both.

    Parameters
    ----------
    speakers : sequence of (speaker, gender)
        The speakers.
    seed : str
        What the draw depends on.

    Returns
    -------
    list of str
        The names of the speakers.
    """
    rng = np.random.default_rng(zlib.crc32(seed.encode()))
    genders = rng.permutation(sorted({gender for _, gender in speakers}))
    by_gender = []
    for gender in genders:
        names = [name for name, gender_of_speaker in speakers if gender_of_speaker == gender]
        by_gender.append(list(rng.permutation(names)))
    most = max(len(names) for names in by_gender)
    return [str(names[place]) for place in range(most) for names in by_gender if place < len(names)]


def _splits(rows: pd.DataFrame, corpus: str) -> Iterator[Split]:
    """Every step of every draw in every fold; "all speakers" are as many as a fold has on average."""
    speakers = rows["speaker"].to_numpy(str)
    fold_of = corpora.assign_folds(rows["speaker"], rows["corpus"])
    folds = np.unique(fold_of)
    n_all = round(np.mean([len(np.unique(speakers[fold_of != fold])) for fold in folds]))
    gender_of = dict(zip(speakers, rows["gender"], strict=True))
    for fold in folds:
        test = fold_of == fold
        candidates = [(speaker, gender_of[speaker]) for speaker in sorted(set(speakers[~test]))]
        for draw in range(DRAWS):
            order = shuffle_speakers(candidates, f"{corpus} {fold} {draw}")
            for step in STEPS[corpus]:
                yield Split(int(fold), step, draw, np.isin(speakers, order[:step]), test)
        yield Split(int(fold), n_all, 0, ~test, test)


def _parameters(corpus: str, name: str, fold: int) -> Parameters:
    if corpus == SHIPPED_CORPUS:
        return cross_validation.selected_parameters(TASK, FEATURE_SET, name, fold)
    cards = models.cards(task=TASK)
    (card,) = [c for c in cards if (c.classifier, c.feature_set) == (name, FEATURE_SET)]
    return card.parameters


def _code_digest() -> str:
    """Changes with the code of the classifiers and with the libraries."""
    code = Path(str(classifiers_module.__file__)).read_bytes()
    return hashlib.sha256(code + repr(models.library_versions()).encode()).hexdigest()


def _fit_and_predict(
    name: str, parameters: Parameters, x: Matrix, y: Labels, train: Mask, test: Mask, code: str
) -> npt.NDArray[np.str_]:
    """The labels predicted for the tested rows; another `code` (see `_code_digest`) is another fit."""
    del code
    return fit_uncalibrated(CLASSIFIERS[name], parameters, x[train], y[train], SEED)(x[test])


def _count_tested(rows: pd.DataFrame, split: Split, right: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """How many clips each tested speaker has of each label, and how many of them were recognised."""
    tested = rows.loc[split.test, ["speaker", TASK]].assign(hits=right)
    by_label = tested.groupby(["speaker", TASK], as_index=False)["hits"]
    counts = by_label.agg(hits="sum", clips="size").rename(columns={TASK: "label"})
    return counts.assign(training_speakers=split.training_speakers, draw=split.draw)
