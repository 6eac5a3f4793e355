"""A checksum over each event and each kept world."""

import sqlalchemy as sa
from alembic import op

revision = "journal_0003"
down_revision = "journal_0002"


def upgrade() -> None:
    """From 0002. What was written before has no checksum and is read unchecked."""
    for table in ("journal_event", "journal_snapshot"):
        with op.batch_alter_table(table) as change:
            change.add_column(sa.Column("crc", sa.BigInteger, nullable=True))
