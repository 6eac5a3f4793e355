"""The first tables of the records store."""

import sqlalchemy as sa
from alembic import op

revision = "records_0001"
down_revision = None


def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "visit",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("node", sa.String(40), nullable=False),
        sa.Column("call", sa.String(80), nullable=False),
        sa.Column("line", sa.String(40), nullable=False),
        sa.Column("adopted", sa.Boolean, nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("concern", sa.String(40), nullable=False),
        sa.Column("second", sa.String(10), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("wait_since_answer_ms", sa.BigInteger),
        sa.Column("wait_since_queue_ms", sa.BigInteger),
        sa.Column("offers", sa.Integer, nullable=False),
        sa.Column("answered_by", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("ended_by", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(80), nullable=False),
        sa.Column("degraded", sa.Boolean, nullable=False),
        sa.Column("recording_declined", sa.Boolean, nullable=False),
    )
    op.create_index("visit_by_arrival", "visit", ["arrived_at"])
    op.create_table(
        "offer",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("visit", sa.BigInteger, nullable=False),
        sa.Column("agent", sa.String(40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rang_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("cause", sa.Integer, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("language_level", sa.Integer, nullable=False),
        sa.Column("concern_level", sa.Integer, nullable=False),
        sa.Column("candidates", sa.Integer, nullable=False),
    )
    op.create_index("ix_offer_visit", "offer", ["visit"])
    op.create_table(
        "handling",
        sa.Column("visit", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("agent", sa.String(40), primary_key=True),
        sa.Column("began_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("offer", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("wrapped_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "staff_interval",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("agent", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(80), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_staff_interval_agent", "staff_interval", ["agent"])
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_table(
        "recorder_position",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("roster", sa.Text, nullable=False),
    )
