"""What the shadow policy would have decided otherwise, with both explanations."""

import sqlalchemy as sa
from alembic import op

revision = "records_0003"
down_revision = "records_0002"


def upgrade() -> None:
    """From 0002. Differences found before stay where they were, as incidents."""
    op.create_table(
        "shadow_difference",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("live", sa.Text, nullable=False),
        sa.Column("shadow", sa.Text, nullable=False),
    )
