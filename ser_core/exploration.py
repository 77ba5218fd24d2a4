"""What the explorer shows: how the features of a corpus are distributed, and where one recording lies among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core.emotions import EMOTIONS
from ser_core.evaluation import DATA_DIR
from ser_core.features import FEATURE_SETS, FeatureSpec, FeatureVector

FEATURE_SET = "acoustic128_v1"


def shipped_features(corpus: str = "ravdess") -> pd.DataFrame:
    """The feature table of a corpus in `data/`, one row per clip."""
    return pd.read_csv(DATA_DIR / corpus / f"{FEATURE_SET}.csv")


def specs() -> dict[str, FeatureSpec]:
    """The features that can be explored, by name."""
    return {spec.name: spec for spec in FEATURE_SETS[FEATURE_SET].specs}


def feature_values(table: pd.DataFrame, feature: str) -> pd.DataFrame:
    """One feature as a long table: columns emotion, gender, speaker, path, value."""
    return table[["emotion", "gender", "speaker", "path"]].assign(value=table[feature])


def feature_summary(values: pd.DataFrame, own: float | None = None) -> pd.DataFrame:
    """Clips, median and quartiles of each emotion, in the order of the emotions; and the share of its clips below one's own value, in %."""
    grouped = values.groupby("emotion")["value"]
    summary = pd.DataFrame(
        {"clips": grouped.size(), "lower quartile": grouped.quantile(0.25), "median": grouped.median(), "upper quartile": grouped.quantile(0.75)}
    )
    if own is not None:
        summary["below your recording (%)"] = {emotion: 100 * share for emotion, share in percentile(values, own).items()}
    return summary.reindex([emotion for emotion in EMOTIONS if emotion in summary.index])


def percentile(values: pd.DataFrame, value: float) -> dict[str, float]:
    """For each emotion the share of its clips that lie below a value."""
    below = values.assign(below=values["value"] < value).groupby("emotion")["below"].mean()
    return {emotion: float(below[emotion]) for emotion in EMOTIONS if emotion in below.index}


