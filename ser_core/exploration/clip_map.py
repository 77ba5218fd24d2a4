"""The map of the explorer: all clips in two dimensions, similar ones together.

Features are standardised: each has mean 0 and deviation 1 over the clips of a space. Distances are
Euclidean over all features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_core.exploration.clip_selection import CLIP_COLUMNS
from ser_core.exploration.explored_features import feature_specs
from ser_core.features import FeatureVector
from ser_core.storage import manifest
from ser_core.storage.paths import DATA_DIR

Array = npt.NDArray[np.float64]

MAPS = {"neighbours": "Neighbours (t-SNE)", "linear": "Linear (principal components)"}
"""The two maps, and how pages call them."""
NEAREST = 5
"""The number of clips that are listed as most similar to another, and that decide on its place."""
MOST_POINTS = 3_000
"""The number of clips that are drawn; more would make a page slow and tell no more."""

_AT_ONCE = 256  # clips whose distances to all others are held in memory


def map_path(corpus: str) -> Path:
    """The file in `data/` with the places of a corpus's clips on the map of all corpora.

    `python -m ser_core map` makes it.
    """
    return DATA_DIR / corpus / "map.csv"


@dataclass(frozen=True, eq=False)
class FeatureSpace:
    """Clips and their standardised features."""

    about: pd.DataFrame
    """One row per clip, columns `CLIP_COLUMNS`."""
    mean: Array
    """Of each feature, shape [128]."""
    deviation: Array
    """Of each feature, shape [128]."""
    features: Array
    """Shape [clips, 128]."""

    def standardised(self, values: Array) -> Array:
        """Features in their own units [m, 128] on the scale of this space."""
        return np.asarray((values - self.mean) / self.deviation)

    @cached_property
    def axes(self) -> Array:
        """The first two principal components, shape [2, 128].

        In these directions the clips differ most.
        """
        _, vectors = np.linalg.eigh(self.features.T @ self.features)
        axes = vectors[:, :-3:-1].T
        signs = np.sign(axes.sum(axis=1, keepdims=True))
        return np.asarray(axes * signs)  # a component's sign is arbitrary: one for all machines

    def nearest(
        self, points: Array, n: int = NEAREST, among: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.intp]:
        """The rows of the clips nearest to some points, the nearest first.

        Parameters
        ----------
        points : array [m, 128]
            Standardised features.
        n : int
            The number of clips per point.
        among : array of bool [clips], optional
            The clips that count (default: all).

        Returns
        -------
        array of int [m, n]
        """
        rows = np.arange(len(self.features)) if among is None else np.flatnonzero(among)
        candidates = self.features[rows]
        squares = (candidates**2).sum(axis=1)
        parts = []
        for start in range(0, len(points), _AT_ONCE):
            # The squared distance but for the point's own square, which is the same for all clips.
            distances = squares - 2 * points[start : start + _AT_ONCE] @ candidates.T
            parts.append(rows[np.argsort(distances, axis=1, kind="stable")[:, :n]])
        return np.concatenate(parts) if parts else np.zeros((0, n), dtype=np.intp)


def build_space(table: pd.DataFrame) -> FeatureSpace:
    """The space of the clips of a feature table."""
    values = table[list(feature_specs())].to_numpy(dtype=np.float64)
    mean = values.mean(axis=0)
    deviation = values.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    about = table[list(CLIP_COLUMNS)].reset_index(drop=True)
    return FeatureSpace(about, mean, deviation, (values - mean) / deviation)


def nearest_clips(space: FeatureSpace, own: FeatureVector, n: int = NEAREST) -> pd.DataFrame:
    """The clips most similar to a recording, the nearest first, columns `CLIP_COLUMNS`.

    Parameters
    ----------
    space : FeatureSpace
    own : FeatureVector
        The features of the recording.
    n : int
        The number of clips.
    """
    return space.about.iloc[space.nearest(space.standardised(own.values[None]), n)[0]]


def read_stored_places(corpora: Sequence[str]) -> pd.DataFrame:
    """The places of the clips of some corpora on the stored map: columns corpus, path, x, y."""
    paths = {corpus: map_path(corpus) for corpus in corpora}
    parts = [
        pd.read_csv(manifest.verify(path)).assign(corpus=corpus)
        for corpus, path in paths.items()
        if manifest.is_expected(path)
    ]
    if not parts:
        empty = pd.DataFrame(columns=["corpus", "path", "x", "y"])
        return empty.astype({"x": float, "y": float})
    return pd.concat(parts, ignore_index=True)


def place_clips(
    space: FeatureSpace, kind: str, reference: FeatureSpace | None = None
) -> pd.DataFrame:
    """The place of each clip on one of `MAPS`.

    The linear map has the first two principal components of these clips. The map of neighbours is
    the stored one. A clip that is not on it (a person's own) lies amid the stored clips that are
    nearest to it.

    Parameters
    ----------
    space : FeatureSpace
    kind : str
        One of `MAPS`.
    reference : FeatureSpace, optional
        Where the nearest stored clips are looked for, if `space` has none.

    Returns
    -------
    DataFrame
        Columns x, y and `CLIP_COLUMNS`, rows as in the space.
    """
    if kind == "linear":
        x, y = (space.features @ space.axes.T).T
        return space.about.assign(x=x, y=y)
    places = _stored_places(space.about)
    lacks_place = np.isnan(places[:, 0])
    if lacks_place.any():
        values = space.features[lacks_place] * space.deviation + space.mean
        stored = space
        if lacks_place.all() and reference is not None:
            stored = reference
        places[lacks_place] = _median_places(values, stored)
    return space.about.assign(x=places[:, 0], y=places[:, 1])


def _stored_places(about: pd.DataFrame) -> Array:
    """The stored place of each clip, [clips, 2]; NaN where it has none."""
    stored = read_stored_places([str(corpus) for corpus in about["corpus"].unique()])
    keys = ["corpus", "path"]
    return about[keys].merge(stored, on=keys, how="left")[["x", "y"]].to_numpy(dtype=np.float64)


def _median_places(values: Array, reference: FeatureSpace) -> Array:
    """The median place of the stored clips nearest to each row of features, [m, 2]."""
    places = _stored_places(reference.about)
    has_place = ~np.isnan(places[:, 0])
    if not has_place.any():
        return np.zeros((len(values), 2))
    nearest = reference.nearest(reference.standardised(values), among=has_place)
    return np.asarray(np.median(places[nearest], axis=1))


def add_recording(
    placed: pd.DataFrame, space: FeatureSpace, kind: str, own: FeatureVector | None
) -> pd.DataFrame:
    """The places of clips with that of a recording in the last row.

    Its path is "" and its emotion "recording". On the map of neighbours it lies amid the clips that
    are nearest to it.

    Parameters
    ----------
    placed : DataFrame
        As `place_clips` gives it.
    space : FeatureSpace
        The space of the clips.
    kind : str
        One of `MAPS`.
    own : FeatureVector, optional
        The features of the recording; without them `placed` comes back.
    """
    if own is None:
        return placed
    point = space.standardised(own.values[None])
    if kind == "linear":
        x, y = (point @ space.axes.T)[0]
    else:
        x, y = placed.iloc[space.nearest(point)[0]][["x", "y"]].median()
    row = {**dict.fromkeys(CLIP_COLUMNS, ""), "emotion": "recording", "x": x, "y": y}
    return pd.concat([placed, pd.DataFrame([row])], ignore_index=True)


def clips_inside(placed: pd.DataFrame, rectangle: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """The clips of a map inside a rectangle, columns `CLIP_COLUMNS`.

    Parameters
    ----------
    placed : DataFrame
        As `place_clips` or `add_recording` give it.
    rectangle : mapping
        `x` and `y`, each from and to; without them no clip is inside.
    """
    clips = placed[placed["path"] != ""]
    if not {"x", "y"} <= set(rectangle):
        return clips.iloc[:0][list(CLIP_COLUMNS)]
    is_inside = pd.Series(True, index=clips.index)
    for axis in ("x", "y"):
        is_inside &= clips[axis].between(*sorted(rectangle[axis]))
    return clips.loc[is_inside, list(CLIP_COLUMNS)]


def thin_out(placed: pd.DataFrame, most: int = MOST_POINTS) -> pd.DataFrame:
    """At most so many clips, spread evenly over the table's order; a recording stays.

    Parameters
    ----------
    placed : DataFrame
        As `place_clips` or `add_recording` give it.
    most : int
        The number of clips.
    """
    is_clip = placed["path"].to_numpy() != ""
    clips = np.flatnonzero(is_clip)
    if len(clips) <= most:
        return placed
    chosen = clips[np.linspace(0, len(clips) - 1, most).round().astype(int)]
    return placed.iloc[np.sort(np.concatenate([chosen, np.flatnonzero(~is_clip)]))]


def clip_keys(placed: pd.DataFrame) -> list[tuple[str, str]]:
    """The corpus and the path of each clip of a map, in the order of the table."""
    clips = placed[placed["path"] != ""]
    return list(zip(clips["corpus"], clips["path"], strict=True))
