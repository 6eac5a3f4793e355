"""Whether a caller may be recorded, and each recording's begin, pauses and end."""

import sqlalchemy as sa
from alembic import op

revision = "records_0006"
down_revision = "records_0005"


def upgrade() -> None:
    """From 0005. Who objected then had said no; of who did not object, nothing is known."""
    with op.batch_alter_table("visit") as change:
        change.add_column(sa.Column("consent", sa.String(10), nullable=False, server_default=""))
    visit = sa.table("visit", sa.column("consent", sa.String), sa.column("recording_declined", sa.Boolean))
    op.execute(visit.update().where(visit.c.recording_declined).values(consent="no"))
    with op.batch_alter_table("visit") as change:
        change.drop_column("recording_declined")
    op.create_table(
        "recording",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("visit", sa.BigInteger, nullable=False, index=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("by", sa.String(20), nullable=False),
    )
