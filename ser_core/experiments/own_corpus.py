"""The models that ship, tested on a person's own clips: the protocol `corpus_left_out`.

Conventions: clips are rows of an utterance table (the first columns of `corpora.TABLE_COLUMNS`); predictions
are the probabilities of the emotions. A clip whose corpus a model was trained on is no test of that model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from ser_core import evaluation, models, prediction
from ser_core.audio import isolated
from ser_core.corpora import RECOGNISED
from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode, SerError
from ser_core.evaluation import OUT_OF_FOLD_COLUMNS, out_of_fold_rows
from ser_core.models import ModelCard
from ser_core.training.common_labels import restrict_to_common_labels

PROTOCOL = "corpus_left_out"
TASK = "emotion"

EmotionsByModel = Mapping[str, Mapping[str, float]]
"""The probabilities of the emotions, by the name of the model that gives them."""


def was_trained_on(card: ModelCard, path: str) -> bool:
    """Whether a clip is named as in a corpus that a model was trained on, or as of one of its speakers.

    The latter are other corpora by the same persons: RAVDESS is no test of what learnt from RAVDESS song.

    Parameters
    ----------
    card : ModelCard
        The model.
    path : str
        The clip.

    Returns
    -------
    bool
    """
    learnt = [RECOGNISED[corpus.name] for corpus in card.corpora if corpus.name in RECOGNISED]
    if any(corpus.recognises(Path(path)) for corpus in learnt):
        return True
    named = [labels for corpus in RECOGNISED.values() if (labels := corpus.parse(Path(path)))]
    return any(labels.speaker in corpus.genders for labels in named for corpus in learnt)


def check_labels(emotions: Iterable[str]) -> None:
    """Refuse a corpus that has one label only: every model would be right.

    Parameters
    ----------
    emotions : iterable of str
        The labels of the clips.

    Raises
    ------
    SerError
        BAD_CORPUS where there are not two different labels.
    """
    labels = set(emotions)
    if len(labels) < 2:
        raise SerError(
            ErrorCode.BAD_CORPUS,
            f"All clips have one label ({', '.join(labels)}): "
            "with nothing to take it for, every model would seem to be right.",
            "Add clips of another emotion.",
        )


def predict_folder(
    folder: Path, paths: Sequence[str], cards: Sequence[ModelCard], jobs: int = 1
) -> list[EmotionsByModel | SerError]:
    """The predictions of some models that ship for clips of a folder; progress on stderr.

    Parameters
    ----------
    folder : Path
        The folder.
    paths : sequence of str
        The clips, relative to the folder.
    cards : sequence of ModelCard
        The models.
    jobs : int, optional
        The number of processes.

    Returns
    -------
    list
        For each clip what the models predict, or why it could not be used.
    """
    from joblib import Parallel, delayed
    from tqdm import tqdm

    names = tuple(card.name for card in cards)
    work = [delayed(_predict_file)(folder / path, names) for path in paths]
    predictions = Parallel(n_jobs=jobs, return_as="generator")(work)
    return list(tqdm(predictions, total=len(paths), unit="clip", desc="predicting"))


def left_out_rows(
    clips: pd.DataFrame,
    predictions: Sequence[EmotionsByModel | SerError],
    cards: Sequence[ModelCard],
) -> pd.DataFrame:
    """Predictions for one's own clips as rows of an out-of-fold table, under the protocol `corpus_left_out`.

    They are restricted to the labels that both sides have: an emotion that no clip of the corpus has gets
    probability 0, and calm counts as neutral where one side lacks it.

    Parameters
    ----------
    clips : DataFrame [n]
        An utterance table.
    predictions : sequence [n]
        For each clip what `prediction.probabilities_by_model` gives, or why it could not be used.
    cards : sequence of ModelCard
        The models whose predictions are wanted.

    Returns
    -------
    DataFrame
        `evaluation.OUT_OF_FOLD_COLUMNS`: one row for each model and clip that is a test of it.
    """
    emotions_of = {
        str(corpus): tuple(rows["emotion"].unique()) for corpus, rows in clips.groupby("corpus")
    }
    parts = []
    for card in cards:
        of_clip = _predictions_of(card, clips, predictions)
        if not of_clip:
            continue
        rows, truth, probabilities = restrict_to_common_labels(
            clips,
            np.array(list(of_clip), dtype=np.int64),
            np.array(list(of_clip.values())),
            TASK,
            np.isin(EMOTIONS, card.labels),
            emotions_of,
        )
        run = (TASK, card.inputs, card.classifier, PROTOCOL, 0, 1)
        parts.append(out_of_fold_rows(clips, rows, truth, probabilities, run))
    if not parts:
        return pd.DataFrame(columns=list(OUT_OF_FOLD_COLUMNS))
    return pd.concat(parts, ignore_index=True)


def score_models(rows: pd.DataFrame) -> dict[str, evaluation.Scores]:
    """The scores of each model, best first.

    Parameters
    ----------
    rows : DataFrame
        As `left_out_rows` gives them.

    Returns
    -------
    dict
        Scores by the model's title.
    """
    scores = {}
    for (feature_set, classifier), of_model in rows.groupby(
        ["feature_set", "classifier"], observed=True
    ):
        title = models.title(str(classifier), str(feature_set))
        scores[title] = evaluation.score(of_model, TASK)
    return dict(sorted(scores.items(), key=lambda item: -item[1].uar.value))


def _predict_file(path: Path, names: tuple[str, ...]) -> EmotionsByModel | SerError:
    try:
        return prediction.probabilities_by_model(
            isolated.load(path), [_load_model(name) for name in names]
        )
    except SerError as error:
        return error


@cache
def _load_model(name: str) -> models.Model:
    """Each process loads a model once."""
    return models.load_named(name, TASK)


def _predictions_of(
    card: ModelCard, clips: pd.DataFrame, predictions: Sequence[EmotionsByModel | SerError]
) -> dict[int, list[float]]:
    """The probabilities that a model gives the clips that are a test of it, by position."""
    of_clip = {}
    for position, (path, by_model) in enumerate(zip(clips["path"], predictions, strict=True)):
        if not isinstance(by_model, SerError) and not was_trained_on(card, path):
            probabilities = by_model[card.name]
            of_clip[position] = [probabilities[emotion] for emotion in EMOTIONS]
    return of_clip
