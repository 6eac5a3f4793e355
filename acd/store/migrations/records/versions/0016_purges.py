"""Retention: what went on which day because it was past its time."""

import sqlalchemy as sa
from alembic import op

revision = "records_0016"
down_revision = "records_0015"


def upgrade() -> None:
    """From 0015."""
    op.create_table(
        "purge",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("gone", sa.BigInteger, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
