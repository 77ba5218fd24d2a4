"""The recordings of a library: keeping, finding, correcting and deleting them, each for one owner.

Lengths are in seconds; times are in UTC, to the second. Sound is kept as FLAC at 16 kHz with 24
bits a sample.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from ser_core.audio import Recording, isolated
from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode, SerError
from ser_core.library.database import Database, as_utc, utc_now
from ser_core.library.schema import RECORDINGS
from ser_core.models import ModelCard
from ser_core.prediction import Prediction

_MAX_NAME_LENGTH = 255


@dataclass(frozen=True)
class LibraryEntry:
    """An entry without its sound, as a list shows it."""

    id: int
    name: str
    kept_at: datetime
    duration_s: float
    sha256: str
    """Of the FLAC file that is kept."""
    answer: str
    """The predicted emotion; "" where the model could not tell."""
    emotion: str
    """The true emotion, as the person says; "" where they say nothing."""
    speaker: str
    """The speaker, as the person calls them; "" for unknown."""
    corrected_at: datetime | None

    def to_dict(self) -> dict[str, Any]:
        """The entry as JSON."""
        return {
            "id": self.id,
            "name": self.name,
            "kept_at": self.kept_at.isoformat(),
            "duration_s": round(self.duration_s, 3),
            "sha256": self.sha256,
            "answer": self.answer or None,
            "label": self.emotion or None,
            "speaker": self.speaker or None,
            "corrected_at": self.corrected_at.isoformat() if self.corrected_at else None,
        }


_ENTRY_COLUMNS = [RECORDINGS.c[field.name] for field in fields(LibraryEntry)]


class RecordingStore:
    """The recordings in a database.

    Methods raise `SerError` LIBRARY_FAILED where the database cannot do what is wanted. An entry
    that does not exist, or is somebody else's, raises NOT_FOUND, the same for both.
    """

    database: Database

    def keep(
        self,
        owner: str,
        name: str,
        recording: Recording,
        prediction: Prediction,
        cards: Iterable[ModelCard],
    ) -> int:
        """Keep a recording with its prediction, and give its number.

        A recording that is kept already stays as it is, under its number.

        Parameters
        ----------
        owner, name : str
        recording : Recording
            At 16 kHz.
        prediction : Prediction
        cards : iterable of ModelCard
            Of the models that made the prediction.
        """
        flac = encode_flac(recording)
        row = {
            "owner": owner,
            "name": _printable_name(name),
            "kept_at": utc_now(),
            "duration_s": recording.duration_s,
            "sha256": hashlib.sha256(flac).hexdigest(),
            "answer": prediction.emotion or "",
            "prediction": json.dumps(prediction.to_dict(_printable_name(name)), ensure_ascii=False),
            "models": json.dumps({card.task: _identity_of(card) for card in cards}),
            "emotion": "",
            "speaker": "",
            "flac": flac,
        }
        same_sound = RECORDINGS.c.owner == owner, RECORDINGS.c.sha256 == row["sha256"]
        query = select(RECORDINGS.c.id).where(*same_sound)
        try:
            with self.database.writing() as connection:
                number = connection.execute(query).scalar_one_or_none()
                if number is None:
                    inserted = connection.execute(insert(RECORDINGS), row).inserted_primary_key
                    number = inserted[0]  # type: ignore[index]
                return int(number)
        except SerError as error:
            if not isinstance(error.__cause__, IntegrityError):
                raise
        with self.database.reading() as connection:  # somebody has kept it in between
            return int(connection.execute(query).scalar_one())

    def entries(self, owner: str) -> list[LibraryEntry]:
        """All entries of an owner, in the order of keeping, whatever the clock said."""
        in_order = (
            select(*_ENTRY_COLUMNS).where(RECORDINGS.c.owner == owner).order_by(RECORDINGS.c.id)
        )
        with self.database.reading() as connection:
            return [_entry_of(row) for row in connection.execute(in_order)]

    def find(self, owner: str, number: int) -> LibraryEntry | None:
        """One entry; None where it does not exist."""
        return self._find_one(*_is_entry(owner, number))

    def find_recording(self, owner: str, recording: Recording) -> LibraryEntry | None:
        """The entry with exactly the sound of a recording; None where it is not kept yet."""
        digest = hashlib.sha256(encode_flac(recording)).hexdigest()
        return self._find_one(RECORDINGS.c.owner == owner, RECORDINGS.c.sha256 == digest)

    def _find_one(self, *conditions: ColumnElement[bool]) -> LibraryEntry | None:
        query = select(*_ENTRY_COLUMNS).where(*conditions)
        with self.database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _entry_of(row)

    def flac(self, owner: str, number: int) -> bytes:
        """The sound of an entry as a FLAC file, the very bytes that were kept."""
        query = select(RECORDINGS.c.flac, RECORDINGS.c.sha256).where(*_is_entry(owner, number))
        with self.database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise _not_found([number])
        if hashlib.sha256(row.flac).hexdigest() != row.sha256:
            raise SerError(
                ErrorCode.LIBRARY_FAILED,
                f"The sound of entry {number} is damaged.",
                "Bring the library back from a backup.",
            )
        return bytes(row.flac)

    def recording(self, owner: str, number: int) -> Recording:
        """The sound of an entry."""
        return isolated.decode(self.flac(owner, number))

    def read_prediction(self, owner: str, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """The prediction of an entry (JSON, schema 1), and each model's name and digest by task."""
        columns = RECORDINGS.c.prediction, RECORDINGS.c.models
        query = select(*columns).where(*_is_entry(owner, number))
        with self.database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise _not_found([number])
        return json.loads(row.prediction), json.loads(row.models)

    def correct(self, owner: str, number: int, emotion: str, speaker: str = "") -> None:
        """Store the true emotion and the speaker of an entry; "" takes them back.

        Raises
        ------
        ValueError
            If the emotion is none of the eight.
        """
        if emotion and emotion not in EMOTIONS:
            raise ValueError(f"The emotion must be one of {', '.join(EMOTIONS)}. Got {emotion!r}.")
        values = {
            "emotion": emotion,
            "speaker": _printable_name(" ".join(speaker.split())),
            "corrected_at": utc_now(),
        }
        statement = update(RECORDINGS).where(*_is_entry(owner, number)).values(values)
        with self.database.writing() as connection:
            if not connection.execute(statement).rowcount:
                raise _not_found([number])

    def delete(self, owner: str, numbers: Sequence[int]) -> None:
        """Delete entries for good: all of them or, where one does not exist, none."""
        missing = []
        with self.database.writing() as connection:
            for number in dict.fromkeys(numbers):
                statement = delete(RECORDINGS).where(*_is_entry(owner, number))
                if not connection.execute(statement).rowcount:
                    missing.append(number)
            if missing:
                raise _not_found(missing)
        self.database.wipe(everything=False)


