"""A recording as the rest of the package knows it, and what can be said of its technical quality."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

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
    """A usable clip: mono, `sample_rate` Hz (always 16,000 where this module made it), finite, not silent, long enough."""

    samples: Samples
    sample_rate: int
    sha256: str = ""
    """Digest of the bytes it came from (of the samples, where it came from an array)."""
    source_rate: int = 0
    source_channels: int = 1
    notes: tuple[Note, ...] = ()

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate


@dataclass(frozen=True)
class Quality:
    """What can be said of a clip's technical quality. Levels in dBFS; `snr_db` is loud frames over quiet ones, in dB."""

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


def silenced(recording: Recording, start_s: float, end_s: float) -> Recording:
    """The recording with silence from `start_s` to `end_s`."""
    samples = recording.samples.copy()
    samples[round(start_s * recording.sample_rate) : round(end_s * recording.sample_rate)] = 0
    return replace(recording, samples=samples)


def quality(recording: Recording) -> Quality:
    """Levels, clipping and noise of a clip, with the notes that decoding left.

    `snr_db` is the 95th less the 10th percentile of the level of 25 ms frames: in speech the quiet frames are pauses.
    """
    samples = recording.samples
    peak = float(np.max(np.abs(samples)))
    frame = recording.sample_rate // 40
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    levels = 10 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1) + _FLOOR)
    high, low = np.percentile(levels, [95, 10])
    clipped = float(np.mean(np.abs(samples) >= 0.999))
    notes = list(recording.notes)
    if clipped > _CLIPPED_SHARE:
        notes.append(
            Note(
                "CLIPPED",
                f"{clipped:.1%} of the clip is at full scale: it was recorded too loud and is distorted.",
            )
        )
    if high - low < _NOISY_DB:
        notes.append(
            Note(
                "NOISY",
                f"Loud parts are only {high - low:.0f} dB above quiet ones: there is much noise or no pause.",
            )
        )
    level = 10 * float(np.log10(np.mean(np.square(samples, dtype=np.float64)) + _FLOOR))
    return Quality(
        20 * float(np.log10(peak + _FLOOR)), level, float(high - low), clipped, tuple(notes)
    )
