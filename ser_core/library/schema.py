"""The tables of a library in their newest version.

The migrations in `migrations/versions/` make them. Times are in UTC.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()
_LONG = Text().with_variant(Text(2**24), "mysql", "mariadb")  # whose text is short
_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up an INTEGER only

RECORDINGS = Table(
    "ser_recordings",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("owner", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    Column("kept_at", DateTime, nullable=False),  # UTC; nothing is ordered by it, as clocks jump
    Column("duration_s", Float, nullable=False),
    Column("sha256", String(64), nullable=False),  # of the FLAC file
    # The predicted emotion; "": the model could not tell.
    Column("answer", String(16), nullable=False),
    Column("prediction", _LONG, nullable=False),  # JSON, schema 1
    Column("models", _LONG, nullable=False),  # JSON: name and digest of each model
    # The true emotion, as the person says; "": they say nothing.
    Column("emotion", String(16), nullable=False),
    # The speaker, as the person calls them; "": unknown.
    Column("speaker", String(255), nullable=False),
    Column("corrected_at", DateTime),
    # The last, so that reading the other columns need not pass over it.
    Column("flac", LargeBinary(2**30), nullable=False),
    UniqueConstraint("owner", "sha256", name="ser_recordings_once"),
    sqlite_autoincrement=True,  # what is deleted leaves no number to be given again
)
SPEAKERS = Table(
    "ser_speakers",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("owner", String(255), nullable=False),
    Column("speaker", String(255), nullable=False),  # in lower case
    Column("part", String(5), nullable=False),  # train or test, for good
    UniqueConstraint("owner", "speaker", name="ser_speakers_once"),
    sqlite_autoincrement=True,
)
LAYERS = Table(
    "ser_layers",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("owner", String(255), nullable=False),
    Column("trained_at", DateTime, nullable=False),
    Column("digest", String(64), nullable=False),  # of the layer
    Column("layer", _LONG, nullable=False),  # JSON
    Column("report", _LONG, nullable=False),  # JSON: what it changes
    sqlite_autoincrement=True,
)
ADOPTIONS = Table(
    "ser_adoptions",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("owner", String(255), nullable=False),
    Column(
        "layer_id", _ID, ForeignKey("ser_layers.id", name="ser_adoptions_layer"), nullable=False
    ),
    Column("digest", String(64), nullable=False),
    Column("adopted_at", DateTime, nullable=False),
    Column("rolled_back_at", DateTime),
    sqlite_autoincrement=True,
)
