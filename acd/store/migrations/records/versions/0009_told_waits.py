"""What waits callers were told and what came of it, and whose place in line a visit took over."""

import sqlalchemy as sa
from alembic import op

revision = "records_0009"
down_revision = "records_0008"


def upgrade() -> None:
    """From 0008."""
    op.create_table(
        "told_wait",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("visit", sa.BigInteger, nullable=False, index=True),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("low_ms", sa.BigInteger, nullable=False),
        sa.Column("high_ms", sa.BigInteger),
        sa.Column("spoken", sa.Boolean, nullable=False),
        sa.Column("waited_ms", sa.BigInteger, nullable=False),
        sa.Column("came", sa.String(10), nullable=False),
    )
    with op.batch_alter_table("visit") as change:
        change.add_column(sa.Column("rejoins", sa.BigInteger))
