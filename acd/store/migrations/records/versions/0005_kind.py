"""How somebody came to us: a visit's kind."""

import sqlalchemy as sa
from alembic import op

revision = "records_0005"
down_revision = "records_0004"


def upgrade() -> None:
    """From 0004."""
    with op.batch_alter_table("visit") as change:
        change.add_column(sa.Column("kind", sa.String(20), nullable=False, server_default="voice"))
