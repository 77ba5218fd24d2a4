"""A prediction as sentences that a person would say."""

from __future__ import annotations

from ser_core.prediction.result import Prediction

_POSSIBLE_FROM = 0.15  # probability; where there is no prediction set
_MOST_OTHERS = 2


def in_words(prediction: Prediction) -> str:
    """The prediction as a sentence or two.

    Parameters
    ----------
    prediction : Prediction
        As `ser_core.prediction.predict` gives it.

    Returns
    -------
    str
        The most likely emotion and the others that are possible; or that it cannot be told, and why.
    """
    probabilities, top = prediction.emotion_probabilities, prediction.most_likely
    most_likely = f"{top}, {probabilities[top]:.0%}"
    if not prediction.reasons:
        return f"Sounds {most_likely}.{_others_in_words(prediction)}"
    if prediction.reasons[0].code == "UNCERTAIN":
        others = _others_in_words(prediction)
        return f"Cannot tell: most likely {most_likely}, but no emotion stands out.{others}"
    return f"Cannot tell. {prediction.reasons[0].message}"


def _others_in_words(prediction: Prediction) -> str:
    """A sentence on the other emotions that are possible, with a space before it; "" for none."""
    probabilities = prediction.emotion_probabilities
    others = [f"{label} ({probabilities[label]:.0%})" for label in _other_emotions(prediction)]
    if not others:
        return ""
    verb = "are" if len(others) > 1 else "is"
    return f" {' and '.join(others).capitalize()} {verb} possible too."


def _other_emotions(prediction: Prediction) -> list[str]:
    """The next likely emotions of the prediction set, two at most.

    Without a prediction set: those of at least 15%.
    """
    probabilities, possible = prediction.emotion_probabilities, prediction.prediction_set
    if possible is None:
        possible = tuple(label for label, value in probabilities.items() if value >= _POSSIBLE_FROM)
    ranked = sorted(probabilities, key=lambda label: -probabilities[label])
    return [label for label in ranked[1:] if label in possible][:_MOST_OTHERS]
