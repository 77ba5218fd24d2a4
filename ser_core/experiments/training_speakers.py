"""How many training speakers it takes: the classifiers of one corpus, fitted on ever more of its speakers and tested on the same folds.

The tested speakers are those of the folds of `unseen_speakers`. In each fold the training speakers come in an order that is drawn at
random, men and women in turn, so that every step has all speakers of the one before; three such draws, and one of all speakers, which
are the same in any order. Parameters never see a tested speaker: in a fold of RAVDESS they are those that the inner folds of its training
speakers chose, elsewhere those on the card of the model that ships, which the speakers of RAVDESS chose. One seed. The networks are not
here: one step of theirs takes hours.
"""

from __future__ import annotations

import hashlib
import shutil
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Memory, Parallel, delayed
from tqdm import tqdm

from ser_core import corpora, models
from ser_core.evaluation import learning_curves
from ser_core.evaluation.learning_curves import FEATURE_SET, TASK
from ser_core.features.tables import SHIPPED_CORPUS, read_joint
from ser_core.storage.cache_folder import cache_folder
from ser_core.training import classifiers as classifiers_module
from ser_core.training import cross_validation
from ser_core.training.classifiers import CLASSIFIERS, Labels, Matrix, Parameters, fit_uncalibrated
from ser_core.training.runs import Mask

SEED = 0
DRAWS = 3
STEPS = {"ravdess": (2, 4, 8, 12, 16), "crema-d": (4, 8, 16, 32, 64), "nemo": (2, 4, 6)}
"""Numbers of training speakers; the last step is all there are."""


def measure(corpus: str, names: Sequence[str] = tuple(CLASSIFIERS), jobs: int = 1) -> pd.DataFrame:
    """Fit and test every step on a corpus: `learning_curves.COLUMNS`.

    Finished fits are kept in the cache folder, so that an interrupted run goes on where it stopped.

    Raises
    ------
    SerError
        NOT_FOUND where `data/` has no table of the corpus.
    """
    table = read_joint(FEATURE_SET, (corpus,), copies=())
    rows, x, y = table.rows, table.x.astype(np.float64), table.rows[TASK].to_numpy(str)
    kept = cache_folder() / "learning-curves" / table.sha256[:16]
    run = Memory(kept, verbose=0).cache(_said)
    code = hashlib.sha256(
        Path(str(classifiers_module.__file__)).read_bytes()
        + repr(models.library_versions()).encode()
    ).hexdigest()
    splits = list(_splits(rows, corpus))
    asked = [(name, split) for split in splits for name in names]
    parameters = {
        (name, fold): _parameters(corpus, name, fold)
        for name in names
        for fold in {fold for fold, *_ in splits}
    }
    work = (
        delayed(run)(name, parameters[name, fold], x, y, train, test, code)
        for name, (fold, _, _, train, test) in asked
    )
    done = Parallel(n_jobs=jobs, return_as="generator")(work)
    parts = []
    for (name, (_, step, draw, _, test)), said in zip(
        asked, tqdm(done, total=len(asked), unit="fit", desc=corpus), strict=True
    ):
        tested = rows.loc[test, ["speaker", TASK]].assign(hits=said == y[test])
        of_each = (
            tested.groupby(["speaker", TASK], as_index=False)["hits"]
            .agg(hits="sum", clips="size")
            .rename(columns={TASK: "label"})
        )
        parts.append(of_each.assign(classifier=name, training_speakers=step, draw=draw))
    shutil.rmtree(kept)  # what is done is done: the next run computes everything anew
    found = pd.concat(parts, ignore_index=True)[list(learning_curves.COLUMNS)]
    return found.astype(
        {"training_speakers": np.int16, "draw": np.int8, "hits": np.int16, "clips": np.int16}
    )


Split = tuple[int, int, int, Mask, Mask]
"""Fold, number of training speakers, draw, the rows that are trained on, and those that are tested."""


def _splits(rows: pd.DataFrame, corpus: str) -> Iterator[Split]:
    """Every step of every draw in every fold. All speakers are as many as a fold has on average."""
    speakers, fold_of = (
        rows["speaker"].to_numpy(str),
        corpora.folds(rows["speaker"], rows["corpus"]),
    )
    everybody = round(
        np.mean([len(np.unique(speakers[fold_of != fold])) for fold in np.unique(fold_of)])
    )
    gender_of = dict(zip(speakers, rows["gender"], strict=True))
    for fold in np.unique(fold_of):
        test = fold_of == fold
        trained = sorted(set(speakers[~test]))
        for draw in range(DRAWS):
            order = in_turn(
                [(speaker, gender_of[speaker]) for speaker in trained], f"{corpus} {fold} {draw}"
            )
            for step in STEPS[corpus]:
                yield int(fold), step, draw, np.isin(speakers, order[:step]), test
        yield int(fold), everybody, 0, ~test, test


def in_turn(speakers: Sequence[tuple[str, str]], seed: str) -> list[str]:
    """(speaker, gender) in an order drawn at random, the genders in turn as long as there are both."""
    rng = np.random.default_rng(zlib.crc32(seed.encode()))
    genders = rng.permutation(sorted({gender for _, gender in speakers}))
    drawn = [
        list(rng.permutation([speaker for speaker, of in speakers if of == gender]))
        for gender in genders
    ]
    longest = max(len(names) for names in drawn)
    return [str(names[place]) for place in range(longest) for names in drawn if place < len(names)]


def _parameters(corpus: str, name: str, fold: int) -> Parameters:
    if corpus != SHIPPED_CORPUS:
        card = next(
            card
            for card in models.cards(task=TASK)
            if (card.classifier, card.feature_set) == (name, FEATURE_SET)
        )
        return card.parameters
    return cross_validation.selected(TASK, FEATURE_SET, name, fold)


def _said(
    name: str, parameters: Parameters, x: Matrix, y: Labels, train: Mask, test: Mask, code: str
) -> npt.NDArray[np.str_]:
    """The labels said of the tested rows; `code` is only there to start anew when the classifiers or libraries change."""
    del code
    return fit_uncalibrated(CLASSIFIERS[name], parameters, x[train], y[train], SEED)(x[test])
