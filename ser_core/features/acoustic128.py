"""`acoustic128_v1`: 128 named features of timbre, spectrum, pitch, energy and rhythm of one clip.

The clip is first brought to the same level (RMS -20 dBFS): a browser's automatic gain moves loudness by 20 dB, so nothing
here may depend on it. Frames of 64 ms every 16 ms. *Active* frames are those within 30 dB of the loud ones (the 95th
percentile of level); statistics are over them, so that the silence around the speech does not count. *Voiced* frames are
active ones whose periodicity exceeds 0.55.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ser_core.features import peaks, pitch, spectrum
from ser_core.features.catalogue import FeatureSpec
from ser_core.features.spectrum import Array

if TYPE_CHECKING:
    from ser_core.audio import Recording

SAMPLE_RATE = 16_000
N_FFT = 1024
HOP = 256
LEVEL_RMS = 0.1
ACTIVE_RANGE_DB = 30.0
VOICED_PERIODICITY = 0.55
N_MEL, N_MFCC, N_DELTA = 20, 20, 15

_FRAME_S = HOP / SAMPLE_RATE
_LEAST_VOICED = (
    3  # frames; with fewer, the most periodic ones stand in, so that a whisper has features too
)
_FALLBACK_HZ = 100.0  # where no frame at all repeats itself
_NEIGHBOURS = 8  # frames on either side, which the slopes of active frames take in
OUTLIER_SEMITONES = (
    14.0  # F0 farther from the median is a tracking error; it is brought to this distance
)

_PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_CONTRAST_BANDS = ("0-200", "200-400", "400-800", "800-1,600", "1,600-3,200", "3,200-8,000")
_SHAPE = {
    "centroid": (
        "Spectral centroid",
        "Hz",
        "the centre of gravity of the spectrum: higher sounds brighter and sharper",
    ),
    "bandwidth": (
        "Spectral bandwidth",
        "Hz",
        "how far the energy spreads around the centre of the spectrum",
    ),
    "rolloff": ("Spectral roll-off", "Hz", "the frequency below which 85% of the spectrum lies"),
    "flatness": (
        "Spectral flatness",
        "dB",
        "how noise-like the spectrum is: 0 dB is noise, far below is a clear tone",
    ),
    "zcr": (
        "Zero-crossing rate",
        "share",
        "how often the wave crosses zero: high for hissing sounds, low for vowels",
    ),
}


def _specs() -> Iterator[FeatureSpec]:
    yield from _spectrum_specs()
    yield from (
        FeatureSpec(name, title, unit, "Pitch", sentence) for name, title, unit, sentence in _PITCH
    )
    yield from (
        FeatureSpec(name, title, unit, "Energy", sentence)
        for name, title, unit, sentence in _ENERGY
    )
    yield from (
        FeatureSpec(name, title, unit, "Rhythm", sentence)
        for name, title, unit, sentence in _RHYTHM
    )


def _spectrum_specs() -> Iterator[FeatureSpec]:
    for band, centre in enumerate(spectrum.mel_centres_hz(N_MEL, SAMPLE_RATE / 2), start=1):
        sentence = (
            f"Energy around {centre:,.0f} Hz, compared with the other bands of the same clip."
        )
        yield FeatureSpec(
            f"mel_{band:02d}",
            f"Mel band at {centre:,.0f} Hz",
            "dB",
            "Mel spectrum",
            sentence,
            centre,
        )
    ripple = "ripple {} of the spectrum's outline"
    for k in range(1, N_MFCC + 1):
        sentence = f"{ripple.format(k).capitalize()} on average: the colour of the voice."
        yield FeatureSpec(
            f"mfcc_{k:02d}_mean", f"MFCC {k}, average", "dB", "Timbre (MFCC)", sentence
        )
    for k in range(1, N_MFCC + 1):
        sentence = f"How much {ripple.format(k)} varies within the clip."
        yield FeatureSpec(
            f"mfcc_{k:02d}_std", f"MFCC {k}, variation", "dB", "Timbre (MFCC)", sentence
        )
    for k in range(1, N_DELTA + 1):
        sentence = f"How fast {ripple.format(k)} changes: lively speech moves faster."
        yield FeatureSpec(
            f"mfcc_{k:02d}_speed", f"MFCC {k}, speed", "dB/frame", "Timbre (MFCC)", sentence
        )
    for note in _PITCH_CLASSES:
        sentence = f"How strong the notes named {note} are, compared with the strongest note at each moment."
        yield FeatureSpec(
            f"chroma_{note.lower().replace('#', '_sharp')}",
            f"Chroma {note}",
            "share",
            "Chroma",
            sentence,
        )
    for band, hertz in enumerate(_CONTRAST_BANDS, start=1):
        sentence = f"Peaks over valleys of the spectrum at {hertz} Hz: clear tones are high, breath is low."
        yield FeatureSpec(
            f"contrast_{band}", f"Spectral contrast at {hertz} Hz", "dB", "Spectral shape", sentence
        )
    for name, (title, unit, meaning) in _SHAPE.items():
        yield FeatureSpec(
            f"{name}_mean", f"{title}, average", unit, "Spectral shape", f"On average, {meaning}."
        )
        yield FeatureSpec(
            f"{name}_std",
            f"{title}, variation",
            unit,
            "Spectral shape",
            f"How much this varies within the clip: {meaning}.",
        )


_PITCH = (
    ("f0_median", "Pitch (F0), median", "Hz", "The typical pitch of the voice."),
    ("f0_low", "Pitch (F0), low", "Hz", "The pitch that the voice stays above 90% of the time."),
    ("f0_high", "Pitch (F0), high", "Hz", "The pitch that the voice stays below 90% of the time."),
    (
        "f0_range",
        "Pitch range",
        "semitones",
        "How far apart low and high pitch are: a flat voice is near 0, a lively one beyond 10.",
    ),
    ("f0_std", "Pitch variation", "semitones", "How much the pitch varies around its mean."),
    ("f0_speed", "Pitch speed", "semitones/s", "How fast the pitch moves up and down."),
    (
        "f0_slope",
        "Pitch slope",
        "semitones/s",
        "Whether the pitch rises (above 0) or falls (below 0) over the clip.",
    ),
    (
        "voiced_share",
        "Voiced share",
        "share",
        "The part of the speech in which the vocal cords swing: whispering is near 0.",
    ),
    (
        "hnr_mean",
        "Harmonics-to-noise ratio, average",
        "dB",
        "Tone over noise in the voice: a clear voice is high, a hoarse or breathy one low.",
    ),
    (
        "hnr_std",
        "Harmonics-to-noise ratio, variation",
        "dB",
        "How much the clearness of the voice varies.",
    ),
)
_ENERGY = (
    (
        "level_mean",
        "Level, average",
        "dB",
        "The average level, compared with the loud parts of the same clip.",
    ),
    ("level_std", "Level, variation", "dB", "How much the level varies."),
    ("level_range", "Level range", "dB", "How far apart quiet and loud parts are."),
    (
        "level_skewness",
        "Level skewness",
        "none",
        "Below 0: mostly loud with short quiet parts; above 0: mostly quiet with loud bursts.",
    ),
    (
        "level_rise",
        "Level rise",
        "dB/frame",
        "How steeply the level rises where it rises: hard onsets are steep.",
    ),
    ("level_fall", "Level fall", "dB/frame", "How steeply the level falls where it falls."),
    (
        "level_speed",
        "Level speed",
        "dB/frame",
        "How much the level changes from one moment to the next.",
    ),
)
_RHYTHM = (
    (
        "syllable_rate",
        "Syllable rate",
        "1/s",
        "Syllables (peaks of loudness in voiced speech) in a second.",
    ),
    (
        "speech_share",
        "Speech share",
        "share",
        "The part of the time between first and last sound that is speech, not pause.",
    ),
    (
        "voiced_run_mean",
        "Voiced stretch, average",
        "s",
        "How long the voice goes on without a break.",
    ),
    ("voiced_run_std", "Voiced stretch, variation", "s", "How uneven the stretches of voice are."),
    ("pause_mean", "Pause length", "s", "How long the pauses within the speech are."),
    ("pause_rate", "Pause rate", "1/s", "Pauses in a second."),
    ("onset_mean", "Onset strength, average", "dB", "How strongly new sounds set in, on average."),
    (
        "onset_std",
        "Onset strength, variation",
        "dB",
        "How unevenly new sounds set in: marked stress is high.",
    ),
)

SPECS = tuple(_specs())


@dataclass(frozen=True, eq=False)
class Frames:
    """What every feature of one clip is taken from, all of the same number of frames but the spectra.

    `power` is the spectrogram [bins, kept] and `mel_40_db` its 40 mel bands in dB, of the frames `kept`; `loud_db` is the level of the loud
    frames (the 95th percentile of `level_db`).
    """

    kept: npt.NDArray[np.bool_]
    power: Array
    mel_40_db: Array
    level_db: Array
    loud_db: float
    pitch: pitch.Pitch
    active: npt.NDArray[np.bool_]
    voiced: npt.NDArray[np.bool_]


def normalised(recording: Recording) -> Array:
    """The samples in float64 at an RMS of 0.1 (-20 dBFS)."""
    samples = recording.samples.astype(np.float64)
    samples *= LEVEL_RMS / np.sqrt(samples @ samples / len(samples))
    return samples


def frames(samples: Array, everywhere: bool = True) -> Frames:
    """The frames of level-normalised samples at 16 kHz, shape [n], from one spectrogram.

    Not `everywhere`, the spectra are only of active frames and their neighbours, and the pitch is that of active frames only.
    """
    level_db = spectrum.decibels(spectrum.frame_power(samples, N_FFT, HOP) + 1e-10)
    loud_db = float(quantiles(level_db, [95])[0])
    active = level_db >= loud_db - ACTIVE_RANGE_DB
    kept = (
        np.ones_like(active)
        if everywhere
        else np.convolve(active, np.ones(2 * _NEIGHBOURS + 1), mode="same") > 0.5
    )
    power = spectrum.power_spectrogram(samples, N_FFT, HOP, None if everywhere else kept)
    track = pitch.track(samples, SAMPLE_RATE, HOP, kept if everywhere else active)
    mel_40_db = spectrum.power_to_db(spectrum.mel_power(power, SAMPLE_RATE, N_FFT, 40))
    return Frames(kept, power, mel_40_db, level_db, loud_db, track, active, _voiced(track, active))


def extract(recording: Recording) -> Array:
    """The 128 features of a recording at 16 kHz, in the order of `SPECS`."""
    samples = normalised(recording)
    f = frames(samples, everywhere=False)
    on = f.active[f.kept]
    power = f.power[:, on]
    magnitude = np.sqrt(power)
    mel = spectrum.power_to_db(spectrum.mel_power(power, SAMPLE_RATE, N_FFT, N_MEL)).mean(axis=1)
    mfcc = spectrum.mfcc(f.mel_40_db, N_MFCC + 1)[1:]  # without the zeroth, which is level
    active_mfcc = mfcc[:, on]
    onset = spectrum.onset_strength(f.mel_40_db)[on]
    shape = spectrum.shape(magnitude, SAMPLE_RATE)
    shape["flatness"] = spectrum.flatness_db(power)
    shape["zcr"] = spectrum.zero_crossing_rate(samples, N_FFT, HOP)[f.active]
    shapes = np.stack([shape[name] for name in _SHAPE])
    return np.concatenate(
        [
            mel - mel.mean(),
            active_mfcc.mean(axis=1),
            active_mfcc.std(axis=1),
            np.abs(spectrum.delta(mfcc[:N_DELTA])[:, on]).mean(axis=1),
            spectrum.chroma(power, SAMPLE_RATE, N_FFT).mean(axis=1),
            _interquartile_mean(spectrum.contrast(magnitude, SAMPLE_RATE)),
            np.stack([shapes.mean(axis=1), shapes.std(axis=1)], axis=1).ravel(),
            _pitch_features(f),
            _energy_features(f),
            _rhythm_features(f),
            [onset.mean(), onset.std()],
        ]
    )


def _voiced(track: pitch.Pitch, active: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    voiced = active & (track.periodicity > VOICED_PERIODICITY)
    if voiced.sum() < _LEAST_VOICED:
        usable = np.flatnonzero(active & (track.periodicity > 0))
        best = usable[np.argsort(-track.periodicity[usable], kind="stable")[:_LEAST_VOICED]]
        voiced = np.zeros_like(active)
        voiced[best] = True
    return voiced


def _pitch_features(f: Frames) -> list[float]:
    at = np.flatnonzero(f.voiced)
    hertz = f.pitch.f0_hz[at] if len(at) else np.array([_FALLBACK_HZ])
    periodicity = np.clip(f.pitch.periodicity[at], 0.001, 0.999) if len(at) else np.array([0.001])
    semitones = 12 * np.log2(hertz)
    middle = np.median(semitones)
    semitones = np.clip(semitones, middle - OUTLIER_SEMITONES, middle + OUTLIER_SEMITONES)
    low, high = quantiles(semitones, (10, 90))
    steps = np.abs(np.diff(semitones)[np.diff(at) == 1])
    seconds = at * _FRAME_S
    around = seconds - seconds.mean() if len(at) else seconds
    spread = float(np.sum(around**2))
    hnr = 10 * np.log10(periodicity / (1 - periodicity))
    return [
        float(2 ** (middle / 12)),
        float(2 ** (low / 12)),
        float(2 ** (high / 12)),
        float(high - low),
        float(semitones.std()),
        float(steps.mean() / _FRAME_S) if len(steps) else 0.0,
        float(around @ semitones / spread) if spread > 0 else 0.0,
        float((f.pitch.periodicity[f.active] > VOICED_PERIODICITY).mean()),
        float(hnr.mean()),
        float(hnr.std()),
    ]


def _energy_features(f: Frames) -> list[float]:
    level = f.level_db[f.active] - f.loud_db
    steps = np.diff(f.level_db)[f.active[1:] & f.active[:-1]]
    rises, falls = steps[steps > 0], steps[steps < 0]
    low, high = quantiles(level, (10, 90))
    deviation = level.std()
    return [
        float(level.mean()),
        float(deviation),
        float(high - low),
        float(np.mean((level - level.mean()) ** 3) / deviation**3) if deviation > 1e-6 else 0.0,
        float(rises.mean()) if len(rises) else 0.0,
        float(falls.mean()) if len(falls) else 0.0,
        float(np.abs(steps).mean()) if len(steps) else 0.0,
    ]


def _rhythm_features(f: Frames) -> list[float]:
    first, last = np.flatnonzero(f.active)[[0, -1]]
    seconds = (last - first + 1) * _FRAME_S
    voice = _runs(f.voiced) * _FRAME_S
    pauses = _runs(~f.active[first : last + 1]) * _FRAME_S
    return [
        len(_syllables(f)) / seconds,
        float(f.active.sum() * _FRAME_S / seconds),
        float(voice.mean()) if len(voice) else 0.0,
        float(voice.std()) if len(voice) else 0.0,
        float(pauses.mean()) if len(pauses) else 0.0,
        len(pauses) / seconds,
    ]


def _syllables(f: Frames) -> npt.NDArray[np.intp]:
    """Frames at the peaks of syllables: voiced level peaks with a dip of 2 dB before and after."""
    found = peaks.syllables(f.level_db, f.loud_db - 40, 7, 2, f.loud_db - 25)
    return np.asarray(found[f.voiced[found]])


def quantiles(values: Array, percents: Sequence[float]) -> Array:
    """Percentiles of each row, shape [percents, rows], or of one row [n], shape [percents]; as `np.percentile`, from one sorting.

    >>> quantiles(np.array([4.0, 0.0, 2.0]), (0, 25, 50)).tolist()
    [0.0, 1.0, 2.0]
    """
    ordered = np.sort(values, axis=-1)
    where = np.asarray(percents) / 100 * (values.shape[-1] - 1)
    below = where.astype(int)
    above = np.minimum(below + 1, values.shape[-1] - 1)
    return np.asarray(
        (ordered[..., below] * (1 - (where - below)) + ordered[..., above] * (where - below)).T
    )


def _interquartile_mean(values: Array) -> Array:
    """The mean of the middle half of each row.

    In a single frame a band's valley can be a null of the spectrum, whose depth is mere rounding; the mean would follow it.

    >>> _interquartile_mean(np.array([[1.0, 2.0, 4.0, 900.0]])).tolist()
    [3.0]
    """
    cut = values.shape[1] // 4
    return np.sort(values, axis=1)[:, cut : values.shape[1] - cut].mean(axis=1)


def _runs(flags: npt.NDArray[np.bool_]) -> Array:
    """The lengths in frames of the unbroken stretches of True.

    >>> _runs(np.array([True, True, False, True])).tolist()
    [2.0, 1.0]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return np.asarray(edges[1::2] - edges[::2], dtype=np.float64)
