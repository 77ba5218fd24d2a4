"""Peaks of contours, and the syllables that they show.

Conventions: contours are [n], positions are indices in order. The peaks are those of
`scipy.signal.find_peaks`, which would take a third of a second to import.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ser_core.features.spectrum import Array

Positions = npt.NDArray[np.intp]


def find_syllables(
    level: Array, floor: float, n_smooth: int, dip_db: float, least: float = -np.inf
) -> Positions:
    """The peaks of a level contour.

    After de Jong NH, Wempe T (2009), Praat script to detect syllable nuclei, Behavior Research Methods 41(2).

    Parameters
    ----------
    level : array [frames]
        In dB.
    floor : float
        Lower levels are raised to this one, in dB.
    n_smooth : int
        The length in frames of the Hann window that smooths the level.
    dip_db : float
        A peak is so far above the dips on both sides.
    least : float
        A peak is at least so high, in dB.

    Returns
    -------
    array of int [peaks]
        Frame numbers.
    """
    window = np.hanning(n_smooth + 2)[1:-1]
    smooth = np.convolve(np.maximum(level, floor), window / window.sum(), mode="same")
    return find_prominent_peaks(smooth, dip_db, least)


def find_prominent_peaks(values: Array, prominence: float, least: float = -np.inf) -> Positions:
    """The local maxima that stand out; of a plateau, its middle.

    The prominence of a maximum is the descent from it before values get higher than it, on the side where
    that is less.

    Parameters
    ----------
    values : array [n]
        The contour.
    prominence : float
        The least prominence of a peak.
    least : float
        The least height of a peak.

    Returns
    -------
    array of int [peaks]
        Positions.

    Examples
    --------
    >>> find_prominent_peaks(np.array([0.0, 5.0, 4.0, 4.5, 1.0, 3.0, 3.0, 3.0, 0.0]), 1.0).tolist()
    [1, 6]
    """
    starts = np.flatnonzero(np.diff(values, prepend=np.nan))  # of the runs of equal values
    run = values[starts]
    tops = 1 + np.flatnonzero((run[:-2] < run[1:-1]) & (run[1:-1] > run[2:]))
    if not len(tops):
        return tops
    height = run[tops]
    is_peak = (height - _highest_dips(run, tops) >= prominence) & (height >= least)
    ends = np.append(starts[1:], len(values)) - 1
    middles = (starts[tops] + ends[tops]) // 2
    return np.asarray(middles)[is_peak]


def _highest_dips(run: Array, tops: Positions) -> Array:
    """The higher of the two dips beside each top, each up to the next value that is higher than the top."""
    # The first and the last value may be higher than a maximum, too; between two tops there is a dip.
    edges = np.concatenate([[0], tops, [len(run) - 1]])
    height, dips = run[edges], np.minimum.reduceat(run, edges[:-1])
    dips[-1] = min(dips[-1], run[-1])
    number, at = np.arange(len(edges)), np.arange(1, len(edges) - 1)[:, None]
    higher = height > height[1:-1, None]
    left = np.where(higher & (number < at), number, 0).max(axis=1)
    right = np.where(higher & (number > at), number, len(edges) - 1).min(axis=1)
    dip = number[:-1]
    before = (dip >= left[:, None]) & (dip < at)
    after = (dip >= at) & (dip < right[:, None])
    deepest_before = np.where(before, dips, np.inf).min(axis=1)
    deepest_after = np.where(after, dips, np.inf).min(axis=1)
    return np.asarray(np.maximum(deepest_before, deepest_after))
