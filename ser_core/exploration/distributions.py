"""How one feature is distributed within each emotion, and where one value lies among the clips."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ser_core.corpora import CORPORA
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.exploration.choice import title_of

SPLITS = {"": "Together", "gender": "Gender", "corpus": "Corpus", "intensity": "Intensity"}
"""By what the clips of an emotion can be told apart, and how pages call it."""
UNKNOWN = "unknown"
"""The group of clips of which it is not known."""
MOST_POINTS = 2_000
"""How many clips are drawn as points, all groups together."""

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


def group_of(table: pd.DataFrame, split: str) -> pd.Series:
    """The group of each clip by one of `SPLITS`; "" without a split."""
    if not split:
        return pd.Series("", index=table.index, dtype="str")
    named = table[split].map(title_of) if split == "corpus" else table[split].astype("str")
    return named.fillna("").replace({"": UNKNOWN, "unspecified": UNKNOWN})


def ordered(groups: pd.Series) -> list[str]:
    """The groups there are, in one order everywhere: what is known in its own order, then other names, the unknown last."""
    there = set(groups.unique())
    known = [group for group in _ORDER if group in there]
    return [*known, *sorted(there - {*known, UNKNOWN}), *([UNKNOWN] if UNKNOWN in there else [])]


def feature_values(table: pd.DataFrame, feature: str, split: str = "") -> pd.DataFrame:
    """One feature as a long table: columns path, corpus, speaker, gender, emotion, group (by one of `SPLITS`) and value."""
    return table[["path", "corpus", "speaker", "gender", "emotion"]].assign(
        group=group_of(table, split), value=table[feature]
    )


def feature_summary(values: pd.DataFrame, own: float | None = None) -> pd.DataFrame:
    """Clips, median and quartiles of each emotion and group, in order; and the share of its clips below one's own value, in %."""
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
        summary["below your recording (%)"] = (
            100
            * values.assign(below=values["value"] < own)
            .groupby(["emotion", "group"])["below"]
            .mean()
        )
    return _in_order(summary, values)


def boxes(values: pd.DataFrame) -> pd.DataFrame:
    """The box of each emotion and group: columns emotion, group, clips, low, q1, median, q3, high.

    `low` and `high` are the outermost clips within 1.5 times the distance of the quartiles (Tukey 1977).
    """
    grouped = values.groupby(["emotion", "group"])["value"]
    found = pd.DataFrame(
        {
            "clips": grouped.size(),
            "q1": grouped.quantile(0.25),
            "median": grouped.median(),
            "q3": grouped.quantile(0.75),
        }
    )
    each = values.join(found[["q1", "q3"]], on=["emotion", "group"])
    reach = 1.5 * (each["q3"] - each["q1"])
    within = each[each["value"].between(each["q1"] - reach, each["q3"] + reach)].groupby(
        ["emotion", "group"]
    )["value"]
    return _in_order(found.assign(low=within.min(), high=within.max()), values).reset_index()


def densities(values: pd.DataFrame, log: bool = False) -> pd.DataFrame:
    """The density of each emotion and group over 120 values, its peak 1: columns emotion, group, value, density.

    Gaussian kernels of Silverman's width (1986); on the logarithm of the values where `log`.
    """
    scale = np.log10 if log else np.asarray
    every = scale(values["value"].to_numpy(dtype=float))
    grid = np.linspace(every.min(), every.max(), _GRID)
    found = []
    for (emotion, group), own in values.groupby(["emotion", "group"])["value"]:
        at = scale(own.to_numpy(dtype=float))
        width = max(1.06 * at.std() * len(at) ** -0.2, np.ptp(grid) * 1e-3, 1e-9)
        density = np.exp(-0.5 * ((grid[:, None] - at) / width) ** 2).mean(axis=1)
        shape = {
            "emotion": emotion,
            "group": group,
            "value": 10**grid if log else grid,
            "density": density / max(density.max(), 1e-300),
        }
        found.append(pd.DataFrame(shape))
    return pd.concat(found, ignore_index=True)


def points(values: pd.DataFrame, most: int = MOST_POINTS) -> pd.DataFrame:
    """The clips to be drawn, of each emotion and group as many at most, spread evenly over its table; with a fixed `jitter` from 0 to 1."""
    groups = [own for _, own in values.groupby(["emotion", "group"])]
    each = max(most // max(len(groups), 1), 1)
    kept = [
        own.iloc[np.linspace(0, len(own) - 1, min(each, len(own))).round().astype(int)]
        for own in groups
    ]
    return pd.concat(
        [own.assign(jitter=np.arange(1, len(own) + 1) * _GOLDEN % 1) for own in kept],
        ignore_index=True,
    )


def standing(table: pd.DataFrame, feature: str, value: float) -> pd.DataFrame:
    """The share of the clips of each emotion and gender that lie below a value: columns emotion, gender, below, clips."""
    known = table[["emotion"]].assign(
        gender=group_of(table, "gender"), below=table[feature] < value
    )
    grouped = known.groupby(["emotion", "gender"])["below"]
    found = pd.DataFrame({"below": grouped.mean(), "clips": grouped.size()}).reset_index()
    found["emotion"] = pd.Categorical(found["emotion"], EMOTIONS)
    return found.sort_values(
        ["emotion", "gender"], ascending=[True, False], ignore_index=True
    ).astype({"emotion": "str"})


def standing_in_words(found: pd.DataFrame) -> str:
    """What a recording's value is most typical of, and where it is most unusual."""
    middle = found.iloc[(found["below"] - 0.5).abs().argmin()]
    outside = found.iloc[(found["below"] - 0.5).abs().argmax()]
    typical = f"By this attribute alone it is most typical of **{_voices(middle)}** (higher than {middle['below']:.0%} of them)"
    return f"{typical}, least of **{_voices(outside)}** (higher than {outside['below']:.0%})."


def _voices(row: pd.Series) -> str:
    return f"{row['emotion']} {({'male': 'men', 'female': 'women'}).get(row['gender'], 'voices')}"


def _in_order(found: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Rows by emotion and group in the order of the emotions and of `ordered`."""
    rows = [
        (emotion, group)
        for emotion in EMOTIONS
        for group in ordered(values["group"])
        if (emotion, group) in found.index
    ]
    return found.loc[rows]
