"""From bytes, a path or an array to a `Recording`: mono float32 at 16,000 Hz, with notes on what was odd about the input.

Conventions: samples are float32 in [-1, 1] with shape [n]; blocks on the way are [n, channels]; times are in seconds,
levels in dB relative to full scale (dBFS). What is not usable raises a `SerError`; what is usable but odd becomes a `Note`.
Every bound holds while a file is decoded, not after it: bytes, channels, rate, seconds. Time and memory are bounded where a file is decoded in a
process of its own: `ser_core.audio.isolated`, for all files that one has not made oneself.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import math
import stat
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ser_core.audio.containers import MAX_CHANNELS, MAX_RATE, MIN_RATE, Source, check_shape
from ser_core.audio.recording import Note, Quality, Recording, Samples, quality, silenced
from ser_core.errors import ErrorCode, SerError

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
    "silenced",
    "to_wav",
]

SAMPLE_RATE = 16_000
MIN_SECONDS = 0.5
SILENT_PEAK_DBFS = -80.0
MAX_UPLOAD_BYTES = 20 * 1024 * 1024
MAX_PAGE_SECONDS = 600.0
MAX_FILE_BYTES = 2**30
MAX_SECONDS = 4 * 3600.0
"""Nobody speaks for longer; a small file that holds more was made to fill the memory."""
AUDIO_SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".opus", ".oga", ".mp3", ".m4a", ".mp4", ".aac", ".webm"}
)

_MOST_RANGE = 1e6  # of samples that should lie in [-1, 1]: programs write integers into floats, but not this; squares of more would overflow

_SPEAK_AGAIN = "Record or choose a clip of at least half a second of speech."


def load(path: str | Path, *, max_seconds: float | None = None) -> Recording:
    """Read and decode one audio file.

    Raises
    ------
    SerError
        As `read` and `decode`.
    """
    return decode(read(path), max_seconds=max_seconds)


def read(path: str | Path) -> bytes:
    """The bytes of a file.

    Raises
    ------
    SerError
        NOT_FOUND or UNREADABLE where the file cannot be read, TOO_LARGE beyond `MAX_FILE_BYTES`.
    """
    try:
        about = Path(path).stat()
        if not stat.S_ISREG(about.st_mode):  # reading a pipe or a device may never end
            raise SerError(
                ErrorCode.UNREADABLE,
                f"{str(path)!r} is no file: it is a folder, a pipe or a device.",
                "Name an audio file.",
            )
        check_size(about.st_size, MAX_FILE_BYTES)
        return Path(path).read_bytes()
    except SerError:
        raise
    except FileNotFoundError as error:
        raise SerError(
            ErrorCode.NOT_FOUND, f"There is no file {str(path)!r}.", "Check the path."
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SerError(
            ErrorCode.UNREADABLE,
            f"The file {str(path)!r} cannot be read: {reason}.",
            "Check its permissions.",
        ) from error


def decode(
    data: bytes, *, max_bytes: int | None = None, max_seconds: float | None = None
) -> Recording:
    """Decode a whole audio file held in memory, whatever it is called: the content decides.

    Parameters
    ----------
    data : bytes
        A wav, flac, ogg (Vorbis or Opus), mp3, m4a or webm file.
    max_bytes : int, optional
        Refuse larger input (the pages do, the command line does not).
    max_seconds : float, optional
        Decode no further than this (default: `MAX_SECONDS`) and say so in a TOO_LONG note.

    Raises
    ------
    SerError
        EMPTY, TOO_LARGE, NOT_AUDIO, BAD_RATE, TOO_MANY_CHANNELS, NOT_FINITE, TOO_SHORT or SILENT.
    """
    check_size(len(data), max_bytes)
    source = Source(data)
    recording = _collect(
        source,
        hashlib.sha256(data).hexdigest(),
        MAX_SECONDS if max_seconds is None else max_seconds,
    )
    too_long = any(note.code == "TOO_LONG" for note in recording.notes)
    if too_long or not source.is_cut(recording.duration_s):
        return recording
    message = f"The file is cut short or its header claims more than is there; the {recording.duration_s:.1f} s that are there are analysed."
    return dataclasses.replace(recording, notes=(*recording.notes, Note("TRUNCATED", message)))


def check_size(n_bytes: int, max_bytes: int | None = None) -> None:
    """Raise EMPTY or TOO_LARGE for a file of a size that is not decoded."""
    if not n_bytes:
        raise SerError(ErrorCode.EMPTY, "The file is empty (0 bytes).", _SPEAK_AGAIN)
    if max_bytes is not None and n_bytes > max_bytes:
        elsewhere = "use the command line" if max_bytes < MAX_FILE_BYTES else "cut it into several"
        raise SerError(
            ErrorCode.TOO_LARGE,
            f"The file has {n_bytes / 2**20:.1f} MB; at most {max_bytes / 2**20:,.0f} MB are accepted here.",
            f"Cut it, save it as mp3 or ogg, or {elsewhere}.",
        )


def from_samples(
    samples: npt.ArrayLike, sample_rate: int, *, max_seconds: float | None = None
) -> Recording:
    """A recording from an array, shape [n] or [n, channels]: the way in for notebooks.

    Floats lie in [-1, 1]; integers are scaled by the range of their type. The same steps and checks as `decode`; `sha256` is
    that of the canonical samples.

    Raises
    ------
    ValueError
        If the shape or type is another one; a `SerError` as in `decode` for what the samples hold.
    """
    array = np.asarray(samples)
    if array.ndim not in (1, 2) or array.dtype.kind not in "fiu":
        raise ValueError(
            f"The samples must be numbers of shape [n] or [n, channels]. Got {array.dtype} of shape {array.shape}."
        )
    if array.dtype.kind in "iu":
        middle = (np.iinfo(array.dtype).max + 1) / 2 if array.dtype.kind == "u" else 0
        array = (array - middle) / (middle or -float(np.iinfo(array.dtype).min))
    with np.errstate(
        over="ignore"
    ):  # what float32 cannot hold becomes infinite, and is refused as such
        array = array.astype(np.float32).reshape(len(array), -1)
    recording = _collect([(int(sample_rate), array)], "", max_seconds)
    digest = hashlib.sha256(recording.samples.tobytes()).hexdigest()
    return dataclasses.replace(recording, sha256=digest)


def to_wav(recording: Recording) -> bytes:
    """The recording as the bytes of a 16-bit WAV file."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(
        buffer, recording.samples, recording.sample_rate, format="WAV", subtype="PCM_16"
    )
    return buffer.getvalue()


