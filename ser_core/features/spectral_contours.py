"""Contours of spectral shape and of the voice, for `functionals_v1`.

Conventions: power spectra are [bins, frames] at 16 kHz, contours [k, frames] in the order of
`contour_catalogue`. Levels are in dB and end 60 dB below the loudest value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ser_core.features import spectral_features, spectrum
from ser_core.features.contour_catalogue import MEL_CONTOURS
from ser_core.features.spectrum import Array
from ser_core.features.speech_frames import HOP, N_FFT, SAMPLE_RATE, SpeechFrames
from ser_core.features.statistics import line_slope

_FLOOR_DB = 60.0
_BIN_HZ = SAMPLE_RATE / N_FFT
_LEAST_HZ = 50.0  # a logarithm needs a frequency above 0
_PITCH_RANGE_HZ = (60, 500)  # where the cepstral peak is looked for
_UNVOICED_HZ = 100.0  # takes the place of an unknown F0; such frames do not count


@dataclass(frozen=True, eq=False)
class RaisedSpectrum:
    """The power of a clip [bins, frames], raised above its rounding, and the same in dB."""

    power: Array
    decibels: Array


def floored(decibels: Array) -> Array:
    """Levels in dB, none lower than 60 dB below the largest; same shape."""
    return np.maximum(decibels, decibels.max() - _FLOOR_DB)


def raised_above_rounding(power: Array) -> RaisedSpectrum:
    """A spectrum that is in each frame nowhere more than 60 dB below its strongest bin.

    Between the harmonics of a clean tone there are nulls whose depth is mere rounding. Contrast and flatness
    would follow it.

    Parameters
    ----------
    power : array [bins, frames]
        Power spectra.

    Returns
    -------
    RaisedSpectrum
        The raised power and its level.
    """
    raised = np.maximum(power, power.max(axis=0) * 10 ** (-_FLOOR_DB / 10) + 1e-14)
    return RaisedSpectrum(raised, spectrum.decibels(raised))


def shape_contours(
    samples: Array, frames: SpeechFrames, raised: RaisedSpectrum, mel_db: Array
) -> Array:
    """The contours of `SHAPE_CONTOURS`.

    Alpha ratio, Hammarberg index and slopes are as in GeMAPS; the slopes go up to 5 kHz and through mel
    bands.

    Parameters
    ----------
    samples : array [n]
        The level-normalised clip.
    frames : SpeechFrames
        Its frames, all with their spectrum.
    raised : RaisedSpectrum
        Their power above its rounding.
    mel_db : array [n_mel, frames]
        The bands of `MEL_CONTOURS`, floored.

    Returns
    -------
    array [k, frames]
        The contours.
    """
    power = frames.power
    bands = _Bands(power)
    shape = spectral_features.spectral_shape(np.sqrt(power), SAMPLE_RATE)
    rows = [
        *(_octaves(shape[name]) for name in ("centroid", "bandwidth", "rolloff")),
        raised.decibels.mean(axis=0) - spectrum.decibels(raised.power.mean(axis=0)),
        spectral_features.zero_crossing_rate(samples, N_FFT, HOP),
        *spectral_features.contrast(np.sqrt(raised.power), SAMPLE_RATE),
        bands.level(1000, 5000) - bands.level(50, 1000),
        bands.peak(0, 2000) - bands.peak(2000, 5000),
        _tilt(mel_db, 0, 500),
        _tilt(mel_db, 500, 1500),
        _tilt(mel_db, 1500, 5000),
        _flux(mel_db),
        spectral_features.onset_strength(frames.mel_40_db),
    ]
    return np.stack(rows)


class _Bands:
    """The level and the highest peak of parts of power spectra [bins, frames], each [frames] in dB."""

    def __init__(self, power: Array) -> None:
        self._power = power
        self._hertz = np.linspace(0, SAMPLE_RATE / 2, len(power))
        self._faint = power.max() * 10 ** (-_FLOOR_DB / 10)

    def level(self, low_hz: float, high_hz: float) -> Array:
        return spectrum.decibels(self._band(low_hz, high_hz).sum(axis=0) + self._faint)

    def peak(self, low_hz: float, high_hz: float) -> Array:
        return spectrum.decibels(self._band(low_hz, high_hz).max(axis=0) + self._faint)

    def _band(self, low_hz: float, high_hz: float) -> Array:
        first, end = np.searchsorted(self._hertz, [low_hz, high_hz])
        return self._power[first:end]


def _octaves(hertz: Array) -> Array:
    """Frequencies in octaves above 1 kHz."""
    return np.log2(np.maximum(hertz, _LEAST_HZ) / 1000)


def _tilt(mel_db: Array, low_hz: float, high_hz: float) -> Array:
    """The slope of the mel spectrum between two frequencies, [frames] in dB/kHz."""
    centres = np.array([contour.frequency_hz for contour in MEL_CONTOURS])
    inside = (centres >= low_hz) & (centres < high_hz)
    return line_slope(mel_db[inside].T, centres[inside] / 1000)


def _flux(mel_db: Array) -> Array:
    """The distance of each frame's spectrum from the one before, whatever the level, [frames]."""
    bands = 10 ** (mel_db / 20)
    shares = bands / np.sqrt((bands**2).sum(axis=0))
    distances = np.sqrt(((shares[:, 1:] - shares[:, :-1]) ** 2).sum(axis=0))
    return np.concatenate([[0.0], distances])


