"""The history: how often what was measured, by quarter hour and cell."""

import sqlalchemy as sa
from alembic import op

revision = "records_0015"
down_revision = "records_0014"
COUNTS = [
    "visits",
    "offers",
    "talks",
    "talk_ms",
    "wrap_ups",
    "wrap_up_ms",
    "known",
    "repeats",
    "helped",
    "again",
    "kept",
    "late",
    "not_there",
    "came_first",
    "off",
    "broken",
    "held",
    "missed",
    "censored",
]


def upgrade() -> None:
    """From 0014. What was before is added by `acd records rebuild`."""
    cell = [
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("concern", sa.String(40), nullable=False),
        sa.Column("classes", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("served_by", sa.String(20), nullable=False),
    ]
    op.create_table(
        "history_cell",
        sa.Column("id", sa.Integer, primary_key=True),
        *cell,
        sa.UniqueConstraint(*(each.name for each in cell), name="history_cell_is_one"),
    )
    op.create_table(
        "history_count",
        sa.Column("quarter", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("cell", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in COUNTS),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "history_wait",
        sa.Column("clock", sa.String(20), primary_key=True),
        sa.Column("quarter", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("cell", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("bin", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("n", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "history_floor",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
