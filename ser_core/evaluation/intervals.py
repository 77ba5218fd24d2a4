"""95% intervals: a value, how far it would move with other speakers, and the words for it.

Conventions: speakers, not clips, are drawn with replacement, because the clips of one voice resemble each
other. Counts have the speakers first, shape [speakers, ...]. An interval is the range from the 2.5th to the
97.5th percentile of the replicates; its ends are NaN where there are fewer than two speakers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

REPLICATES = 2000
"""How often the speakers are drawn."""

_ENDS = (2.5, 97.5)


@dataclass(frozen=True)
class Interval:
    """A value with its 95% interval; `low` and `high` are NaN where the interval is unknown."""

    value: float
    low: float
    high: float


def percentile_interval(value: float, replicates: npt.ArrayLike | None) -> Interval:
    """The 95% percentile interval of a value (Efron 1981).

    Parameters
    ----------
    value : float
        The statistic of the data.
    replicates : array [n] or None
        The same statistic of n bootstrap samples; NaN entries do not count. None where there are none.

    Returns
    -------
    Interval
        With NaN as its ends where `replicates` is None.

    Examples
    --------
    >>> percentile_interval(20.0, np.arange(41))
    Interval(value=20.0, low=1.0, high=39.0)
    """
    if replicates is None:
        return Interval(float(value), float("nan"), float("nan"))
    low, high = np.nanpercentile(np.asarray(replicates), _ENDS)
    return Interval(float(value), float(low), float(high))


def resample_speakers(counts: Array) -> Array:
    """Sums of counts over speakers drawn with replacement, as many as there are.

    The draws depend on the number of speakers alone, so that two models on the same speakers are compared
    draw by draw.

    Parameters
    ----------
    counts : array [speakers, ...]
        What is counted of each speaker, the speakers in sorted order.

    Returns
    -------
    array [REPLICATES, ...]
        The sum over the drawn speakers in each replicate.
    """
    drawn = _draws(len(counts))
    return (drawn @ counts.reshape(len(counts), -1)).reshape(len(drawn), *counts.shape[1:])


def bootstrap_interval(statistic: Callable[[Array], Array], counts: Array) -> Interval:
    """A statistic of all speakers with its 95% interval over speakers.

    Parameters
    ----------
    statistic : callable
        From summed counts [..., *] to values [...]; for example `uar` from confusion matrices.
    counts : array [speakers, ...]
        What is counted of each speaker, the speakers in sorted order.

    Returns
    -------
    Interval
        With NaN as its ends where there are fewer than two speakers.
    """
    value = float(statistic(counts.sum(axis=0)))
    replicates = statistic(resample_speakers(counts)) if len(counts) > 1 else None
    return percentile_interval(value, replicates)


def describe_interval(interval: Interval) -> str:
    """A share with its interval, in percent.

    Examples
    --------
    >>> describe_interval(Interval(0.5, 0.4, 0.62))
    '50.0% (95% interval 40.0% to 62.0%)'
    >>> describe_interval(Interval(0.5, np.nan, np.nan))
    '50.0% (interval unknown)'
    """
    if np.isnan(interval.low):
        return f"{interval.value:.1%} (interval unknown)"
    return f"{interval.value:.1%} (95% interval {interval.low:.1%} to {interval.high:.1%})"


@lru_cache(maxsize=32)
def _draws(n_speakers: int) -> Array:
    """How often each speaker is drawn in each replicate, shape [REPLICATES, speakers].

    Kept, because drawing costs more than what is counted with the draws.
    """
    rng = np.random.default_rng(0)
    each = np.full(n_speakers, 1 / n_speakers)
    draws = rng.multinomial(n_speakers, each, size=REPLICATES).astype(np.float64)
    draws.flags.writeable = False
    return draws
