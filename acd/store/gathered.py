"""Rows and changes of one batch of facts, gathered by statement: each is written once, whatever it is for."""

from itertools import pairwise
from typing import Any

from sqlalchemy import Delete, Table, Update, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.store.plain import plain
from acd.store.tables import handlings, staff_intervals, threats, visits


def _still(column: str, at: str) -> Update:
    open_one = handlings.c[column].is_(None)
    mine = (handlings.c.visit == bindparam("key")) & (handlings.c.agent == bindparam("who"))
    return update(handlings).where(mine, open_one).values({column: bindparam(at)})


ONE_MORE_OFFER = update(visits).where(visits.c.id == bindparam("key")).values(offers=visits.c.offers + 1)
ANSWERED = (
    update(visits)
    .where(visits.c.id == bindparam("key"), visits.c.answered_at.is_(None))
    .values(
        answered_at=bindparam("at"),
        answered_by=bindparam("by"),
        wait_since_answer_ms=bindparam("wait_since_answer_ms"),
        wait_since_queue_ms=bindparam("wait_since_queue_ms"),
    )
)
NOT_ANSWERED = (
    update(visits)
    .where(visits.c.id == bindparam("key"), ~exists().where(handlings.c.visit == bindparam("key")))
    .values(answered_at=None, answered_by="", wait_since_answer_ms=None, wait_since_queue_ms=None)
)
NO_TALK = delete(handlings).where(
    handlings.c.visit == bindparam("key"),
    handlings.c.agent == bindparam("who"),
    handlings.c.ended_at.is_(None),
)
TALK_ENDED = _still("ended_at", "at")
WRAPPED = _still("wrapped_at", "at")
_talks = handlings.alias()
_LAST_TALK = (
    select(func.max(_talks.c.began_at))
    .where(_talks.c.visit == bindparam("key"), _talks.c.agent == bindparam("who"))
    .scalar_subquery()
)
CLOSED = (
    update(handlings)
    .where(
        handlings.c.visit == bindparam("key"),
        handlings.c.agent == bindparam("who"),
        handlings.c.began_at == _LAST_TALK,
    )
    .values(outcome=bindparam("new_outcome"), note=bindparam("new_note"), case=bindparam("new_case"))
)


def _since(column: str) -> Update:
    mine = (threats.c.visit == bindparam("key")) & threats.c[column].is_(None)
    return update(threats).where(mine).values({column: bindparam("new_at")})


THREAT_SEEN = _since("seen_at")
UNBLOCKED = _since("unblocked_at").where(threats.c.blocked_until.is_not(None))
INTERVAL_ENDED = (
    update(staff_intervals)
    .where(staff_intervals.c.agent == bindparam("who"), staff_intervals.c.to_at.is_(None))
    .values(to_at=bindparam("at"))
)


class Gathered:
    """Changes gathered by statement. ended: (visit, agent) whose talk ended in here."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self.ended: set[tuple[int, str]] = set()
        self.intervals: dict[str, list[dict[str, Any]]] = {}
        self._inserts: dict[Table, list[dict[str, Any]]] = {}
        self._sets: dict[tuple[Table, tuple[str, ...]], list[dict[str, Any]]] = {}
        self._runs: dict[Update | Delete, list[dict[str, Any]]] = {}

    def insert(self, table: Table, row: dict[str, Any]) -> None:
        self._inserts.setdefault(table, []).append(_plain(row))

    def set(self, table: Table, key: int, **values: object) -> None:
        named = {f"new_{name}": value for name, value in _plain(values).items()}
        self._sets.setdefault((table, tuple(sorted(values))), []).append({"key": key, **named})

    def run(self, statement: Update | Delete, values: dict[str, Any]) -> None:
        self._runs.setdefault(statement, []).append(_plain(values))

    async def write(self, connection: AsyncConnection) -> None:
        """All of it, and be empty again."""
        for table, rows in self._inserts.items():
            await connection.execute(insert(table), rows)
        for (table, names), rows in self._sets.items():
            values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
            statement = update(table).where(table.c.id == bindparam("key")).values(values)
            await connection.execute(statement, rows)
        for change, rows in self._runs.items():
            await connection.execute(change, rows)
        await self._write_intervals(connection)
        self._clear()

    async def _write_intervals(self, connection: AsyncConnection) -> None:
        """Each person's open interval ends with the first change; each change ends the one before."""
        if not self.intervals:
            return
        begins = [{"who": plain(agent), "at": rows[0]["from_at"]} for agent, rows in self.intervals.items()]
        await connection.execute(INTERVAL_ENDED, begins)
        for rows in self.intervals.values():
            for row, following in pairwise(rows):
                row["to_at"] = following["from_at"]
        made = [_plain(row) for rows in self.intervals.values() for row in rows]
        await connection.execute(insert(staff_intervals), made)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its texts as every database takes them."""
    return {name: plain(value) if isinstance(value, str) else value for name, value in row.items()}