def voice_contours(frames: SpeechFrames, raised: RaisedSpectrum) -> Array:
    """The contours of `VOICE_CONTOURS`, meaningful in voiced frames.

    Parameters
    ----------
    frames : SpeechFrames
        The frames of a clip, all with their spectrum.
    raised : RaisedSpectrum
        Their power above its rounding.

    Returns
    -------
    array [4, frames]
        Harmonics-to-noise ratio, cepstral peak, first over second harmonic, first harmonic over 2-3.5 kHz; in
        dB.
    """
    periodicity = np.clip(frames.pitch.periodicity, 0.001, 0.999)
    hnr = spectrum.decibels(periodicity / (1 - periodicity))
    level = raised.decibels
    columns = np.arange(level.shape[1])
    f0 = np.where(np.isfinite(frames.pitch.f0_hz), frames.pitch.f0_hz, _UNVOICED_HZ)

    def harmonic(number: int) -> Array:
        nearest = np.rint(number * f0 / _BIN_HZ).astype(int)
        return np.asarray(np.max([level[nearest + step, columns] for step in (-1, 0, 1)], axis=0))

    first = harmonic(1)
    third_formant = level[int(2000 / _BIN_HZ) : int(3500 / _BIN_HZ)].max(axis=0)
    return np.stack([hnr, _cepstral_peak(level), first - harmonic(2), first - third_formant])


def _cepstral_peak(level: Array) -> Array:
    """How far the cepstral peak stands out, [frames] in dB.

    Hillenbrand J, Houde RA (1996), Acoustic correlates of breathy vocal quality, Journal of Speech and
    Hearing Research 39(2). Here it is over the mean of the quefrencies around it instead of a line through
    them.
    """
    import scipy.fft

    lowest_hz, highest_hz = _PITCH_RANGE_HZ
    shortest, longest = SAMPLE_RATE // highest_hz, SAMPLE_RATE // lowest_hz
    # The inverse transform of a log spectrum, which is even, is a cosine transform.
    transformed = scipy.fft.dct(level.T.astype(np.float32), type=1, axis=1)
    cepstrum = np.abs(transformed[:, shortest : longest + 1]) / N_FFT
    highest = cepstrum.max(axis=1) + 1e-3
    mean = cepstrum.mean(axis=1) + 1e-3
    return 20 * np.log10(highest / mean)
