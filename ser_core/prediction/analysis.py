"""The conductor: a recording and two models in, one `Prediction` out, with the JSON and table forms everybody reads.

The gate looks at the clip first; then the models say how likely each label is, whatever the gate found; then it is decided
whether that is enough for an answer. A clip of up to 8 s is analysed whole. A longer one is cut into windows of 4 s, the length
of the clips the models learnt from, every two seconds where somebody speaks. The probabilities of the whole are the mean over the
windows, each weighted by how much of it is speech; the timeline shows them smoothed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_core.audio import Note, Quality, Recording
from ser_core.emotions import EMOTIONS, LABELS
from ser_core.features import Inputs
from ser_core.models import Model
from ser_core.models import decision as refusal
from ser_core.prediction import explanation
from ser_core.prediction.explanation import Explanation
from ser_core.prediction.voice import Enrolment
from ser_core.speech import gate, windows

SCHEMA = 1
SURE_OF_GENDER = 0.7
"""The least probability at which a voice is called male or female; below, it cannot be told."""

Probabilities = npt.NDArray[np.float64]
_TOGETHER = 32  # stretches whose features are held at a time, nearly two megabytes each


@dataclass(frozen=True)
class Segment:
    """One analysed stretch of the clip, in seconds from its start."""

    start_s: float
    end_s: float
    speech_s: float
    """How much of it is speech."""
    emotion_probabilities: Mapping[str, float]
    """Smoothed: half its own, a quarter of each neighbour's."""


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
    speech_s: float
    """How much of the clip is speech."""
    gaps: tuple[tuple[float, float], ...]
    """(start, end) in seconds of pauses of at least a second."""
    reasons: tuple[Note, ...] = ()
    """Why there is no answer: NOT_SPEECH, TOO_NOISY or CLIPPED from the gate, UNCERTAIN where no emotion is likely enough."""
    prediction_set: tuple[str, ...] | None = None
    """The emotions it may be, most likely first; on average over unseen speakers of the corpora, sets like this hold the right one in nine
    clips of ten. None for what is no speech, and where no limit was fitted."""
    explanation: Explanation | None = None
    """Why the most likely emotion is so likely; None where that was not asked for, and for what is no speech."""
    baseline: Mapping[str, Any] | None = None
    """What the personal baseline was made of, and what is odd about it; None where none was given."""

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
        """The more likely gender; None where neither is likely enough to say."""
        likelier = max(self.gender_probabilities, key=self.gender_probabilities.__getitem__)
        return likelier if self.gender_probabilities[likelier] >= SURE_OF_GENDER else None

    def to_dict(self, file: str = "") -> dict[str, Any]:
        """The prediction as JSON, schema 1 (documented in the README)."""
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
            "quality": self.quality.to_dict()
            | {"speech_s": round(self.speech_s, 2), "gaps": [list(gap) for gap in self.gaps]},
            "baseline": None if self.baseline is None else dict(self.baseline),
            "explanation": None if self.explanation is None else self.explanation.to_dict(),
            "segments": [
                {
                    "start_s": round(s.start_s, 3),
                    "end_s": round(s.end_s, 3),
                    "speech_s": round(s.speech_s, 2),
                    "emotion_probabilities": dict(s.emotion_probabilities),
                }
                for s in self.segments
            ],
        }

    def to_row(self, file: str = "") -> dict[str, Any]:
        """The prediction as one flat row for CSV and tables."""
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
            "baseline": " ".join(self._about_baseline()),
            "explanation": ""
            if self.explanation is None
            else explanation.in_words(self.explanation),
        }

    def _about_baseline(self) -> list[str]:
        """Of how many clips the baseline was, and what was odd about it."""
        return (
            []
            if self.baseline is None
            else [
                f"{self.baseline['clips']} clips",
                *(note["code"] for note in self.baseline["notes"]),
            ]
        )


def predict(
    recording: Recording,
    emotion_model: Model,
    gender_model: Model,
    enrolment: Enrolment | None = None,
    explain: bool = False,
) -> Prediction:
    """Emotion and gender of one recording at 16 kHz.

    `enrolment` is the speaker's personal baseline; `explain` asks for the reasons too, in a long recording for the stretch that
    says most for the most likely emotion. The same arguments always give the same prediction.

    Raises
    ------
    ValueError
        If there is a baseline and the emotion model takes none.
    """
    found, explained = in_two_steps(recording, emotion_model, gender_model, enrolment)
    return explained() if explain else found


