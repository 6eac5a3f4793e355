"""What waits callers were told and what came of it, rejoined places, emergency announcements."""

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
    op.create_table(
        "emergency_announcement",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sounds", sa.Text, nullable=False),
        sa.Column("ends_calls", sa.Boolean, nullable=False),
    )
    op.create_table(
        "announcement_text",
        sa.Column("sound", sa.String(80), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    with op.batch_alter_table("visit") as change:
        change.add_column(sa.Column("rejoins", sa.BigInteger))
