"""The prosodic features of `functionals_v1` by name: pitch, energy and rhythm.

A row of `PITCH`, `ENERGY` or `RHYTHM` is (name, title, unit, sentence for people); their order is that in
which `prosody` computes them.
"""

from __future__ import annotations

import itertools

N_DCT = 5
QUANTILES = (5, 10, 25, 75, 90, 95)
"""In percent."""
MODULATION_EDGES_HZ = (0.5, 2.0, 4.0, 8.0, 16.0, 30.0)
BROAD_BANDS_HZ = {
    "all": (0.0, 8000.0),
    "low": (0.0, 500.0),
    "middle": (500.0, 2000.0),
    "high": (2000.0, 8000.0),
}

_THIRDS = ("first", "middle", "last")
_BAND_TITLES = {
    "all": "the loudness",
    "low": "the lows",
    "middle": "the middle tones",
    "high": "the highs",
}


def _tail(percent: int) -> str:
    """The end of the values that a quantile cuts off, in words.

    >>> _tail(90)
    'above its median the highest 10%'
    """
    if percent < 50:
        return f"below its median the lowest {percent}%"
    return f"above its median the highest {100 - percent}%"


_TAILS = {percent: _tail(percent) for percent in QUANTILES}
PITCH = (
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
            f"How far {tail} of the pitch begins.",
        )
        for q, tail in _TAILS.items()
    ),
    ("pitch_std", "Pitch, variation", "semitones", "How much the pitch varies around its mean."),
    (
        "pitch_skewness",
        "Pitch, skewness",
        "none",
        "Whether the pitch leaves its usual height upwards (above 0) or downwards (below 0).",
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
        "How much the pitch grows when the voice is 1 dB louder.",
    ),
    (
        "pitch_with_level",
        "Pitch with level",
        "none",
        "How closely pitch and level go together: 1 if they move as one, 0 if not at all.",
    ),
)
ENERGY = (
    (
        "power_mean",
        "Power, average",
        "dB",
        "The average level, compared with the loud parts of the same clip.",
    ),
    ("power_std", "Power, variation", "dB", "How much the level varies."),
    *(
        (f"power_q{q:02d}", f"Power, quantile {q}%", "dB", f"How far {tail} of the level begins.")
        for q, tail in _TAILS.items()
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
        "Whether the level is higher at both ends (above 0) or in the middle (below 0).",
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
    (
        "power_crest",
        "Power, crest",
        "dB",
        "The loudest moment compared with the average of the speech.",
    ),
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
RHYTHM = (
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
        for band, what in _BAND_TITLES.items()
        for low, high in itertools.pairwise(MODULATION_EDGES_HZ)
    ),
    *(
        (
            f"swing_{band}_depth",
            f"Swing of {what}, depth",
            "none",
            f"How deep the rise and fall of {what} is, compared with its average.",
        )
        for band, what in _BAND_TITLES.items()
    ),
)