def in_two_steps(
    recording: Recording,
    emotion_model: Model,
    gender_model: Model,
    enrolment: Enrolment | None = None,
) -> tuple[Prediction, Callable[[], Prediction]]:
    """As `predict`: the prediction without reasons, and a function that gives it with them, which takes longer.

    The function holds what was computed for the prediction, some megabytes: nobody should keep it.
    """
    found = gate.check(recording)
    stretches, weights = _heard(recording, found)
    baseline = None if enrolment is None else enrolment.baseline
    each, inputs = _asked(
        stretches,
        {
            "emotion": lambda clips: emotion_model.predict_proba(clips, baseline),
            "gender": lambda clips: gender_model.predict_proba(clips),
        },
    )
    whole = {
        task: dict(
            zip(LABELS[task], np.average(said, axis=0, weights=weights).tolist(), strict=True)
        )
        for task, said in each.items()
    }
    reasons = list(found.reasons)
    limits = emotion_model.card.decision_limits(with_baseline=enrolment is not None)
    if limits is not None and max(whole["emotion"].values()) < limits.answered:
        help_with = (
            "or a quieter room"
            if enrolment is not None
            else "a quieter room or a personal baseline"
        )
        message = f"No emotion stands out enough for an answer. A longer sentence{',' if enrolment is None else ''} {help_with} may help."
        reasons.append(Note("UNCERTAIN", message))
    smooth = windows.smoothed(each["emotion"], [stretch.start_s for stretch in stretches])
    segments = [
        Segment(
            stretch.start_s,
            stretch.end_s,
            stretch.speech_s,
            dict(zip(EMOTIONS, said.tolist(), strict=True)),
        )
        for stretch, said in zip(stretches, smooth, strict=True)
    ]
    notes = (
        ()
        if enrolment is None
        else enrolment.notes_on(np.array(list(whole["gender"].values())), gender_model)
    )
    speech = all(reason.code != "NOT_SPEECH" for reason in found.reasons)
    predicted = Prediction(
        sha256=recording.sha256,
        duration_s=recording.duration_s,
        emotion_model=emotion_model.card.name,
        gender_model=gender_model.card.name,
        emotion_probabilities=whole["emotion"],
        gender_probabilities=whole["gender"],
        quality=found.quality,
        segments=tuple(segments),
        speech_s=found.speech_s,
        gaps=tuple(windows.gaps(found.speech)),
        reasons=tuple(reasons),
        prediction_set=refusal.prediction_set(whole["emotion"], limits)
        if limits is not None and speech
        else None,
        baseline=None if enrolment is None else enrolment.to_dict(notes),
    )

    def with_reasons() -> Prediction:
        if not speech:
            return predicted
        top = predicted.most_likely
        telling = int(np.argmax(weights * each["emotion"][:, EMOTIONS.index(top)]))
        told = inputs[telling] if inputs else Inputs(stretches[telling].part)
        why = explanation.explain(
            emotion_model, told, top, baseline, stretches[telling].start_s, len(stretches) > 1
        )
        return replace(predicted, explanation=why)

    return predicted, with_reasons


def by_each(recording: Recording, models: Sequence[Model]) -> dict[str, dict[str, float]]:
    """What each of several models of one task says of a recording, by the model's name: probabilities by label. Features are computed once."""
    stretches, weights = _heard(recording, gate.check(recording))
    each, _ = _asked(stretches, {model.card.name: model.predict_proba for model in models})
    said = {
        name: np.average(probabilities, axis=0, weights=weights)
        for name, probabilities in each.items()
    }
    return {
        name: dict(zip(LABELS[models[0].card.task], values.tolist(), strict=True))
        for name, values in said.items()
    }


def _heard(recording: Recording, found: gate.Gate) -> tuple[list[windows.Stretch], Probabilities]:
    """The stretches of a recording, and how much each weighs."""
    stretches = windows.stretches(recording, found.speech)
    return stretches, np.array(
        [max(stretch.speech_s, windows.GAP_SECONDS / 10) for stretch in stretches]
    )


def _asked(
    stretches: Sequence[windows.Stretch],
    questions: Mapping[str, Callable[[list[Inputs]], Probabilities]],
) -> tuple[dict[str, Probabilities], list[Inputs]]:
    """What each question gives for all stretches, [stretches, labels]; and the inputs with what was computed of them, where they are few.

    Some at a time: the features of hours would fill the memory.
    """
    said: dict[str, list[Probabilities]] = {name: [] for name in questions}
    inputs: list[Inputs] = []
    for start in range(0, len(stretches), _TOGETHER):
        inputs = [Inputs(stretch.part) for stretch in stretches[start : start + _TOGETHER]]
        for name, ask in questions.items():
            said[name].append(ask(inputs))
    return {name: np.concatenate(parts) for name, parts in said.items()}, inputs if len(
        stretches
    ) <= _TOGETHER else []


def in_words(prediction: Prediction) -> str:
    """The prediction as a sentence or two a person would say.

    The most likely emotion with the others of the prediction set; or that it cannot be told, and why.
    """
    top = prediction.most_likely
    likely = f"{top}, {prediction.emotion_probabilities[top]:.0%}"
    others = [
        f"{label} ({prediction.emotion_probabilities[label]:.0%})" for label in _others(prediction)
    ]
    possible = (
        f" {_listed(others).capitalize()} {'are' if len(others) > 1 else 'is'} possible too."
        if others
        else ""
    )
    if not prediction.reasons:
        return f"Sounds {likely}.{possible}"
    if prediction.reasons[0].code == "UNCERTAIN":
        return f"Cannot tell: most likely {likely}, but no emotion stands out.{possible}"
    return f"Cannot tell. {prediction.reasons[0].message}"


def _others(prediction: Prediction) -> list[str]:
    """The rest of the prediction set (the labels of at least 15% where there is none), two at most."""
    ranked = sorted(
        prediction.emotion_probabilities, key=lambda label: -prediction.emotion_probabilities[label]
    )[1:]
    inside = prediction.prediction_set
    return [
        label
        for label in ranked
        if (
            label in inside
            if inside is not None
            else prediction.emotion_probabilities[label] >= 0.15
        )
    ][:2]


def _listed(parts: list[str]) -> str:
    return " and ".join(parts)
