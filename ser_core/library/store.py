"""The library of all owners: recordings and correction layers in one database."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, delete

from ser_core.library.database import Database, parse_url, sqlite_url
from ser_core.library.kept_layers import LayerStore
from ser_core.library.kept_recordings import RecordingStore
from ser_core.library.schema import ADOPTIONS, LAYERS, RECORDINGS, SPEAKERS
from ser_core.library.settings import FILE


class Library(RecordingStore, LayerStore):
    """The entries and the correction layers of all owners, in one database.

    Safe to use from several threads. Methods raise `SerError` LIBRARY_FAILED where the database
    cannot do what is wanted.
    """

    def __init__(self, url: URL, create: bool = True) -> None:
        self.database = Database(url, create)

    @classmethod
    def in_folder(cls, folder: Path, create: bool = True) -> Library:
        """The library that is a file of SQLite in a folder.

        Parameters
        ----------
        folder : Path
        create : bool
            Whether a file that does not exist is created.

        Raises
        ------
        SerError
            LIBRARY_OFF where there is none and none is to be created; LIBRARY_NEWER where a newer
            version has made it; LIBRARY_FAILED where it cannot be used.
        """
        return cls(sqlite_url(folder, FILE), create)

    @classmethod
    def at(cls, url: str, create: bool = True) -> Library:
        """The library in a database.

        Parameters
        ----------
        url : str
            The address, as SQLAlchemy writes it.
        create : bool
            Whether a file that does not exist is created.

        Raises
        ------
        SerError
            As `in_folder`.
        """
        return cls(parse_url(url), create)

    def delete_all(self, owner: str) -> int:
        """Delete everything of an owner for good, and give the number of entries there were.

        That is entries, the speakers set aside, and layers.
        """
        with self.database.writing() as connection:
            for table in (ADOPTIONS, LAYERS, SPEAKERS):
                connection.execute(delete(table).where(table.c.owner == owner))
            entries = delete(RECORDINGS).where(RECORDINGS.c.owner == owner)
            n_entries = connection.execute(entries).rowcount
        self.database.wipe(everything=True)
        return n_entries
