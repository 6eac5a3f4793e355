"""Which rules of overflow took effect for a visit."""

import sqlalchemy as sa
from alembic import op

revision = "records_0010"
down_revision = "records_0009"


def upgrade() -> None:
    """From 0009."""
    op.create_table(
        "overflow",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("visit", sa.BigInteger, nullable=False, index=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("then", sa.String(20), nullable=False),
    )
