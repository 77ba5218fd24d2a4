"""`mfcc128_v1`: the mean over time of 128 MFCCs, the features that most projects of this kind use.

Conventions: recordings are at 16 kHz, features are float64 [128].

They equal `librosa.feature.mfcc(y=y, sr=22050, n_mfcc=128).mean(axis=1)` with librosa's defaults, where y is
the recording resampled to 22,050 Hz (soxr, HQ). They have its weakness, too: coefficient 0 is the loudness of
the recording.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ser_core.features import spectral_features, spectrum
from ser_core.features.catalogue import FeatureSpec
from ser_core.features.spectrum import Array

if TYPE_CHECKING:
    from ser_core.audio import Recording

SAMPLE_RATE = 22_050
N_FFT = 2048
HOP = 512
N_MFCC = 128


def _spec(k: int) -> FeatureSpec:
    sentence = f"Ripple {k} of the spectrum's outline on average: the colour of the voice."
    if k == 0:
        sentence = "The loudness of the recording."
    return FeatureSpec(f"mfcc_{k:03d}", f"MFCC {k}, average", "dB", "Timbre (MFCC)", sentence)


SPECS = tuple(_spec(k) for k in range(N_MFCC))


def extract(recording: Recording) -> Array:
    """The 128 features of a recording, in the order of `SPECS`.

    Parameters
    ----------
    recording : Recording
        At 16 kHz.

    Returns
    -------
    array [128]
        The mean MFCCs in dB.
    """
    import soxr

    samples = soxr.resample(recording.samples, recording.sample_rate, SAMPLE_RATE, quality="HQ")
    frames = spectrum.framed(samples, N_FFT, HOP)
    mel_db = spectrum.power_to_db(spectrum.mel_power_of_frames(frames, SAMPLE_RATE, N_MFCC))
    # Averaged first: the transform is linear.
    return spectral_features.mfcc(mel_db.mean(axis=1, dtype=np.float64, keepdims=True), N_MFCC)[
        :, 0
    ]
