"""The correction layers of a library: the speakers set aside, the layers trained, and their adoption.

See `ser_core.library.corrections` for how layers are trained and tested.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select, update

from ser_core.errors import ErrorCode, SerError
from ser_core.library.database import Database, as_utc, utc_now
from ser_core.library.schema import ADOPTIONS, LAYERS, SPEAKERS

TRAIN, TEST = "train", "test"
"""The parts that speakers are in."""


@dataclass(frozen=True)
class StoredLayer:
    """A trained correction layer as JSON, its digest, and a report of what it changes."""

    id: int
    trained_at: datetime
    digest: str
    layer: str
    report: Mapping[str, Any]


class LayerStore:
    """The correction layers in a database.

    Methods raise `SerError` LIBRARY_FAILED where the database cannot do what is wanted.
    """

    database: Database

    def assign_parts(self, owner: str, speakers: Iterable[str] = ()) -> dict[str, str]:
        """The part, `train` or `test`, of every speaker that has one, by the name in lower case.

        A part is for good. Of the speakers, in the order of coming, the second, fifth, eighth ...
        are for testing.

        Parameters
        ----------
        owner : str
        speakers : iterable of str
            Speakers that get a part now, if they have none yet. "" is passed over.
        """
        names = [name.casefold() for name in speakers if name]
        by_arrival = select(SPEAKERS).where(SPEAKERS.c.owner == owner).order_by(SPEAKERS.c.id)
        with self.database.writing() if names else self.database.reading() as connection:
            parts = {row.speaker: row.part for row in connection.execute(by_arrival)}
            for name in names:
                if name not in parts:
                    parts[name] = TEST if len(parts) % 3 == 1 else TRAIN
                    row = {"owner": owner, "speaker": name, "part": parts[name]}
                    connection.execute(insert(SPEAKERS), row)
        return parts

    def add_layer(self, owner: str, layer: str, digest: str, report: Mapping[str, Any]) -> int:
        """Store a layer that was trained, and give its number."""
        row = {
            "owner": owner,
            "trained_at": utc_now(),
            "digest": digest,
            "layer": layer,
            "report": json.dumps(report),
        }
        with self.database.writing() as connection:
            return int(connection.execute(insert(LAYERS), row).inserted_primary_key[0])  # type: ignore[index]

    def layers(self, owner: str) -> list[StoredLayer]:
        """All layers of an owner, in the order of training."""
        in_order = select(LAYERS).where(LAYERS.c.owner == owner).order_by(LAYERS.c.id)
        with self.database.reading() as connection:
            return [_layer_of(row) for row in connection.execute(in_order)]

    def adopt(self, owner: str, layer: StoredLayer) -> None:
        """Make a layer the one that corrects the owner's default emotion model."""
        row = {
            "owner": owner,
            "layer_id": layer.id,
            "digest": layer.digest,
            "adopted_at": utc_now(),
        }
        with self.database.writing() as connection:
            connection.execute(insert(ADOPTIONS), row)

    def is_in_use(self, owner: str, layer: StoredLayer) -> bool:
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
        """Take back the last adoption in force; whether there was one."""
        newest = select(func.max(ADOPTIONS.c.id)).where(*_in_force(owner))
        with self.database.writing() as connection:
            last = connection.execute(newest).scalar_one()
            if last is None:
                return False
            statement = update(ADOPTIONS).where(ADOPTIONS.c.id == last)
            connection.execute(statement.values(rolled_back_at=utc_now()))
        return True

    def adopted_layer(self, owner: str) -> StoredLayer | None:
        """The layer that was adopted last and not taken back; None where there is none.

        Raises
        ------
        SerError
            MODEL_TAMPERED where the layer was changed after its adoption.
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
            raise SerError(
                ErrorCode.MODEL_TAMPERED,
                f"The correction layer {row.id} is not the one that was adopted, and is not used.",
                "Go back to what was before: python -m ser_core library rollback",
            )
        return _layer_of(row)


def _in_force(owner: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ADOPTIONS.c.owner == owner, ADOPTIONS.c.rolled_back_at.is_(None)


def _layer_of(row: Row[Any]) -> StoredLayer:
    trained_at = as_utc(row.trained_at)
    return StoredLayer(row.id, trained_at, row.digest, row.layer, json.loads(row.report))
