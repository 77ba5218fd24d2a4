"""What the models predict for one clip: probabilities, the decision, and its JSON and table forms.

Probabilities are from 0 to 1, in the order of the labels, and sum to 1. Times are in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ser_core.audio import Note, Quality
from ser_core.prediction import explanation
from ser_core.prediction.explanation import Explanation

SCHEMA = 1
"""The version of the JSON."""
SURE_OF_GENDER = 0.7
"""The least probability at which a voice is called male or female; below, it cannot be told."""


@dataclass(frozen=True)
class Segment:
    """One analysed window of the clip."""

    start_s: float
    end_s: float
    speech_s: float
    """How much of it is speech."""
    emotion_probabilities: Mapping[str, float]
    """Smoothed: half its own, a quarter of each neighbour's."""

    def to_dict(self) -> dict[str, Any]:
        """The window as JSON."""
        return {
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "speech_s": round(self.speech_s, 2),
            "emotion_probabilities": dict(self.emotion_probabilities),
        }


@dataclass(frozen=True)
class Prediction:
    """What an emotion model and a gender model predict for one clip."""

    sha256: str
    """Of the samples."""
    duration_s: float
    emotion_model: str
    gender_model: str
    emotion_probabilities: Mapping[str, float]
    gender_probabilities: Mapping[str, float]
    quality: Quality
    segments: tuple[Segment, ...]
    speech_s: float
    """How much of the clip is speech."""
    gaps: tuple[tuple[float, float], ...]
    """(start, end) of the pauses of at least a second."""
    reasons: tuple[Note, ...] = ()
    """Why there is no answer: NOT_SPEECH, TOO_NOISY or CLIPPED from the gate, UNCERTAIN where no
    emotion is likely enough."""
    prediction_set: tuple[str, ...] | None = None
    """The emotions that are possible, most likely first. On average over unseen speakers of the
    corpora, such sets hold the right one in nine clips of ten. None where there is no speech, and
    where the model has no thresholds."""
    explanation: Explanation | None = None
    """Why the most likely emotion is so likely; None without `explain`, and where there is no speech."""
    baseline: Mapping[str, Any] | None = None
    """The clips of the personal baseline, and notes on them; None where none was given."""

    @property
    def decision(self) -> str:
        """`ok`, or `cannot_tell` where there is a reason not to answer."""
        return "cannot_tell" if self.reasons else "ok"

    @property
    def most_likely(self) -> str:
        """The most likely emotion, also where that is not enough for an answer."""
        return max(self.emotion_probabilities, key=self.emotion_probabilities.__getitem__)

    @property
    def emotion(self) -> str | None:
        """The answer; None where there is none."""
        return None if self.reasons else self.most_likely

    @property
    def gender(self) -> str | None:
        """The more likely gender; None where neither is likely enough."""
        likelier = max(self.gender_probabilities, key=self.gender_probabilities.__getitem__)
        return likelier if self.gender_probabilities[likelier] >= SURE_OF_GENDER else None

    def to_dict(self, file: str = "") -> dict[str, Any]:
        """The prediction as JSON.

        Parameters
        ----------
        file : str
            The name of the file, as the JSON shall show it.

        Returns
        -------
        dict
            Schema 1, as the documentation describes it.
        """
        quality = {
            **self.quality.to_dict(),
            "speech_s": round(self.speech_s, 2),
            "gaps": [list(gap) for gap in self.gaps],
        }
        return {
            "schema": SCHEMA,
            "file": file,
            "sha256": self.sha256,
            "duration_s": round(self.duration_s, 3),
            "model": {"emotion": self.emotion_model, "gender": self.gender_model},
            "decision": self.decision,
            "reasons": [reason.code for reason in self.reasons],
            "prediction_set": None if self.prediction_set is None else list(self.prediction_set),
            "emotion": self.emotion,
            "emotion_probabilities": dict(self.emotion_probabilities),
            "gender": self.gender,
            "gender_probabilities": dict(self.gender_probabilities),
            "quality": quality,
            "baseline": None if self.baseline is None else dict(self.baseline),
            "explanation": None if self.explanation is None else self.explanation.to_dict(),
            "segments": [segment.to_dict() for segment in self.segments],
        }

    def to_row(self, file: str = "") -> dict[str, Any]:
        """The prediction as one flat row for CSV and tables.

        Parameters
        ----------
        file : str
            The name of the file, as the row shall show it.

        Returns
        -------
        dict
            Numbers and texts by column; "" where there is nothing to say.
        """
        return {
            "file": file,
            "duration_s": round(self.duration_s, 3),
            "decision": self.decision,
            "reasons": " ".join(reason.code for reason in self.reasons),
            "emotion": self.emotion or "",
            "prediction_set": " ".join(self.prediction_set or ()),
            **{label: round(value, 6) for label, value in self.emotion_probabilities.items()},
            "gender": self.gender or "",
            **{label: round(value, 6) for label, value in self.gender_probabilities.items()},
            "emotion_model": self.emotion_model,
            "gender_model": self.gender_model,
            "notes": " ".join(note.code for note in self.quality.notes),
            "baseline": self._baseline_in_words(),
            "explanation": self._explanation_in_words(),
        }

    def _baseline_in_words(self) -> str:
        """The number of clips of the baseline and the codes of its notes."""
        if self.baseline is None:
            return ""
        codes = [note["code"] for note in self.baseline["notes"]]
        return " ".join([f"{self.baseline['clips']} clips", *codes])

    def _explanation_in_words(self) -> str:
        return "" if self.explanation is None else explanation.in_words(self.explanation)
