"""The entries of a library: keeping, finding, correcting and deleting them, each for one owner; and what was learnt from them."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ser_core.audio import Recording, isolated
from ser_core.emotions import EMOTIONS
from ser_core.errors import ErrorCode, SerError
from ser_core.library import FILE, database
from ser_core.library.schema import ADOPTIONS, LAYERS, RECORDINGS, SPEAKERS
from ser_core.models import ModelCard
from ser_core.prediction import Prediction

TRAIN, TEST = "train", "test"
_LONGEST = 255  # characters of a name


@dataclass(frozen=True)
class Kept:
    """An entry without its sound: what one sees of it in a list."""

    id: int
    name: str
    kept_at: datetime
    duration_s: float
    sha256: str
    """Of the FLAC file that is kept."""
    answer: str
    """The emotion that was said; "" where it could not be told."""
    emotion: str
    """What it really was, as the person says; "" where they say nothing."""
    speaker: str
    """Who speaks, as the person calls them; "" for unknown."""
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


@dataclass(frozen=True)
class KeptLayer:
    """A correction layer that was trained, as JSON, with its digest, and what it changes (see `ser_core.library.corrections`)."""

    id: int
    trained_at: datetime
    digest: str
    layer: str
    report: Mapping[str, Any]


_LISTED = [
    RECORDINGS.c[name]
    for name in (
        "id",
        "name",
        "kept_at",
        "duration_s",
        "sha256",
        "answer",
        "emotion",
        "speaker",
        "corrected_at",
    )
]


class Library:
    """The entries of all owners in one database. Methods raise `SerError` LIBRARY_FAILED where the database cannot do what is asked.

    An entry that is not there, or is somebody else's, raises NOT_FOUND, the same for both.
    """

    def __init__(self, url: URL, make: bool = True) -> None:
        self.database = database.Database(url, make)

    @classmethod
    def in_folder(cls, folder: Path, make: bool = True) -> Library:
        """The library that is a file of SQLite in a folder, made where it is not there; LIBRARY_OFF where none is to be made."""
        return cls(database.address(folder, FILE), make)

    @classmethod
    def at(cls, url: str, make: bool = True) -> Library:
        """The library in a database by its address, as SQLAlchemy has it."""
        return cls(database.parsed(url), make)

    # --------------------------------------------------------------------------------------------------------- entries

    def keep(
        self,
        owner: str,
        name: str,
        recording: Recording,
        prediction: Prediction,
        cards: Iterable[ModelCard],
    ) -> int:
        """Keep a recording at 16 kHz with what was predicted, and by which models; gives its number.

        A recording that is kept already keeps its number, and what was predicted first.
        """
        flac = to_flac(recording)
        row = {
            "owner": owner,
            "name": _tidy(name),
            "kept_at": _now(),
            "duration_s": recording.duration_s,
            "sha256": hashlib.sha256(flac).hexdigest(),
            "answer": prediction.emotion or "",
            "prediction": json.dumps(prediction.to_dict(_tidy(name)), ensure_ascii=False),
            "models": json.dumps(
                {
                    card.task: {
                        "name": card.name,
                        "sha256": card.sha256,
                        "layer": card.parameters.get("layer"),
                    }
                    for card in cards
                }
            ),
            "emotion": "",
            "speaker": "",
            "flac": flac,
        }
        same = select(RECORDINGS.c.id).where(
            RECORDINGS.c.owner == owner, RECORDINGS.c.sha256 == row["sha256"]
        )
        try:
            with self.database.writing() as connection:
                number = connection.execute(same).scalar_one_or_none()
                return int(
                    number or connection.execute(insert(RECORDINGS), row).inserted_primary_key[0]
                )  # type: ignore[index]
        except SerError as error:
            if not isinstance(error.__cause__, IntegrityError):
                raise
        with self.database.reading() as connection:  # somebody has kept it in between
            return int(connection.execute(same).scalar_one())

    def entries(self, owner: str) -> list[Kept]:
        """All entries of an owner, in the order in which they were kept, whatever the clock said."""
        with self.database.reading() as connection:
            return [
                _kept(row)
                for row in connection.execute(
                    select(*_LISTED).where(RECORDINGS.c.owner == owner).order_by(RECORDINGS.c.id)
                )
            ]

    def find(self, owner: str, number: int) -> Kept | None:
        """One entry; None where it is not there."""
        with self.database.reading() as connection:
            row = connection.execute(select(*_LISTED).where(*_is(owner, number))).one_or_none()
        return None if row is None else _kept(row)

    def same(self, owner: str, recording: Recording) -> Kept | None:
        """The entry with the very sound of a recording; None where it is not kept yet."""
        digest = hashlib.sha256(to_flac(recording)).hexdigest()
        with self.database.reading() as connection:
            row = connection.execute(
                select(*_LISTED).where(RECORDINGS.c.owner == owner, RECORDINGS.c.sha256 == digest)
            ).one_or_none()
        return None if row is None else _kept(row)

    def flac(self, owner: str, number: int) -> bytes:
        """The sound of an entry as a FLAC file, the very bytes that were kept."""
        with self.database.reading() as connection:
            row = connection.execute(
                select(RECORDINGS.c.flac, RECORDINGS.c.sha256).where(*_is(owner, number))
            ).one_or_none()
        if row is None:
            raise _not_there([number])
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

    def predicted(self, owner: str, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """What was predicted of an entry (JSON, schema 1), and the name and digests of each model by task."""
        with self.database.reading() as connection:
            row = connection.execute(
                select(RECORDINGS.c.prediction, RECORDINGS.c.models).where(*_is(owner, number))
            ).one_or_none()
        if row is None:
            raise _not_there([number])
        return json.loads(row.prediction), json.loads(row.models)

    def correct(self, owner: str, number: int, emotion: str, speaker: str = "") -> None:
        """Say what an entry really was, and who speaks; "" takes that back.

        Raises
        ------
        ValueError
            If the emotion is none of the eight.
        """
        if emotion and emotion not in EMOTIONS:
            raise ValueError(f"There is no emotion {emotion!r}.")
        said = {
            "emotion": emotion,
            "speaker": _tidy(" ".join(speaker.split())),
            "corrected_at": _now(),
        }
        with self.database.writing() as connection:
            if not connection.execute(
                update(RECORDINGS).where(*_is(owner, number)).values(said)
            ).rowcount:
                raise _not_there([number])

    def delete(self, owner: str, numbers: Sequence[int]) -> None:
        """Delete entries for good: all of them or, where one is not there, none."""
        with self.database.writing() as connection:
            missing = [
                number
                for number in dict.fromkeys(numbers)
                if not connection.execute(delete(RECORDINGS).where(*_is(owner, number))).rowcount
            ]
            if missing:
                raise _not_there(missing)
        self.database.wipe(everything=False)

    def delete_all(self, owner: str) -> int:
        """Delete everything of an owner for good: entries, speakers that were set aside, and layers; gives how many entries there were."""
        with self.database.writing() as connection:
            for table in (ADOPTIONS, LAYERS, SPEAKERS):
                connection.execute(delete(table).where(table.c.owner == owner))
            n = connection.execute(delete(RECORDINGS).where(RECORDINGS.c.owner == owner)).rowcount
        self.database.wipe(everything=True)
        return n

    # -------------------------------------------------------------------------------------------------- what was learnt

    def parts(self, owner: str, speakers: Iterable[str] = ()) -> dict[str, str]:
        """Which part, `train` or `test`, each known speaker is in (by the name in lower case), after giving one to each of `speakers` that has none.

        A part is for good. Of the speakers, in the order of coming, the second, fifth, eighth ... are for testing.
        """
        wanted = [
            speaker
            for speaker in dict.fromkeys(spoken.casefold() for spoken in speakers)
            if speaker
        ]
        with self.database.writing() if wanted else self.database.reading() as connection:
            found = {
                row.speaker: row.part
                for row in connection.execute(
                    select(SPEAKERS).where(SPEAKERS.c.owner == owner).order_by(SPEAKERS.c.id)
                )
            }
            for speaker in wanted:
                if speaker not in found:
                    found[speaker] = TEST if len(found) % 3 == 1 else TRAIN
                    connection.execute(
                        insert(SPEAKERS),
                        {"owner": owner, "speaker": speaker, "part": found[speaker]},
                    )
        return found

    def add_layer(self, owner: str, layer: str, digest: str, report: Mapping[str, Any]) -> int:
        """Keep a layer that was trained; gives its number."""
        row = {
            "owner": owner,
            "trained_at": _now(),
            "digest": digest,
            "layer": layer,
            "report": json.dumps(report),
        }
        with self.database.writing() as connection:
            return int(connection.execute(insert(LAYERS), row).inserted_primary_key[0])  # type: ignore[index]

    def layers(self, owner: str) -> list[KeptLayer]:
        """All layers of an owner, in the order in which they were trained."""
        with self.database.reading() as connection:
            rows = connection.execute(
                select(LAYERS).where(LAYERS.c.owner == owner).order_by(LAYERS.c.id)
            ).all()
        return [
            KeptLayer(row.id, _utc(row.trained_at), row.digest, row.layer, json.loads(row.report))
            for row in rows
        ]

    def adopt(self, owner: str, layer: KeptLayer) -> None:
        """Make a layer the one that the owner's default emotion model is corrected by."""
        row = {"owner": owner, "layer_id": layer.id, "digest": layer.digest, "adopted_at": _now()}
        with self.database.writing() as connection:
            connection.execute(insert(ADOPTIONS), row)

    def in_use(self, owner: str, layer: KeptLayer) -> bool:
        """Whether a layer is, unchanged, the one that was adopted last and not taken back."""
        query = (
            select(ADOPTIONS.c.layer_id, ADOPTIONS.c.digest)
            .where(*_in_force(owner))
            .order_by(ADOPTIONS.c.id.desc())
            .limit(1)
        )
        with self.database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return row is not None and (row.layer_id, row.digest) == (layer.id, layer.digest)

    def roll_back(self, owner: str) -> bool:
        """Take the last adoption back that was not; gives whether there was one."""
        with self.database.writing() as connection:
            last = connection.execute(
                select(func.max(ADOPTIONS.c.id)).where(*_in_force(owner))
            ).scalar_one()
            if last is not None:
                connection.execute(
                    update(ADOPTIONS).where(ADOPTIONS.c.id == last).values(rolled_back_at=_now())
                )
        return last is not None

    def adopted(self, owner: str) -> KeptLayer | None:
        """The layer that was adopted last and not taken back.

        Raises
        ------
        SerError
            MODEL_TAMPERED where it is not the one that was adopted.
        """
        query = (
            select(LAYERS, ADOPTIONS.c.digest.label("adopted_digest"))
            .join(LAYERS, LAYERS.c.id == ADOPTIONS.c.layer_id)
            .where(*_in_force(owner), LAYERS.c.owner == owner)
            .order_by(ADOPTIONS.c.id.desc())
            .limit(1)
        )
        with self.database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        if hashlib.sha256(row.layer.encode()).hexdigest() != row.adopted_digest:
            message = (
                f"The correction layer {row.id} is not the one that was adopted, and is not used."
            )
            raise SerError(
                ErrorCode.MODEL_TAMPERED,
                message,
                "Go back to what was before: python -m ser_core library rollback",
            )
        return KeptLayer(
            row.id, _utc(row.trained_at), row.digest, row.layer, json.loads(row.report)
        )


