"""How much is recognised by how many speakers a classifier learnt from, from stored counts. Pure arithmetic: it fits nothing.

A table has the columns `COLUMNS`: for each classifier, number of training speakers and draw of them, how many clips each tested speaker
has of each label, and how many of these were recognised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ser_core import evaluation
from ser_core.evaluation import DATA_DIR
from ser_core.storage import manifest

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

FEATURE_SET = "acoustic128_v1"
TASK = "emotion"
COLUMNS = ("classifier", "training_speakers", "draw", "speaker", "label", "hits", "clips")


def path_of(corpus: str) -> Path:
    """Where `data/` holds the table of a corpus."""
    return DATA_DIR / corpus / "learning_curve.parquet"


def write(table: pd.DataFrame, corpus: str) -> None:
    """Store the table of a corpus."""
    with manifest.storing(path_of(corpus)) as part:
        table.to_parquet(part, index=False, compression="zstd")


def read(corpus: str) -> pd.DataFrame:
    """The stored table of a corpus."""
    import pandas as pd

    return pd.read_parquet(manifest.intact(path_of(corpus)))


def curves(table: pd.DataFrame) -> pd.DataFrame:
    """One row per classifier and number of training speakers: the UAR of the average draw.

    Columns classifier, training_speakers, draws, value, low and high (95%, bootstrap over the tested speakers), least and most (of the
    single draws); classifiers in order of what they reach with all speakers, best first.
    """
    import pandas as pd

    speakers, of_speaker = np.unique(table["speaker"].to_numpy(str), return_inverse=True)
    labels, of_label = np.unique(table["label"].to_numpy(str), return_inverse=True)
    rows = []
    for (classifier, n), places in table.groupby(
        ["classifier", "training_speakers"], sort=True
    ).indices.items():
        part = table.iloc[places]
        draws = part["draw"].to_numpy(dtype=np.int64)
        counts = np.zeros((2, draws.max() + 1, len(speakers), len(labels)))
        for kind, name in enumerate(("hits", "clips")):
            np.add.at(
                counts[kind],
                (draws, of_speaker[places], of_label[places]),
                part[name].to_numpy(dtype=np.float64),
            )
        hits, clips = counts.sum(axis=1)
        low, high = np.nanpercentile(
            _uar(*(evaluation.replicated(each, speakers) for each in (hits, clips))), [2.5, 97.5]
        )
        single = _uar(*counts.sum(axis=2))
        value = float(_uar(hits.sum(axis=0), clips.sum(axis=0)))
        rows.append(
            (
                classifier,
                int(n),
                len(single),
                value,
                float(low),
                float(high),
                float(single.min()),
                float(single.max()),
            )
        )
    found = pd.DataFrame(
        rows,
        columns=[
            "classifier",
            "training_speakers",
            "draws",
            "value",
            "low",
            "high",
            "least",
            "most",
        ],
    )
    reached = found.groupby("classifier")["value"].transform("last")
    best_first = found.assign(reached=-reached).sort_values(
        ["reached", "training_speakers"], ignore_index=True
    )
    return best_first.drop(columns="reached")


def side_by_side(found: pd.DataFrame) -> pd.DataFrame:
    """Curves (with a column `title`) as a table to be read: a row for each number of training speakers, a column for each title, UAR in %."""
    wide = found.assign(value=100 * found["value"]).pivot_table(
        index="training_speakers", columns="title", values="value", sort=False
    )
    return wide.sort_index().rename_axis(columns=None).reset_index()


def in_words(found: pd.DataFrame, title: str) -> str:
    """What `curves` say of the model that comes first, as a sentence; `title` is how it is called."""
    own = found[found["classifier"] == found["classifier"].iloc[0]]
    (first, _), (before, value_before), (last, value) = (
        (row.training_speakers, row.value) for row in own.iloc[[0, -2, -1]].itertuples()
    )
    gained = 100 * (value - value_before)
    more = (
        f"the last {last - before} speakers bring {gained:.1f} points"
        if gained > 0
        else f"the last {last - before} speakers bring nothing more"
    )
    return (
        f"**{title}**, the best of these in the end, recognises **{own['value'].iloc[0]:.0%}** of each emotion of strangers after listening to "
        f"{first} speakers, and **{value:.0%}** after {last}; {more}."
    )


def _uar(hits: evaluation.Array, clips: evaluation.Array) -> evaluation.Array:
    """The mean over labels of the share of clips recognised, shape [...], of counts [..., labels]."""
    return np.asarray(
        np.nanmean(np.where(clips > 0, hits / np.maximum(clips, 1e-12), np.nan), axis=-1)
    )
