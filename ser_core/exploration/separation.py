"""What distinguishes two emotions: effects within each speaker.

The unit is the speaker, not the clip, so that a high voice does not count as an emotion. Differences
are in the features' own units.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core.exploration.clip_selection import emotions_present
from ser_core.exploration.explored_features import feature_specs

MIN_SPEAKERS = 3
"""The number of speakers who must have both emotions before their differences are shown."""

_SIGNIFICANCE = 0.05
_BISECTIONS = 22


def ranking_obstacle(table: pd.DataFrame, first: str, second: str) -> str | None:
    """Why two emotions cannot be compared within speakers, as a sentence; None if they can."""
    clips = table[table["emotion"].isin([first, second])]
    for emotion in (first, second):
        if emotion not in set(clips["emotion"]):
            choices = ", ".join(emotions_present(table))
            return f"None of the chosen clips is {emotion}. Choose two of these: {choices}."
    known = clips[clips["speaker"] != ""]
    if known.empty:
        return "It is not known who speaks in these clips, and effects are computed within each speaker."
    n_speakers = int((known.groupby("speaker")["emotion"].nunique() == 2).sum())
    if n_speakers < MIN_SPEAKERS:
        have = "has" if n_speakers == 1 else "have"
        return (
            f"Only {n_speakers} of the chosen speakers {have} clips of both emotions; "
            f"at least {MIN_SPEAKERS} are needed."
        )
    return None


def rank_features(table: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """How well every feature distinguishes two emotions, the clearest first.

    Of each speaker who has both emotions, the mean over the clips of `first` less that of `second`
    counts. Clips of unknown speakers are left out. The effect is the mean of these differences over
    their standard deviation (Cohen's d for paired samples), with its exact 95% interval from the
    noncentral t (Cumming & Finch 2001). p comes from the paired t-test, corrected over all features
    (Benjamini & Hochberg 1995).

    Parameters
    ----------
    table : DataFrame
        A feature table.
    first, second : str
        Two emotions that `ranking_obstacle` has nothing against.

    Returns
    -------
    DataFrame
        Columns attribute, group, unit, difference (the mean), effect, low, high, p_corrected,
        speakers, sentence, feature.
    """
    from scipy import stats

    specs = feature_specs()
    differences = speaker_differences(table, first, second, list(specs))
    n, mean, deviation = len(differences), differences.mean(), differences.std(ddof=1)
    effect = (mean / deviation.where(deviation > 0)).fillna(0.0)
    t = effect * np.sqrt(n)
    p = 2 * stats.t.sf(np.abs(t), n - 1)
    low = _noncentrality(t.to_numpy(), n - 1, 0.975) / np.sqrt(n)
    high = _noncentrality(t.to_numpy(), n - 1, 0.025) / np.sqrt(n)
    rows = pd.DataFrame(
        {
            "attribute": [spec.title for spec in specs.values()],
            "group": [spec.group for spec in specs.values()],
            "unit": ["" if spec.unit == "none" else spec.unit for spec in specs.values()],
            "difference": mean.to_numpy(),
            "effect": effect.to_numpy(),
            "low": low,
            "high": high,
            "p_corrected": stats.false_discovery_control(np.asarray(p)),
            "speakers": n,
            "sentence": [spec.sentence for spec in specs.values()],
            "feature": list(specs),
        }
    )
    return rows.sort_values("effect", key=np.abs, ascending=False, ignore_index=True)


def summarise_ranking(ranking: pd.DataFrame, groups: Sequence[str]) -> str:
    """The clearest attribute of each of some feature groups, with its mean difference.

    Only attributes that differ beyond chance count; "" where none does.
    """
    is_clear = (ranking["p_corrected"] < _SIGNIFICANCE) & ranking["group"].isin(list(groups))
    parts = []
    for row in ranking[is_clear].drop_duplicates("group").itertuples():
        difference = f"{row.difference:+.3g} {row.unit}".strip()
        parts.append(f"{row.attribute} **{difference}**")
    return "; ".join(parts)


def speaker_differences(
    table: pd.DataFrame, first: str, second: str, features: Sequence[str]
) -> pd.DataFrame:
    """The mean over the clips of one emotion less that of another, for each speaker who has both.

    Parameters
    ----------
    table : DataFrame
        With the columns speaker, emotion and the features. Unknown speakers are left out.
    first, second : str
        The emotions.
    features : sequence of str

    Returns
    -------
    DataFrame
        Shape [speakers, features].
    """
    clips = table[table["emotion"].isin([first, second]) & (table["speaker"] != "")]
    means = clips.groupby(["speaker", "emotion"])[list(features)].mean().unstack("emotion")
    if not {first, second} <= set(means.columns.get_level_values("emotion")):
        return pd.DataFrame(columns=list(features), dtype=float)
    means = means.dropna()
    of_first = means.xs(first, axis=1, level="emotion")
    of_second = means.xs(second, axis=1, level="emotion")
    return (of_first - of_second)[list(features)]


def mean_over_speakers(values: pd.DataFrame) -> pd.DataFrame:
    """The mean and the 95% interval (Student's t) over speakers.

    Parameters
    ----------
    values : DataFrame
        Shape [speakers, features].

    Returns
    -------
    DataFrame
        One row per feature, columns mean, low, high. With fewer than `MIN_SPEAKERS` speakers there
        is no interval.
    """
    from scipy import stats

    n = len(values)
    half = stats.t.ppf(0.975, n - 1) * values.sem() if n >= MIN_SPEAKERS else np.nan
    mean = values.mean()
    return pd.DataFrame(
        {"mean": mean, "low": mean - half, "high": mean + half}, index=values.columns
    )


def _noncentrality(
    t: npt.NDArray[np.float64], freedom: int, share: float
) -> npt.NDArray[np.float64]:
    """The noncentrality at which a share of noncentral t lies below each `t`, by bisection."""
    from scipy import stats

    # The share below falls as the noncentrality grows.
    low = t - 10 - np.abs(t)
    high = t + 10 + np.abs(t)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        is_too_low = stats.nct.cdf(t, freedom, middle) > share
        low = np.where(is_too_low, middle, low)
        high = np.where(is_too_low, high, middle)
    return np.asarray((low + high) / 2)
