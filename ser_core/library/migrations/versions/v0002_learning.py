"""The second version: speakers set aside, correction layers, and which of them were adopted."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_LONG = sa.Text().with_variant(sa.Text(2**24), "mysql", "mariadb")
_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables that learning from corrections needs."""
    op.create_table(
        "ser_speakers",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("speaker", sa.String(255), nullable=False),
        sa.Column("part", sa.String(5), nullable=False),
        sa.UniqueConstraint("owner", "speaker", name="ser_speakers_once"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ser_layers",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("trained_at", sa.DateTime, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("layer", _LONG, nullable=False),
        sa.Column("report", _LONG, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ser_adoptions",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column(
            "layer_id",
            _ID,
            sa.ForeignKey("ser_layers.id", name="ser_adoptions_layer"),
            nullable=False,
        ),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("adopted_at", sa.DateTime, nullable=False),
        sa.Column("rolled_back_at", sa.DateTime),
        sqlite_autoincrement=True,
    )
