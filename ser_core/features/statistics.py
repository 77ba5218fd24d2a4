"""Statistics of contours, for `functionals_v1`.

Conventions: contours are [k, frames] or [frames]. Masks are [frames]. Levels are in dB relative to the loud
parts of the clip. A *place* is a position in the speech, from the first to the last frame that counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ser_core.features import spectral_features
from ser_core.features.contour_catalogue import Contour
from ser_core.features.prosody_catalogue import N_DCT
from ser_core.features.spectrum import Array
from ser_core.features.speech_frames import Mask, quantiles


@dataclass(frozen=True, eq=False)
class ContoursWithDeltas:
    """Contours of one kind, their slopes (deltas), and the slopes of the slopes; each [k, frames]."""

    values: Array
    deltas: Array
    double_deltas: Array

    @classmethod
    def of(cls, values: Array) -> ContoursWithDeltas:
        """Contours [k, frames] with their deltas."""
        deltas = spectral_features.delta(values)
        return cls(values, deltas, spectral_features.delta(deltas))


def contour_statistics(
    contours: ContoursWithDeltas,
    on: Mask,
    voiced: Mask,
    level_db: Array,
    statistics: Sequence[str],
    catalogue: Sequence[Contour],
) -> Array:
    """The statistics of contours over some frames.

    Parameters
    ----------
    contours : ContoursWithDeltas
        k contours.
    on, voiced : arrays of bool [frames]
        The frames that count, and the voiced frames.
    level_db : array [frames]
        The level relative to the loud parts.
    statistics : sequence of str
        Keys of `contour_catalogue.STATISTICS`.
    catalogue : sequence of Contour
        What the k contours are.

    Returns
    -------
    array [len(statistics) * k]
        The first statistic of all contours, then the second, and so on. All are 0 where no frame is on: a
        clip in which nothing repeats itself has no voiced frame.
    """
    if not on.any():
        return np.zeros(len(statistics) * len(contours.values))
    flat = np.array([contour.flat for contour in catalogue])
    values = contours.values[:, on]
    mean, std = values.mean(axis=1), values.std(axis=1)
    centred = values - mean[:, None]
    low, median, high = quantiles(values, (10, 50, 90))
    by_name = {"mean": mean, "std": std, "low": low - median, "high": high - median}
    by_name["skewness"] = (centred**3).mean(axis=1) / (std**2 + flat**2) ** 1.5
    by_name["speed"] = np.abs(contours.deltas[:, on]).mean(axis=1)
    if "acceleration" in statistics:
        by_name["acceleration"] = np.abs(contours.double_deltas[:, on]).mean(axis=1)
    centred_level = level_db[on] - level_db[on].mean()
    # The 1 dB² keeps a constant level from dividing by 0.
    by_name["lift"] = (centred * centred_level).mean(axis=1) / (np.mean(centred_level**2) + 1.0)
    by_name["trend"] = line_slope(centred, places(on))
    while_voiced = contours.values[:, voiced] if voiced.any() else mean[:, None]
    by_name["voiced_mean"] = while_voiced.mean(axis=1)
    by_name["voiced_std"] = while_voiced.std(axis=1)
    return np.concatenate([by_name[key] for key in statistics])


def places(on: Mask) -> Array:
    """Where each frame that is on lies between the first (-0.5) and the last (0.5) of them."""
    at = np.flatnonzero(on)
    return (at - at[0]) / max(at[-1] - at[0], 1) - 0.5


def line_slope(values: Array, at: Array) -> Array:
    """The slope of a line through each row.

    Parameters
    ----------
    values : array [rows, n]
        The heights.
    at : array [n]
        The places.

    Returns
    -------
    array [rows]
        0 where all places are the same.

    Examples
    --------
    >>> line_slope(np.array([[1.0, 3.0, 5.0]]), np.array([0.0, 1.0, 2.0])).tolist()
    [2.0]
    """
    centred = at - at.mean()
    spread = float(centred @ centred)
    return np.asarray(values @ centred / spread) if spread > 0 else np.zeros(len(values))


def mean_or_zero(values: Array) -> float:
    """The mean of values [n]; 0 without any value."""
    return float(values.mean()) if len(values) else 0.0


def moments(centred: Array, flat: float) -> list[float]:
    """Deviation, skewness and excess kurtosis; the last two go to 0 where the deviation is below `flat`."""
    variance = float(np.mean(centred**2))
    soft_variance = variance + flat**2
    return [
        variance**0.5,
        float(np.mean(centred**3)) / soft_variance**1.5,
        float(np.mean(centred**4) - 3 * variance**2) / soft_variance**2,
    ]


def growth_and_arch(centred: Array, place: Array) -> list[float]:
    """The growth from place 0 to 1, and by how much both ends are above the middle (Legendre's parabola)."""
    x = 2 * place - 1
    parabola = 1.5 * x**2 - 0.5
    parabola = parabola - parabola.mean()
    energy = float(parabola @ parabola)
    return [
        float(line_slope(centred[None], place)[0]),
        float(centred @ parabola / energy) if energy > 1e-9 else 0.0,
    ]


def means_of_thirds(values: Array, place: Array) -> list[float]:
    """The means over the thirds of the speech; 0 for a third without a frame."""
    return [
        mean_or_zero(values[(place >= low) & (place <= low + 1 / 3)]) for low in (0, 1 / 3, 2 / 3)
    ]


def half_waves(centred: Array, place: Array) -> list[float]:
    """The size of 1, 2, ... half cosine waves over the speech in a contour that may have gaps."""
    return [float(2 * np.mean(centred * np.cos(np.pi * k * place))) for k in range(1, N_DCT + 1)]
