"""From bytes, a path or an array to a `Recording`, with notes on what was odd about the input.

Conventions: samples are float32 in [-1, 1] with shape [n]; blocks on the way are [n, channels]; times are in
seconds, levels in dB relative to full scale (dBFS).

What is not usable raises a `SerError`; what is usable but odd becomes a `Note`. Every bound holds while a
file is decoded, not after it: bytes, channels, rate, seconds. Time and memory are bounded where a file is
decoded in a process of its own: use `ser_core.audio.isolated` for all files that one has not made oneself.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ser_core.audio.containers import Source, check_shape
from ser_core.audio.reading import SPEAK_AGAIN, check_size, read
from ser_core.audio.recording import SAMPLE_RATE, Note, Recording, Samples
from ser_core.errors import ErrorCode, SerError

MIN_SECONDS = 0.5
SILENT_PEAK_DBFS = -80.0
MAX_PAGE_SECONDS = 600.0
MAX_SECONDS = 4 * 3600.0
"""Nobody speaks for longer; a small file that holds more was made to fill the memory."""

# Samples should lie in [-1, 1]. Programs write integers into floats, but not larger ones than this, and the
# squares of larger ones would overflow.
_MOST_RANGE = 1e6


def load(path: str | Path, *, max_seconds: float | None = None) -> Recording:
    """Read and decode one audio file.

    Parameters
    ----------
    path : str or Path
        The file.
    max_seconds : float, optional
        As in `decode`.

    Raises
    ------
    SerError
        As `read` and `decode`.
    """
    return decode(read(path), max_seconds=max_seconds)


def decode(
    data: bytes,
    *,
    max_bytes: int | None = None,
    max_seconds: float | None = None,
    sha256: str | None = None,
) -> Recording:
    """Decode a whole audio file held in memory. Its content decides how, not its name.

    Parameters
    ----------
    data : bytes
        A wav, flac, ogg (Vorbis or Opus), mp3, m4a or webm file.
    max_bytes : int, optional
        Refuse larger input (the pages do, the command line does not).
    max_seconds : float, optional
        Decode no further than this (default: `MAX_SECONDS`) and say so in a TOO_LONG note.
    sha256 : str, optional
        The digest of `data`, where the caller has it already; without it, it is computed.

    Returns
    -------
    Recording
        Mono float32 at 16,000 Hz.

    Raises
    ------
    SerError
        EMPTY, TOO_LARGE, NOT_AUDIO, BAD_RATE, TOO_MANY_CHANNELS, NOT_FINITE, TOO_SHORT or SILENT.
    """
    check_size(len(data), max_bytes)
    if sha256 is None:
        sha256 = hashlib.sha256(data).hexdigest()
    source = Source(data)
    recording = _collect(source, sha256, MAX_SECONDS if max_seconds is None else max_seconds)
    too_long = any(note.code == "TOO_LONG" for note in recording.notes)
    if too_long or not source.is_cut(recording.duration_s):
        return recording
    message = (
        "The file is cut short or its header claims more than is there; "
        f"the {recording.duration_s:.1f} s that are there are analysed."
    )
    return dataclasses.replace(recording, notes=(*recording.notes, Note("TRUNCATED", message)))


def from_samples(
    samples: npt.ArrayLike, sample_rate: int, *, max_seconds: float | None = None
) -> Recording:
    """Make a recording from an array: the way in for notebooks. The steps and checks are those of `decode`.

    Parameters
    ----------
    samples : array_like, shape [n] or [n, channels]
        Floats in [-1, 1], or integers, which are scaled by the range of their type.
    sample_rate : int
        In Hz.
    max_seconds : float, optional
        Use no more than this and say so in a TOO_LONG note.

    Returns
    -------
    Recording
        Mono float32 at 16,000 Hz; `sha256` is the digest of these samples.

    Raises
    ------
    ValueError
        If the shape or type is another one; a `SerError` as in `decode` for what the samples hold.
    """
    array = np.asarray(samples)
    if array.ndim not in (1, 2) or array.dtype.kind not in "fiu":
        raise ValueError(
            "The samples must be numbers of shape [n] or [n, channels]. "
            f"Got {array.dtype} of shape {array.shape}."
        )
    if array.dtype.kind in "iu":
        middle = (np.iinfo(array.dtype).max + 1) / 2 if array.dtype.kind == "u" else 0
        array = (array - middle) / (middle or -float(np.iinfo(array.dtype).min))
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        array = array.astype(np.float32).reshape(len(array), -1)
    recording = _collect([(int(sample_rate), array)], "", max_seconds)
    digest = hashlib.sha256(recording.samples.tobytes()).hexdigest()
    return dataclasses.replace(recording, sha256=digest)


def _collect(
    blocks: Iterable[tuple[int, Samples]], sha256: str, max_seconds: float | None
) -> Recording:
    """Average the channels, resample as a stream, stop at `max_seconds`, check the result."""
    parts: list[Samples] = []
    resampler: _Resampler | None = None
    seconds, too_long, rate, channels = 0.0, False, 0, 0
    for rate, block in blocks:
        check_shape(rate, block.shape[1])
        if max_seconds is not None and seconds + len(block) / rate > max_seconds:
            block, too_long = block[: int((max_seconds - seconds) * rate)], True
        if resampler is None or resampler.rate != rate:
            if resampler is not None:
                parts.append(resampler.flush())
            resampler, channels = _Resampler(rate), block.shape[1]
        mono = block[:, 0] if channels == 1 else block.mean(axis=1, dtype=np.float32)
        parts.append(resampler(mono))
        seconds += len(block) / rate
        if too_long:
            break
    if resampler is not None and len(rest := resampler.flush()):
        parts.append(rest)
    samples = parts[0] if len(parts) == 1 else np.concatenate([*parts, np.zeros(0, np.float32)])
    _check_content(samples)
    samples.flags.writeable = False
    notes = (_too_long_note(seconds),) if too_long else ()
    return Recording(samples, SAMPLE_RATE, sha256, rate, channels, notes)


def _too_long_note(seconds: float) -> Note:
    length = f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} s"
    return Note("TOO_LONG", f"Only the first {length} are analysed.")


class _Resampler:
    """Resamples mono float32 blocks to 16,000 Hz by soxr's HQ filter, whatever the size of the blocks."""

    def __init__(self, rate: int) -> None:
        import soxr

        self.rate = rate
        self._stream = None
        if rate != SAMPLE_RATE:
            self._stream = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")

    def __call__(self, mono: Samples) -> Samples:
        return mono if self._stream is None else self._stream.resample_chunk(mono)

    def flush(self) -> Samples:
        empty = np.zeros(0, np.float32)
        return empty if self._stream is None else self._stream.resample_chunk(empty, last=True)


