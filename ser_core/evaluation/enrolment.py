"""What a personal baseline adds: UAR with and without one, from stored counts.

Conventions: a table has the columns `COLUMNS`, one row for each clip, model, protocol and size of the
baseline. Every choice of that many neutral clips of the speaker (or a number of them) was tried as baseline;
a clip that is part of the baseline is not tested. Nothing here is fitted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ser_core.emotions import EMOTIONS
from ser_core.evaluation.intervals import Interval, percentile_interval, resample_speakers
from ser_core.evaluation.scores import uar
from ser_core.storage import manifest
from ser_core.storage.paths import DATA_DIR

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

COLUMNS = (
    "corpus",
    "classifier",
    "protocol",
    "fold",
    "clips",
    "path",
    "speaker",
    "truth",
    "without",
    *EMOTIONS,
)
"""`clips` is the size of the baseline; `without` is the emotion that is predicted without a baseline.

The columns of the emotions count the choices of a baseline with which each one is predicted.
"""


def choices_path(corpus: str) -> Path:
    """Where `data/` holds the table of a corpus."""
    return DATA_DIR / corpus / "enrolled.parquet"


def write_choices(table: pd.DataFrame) -> None:
    """Store the tables in `data/`, one per corpus.

    Parameters
    ----------
    table : DataFrame
        `COLUMNS`, of one corpus or several.
    """
    for corpus, rows in table.groupby("corpus"):
        with manifest.storing(choices_path(str(corpus))) as part:
            rows.reset_index(drop=True).to_parquet(part, index=False, compression="zstd")


def read_choices(corpus: str | None = None) -> pd.DataFrame:
    """The stored table of one corpus, or of all.

    Parameters
    ----------
    corpus : str, optional
        A key of `ser_core.corpora.CORPORA`.

    Returns
    -------
    DataFrame
        `COLUMNS`.

    Raises
    ------
    SerError
        NOT_FOUND where there is no table of the corpus; DATA_TAMPERED where it is not the listed one.
    """
    import pandas as pd

    paths = [choices_path(corpus)] if corpus else manifest.find_listed("*/enrolled.parquet")
    return pd.concat([pd.read_parquet(manifest.verify(path)) for path in paths], ignore_index=True)


def baseline_gain(rows: pd.DataFrame) -> tuple[float, Interval]:
    """How much UAR a personal baseline adds, on the same clips and choices with and without one.

    Parameters
    ----------
    rows : DataFrame
        The rows of one model, protocol, corpus and size of the baseline.

    Returns
    -------
    (float, Interval)
        UAR without a baseline, and what a baseline adds, with its 95% interval over speakers.
    """
    choices = rows[list(EMOTIONS)].to_numpy(dtype=np.float64)
    speakers, speaker_of = np.unique(rows["speaker"].to_numpy(str), return_inverse=True)
    truth = rows["truth"].map(EMOTIONS.index).to_numpy()
    predicted_without = rows["without"].map(EMOTIONS.index).to_numpy()
    shape = (len(speakers), len(EMOTIONS), len(EMOTIONS))
    counts_with, counts_without = np.zeros(shape), np.zeros(shape)
    np.add.at(counts_with, (speaker_of, truth), choices)
    np.add.at(counts_without, (speaker_of, truth, predicted_without), choices.sum(axis=1))
    uar_with = float(uar(counts_with.sum(axis=0)))
    uar_without = float(uar(counts_without.sum(axis=0)))
    gains = uar(resample_speakers(counts_with)) - uar(resample_speakers(counts_without))
    return uar_without, percentile_interval(uar_with - uar_without, gains)
