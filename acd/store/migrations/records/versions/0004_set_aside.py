"""Facts that the database refuses, and the term of the last recorded event beside its seq."""

import sqlalchemy as sa
from alembic import op

revision = "records_0004"
down_revision = "records_0003"


def upgrade() -> None:
    """From 0003."""
    with op.batch_alter_table("recorder_position") as change:
        change.add_column(sa.Column("term", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "fact_set_aside",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("fact", sa.Text, nullable=False),
        sa.Column("why", sa.String(300), nullable=False),
    )
