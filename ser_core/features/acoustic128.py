"""`acoustic128_v1`: 128 features of timbre, spectrum, pitch, energy and rhythm of one clip.

Conventions: recordings are at 16 kHz. Spectral features are [bands, frames] before their statistics are
taken. The statistics are over the active frames of `speech_frames`, which brings the clip to one level first:
no feature depends on the loudness. Names, units and meanings are in `acoustic128_catalogue`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.features import spectral_features, spectrum
from ser_core.features.acoustic128_catalogue import N_DELTA, N_MEL, N_MFCC, SHAPES, SPECS
from ser_core.features.spectrum import Array
from ser_core.features.speech_frames import (
    FRAME_S,
    HOP,
    N_FFT,
    OUTLIER_SEMITONES,
    SAMPLE_RATE,
    VOICED_PERIODICITY,
    SpeechFrames,
    analyse_frames,
    normalise_level,
    quantiles,
    run_lengths,
    syllable_peaks,
)

if TYPE_CHECKING:
    from ser_core.audio import Recording

__all__ = ["SPECS", "extract"]

_FALLBACK_HZ = 100.0  # the F0 of a clip in which no frame repeats itself


def extract(recording: Recording) -> Array:
    """The 128 features of a recording, in the order of `SPECS`.

    Parameters
    ----------
    recording : Recording
        At 16 kHz.

    Returns
    -------
    array [128]
        The features in the units of `SPECS`.
    """
    samples = normalise_level(recording)
    frames = analyse_frames(samples, every_frame=False)
    return np.concatenate(
        [
            *_spectral_features(samples, frames),
            _pitch_features(frames),
            _energy_features(frames),
            _rhythm_features(frames),
            _onset_features(frames),
        ]
    )


def _spectral_features(samples: Array, frames: SpeechFrames) -> list[Array]:
    """Mel bands, MFCCs, chroma, contrast and spectral shape, each [features]."""
    on = frames.active[frames.has_spectrum]
    power = frames.power[:, on]
    magnitude = np.sqrt(power)
    mel = spectrum.power_to_db(spectrum.mel_power(power, SAMPLE_RATE, N_FFT, N_MEL)).mean(axis=1)
    mfcc = spectral_features.mfcc(frames.mel_40_db, N_MFCC + 1)[
        1:
    ]  # without the zeroth, which is level
    active_mfcc = mfcc[:, on]
    shape = spectral_features.spectral_shape(magnitude, SAMPLE_RATE)
    shape["flatness"] = spectral_features.flatness_db(power)
    shape["zcr"] = spectral_features.zero_crossing_rate(samples, N_FFT, HOP)[frames.active]
    shapes = np.stack([shape[name] for name in SHAPES])
    return [
        mel - mel.mean(),
        active_mfcc.mean(axis=1),
        active_mfcc.std(axis=1),
        np.abs(spectral_features.delta(mfcc[:N_DELTA])[:, on]).mean(axis=1),
        spectral_features.chroma(power, SAMPLE_RATE, N_FFT).mean(axis=1),
        _interquartile_mean(spectral_features.contrast(magnitude, SAMPLE_RATE)),
        np.stack([shapes.mean(axis=1), shapes.std(axis=1)], axis=1).ravel(),
    ]


def _pitch_features(frames: SpeechFrames) -> list[float]:
    at = np.flatnonzero(frames.voiced)
    if len(at):
        hertz = frames.pitch.f0_hz[at]
        periodicity = np.clip(frames.pitch.periodicity[at], 0.001, 0.999)
    else:
        hertz, periodicity = np.array([_FALLBACK_HZ]), np.array([0.001])
    semitones = 12 * np.log2(hertz)
    median = np.median(semitones)
    semitones = np.clip(semitones, median - OUTLIER_SEMITONES, median + OUTLIER_SEMITONES)
    low, high = quantiles(semitones, (10, 90))
    steps = np.abs(np.diff(semitones)[np.diff(at) == 1])
    hnr = 10 * np.log10(periodicity / (1 - periodicity))
    return [
        float(2 ** (median / 12)),
        float(2 ** (low / 12)),
        float(2 ** (high / 12)),
        float(high - low),
        float(semitones.std()),
        float(steps.mean() / FRAME_S) if len(steps) else 0.0,
        _pitch_slope(at, semitones),
        float((frames.pitch.periodicity[frames.active] > VOICED_PERIODICITY).mean()),
        float(hnr.mean()),
        float(hnr.std()),
    ]


def _pitch_slope(at: npt.NDArray[np.intp], semitones: Array) -> float:
    """Semitones in a second over the voiced frames `at`; 0 with fewer than two of them."""
    seconds = at * FRAME_S
    centred = seconds - seconds.mean() if len(seconds) else seconds
    spread = float(np.sum(centred**2))
    return float(centred @ semitones / spread) if spread > 0 else 0.0


def _energy_features(frames: SpeechFrames) -> list[float]:
    active = frames.active
    level = frames.level_db[active] - frames.loud_db
    steps = np.diff(frames.level_db)[active[1:] & active[:-1]]
    rises, falls = steps[steps > 0], steps[steps < 0]
    low, high = quantiles(level, (10, 90))
    deviation = level.std()
    third_moment = np.mean((level - level.mean()) ** 3)
    return [
        float(level.mean()),
        float(deviation),
        float(high - low),
        float(third_moment / deviation**3) if deviation > 1e-6 else 0.0,
        float(rises.mean()) if len(rises) else 0.0,
        float(falls.mean()) if len(falls) else 0.0,
        float(np.abs(steps).mean()) if len(steps) else 0.0,
    ]


def _rhythm_features(frames: SpeechFrames) -> list[float]:
    first, last = np.flatnonzero(frames.active)[[0, -1]]
    seconds = (last - first + 1) * FRAME_S
    voiced_s = run_lengths(frames.voiced) * FRAME_S
    pauses_s = run_lengths(~frames.active[first : last + 1]) * FRAME_S
    return [
        len(syllable_peaks(frames)) / seconds,
        float(frames.active.sum() * FRAME_S / seconds),
        float(voiced_s.mean()) if len(voiced_s) else 0.0,
        float(voiced_s.std()) if len(voiced_s) else 0.0,
        float(pauses_s.mean()) if len(pauses_s) else 0.0,
        len(pauses_s) / seconds,
    ]


def _onset_features(frames: SpeechFrames) -> list[float]:
    onset = spectral_features.onset_strength(frames.mel_40_db)[frames.active[frames.has_spectrum]]
    return [float(onset.mean()), float(onset.std())]


def _interquartile_mean(values: Array) -> Array:
    """The mean of the middle half of each row [rows, n].

    In a single frame a band's valley can be a null of the spectrum whose depth is mere rounding; the mean
    over all frames would follow it.

    >>> _interquartile_mean(np.array([[1.0, 2.0, 4.0, 900.0]])).tolist()
    [3.0]
    """
    cut = values.shape[1] // 4
    return np.sort(values, axis=1)[:, cut : values.shape[1] - cut].mean(axis=1)
