"""The out-of-fold tables: what models predicted for clips that they were not trained on.

Conventions: a table has the columns `OUT_OF_FOLD_COLUMNS` and one row for each clip, run and seed. `path` is
the clip's path in the folder of its corpus; `truth` is a label; probabilities are between 0 and 1, float32,
and NaN for the labels of the other task. Every figure of the project is computed from such a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.emotions import EMOTIONS, GENDERS, LABELS
from ser_core.evaluation.compact_tables import DECIMALS, read_compact, write_compact
from ser_core.evaluation.intervals import Array
from ser_core.storage import manifest
from ser_core.storage.paths import DATA_DIR

if TYPE_CHECKING:
    import pandas as pd

Positions = npt.NDArray[np.int64]
"""Positions of labels in `LABELS[task]`."""

SELECTIONS = DATA_DIR / "ravdess" / "selections.csv"

RUN_COLUMNS = ("task", "feature_set", "classifier", "protocol", "seed", "fold")
_CLIP_COLUMNS = ("path", "speaker", "gender", "intensity", "statement")
OUT_OF_FOLD_COLUMNS = ("corpus", *RUN_COLUMNS, *_CLIP_COLUMNS, "truth", *EMOTIONS, *GENDERS)

PROTOCOLS = {
    "unseen_speakers": "Unseen speakers: nothing in training has heard the tested voice.",
    "corpus_left_out": (
        "One corpus left out: trained on the other corpora only. "
        "What a stranger's voice, microphone and language look like."
    ),
    "other_statement": (
        "The other sentence: trained on one of the two sentences of RAVDESS, "
        "tested on the other, other speakers."
    ),
    "random_split": (
        "Random split: the same voices in training and test. "
        "Optimistic; shown because most projects report only this."
    ),
}
"""How clips are divided into training and test, and what it means."""

UNTOUCHED_RUNS = (3, 4)
"""Joint runs whose speakers were seen only in totals while the models of all corpora were developed."""


def out_of_fold_rows(
    table: pd.DataFrame,
    rows: Positions,
    truth: Positions,
    probabilities: Array,
    run: Sequence[object],
) -> pd.DataFrame:
    """The predictions of one run and seed as rows of an out-of-fold table.

    Parameters
    ----------
    table : DataFrame
        An utterance table.
    rows : array [n]
        The positions of the tested clips in it.
    truth : array [n]
        What each clip counts as: positions in `LABELS` of the task.
    probabilities : array [n, labels]
        In the order of `LABELS` of the task. They are rounded to five decimal places.
    run : sequence
        The values of `RUN_COLUMNS`, the task first.

    Returns
    -------
    DataFrame [n]
        `OUT_OF_FOLD_COLUMNS`; what is not known of the clips is "".
    """
    import pandas as pd

    task = str(run[0])
    clips = table.iloc[rows]
    columns: dict[str, object] = {"corpus": clips["corpus"].to_numpy()}
    columns |= dict(zip(RUN_COLUMNS, run, strict=True))
    columns |= {name: clips[name].to_numpy() if name in clips else "" for name in _CLIP_COLUMNS}
    columns["truth"] = np.array(LABELS[task])[truth]
    columns |= dict.fromkeys((*EMOTIONS, *GENDERS), np.full(len(rows), np.nan, np.float32))
    rounded = np.round(probabilities, DECIMALS).astype(np.float32)
    columns |= dict(zip(LABELS[task], rounded.T, strict=True))
    return pd.DataFrame(columns, columns=list(OUT_OF_FOLD_COLUMNS))


def out_of_fold_path(corpus: str) -> Path:
    """Where `data/` holds the out-of-fold predictions of a corpus."""
    return DATA_DIR / corpus / "out_of_fold.parquet"


def read_out_of_fold(corpus: str | None = None) -> pd.DataFrame:
    """The stored out-of-fold predictions of one corpus, or of all.

    Parameters
    ----------
    corpus : str, optional
        A key of `ser_core.corpora.CORPORA`.

    Returns
    -------
    DataFrame
        `OUT_OF_FOLD_COLUMNS`.

    Raises
    ------
    SerError
        NOT_FOUND where there is no table of the corpus; DATA_TAMPERED where it is not the listed one.
    """
    import pandas as pd

    paths = [out_of_fold_path(corpus)] if corpus else manifest.find_listed("*/out_of_fold.parquet")
    return pd.concat([read_compact(path) for path in paths], ignore_index=True)


def write_out_of_fold(table: pd.DataFrame) -> list[Path]:
    """Store out-of-fold predictions in `data/`, one file per corpus.

    Parameters
    ----------
    table : DataFrame
        `OUT_OF_FOLD_COLUMNS`, probabilities rounded as `out_of_fold_rows` does it.

    Returns
    -------
    list of Path
        The files, by corpus in alphabetical order.
    """
    paths = []
    for corpus, rows in table.groupby("corpus"):
        path = out_of_fold_path(str(corpus))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_compact(rows, path)
        paths.append(path)
    return paths


def read_selections(path: Path = SELECTIONS) -> pd.DataFrame:
    """The parameters that the inner folds chose in each outer fold, with their UAR there.

    Parameters
    ----------
    path : Path, optional
        The stored table.

    Returns
    -------
    DataFrame
        Columns task, feature_set, classifier, protocol, fold, parameters (JSON) and inner_uar.
    """
    import pandas as pd

    return pd.read_csv(manifest.verify(path))


def truth_and_probabilities(rows: pd.DataFrame, task: str) -> tuple[Positions, Array]:
    """What the clips are and what was predicted, as arrays.

    Parameters
    ----------
    rows : DataFrame [n]
        Rows of an out-of-fold table.
    task : str
        "emotion" or "gender".

    Returns
    -------
    (array [n], array [n, labels])
        The positions of the true labels, and the probabilities, in the order of `LABELS[task]`.
    """
    labels = LABELS[task]
    positions = {label: position for position, label in enumerate(labels)}
    truth = rows["truth"].map(positions).to_numpy(dtype=np.int64)
    return truth, rows[list(labels)].to_numpy(dtype=np.float64)


def model_rows(
    out_of_fold: pd.DataFrame,
    task: str,
    feature_set: str,
    classifier: str,
    protocol: str,
    corpus: str = "ravdess",
) -> pd.DataFrame:
    """The rows of one model under one protocol, tested on one corpus.

    Parameters
    ----------
    out_of_fold : DataFrame
        `OUT_OF_FOLD_COLUMNS`.
    task, feature_set, classifier, protocol, corpus : str
        The values of these columns; a model of several feature sets has "several".

    Returns
    -------
    DataFrame
        All seeds and folds; empty where the model was not tested so.
    """
    wanted = {
        "task": task,
        "feature_set": feature_set,
        "classifier": classifier,
        "protocol": protocol,
        "corpus": corpus,
    }
    matches = [out_of_fold[column] == value for column, value in wanted.items()]
    return out_of_fold[np.logical_and.reduce(matches)]


def chosen_inside(out_of_fold: pd.DataFrame, selections: pd.DataFrame, task: str) -> pd.DataFrame:
    """The rows on unseen speakers of RAVDESS where the classifier, too, is chosen without them.

    In each outer fold it is the one with the best UAR on inner speaker folds, over all feature sets. The best
    row of a leaderboard was chosen with all speakers; this one was not.

    Parameters
    ----------
    out_of_fold : DataFrame
        `OUT_OF_FOLD_COLUMNS`.
    selections : DataFrame
        As `read_selections` gives it.
    task : str
        "emotion" or "gender".

    Returns
    -------
    DataFrame
        One row per clip; the first seed counts.
    """
    import pandas as pd

    protocol = "unseen_speakers"
    inner = selections[(selections["task"] == task) & (selections["protocol"] == protocol)]
    best = inner.loc[inner.groupby("fold")["inner_uar"].idxmax()]
    parts = []
    for choice in best.itertuples():
        rows = model_rows(out_of_fold, task, choice.feature_set, choice.classifier, protocol)
        parts.append(rows[(rows["fold"] == choice.fold) & (rows["seed"] == 0)])
    return pd.concat(parts, ignore_index=True)


def emotion_of_clips(out_of_fold: pd.DataFrame, corpus: str) -> dict[str, str]:
    """The emotion of each clip of a corpus, by path.

    Parameters
    ----------
    out_of_fold : DataFrame
        `OUT_OF_FOLD_COLUMNS`.
    corpus : str
        The corpus.

    Returns
    -------
    dict
        Of the clips that were tested for emotion as unseen speakers.
    """
    rows = out_of_fold[
        (out_of_fold["corpus"] == corpus)
        & (out_of_fold["task"] == "emotion")
        & (out_of_fold["protocol"] == "unseen_speakers")
    ]
    return dict(zip(rows["path"], rows["truth"], strict=True))
