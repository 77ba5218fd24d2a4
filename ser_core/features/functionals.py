"""`functionals_v1`: several hundred statistics of a clip's contours, the large feature set.

Conventions: recordings are at 16 kHz. A contour is one number per frame of 64 ms every 16 ms: a mel band, an
MFCC, a measure of spectral shape, of the voice, of pitch or of level; contours are [k, frames]. The features
are statistics over the *active* or the *voiced* frames of `speech_frames`.

The idea and most of the contours are those of openSMILE's sets: Eyben F et al. (2016), The Geneva
minimalistic acoustic parameter set (GeMAPS), IEEE Transactions on Affective Computing 7(2). The numbers are
our own and not comparable.

Three things make the features robust against another microphone:

- The clip is brought to one level first, and levels are compared with the clip's own loud parts.
- Spectra end 60 dB below the clip's loudest band, so that what a codec does to near-silence has no effect.
- A fixed filter (a microphone, a telephone) adds a constant in dB to a mel band or an MFCC. It moves the
  average of the contour and leaves deviation, range, speed, trend and lift as they were. The averages are the
  features of `CHANNEL_DEPENDENT`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ser_core.features import spectral_features, spectrum
from ser_core.features.contour_catalogue import (
    MEL_CONTOURS,
    MEL_STATISTICS,
    MFCC_CONTOURS,
    MFCC_STATISTICS,
    N_MEL,
    N_MFCC,
    SHAPE_CONTOURS,
    SHAPE_STATISTICS,
    VOICE_CONTOURS,
    VOICE_STATISTICS,
)
from ser_core.features.functionals_catalogue import CHANNEL_DEPENDENT, SPECS
from ser_core.features.prosody import (
    energy_features,
    loudness_of,
    pitch_features,
    rhythm_features,
    track_voice,
)
from ser_core.features.spectral_contours import (
    floored,
    raised_above_rounding,
    shape_contours,
    voice_contours,
)
from ser_core.features.spectrum import Array
from ser_core.features.speech_frames import (
    FRAME_S,
    N_FFT,
    SAMPLE_RATE,
    SpeechFrames,
    analyse_frames,
    normalise_level,
)
from ser_core.features.statistics import ContoursWithDeltas, contour_statistics

if TYPE_CHECKING:
    from ser_core.audio import Recording

__all__ = [
    "CHANNEL_DEPENDENT",
    "N_MEL",
    "SPECS",
    "Contours",
    "compute_contours",
    "extract",
    "silence_contours",
    "summarise",
]


@dataclass(frozen=True, eq=False)
class Contours:
    """The contours of a clip, of which the statistics are taken.

    Attributes
    ----------
    frames : SpeechFrames
        The frames, all with their spectrum.
    loudness : array [4, frames]
        As `prosody.loudness_of` gives it.
    mel, mfcc, shape, voice : ContoursWithDeltas
        The contours of each kind, [k, frames].
    level_db : array [frames]
        The level relative to the loud parts.
    """

    frames: SpeechFrames
    loudness: Array
    mel: ContoursWithDeltas
    mfcc: ContoursWithDeltas
    shape: ContoursWithDeltas
    voice: ContoursWithDeltas
    level_db: Array


def extract(recording: Recording) -> Array:
    """The features of a recording, in the order of `SPECS`.

    Parameters
    ----------
    recording : Recording
        At 16 kHz.

    Returns
    -------
    array [d]
        The features in the units of `SPECS`.
    """
    return summarise(compute_contours(recording))


def compute_contours(recording: Recording) -> Contours:
    """The contours of a recording.

    Parameters
    ----------
    recording : Recording
        At 16 kHz.

    Returns
    -------
    Contours
        All contours of the clip.
    """
    samples = normalise_level(recording)
    frames = analyse_frames(samples)
    raised = raised_above_rounding(frames.power)
    mel_power = spectrum.mel_power(frames.power, SAMPLE_RATE, N_FFT, N_MEL)
    mel_db = floored(spectrum.decibels(mel_power + 1e-12))
    return Contours(
        frames=frames,
        loudness=loudness_of(frames.power),
        mel=ContoursWithDeltas.of(mel_db - mel_db.mean(axis=0)),
        mfcc=ContoursWithDeltas.of(spectral_features.mfcc(mel_db, N_MFCC + 1)[1:]),
        shape=ContoursWithDeltas.of(shape_contours(samples, frames, raised, mel_db)),
        voice=ContoursWithDeltas.of(voice_contours(frames, raised)),
        level_db=frames.level_db - frames.loud_db,
    )


def silence_contours(contours: Contours, start_s: float, end_s: float) -> Contours:
    """The contours of a clip where a stretch counts as a pause.

    They are nearly those of the recording with silence there, at a fifth of the cost.

    Parameters
    ----------
    contours : Contours
        The contours of a clip.
    start_s, end_s : float
        The stretch, in seconds.

    Returns
    -------
    Contours
        The same contours if no active frame lies outside of the stretch.
    """
    seconds = np.arange(len(contours.level_db)) * FRAME_S
    outside = (seconds < start_s) | (seconds >= end_s)
    active = contours.frames.active & outside
    if not active.any():
        return contours
    frames = replace(contours.frames, active=active, voiced=contours.frames.voiced & outside)
    return replace(contours, frames=frames, loudness=contours.loudness * outside)


def summarise(contours: Contours) -> Array:
    """The statistics of contours.

    Parameters
    ----------
    contours : Contours
        The contours of a clip.

    Returns
    -------
    array [d]
        The features in the order of `SPECS`.
    """
    frames, level_db = contours.frames, contours.level_db
    on, voiced = frames.active, frames.voiced
    return np.concatenate(
        [
            contour_statistics(contours.mel, on, voiced, level_db, MEL_STATISTICS, MEL_CONTOURS),
            contour_statistics(contours.mfcc, on, voiced, level_db, MFCC_STATISTICS, MFCC_CONTOURS),
            contour_statistics(
                contours.shape, on, voiced, level_db, SHAPE_STATISTICS, SHAPE_CONTOURS
            ),
            contour_statistics(
                contours.voice, voiced, voiced, level_db, VOICE_STATISTICS, VOICE_CONTOURS
            ),
            pitch_features(track_voice(frames), level_db),
            energy_features(frames, level_db),
            rhythm_features(frames, contours.loudness),
        ]
    )
