"""Personal baselines: a speaker's neutral clips, what the models take from them, and whether they can be what they claim to be.

Acted and real voices differ more between people than between emotions. A few neutral clips of the speaker, at the same microphone,
let a model judge what differs from them (enrolment). A wrong baseline would do harm quietly, so each is checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
"""How much of a neutral clip the page takes."""
SENTENCES = (
    "The train to the coast leaves at ten past nine.",
    "There are two cups and a plate on the kitchen table.",
    "The shop on the corner sells paper, pens and glue.",
    "Monday comes after Sunday and before Tuesday.",
)
"""What the page gives people to read: sentences about nothing that anybody feels strongly about."""


class Enrolment:
    """A personal baseline: `baseline` for the models, and `notes` on what is odd about the clips."""

    def __init__(self, recordings: Sequence[Recording], emotion_model: Model) -> None:
        """
        Raises
        ------
        SerError
            BAD_BASELINE where there are no clips or more than four, where one holds no speech, or where the model takes no baseline.
        """
        if not 1 <= len(recordings) <= MOST_CLIPS:
            raise _bad(
                f"A baseline is made of one to {MOST_CLIPS} clips. Got {len(recordings)}.",
                "Choose fewer, or at least one.",
            )
        if not emotion_model.card.takes_baseline:
            raise _bad(
                f"The model {emotion_model.card.id} takes no baseline.",
                "Choose the default model, or leave the baseline away.",
            )
        parts = [
            part
            for number, recording in enumerate(recordings, start=1)
            for part in spoken_parts(recording, number)
        ]
        self.recordings = tuple(recordings)
        self.baseline = Baseline([Inputs(part) for part in parts])
        self.notes = tuple(_odd(self.baseline, emotion_model))

    def notes_on(
        self, clip_gender: npt.NDArray[np.float64], gender_model: Model
    ) -> tuple[Note, ...]:
        """What is odd about the baseline, and about it beside a clip whose genders have the probabilities `clip_gender` [2]."""
        own = gender_model.predict_proba(self.baseline.clips).mean(axis=0)
        if not decision.other_voice(clip_gender, own):
            return self.notes
        names = [GENDERS[int(said.argmax())] for said in (own, clip_gender)]
        message = f"The baseline sounds {names[0]} and this clip {names[1]}: if somebody else speaks now, delete the baseline."
        return (*self.notes, Note("OTHER_VOICE", message))

    def to_dict(self, notes: Sequence[Note]) -> dict[str, Any]:
        """What the JSON says of the baseline that a clip was judged by; `notes` as `notes_on` gave them."""
        return {
            "clips": len(self.recordings),
            "seconds": round(sum(recording.duration_s for recording in self.recordings), 2),
            "sha256": [recording.sha256 for recording in self.recordings],
            "notes": [{"code": note.code, "message": note.message} for note in notes],
        }


def spoken_parts(recording: Recording, number: int) -> list[Recording]:
    """The stretches of a neutral clip, the `number`th of a baseline, that the models hear.

    Raises
    ------
    SerError
        BAD_BASELINE where it holds no speech.
    """
    found = gate.check(recording)
    if any(reason.code == "NOT_SPEECH" for reason in found.reasons):
        raise _bad(
            f"Clip {number} of the baseline does not sound like speech.",
            "Read a sentence close to the microphone.",
        )
    return [stretch.part for stretch in windows.stretches(recording, found.speech)]


def _odd(baseline: Baseline, emotion_model: Model) -> Iterator[Note]:
    """What speaks against the clips being neutral speech."""
    least = emotion_model.card.parameters.get("neutral_from")
    if least is None:
        return
    said = emotion_model.predict_proba(baseline.clips).mean(axis=0)
    if decision.neutral_share(said[None])[0] < least:
        top = EMOTIONS[int(said.argmax())]
        yield Note(
            "NOT_NEUTRAL",
            f"The baseline sounds {top} rather than neutral: what differs from it will mislead. Read the sentences flatly, once more.",
        )


def _bad(message: str, hint: str) -> SerError:
    return SerError(ErrorCode.BAD_BASELINE, message, hint)
