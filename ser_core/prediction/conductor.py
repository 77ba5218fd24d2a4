"""The conductor: a recording and models in, a prediction out."""

from __future__ import annotations

from collections.abc import Sequence

from ser_core.audio import Recording
from ser_core.models import Model
from ser_core.prediction import attribution
from ser_core.prediction.analysis import analyse, mean_by_label, predict_windows
from ser_core.prediction.preparation import Prepared, prepare
from ser_core.prediction.result import Prediction
from ser_core.prediction.voice import Enrolment


def predict(
    clip: Recording | Prepared,
    emotion_model: Model,
    gender_model: Model,
    enrolment: Enrolment | None = None,
    explain: bool = False,
) -> Prediction:
    """Predict emotion and gender of one recording.

    The same arguments always give the same prediction.

    Parameters
    ----------
    clip : Recording or Prepared
        At 16 kHz; what `prepare` gave saves its time.
    emotion_model, gender_model : Model
        As `ser_core.models` loads them.
    enrolment : Enrolment, optional
        The personal baseline of the speaker.
    explain : bool
        Whether the prediction shall have an explanation, which takes longer. A long recording is
        explained in the window that adds most to the most likely emotion.

    Returns
    -------
    Prediction
        With the decision whether the probabilities are enough for an answer.

    Raises
    ------
    ValueError
        If there is an enrolment and the emotion model takes none.
    """
    analysis = analyse(clip, emotion_model, gender_model, enrolment)
    return attribution.explain(analysis) if explain else analysis.prediction


def probabilities_by_model(
    clip: Recording | Prepared, models: Sequence[Model]
) -> dict[str, dict[str, float]]:
    """The probabilities that each of several models of one task gives for a recording.

    Parameters
    ----------
    clip : Recording or Prepared
        At 16 kHz; features are computed once for all models.
    models : sequence of Model
        Of the same task, with different names.

    Returns
    -------
    dict
        By the name of the model, then by label.
    """
    prepared = clip if isinstance(clip, Prepared) else prepare(clip)
    each = predict_windows(prepared, [(model, None) for model in models])
    return {
        model.card.name: mean_by_label(prepared, probabilities, model.card.task)
        for model, probabilities in zip(models, each, strict=True)
    }
