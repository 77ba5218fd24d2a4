"""What rooms, noise, codecs and the browser's recorder cost models, from what `conditions.measure` and `benchmarks/recorder.py` stored.

Pure arithmetic: nothing is predicted here. All of it is of four speakers, RAVDESS actors 1 to 4: what it says of other people is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ser_core import evaluation
from ser_core.emotions import EMOTIONS, GENDERS, NOT_EVERYWHERE
from ser_core.evaluation import DATA_DIR, Interval
from ser_core.storage import manifest

if TYPE_CHECKING:
    import pandas as pd

CORPUS = "ravdess"
AS_IT_IS = "as it is"

COLUMNS = (
    "feature_set",
    "classifier",
    "condition",
    "clip",
    "speaker",
    "emotion",
    "gender",
    *EMOTIONS,
    *GENDERS,
)
"""`emotion` and `gender` are the truth; then the probabilities of each label."""

CONDITIONS_TABLE = DATA_DIR / CORPUS / "conditions.parquet"
RECORDER_TABLE = DATA_DIR / CORPUS / "recorder.csv"

DEFAULT = "combination"
SUMMARY = (
    AS_IT_IS,
    "white noise, 10 dB",
    "babble, 10 dB",
    "telephone band",
    "Opus, 24 kbit/s",
    "Opus, 30 kbit/s",
    "MP3, 32 kbit/s",
    "reverberation, 0.6 s",
    "gain of -30 dB",
    "gain of -15 dB",
    "gain of +10 dB",
)
"""The conditions that stand for all where the default model is looked at in short."""

_REPLICATES = 1000


def write(table: pd.DataFrame, path: Path = CONDITIONS_TABLE) -> None:
    """Store what the models said under each condition."""
    with manifest.storing(path) as part:
        table.to_parquet(part, index=False, compression="zstd")


def read(path: Path = CONDITIONS_TABLE) -> pd.DataFrame:
    """What is stored of every model, condition and clip: `COLUMNS`."""
    import pandas as pd

    return pd.read_parquet(manifest.intact(path))


def condition_scores(path: Path = CONDITIONS_TABLE) -> pd.DataFrame:
    """What each condition of the `SUMMARY` costs the default model, on the same clips: one row per condition, in %.

    `UAR` and `lost` (points, against the clip as it is), `same` (share of clips with the same top emotion as without), the recall
    lost on calm and surprised, and gender's UAR.
    """
    import pandas as pd

    table = read(path)
    table = table[table["classifier"] == DEFAULT]
    clean = table[table["condition"] == AS_IT_IS].set_index("clip")
    rows = []
    for condition in SUMMARY:
        now = table[table["condition"] == condition].set_index("clip").loc[clean.index]
        scores = {
            name: _one_take(frame[list(EMOTIONS)], frame["emotion"], EMOTIONS)
            for name, frame in (("now", now), ("clean", clean))
        }
        lost = {
            emotion: scores["clean"][1][emotion] - scores["now"][1][emotion]
            for emotion in NOT_EVERYWHERE
        }
        same = now[list(EMOTIONS)].to_numpy().argmax(axis=1) == clean[
            list(EMOTIONS)
        ].to_numpy().argmax(axis=1)
        rows.append(
            {
                "condition": condition,
                "UAR": f"{100 * scores['now'][0]:.1f}",
                "lost": f"{100 * (scores['clean'][0] - scores['now'][0]):+.1f}",
                "same emotion": f"{100 * same.mean():.1f}",
                **{f"lost on {emotion}": f"{100 * value:+.1f}" for emotion, value in lost.items()},
                "gender": f"{100 * _one_take(now[list(GENDERS)], now['gender'], GENDERS)[0]:.1f}",
            }
        )
    return pd.DataFrame(rows)


def curves(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """How much each model recognises under some conditions: columns feature_set, classifier, condition, value (UAR), low, high.

    The interval (95%) is a bootstrap over the clips of each speaker: how much other clips of these four would change. It says nothing of
    other speakers; with four, nothing can.
    """
    import pandas as pd

    rows = []
    chosen = table[table["condition"].isin(names)]
    for (feature_set, classifier, condition), part in chosen.groupby(
        ["feature_set", "classifier", "condition"], sort=False
    ):
        found = _over_clips(part)
        rows.append((feature_set, classifier, condition, found.value, found.low, found.high))
    return pd.DataFrame(
        rows, columns=["feature_set", "classifier", "condition", "value", "low", "high"]
    )


def side_by_side(found: pd.DataFrame) -> pd.DataFrame:
    """Curves as a table to be read: a row for each level, a column for each model, UAR in %. Both in the order of `found`."""
    wide = found.assign(value=100 * found["value"]).pivot_table(
        index="level", columns="title", values="value", sort=False
    )
    return wide.rename_axis(columns=None).reset_index()


def in_words(found: pd.DataFrame) -> str:
    """What the models (column `title`) lose from the first condition of `found` to the last, as a sentence: the least and the most."""
    first, last = found["condition"].iloc[0], found["condition"].iloc[-1]
    ends = found.pivot_table(index="title", columns="condition", values="value", sort=False)[
        [first, last]
    ]
    lost = (ends[first] - ends[last]).sort_values()
    falls = [
        f"**{title}** from {ends[first][title]:.0%} to **{ends[last][title]:.0%}**"
        for title in dict.fromkeys(lost.index[[0, -1]])
    ]
    return f"From the clip {first} to *{last}*, what is recognised falls least and most for {' and '.join(falls)}."


def _over_clips(part: pd.DataFrame) -> Interval:
    """UAR of one model under one condition, with its interval over the clips of each speaker.

    Drawing a speaker's clips with replacement draws how many are of which emotion and recognised, so these counts are what is drawn.
    """
    truth = part["emotion"].map(EMOTIONS.index).to_numpy(dtype=np.int64)
    right = part[list(EMOTIONS)].to_numpy().argmax(axis=1) == truth
    speakers, which = np.unique(part["speaker"].to_numpy(str), return_inverse=True)
    counts = np.zeros((len(speakers), len(EMOTIONS), 2))
    np.add.at(counts, (which, truth, right.astype(np.int64)), 1)
    n = counts.sum(axis=(1, 2)).astype(np.int64)
    chances = (counts / n[:, None, None]).reshape(len(speakers), -1)
    drawn = (
        np.random.default_rng(0)
        .multinomial(n, chances, size=(_REPLICATES, len(speakers)))
        .sum(axis=1)
        .reshape(-1, len(EMOTIONS), 2)
    )
    low, high = np.nanpercentile(_uar(drawn), [2.5, 97.5])
    return Interval(float(_uar(counts.sum(axis=0))), float(low), float(high))


def _uar(counts: evaluation.Array) -> evaluation.Array:
    """The mean over emotions of the share recognised, of counts [..., emotions, (missed, recognised)]; emotions without clips do not count."""
    clips = counts.sum(axis=-1)
    return np.asarray(
        np.nanmean(np.where(clips > 0, counts[..., 1] / np.maximum(clips, 1e-12), np.nan), axis=-1)
    )


def recorder_scores(path: Path = RECORDER_TABLE) -> pd.DataFrame:
    """What the browser's recorder costs, from the stored predictions of clips from their files and through it; one row, in %."""
    import pandas as pd

    table = pd.read_csv(manifest.intact(path))
    files, recorded = (
        table[[f"{source}_{emotion}" for emotion in EMOTIONS]] for source in ("file", "recorder")
    )
    before, after = (_one_take(source, table["truth"], EMOTIONS)[0] for source in (files, recorded))
    same = np.mean(files.to_numpy().argmax(axis=1) == recorded.to_numpy().argmax(axis=1))
    row = {
        "clips": str(len(table)),
        "same emotion": f"{100 * same:.1f}",
        "UAR from the file": f"{100 * before:.1f}",
        "UAR through the recorder": f"{100 * after:.1f}",
        "lost": f"{100 * (before - after):+.1f}",
        "level changed by (dB, median)": f"{table['level_change_db'].median():+.1f}",
    }
    return pd.DataFrame([row])


def _one_take(
    probabilities: pd.DataFrame, truth: pd.Series, labels: tuple[str, ...]
) -> tuple[float, dict[str, float]]:
    """UAR and recalls of one prediction per clip."""
    positions = truth.map(labels.index).to_numpy(dtype=np.int64)
    counts = evaluation.confusion(
        positions, probabilities.to_numpy().argmax(axis=1).astype(np.int64), len(labels)
    )
    return float(evaluation.uar(counts)), dict(
        zip(labels, evaluation.recalls(counts).tolist(), strict=True)
    )
