"""A checksum over each event and each kept world, and a row whose writing proves that writing goes."""

import sqlalchemy as sa
from alembic import op

revision = "journal_0003"
down_revision = "journal_0002"


def upgrade() -> None:
    """From 0002. What was written before has no checksum and is read unchecked."""
    for table in ("journal_event", "journal_snapshot"):
        with op.batch_alter_table(table) as change:
            change.add_column(sa.Column("crc", sa.BigInteger, nullable=True))
    op.create_table(
        "journal_pulse",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
    op.execute("INSERT INTO journal_pulse (id, count) VALUES (1, 0)")
