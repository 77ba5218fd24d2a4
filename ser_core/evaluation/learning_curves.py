"""How much is recognised by how many speakers a classifier was trained on, from stored counts.

Conventions: a table has the columns `COLUMNS`, one row for each classifier, number of training speakers, draw
of them, tested speaker and label. `clips` is how many clips there are, `hits` how many were recognised.
Nothing here is fitted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ser_core.evaluation.intervals import Array, bootstrap_interval
from ser_core.evaluation.scores import uar_of_hits
from ser_core.storage import manifest
from ser_core.storage.paths import DATA_DIR

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

FEATURE_SET = "acoustic128_v1"
TASK = "emotion"
COLUMNS = ("classifier", "training_speakers", "draw", "speaker", "label", "hits", "clips")


def counts_path(corpus: str) -> Path:
    """Where `data/` holds the table of a corpus."""
    return DATA_DIR / corpus / "learning_curve.parquet"


def write_counts(table: pd.DataFrame, corpus: str) -> None:
    """Store the table of a corpus in `data/`.

    Parameters
    ----------
    table : DataFrame
        `COLUMNS`.
    corpus : str
        A key of `ser_core.corpora.CORPORA`.
    """
    with manifest.storing(counts_path(corpus)) as part:
        table.to_parquet(part, index=False, compression="zstd")


def read_counts(corpus: str) -> pd.DataFrame:
    """The stored table of a corpus.

    Parameters
    ----------
    corpus : str
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

    return pd.read_parquet(manifest.verify(counts_path(corpus)))


def compute_learning_curves(table: pd.DataFrame) -> pd.DataFrame:
    """The UAR of the average draw, for each classifier and number of training speakers.

    Parameters
    ----------
    table : DataFrame
        `COLUMNS`.

    Returns
    -------
    DataFrame
        Columns classifier, training_speakers, draws, value, low and high (95%, bootstrap over the tested
        speakers), least and most (of the single draws). The classifier that reaches most with all speakers
        comes first.
    """
    import pandas as pd

    steps = table.groupby(["classifier", "training_speakers"], sort=True)
    counts = _Counts(table)
    points = []
    for (classifier, n_speakers), rows in steps.indices.items():
        by_draw = counts.of(rows)
        interval = bootstrap_interval(_uar_of_pairs, by_draw.sum(axis=0))
        single_draws = _uar_of_pairs(by_draw.sum(axis=1))
        points.append(
            {
                "classifier": classifier,
                "training_speakers": int(n_speakers),
                "draws": len(single_draws),
                "value": interval.value,
                "low": interval.low,
                "high": interval.high,
                "least": float(single_draws.min()),
                "most": float(single_draws.max()),
            }
        )
    curves = pd.DataFrame(points)
    with_all = curves.groupby("classifier")["value"].transform("last")
    ordered = curves.assign(order=-with_all).sort_values(
        ["order", "training_speakers"], ignore_index=True
    )
    return ordered.drop(columns="order")


def tabulate_learning_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """Learning curves as a table to be read, UAR in %.

    Parameters
    ----------
    curves : DataFrame
        As `compute_learning_curves` gives them, with a column title.

    Returns
    -------
    DataFrame
        A row for each number of training speakers, a column for each title.
    """
    wide = curves.assign(value=100 * curves["value"]).pivot_table(
        index="training_speakers", columns="title", values="value", sort=False
    )
    return wide.sort_index().rename_axis(columns=None).reset_index()


def describe_gain(curves: pd.DataFrame, title: str) -> str:
    """What more training speakers bring to the classifier that comes first, as a sentence.

    Parameters
    ----------
    curves : DataFrame
        As `compute_learning_curves` gives them.
    title : str
        What the classifier is called.

    Returns
    -------
    str
        Markdown.
    """
    best = curves[curves["classifier"] == curves["classifier"].iloc[0]]
    first, before_last, last = best.iloc[0], best.iloc[-2], best.iloc[-1]
    n_added = last["training_speakers"] - before_last["training_speakers"]
    points = 100 * (last["value"] - before_last["value"])
    added = f"{points:.1f} points" if points > 0 else "nothing more"
    return (
        f"**{title}**, the best of these in the end, recognises **{first['value']:.0%}** of each emotion "
        f"of strangers after listening to {first['training_speakers']} speakers, "
        f"and **{last['value']:.0%}** after {last['training_speakers']}; "
        f"the last {n_added} speakers bring {added}."
    )


class _Counts:
    """Hits and clips of a table as arrays."""

    def __init__(self, table: pd.DataFrame) -> None:
        speakers, self._speaker_of = np.unique(table["speaker"].to_numpy(str), return_inverse=True)
        labels, self._label_of = np.unique(table["label"].to_numpy(str), return_inverse=True)
        self._shape = (len(speakers), 2, len(labels))
        self._draw_of = table["draw"].to_numpy(dtype=np.int64)
        self._pairs = table[["hits", "clips"]].to_numpy(dtype=np.float64)

    def of(self, rows: np.ndarray) -> Array:
        """The counts in some rows of the table: shape [draws, speakers, (hits, clips), labels]."""
        draws = self._draw_of[rows]
        counts = np.zeros((draws.max() + 1, *self._shape))
        for kind in (0, 1):
            cells = (draws, self._speaker_of[rows], kind, self._label_of[rows])
            np.add.at(counts, cells, self._pairs[rows, kind])
        return counts


def _uar_of_pairs(counts: Array) -> Array:
    """UAR of counts [..., (hits, clips), labels]."""
    return uar_of_hits(counts[..., 0, :], counts[..., 1, :])
