"""What staff said of a call, follow-ups, threats; indexes for what a desk asks while a phone rings."""

import sqlalchemy as sa
from alembic import op

revision = "records_0012"
down_revision = "records_0011"


def upgrade() -> None:
    """From 0011."""
    for name, length in (("outcome", 40), ("note", 40), ("case", 40)):
        column = sa.Column(name, sa.String(length), nullable=False, server_default="")
        op.add_column("handling", column)
    op.create_table(
        "handover",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("visit", sa.BigInteger, nullable=False, index=True),
        sa.Column("agent", sa.String(40), nullable=False),
        sa.Column("to_agent", sa.String(40), nullable=False),
        sa.Column("note", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("done_by", sa.String(40), nullable=False, server_default=""),
    )
    op.create_table(
        "threat",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("visit", sa.BigInteger, nullable=False, index=True),
        sa.Column("agent", sa.String(40), nullable=False),
        sa.Column("note", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True)),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.Column("unblocked_at", sa.DateTime(timezone=True)),
    )
    op.create_index("visit_by_token", "visit", ["token"])
    op.create_index("handling_by_agent", "handling", ["agent", "began_at"])
    op.create_index("offer_by_agent", "offer", ["agent", "made_at"])
