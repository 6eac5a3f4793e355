"""Callbacks and messages: what was promised on which visit, and every time that somebody was called."""

import sqlalchemy as sa
from alembic import op

revision = "records_0013"
down_revision = "records_0012"


def upgrade() -> None:
    """From 0012."""
    op.add_column("visit", sa.Column("origin", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("visit", sa.Column("promised_from", sa.DateTime(timezone=True)))
    op.add_column("visit", sa.Column("promised_until", sa.DateTime(timezone=True)))
    op.add_column("visit", sa.Column("attempts", sa.Integer, nullable=False, server_default="0"))
    op.add_column("visit", sa.Column("message", sa.String(40), nullable=False, server_default=""))
    op.create_table(
        "callback_attempt",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("visit", sa.BigInteger, nullable=False, index=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("agent", sa.String(40), nullable=False),
        sa.Column("dialled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(20), nullable=False, server_default=""),
        sa.Column("again_at", sa.DateTime(timezone=True)),
    )
