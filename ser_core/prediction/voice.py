"""Personal baselines (enrolment): a few neutral clips of the speaker, and whether they can be that.

Acted and real voices differ more between people than between emotions. With neutral clips of the same
speaker at the same microphone, a model judges what differs from them. A wrong baseline would do harm
unnoticed, so each is checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_core.audio import Note, Recording
from ser_core.emotions import EMOTIONS, GENDERS
from ser_core.errors import ErrorCode, SerError
from ser_core.features import Baseline, Inputs
from ser_core.models import Model, decision
from ser_core.speech import gate, windows

MOST_CLIPS = 4
MOST_SECONDS = 30.0
"""The most of a neutral clip that the page takes."""
SENTENCES = (
    "The train to the coast leaves at ten past nine.",
    "There are two cups and a plate on the kitchen table.",
    "The shop on the corner sells paper, pens and glue.",
    "Monday comes after Sunday and before Tuesday.",
)
"""The sentences that people read for a baseline: nobody feels strongly about any of them."""


class Enrolment:
    """The personal baseline of a speaker.

    Parameters
    ----------
    recordings : sequence of Recording
        One to four neutral clips at 16 kHz.
    emotion_model : Model
        The model that judges clips against them.

    Attributes
    ----------
    recordings : tuple of Recording
        The clips.
    baseline : Baseline
        What models take of them.
    notes : tuple of Note
        NOT_NEUTRAL where they do not sound neutral.

    Raises
    ------
    SerError
        BAD_BASELINE where there are no clips or more than four, where one holds no speech, or where
        the model takes no baseline.
    """

    def __init__(self, recordings: Sequence[Recording], emotion_model: Model) -> None:
        if not 1 <= len(recordings) <= MOST_CLIPS:
            raise _bad_baseline(
                f"A baseline is made of one to {MOST_CLIPS} clips. Got {len(recordings)}.",
                "Choose fewer, or at least one.",
            )
        if not emotion_model.card.takes_baseline:
            raise _bad_baseline(
                f"The model {emotion_model.card.id} takes no baseline.",
                "Choose the default model, or leave the baseline away.",
            )
        parts: list[Recording] = []
        for number, recording in enumerate(recordings, start=1):
            parts += spoken_parts(recording, number)
        self.recordings = tuple(recordings)
        self.baseline = Baseline([Inputs(part) for part in parts])
        self.notes = _check_neutral(self.baseline, emotion_model)

    def notes_on(self, genders: npt.NDArray[np.float64], gender_model: Model) -> tuple[Note, ...]:
        """The notes on the baseline for one clip.

        Parameters
        ----------
        genders : array [2]
            The probabilities of the genders of the clip.
        gender_model : Model
            The model that gave them.

        Returns
        -------
        tuple of Note
            `notes`, and OTHER_VOICE where baseline and clip are surely of different genders.
        """
        own_genders = gender_model.predict_proba(self.baseline.clips).mean(axis=0)
        if not decision.other_voice(genders, own_genders):
            return self.notes
        message = (
            f"The baseline sounds {_top_gender(own_genders)} and this clip {_top_gender(genders)}: "
            "if somebody else speaks now, delete the baseline."
        )
        return (*self.notes, Note("OTHER_VOICE", message))

    def to_dict(self, notes: Sequence[Note]) -> dict[str, Any]:
        """The baseline of a prediction as JSON.

        Parameters
        ----------
        notes : sequence of Note
            As `notes_on` gave them for the clip.

        Returns
        -------
        dict
            The number of clips, their seconds, their SHA-256 and the notes.
        """
        return {
            "clips": len(self.recordings),
            "seconds": round(sum(recording.duration_s for recording in self.recordings), 2),
            "sha256": [recording.sha256 for recording in self.recordings],
            "notes": [{"code": note.code, "message": note.message} for note in notes],
        }


def spoken_parts(recording: Recording, number: int) -> list[Recording]:
    """The windows of a neutral clip that models take.

    Parameters
    ----------
    recording : Recording
        At 16 kHz.
    number : int
        Its place in the baseline, from 1, for messages.

    Returns
    -------
    list of Recording

    Raises
    ------
    SerError
        BAD_BASELINE where it holds no speech.
    """
    gate_result = gate.check_speech(recording)
    if any(reason.code == "NOT_SPEECH" for reason in gate_result.reasons):
        raise _bad_baseline(
            f"Clip {number} of the baseline does not sound like speech.",
            "Read a sentence close to the microphone.",
        )
    stretches = windows.choose_stretches(recording, gate_result.speech)
    return [stretch.part for stretch in stretches]


def _check_neutral(baseline: Baseline, emotion_model: Model) -> tuple[Note, ...]:
    """A note where the clips do not sound neutral."""
    threshold = emotion_model.card.neutral_threshold
    if threshold is None:
        return ()
    emotions = emotion_model.predict_proba(baseline.clips).mean(axis=0)
    if decision.neutral_share(emotions[None])[0] >= threshold:
        return ()
    top = EMOTIONS[int(emotions.argmax())]
    message = (
        f"The baseline sounds {top} rather than neutral: what differs from it will mislead. "
        "Read the sentences flatly, once more."
    )
    return (Note("NOT_NEUTRAL", message),)


def _top_gender(probabilities: npt.NDArray[np.float64]) -> str:
    return GENDERS[int(probabilities.argmax())]


def _bad_baseline(message: str, hint: str) -> SerError:
    return SerError(ErrorCode.BAD_BASELINE, message, hint)
