"""The first tables of the journal store."""

import sqlalchemy as sa
from alembic import op

revision = "journal_0001"
down_revision = None


def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "journal_event",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("term", sa.Integer, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("cause", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "journal_blob",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "journal_skipped",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("error", sa.String(300), nullable=False),
    )
    op.create_table(
        "journal_snapshot",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("release", sa.String(40), nullable=False),
        sa.Column("world", sa.LargeBinary, nullable=False),
    )
