"""The first version: recordings, predictions and corrections."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_LONG = sa.Text().with_variant(sa.Text(2**24), "mysql", "mariadb")
_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table of recordings."""
    op.create_table(
        "ser_recordings",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("kept_at", sa.DateTime, nullable=False),
        sa.Column("duration_s", sa.Float, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("answer", sa.String(16), nullable=False),
        sa.Column("prediction", _LONG, nullable=False),
        sa.Column("models", _LONG, nullable=False),
        sa.Column("emotion", sa.String(16), nullable=False),
        sa.Column("speaker", sa.String(255), nullable=False),
        sa.Column("corrected_at", sa.DateTime),
        sa.Column("flac", sa.LargeBinary(2**30), nullable=False),
        sa.UniqueConstraint("owner", "sha256", name="ser_recordings_once"),
        sqlite_autoincrement=True,
    )
