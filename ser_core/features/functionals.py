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

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ser_core.features import acoustic128, spectrum
from ser_core.features.functionals_catalogue import (
    CHANNEL_DEPENDENT,
    MEL_CONTOURS,
    MFCC_CONTOURS,
    N_MEL,
    N_MFCC,
    OF_MEL,
    OF_MFCC,
    OF_SHAPE,
    OF_VOICE,
    SHAPE_CONTOURS,
    SPECS,
    VOICE_CONTOURS,
)
from ser_core.features.spectrum import Array
from ser_core.features.statistics import FRAME_S, Moving, energy_features, pitch_features, rhythm_features, slope, smooth_voice, table

if TYPE_CHECKING:
    from ser_core.audio import Recording

__all__ = ["CHANNEL_DEPENDENT", "N_MEL", "SPECS", "Contours", "contours", "extract", "silenced", "summary"]

SAMPLE_RATE, N_FFT, HOP = acoustic128.SAMPLE_RATE, acoustic128.N_FFT, acoustic128.HOP
FLOOR_DB = 60.0


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
    at = np.arange(len(c.level_db)) * FRAME_S
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
            table(c.mel, f.active, f.voiced, level_db, OF_MEL, MEL_CONTOURS),
            table(c.mfcc, f.active, f.voiced, level_db, OF_MFCC, MFCC_CONTOURS),
            table(c.shape, f.active, f.voiced, level_db, OF_SHAPE, SHAPE_CONTOURS),
            table(c.voice, f.voiced, f.voiced, level_db, OF_VOICE, VOICE_CONTOURS),
            pitch_features(smooth_voice(f), level_db),
            energy_features(f, level_db),
            rhythm_features(f, c.power),
        ]
    )


def _floored(decibels: Array) -> Array:
    """Not lower than 60 dB below the largest value."""
    return np.maximum(decibels, decibels.max() - FLOOR_DB)


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
        return slope(mel_db[inside].T, centres[inside] / 1000)

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
