"""What is kept of contours: their statistics over the frames that matter, for `functionals_v1`.

Conventions: contours are [k, frames] or [frames], `on` and `voiced` are masks [frames], levels are in dB relative to the loud parts.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser_core.features import acoustic128, spectrum
from ser_core.features.functionals_catalogue import (
    BROAD_BANDS_HZ,
    MODULATION_EDGES_HZ,
    N_DCT,
    QUANTILES,
    Contour,
)
from ser_core.features.spectrum import Array

SAMPLE_RATE, HOP = acoustic128.SAMPLE_RATE, acoustic128.HOP
FRAME_S = HOP / SAMPLE_RATE

_REFERENCE_HZ = 55.0  # semitones are counted from this A
_FARTHEST_SEMITONES = (
    14.0  # from the median; beyond it F0 is a tracking error and is brought to this distance
)
_SMOOTH = 5  # frames of the running median of F0: a single wrong octave disappears


@dataclass(frozen=True, eq=False)
class Moving:
    """Contours of one kind, how fast they change, and how fast that changes: each [k, frames]."""

    values: Array
    slopes: Array
    bends: Array

    @classmethod
    def of(cls, values: Array) -> Moving:
        slopes = spectrum.delta(values)
        return cls(values, slopes, spectrum.delta(slopes))


def table(
    moving: Moving,
    on: npt.NDArray[np.bool_],
    voiced: npt.NDArray[np.bool_],
    level_db: Array,
    statistics: Sequence[str],
    about: Sequence[Contour],
) -> Array:
    """The statistics of contours [k, frames] over the frames `on`: all contours' first statistic, then all their second, ...

    A clip without a single frame to look at (nothing in it repeats itself, so nothing is voiced) has zeros.
    """
    if not on.any():
        return np.zeros(len(statistics) * len(moving.values))
    flat = np.array([contour.flat for contour in about])
    values = moving.values[:, on]
    mean, std = values.mean(axis=1), values.std(axis=1)
    centred = values - mean[:, None]
    low, middle, high = acoustic128.quantiles(values, (10, 50, 90))
    found = {"mean": mean, "std": std, "low": low - middle, "high": high - middle}
    found["skewness"] = (centred**3).mean(axis=1) / (std**2 + flat**2) ** 1.5
    found["speed"] = np.abs(moving.slopes[:, on]).mean(axis=1)
    if "acceleration" in statistics:
        found["acceleration"] = np.abs(moving.bends[:, on]).mean(axis=1)
    louder = level_db[on] - level_db[on].mean()
    found["lift"] = (centred * louder).mean(axis=1) / (
        np.mean(louder**2) + 1.0
    )  # the 1 dB² keeps a constant level from dividing by 0
    found["trend"] = slope(centred, _places(on))
    while_voiced = moving.values[:, voiced] if voiced.any() else mean[:, None]
    found["voiced_mean"], found["voiced_std"] = while_voiced.mean(axis=1), while_voiced.std(axis=1)
    return np.concatenate([found[key] for key in statistics])


# --------------------------------------------------------------------------------------------------------------- pitch


@dataclass(frozen=True, eq=False)
class Voice:
    """Voiced frames: their numbers `at` (of all frames), F0 in semitones above 55 Hz, and the place in the speech, 0 to 1."""

    at: npt.NDArray[np.intp]
    semitones: Array
    place: Array


def smooth_voice(f: acoustic128.Frames) -> Voice:
    """F0 of the voiced frames after a running median; nothing voiced at all counts as one frame at 110 Hz."""
    at = np.flatnonzero(f.voiced)
    if not len(at):
        return Voice(np.zeros(1, dtype=np.intp), np.array([12.0]), np.array([0.5]))
    semitones = 12 * np.log2(f.pitch.f0_hz[at] / _REFERENCE_HZ)
    around = np.pad(semitones, _SMOOTH // 2, mode="edge")
    semitones = np.median(np.lib.stride_tricks.sliding_window_view(around, _SMOOTH), axis=1)
    middle = np.median(semitones)
    semitones = np.clip(semitones, middle - _FARTHEST_SEMITONES, middle + _FARTHEST_SEMITONES)
    first, last = np.flatnonzero(f.active)[[0, -1]]
    return Voice(at, semitones, (at - first) / max(last - first, 1))


def pitch_features(voice: Voice, level_db: Array) -> list[float]:
    """The features of the group Pitch, in the order of the catalogue; `level_db` is [frames]."""
    at, pitch, place = voice.at, voice.semitones, voice.place
    middle = float(np.median(pitch))
    relative = pitch - middle
    low, high = acoustic128.quantiles(pitch, [10, 90])
    together = np.diff(at) == 1
    steps = np.diff(pitch)[together] / FRAME_S
    steps = steps[
        np.abs(steps) < _FARTHEST_SEMITONES / 4 / FRAME_S
    ]  # no voice moves by 3.5 semitones in 16 ms: the tracker does
    rises, falls = steps[steps > 0], steps[steps < 0]
    bends = (pitch[2:] - 2 * pitch[1:-1] + pitch[:-2])[together[1:] & together[:-1]]
    runs = [
        run for run in np.split(np.arange(len(at)), np.flatnonzero(~together) + 1) if len(run) >= 4
    ] or [np.arange(len(at))]
    run_slopes = [
        float(slope(pitch[run][None], at[run].astype(np.float64))[0]) / FRAME_S for run in runs
    ]
    run_middles = np.array([np.median(relative[run]) for run in runs])
    louder = level_db[at] - level_db[at].mean()
    centred = pitch - pitch.mean()
    covariance = float(np.mean(centred * louder))
    return [
        middle,
        float(low),
        float(high),
        *acoustic128.quantiles(relative, QUANTILES).tolist(),
        *_shape_of(centred, 0.1),
        *_arc(centred, place),
        *_thirds(relative, place),
        *_waves(centred, place),
        _mean(np.abs(steps)),
        _mean(rises),
        _mean(falls),
        float(acoustic128.quantiles(np.abs(steps), [90])[0]) if len(steps) else 0.0,
        float(np.mean(steps > 0)) if len(steps) else 0.5,
        _mean(np.abs(bends)),
        float(np.mean([np.ptp(pitch[run]) for run in runs])),
        float(np.mean(run_slopes)),
        float(run_middles.std()),
        float(run_middles[-1]),
        run_slopes[-1],
        float(place[pitch.argmax()]),
        covariance / (float(np.mean(louder**2)) + 1.0),
        covariance / float(np.sqrt((np.mean(louder**2) + 1.0) * (np.mean(centred**2) + 0.01))),
    ]


# -------------------------------------------------------------------------------------------------- energy and rhythm


def energy_features(f: acoustic128.Frames, relative: Array) -> list[float]:
    """The features of the group Energy, in the order of the catalogue; `relative` is the level [frames]."""
    on = f.active
    level, place = relative[on], _places(on) + 0.5
    centred = level - level.mean()
    both = on[1:] & on[:-1]
    steps = np.diff(relative)[both]
    rises, falls = steps[steps > 0], steps[steps < 0]
    steady = f.voiced[2:] & f.voiced[1:-1] & f.voiced[:-2]
    bends = (relative[2:] - 2 * relative[1:-1] + relative[:-2])[steady]
    rest = on & ~f.voiced
    over_rest = (
        relative[f.voiced].mean() - relative[rest].mean() if f.voiced.any() and rest.any() else 0.0
    )
    peaks = acoustic128._syllables(f)
    peak_levels = relative[peaks]
    several = len(peaks) > 1
    return [
        float(level.mean()),
        float(centred.std()),
        *(acoustic128.quantiles(level, QUANTILES) - np.median(level)).tolist(),
        *_shape_of(centred, 0.5)[1:],
        *_arc(centred, place),
        *_thirds(centred, place),
        *_waves(centred, place),
        _mean(rises),
        _mean(falls),
        float(acoustic128.quantiles(rises, [90])[0]) if len(rises) else 0.0,
        float(acoustic128.quantiles(falls, [10])[0]) if len(falls) else 0.0,
        _mean(np.abs(steps)),
        _mean(np.abs(bends)),
        float(np.mean(level > -6)),
        float(np.mean(level > -12)),
        float(level.max() - 10 * np.log10(np.mean(10 ** (level / 10)))),
        float(place[level.argmax()]),
        float(over_rest),
        float(peak_levels.std()) if several else 0.0,
        float(slope(peak_levels[None], np.linspace(0, 1, len(peaks)))[0]) if several else 0.0,
    ]


def rhythm_features(f: acoustic128.Frames, loudness: Array) -> list[float]:
    """The features of the group Rhythm, in the order of the catalogue; `loudness` is that of the function of this name."""
    first, last = np.flatnonzero(f.active)[[0, -1]]
    span = slice(first, last + 1)
    seconds = (last - first + 1) * FRAME_S
    syllables = acoustic128._syllables(f)
    gaps = np.diff(syllables) * FRAME_S
    changes = (
        2 * np.abs(np.diff(gaps)) / (gaps[1:] + gaps[:-1])
    )  # Grabe E, Low EL (2002), normalised pairwise variability index
    lengths = []
    for flags in (f.voiced[span], (f.active & ~f.voiced)[span], ~f.active[span]):
        runs = acoustic128._runs(flags) * FRAME_S
        lengths += [
            _mean(runs),
            float(runs.std()) if len(runs) else 0.0,
            float(runs.max(initial=0.0)),
            len(runs) / seconds,
        ]
    return [
        len(syllables) / seconds,
        _mean(gaps),
        float(gaps.std()) if len(gaps) else 0.0,
        _mean(changes),
        float(f.active.sum() * FRAME_S / seconds),
        float(f.voiced.sum() / f.active.sum()),
        *lengths,
        *_modulation(loudness[:, span]),
    ]


def loudness(power: Array) -> Array:
    """The loudness of the whole spectrum [bins, frames] and of three parts of it, shape [4, frames].

    It is taken as the fourth root of power (Stevens's law, roughly).
    """
    hertz = np.linspace(0, SAMPLE_RATE / 2, len(power))
    parts = [
        power[np.searchsorted(hertz, low) : np.searchsorted(hertz, high, "right")].sum(axis=0)
        for low, high in BROAD_BANDS_HZ.values()
    ]
    return np.asarray(np.stack(parts) ** 0.25)


def _modulation(loudness: Array) -> list[float]:
    """How much of the rise and fall of loudness [k, frames] happens at which rate.

    Five shares for each of its rows, then the depth of each, that is deviation over mean.
    """
    import scipy.fft

    mean = loudness.mean(axis=1, keepdims=True) + 1e-9
    swing = loudness / mean - 1
    n = max(256, scipy.fft.next_fast_len(swing.shape[1]))  # a short clip has bins at every rate too
    energy = np.abs(scipy.fft.rfft(swing * np.hanning(swing.shape[1] + 2)[1:-1], n, axis=1)) ** 2
    rates = np.linspace(0, 0.5 / FRAME_S, energy.shape[1])
    total = energy[:, rates >= MODULATION_EDGES_HZ[0]].sum(axis=1) + 1e-6
    shares = [
        energy[:, (rates >= low) & (rates < high)].sum(axis=1) / total
        for low, high in itertools.pairwise(MODULATION_EDGES_HZ)
    ]
    return [*np.stack(shares, axis=1).ravel().tolist(), *swing.std(axis=1).tolist()]


# --------------------------------------------------------------------------------------------------------- small tools


def _places(on: npt.NDArray[np.bool_]) -> Array:
    """Where each frame that is on lies between the first (-0.5) and the last (0.5) of them."""
    at = np.flatnonzero(on)
    return (at - at[0]) / max(at[-1] - at[0], 1) - 0.5


def slope(values: Array, at: Array) -> Array:
    """The slope of a line through each row of `values` [k, n] at the places `at` [n]; 0 where there is one place only.

    >>> slope(np.array([[1.0, 3.0, 5.0]]), np.array([0.0, 1.0, 2.0])).tolist()
    [2.0]
    """
    around = at - at.mean()
    spread = float(around @ around)
    return np.asarray(values @ around / spread) if spread > 0 else np.zeros(len(values))


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else 0.0


def _shape_of(centred: Array, flat: float) -> list[float]:
    """Deviation, skewness and excess kurtosis; the last two go to 0 where the deviation is below `flat`."""
    variance = float(np.mean(centred**2))
    soft = variance + flat**2
    return [
        variance**0.5,
        float(np.mean(centred**3)) / soft**1.5,
        float(np.mean(centred**4) - 3 * variance**2) / soft**2,
    ]


def _arc(centred: Array, place: Array) -> list[float]:
    """How much a contour grows from place 0 to 1, and how much higher both ends are than the middle (Legendre's parabola)."""
    x = 2 * place - 1
    parabola = 1.5 * x**2 - 0.5
    parabola = parabola - parabola.mean()
    energy = float(parabola @ parabola)
    return [
        float(slope(centred[None], place)[0]),
        float(centred @ parabola / energy) if energy > 1e-9 else 0.0,
    ]


def _thirds(values: Array, place: Array) -> list[float]:
    """The means over the thirds of the speech; 0 for a third without a frame."""
    return [_mean(values[(place >= low) & (place <= low + 1 / 3)]) for low in (0, 1 / 3, 2 / 3)]


def _waves(centred: Array, place: Array) -> list[float]:
    """The size of 1, 2, ... half cosine waves over the speech in a contour that may have gaps."""
    return [float(2 * np.mean(centred * np.cos(np.pi * k * place))) for k in range(1, N_DCT + 1)]
