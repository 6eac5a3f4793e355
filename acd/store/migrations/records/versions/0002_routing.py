"""Cases, priority classes, and the reasons of each offer."""

import sqlalchemy as sa
from alembic import op

revision = "records_0002"
down_revision = "records_0001"


def upgrade() -> None:
    """From 0001."""
    for column in (
        sa.Column("case", sa.String(40), nullable=False, server_default=""),
        sa.Column("owner", sa.String(40), nullable=False, server_default=""),
        sa.Column("classes", sa.String(200), nullable=False, server_default=""),
    ):
        op.add_column("visit", column)
    for column in (
        sa.Column("interpreter", sa.String(10), nullable=False, server_default=""),
        sa.Column("decided_by", sa.String(30), nullable=False, server_default=""),
        sa.Column("lost", sa.Text, nullable=False, server_default="[]"),
    ):
        op.add_column("offer", column)
    op.create_index("visit_by_case", "visit", ["case"])
    op.create_table(
        "case_file",
        sa.Column("reference", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(40), nullable=False),
        sa.Column("concern", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("outcomes", sa.String(400), nullable=False),
        sa.Column("link", sa.String(400), nullable=False),
    )
    op.create_table(
        "case_caller",
        sa.Column("token", sa.String(32), primary_key=True),
        sa.Column("reference", sa.String(40), nullable=False, index=True),
    )
