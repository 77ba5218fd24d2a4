"""What rooms, noise, codecs and the browser's recorder cost models, from stored predictions.

Conventions: tables have the columns `COLUMNS`, one row for each model, condition and clip; scores are shares
between 0 and 1, in tables to be read %. All clips are of four speakers, RAVDESS actors 1 to 4: nothing here
says anything about other people. `ser_core.experiments.conditions` and `benchmarks/recorder.py` make the
tables; nothing is predicted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ser_core.emotions import EMOTIONS, GENDERS, LABELS, NOT_EVERYWHERE
from ser_core.evaluation.compact_tables import read_compact, write_compact
from ser_core.evaluation.intervals import Array, Interval, percentile_interval
from ser_core.evaluation.scores import confusion, recalls, uar, uar_of_hits
from ser_core.models.kinds import COMBINATION
from ser_core.storage import manifest
from ser_core.storage.paths import DATA_DIR

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
"""`emotion` and `gender` are the truth; then come the probabilities of each label."""

CONDITIONS_TABLE = DATA_DIR / CORPUS / "conditions.parquet"
RECORDER_TABLE = DATA_DIR / CORPUS / "recorder.csv"

DEFAULT = COMBINATION
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
"""The conditions that stand for all where the default model is shown in short."""

_REPLICATES = 1000


def write_conditions(table: pd.DataFrame, path: Path = CONDITIONS_TABLE) -> None:
    """Store what the models predicted under each condition.

    Parameters
    ----------
    table : DataFrame
        `COLUMNS`, probabilities rounded to five decimal places.
    path : Path, optional
        The Parquet file.
    """
    write_compact(table, path)


def read_conditions(path: Path = CONDITIONS_TABLE) -> pd.DataFrame:
    """The stored predictions of every model under every condition.

    Parameters
    ----------
    path : Path, optional
        The Parquet file.

    Returns
    -------
    DataFrame
        `COLUMNS`.

    Raises
    ------
    SerError
        NOT_FOUND where the file is not there; DATA_TAMPERED where it is not the listed one.
    """
    return read_compact(path)


def score_conditions(path: Path = CONDITIONS_TABLE) -> pd.DataFrame:
    """What each condition of the `SUMMARY` costs the default model, on the same clips.

    Parameters
    ----------
    path : Path, optional
        The Parquet file.

    Returns
    -------
    DataFrame
        One row per condition, all but its name as text: UAR (%); lost, against the clip as it is (points);
        same emotion, the share of clips with the same top emotion as without (%); lost on calm and on
        surprised (points of recall); gender, its UAR (%).
    """
    import pandas as pd

    table = read_conditions(path)
    table = table[table["classifier"] == DEFAULT]
    clean = table[table["condition"] == AS_IT_IS].set_index("clip")
    rows = []
    for condition in SUMMARY:
        changed = table[table["condition"] == condition].set_index("clip").loc[clean.index]
        rows.append({"condition": condition} | _losses(clean, changed))
    return pd.DataFrame(rows)


def score_recorder(path: Path = RECORDER_TABLE) -> pd.DataFrame:
    """What the browser's recorder costs the default model, on the same clips from their files and through it.

    Parameters
    ----------
    path : Path, optional
        The stored table: for each clip its truth, its change of level, and the probabilities from the file
        and through the recorder.

    Returns
    -------
    DataFrame
        One row of texts: shares in %, lost in points, the level in dB.
    """
    import pandas as pd

    table = pd.read_csv(manifest.verify(path))
    confusions, predictions = [], []
    for source in ("file", "recorder"):
        probabilities = table[[f"{source}_{emotion}" for emotion in EMOTIONS]].to_numpy()
        predictions.append(probabilities.argmax(axis=1))
        confusions.append(_confusion(table["truth"], probabilities, "emotion"))
    before, after = (float(uar(counts)) for counts in confusions)
    row = {
        "clips": str(len(table)),
        "same emotion": _percent(np.mean(predictions[0] == predictions[1])),
        "UAR from the file": _percent(before),
        "UAR through the recorder": _percent(after),
        "lost": _points(before - after),
        "level changed by (dB, median)": f"{table['level_change_db'].median():+.1f}",
    }
    return pd.DataFrame([row])


def compute_robustness_curves(table: pd.DataFrame, conditions: Sequence[str]) -> pd.DataFrame:
    """The UAR of each model under some conditions.

    The interval (95%) is a bootstrap over the clips of each speaker: it says how much the value would change
    with other clips of these four speakers.

    Parameters
    ----------
    table : DataFrame
        `COLUMNS`.
    conditions : sequence of str
        The values of condition that are wanted.

    Returns
    -------
    DataFrame
        Columns feature_set, classifier, condition, value, low and high.
    """
    import pandas as pd

    wanted = table[table["condition"].isin(conditions)]
    by = ["feature_set", "classifier", "condition"]
    points = []
    for key, rows in wanted.groupby(by, sort=False):
        interval = _interval_over_clips(rows)
        points.append((*key, interval.value, interval.low, interval.high))
    return pd.DataFrame(points, columns=[*by, "value", "low", "high"])


def tabulate_robustness_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """Curves as a table to be read, UAR in %.

    Parameters
    ----------
    curves : DataFrame
        As `compute_robustness_curves` gives them, with the columns level and title.

    Returns
    -------
    DataFrame
        A row for each level, a column for each title, both in the order of `curves`.
    """
    wide = curves.assign(value=100 * curves["value"]).pivot_table(
        index="level", columns="title", values="value", sort=False
    )
    return wide.rename_axis(columns=None).reset_index()


def describe_losses(curves: pd.DataFrame) -> str:
    """The least and the most that a model loses from the first condition to the last, as a sentence.

    Parameters
    ----------
    curves : DataFrame
        As `compute_robustness_curves` gives them, with the column title.

    Returns
    -------
    str
        Markdown.
    """
    first, last = curves["condition"].iloc[0], curves["condition"].iloc[-1]
    by_condition = curves.pivot_table(
        index="title", columns="condition", values="value", sort=False
    )
    before, after = by_condition[first], by_condition[last]
    titles = (before - after).sort_values().index[[0, -1]]
    falls = [
        f"**{title}** from {before[title]:.0%} to **{after[title]:.0%}**"
        for title in dict.fromkeys(titles)
    ]
    return (
        f"From the clip {first} to *{last}*, "
        f"what is recognised falls least and most for {' and '.join(falls)}."
    )


def _losses(clean: pd.DataFrame, changed: pd.DataFrame) -> dict[str, str]:
    """What a change costs: both tables have the same clips in the same order."""
    before, after = _emotion_confusion(clean), _emotion_confusion(changed)
    lost = dict(zip(EMOTIONS, recalls(before) - recalls(after), strict=True))
    genders = changed[list(GENDERS)].to_numpy()
    gender_uar = uar(_confusion(changed["gender"], genders, "gender"))
    return {
        "UAR": _percent(uar(after)),
        "lost": _points(uar(before) - uar(after)),
        "same emotion": _percent(np.mean(_top_emotions(clean) == _top_emotions(changed))),
        **{f"lost on {emotion}": _points(lost[emotion]) for emotion in NOT_EVERYWHERE},
        "gender": _percent(gender_uar),
    }


def _top_emotions(rows: pd.DataFrame) -> np.ndarray:
    return rows[list(EMOTIONS)].to_numpy().argmax(axis=1)


def _emotion_confusion(rows: pd.DataFrame) -> Array:
    return _confusion(rows["emotion"], rows[list(EMOTIONS)].to_numpy(), "emotion")


def _confusion(truth: pd.Series, probabilities: np.ndarray, task: str) -> Array:
    labels = LABELS[task]
    positions = truth.map(labels.index).to_numpy(dtype=np.int64)
    return confusion(positions, probabilities.argmax(axis=1).astype(np.int64), len(labels))


def _interval_over_clips(rows: pd.DataFrame) -> Interval:
    """UAR of one model under one condition, with its interval over the clips of each speaker.

    The clips of a speaker are drawn with replacement. All that matters of a draw is how many clips it has of
    each emotion, and how many of them are recognised: so these counts are drawn.
    """
    truth = rows["emotion"].map(EMOTIONS.index).to_numpy(dtype=np.int64)
    right = (_top_emotions(rows) == truth).astype(np.int64)
    speakers, speaker_of = np.unique(rows["speaker"].to_numpy(str), return_inverse=True)
    counts = np.zeros((len(speakers), len(EMOTIONS), 2))
    np.add.at(counts, (speaker_of, truth, right), 1)
    n_clips = counts.sum(axis=(1, 2)).astype(np.int64)
    chances = (counts / n_clips[:, None, None]).reshape(len(speakers), -1)
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(n_clips, chances, size=(_REPLICATES, len(speakers)))
    replicates = drawn.sum(axis=1).reshape(-1, len(EMOTIONS), 2)
    value = float(_uar_of_right(counts.sum(axis=0)))
    return percentile_interval(value, _uar_of_right(replicates))


def _uar_of_right(counts: Array) -> Array:
    """UAR of counts [..., emotions, (wrong, right)]."""
    return uar_of_hits(counts[..., 1], counts.sum(axis=-1))


def _percent(share: float | Array) -> str:
    return f"{100 * float(share):.1f}"


def _points(share: float | Array) -> str:
    return f"{100 * float(share):+.1f}"
