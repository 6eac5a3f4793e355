"""What each event led to: a journal proves itself, with no other file beside it."""

import sqlalchemy as sa
from alembic import op

revision = "journal_0002"
down_revision = "journal_0001"


def upgrade() -> None:
    """From 0001. Decisions of earlier events stay unwritten; a replay says how many."""
    op.create_table(
        "journal_decision",
        sa.Column("offer", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False, index=True),
        sa.Column("visit", sa.BigInteger, nullable=False),
        sa.Column("agent", sa.String(40), nullable=False),
    )
