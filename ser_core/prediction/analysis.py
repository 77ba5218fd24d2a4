"""What two models make of a recording, window by window, and the prediction that comes of it.

The models give probabilities in every window, also of what the gate refuses; then it is decided
whether that is enough for an answer. The probabilities of the whole are the mean over the windows,
weighted by how much of each is speech. Those of the segments are smoothed.

Conventions: recordings at 16 kHz; probabilities [windows, labels] in the order of `LABELS[task]`;
times in seconds from the start of the recording.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ser_core.audio import Note, Recording
from ser_core.emotions import EMOTIONS, LABELS
from ser_core.features import Baseline
from ser_core.models import Model, decision
from ser_core.prediction.preparation import Prepared, prepare
from ser_core.prediction.result import Prediction, Segment
from ser_core.prediction.voice import Enrolment
from ser_core.speech import windows

Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Analysis:
    """What an emotion model and a gender model make of each window of a recording."""

    prepared: Prepared
    emotion_model: Model
    gender_model: Model
    enrolment: Enrolment | None
    probabilities: Mapping[str, Probabilities]
    """By task, shape [windows, labels]."""

    @property
    def baseline(self) -> Baseline | None:
        """What the emotion model takes of the enrolment."""
        return None if self.enrolment is None else self.enrolment.baseline

    @cached_property
    def prediction(self) -> Prediction:
        """The prediction, without an explanation."""
        return _to_prediction(self)


def analyse(
    clip: Recording | Prepared,
    emotion_model: Model,
    gender_model: Model,
    enrolment: Enrolment | None = None,
) -> Analysis:
    """Compute the probabilities of emotions and genders in each window of a recording.

    Parameters
    ----------
    clip : Recording or Prepared
        At 16 kHz; what `prepare` gave saves its time.
    emotion_model, gender_model : Model
        As `ser_core.models` loads them.
    enrolment : Enrolment, optional
        The personal baseline of the speaker, for the emotion model.

    Returns
    -------
    Analysis
        Its `prediction` is what there is to say; `explain` takes it.

    Raises
    ------
    ValueError
        If there is an enrolment and the emotion model takes none.
    """
    prepared = clip if isinstance(clip, Prepared) else prepare(clip)
    baseline = None if enrolment is None else enrolment.baseline
    questions = ((emotion_model, baseline), (gender_model, None))
    emotions, genders = predict_windows(prepared, questions)
    probabilities = {"emotion": emotions, "gender": genders}
    return Analysis(prepared, emotion_model, gender_model, enrolment, probabilities)


def predict_windows(
    prepared: Prepared, questions: Sequence[tuple[Model, Baseline | None]]
) -> list[Probabilities]:
    """The probabilities [windows, labels] of each model with its baseline."""
    parts: list[list[Probabilities]] = [[] for _ in questions]
    for inputs in prepared.batches():
        for part, (model, baseline) in zip(parts, questions, strict=True):
            part.append(model.predict_proba(inputs, baseline))
    return [np.concatenate(part) for part in parts]


def mean_by_label(prepared: Prepared, probabilities: Probabilities, task: str) -> dict[str, float]:
    """The probabilities of the whole by label: the weighted mean over the windows [windows, labels]."""
    mean = np.average(probabilities, axis=0, weights=prepared.weights)
    return dict(zip(LABELS[task], mean.tolist(), strict=True))


def _to_prediction(analysis: Analysis) -> Prediction:
    prepared, enrolment = analysis.prepared, analysis.enrolment
    emotions, genders = (
        mean_by_label(prepared, analysis.probabilities[task], task)
        for task in ("emotion", "gender")
    )
    thresholds = analysis.emotion_model.card.decision_thresholds(
        with_baseline=enrolment is not None
    )
    reasons = prepared.gate_result.reasons
    if thresholds is not None and max(emotions.values()) < thresholds.answered:
        reasons = (*reasons, _uncertain(with_baseline=enrolment is not None))
    prediction_set = None
    if thresholds is not None and prepared.is_speech:
        prediction_set = decision.prediction_set(emotions, thresholds)
    baseline = None
    if enrolment is not None:
        notes = enrolment.notes_on(np.array(list(genders.values())), analysis.gender_model)
        baseline = enrolment.to_dict(notes)
    return Prediction(
        sha256=prepared.recording.sha256,
        duration_s=prepared.recording.duration_s,
        emotion_model=analysis.emotion_model.card.name,
        gender_model=analysis.gender_model.card.name,
        emotion_probabilities=emotions,
        gender_probabilities=genders,
        quality=prepared.quality,
        segments=_segments(analysis),
        speech_s=prepared.gate_result.speech_s,
        gaps=tuple(windows.find_gaps(prepared.gate_result.speech)),
        reasons=reasons,
        prediction_set=prediction_set,
        baseline=baseline,
    )


def _segments(analysis: Analysis) -> tuple[Segment, ...]:
    """The windows with their smoothed probabilities of emotions."""
    stretches = analysis.prepared.windows
    starts = [stretch.start_s for stretch in stretches]
    smoothed = windows.smooth(analysis.probabilities["emotion"], starts)
    return tuple(
        Segment(
            stretch.start_s,
            stretch.end_s,
            stretch.speech_s,
            dict(zip(EMOTIONS, probabilities.tolist(), strict=True)),
        )
        for stretch, probabilities in zip(stretches, smoothed, strict=True)
    )


def _uncertain(with_baseline: bool) -> Note:
    """The reason not to answer where no emotion is likely enough."""
    if with_baseline:
        help_with = "A longer sentence or a quieter room may help."
    else:
        help_with = "A longer sentence, a quieter room or a personal baseline may help."
    return Note("UNCERTAIN", f"No emotion stands out enough for an answer. {help_with}")
