"""`mfcc128_v1`: the mean over time of 128 MFCCs, the features that most projects of this kind use.

Equal to `librosa.feature.mfcc(y=y, sr=22050, n_mfcc=128).mean(axis=1)` with librosa's defaults, where y is the canonical
16 kHz signal resampled to 22,050 Hz (soxr, HQ). It keeps their weakness: coefficient 0 is the loudness of the recording.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ser_core.features import spectrum
from ser_core.features.catalogue import FeatureSpec
from ser_core.features.spectrum import Array

if TYPE_CHECKING:
    from ser_core.audio import Recording

SAMPLE_RATE = 22_050
N_FFT = 2048
HOP = 512
N_MFCC = 128

SPECS = tuple(
    FeatureSpec(
        f"mfcc_{k:03d}",
        f"MFCC {k}, average",
        "dB",
        "Timbre (MFCC)",
        "The loudness of the recording."
        if k == 0
        else f"Ripple {k} of the spectrum's outline on average: the colour of the voice.",
    )
    for k in range(N_MFCC)
)


def extract(recording: Recording) -> Array:
    """The 128 features of a recording at 16 kHz, in the order of `SPECS`."""
    import soxr

    samples = soxr.resample(recording.samples, recording.sample_rate, SAMPLE_RATE, quality="HQ")
    mel_db = spectrum.power_to_db(
        spectrum.mel_power_of(spectrum.framed(samples, N_FFT, HOP), SAMPLE_RATE, N_MFCC)
    )
    # Averaged first: the transform is linear.
    return spectrum.mfcc(mel_db.mean(axis=1, dtype=np.float64, keepdims=True), N_MFCC)[:, 0]
