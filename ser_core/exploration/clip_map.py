"""All clips in two dimensions, alike ones together; the clips nearest to one; those inside a rectangle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core.evaluation import DATA_DIR
from ser_core.exploration.choice import ABOUT, specs
from ser_core.features import FeatureVector
from ser_core.storage import manifest

Array = npt.NDArray[np.float64]

MAPS = {"neighbours": "Neighbours (t-SNE)", "linear": "Linear (principal components)"}
"""The two maps, and how pages call them."""
NEAREST = 5
"""How many clips are listed as most like another, and have a say in its place."""
MOST_POINTS = 3_000
"""How many clips are drawn; more would make a page slow and say no more."""

_AT_ONCE = 256  # clips whose distances to all others are held in memory


def map_path(corpus: str) -> Path:
    """Where `data/` holds the places of a corpus's clips on the map of all corpora; made by `python -m ser_core map`."""
    return DATA_DIR / corpus / "map.csv"


@dataclass(frozen=True, eq=False)
class Space:
    """Clips (`about`, columns `ABOUT`) and their features, each with mean 0 and deviation 1 over them: `features`, shape [clips, 128]."""

    about: pd.DataFrame
    mean: Array
    deviation: Array
    features: Array

    def standardised(self, values: Array) -> Array:
        """Features in their own units [m, 128] on the scale of this space."""
        return np.asarray((values - self.mean) / self.deviation)

    @cached_property
    def axes(self) -> Array:
        """The two directions in which the clips differ most, shape [2, 128]: the first principal components."""
        _, vectors = np.linalg.eigh(self.features.T @ self.features)
        axes = vectors[:, :-3:-1].T
        return np.asarray(
            axes * np.sign(axes.sum(axis=1, keepdims=True))
        )  # a component's sign is arbitrary: one for all machines

    def nearest(
        self, points: Array, n: int = NEAREST, among: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.intp]:
        """The rows of the clips nearest to standardised points [m, 128] (Euclidean), the nearest first, shape [m, n]; only `among` some clips."""
        rows = np.flatnonzero(among) if among is not None else np.arange(len(self.features))
        candidates = self.features[rows]
        lengths = (candidates**2).sum(axis=1)
        found = []
        for start in range(0, len(points), _AT_ONCE):
            away = (
                lengths - 2 * points[start : start + _AT_ONCE] @ candidates.T
            )  # but for the points' own lengths
            found.append(rows[np.argsort(away, axis=1, kind="stable")[:, :n]])
        return np.concatenate(found) if found else np.zeros((0, n), dtype=np.intp)


def space_of(table: pd.DataFrame) -> Space:
    """The space of a feature table's clips."""
    values = table[list(specs())].to_numpy(dtype=np.float64)
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    return Space(
        table[list(ABOUT)].reset_index(drop=True), mean, deviation, (values - mean) / deviation
    )


def nearest(space: Space, own: FeatureVector, n: int = NEAREST) -> pd.DataFrame:
    """The clips most like a recording by all features, the nearest first, columns `ABOUT`."""
    return space.about.iloc[space.nearest(space.standardised(own.values[None]), n)[0]]


def stored_places(corpora: Sequence[str]) -> pd.DataFrame:
    """Where the clips of some corpora lie on the map of all, in which alike ones lie together: columns corpus, path, x, y."""
    known = [
        pd.read_csv(manifest.intact(path)).assign(corpus=corpus)
        for corpus in corpora
        if manifest.expected(path := map_path(corpus))
    ]
    return (
        pd.concat(known, ignore_index=True)
        if known
        else pd.DataFrame(columns=["corpus", "path", "x", "y"]).astype({"x": float, "y": float})
    )


def places(space: Space, kind: str, reference: Space | None = None) -> pd.DataFrame:
    """Where each clip lies on one of `MAPS`: columns x, y and `ABOUT`, rows as in the space.

    Linear: the two directions in which these clips differ most. Neighbours: the stored map; a clip that is not on it (a person's own) lies amid
    the stored ones that are nearest to it, of this space or, where it has none, of `reference`.
    """
    if kind == "linear":
        x, y = (space.features @ space.axes.T).T
        return space.about.assign(x=x, y=y)
    at = _stored(space.about)
    lacking = np.isnan(at[:, 0])
    if lacking.any():
        at[lacking] = _amid(
            space.features[lacking] * space.deviation + space.mean,
            space if not lacking.all() else reference or space,
        )
    return space.about.assign(x=at[:, 0], y=at[:, 1])


def _stored(about: pd.DataFrame) -> Array:
    """The stored place of each clip, [clips, 2]; nan where it has none."""
    known = stored_places([str(corpus) for corpus in about["corpus"].unique()])
    return (
        about[["corpus", "path"]]
        .merge(known, on=["corpus", "path"], how="left")[["x", "y"]]
        .to_numpy(dtype=np.float64)
    )


def _amid(values: Array, reference: Space) -> Array:
    """The median place of the stored clips of `reference` that are nearest to each row of features, [m, 2]."""
    at = _stored(reference.about)
    there = ~np.isnan(at[:, 0])
    if not there.any():
        return np.zeros((len(values), 2))
    return np.asarray(
        np.median(at[reference.nearest(reference.standardised(values), among=there)], axis=1)
    )


def with_recording(
    placed: pd.DataFrame, space: Space, kind: str, own: FeatureVector | None
) -> pd.DataFrame:
    """The places with a recording's, last, whose path is "" and emotion "recording": on the neighbour map amid the clips nearest to it."""
    if own is None:
        return placed
    point = space.standardised(own.values[None])
    x, y = (
        (point @ space.axes.T)[0]
        if kind == "linear"
        else placed.iloc[space.nearest(point)[0]][["x", "y"]].median()
    )
    mine = pd.DataFrame([{**dict.fromkeys(ABOUT, ""), "emotion": "recording", "x": x, "y": y}])
    return pd.concat([placed, mine], ignore_index=True)


def inside(placed: pd.DataFrame, rectangle: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """The clips of a map inside a rectangle (x and y from and to), without their places; none without a rectangle."""
    clips = placed[placed["path"] != ""]
    if not {"x", "y"} <= set(rectangle):
        return clips.iloc[:0][list(ABOUT)]
    kept = clips["x"].between(*sorted(rectangle["x"])) & clips["y"].between(*sorted(rectangle["y"]))
    return clips.loc[kept, list(ABOUT)]


def thinned(placed: pd.DataFrame, most: int = MOST_POINTS) -> pd.DataFrame:
    """At most so many clips, spread evenly over the table's order; a recording stays."""
    clips = np.flatnonzero(placed["path"].to_numpy() != "")
    if len(clips) <= most:
        return placed
    kept = clips[np.linspace(0, len(clips) - 1, most).round().astype(int)]
    return placed.iloc[
        np.sort(np.concatenate([kept, np.flatnonzero(placed["path"].to_numpy() == "")]))
    ]


def named(placed: pd.DataFrame) -> list[tuple[str, str]]:
    """The clips of a map by corpus and path, in the order of the table."""
    clips = placed[placed["path"] != ""]
    return list(zip(clips["corpus"], clips["path"], strict=True))
