"""The conductor: a recording and two models in, one `Prediction` out, with the JSON and table forms everybody reads.

A clip of up to 8 s is analysed whole. A longer one is cut into windows of 4 s, the length of the clips the models learnt
from; windows that are pauses are left out, and the probabilities of the others are averaged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ser_core import audio
from ser_core.audio import Quality, Recording
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.features import Inputs
from ser_core.models import Model

SCHEMA = 1
SURE_OF_GENDER = 0.7
"""The least probability at which a voice is called male or female; below, it cannot be told."""


@dataclass(frozen=True)
class Segment:
    """One analysed stretch of the clip, in seconds from its start."""

    start_s: float
    end_s: float
    emotion_probabilities: Mapping[str, float]
    gender_probabilities: Mapping[str, float]


@dataclass(frozen=True)
class Prediction:
    """What the models say of one clip. Probabilities are in the order of the labels and sum to 1."""

    sha256: str
    duration_s: float
    emotion_model: str
    gender_model: str
    emotion_probabilities: Mapping[str, float]
    gender_probabilities: Mapping[str, float]
    quality: Quality
    segments: tuple[Segment, ...]

    @property
    def emotion(self) -> str:
        return max(self.emotion_probabilities, key=self.emotion_probabilities.__getitem__)

    @property
    def gender(self) -> str | None:
        """The more likely gender; None where neither is likely enough to say."""
        likelier = max(self.gender_probabilities, key=self.gender_probabilities.__getitem__)
        return likelier if self.gender_probabilities[likelier] >= SURE_OF_GENDER else None

    def to_dict(self, file: str = "") -> dict[str, Any]:
        """The prediction as JSON, schema 1 (documented in the README).

        `decision`, `reasons`, `prediction_set`, `baseline` and `explanation` have the values of a version that always answers.
        """
        return {
            "schema": SCHEMA,
            "file": file,
            "sha256": self.sha256,
            "duration_s": round(self.duration_s, 3),
            "model": {"emotion": self.emotion_model, "gender": self.gender_model},
            "decision": "ok",
            "reasons": [],
            "prediction_set": None,
            "emotion": self.emotion,
            "emotion_probabilities": dict(self.emotion_probabilities),
            "gender": self.gender,
            "gender_probabilities": dict(self.gender_probabilities),
            "quality": self.quality.to_dict(),
            "baseline": None,
            "explanation": None,
            "segments": [
                {"start_s": round(s.start_s, 3), "end_s": round(s.end_s, 3), "emotion_probabilities": dict(s.emotion_probabilities)}
                for s in self.segments
            ],
        }

    def to_row(self, file: str = "") -> dict[str, Any]:
        """The prediction as one flat row for CSV and tables."""
        return {
            "file": file,
            "duration_s": round(self.duration_s, 3),
            "decision": "ok",
            "emotion": self.emotion,
            **{label: round(value, 6) for label, value in self.emotion_probabilities.items()},
            "gender": self.gender or "",
            **{label: round(value, 6) for label, value in self.gender_probabilities.items()},
            "emotion_model": self.emotion_model,
            "gender_model": self.gender_model,
            "notes": " ".join(note.code for note in self.quality.notes),
        }


def predict(recording: Recording, emotion_model: Model, gender_model: Model) -> Prediction:
    """Emotion and gender of one recording at 16 kHz.

    The same recording and models always give the same prediction.
    """
    segments = tuple(_segment(part, start, emotion_model, gender_model) for start, part in audio.windows(recording))
    return Prediction(
        sha256=recording.sha256,
        duration_s=recording.duration_s,
        emotion_model=emotion_model.card.name,
        gender_model=gender_model.card.name,
        emotion_probabilities=_mean([s.emotion_probabilities for s in segments]),
        gender_probabilities=_mean([s.gender_probabilities for s in segments]),
        quality=audio.quality(recording),
        segments=segments,
    )


def _segment(part: Recording, start_s: float, emotion_model: Model, gender_model: Model) -> Segment:
    inputs = Inputs(part)
    emotion, gender = emotion_model.predict_proba(inputs), gender_model.predict_proba(inputs)
    return Segment(
        start_s,
        start_s + part.duration_s,
        dict(zip(EMOTIONS, emotion.tolist(), strict=True)),
        dict(zip(GENDERS, gender.tolist(), strict=True)),
    )


def _mean(parts: list[Mapping[str, float]]) -> dict[str, float]:
    return {label: float(np.mean([part[label] for part in parts])) for label in parts[0]}


def in_words(prediction: Prediction) -> str:
    """The prediction as a sentence a person would say.

    The most likely emotion, and up to two others that have at least 15%.
    """
    ranked = sorted(prediction.emotion_probabilities.items(), key=lambda item: -item[1])
    (first, top), rest = ranked[0], ranked[1:3]
    others = [f"{label} ({value:.0%})" for label, value in rest if value >= 0.15]
    sentence = f"Sounds {first}, {top:.0%}." if top >= 0.4 else f"Perhaps {first}, {top:.0%}, but no emotion stands out."
    if others:
        sentence += f" {' and '.join(others).capitalize()} {'are' if len(others) > 1 else 'is'} possible too."
    return sentence
