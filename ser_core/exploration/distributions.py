"""The distribution of one feature within each emotion, and the place of one value among the clips.

Long tables have the columns of `feature_values`. Values are in the feature's own unit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.exploration.clip_selection import corpus_title

SPLITS = {"": "Together", "gender": "Gender", "corpus": "Corpus", "intensity": "Intensity"}
"""The columns by which the clips of an emotion can be grouped, and how pages call them."""
UNKNOWN = "unknown"
"""The group of clips whose value of that column is unknown."""
MOST_POINTS = 2_000
"""The number of clips that are drawn as points, all groups together."""

_ORDER = [
    *GENDERS,
    *(corpus.title for corpus in CORPORA.values()),
    "low",
    "medium",
    "normal",
    "high",
    "strong",
]
_GOLDEN = (np.sqrt(5) - 1) / 2  # its multiples spread evenly, whatever their number
_GRID = 120


def clip_groups(table: pd.DataFrame, split: str) -> pd.Series:
    """The group of each clip by one of `SPLITS`; "" without a split."""
    if not split:
        return pd.Series("", index=table.index, dtype="str")
    names = table[split].map(corpus_title) if split == "corpus" else table[split].astype("str")
    return names.fillna("").replace({"": UNKNOWN, "unspecified": UNKNOWN})


def order_groups(groups: pd.Series) -> list[str]:
    """The groups that occur, in the same order everywhere.

    Known groups come in their own order, then other names, and the unknown last.
    """
    occurring = set(groups.unique())
    known = [group for group in _ORDER if group in occurring]
    others = sorted(occurring - {*known, UNKNOWN})
    return [*known, *others, *sorted(occurring & {UNKNOWN})]


def feature_values(table: pd.DataFrame, feature: str, split: str = "") -> pd.DataFrame:
    """One feature as a long table.

    Parameters
    ----------
    table : DataFrame
        A feature table.
    feature : str
        The name of a feature.
    split : str
        One of `SPLITS`.

    Returns
    -------
    DataFrame
        Columns path, corpus, speaker, gender, emotion, group and value.
    """
    about = table[["path", "corpus", "speaker", "gender", "emotion"]]
    return about.assign(group=clip_groups(table, split), value=table[feature])


def feature_summary(values: pd.DataFrame, own: float | None = None) -> pd.DataFrame:
    """The number of clips, median and quartiles of each emotion and group, in order.

    Parameters
    ----------
    values : DataFrame
        As `feature_values` gives them.
    own : float, optional
        The value of a recording; a column says how many clips lie below it, in %.
    """
    grouped = values.groupby(["emotion", "group"])["value"]
    summary = pd.DataFrame(
        {
            "clips": grouped.size(),
            "lower quartile": grouped.quantile(0.25),
            "median": grouped.median(),
            "upper quartile": grouped.quantile(0.75),
        }
    )
    if own is not None:
        is_below = values.assign(below=values["value"] < own)
        shares = is_below.groupby(["emotion", "group"])["below"].mean()
        summary["below your recording (%)"] = 100 * shares
    return _in_order(summary, values)


def box_statistics(values: pd.DataFrame) -> pd.DataFrame:
    """The box of each emotion and group (Tukey 1977).

    Parameters
    ----------
    values : DataFrame
        As `feature_values` gives them.

    Returns
    -------
    DataFrame
        Columns emotion, group, clips, low, q1, median, q3, high. `low` and `high` are the outermost
        clips within 1.5 times the distance of the quartiles.
    """
    keys = ["emotion", "group"]
    grouped = values.groupby(keys)["value"]
    boxes = pd.DataFrame(
        {
            "clips": grouped.size(),
            "q1": grouped.quantile(0.25),
            "median": grouped.median(),
            "q3": grouped.quantile(0.75),
        }
    )
    clips = values.join(boxes[["q1", "q3"]], on=keys)
    reach = 1.5 * (clips["q3"] - clips["q1"])
    is_within = clips["value"].between(clips["q1"] - reach, clips["q3"] + reach)
    within = clips[is_within].groupby(keys)["value"]
    boxes = boxes.assign(low=within.min(), high=within.max())
    return _in_order(boxes, values).reset_index()


def densities(values: pd.DataFrame, log: bool = False) -> pd.DataFrame:
    """The density of each emotion and group over 120 values, with a peak of 1.

    Gaussian kernels of Silverman's width (1986).

    Parameters
    ----------
    values : DataFrame
        As `feature_values` gives them.
    log : bool
        Whether to work on the logarithm of the values.

    Returns
    -------
    DataFrame
        Columns emotion, group, value, density.
    """
    scale = np.log10 if log else np.asarray
    all_values = scale(values["value"].to_numpy(dtype=float))
    grid = np.linspace(all_values.min(), all_values.max(), _GRID)
    parts = []
    for (emotion, group), own in values.groupby(["emotion", "group"])["value"]:
        density = _density(scale(own.to_numpy(dtype=float)), grid)
        part = pd.DataFrame({"value": 10**grid if log else grid, "density": density})
        parts.append(part.assign(emotion=emotion, group=group))
    return pd.concat(parts, ignore_index=True)[["emotion", "group", "value", "density"]]


def _density(
    values: npt.NDArray[np.float64], grid: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    width = max(1.06 * values.std() * len(values) ** -0.2, np.ptp(grid) * 1e-3, 1e-9)
    kernels = np.exp(-0.5 * ((grid[:, None] - values) / width) ** 2)
    density = kernels.mean(axis=1)
    return np.asarray(density / max(density.max(), 1e-300))


def sample_points(values: pd.DataFrame, most: int = MOST_POINTS) -> pd.DataFrame:
    """The clips that are drawn: as many of each emotion and group, spread evenly over its table.

    Parameters
    ----------
    values : DataFrame
        As `feature_values` gives them.
    most : int
        The number of points, all groups together.

    Returns
    -------
    DataFrame
        Rows of `values` with a fixed `jitter` from 0 to 1.
    """
    groups = [own for _, own in values.groupby(["emotion", "group"])]
    n_of_each = max(most // max(len(groups), 1), 1)
    parts = []
    for own in groups:
        n = min(n_of_each, len(own))
        rows = np.linspace(0, len(own) - 1, n).round().astype(int)
        parts.append(own.iloc[rows].assign(jitter=np.arange(1, n + 1) * _GOLDEN % 1))
    return pd.concat(parts, ignore_index=True)


def share_below(table: pd.DataFrame, feature: str, value: float) -> pd.DataFrame:
    """The share of the clips of each emotion and gender that lie below a value.

    Parameters
    ----------
    table : DataFrame
        A feature table.
    feature : str
        The name of a feature.
    value : float
        In the feature's unit.

    Returns
    -------
    DataFrame
        Columns emotion, gender, below (0 to 1), clips.
    """
    genders = clip_groups(table, "gender")
    clips = table[["emotion"]].assign(gender=genders, below=table[feature] < value)
    grouped = clips.groupby(["emotion", "gender"])["below"]
    shares = pd.DataFrame({"below": grouped.mean(), "clips": grouped.size()}).reset_index()
    shares["emotion"] = pd.Categorical(shares["emotion"], EMOTIONS)
    shares = shares.sort_values(["emotion", "gender"], ascending=[True, False], ignore_index=True)
    return shares.astype({"emotion": "str"})


def describe_share_below(shares: pd.DataFrame) -> str:
    """The emotion and gender that a value is most typical of, and least, as a sentence.

    `shares` are as `share_below` gives them.
    """
    distance = (shares["below"] - 0.5).abs()
    typical = shares.iloc[distance.argmin()]
    unusual = shares.iloc[distance.argmax()]
    return (
        f"By this attribute alone it is most typical of **{_voices(typical)}** "
        f"(higher than {typical['below']:.0%} of them), "
        f"least of **{_voices(unusual)}** (higher than {unusual['below']:.0%})."
    )


def _voices(row: pd.Series) -> str:
    people = {"male": "men", "female": "women"}
    return f"{row['emotion']} {people.get(row['gender'], 'voices')}"


def _in_order(statistics: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Rows by emotion and group in the order of the emotions and of `order_groups`."""
    groups = order_groups(values["group"])
    keys = [(emotion, group) for emotion in EMOTIONS for group in groups]
    return statistics.loc[[key for key in keys if key in statistics.index]]
