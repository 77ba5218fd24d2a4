"""Peaks of contours: syllables in the level. As `scipy.signal.find_peaks`, which takes a third of a second to import."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ser_core.features.spectrum import Array


def syllables(
    level: Array, floor: float, n_smooth: int, dip_db: float, least: float = -np.inf
) -> npt.NDArray[np.intp]:
    """Positions of the peaks of a level [frames] in dB, raised to `floor` and smoothed by a Hann window of `n_smooth` frames.

    A peak is at least `least` high and `dip_db` above the dips beside it. After de Jong NH, Wempe T (2009), Praat script to detect
    syllable nuclei, Behavior Research Methods 41(2).
    """
    window = np.hanning(n_smooth + 2)[1:-1]
    return prominent(
        np.convolve(np.maximum(level, floor), window / window.sum(), mode="same"), dip_db, least
    )


def prominent(values: Array, prominence: float, least: float = -np.inf) -> npt.NDArray[np.intp]:
    """Positions of the local maxima of values [n] that are at least `least` high and have at least a prominence; of a plateau, its middle.

    The prominence of a maximum is what one has to descend from it before values get higher than it, on the side where that is less.

    >>> prominent(np.array([0.0, 5.0, 4.0, 4.5, 1.0, 3.0, 3.0, 3.0, 0.0]), 1.0).tolist()
    [1, 6]
    """
    starts = np.flatnonzero(np.diff(values, prepend=np.nan))  # of the runs of equal values
    run = values[starts]
    tops = 1 + np.flatnonzero((run[:-2] < run[1:-1]) & (run[1:-1] > run[2:]))
    if not len(tops):
        return tops
    # The first and the last value may be higher than a maximum, too; between two tops there is a dip.
    edges = np.concatenate([[0], tops, [len(run) - 1]])
    height, dips = run[edges], np.minimum.reduceat(run, edges[:-1])
    dips[-1] = min(dips[-1], run[-1])
    number, at = np.arange(len(edges)), np.arange(1, len(edges) - 1)[:, None]
    higher = height > height[1:-1, None]
    left = np.where(higher & (number < at), number, 0).max(axis=1)
    right = np.where(higher & (number > at), number, len(edges) - 1).min(axis=1)
    dip = number[:-1]
    deepest = [
        np.where(inside, dips, np.inf).min(axis=1)
        for inside in ((dip >= left[:, None]) & (dip < at), (dip >= at) & (dip < right[:, None]))
    ]
    kept = (height[1:-1] - np.maximum(*deepest) >= prominence) & (height[1:-1] >= least)
    ends = np.append(starts[1:], len(values)) - 1
    return np.asarray((starts[tops] + ends[tops]) // 2)[kept]
