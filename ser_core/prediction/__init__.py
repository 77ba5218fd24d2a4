"""From a recording and two models to a `Prediction`, with an explanation, JSON, tables and sentences."""

from __future__ import annotations

from ser_core.prediction.analysis import Analysis, Probabilities, analyse
from ser_core.prediction.attribution import explain
from ser_core.prediction.conductor import predict, probabilities_by_model
from ser_core.prediction.preparation import Prepared, prepare
from ser_core.prediction.result import SCHEMA, SURE_OF_GENDER, Prediction, Segment
from ser_core.prediction.wording import in_words

__all__ = [
    "SCHEMA",
    "SURE_OF_GENDER",
    "Analysis",
    "Prediction",
    "Prepared",
    "Probabilities",
    "Segment",
    "analyse",
    "explain",
    "in_words",
    "predict",
    "prepare",
    "probabilities_by_model",
]
