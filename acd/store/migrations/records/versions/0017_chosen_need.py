"""What a caller chose, where a supervisor gave them another need."""

import sqlalchemy as sa
from alembic import op

revision = "records_0017"
down_revision = "records_0016"


def upgrade() -> None:
    """From 0016."""
    for name, length in (("chose_language", 10), ("chose_concern", 40)):
        op.add_column("visit", sa.Column(name, sa.String(length), nullable=False, server_default=""))
