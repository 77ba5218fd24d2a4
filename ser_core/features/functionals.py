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
from ser_core.features.statistics import (
    FRAME_S,
    Moving,
    energy_features,
    loudness,
    pitch_features,
    rhythm_features,
    slope,
    smooth_voice,
    table,
)

if TYPE_CHECKING:
    from ser_core.audio import Recording

__all__ = [
    "CHANNEL_DEPENDENT",
    "N_MEL",
    "SPECS",
    "Contours",
    "contours",
    "extract",
    "silenced",
    "summary",
]

SAMPLE_RATE, N_FFT, HOP = acoustic128.SAMPLE_RATE, acoustic128.N_FFT, acoustic128.HOP
FLOOR_DB = 60.0


@dataclass(frozen=True, eq=False)
class Contours:
    """Everything per frame that the statistics are taken of.

    `loudness` is that of `statistics.loudness`; `level_db` [frames] is relative to the loud parts.
    """

    frames: acoustic128.Frames
    loudness: Array
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
    clean = _above_rounding(f.power)
    mel_db = _floored(
        spectrum.decibels(spectrum.mel_power(f.power, SAMPLE_RATE, N_FFT, N_MEL) + 1e-12)
    )
    return Contours(
        frames=f,
        loudness=loudness(f.power),
        mel=Moving.of(mel_db - mel_db.mean(axis=0)),
        mfcc=Moving.of(spectrum.mfcc(mel_db, N_MFCC + 1)[1:]),
        shape=Moving.of(_shape_contours(samples, f, clean, mel_db)),
        voice=Moving.of(_voice_contours(f, clean)),
        level_db=f.level_db - f.loud_db,
    )


def silenced(c: Contours, start_s: float, end_s: float) -> Contours:
    """The contours where the frames between two times are a pause: nearly those of the recording with silence there, at a fifth of the cost."""
    at = np.arange(len(c.level_db)) * FRAME_S
    heard = (at < start_s) | (at >= end_s)
    if not (c.frames.active & heard).any():
        return c
    frames = replace(c.frames, active=c.frames.active & heard, voiced=c.frames.voiced & heard)
    return replace(c, frames=frames, loudness=c.loudness * heard)


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
            rhythm_features(f, c.loudness),
        ]
    )


def _floored(decibels: Array) -> Array:
    """Not lower than 60 dB below the largest value."""
    return np.maximum(decibels, decibels.max() - FLOOR_DB)


def _shape_contours(samples: Array, f: acoustic128.Frames, clean: _Clean, mel_db: Array) -> Array:
    """The contours of `SHAPE_CONTOURS`, shape [k, frames].

    Alpha ratio, Hammarberg index and slopes as in GeMAPS, the slopes up to 5 kHz and through mel bands.
    """
    power = f.power
    hertz = np.linspace(0, SAMPLE_RATE / 2, len(power))
    centres = np.array([contour.frequency_hz for contour in MEL_CONTOURS])
    faint = power.max() * 10 ** (-FLOOR_DB / 10)

    def band(low: float, high: float) -> Array:
        first, end = np.searchsorted(hertz, [low, high])
        return power[first:end]

    def level(low: float, high: float) -> Array:
        return spectrum.decibels(band(low, high).sum(axis=0) + faint)

    def peak(low: float, high: float) -> Array:
        return spectrum.decibels(band(low, high).max(axis=0) + faint)

    def tilt(low: float, high: float) -> Array:
        inside = (centres >= low) & (centres < high)
        return slope(mel_db[inside].T, centres[inside] / 1000)

    bands = 10 ** (mel_db / 20)
    shares = bands / np.sqrt((bands**2).sum(axis=0))
    flux = np.concatenate([[0.0], np.sqrt(((shares[:, 1:] - shares[:, :-1]) ** 2).sum(axis=0))])
    shape = spectrum.shape(np.sqrt(power), SAMPLE_RATE)
    rows = [
        *(
            np.log2(np.maximum(shape[name], 50.0) / 1000)
            for name in ("centroid", "bandwidth", "rolloff")
        ),
        clean.decibels.mean(axis=0) - spectrum.decibels(clean.power.mean(axis=0)),
        spectrum.zero_crossing_rate(samples, N_FFT, HOP),
        *spectrum.contrast(np.sqrt(clean.power), SAMPLE_RATE),
        level(1000, 5000) - level(50, 1000),
        peak(0, 2000) - peak(2000, 5000),
        tilt(0, 500),
        tilt(500, 1500),
        tilt(1500, 5000),
        flux,
        spectrum.onset_strength(f.mel_40_db),
    ]
    return np.stack(rows)


@dataclass(frozen=True, eq=False)
class _Clean:
    """The power of a clip [bins, frames] above its rounding, and the same in dB."""

    power: Array
    decibels: Array


def _above_rounding(power: Array) -> _Clean:
    """Power [bins, frames], in each frame at least 60 dB below its strongest bin.

    Between the harmonics of a clean tone there are nulls whose depth is mere rounding; contrast and flatness would follow it.
    """
    raised = np.maximum(power, power.max(axis=0) * 10 ** (-FLOOR_DB / 10) + 1e-14)
    return _Clean(raised, spectrum.decibels(raised))


def _voice_contours(f: acoustic128.Frames, clean: _Clean) -> Array:
    """The contours of `VOICE_CONTOURS`, meaningful in voiced frames, shape [4, frames].

    The cepstral peak is that of Hillenbrand J, Houde RA (1996), Acoustic correlates of breathy vocal quality, Journal of
    Speech and Hearing Research 39(2), over the mean of the quefrencies around it instead of a line through them.
    """
    import scipy.fft

    periodicity = np.clip(f.pitch.periodicity, 0.001, 0.999)
    hnr = spectrum.decibels(periodicity / (1 - periodicity))

    bin_hz = SAMPLE_RATE / N_FFT
    level = clean.decibels
    shortest, longest = SAMPLE_RATE // 500, SAMPLE_RATE // 60
    # The inverse transform of a log spectrum, which is even, is a cosine transform.
    cepstrum = (
        np.abs(scipy.fft.dct(level.T.astype(np.float32), type=1, axis=1)[:, shortest : longest + 1])
        / N_FFT
    )
    prominence = 20 * np.log10((cepstrum.max(axis=1) + 1e-3) / (cepstrum.mean(axis=1) + 1e-3))

    frames = np.arange(level.shape[1])
    f0 = np.where(np.isfinite(f.pitch.f0_hz), f.pitch.f0_hz, 100.0)

    def harmonic(number: int) -> Array:
        nearest = np.rint(number * f0 / bin_hz).astype(int)
        return np.asarray(np.max([level[nearest + step, frames] for step in (-1, 0, 1)], axis=0))

    third_formant = level[int(2000 / bin_hz) : int(3500 / bin_hz)].max(axis=0)
    return np.stack([hnr, prominence, harmonic(1) - harmonic(2), harmonic(1) - third_formant])
