"""What waiting callers were told, and when."""

import sqlalchemy as sa
from alembic import op

revision = "records_0007"
down_revision = "records_0006"


def upgrade() -> None:
    """From 0006."""
    op.create_table(
        "announcement",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("visit", sa.BigInteger, nullable=False, index=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sentence", sa.String(40), nullable=False),
    )
