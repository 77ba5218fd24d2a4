"""`functionals_v1`: several hundred statistics of a clip's contours, the large feature set for a linear model.

A contour is one number per frame of 64 ms every 16 ms: a mel band, an MFCC, a measure of spectral shape, of the voice, of
pitch or of level. What is kept of it are its statistics over the *active* or the *voiced* frames, which `acoustic128_v1`
defines. The idea, and most of the contours, are those of openSMILE's sets: Eyben F et al. (2016), The Geneva minimalistic
acoustic parameter set (GeMAPS), IEEE Transactions on Affective Computing 7(2); the numbers are our own and not comparable.

Three things are meant to last when the microphone changes:

- the clip is brought to one level first, and levels are compared with the clip's own loud parts;
- spectra end 60 dB below the clip's loudest band, so that what a codec does to near-silence is not heard;
- a fixed filter (a microphone, a telephone) adds a constant in dB to a mel band or an MFCC. It moves the average of the
  contour and leaves deviation, range, speed, trend and lift where they were. The averages are the features of
  `CHANNEL_DEPENDENT`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.features import acoustic128, spectrum
from ser_core.features.functionals_catalogue import (
    BROAD_BANDS_HZ,
    CHANNEL_DEPENDENT,
    MEL_CONTOURS,
    MFCC_CONTOURS,
    MODULATION_EDGES_HZ,
    N_DCT,
    N_MEL,
    N_MFCC,
    OF_MEL,
    OF_MFCC,
    OF_SHAPE,
    OF_VOICE,
    QUANTILES,
    SHAPE_CONTOURS,
    SPECS,
    VOICE_CONTOURS,
    Contour,
)
from ser_core.features.spectrum import Array

if TYPE_CHECKING:
    from ser_core.audio import Recording

__all__ = ["CHANNEL_DEPENDENT", "N_MEL", "SPECS", "extract"]

SAMPLE_RATE, N_FFT, HOP = acoustic128.SAMPLE_RATE, acoustic128.N_FFT, acoustic128.HOP
FLOOR_DB = 60.0

_FRAME_S = HOP / SAMPLE_RATE
_REFERENCE_HZ = 55.0  # semitones are counted from this A
_FARTHEST_SEMITONES = 14.0  # from the median; beyond it F0 is a tracking error and is brought to this distance
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


@dataclass(frozen=True, eq=False)
class Contours:
    """Everything per frame that the statistics are taken of; `level_db` [frames] is relative to the loud parts."""

    frames: acoustic128.Frames
    power: Array
    mel: Moving
    mfcc: Moving
    shape: Moving
    voice: Moving
    level_db: Array


def extract(recording: Recording) -> Array:
    """The features of a recording at 16 kHz, in the order of `SPECS`."""
    return summary(contours(recording))


def contours(recording: Recording) -> Contours:
    """The contours of a recording at 16 kHz."""
    samples = acoustic128.normalised(recording)
    f = acoustic128.frames(samples)
    power = spectrum.power_spectrogram(samples, N_FFT, HOP)
    mel_db = _floored(10 * np.log10(spectrum.mel_filters(SAMPLE_RATE, N_FFT, N_MEL) @ power + 1e-12))
    return Contours(
        frames=f,
        power=power,
        mel=Moving.of(mel_db - mel_db.mean(axis=0)),
        mfcc=Moving.of(spectrum.mfcc(mel_db, N_MFCC + 1)[1:]),
        shape=Moving.of(_shape_contours(f, power, mel_db)),
        voice=Moving.of(_voice_contours(f, power)),
        level_db=f.level_db - np.percentile(f.level_db, 95),
    )


def silenced(c: Contours, start_s: float, end_s: float) -> Contours:
    """The contours where the frames between two times are a pause: nearly those of the recording with silence there, at a fifth of the cost."""
    at = np.arange(len(c.level_db)) * _FRAME_S
    heard = (at < start_s) | (at >= end_s)
    if not (c.frames.active & heard).any():
        return c
    frames = replace(c.frames, active=c.frames.active & heard, voiced=c.frames.voiced & heard)
    return replace(c, frames=frames, power=c.power * heard)


def summary(c: Contours) -> Array:
    """The statistics of contours, in the order of `SPECS`."""
    f, level_db = c.frames, c.level_db
    return np.concatenate(
        [
            _table(c.mel, f.active, f.voiced, level_db, OF_MEL, MEL_CONTOURS),
            _table(c.mfcc, f.active, f.voiced, level_db, OF_MFCC, MFCC_CONTOURS),
            _table(c.shape, f.active, f.voiced, level_db, OF_SHAPE, SHAPE_CONTOURS),
            _table(c.voice, f.voiced, f.voiced, level_db, OF_VOICE, VOICE_CONTOURS),
            _pitch_features(_smooth_voice(f), level_db),
            _energy_features(f, level_db),
            _rhythm_features(f, c.power),
        ]
    )


def _floored(decibels: Array) -> Array:
    """Not lower than 60 dB below the largest value."""
    return np.maximum(decibels, decibels.max() - FLOOR_DB)


def _table(
    moving: Moving, on: npt.NDArray[np.bool_], voiced: npt.NDArray[np.bool_], level_db: Array, statistics: Sequence[str], about: Sequence[Contour]
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
    low, middle, high = _quantiles(values, (10, 50, 90))
    found = {"mean": mean, "std": std, "low": low - middle, "high": high - middle}
    found["skewness"] = (centred**3).mean(axis=1) / (std**2 + flat**2) ** 1.5
    found["speed"] = np.abs(moving.slopes[:, on]).mean(axis=1)
    if "acceleration" in statistics:
        found["acceleration"] = np.abs(moving.bends[:, on]).mean(axis=1)
    louder = level_db[on] - level_db[on].mean()
    found["lift"] = (centred * louder).mean(axis=1) / (np.mean(louder**2) + 1.0)  # the 1 dB² keeps a constant level from dividing by 0
    found["trend"] = _slope(centred, _places(on))
    while_voiced = moving.values[:, voiced] if voiced.any() else mean[:, None]
    found["voiced_mean"], found["voiced_std"] = while_voiced.mean(axis=1), while_voiced.std(axis=1)
    return np.concatenate([found[key] for key in statistics])


def _shape_contours(f: acoustic128.Frames, power: Array, mel_db: Array) -> Array:
    """The contours of `SHAPE_CONTOURS`, shape [k, frames].

    Alpha ratio, Hammarberg index and slopes as in GeMAPS, the slopes up to 5 kHz and through mel bands.
    """
    hertz = np.linspace(0, SAMPLE_RATE / 2, len(power))
    centres = np.array([contour.frequency_hz for contour in MEL_CONTOURS])
    faint = power.max() * 10 ** (-FLOOR_DB / 10)
    clean = _above_rounding(power)

    def level(low: float, high: float) -> Array:
        return 10 * np.log10(power[(hertz >= low) & (hertz < high)].sum(axis=0) + faint)

    def peak(low: float, high: float) -> Array:
        return 10 * np.log10(power[(hertz >= low) & (hertz < high)].max(axis=0) + faint)

    def tilt(low: float, high: float) -> Array:
        inside = (centres >= low) & (centres < high)
        return _slope(mel_db[inside].T, centres[inside] / 1000)

    bands = 10 ** (mel_db / 20)
    shares = bands / np.sqrt((bands**2).sum(axis=0))
    flux = np.concatenate([[0.0], np.sqrt(((shares[:, 1:] - shares[:, :-1]) ** 2).sum(axis=0))])
    octaves = [np.log2(np.maximum(f.shape[name], 50.0) / 1000) for name in ("centroid", "bandwidth", "rolloff")]
    rows = [
        *octaves,
        10 * np.log10(np.exp(np.log(clean).mean(axis=0)) / clean.mean(axis=0)),
        f.shape["zcr"],
        *spectrum.contrast(np.sqrt(clean), SAMPLE_RATE),
        level(1000, 5000) - level(50, 1000),
        peak(0, 2000) - peak(2000, 5000),
        tilt(0, 500),
        tilt(500, 1500),
        tilt(1500, 5000),
        flux,
        f.onset,
    ]
    return np.stack(rows)


def _above_rounding(power: Array) -> Array:
    """Power [bins, frames], in each frame at least 60 dB below its strongest bin.

    Between the harmonics of a clean tone there are nulls whose depth is mere rounding; contrast and flatness would follow it.
    """
    return np.maximum(power, power.max(axis=0) * 10 ** (-FLOOR_DB / 10) + 1e-14)


def _voice_contours(f: acoustic128.Frames, power: Array) -> Array:
    """The contours of `VOICE_CONTOURS`, meaningful in voiced frames, shape [4, frames].

    The cepstral peak is that of Hillenbrand J, Houde RA (1996), Acoustic correlates of breathy vocal quality, Journal of
    Speech and Hearing Research 39(2), over the mean of the quefrencies around it instead of a line through them.
    """
    import scipy.fft

    periodicity = np.clip(f.pitch.periodicity, 0.001, 0.999)
    hnr = 10 * np.log10(periodicity / (1 - periodicity))

    bin_hz = SAMPLE_RATE / N_FFT
    level = 10 * np.log10(_above_rounding(power))
    shortest, longest = SAMPLE_RATE // 500, SAMPLE_RATE // 60
    cepstrum = np.abs(scipy.fft.irfft(level.T, axis=1)[:, shortest : longest + 1])
    prominence = 20 * np.log10((cepstrum.max(axis=1) + 1e-3) / (cepstrum.mean(axis=1) + 1e-3))

    frames = np.arange(power.shape[1])
    f0 = np.where(np.isfinite(f.pitch.f0_hz), f.pitch.f0_hz, 100.0)

    def harmonic(number: int) -> Array:
        nearest = np.rint(number * f0 / bin_hz).astype(int)
        return np.asarray(np.max([level[nearest + step, frames] for step in (-1, 0, 1)], axis=0))

    third_formant = level[int(2000 / bin_hz) : int(3500 / bin_hz)].max(axis=0)
    return np.stack([hnr, prominence, harmonic(1) - harmonic(2), harmonic(1) - third_formant])


# --------------------------------------------------------------------------------------------------------------- pitch


@dataclass(frozen=True, eq=False)
class _Voice:
    """Voiced frames: their numbers `at` (of all frames), F0 in semitones above 55 Hz, and the place in the speech, 0 to 1."""

    at: npt.NDArray[np.intp]
    semitones: Array
    place: Array


def _smooth_voice(f: acoustic128.Frames) -> _Voice:
    """F0 of the voiced frames after a running median; nothing voiced at all counts as one frame at 110 Hz."""
    at = np.flatnonzero(f.voiced)
    if not len(at):
        return _Voice(np.zeros(1, dtype=np.intp), np.array([12.0]), np.array([0.5]))
    semitones = 12 * np.log2(f.pitch.f0_hz[at] / _REFERENCE_HZ)
    around = np.pad(semitones, _SMOOTH // 2, mode="edge")
    semitones = np.median(np.lib.stride_tricks.sliding_window_view(around, _SMOOTH), axis=1)
    middle = np.median(semitones)
    semitones = np.clip(semitones, middle - _FARTHEST_SEMITONES, middle + _FARTHEST_SEMITONES)
    first, last = np.flatnonzero(f.active)[[0, -1]]
    return _Voice(at, semitones, (at - first) / max(last - first, 1))


def _pitch_features(voice: _Voice, level_db: Array) -> list[float]:
    at, pitch, place = voice.at, voice.semitones, voice.place
    middle = float(np.median(pitch))
    relative = pitch - middle
    low, high = np.percentile(pitch, [10, 90])
    together = np.diff(at) == 1
    steps = np.diff(pitch)[together] / _FRAME_S
    steps = steps[np.abs(steps) < _FARTHEST_SEMITONES / 4 / _FRAME_S]  # no voice moves by 3.5 semitones in 16 ms: the tracker does
    rises, falls = steps[steps > 0], steps[steps < 0]
    bends = (pitch[2:] - 2 * pitch[1:-1] + pitch[:-2])[together[1:] & together[:-1]]
    runs = [run for run in np.split(np.arange(len(at)), np.flatnonzero(~together) + 1) if len(run) >= 4] or [np.arange(len(at))]
    run_slopes = [float(_slope(pitch[run][None], at[run].astype(np.float64))[0]) / _FRAME_S for run in runs]
    run_middles = np.array([np.median(relative[run]) for run in runs])
    louder = level_db[at] - level_db[at].mean()
    centred = pitch - pitch.mean()
    covariance = float(np.mean(centred * louder))
    return [
        middle,
        float(low),
        float(high),
        *np.percentile(relative, QUANTILES).tolist(),
        *_shape_of(centred, 0.1),
        *_arc(centred, place),
        *_thirds(relative, place),
        *_waves(centred, place),
        _mean(np.abs(steps)),
        _mean(rises),
        _mean(falls),
        float(np.percentile(np.abs(steps), 90)) if len(steps) else 0.0,
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


def _energy_features(f: acoustic128.Frames, relative: Array) -> list[float]:
    on = f.active
    level, place = relative[on], _places(on) + 0.5
    centred = level - level.mean()
    both = on[1:] & on[:-1]
    steps = np.diff(relative)[both]
    rises, falls = steps[steps > 0], steps[steps < 0]
    steady = f.voiced[2:] & f.voiced[1:-1] & f.voiced[:-2]
    bends = (relative[2:] - 2 * relative[1:-1] + relative[:-2])[steady]
    rest = on & ~f.voiced
    over_rest = relative[f.voiced].mean() - relative[rest].mean() if f.voiced.any() and rest.any() else 0.0
    peaks = acoustic128._syllables(f)
    peak_levels = relative[peaks]
    several = len(peaks) > 1
    return [
        float(level.mean()),
        float(centred.std()),
        *(np.percentile(level, QUANTILES) - np.median(level)).tolist(),
        *_shape_of(centred, 0.5)[1:],
        *_arc(centred, place),
        *_thirds(centred, place),
        *_waves(centred, place),
        _mean(rises),
        _mean(falls),
        float(np.percentile(rises, 90)) if len(rises) else 0.0,
        float(np.percentile(falls, 10)) if len(falls) else 0.0,
        _mean(np.abs(steps)),
        _mean(np.abs(bends)),
        float(np.mean(level > -6)),
        float(np.mean(level > -12)),
        float(level.max() - 10 * np.log10(np.mean(10 ** (level / 10)))),
        float(place[level.argmax()]),
        float(over_rest),
        float(peak_levels.std()) if several else 0.0,
        float(_slope(peak_levels[None], np.linspace(0, 1, len(peaks)))[0]) if several else 0.0,
    ]


def _rhythm_features(f: acoustic128.Frames, power: Array) -> list[float]:
    first, last = np.flatnonzero(f.active)[[0, -1]]
    span = slice(first, last + 1)
    seconds = (last - first + 1) * _FRAME_S
    syllables = acoustic128._syllables(f)
    gaps = np.diff(syllables) * _FRAME_S
    changes = 2 * np.abs(np.diff(gaps)) / (gaps[1:] + gaps[:-1])  # Grabe E, Low EL (2002), normalised pairwise variability index
    lengths = []
    for flags in (f.voiced[span], (f.active & ~f.voiced)[span], ~f.active[span]):
        runs = acoustic128._runs(flags) * _FRAME_S
        lengths += [_mean(runs), float(runs.std()) if len(runs) else 0.0, float(runs.max(initial=0.0)), len(runs) / seconds]
    return [
        len(syllables) / seconds,
        _mean(gaps),
        float(gaps.std()) if len(gaps) else 0.0,
        _mean(changes),
        float(f.active.sum() * _FRAME_S / seconds),
        float(f.voiced.sum() / f.active.sum()),
        *lengths,
        *_modulation(power[:, span]),
    ]


def _modulation(power: Array) -> list[float]:
    """How much of the rise and fall of loudness happens at which rate, for the whole spectrum and three parts of it.

    Loudness is taken as the fourth root of power (Stevens's law, roughly). Five shares for each part, then its depth, that
    is deviation over mean.
    """
    import scipy.fft

    hertz = np.linspace(0, SAMPLE_RATE / 2, len(power))
    parts = [power[(hertz >= low) & (hertz <= high)].sum(axis=0) for low, high in BROAD_BANDS_HZ.values()]
    loudness = np.stack(parts) ** 0.25
    mean = loudness.mean(axis=1, keepdims=True) + 1e-9
    swing = loudness / mean - 1
    n = max(256, scipy.fft.next_fast_len(swing.shape[1]))  # a short clip has bins at every rate too
    energy = np.abs(scipy.fft.rfft(swing * np.hanning(swing.shape[1] + 2)[1:-1], n, axis=1)) ** 2
    rates = np.linspace(0, 0.5 / _FRAME_S, energy.shape[1])
    total = energy[:, rates >= MODULATION_EDGES_HZ[0]].sum(axis=1) + 1e-6
    shares = [energy[:, (rates >= low) & (rates < high)].sum(axis=1) / total for low, high in itertools.pairwise(MODULATION_EDGES_HZ)]
    return [*np.stack(shares, axis=1).ravel().tolist(), *swing.std(axis=1).tolist()]


# --------------------------------------------------------------------------------------------------------- small tools


def _quantiles(values: Array, percents: Sequence[float]) -> Array:
    """Percentiles of each row, shape [percents, rows]; as `np.percentile`, from one sorting.

    >>> _quantiles(np.array([[4.0, 0.0, 2.0]]), (0, 25, 50)).ravel().tolist()
    [0.0, 1.0, 2.0]
    """
    ordered = np.sort(values, axis=1)
    where = np.asarray(percents) / 100 * (values.shape[1] - 1)
    below = np.floor(where).astype(int)
    above = np.minimum(below + 1, values.shape[1] - 1)
    return np.asarray((ordered[:, below] * (1 - (where - below)) + ordered[:, above] * (where - below)).T)


def _places(on: npt.NDArray[np.bool_]) -> Array:
    """Where each frame that is on lies between the first (-0.5) and the last (0.5) of them."""
    at = np.flatnonzero(on)
    return (at - at[0]) / max(at[-1] - at[0], 1) - 0.5


def _slope(values: Array, at: Array) -> Array:
    """The slope of a line through each row of `values` [k, n] at the places `at` [n]; 0 where there is one place only.

    >>> _slope(np.array([[1.0, 3.0, 5.0]]), np.array([0.0, 1.0, 2.0])).tolist()
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
    return [variance**0.5, float(np.mean(centred**3)) / soft**1.5, float(np.mean(centred**4) - 3 * variance**2) / soft**2]


def _arc(centred: Array, place: Array) -> list[float]:
    """How much a contour grows from place 0 to 1, and how much higher both ends are than the middle (Legendre's parabola)."""
    x = 2 * place - 1
    parabola = 1.5 * x**2 - 0.5
    parabola = parabola - parabola.mean()
    energy = float(parabola @ parabola)
    return [float(_slope(centred[None], place)[0]), float(centred @ parabola / energy) if energy > 1e-9 else 0.0]


def _thirds(values: Array, place: Array) -> list[float]:
    """The means over the thirds of the speech; 0 for a third without a frame."""
    return [_mean(values[(place >= low) & (place <= low + 1 / 3)]) for low in (0, 1 / 3, 2 / 3)]


def _waves(centred: Array, place: Array) -> list[float]:
    """The size of 1, 2, ... half cosine waves over the speech in a contour that may have gaps."""
    return [float(2 * np.mean(centred * np.cos(np.pi * k * place))) for k in range(1, N_DCT + 1)]
