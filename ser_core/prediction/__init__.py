"""From a recording and two models to a `Prediction`, with its reasons and the forms that people read."""

from __future__ import annotations

from ser_core.prediction.analysis import (
    SCHEMA,
    SURE_OF_GENDER,
    Prediction,
    Probabilities,
    Segment,
    by_each,
    in_two_steps,
    in_words,
    predict,
)

__all__ = [
    "SCHEMA",
    "SURE_OF_GENDER",
    "Prediction",
    "Probabilities",
    "Segment",
    "by_each",
    "in_two_steps",
    "in_words",
    "predict",
]