def ranking(table: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """How well every feature tells two emotions apart, the clearest first.

    The unit is the speaker, not the clip: of each speaker who has both, the mean over the clips of `first` less that of `second`. The
    effect is the mean of these differences over their standard deviation (Cohen's d for paired samples), with its exact
    95% interval from the noncentral t (Cumming & Finch 2001); p comes from the paired t-test, corrected over
    all features (Benjamini & Hochberg 1995).

    Returns
    -------
    DataFrame
        Columns attribute, group, unit, difference (mean, in the feature's unit), effect, low, high, p_corrected, speakers, sentence, feature.
    """
    from scipy import stats

    every = specs()
    apart = _apart(table, first, second, list(every))
    n, mean, deviation = len(apart), apart.mean(), apart.std(ddof=1)
    effect = (mean / deviation.where(deviation > 0)).fillna(0.0)
    t = effect * np.sqrt(n)
    p = 2 * stats.t.sf(np.abs(t), n - 1)
    low, high = (_noncentrality(t.to_numpy(), n - 1, share) / np.sqrt(n) for share in (0.975, 0.025))
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


def _noncentrality(t: npt.NDArray[np.float64], freedom: int, share: float) -> npt.NDArray[np.float64]:
    """The noncentrality at which a share of noncentral t lies below each `t`, by bisection."""
    from scipy import stats

    low, high = t - 10 - np.abs(t), t + 10 + np.abs(t)  # the share below falls as the noncentrality grows
    for _ in range(22):
        middle = (low + high) / 2
        above = stats.nct.cdf(t, freedom, middle) > share
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray((low + high) / 2)


MAP = DATA_DIR / "ravdess" / "map.csv"
"""Where the clips lie beside their neighbours; made by `python -m ser_core map`."""

MAPS = {"neighbours": "Neighbours (t-SNE)", "linear": "Linear (principal components)"}
"""The two maps, and how pages call them."""

_NEAREST = 5


def standardised(table: pd.DataFrame, own: FeatureVector | None = None) -> npt.NDArray[np.float64]:
    """The features of all clips, each with mean 0 and deviation 1 over them: [clips, d]; of a recording on the same scale: [1, d]."""
    values = table[list(specs())].to_numpy(dtype=np.float64)
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    asked = values if own is None else own.values[None]
    return np.asarray((asked - mean) / np.where(deviation > 0, deviation, 1.0))


def linear_map(table: pd.DataFrame, own: FeatureVector | None = None) -> pd.DataFrame:
    """The first two principal components of the clips: columns path, x, y; last a recording, if there is one, with the path ""."""
    features = standardised(table)
    _, _, components = np.linalg.svd(features, full_matrices=False)
    axes = components[:2] * np.sign(components[:2].sum(axis=1, keepdims=True))  # a component's sign is arbitrary: one for all machines
    asked = features if own is None else np.concatenate([features, standardised(table, own)])
    placed = asked @ axes.T
    return pd.DataFrame({"path": [*table["path"], *([""] if own else [])], "x": placed[:, 0], "y": placed[:, 1]})


def neighbour_map(table: pd.DataFrame, own: FeatureVector | None = None) -> pd.DataFrame:
    """The stored map, in which alike clips lie together: as `linear_map`; a recording lies amid the clips that are nearest to it."""
    placed = table[["path"]].merge(pd.read_csv(MAP), on="path")
    if own is None:
        return placed
    amid = placed.set_index("path").loc[nearest(table, own)["path"], ["x", "y"]].median()
    return pd.concat([placed, pd.DataFrame([{"path": "", "x": amid["x"], "y": amid["y"]}])], ignore_index=True)


def nearest(table: pd.DataFrame, own: FeatureVector, n: int = _NEAREST) -> pd.DataFrame:
    """The clips whose features are most like a recording's (Euclidean, standardised), the nearest first."""
    away = np.linalg.norm(standardised(table) - standardised(table, own), axis=1)
    return table.iloc[np.argsort(away, kind="stable")[:n]][["path", "corpus", "speaker", "gender", "emotion", "intensity", "statement"]]


def map_of(table: pd.DataFrame, kind: str, own: FeatureVector | None = None) -> pd.DataFrame:
    """One of `MAPS` with what is known of each clip; a recording, last, has the emotion "recording"."""
    placed = {"neighbours": neighbour_map, "linear": linear_map}[kind](table, own)
    about = table[["path", "corpus", "speaker", "gender", "emotion", "intensity", "statement"]]
    return placed.merge(about, on="path", how="left").fillna({"emotion": "recording"})


def inside(placed: pd.DataFrame, rectangle: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """The clips of a map inside a rectangle (x and y from and to), without their places; none without a rectangle."""
    clips = placed[placed["path"] != ""].drop(columns=["x", "y"])
    if not {"x", "y"} <= set(rectangle):
        return clips.iloc[:0]
    kept = placed["x"].between(*sorted(rectangle["x"])) & placed["y"].between(*sorted(rectangle["y"]))
    return clips[kept[clips.index]]


def mel_spectrum(table: pd.DataFrame, emotions: Sequence[str], recording: FeatureVector | None = None) -> pd.DataFrame:
    """The mel spectrum of each emotion, and of a recording: columns emotion, frequency_hz, mean, low, high (dB).

    `low` and `high` are the quartiles over clips; a recording has the emotion "recording" and neither.
    """
    bands = [spec for spec in FEATURE_SETS[FEATURE_SET].specs if spec.frequency_hz is not None]
    rows = []
    for emotion in emotions:
        own = table.loc[table["emotion"] == emotion, [spec.name for spec in bands]]
        low, high = own.quantile(0.25), own.quantile(0.75)
        mean = own.mean()
        rows += [(emotion, spec.frequency_hz, mean[spec.name], low[spec.name], high[spec.name]) for spec in bands]
    if recording is not None:
        value = dict(zip(recording.names, recording.values, strict=True))
        rows += [("recording", spec.frequency_hz, value[spec.name], np.nan, np.nan) for spec in bands]
    return pd.DataFrame(rows, columns=["emotion", "frequency_hz", "mean", "low", "high"])


def spectrum_difference(table: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """How much stronger each mel band is in one emotion than in another: columns frequency_hz, mean, low, high (dB).

    Mean over the speakers of the difference of their own means, with the 95% interval of Student's t.
    """
    from scipy import stats

    bands = [spec for spec in FEATURE_SETS[FEATURE_SET].specs if spec.frequency_hz is not None]
    apart = _apart(table, first, second, [spec.name for spec in bands])
    half = stats.t.ppf(0.975, len(apart) - 1) * apart.sem()
    frequencies = [spec.frequency_hz for spec in bands]
    return pd.DataFrame(
        {
            "frequency_hz": frequencies,
            "mean": apart.mean().to_numpy(),
            "low": (apart.mean() - half).to_numpy(),
            "high": (apart.mean() + half).to_numpy(),
        }
    )


def _apart(table: pd.DataFrame, first: str, second: str, features: Sequence[str]) -> pd.DataFrame:
    """For each speaker who has both emotions the mean over the clips of the one less that of the other: [speakers, features]."""
    chosen = table[table["emotion"].isin([first, second])]
    means = chosen.groupby(["speaker", "emotion"])[list(features)].mean().unstack("emotion").dropna()
    return (means.xs(first, axis=1, level="emotion") - means.xs(second, axis=1, level="emotion"))[list(features)]
