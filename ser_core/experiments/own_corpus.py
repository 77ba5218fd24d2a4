"""The models that ship, asked on a corpus that they never heard: the protocol `corpus_left_out` on a person's own clips."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from ser_core import evaluation, models, prediction
from ser_core.audio import isolated
from ser_core.corpora import CORPORA
from ser_core.corpora.folders import named_as
from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode, SerError
from ser_core.evaluation import OUT_OF_FOLD_COLUMNS
from ser_core.models import ModelCard
from ser_core.training.joint import comparable, out_of_fold_rows

PROTOCOL = "corpus_left_out"
TASK = "emotion"

Said = Mapping[str, Mapping[str, float]]
"""The probabilities of the emotions, by the name of the model that says so."""


def heard_in_training(card: ModelCard, path: str) -> bool:
    """Whether a clip is named as in a corpus that a model learnt from: no test of that model then."""
    return any(
        named_as(CORPORA[corpus.name], Path(path))
        for corpus in card.corpora
        if corpus.name in CORPORA
    )


def check_labels(emotions: Iterable[str]) -> None:
    """Raise BAD_CORPUS where a corpus has one label only: with nothing to take it for, every model would be right."""
    found = set(emotions)
    if len(found) < 2:
        message = f"All clips have one label ({', '.join(found)}): with nothing to take it for, every model would seem to be right."
        raise SerError(ErrorCode.BAD_CORPUS, message, "Add clips of another emotion.")


def ask_folder(
    folder: Path, paths: Sequence[str], cards: Sequence[ModelCard], jobs: int = 1
) -> list[Said | SerError]:
    """What some of the models that ship say of clips of a folder, in order; progress on stderr."""
    from joblib import Parallel, delayed
    from tqdm import tqdm

    names = tuple(card.name for card in cards)
    work = (delayed(_ask_file)(folder / path, names) for path in paths)
    return list(
        tqdm(
            Parallel(n_jobs=jobs, return_as="generator")(work),
            total=len(paths),
            unit="clip",
            desc="asking",
        )
    )


def _ask_file(path: Path, names: tuple[str, ...]) -> Said | SerError:
    try:
        return prediction.by_each(isolated.load(path), [_model(name) for name in names])
    except SerError as error:
        return error


@cache
def _model(name: str) -> models.Model:
    """Each process loads a model once."""
    return models.load_named(name, TASK)


def out_of_fold(
    about: pd.DataFrame, said: Sequence[Said | SerError], cards: Sequence[ModelCard]
) -> pd.DataFrame:
    """What models said of the clips of an utterance table, as rows of an out-of-fold table under the protocol `corpus_left_out`.

    On the labels that both sides have: an emotion that no clip of the corpus has is taken out of the answers, calm counts as
    neutral where one side lacks it. A clip that is named as in a corpus that a model learnt from is no test of it and left out.

    Parameters
    ----------
    about : DataFrame
        One row per clip, with the first columns of `TABLE_COLUMNS`.
    said : sequence
        For each clip what `prediction.by_each` gives, or why it could not be asked.
    """
    emotions = {corpus: tuple(rows["emotion"].unique()) for corpus, rows in about.groupby("corpus")}
    parts = []
    for card in cards:
        asked = [
            row for row, (path, answer) in enumerate(zip(about["path"], said, strict=True))
            if not isinstance(answer, SerError) and not heard_in_training(card, path)
        ]  # fmt: skip
        if not asked:
            continue
        answers = np.array(
            [[said[row][card.name][emotion] for emotion in EMOTIONS] for row in asked]
        )  # type: ignore[index]
        learnt = np.isin(EMOTIONS, card.labels)
        rows, truth, given = comparable(
            about, np.array(asked, dtype=np.int64), answers, TASK, learnt, emotions
        )
        run_of = (TASK, card.feature_set or "several", card.classifier, PROTOCOL, 0, 1)
        parts.append(out_of_fold_rows(about, rows, truth, given, run_of))
    columns = list(OUT_OF_FOLD_COLUMNS)
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def scores_of_each(rows: pd.DataFrame) -> dict[str, evaluation.Scores]:
    """The scores of each model that was asked, by its title, best first."""
    found = {
        models.title(str(classifier), str(feature_set)): evaluation.score(of_model, TASK)
        for (feature_set, classifier), of_model in rows.groupby(
            ["feature_set", "classifier"], observed=True
        )
    }
    return dict(sorted(found.items(), key=lambda item: -item[1].uar.value))
