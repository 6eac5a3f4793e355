"""How many asked in what state their case is, heard it, and hung up with that."""

import sqlalchemy as sa
from alembic import op

revision = "records_0018"
down_revision = "records_0017"


def upgrade() -> None:
    """From 0017. What was before is added by `acd records rebuild`."""
    for name in ("case_asked", "case_heard", "case_enough"):
        op.add_column("history_count", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
