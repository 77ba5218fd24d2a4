"""A recording as the rest of the package knows it, and its technical quality.

Conventions: samples are float32 in [-1, 1], shape [n], mono; levels are in dB relative to full scale (dBFS).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

SAMPLE_RATE = 16_000
"""The sampling rate of every recording that is analysed, in Hz."""

_CLIPPED_SHARE = 1e-3  # of samples at full scale; fewer is a stray peak
_NOISY_DB = 12.0  # loud frames above quiet ones; clean speech has 30 and more
_FLOOR = 1e-12  # power of -120 dBFS, below any recording


@dataclass(frozen=True)
class Note:
    """Something worth knowing about a clip that is analysed all the same.

    `code` is one of TRUNCATED, TOO_LONG, CLIPPED, NOISY; `message` is a sentence for the person.
    """

    code: str
    message: str


@dataclass(frozen=True, eq=False)
class Recording:
    """A usable clip: finite, not silent, long enough; at 16,000 Hz where `ser_core.audio` made it."""

    samples: Samples
    sample_rate: int
    sha256: str = ""
    """The digest of the bytes that it was decoded from; of the samples, where it came from an array."""
    source_rate: int = 0
    """The sampling rate of the file, in Hz; `source_channels` is its number of channels."""
    source_channels: int = 1
    notes: tuple[Note, ...] = ()

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate


@dataclass(frozen=True)
class Quality:
    """The technical quality of a clip. Levels are in dBFS; `snr_db` is loud frames over quiet ones, in dB."""

    peak_dbfs: float
    level_dbfs: float
    snr_db: float
    clipped_share: float
    notes: tuple[Note, ...]

    def to_dict(self) -> dict[str, object]:
        return {
            "peak_dbfs": round(self.peak_dbfs, 1),
            "level_dbfs": round(self.level_dbfs, 1),
            "snr_db": round(self.snr_db, 1),
            "clipped_share": round(self.clipped_share, 5),
            "notes": [{"code": note.code, "message": note.message} for note in self.notes],
        }


def silence(recording: Recording, start_s: float, end_s: float) -> Recording:
    """Return the recording with silence from `start_s` to `end_s`, in seconds."""
    samples = recording.samples.copy()
    start, end = (round(seconds * recording.sample_rate) for seconds in (start_s, end_s))
    samples[start:end] = 0
    return replace(recording, samples=samples)


def quality(recording: Recording) -> Quality:
    """Measure levels, clipping and noise of a clip, and collect the notes that decoding left.

    Parameters
    ----------
    recording : Recording
        The clip.

    Returns
    -------
    Quality
        `snr_db` is the 95th less the 10th percentile of the level of 25 ms frames: in speech the quiet
        frames are pauses.
    """
    samples = recording.samples
    peak = float(np.max(np.abs(samples)))
    frame = recording.sample_rate // 40
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    levels = 10 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1) + _FLOOR)
    high, low = np.percentile(levels, [95, 10])
    snr_db = float(high - low)
    clipped_share = float(np.mean(np.abs(samples) >= 0.999))
    level = 10 * float(np.log10(np.mean(np.square(samples, dtype=np.float64)) + _FLOOR))
    return Quality(
        peak_dbfs=20 * float(np.log10(peak + _FLOOR)),
        level_dbfs=level,
        snr_db=snr_db,
        clipped_share=clipped_share,
        notes=(*recording.notes, *_quality_notes(clipped_share, snr_db)),
    )


def _quality_notes(clipped_share: float, snr_db: float) -> list[Note]:
    notes = []
    if clipped_share > _CLIPPED_SHARE:
        message = (
            f"{clipped_share:.1%} of the clip is at full scale: "
            "it was recorded too loud and is distorted."
        )
        notes.append(Note("CLIPPED", message))
    if snr_db < _NOISY_DB:
        message = (
            f"Loud parts are only {snr_db:.0f} dB above quiet ones: "
            "there is much noise or no pause."
        )
        notes.append(Note("NOISY", message))
    return notes
