"""From bytes, a path or an array to a `Recording`: mono float32 at 16,000 Hz."""

from __future__ import annotations

from ser_core.audio.containers import MAX_CHANNELS, MAX_RATE, MIN_RATE
from ser_core.audio.decoding import (
    MAX_PAGE_SECONDS,
    MAX_SECONDS,
    MIN_SECONDS,
    SILENT_PEAK_DBFS,
    decode,
    from_samples,
    load,
    peak_level,
)
from ser_core.audio.encoding import to_wav
from ser_core.audio.reading import (
    AUDIO_SUFFIXES,
    MAX_FILE_BYTES,
    MAX_UPLOAD_BYTES,
    check_size,
    read,
)
from ser_core.audio.recording import (
    SAMPLE_RATE,
    Note,
    Quality,
    Recording,
    Samples,
    quality,
    silence,
)

__all__ = [
    "AUDIO_SUFFIXES",
    "MAX_CHANNELS",
    "MAX_FILE_BYTES",
    "MAX_PAGE_SECONDS",
    "MAX_RATE",
    "MAX_SECONDS",
    "MAX_UPLOAD_BYTES",
    "MIN_RATE",
    "MIN_SECONDS",
    "SAMPLE_RATE",
    "SILENT_PEAK_DBFS",
    "Note",
    "Quality",
    "Recording",
    "Samples",
    "check_size",
    "decode",
    "from_samples",
    "load",
    "peak_level",
    "quality",
    "read",
    "silence",
    "to_wav",
]
