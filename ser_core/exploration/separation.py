"""What tells two emotions apart: effects within each speaker, so that a high voice does not count as an emotion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core.exploration.choice import present, specs

LEAST_SPEAKERS = 3
"""Who must have both emotions before anything is said of their differences."""


def why_no_ranking(table: pd.DataFrame, first: str, second: str) -> str | None:
    """Why two emotions cannot be compared within speakers, as a sentence; None if they can."""
    both = table[table["emotion"].isin([first, second])]
    for emotion in (first, second):
        if emotion not in set(both["emotion"]):
            return f"None of the chosen clips is {emotion}. Choose two of these: {', '.join(present(table))}."
    known = both[both["speaker"] != ""]
    if known.empty:
        return "It is not known who speaks in these clips, and effects are computed within each speaker."
    n = int((known.groupby("speaker")["emotion"].nunique() == 2).sum())
    if n < LEAST_SPEAKERS:
        return f"Only {n} of the chosen speakers {'has' if n == 1 else 'have'} clips of both emotions; at least {LEAST_SPEAKERS} are needed."
    return None


def ranking(table: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """How well every feature tells two emotions apart, the clearest first.

    The unit is the speaker, not the clip: of each speaker who has both, the mean over the clips of `first` less that of `second`. Clips of
    unknown speakers are left out. The effect is the mean of these differences over their standard deviation (Cohen's d for paired samples), with
    its exact 95% interval from the noncentral t (Cumming & Finch 2001); p comes from the paired t-test, corrected over all features (Benjamini &
    Hochberg 1995).

    Returns
    -------
    DataFrame
        Columns attribute, group, unit, difference (mean, in the feature's unit), effect, low, high, p_corrected, speakers, sentence, feature.
    """
    from scipy import stats

    every = specs()
    apart = differences(table, first, second, list(every))
    n, mean, deviation = len(apart), apart.mean(), apart.std(ddof=1)
    effect = (mean / deviation.where(deviation > 0)).fillna(0.0)
    t = effect * np.sqrt(n)
    p = 2 * stats.t.sf(np.abs(t), n - 1)
    low, high = (
        _noncentrality(t.to_numpy(), n - 1, share) / np.sqrt(n) for share in (0.975, 0.025)
    )
    rows = pd.DataFrame(
        {
            "attribute": [spec.title for spec in every.values()],
            "group": [spec.group for spec in every.values()],
            "unit": ["" if spec.unit == "none" else spec.unit for spec in every.values()],
            "difference": mean.to_numpy(),
            "effect": effect.to_numpy(),
            "low": low,
            "high": high,
            "p_corrected": stats.false_discovery_control(np.asarray(p)),
            "speakers": n,
            "sentence": [spec.sentence for spec in every.values()],
            "feature": list(every),
        }
    )
    return rows.sort_values("effect", key=np.abs, ascending=False, ignore_index=True)


def in_short(found: pd.DataFrame, groups: Sequence[str]) -> str:
    """The clearest attribute of each of some groups, of those that differ beyond chance, with its mean difference; "" where none does."""
    clear = found[
        (found["p_corrected"] < 0.05) & found["group"].isin(list(groups))
    ].drop_duplicates("group")
    return "; ".join(
        f"{row.attribute} **{f'{row.difference:+.3g} {row.unit}'.strip()}**"
        for row in clear.itertuples()
    )


def differences(
    table: pd.DataFrame, first: str, second: str, features: Sequence[str]
) -> pd.DataFrame:
    """For each speaker who has both emotions the mean over the clips of the one less that of the other: [speakers, features]."""
    chosen = table[table["emotion"].isin([first, second]) & (table["speaker"] != "")]
    means = chosen.groupby(["speaker", "emotion"])[list(features)].mean().unstack("emotion")
    if not {first, second} <= set(means.columns.get_level_values("emotion")):
        return pd.DataFrame(columns=list(features), dtype=float)
    means = means.dropna()
    return (means.xs(first, axis=1, level="emotion") - means.xs(second, axis=1, level="emotion"))[
        list(features)
    ]


def over_speakers(values: pd.DataFrame) -> pd.DataFrame:
    """Mean and 95% interval (Student's t) over rows that are speakers, one row a column of `values`: columns mean, low, high.

    Of fewer than `LEAST_SPEAKERS` there is no interval.
    """
    from scipy import stats

    n = len(values)
    half = stats.t.ppf(0.975, n - 1) * values.sem() if n >= LEAST_SPEAKERS else np.nan
    return pd.DataFrame(
        {"mean": values.mean(), "low": values.mean() - half, "high": values.mean() + half},
        index=values.columns,
    )


def _noncentrality(
    t: npt.NDArray[np.float64], freedom: int, share: float
) -> npt.NDArray[np.float64]:
    """The noncentrality at which a share of noncentral t lies below each `t`, by bisection."""
    from scipy import stats

    low, high = (
        t - 10 - np.abs(t),
        t + 10 + np.abs(t),
    )  # the share below falls as the noncentrality grows
    for _ in range(22):
        middle = (low + high) / 2
        above = stats.nct.cdf(t, freedom, middle) > share
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray((low + high) / 2)
