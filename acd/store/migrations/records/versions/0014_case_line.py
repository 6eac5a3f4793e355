"""The case line: what proves that a caller may hear of a case, and how often it was tried today."""

import sqlalchemy as sa
from alembic import op

revision = "records_0014"
down_revision = "records_0013"


def upgrade() -> None:
    """From 0013."""
    op.create_table(
        "case_pin",
        sa.Column("reference", sa.String(40), primary_key=True),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "case_failure",
        sa.Column("reference", sa.String(40), primary_key=True),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
    )
    op.add_column("visit", sa.Column("case_line", sa.String(20), nullable=False, server_default=""))