def encode_flac(recording: Recording) -> bytes:
    """The recording as the bytes of a FLAC file with 24 bits a sample.

    The same recording always gives the same bytes.
    """
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(
        buffer, recording.samples, recording.sample_rate, format="FLAC", subtype="PCM_24"
    )
    return buffer.getvalue()


def _identity_of(card: ModelCard) -> dict[str, Any]:
    return {"name": card.name, "sha256": card.sha256, "layer": card.layer}


def _is_entry(owner: str, number: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return RECORDINGS.c.owner == owner, RECORDINGS.c.id == number


def _not_found(numbers: Sequence[int]) -> SerError:
    return SerError(
        ErrorCode.NOT_FOUND,
        f"There is no entry {', '.join(map(str, numbers))} in the library.",
        "Look at the list once more: it may have been deleted.",
    )


def _entry_of(row: Row[Any]) -> LibraryEntry:
    values = dict(row._mapping)
    for name in ("kept_at", "corrected_at"):
        if values[name] is not None:
            values[name] = as_utc(values[name])
    return LibraryEntry(**values)


def _printable_name(name: str) -> str:
    """A name that any database takes: valid Unicode without control characters, not too long."""
    valid = name.encode("utf-8", "replace").decode("utf-8")
    printable = "".join(character for character in valid if character.isprintable())
    return printable[:_MAX_NAME_LENGTH]
