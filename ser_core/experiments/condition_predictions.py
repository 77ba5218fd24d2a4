"""What models predict for clips under all conditions, of speakers whom none of the models has heard.

The clips are those of RAVDESS actors 1 to 4, whom joint run 1 and the first fold leave out. The joint models
are the held-out ones of run 1; some models of RAVDESS alone are fitted here on the other twenty actors, with
the parameters that their inner folds chose. Every random choice has a fixed seed for each clip and condition;
babble is made of clips of the other actors. `ser_core.evaluation.robustness` says what comes of it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ser_core import audio, corpora, models
from ser_core.audio.recording import Recording, Samples
from ser_core.corpora import CORPORA
from ser_core.emotions import LABELS
from ser_core.evaluation.compact_tables import DECIMALS
from ser_core.evaluation.robustness import COLUMNS, CORPUS
from ser_core.experiments.conditions import CONDITIONS
from ser_core.features import Inputs
from ser_core.models.kinds import BAGGED_PERCEPTRONS, COMBINATION, NETWORK
from ser_core.training import cross_validation

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.models.estimators import Estimator

RUN = 1
"""The joint run, and the fold of RAVDESS, whose speakers are tested."""

OF_ALL_CORPORA = (COMBINATION, NETWORK, BAGGED_PERCEPTRONS)
"""The joint models that are compared, by classifier; the default comes first."""
OF_RAVDESS = (
    ("acoustic128_v1", "svc"),
    ("acoustic128_v1", "random_forest"),
    ("mfcc128_v1", "random_forest"),
)
"""The models of RAVDESS alone that are compared, by feature set and classifier."""

_EVERY_OTHER_CLIP = 30  # of the other actors, for babble


def predict_conditions(jobs: int = 1, folder: Path | None = None) -> pd.DataFrame:
    """The predictions of every model under every condition; progress on stderr.

    Parameters
    ----------
    jobs : int, optional
        The number of processes.
    folder : Path, optional
        Where the held-out models are (default: in the cache folder).

    Returns
    -------
    DataFrame
        `robustness.COLUMNS`; the probabilities of gender are of the default model, NaN elsewhere.

    Raises
    ------
    SerError
        NOT_FOUND where `SER_CORPORA` has no RAVDESS; MODEL_NOT_FOUND where there are no held-out models.
    """
    import pandas as pd
    from joblib import Parallel, delayed
    from tqdm import tqdm

    folder = folder or models.find_held_out_models()
    home = corpora.resolve(CORPUS)
    table = corpora.read_utterances(home, CORPORA[CORPUS])
    is_tested = corpora.scored_rows(RUN, table["speaker"], table["corpus"])
    tested = table[is_tested]
    others = [
        audio.load(home / path).samples
        for path in table["path"][~is_tested].iloc[::_EVERY_OTHER_CLIP]
    ]
    work = [delayed(_predict_clip)(home / path, others, folder) for path in tested["path"]]
    predictions = Parallel(n_jobs=jobs, batch_size=8, return_as="generator")(work)
    shown = tqdm(predictions, total=len(work), unit="clip", desc="conditions")
    about_clips = tested[["speaker", "emotion", "gender"]].to_dict("records")
    parts = [rows.assign(**about) for rows, about in zip(shown, about_clips, strict=True)]
    return _ordered(pd.concat(parts, ignore_index=True))


def _predict_clip(path: Path, others: list[Samples], folder: Path) -> pd.DataFrame:
    """The predictions for one clip. A clip of RAVDESS is short enough to be analysed whole."""
    import pandas as pd

    inputs = [Inputs(recording) for recording in _changed_recordings(path, others)]
    emotion_models, gender_model = _load_compared(folder)
    genders = gender_model.member_probabilities(inputs)[0]
    parts = []
    for (feature_set, classifier), model in emotion_models.items():
        rows = {
            "feature_set": feature_set,
            "classifier": classifier,
            "condition": list(CONDITIONS),
            "clip": path.stem,
        }
        rows |= dict(zip(LABELS["emotion"], model.member_probabilities(inputs)[0].T, strict=True))
        of_default = genders if classifier == OF_ALL_CORPORA[0] else np.full_like(genders, np.nan)
        rows |= dict(zip(LABELS["gender"], of_default.T, strict=True))
        parts.append(pd.DataFrame(rows))
    return pd.concat(parts, ignore_index=True)


def _changed_recordings(path: Path, others: list[Samples]) -> Iterable[Recording]:
    """A clip under each condition."""
    clip = audio.load(path)
    for condition, change in CONDITIONS.items():
        seed = zlib.crc32(f"{path.stem} {condition}".encode())
        samples = change(clip.samples, np.random.default_rng(seed), others)
        yield Recording(samples, clip.sample_rate)


@lru_cache(maxsize=1)
def _load_compared(folder: Path) -> tuple[dict[tuple[str, str], Estimator], Estimator]:
    """The models of emotions by feature set and classifier, and the default one of gender.

    Each process loads and fits them once.
    """
    from ser_core.models.estimators import FeatureClassifier

    emotion_models: dict[tuple[str, str], Estimator] = {}
    for card in models.cards(folder, "emotion"):
        if card.classifier in OF_ALL_CORPORA:
            key = (card.inputs, card.classifier)
            emotion_models[key] = models.load(card, folder).estimator
    tables = {table.feature_set.name: table for table in cross_validation.shipped_tables()}
    for feature_set, name in OF_RAVDESS:
        fitted = cross_validation.fit_without_fold(tables[feature_set], "emotion", name, RUN)
        emotion_models[feature_set, name] = FeatureClassifier("emotion", feature_set, fitted)
    return emotion_models, models.load_default("gender", folder).estimator


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """The rows in order of model and condition, probabilities rounded as they are stored."""
    order = {
        "condition": list(CONDITIONS),
        "classifier": [*OF_ALL_CORPORA, *dict.fromkeys(name for _, name in OF_RAVDESS)],
    }
    ordered = table.sort_values(
        ["classifier", "feature_set", "condition"],
        key=lambda column: column.map(order[column.name].index) if column.name in order else column,
        kind="stable",
        ignore_index=True,
    )
    labels = [label for names in LABELS.values() for label in names]
    ordered[labels] = ordered[labels].round(DECIMALS).astype(np.float32)
    return ordered[list(COLUMNS)]
