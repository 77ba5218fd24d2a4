"""The spectral and voice contours of `functionals_v1`, and the statistics that are taken of each.

A contour is one number per frame. Each comes with the sentence that people read.
"""

from __future__ import annotations

from dataclasses import dataclass

from ser_core.features import spectrum
from ser_core.features.speech_frames import SAMPLE_RATE

N_MEL, N_MFCC = 26, 16


@dataclass(frozen=True)
class Contour:
    """One contour.

    `meaning` goes into the sentences of its features. A spread of about `flat` or less counts as constant:
    the skewness of such a contour goes to 0. `frequency_hz` is set where a contour belongs to one frequency.
    """

    name: str
    title: str
    unit: str
    meaning: str
    flat: float
    frequency_hz: float | None = None


@dataclass(frozen=True)
class Statistic:
    """One statistic of a contour.

    The contour's meaning takes the place of `{}` in `sentence`. `per` follows the contour's unit, as in
    "dB/frame"; a statistic without a unit is `dimensionless`.
    """

    title: str
    sentence: str
    per: str = ""
    dimensionless: bool = False

    def unit(self, contour: Contour) -> str:
        """The unit of this statistic of a contour."""
        return "none" if self.dimensionless else contour.unit + self.per


STATISTICS = {
    "mean": Statistic("average", "On average over the speech: {}."),
    "std": Statistic("variation", "How much this varies within the clip: {}."),
    "low": Statistic(
        "low end", "How far below its median this is in the lowest tenth of the speech: {}."
    ),
    "high": Statistic(
        "high end", "How far above its median this is in the highest tenth of the speech: {}."
    ),
    "skewness": Statistic(
        "skewness",
        "Whether single moments stand out upwards (above 0) or downwards (below 0): {}.",
        dimensionless=True,
    ),
    "speed": Statistic("speed", "How fast this changes: {}.", "/frame"),
    "acceleration": Statistic(
        "acceleration", "How abruptly this speeds up or slows down: {}.", "/frame²"
    ),
    "lift": Statistic("lift", "How much this grows when the voice is 1 dB louder: {}.", "/dB"),
    "trend": Statistic(
        "trend", "How much this grows from the beginning to the end of the speech: {}."
    ),
    "voiced_mean": Statistic("average of the voice", "On average while the vocal cords swing: {}."),
    "voiced_std": Statistic(
        "variation of the voice", "How much this varies while the vocal cords swing: {}."
    ),
}
MEL_STATISTICS = ("mean", "std", "low", "high", "speed", "lift")
MFCC_STATISTICS = (
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
SHAPE_STATISTICS = (
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
VOICE_STATISTICS = ("mean", "std", "low", "high", "skewness", "speed", "lift", "trend")

MEL_CONTOURS = tuple(
    Contour(
        f"band_{n:02d}",
        f"Band at {hz:,.0f} Hz",
        "dB",
        f"the energy around {hz:,.0f} Hz, compared with the other bands",
        0.1,
        hz,
    )
    for n, hz in enumerate(spectrum.mel_centres_hz(N_MEL, SAMPLE_RATE / 2), start=1)
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
            f"peaks compared with valleys of the spectrum at {hertz} Hz",
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
        "the energy of 1-5 kHz compared with that of 50 Hz-1 kHz, high for a pressed or loud voice",
        0.1,
    ),
    Contour(
        "hammarberg",
        "Hammarberg index",
        "dB",
        "the strongest peak below 2 kHz compared with that of 2-5 kHz, low for a pressed or loud voice",
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
        "the fundamental compared with the next harmonic, high for a breathy and low for a pressed voice",
        0.1,
    ),
    Contour(
        "h1_a3",
        "First harmonic over 2-3.5 kHz",
        "dB",
        "the fundamental compared with the peak of 2-3.5 kHz, low for a bright or pressed voice",
        0.1,
    ),
)