def to_flac(recording: Recording) -> bytes:
    """The recording as the bytes of a FLAC file with 24 bits a sample; the same recording always gives the same bytes."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(
        buffer, recording.samples, recording.sample_rate, format="FLAC", subtype="PCM_24"
    )
    return buffer.getvalue()


def _is(owner: str, number: int) -> tuple[Any, Any]:
    return RECORDINGS.c.owner == owner, RECORDINGS.c.id == number


def _in_force(owner: str) -> tuple[Any, Any]:
    return ADOPTIONS.c.owner == owner, ADOPTIONS.c.rolled_back_at.is_(None)


def _not_there(numbers: Sequence[int]) -> SerError:
    listed = ", ".join(map(str, numbers))
    return SerError(
        ErrorCode.NOT_FOUND,
        f"There is no entry {listed} in the library.",
        "Look at the list once more: it may have been deleted.",
    )


def _now() -> datetime:
    """UTC, to the second, without saying so: not every database can keep a time zone."""
    return datetime.now(UTC).replace(microsecond=0, tzinfo=None)


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC)


def _kept(row: Any) -> Kept:
    fields = dict(row._mapping)
    corrected = fields.pop("corrected_at")
    return Kept(
        **fields | {"kept_at": _utc(row.kept_at)},
        corrected_at=None if corrected is None else _utc(corrected),
    )


def _tidy(name: str) -> str:
    """A name as any database takes it: valid Unicode without control characters, not too long."""
    valid = name.encode("utf-8", "replace").decode("utf-8")
    return "".join(character for character in valid if character.isprintable())[:_LONGEST]
