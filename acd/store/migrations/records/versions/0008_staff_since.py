"""Since when the staff that is in force is."""

import sqlalchemy as sa
from alembic import op

revision = "records_0008"
down_revision = "records_0007"


def upgrade() -> None:
    """From 0007."""
    with op.batch_alter_table("staff") as change:
        change.add_column(sa.Column("since", sa.DateTime(timezone=True)))
