"""Why an emotion is as likely as it is: the result of an explanation, and its sentences.

Shares and probabilities are from 0 to 1; times are in seconds from the start of the recording.
`ser_core.prediction.attribution` computes explanations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ser_core.features import cues

TELLING = 0.05
"""The probability that a cue or moment must add or take before a sentence names it."""

_MOST_CUES_FOR = 2  # that a sentence names


@dataclass(frozen=True)
class Moment:
    """A moment of the recording, and the probability that the emotion loses when it is silenced."""

    start_s: float
    end_s: float
    share: float


@dataclass(frozen=True)
class Explanation:
    """What speaks for and against an emotion in a recording or in one window of it."""

    emotion: str
    start_s: float
    end_s: float
    probability: float
    """Of the emotion in this window."""
    without_cues: float
    """The probability that is left when all four cues are the average's."""
    cues: Mapping[str, float]
    """The Shapley value of each cue; with `without_cues` they add up to `probability`."""
    cue_losses: Mapping[str, float]
    """The probability that is lost when only this cue is taken out."""
    sounds: Mapping[str, tuple[str, ...]]
    """Words for each cue against the average, where the model reads features that have a name."""
    is_part: bool
    """Whether it is one window of a longer recording."""
    against_baseline: bool
    """Whether the average is that of the speaker's neutral clips."""
    moments: tuple[Moment, ...]
    """In the order of time; none where the speech is too short to leave a part of it out."""

    @property
    def moment(self) -> Moment | None:
        """The moment that matters most."""
        return max(self.moments, key=lambda moment: moment.share, default=None)

    def to_dict(self) -> dict[str, Any]:
        """The explanation as JSON."""
        return {
            "method": "Shapley values of four cues, occlusion of moments",
            "emotion": self.emotion,
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "probability": self.probability,
            "average": "baseline" if self.against_baseline else "training",
            "without_cues": self.without_cues,
            "cues": dict(self.cues),
            "sounds": {cue: list(words) for cue, words in self.sounds.items()},
            "moments": [
                {
                    "start_s": round(moment.start_s, 2),
                    "end_s": round(moment.end_s, 2),
                    "share": moment.share,
                }
                for moment in self.moments
            ],
        }


def in_words(explanation: Explanation) -> str:
    """The explanation as sentences that a person would say.

    They name at most two cues for the emotion, one against it, and the moment that matters most.

    Parameters
    ----------
    explanation : Explanation
        As `ser_core.prediction.explain` gives it.

    Returns
    -------
    str
        One to four sentences.
    """
    sentences = [
        *_part_in_words(explanation),
        *_cues_in_words(explanation),
        *_moment_in_words(explanation),
    ]
    return " ".join(sentences)


def _part_in_words(explanation: Explanation) -> list[str]:
    if not explanation.is_part:
        return []
    stretch = f"from {explanation.start_s:.0f} to {explanation.end_s:.0f} s"
    likely = f"{explanation.probability:.0%} {explanation.emotion}"
    return [f"Of the stretch {stretch}, {likely}:"]


def _cues_in_words(explanation: Explanation) -> list[str]:
    shares, emotion = explanation.cues, explanation.emotion
    ranked = sorted(shares, key=lambda cue: -shares[cue])
    cues_for = [cue for cue in ranked if shares[cue] >= TELLING][:_MOST_CUES_FOR]
    cues_against = [cue for cue in ranked if shares[cue] <= -TELLING]
    if not (cues_for or cues_against):
        return [f"No cue alone speaks for or against {emotion}."]
    sentences = []
    if cues_for:
        names = ", then ".join(_name_cue(explanation, cue) for cue in cues_for)
        sentences.append(f"What speaks most for {emotion}: {names}.")
    if cues_against:
        opening = "Against it" if cues_for else f"What speaks against {emotion}"
        sentences.append(f"{opening}: {_name_cue(explanation, cues_against[-1])}.")
    return sentences


def _moment_in_words(explanation: Explanation) -> list[str]:
    moment = explanation.moment
    if moment is None or moment.share < TELLING:
        return []
    before = f"{explanation.probability:.0%}"
    after = f"{explanation.probability - moment.share:.0%}"
    span = f"from {moment.start_s:.1f} to {moment.end_s:.1f} s"
    fall = f"{explanation.emotion} would fall from {before} to {after}"
    return [f"The moment {span} matters most: without it, {fall}."]


def _name_cue(explanation: Explanation, cue: str) -> str:
    """The name of a cue, with what it sounds like in brackets."""
    name = cues.TITLES[cue].lower()
    words = explanation.sounds.get(cue)
    return f"{name} ({', '.join(words)})" if words else name
