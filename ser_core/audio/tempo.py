"""A voice faster or slower, higher or lower, by ffmpeg's `atempo` (waveform similarity overlap-add: Verhelst & Roelands 1993)."""

from __future__ import annotations

import numpy as np

from ser_core.audio.recording import Samples

SAMPLE_RATE = 16_000
_LEAST, _MOST = 0.5, 2.0  # what atempo does in one go without audible gaps


def paced(samples: Samples, speed: float) -> Samples:
    """Samples [n] at 16 kHz spoken `speed` times as fast, the pitch as it was: about n / speed samples.

    Raises
    ------
    ValueError
        If the speed is not between 0.5 and 2.
    """
    import av

    if not _LEAST <= speed <= _MOST:
        raise ValueError(f"The speed must be between {_LEAST} and {_MOST}. Got {speed}.")
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=SAMPLE_RATE, format="flt", layout="mono")
    tempo, sink = graph.add("atempo", f"{speed:.6f}"), graph.add("abuffersink")
    source.link_to(tempo)
    tempo.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(
        samples[None].astype(np.float32), format="flt", layout="mono"
    )
    frame.sample_rate, frame.pts = SAMPLE_RATE, 0
    graph.push(frame)
    graph.push(None)
    parts = []
    while True:
        try:
            parts.append(graph.pull().to_ndarray()[0])
        except (av.error.EOFError, av.error.BlockingIOError):
            return np.concatenate(parts).astype(np.float32)


def pitched(samples: Samples, semitones: float) -> Samples:
    """Samples [n] at 16 kHz `semitones` higher, shape [n]; formants move along, as when a tape runs faster.

    Raises
    ------
    ValueError
        If that is more than an octave.
    """
    import soxr

    factor = 2 ** (semitones / 12)
    faster = soxr.resample(samples, SAMPLE_RATE * factor, SAMPLE_RATE, quality="HQ")
    again = paced(faster, 1 / factor)[: len(samples)]
    return np.pad(again, (0, len(samples) - len(again)))
