"""The 128 features of `acoustic128_v1` by name, each with its unit and a sentence for people."""

from __future__ import annotations

from collections.abc import Iterator

from ser_core.features import spectrum
from ser_core.features.catalogue import FeatureSpec
from ser_core.features.speech_frames import SAMPLE_RATE

N_MEL, N_MFCC, N_DELTA = 20, 20, 15

_PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_CONTRAST_BANDS = ("0-200", "200-400", "400-800", "800-1,600", "1,600-3,200", "3,200-8,000")
SHAPES = {
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
"""The measures of spectral shape: title, unit and meaning of each."""


def _specs() -> Iterator[FeatureSpec]:
    yield from _mel_specs()
    yield from _mfcc_specs()
    yield from _chroma_specs()
    yield from _shape_specs()
    for group, rows in (("Pitch", _PITCH), ("Energy", _ENERGY), ("Rhythm", _RHYTHM)):
        for name, title, unit, sentence in rows:
            yield FeatureSpec(name, title, unit, group, sentence)


def _mel_specs() -> Iterator[FeatureSpec]:
    for number, hertz in enumerate(spectrum.mel_centres_hz(N_MEL, SAMPLE_RATE / 2), start=1):
        title = f"Mel band at {hertz:,.0f} Hz"
        sentence = f"Energy around {hertz:,.0f} Hz, compared with the other bands of the same clip."
        yield FeatureSpec(f"mel_{number:02d}", title, "dB", "Mel spectrum", sentence, hertz)


def _mfcc_specs() -> Iterator[FeatureSpec]:
    group = "Timbre (MFCC)"
    for k in range(1, N_MFCC + 1):
        sentence = f"Ripple {k} of the spectrum's outline on average: the colour of the voice."
        yield FeatureSpec(f"mfcc_{k:02d}_mean", f"MFCC {k}, average", "dB", group, sentence)
    for k in range(1, N_MFCC + 1):
        sentence = f"How much ripple {k} of the spectrum's outline varies within the clip."
        yield FeatureSpec(f"mfcc_{k:02d}_std", f"MFCC {k}, variation", "dB", group, sentence)
    for k in range(1, N_DELTA + 1):
        sentence = (
            f"How fast ripple {k} of the spectrum's outline changes: lively speech moves faster."
        )
        yield FeatureSpec(f"mfcc_{k:02d}_speed", f"MFCC {k}, speed", "dB/frame", group, sentence)


def _chroma_specs() -> Iterator[FeatureSpec]:
    for note in _PITCH_CLASSES:
        name = f"chroma_{note.lower().replace('#', '_sharp')}"
        sentence = (
            f"How strong the notes named {note} are, "
            "compared with the strongest note at each moment."
        )
        yield FeatureSpec(name, f"Chroma {note}", "share", "Chroma", sentence)


def _shape_specs() -> Iterator[FeatureSpec]:
    group = "Spectral shape"
    for number, hertz in enumerate(_CONTRAST_BANDS, start=1):
        title = f"Spectral contrast at {hertz} Hz"
        sentence = (
            f"Peaks compared with valleys of the spectrum at {hertz} Hz: "
            "clear tones are high, breath is low."
        )
        yield FeatureSpec(f"contrast_{number}", title, "dB", group, sentence)
    for name, (title, unit, meaning) in SHAPES.items():
        average = f"On average, {meaning}."
        yield FeatureSpec(f"{name}_mean", f"{title}, average", unit, group, average)
        variation = f"How much this varies within the clip: {meaning}."
        yield FeatureSpec(f"{name}_std", f"{title}, variation", unit, group, variation)


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
        "Tone compared with noise in the voice: a clear voice is high, a hoarse or breathy one low.",
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
