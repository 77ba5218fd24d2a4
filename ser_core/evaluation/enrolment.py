"""What a personal baseline is worth: recall with and without one, from stored predictions.

For each clip the table holds how often each emotion came out on top over the choices of neutral clips that were tried as
baseline (a clip that is part of the baseline is not tested), and what came out without one. Pure arithmetic: it fits nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ser_core import evaluation
from ser_core.emotions import EMOTIONS
from ser_core.evaluation import DATA_DIR, Interval
from ser_core.storage import manifest

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
"""`clips` is how many make the baseline; the columns of the emotions count choices; `without` is the top emotion without a baseline."""


def path_of(corpus: str) -> Path:
    """Where `data/` holds the table of a corpus."""
    return DATA_DIR / corpus / "enrolled.parquet"


def write(table: pd.DataFrame) -> None:
    """Store the tables, one per corpus."""
    for corpus, rows in table.groupby("corpus"):
        with manifest.storing(path_of(str(corpus))) as part:
            rows.reset_index(drop=True).to_parquet(part, index=False, compression="zstd")


def read(corpus: str | None = None) -> pd.DataFrame:
    """The stored table of one corpus, or those of all."""
    import pandas as pd

    paths = [path_of(corpus)] if corpus else manifest.matching("*/enrolled.parquet")
    return pd.concat([pd.read_parquet(manifest.intact(path)) for path in paths], ignore_index=True)


def gain(rows: pd.DataFrame) -> tuple[float, Interval]:
    """UAR without a baseline, and how much UAR a baseline adds, with its 95% interval over speakers.

    `rows` are those of one model, protocol, corpus and size of the baseline. Both sides are scored on the same clips and choices.
    """
    counts = rows[list(EMOTIONS)].to_numpy(dtype=np.float64)
    speakers, which = np.unique(rows["speaker"].to_numpy(str), return_inverse=True)
    truth = rows["truth"].map(EMOTIONS.index).to_numpy()
    without = rows["without"].map(EMOTIONS.index).to_numpy()
    with_it, without_it = (
        np.zeros((len(speakers), len(EMOTIONS), len(EMOTIONS))) for _ in range(2)
    )
    np.add.at(with_it, (which, truth), counts)
    np.add.at(without_it, (which, truth, without), counts.sum(axis=1))
    replicates = [
        evaluation.uar(evaluation.replicated(each, rows["speaker"]))
        for each in (with_it, without_it)
    ]
    low, high = np.nanpercentile(replicates[0] - replicates[1], [2.5, 97.5])
    before = float(evaluation.uar(without_it.sum(axis=0)))
    return before, Interval(
        float(evaluation.uar(with_it.sum(axis=0))) - before, float(low), float(high)
    )
