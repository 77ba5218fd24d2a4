"""A voice at another tempo, or higher or lower. Conventions: samples are float32 [n], mono, at 16 kHz.

The tempo is changed by FFmpeg's `atempo` (waveform similarity overlap-add: Verhelst & Roelands 1993).
"""

from __future__ import annotations

import numpy as np

from ser_core.audio.recording import SAMPLE_RATE, Samples

_LEAST_SPEED, _MOST_SPEED = 0.5, 2.0  # what atempo does in one go without audible gaps


def change_tempo(samples: Samples, speed: float) -> Samples:
    """Make speech faster or slower at the same pitch.

    Parameters
    ----------
    samples : ndarray, float32 [n]
    speed : float
        How many times as fast, from 0.5 to 2.

    Returns
    -------
    ndarray, float32
        About n / speed samples.

    Raises
    ------
    ValueError
        If the speed is another one.
    """
    import av

    if not _LEAST_SPEED <= speed <= _MOST_SPEED:
        raise ValueError(
            f"The speed must be between {_LEAST_SPEED} and {_MOST_SPEED}. Got {speed}."
        )
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=SAMPLE_RATE, format="flt", layout="mono")
    tempo = graph.add("atempo", f"{speed:.6f}")
    sink = graph.add("abuffersink")
    source.link_to(tempo)
    tempo.link_to(sink)
    graph.configure()
    mono = samples[None].astype(np.float32)
    frame = av.AudioFrame.from_ndarray(mono, format="flt", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    frame.pts = 0
    graph.push(frame)
    graph.push(None)
    parts = []
    while True:
        try:
            parts.append(graph.pull().to_ndarray()[0])
        except (av.error.EOFError, av.error.BlockingIOError):
            return np.concatenate(parts).astype(np.float32)


def shift_pitch(samples: Samples, semitones: float) -> Samples:
    """Make a voice higher or lower at the same tempo. Formants move along, as when a tape runs faster.

    Parameters
    ----------
    samples : ndarray, float32 [n]
    semitones : float
        From -12 to 12.

    Returns
    -------
    ndarray, float32 [n]

    Raises
    ------
    ValueError
        If that is more than an octave.
    """
    import soxr

    factor = 2 ** (semitones / 12)
    faster = soxr.resample(samples, SAMPLE_RATE * factor, SAMPLE_RATE, quality="HQ")
    at_old_tempo = change_tempo(faster, 1 / factor)[: len(samples)]
    return np.pad(at_old_tempo, (0, len(samples) - len(at_old_tempo)))