def peak_level(samples: Samples) -> float:
    """Compute the peak of samples around their mean, in dBFS.

    Around the mean, since a constant offset is silence, too. Below `SILENT_PEAK_DBFS` there is no sound.
    """
    offset = float(samples.mean())
    peak = max(float(samples.max()) - offset, offset - float(samples.min()))
    return 20 * math.log10(peak + 1e-12)


def _check_content(samples: Samples) -> None:
    if not len(samples):
        raise SerError(ErrorCode.EMPTY, "The file holds no sound (0 samples).", SPEAK_AGAIN)
    seconds = len(samples) / SAMPLE_RATE
    if seconds < MIN_SECONDS:
        message = f"The clip lasts {seconds:.2f} s; at least {MIN_SECONDS} s are needed."
        raise SerError(ErrorCode.TOO_SHORT, message, SPEAK_AGAIN)
    # Samples that are no numbers before resampling are none after it.
    value_range = float(samples.max()) - float(samples.min())
    if not math.isfinite(value_range) or value_range > _MOST_RANGE:
        raise SerError(
            ErrorCode.NOT_FINITE,
            "The clip holds samples that are not numbers (NaN or infinity), "
            "or a million times as loud as any sound.",
            "Export it again, for example as 16-bit WAV.",
        )
    peak_dbfs = peak_level(samples)
    if peak_dbfs < SILENT_PEAK_DBFS:
        raise SerError(
            ErrorCode.SILENT,
            f"The clip is silent: its peak is {peak_dbfs:.0f} dBFS, "
            f"speech lies far above {SILENT_PEAK_DBFS:.0f} dBFS.",
            "Check that the right microphone is chosen and not muted, then record again.",
        )
