"""The features of `functionals_v1` by name: which contours there are, which statistics of each, and what they mean to a person."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from ser_core.features import acoustic128, spectrum
from ser_core.features.catalogue import FeatureSpec

N_MEL, N_MFCC, N_DCT = 26, 16, 5
QUANTILES = (5, 10, 25, 75, 90, 95)
_THIRDS = ("first", "middle", "last")
MODULATION_EDGES_HZ = (0.5, 2.0, 4.0, 8.0, 16.0, 30.0)
BROAD_BANDS_HZ = {
    "all": (0.0, 8000.0),
    "low": (0.0, 500.0),
    "middle": (500.0, 2000.0),
    "high": (2000.0, 8000.0),
}


@dataclass(frozen=True)
class Contour:
    """One contour: how it is called, and the spread below which it counts as constant (its shape is then not asked for)."""

    name: str
    title: str
    unit: str
    meaning: str
    flat: float
    frequency_hz: float | None = None


@dataclass(frozen=True)
class _Statistic:
    """One statistic of a contour; `{}` in `sentence` is what the contour means; `per` is what its unit is divided by."""

    title: str
    sentence: str
    per: str = ""
    pure: bool = False

    def unit(self, contour: Contour) -> str:
        return "none" if self.pure else contour.unit + self.per


STATISTICS = {
    "mean": _Statistic("average", "On average over the speech: {}."),
    "std": _Statistic("variation", "How much this varies within the clip: {}."),
    "low": _Statistic(
        "low end", "How far below its median this is in the lowest tenth of the speech: {}."
    ),
    "high": _Statistic(
        "high end", "How far above its median this is in the highest tenth of the speech: {}."
    ),
    "skewness": _Statistic(
        "skewness",
        "Whether single moments stand out upwards (above 0) or downwards (below 0): {}.",
        pure=True,
    ),
    "speed": _Statistic("speed", "How fast this changes: {}.", "/frame"),
    "acceleration": _Statistic(
        "acceleration", "How abruptly the change of this changes: {}.", "/frame²"
    ),
    "lift": _Statistic(
        "lift", "How much this grows with each dB that the voice is louder: {}.", "/dB"
    ),
    "trend": _Statistic(
        "trend", "How much this grows from the beginning to the end of the speech: {}."
    ),
    "voiced_mean": _Statistic(
        "average of the voice", "On average while the vocal cords swing: {}."
    ),
    "voiced_std": _Statistic(
        "variation of the voice", "How much this varies while the vocal cords swing: {}."
    ),
}
OF_MEL = ("mean", "std", "low", "high", "speed", "lift")
OF_MFCC = (
    "mean",
    "std",
    "low",
    "high",
    "skewness",
    "speed",
    "acceleration",
    "lift",
    "trend",
    "voiced_mean",
)
OF_SHAPE = (
    "mean",
    "std",
    "low",
    "high",
    "skewness",
    "speed",
    "lift",
    "trend",
    "voiced_mean",
    "voiced_std",
)
OF_VOICE = ("mean", "std", "low", "high", "skewness", "speed", "lift", "trend")

MEL_CONTOURS = tuple(
    Contour(
        f"band_{n:02d}",
        f"Band at {hz:,.0f} Hz",
        "dB",
        f"the energy around {hz:,.0f} Hz, compared with the other bands",
        0.1,
        hz,
    )
    for n, hz in enumerate(spectrum.mel_centres_hz(N_MEL, acoustic128.SAMPLE_RATE / 2), start=1)
)
MFCC_CONTOURS = tuple(
    Contour(
        f"cepstrum_{n:02d}", f"Cepstrum {n}", "dB", f"ripple {n} of the spectrum's outline", 0.1
    )
    for n in range(1, N_MFCC + 1)
)
SHAPE_CONTOURS = (
    Contour(
        "centre",
        "Spectral centre",
        "octaves",
        "the centre of gravity of the spectrum, higher is brighter",
        0.01,
    ),
    Contour(
        "spread",
        "Spectral spread",
        "octaves",
        "how far the energy spreads around the centre of the spectrum",
        0.01,
    ),
    Contour(
        "edge",
        "Spectral edge",
        "octaves",
        "the frequency below which 85% of the spectrum lies",
        0.01,
    ),
    Contour(
        "noisiness",
        "Noisiness",
        "dB",
        "how noise-like the spectrum is, 0 dB for noise and far below for a tone",
        0.1,
    ),
    Contour(
        "crossings",
        "Zero crossings",
        "share",
        "how often the wave crosses zero, high for hissing sounds",
        0.001,
    ),
    *(
        Contour(
            f"clearness_{n}",
            f"Clearness at {hertz} Hz",
            "dB",
            f"peaks over valleys of the spectrum at {hertz} Hz",
            0.1,
        )
        for n, hertz in enumerate(
            ("0-200", "200-400", "400-800", "800-1,600", "1,600-3,200", "3,200-8,000"), start=1
        )
    ),
    Contour(
        "alpha",
        "Alpha ratio",
        "dB",
        "energy of 1-5 kHz over that of 50 Hz-1 kHz, high for a pressed or loud voice",
        0.1,
    ),
    Contour(
        "hammarberg",
        "Hammarberg index",
        "dB",
        "the strongest peak below 2 kHz over that of 2-5 kHz, low for a pressed or loud voice",
        0.1,
    ),
    Contour(
        "slope_low",
        "Spectral slope to 500 Hz",
        "dB/kHz",
        "how the spectrum rises or falls up to 500 Hz",
        0.1,
    ),
    Contour(
        "slope_middle",
        "Spectral slope 500-1,500 Hz",
        "dB/kHz",
        "how the spectrum rises or falls from 500 to 1,500 Hz",
        0.1,
    ),
    Contour(
        "slope_high",
        "Spectral slope 1.5-5 kHz",
        "dB/kHz",
        "how the spectrum rises or falls from 1.5 to 5 kHz",
        0.1,
    ),
    Contour(
        "flux",
        "Spectral flux",
        "none",
        "how different the spectrum is from the moment before, whatever the level",
        0.001,
    ),
    Contour("setting_in", "Onset strength", "dB", "how strongly new sound sets in", 0.1),
)
VOICE_CONTOURS = (
    Contour(
        "tone_over_noise",
        "Tone over noise",
        "dB",
        "how clear rather than hoarse or breathy the voice is",
        0.1,
    ),
    Contour(
        "cepstral_peak",
        "Cepstral peak",
        "dB",
        "how far the pitch stands out of the ripples of the spectrum, low for a breathy voice",
        0.1,
    ),
    Contour(
        "h1_h2",
        "First over second harmonic",
        "dB",
        "the fundamental over the next harmonic, high for a breathy and low for a pressed voice",
        0.1,
    ),
    Contour(
        "h1_a3",
        "First harmonic over 2-3.5 kHz",
        "dB",
        "the fundamental over the peak of 2-3.5 kHz, low for a bright or pressed voice",
        0.1,
    ),
)

_PLACES = [
    f"{'below' if q < 50 else 'above'} its median the {'lowest' if q < 50 else 'highest'} {min(q, 100 - q)}%"
    for q in QUANTILES
]
_PITCH = (
    (
        "pitch_median",
        "Pitch, median",
        "semitones",
        "The typical pitch of the voice, from 55 Hz up: women are about 10 semitones above men.",
    ),
    (
        "pitch_level_low",
        "Pitch, low",
        "semitones",
        "The pitch that the voice stays above 90% of the time, from 55 Hz up.",
    ),
    (
        "pitch_level_high",
        "Pitch, high",
        "semitones",
        "The pitch that the voice stays below 90% of the time, from 55 Hz up.",
    ),
    *(
        (
            f"pitch_q{q:02d}",
            f"Pitch, quantile {q}%",
            "semitones",
            f"How far {place} of the pitch begins.",
        )
        for q, place in zip(QUANTILES, _PLACES, strict=True)
    ),
    ("pitch_std", "Pitch, variation", "semitones", "How much the pitch varies around its mean."),
    (
        "pitch_skewness",
        "Pitch, skewness",
        "none",
        "Whether the pitch leaves its usual place upwards (above 0) or downwards (below 0).",
    ),
    (
        "pitch_peakedness",
        "Pitch, peakedness",
        "none",
        "Whether the pitch mostly stays near its mean with few excursions (high) or wanders evenly (low).",
    ),
    (
        "pitch_trend",
        "Pitch, trend",
        "semitones",
        "How much the pitch rises (above 0) or falls (below 0) from the beginning to the end.",
    ),
    (
        "pitch_arch",
        "Pitch, arch",
        "semitones",
        "Whether the pitch is higher at both ends (above 0) or in the middle (below 0).",
    ),
    *(
        (
            f"pitch_{third}",
            f"Pitch, {third} third",
            "semitones",
            f"The pitch in the {third} third of the speech, from the median.",
        )
        for third in _THIRDS
    ),
    *(
        (
            f"pitch_wave_{k}",
            f"Pitch, wave {k}",
            "semitones",
            f"How strongly the pitch swings in {k} half waves over the clip.",
        )
        for k in range(1, N_DCT + 1)
    ),
    ("pitch_speed", "Pitch, speed", "semitones/s", "How fast the pitch moves up and down."),
    ("pitch_rise", "Pitch, rises", "semitones/s", "How steep the pitch is where it rises."),
    ("pitch_fall", "Pitch, falls", "semitones/s", "How steep the pitch is where it falls."),
    (
        "pitch_steepest",
        "Pitch, steepest",
        "semitones/s",
        "How steep the steepest tenth of the pitch movements is.",
    ),
    (
        "pitch_rising_share",
        "Pitch, rising share",
        "share",
        "The part of the voice in which the pitch rises.",
    ),
    (
        "pitch_flutter",
        "Pitch, flutter",
        "semitones",
        "How shaky the pitch is from one moment to the next, beyond its melody.",
    ),
    (
        "pitch_run_range",
        "Pitch, range of a stretch",
        "semitones",
        "How far the pitch moves within a stretch of unbroken voice.",
    ),
    (
        "pitch_run_slope",
        "Pitch, slope of a stretch",
        "semitones/s",
        "Whether stretches of voice rise (above 0) or fall (below 0).",
    ),
    (
        "pitch_run_spread",
        "Pitch, spread of stretches",
        "semitones",
        "How different the pitch of the stretches of voice is.",
    ),
    (
        "pitch_last_run",
        "Pitch, last stretch",
        "semitones",
        "The pitch of the last stretch of voice, from the median.",
    ),
    (
        "pitch_last_slope",
        "Pitch, last slope",
        "semitones/s",
        "Whether the last stretch of voice rises (above 0) or falls (below 0).",
    ),
    (
        "pitch_peak_place",
        "Pitch, place of the peak",
        "share",
        "Where in the speech the pitch is highest: 0 is the beginning, 1 the end.",
    ),
    (
        "pitch_lift",
        "Pitch, lift",
        "semitones/dB",
        "How much the pitch grows with each dB that the voice is louder.",
    ),
    (
        "pitch_with_level",
        "Pitch with level",
        "none",
        "How closely pitch and level go together: 1 if they move as one, 0 if not at all.",
    ),
)
_ENERGY = (
    (
        "power_mean",
        "Power, average",
        "dB",
        "The average level, compared with the loud parts of the same clip.",
    ),
    ("power_std", "Power, variation", "dB", "How much the level varies."),
    *(
        (f"power_q{q:02d}", f"Power, quantile {q}%", "dB", f"How far {place} of the level begins.")
        for q, place in zip(QUANTILES, _PLACES, strict=True)
    ),
    (
        "power_skewness",
        "Power, skewness",
        "none",
        "Below 0: mostly loud with short quiet parts; above 0: mostly quiet with loud bursts.",
    ),
    (
        "power_peakedness",
        "Power, peakedness",
        "none",
        "Whether the level mostly stays near its mean (high) or wanders evenly (low).",
    ),
    (
        "power_trend",
        "Power, trend",
        "dB",
        "How much the level grows from the beginning to the end of the speech.",
    ),
    (
        "power_arch",
        "Power, arch",
        "dB",
        "Whether the ends of the speech are louder (above 0) or its middle is (below 0).",
    ),
    *(
        (
            f"power_{third}",
            f"Power, {third} third",
            "dB",
            f"The level in the {third} third of the speech, from the average.",
        )
        for third in _THIRDS
    ),
    *(
        (
            f"power_wave_{k}",
            f"Power, wave {k}",
            "dB",
            f"How strongly the level swings in {k} half waves over the clip.",
        )
        for k in range(1, N_DCT + 1)
    ),
    (
        "power_rise",
        "Power, rises",
        "dB/frame",
        "How steeply the level rises where it rises: hard onsets are steep.",
    ),
    ("power_fall", "Power, falls", "dB/frame", "How steeply the level falls where it falls."),
    (
        "power_steepest_rise",
        "Power, steepest rises",
        "dB/frame",
        "How steep the steepest tenth of the rises is.",
    ),
    (
        "power_steepest_fall",
        "Power, steepest falls",
        "dB/frame",
        "How steep the steepest tenth of the falls is.",
    ),
    (
        "power_speed",
        "Power, speed",
        "dB/frame",
        "How much the level changes from one moment to the next.",
    ),
    (
        "power_flutter",
        "Power, flutter",
        "dB",
        "How shaky the level of the voice is from one moment to the next, beyond its melody.",
    ),
    (
        "power_top6_share",
        "Power, share of the loud",
        "share",
        "The part of the speech within 6 dB of the loud parts.",
    ),
    (
        "power_top12_share",
        "Power, share of the half-loud",
        "share",
        "The part of the speech within 12 dB of the loud parts.",
    ),
    ("power_crest", "Power, crest", "dB", "The loudest moment over the average of the speech."),
    (
        "power_peak_place",
        "Power, place of the peak",
        "share",
        "Where in the speech the level is highest: 0 is the beginning, 1 the end.",
    ),
    (
        "power_voice_over_rest",
        "Power, voice over the rest",
        "dB",
        "How much louder voice is than the speech without voice, such as s and f.",
    ),
    (
        "power_peaks_std",
        "Power, variation of the syllables",
        "dB",
        "How different the loudness of the syllables is: marked stress is high.",
    ),
    (
        "power_peaks_trend",
        "Power, trend of the syllables",
        "dB",
        "How much louder the last syllables are than the first.",
    ),
)
_RHYTHM = (
    (
        "syllables_rate",
        "Syllables in a second",
        "1/s",
        "Syllables (peaks of loudness in voiced speech) in a second.",
    ),
    (
        "syllables_gap_mean",
        "Time between syllables",
        "s",
        "The average time from one syllable to the next.",
    ),
    (
        "syllables_gap_std",
        "Time between syllables, variation",
        "s",
        "How uneven the time from one syllable to the next is.",
    ),
    (
        "syllables_gap_change",
        "Time between syllables, change",
        "none",
        "How different neighbouring times between syllables are (nPVI / 100).",
    ),
    (
        "speaking_share",
        "Speaking share",
        "share",
        "The part of the time between first and last sound that is speech, not pause.",
    ),
    (
        "voice_share",
        "Share of voice",
        "share",
        "The part of the speech in which the vocal cords swing: whispering is near 0.",
    ),
    *(
        (f"{kind}_{figure}", f"{title}, {what}", unit, f"The {what} of {meaning}.")
        for kind, title, meaning in (
            ("voice_run", "Stretches of voice", "the stretches of unbroken voice"),
            (
                "breath_run",
                "Stretches without voice",
                "the stretches of speech without voice, such as s and f",
            ),
            ("silence_run", "Pauses", "the pauses within the speech"),
        )
        for figure, what, unit in (
            ("mean", "average length", "s"),
            ("std", "variation in length", "s"),
            ("longest", "greatest length", "s"),
            ("rate", "number in a second", "1/s"),
        )
    ),
    *(
        (
            f"swing_{band}_{low:g}_{high:g}".replace(".", "p"),
            f"Swing of {what}, {low:g}-{high:g} Hz",
            "share",
            f"How much of the rise and fall of {what} happens {low:g} to {high:g} times a second.",
        )
        for band, what in zip(
            BROAD_BANDS_HZ,
            ("the loudness", "the lows", "the middle tones", "the highs"),
            strict=True,
        )
        for low, high in itertools.pairwise(MODULATION_EDGES_HZ)
    ),
    *(
        (
            f"swing_{band}_depth",
            f"Swing of {what}, depth",
            "none",
            f"How deep the rise and fall of {what} is, compared with its average.",
        )
        for band, what in zip(
            BROAD_BANDS_HZ,
            ("the loudness", "the lows", "the middle tones", "the highs"),
            strict=True,
        )
    ),
)


def _specs() -> Iterator[FeatureSpec]:
    tables = (
        ("Mel spectrum", MEL_CONTOURS, OF_MEL),
        ("Timbre (MFCC)", MFCC_CONTOURS, OF_MFCC),
        ("Spectral shape", SHAPE_CONTOURS, OF_SHAPE),
        ("Voice quality", VOICE_CONTOURS, OF_VOICE),
    )
    for group, contours, statistics in tables:
        for key, contour in itertools.product(statistics, contours):
            statistic = STATISTICS[key]
            sentence = statistic.sentence.format(contour.meaning)
            title = f"{contour.title}, {statistic.title}"
            yield FeatureSpec(
                f"{contour.name}_{key}",
                title,
                statistic.unit(contour),
                group,
                sentence,
                contour.frequency_hz,
            )
    for group, rows in (("Pitch", _PITCH), ("Energy", _ENERGY), ("Rhythm", _RHYTHM)):
        yield from (
            FeatureSpec(name, title, unit, group, sentence) for name, title, unit, sentence in rows
        )


SPECS = tuple(_specs())

CHANNEL_DEPENDENT = frozenset(
    spec.name
    for spec in SPECS
    if spec.group in {"Mel spectrum", "Timbre (MFCC)", "Spectral shape", "Voice quality"}
    and spec.name.endswith("_mean")
)
"""The averages of spectral contours: a microphone or a room moves these."""
