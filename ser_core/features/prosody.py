"""Pitch, energy and rhythm of a clip: the prosodic features of `functionals_v1`.

Conventions: recordings are at 16 kHz, frames those of `speech_frames`. Pitch is in semitones above 55 Hz,
levels are in dB relative to the loud parts of the clip, times in s. Each group comes in the order of
`prosody_catalogue`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser_core.features.prosody_catalogue import BROAD_BANDS_HZ, MODULATION_EDGES_HZ, QUANTILES
from ser_core.features.spectrum import Array
from ser_core.features.speech_frames import (
    FRAME_S,
    OUTLIER_SEMITONES,
    SAMPLE_RATE,
    Mask,
    SpeechFrames,
    quantiles,
    run_lengths,
    syllable_peaks,
)
from ser_core.features.statistics import (
    growth_and_arch,
    half_waves,
    line_slope,
    mean_or_zero,
    means_of_thirds,
    moments,
    places,
)

_REFERENCE_HZ = 55.0  # semitones are counted from this A
_MEDIAN_FRAMES = 5  # of the running median of F0: a single wrong octave disappears
_FASTEST = OUTLIER_SEMITONES / 4 / FRAME_S
"""Semitones in a second. No voice moves by 3.5 semitones in one frame of 16 ms: a tracking error does."""
_LEAST_RUN = 4  # frames of a stretch of voice that has a slope


@dataclass(frozen=True, eq=False)
class VoiceTrack:
    """Pitch over the voiced frames [voiced]: frame numbers, semitones above 55 Hz, places from 0 to 1."""

    at: npt.NDArray[np.intp]
    semitones: Array
    place: Array


def track_voice(frames: SpeechFrames) -> VoiceTrack:
    """The pitch of the voiced frames after a running median.

    Parameters
    ----------
    frames : SpeechFrames
        The frames of a clip.

    Returns
    -------
    VoiceTrack
        Values farther than 14 semitones from the median are brought to this distance. A clip without any
        voice has one frame at 110 Hz.
    """
    at = np.flatnonzero(frames.voiced)
    if not len(at):
        return VoiceTrack(np.zeros(1, dtype=np.intp), np.array([12.0]), np.array([0.5]))
    semitones = 12 * np.log2(frames.pitch.f0_hz[at] / _REFERENCE_HZ)
    padded = np.pad(semitones, _MEDIAN_FRAMES // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _MEDIAN_FRAMES)
    semitones = np.median(windows, axis=1)
    median = np.median(semitones)
    semitones = np.clip(semitones, median - OUTLIER_SEMITONES, median + OUTLIER_SEMITONES)
    first, last = np.flatnonzero(frames.active)[[0, -1]]
    return VoiceTrack(at, semitones, (at - first) / max(last - first, 1))


def pitch_features(voice: VoiceTrack, level_db: Array) -> list[float]:
    """The features of the group Pitch.

    Parameters
    ----------
    voice : VoiceTrack
        The pitch of a clip.
    level_db : array [frames]
        The level relative to the loud parts.

    Returns
    -------
    list of float
        In the order of `prosody_catalogue.PITCH`.
    """
    pitch, place = voice.semitones, voice.place
    median = float(np.median(pitch))
    relative = pitch - median
    centred = pitch - pitch.mean()
    low, high = quantiles(pitch, [10, 90])
    return [
        median,
        float(low),
        float(high),
        *quantiles(relative, QUANTILES).tolist(),
        *moments(centred, 0.1),
        *growth_and_arch(centred, place),
        *means_of_thirds(relative, place),
        *half_waves(centred, place),
        *_pitch_movement(voice),
        *_pitch_runs(voice, relative),
        float(place[pitch.argmax()]),
        *_pitch_with_level(centred, level_db[voice.at]),
    ]


def _pitch_movement(voice: VoiceTrack) -> list[float]:
    """Speed, rises, falls, the steepest tenth, the share that rises, and flutter."""
    pitch = voice.semitones
    joined = np.diff(voice.at) == 1
    steps = np.diff(pitch)[joined] / FRAME_S
    steps = steps[np.abs(steps) < _FASTEST]
    bends = (pitch[2:] - 2 * pitch[1:-1] + pitch[:-2])[joined[1:] & joined[:-1]]
    return [
        mean_or_zero(np.abs(steps)),
        mean_or_zero(steps[steps > 0]),
        mean_or_zero(steps[steps < 0]),
        float(quantiles(np.abs(steps), [90])[0]) if len(steps) else 0.0,
        float(np.mean(steps > 0)) if len(steps) else 0.5,
        mean_or_zero(np.abs(bends)),
    ]


def _pitch_runs(voice: VoiceTrack, relative: Array) -> list[float]:
    """Range, slope and spread of the stretches of voice, and the height and slope of the last one."""
    breaks = np.flatnonzero(np.diff(voice.at) != 1) + 1
    everything = np.arange(len(voice.at))
    runs = [run for run in np.split(everything, breaks) if len(run) >= _LEAST_RUN] or [everything]
    slopes = [_semitones_per_second(voice, run) for run in runs]
    medians = np.array([np.median(relative[run]) for run in runs])
    return [
        float(np.mean([np.ptp(voice.semitones[run]) for run in runs])),
        float(np.mean(slopes)),
        float(medians.std()),
        float(medians[-1]),
        slopes[-1],
    ]


def _semitones_per_second(voice: VoiceTrack, run: npt.NDArray[np.intp]) -> float:
    by_frame = line_slope(voice.semitones[run][None], voice.at[run].astype(np.float64))
    return float(by_frame[0]) / FRAME_S


def _pitch_with_level(centred: Array, level: Array) -> list[float]:
    """How much pitch grows with level (semitones/dB), and their correlation."""
    centred_level = level - level.mean()
    covariance = float(np.mean(centred * centred_level))
    level_variance = np.mean(centred_level**2) + 1.0
    pitch_variance = np.mean(centred**2) + 0.01
    return [
        covariance / float(level_variance),
        covariance / float(np.sqrt(level_variance * pitch_variance)),
    ]


def energy_features(frames: SpeechFrames, relative: Array) -> list[float]:
    """The features of the group Energy.

    Parameters
    ----------
    frames : SpeechFrames
        The frames of a clip.
    relative : array [frames]
        The level relative to the loud parts.

    Returns
    -------
    list of float
        In the order of `prosody_catalogue.ENERGY`.
    """
    level = relative[frames.active]
    place = places(frames.active) + 0.5
    centred = level - level.mean()
    return [
        float(level.mean()),
        float(centred.std()),
        *(quantiles(level, QUANTILES) - np.median(level)).tolist(),
        *moments(centred, 0.5)[1:],
        *growth_and_arch(centred, place),
        *means_of_thirds(centred, place),
        *half_waves(centred, place),
        *_level_movement(frames, relative),
        float(np.mean(level > -6)),
        float(np.mean(level > -12)),
        float(level.max() - 10 * np.log10(np.mean(10 ** (level / 10)))),
        float(place[level.argmax()]),
        _voice_over_rest(frames, relative),
        *_syllable_levels(relative[syllable_peaks(frames)]),
    ]


def _level_movement(frames: SpeechFrames, relative: Array) -> list[float]:
    """Rises, falls, the steepest tenth of each, speed, and flutter."""
    on, voiced = frames.active, frames.voiced
    steps = np.diff(relative)[on[1:] & on[:-1]]
    rises, falls = steps[steps > 0], steps[steps < 0]
    steady = voiced[2:] & voiced[1:-1] & voiced[:-2]
    bends = (relative[2:] - 2 * relative[1:-1] + relative[:-2])[steady]
    return [
        mean_or_zero(rises),
        mean_or_zero(falls),
        float(quantiles(rises, [90])[0]) if len(rises) else 0.0,
        float(quantiles(falls, [10])[0]) if len(falls) else 0.0,
        mean_or_zero(np.abs(steps)),
        mean_or_zero(np.abs(bends)),
    ]


def _voice_over_rest(frames: SpeechFrames, relative: Array) -> float:
    """By how many dB voiced frames are louder than the other active ones; 0 where a kind is missing."""
    rest = frames.active & ~frames.voiced
    if not (frames.voiced.any() and rest.any()):
        return 0.0
    return float(relative[frames.voiced].mean() - relative[rest].mean())


def _syllable_levels(levels: Array) -> list[float]:
    """The deviation and the trend of the levels of syllables; 0 with fewer than two."""
    if len(levels) < 2:
        return [0.0, 0.0]
    trend = line_slope(levels[None], np.linspace(0, 1, len(levels)))
    return [float(levels.std()), float(trend[0])]


def rhythm_features(frames: SpeechFrames, loudness: Array) -> list[float]:
    """The features of the group Rhythm.

    Parameters
    ----------
    frames : SpeechFrames
        The frames of a clip.
    loudness : array [4, frames]
        As `loudness_of` gives it.

    Returns
    -------
    list of float
        In the order of `prosody_catalogue.RHYTHM`.
    """
    first, last = np.flatnonzero(frames.active)[[0, -1]]
    span = slice(first, last + 1)
    seconds = (last - first + 1) * FRAME_S
    syllables = syllable_peaks(frames)
    gaps = np.diff(syllables) * FRAME_S
    # Grabe E, Low EL (2002), the normalised pairwise variability index.
    changes = 2 * np.abs(np.diff(gaps)) / (gaps[1:] + gaps[:-1])
    voiceless = frames.active & ~frames.voiced
    return [
        len(syllables) / seconds,
        mean_or_zero(gaps),
        float(gaps.std()) if len(gaps) else 0.0,
        mean_or_zero(changes),
        float(frames.active.sum() * FRAME_S / seconds),
        float(frames.voiced.sum() / frames.active.sum()),
        *_run_features(frames.voiced[span], seconds),
        *_run_features(voiceless[span], seconds),
        *_run_features(~frames.active[span], seconds),
        *_modulation(loudness[:, span]),
    ]


def _run_features(mask: Mask, seconds: float) -> list[float]:
    """Mean, deviation and maximum of the lengths of stretches in s, and how many there are in a second."""
    lengths_s = run_lengths(mask) * FRAME_S
    return [
        mean_or_zero(lengths_s),
        float(lengths_s.std()) if len(lengths_s) else 0.0,
        float(lengths_s.max(initial=0.0)),
        len(lengths_s) / seconds,
    ]


def loudness_of(power: Array) -> Array:
    """The loudness of the whole spectrum and of three parts of it.

    It is the fourth root of power, roughly Stevens's law.

    Parameters
    ----------
    power : array [bins, frames]
        Power spectra.

    Returns
    -------
    array [4, frames]
        In the order of `BROAD_BANDS_HZ`.
    """
    hertz = np.linspace(0, SAMPLE_RATE / 2, len(power))
    bands = []
    for low, high in BROAD_BANDS_HZ.values():
        first = np.searchsorted(hertz, low)
        end = np.searchsorted(hertz, high, "right")
        bands.append(power[first:end].sum(axis=0))
    return np.asarray(np.stack(bands) ** 0.25)


def _modulation(loudness: Array) -> list[float]:
    """Which share of the rise and fall of loudness [k, frames] happens at which rate.

    Five shares for each of its rows, then the depth of each: deviation over mean.
    """
    import scipy.fft

    mean = loudness.mean(axis=1, keepdims=True) + 1e-9
    swing = loudness / mean - 1
    n_frames = swing.shape[1]
    n_fft = max(256, scipy.fft.next_fast_len(n_frames))  # a short clip has bins at every rate too
    window = np.hanning(n_frames + 2)[1:-1]
    energy = np.abs(scipy.fft.rfft(swing * window, n_fft, axis=1)) ** 2
    rates = np.linspace(0, 0.5 / FRAME_S, energy.shape[1])
    total = energy[:, rates >= MODULATION_EDGES_HZ[0]].sum(axis=1) + 1e-6
    shares = [
        energy[:, (rates >= low) & (rates < high)].sum(axis=1) / total
        for low, high in itertools.pairwise(MODULATION_EDGES_HZ)
    ]
    return [*np.stack(shares, axis=1).ravel().tolist(), *swing.std(axis=1).tolist()]
