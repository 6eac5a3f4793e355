"""Free text of the staff: notes, reasons."""

import sqlalchemy as sa
from alembic import op

revision = "vault_0002"
down_revision = "vault_0001"


def upgrade() -> None:
    """From 0001."""
    op.create_table(
        "vault_text",
        sa.Column("ref", sa.String(32), primary_key=True),
        sa.Column("about", sa.String(40), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("forget_ms", sa.BigInteger, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
    )
    op.create_index("ix_vault_text_about", "vault_text", ["about"])
    op.create_index("ix_vault_text_forget_ms", "vault_text", ["forget_ms"])
