"""The first tables of the vault store."""

import sqlalchemy as sa
from alembic import op

revision = "vault_0001"
down_revision = None


def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "vault_number",
        sa.Column("token", sa.String(32), primary_key=True),
        sa.Column("number", sa.String(32), nullable=False, unique=True),
        sa.Column("forget_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_vault_number_forget_ms", "vault_number", ["forget_ms"])