def _collect(
    blocks: Iterable[tuple[int, Samples]], sha256: str, max_seconds: float | None
) -> Recording:
    """Average the channels, resample as a stream, stop at `max_seconds`, check what came out."""
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
        parts.append(
            resampler(block[:, 0] if channels == 1 else block.mean(axis=1, dtype=np.float32))
        )
        seconds += len(block) / rate
        if too_long:
            break
    if resampler is not None and len(rest := resampler.flush()):
        parts.append(rest)
    samples = parts[0] if len(parts) == 1 else np.concatenate([*parts, np.zeros(0, np.float32)])
    _check_content(samples)
    notes = []
    if too_long:
        message = (
            f"Only the first {seconds / 60:.0f} minutes are analysed."
            if seconds >= 90
            else f"Only the first {seconds:.0f} s are analysed."
        )
        notes.append(Note("TOO_LONG", message))
    samples.flags.writeable = False
    return Recording(samples, SAMPLE_RATE, sha256, rate, channels, tuple(notes))


class _Resampler:
    """Mono float32 blocks at `rate` to 16,000 Hz with soxr's HQ filter; the result does not depend on the block size."""

    def __init__(self, rate: int) -> None:
        import soxr

        self.rate = rate
        self._stream = (
            soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
            if rate != SAMPLE_RATE
            else None
        )

    def __call__(self, mono: Samples) -> Samples:
        return mono if self._stream is None else self._stream.resample_chunk(mono)

    def flush(self) -> Samples:
        empty = np.zeros(0, np.float32)
        return empty if self._stream is None else self._stream.resample_chunk(empty, last=True)


def peak_level(samples: Samples) -> float:
    """The peak around the mean in dBFS, for a constant offset is silence, too; below `SILENT_PEAK_DBFS` there is no sound."""
    offset = float(samples.mean())
    return 20 * math.log10(
        max(float(samples.max()) - offset, offset - float(samples.min())) + 1e-12
    )


def _check_content(samples: Samples) -> None:
    seconds = len(samples) / SAMPLE_RATE
    if not len(samples):
        raise SerError(ErrorCode.EMPTY, "The file holds no sound (0 samples).", _SPEAK_AGAIN)
    if seconds < MIN_SECONDS:
        raise SerError(
            ErrorCode.TOO_SHORT,
            f"The clip lasts {seconds:.2f} s; at least {MIN_SECONDS} s are needed.",
            _SPEAK_AGAIN,
        )
    highest, lowest = float(samples.max()), float(samples.min())
    if (
        not math.isfinite(highest - lowest) or highest - lowest > _MOST_RANGE
    ):  # what is no number when it comes in is none after resampling either
        raise SerError(
            ErrorCode.NOT_FINITE,
            "The clip holds samples that are not numbers (NaN or infinity), or a million times as loud as any sound.",
            "Export it again, for example as 16-bit WAV.",
        )
    peak_dbfs = peak_level(samples)
    if peak_dbfs < SILENT_PEAK_DBFS:
        raise SerError(
            ErrorCode.SILENT,
            f"The clip is silent: its peak is {peak_dbfs:.0f} dBFS, speech lies far above {SILENT_PEAK_DBFS:.0f} dBFS.",
            "Check that the right microphone is chosen and not muted, then record again.",
        )
