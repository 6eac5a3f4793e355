"""What is past its time goes, whole and from the file too; nothing else does; and it is written down."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from acd import retention
from acd.demo.hotline import PROJECT
from acd.retention import KINDS, NotPurged, Retention, days
from acd.store import purging
from acd.store.open import ready, urls
from acd.store.purging import OF_VISITS, Purged, write_down, written_down
from acd.store.scrubbing import StillInTheLog
from acd.store.tables import RECORDS, case_callers, incidents, shadow_differences, staff_intervals, visits
from config.load import load
from config.tables.message import Message
from tests.unit.test_daemon import SOURCE, opened

__all__ = ["opened"]

NOW = datetime(2026, 10, 7, 10, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)
CENTRE = load(SOURCE)


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = await ready("records", urls(tmp_path, {})["records"])
    yield engine
    await engine.dispose()


def row(table: Table, **given: Any) -> dict[str, Any]:
    """One with a value in every column that needs one."""
    made: dict[str, Any] = {}
    for column in table.c:
        if isinstance(column.type, DateTime):
            made[column.name] = NOW
        elif isinstance(column.type, Date):
            made[column.name] = NOW.date()
        elif isinstance(column.type, Boolean):
            made[column.name] = False
        elif isinstance(column.type, LargeBinary):
            made[column.name] = b""
        elif not isinstance(column.type, Integer):
            made[column.name] = ""
        elif column.name != "id":
            made[column.name] = 0
    return made | given


def counts(table: Table) -> bool:
    """Whether the database gives its rows their ids."""
    return not isinstance(table.c.id.type, BigInteger)


async def put(engine: AsyncEngine, table: Table, *rows: dict[str, Any]) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(table), list(rows))


async def count(engine: AsyncEngine, table: Table) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar() or 0)


async def of_visits(engine: AsyncEngine, table: Table) -> set[int]:
    column = table.c.id if table is visits else table.c.visit
    async with engine.connect() as connection:
        return set((await connection.execute(select(column))).scalars())


async def visit(engine: AsyncEngine, id: int, arrived: datetime, ended: datetime | None) -> None:
    """One, and a row in every table that has rows of visits."""
    await put(engine, visits, row(visits, id=id, arrived_at=arrived, ended_at=ended))
    for table in OF_VISITS:
        key = {"id": id} if "id" in table.c and not counts(table) else {}
        await put(engine, table, row(table, visit=id, **key))


async def test_an_old_visit_goes_with_all_that_hangs_by_it_and_no_other_does(records: AsyncEngine) -> None:
    """One of more than a slice; one that ended in time stays, and one whose end nobody saw a while longer."""
    before, day = NOW - timedelta(days=30), timedelta(days=1)
    old = range(10, 10 + purging.SLICE + 5)
    for id in old:
        await visit(records, id, before - 2 * day, before - day)
    await visit(records, 1, before - 2 * day, before + day)
    await visit(records, 2, before - 2 * day, None)
    await visit(records, 3, before - purging.UNENDED - day, None)
    assert await purging.old_visits(records, before) == len(old) + 1
    assert len(OF_VISITS) > 8
    for table in (visits, *OF_VISITS):
        assert await of_visits(records, table) == {1, 2}, table.name
    assert await purging.old_visits(records, before) == 0


async def test_incidents_and_states_of_the_staff_go_when_it_is_time(records: AsyncEngine) -> None:
    """A state that still lasts stays."""
    before, second = NOW - timedelta(days=30), timedelta(seconds=1)
    for table in (incidents, shadow_differences):
        await put(records, table, row(table, at=before - second), row(table, at=before))
    await put(
        records,
        staff_intervals,
        row(staff_intervals, to_at=before - second),
        row(staff_intervals, to_at=before),
        row(staff_intervals, to_at=None),
    )
    assert await purging.old_incidents(records, before) == 2
    assert await purging.old_staff_states(records, before) == 1
    assert (await count(records, incidents), await count(records, staff_intervals)) == (1, 2)


async def test_whose_number_is_forgotten_has_no_case_any_more(records: AsyncEngine) -> None:
    tokens = [f"{each:032x}" for each in range(purging.SLICE + 50)]
    await put(records, case_callers, *({"token": each, "reference": "471100"} for each in tokens))
    leading = set(tokens[::2])

    async def known(some: Any) -> set[str]:
        return leading & set(some)

    assert await purging.lost_callers(records, known) == len(tokens) - len(leading)
    async with records.connect() as connection:
        assert set((await connection.execute(select(case_callers.c.token))).scalars()) == leading


async def test_what_is_deleted_from_the_records_stands_in_no_file(
    records: AsyncEngine, tmp_path: Path
) -> None:
    """Case numbers lead to people by the office's files: SQLite would leave them in free pages."""
    mine = row(visits, id=1, case="K-4711-0815", arrived_at=NOW, ended_at=NOW)
    await put(records, visits, mine, *(row(visits, id=each) for each in range(2, 90)))
    await purging.old_visits(records, NOW + timedelta(days=1))
    async with records.connect() as connection:
        await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    held = [each.name for each in tmp_path.iterdir() if b"K-4711-0815" in each.read_bytes()]
    assert held == []


async def test_a_line_a_day_adds_up(records: AsyncEngine) -> None:
    today, later = NOW.date(), NOW + timedelta(hours=1)
    await write_down(records, [Purged(today, "visits", 30, 4, NOW), Purged(today, "texts", 30, 0, NOW)])
    await write_down(records, [Purged(today, "visits", 31, 3, later)])
    found = await written_down(records, today)
    assert [(each.kind, each.days, each.gone) for each in found] == [("texts", 30, 0), ("visits", 31, 7)]
    assert await purging.old_lines(records, today) == 0
    assert await purging.old_lines(records, today + timedelta(days=1)) == 2


async def test_a_kind_that_cannot_be_purged_holds_up_no_other_and_is_told_of(records: AsyncEngine) -> None:
    """Nor is what went forgotten where the log still holds it."""
    asked: list[int] = []

    async def fails(_: int) -> int:
        raise OSError("no such folder")

    async def stuck(_: int) -> int:
        fault = StillInTheLog("the log holds it")
        fault.gone = 2
        raise fault

    async def works(before_ms: int) -> int:
        asked.append(before_ms)
        return 3

    works_by = {retention.TALKS: fails, retention.NUMBERS: stuck, retention.VISITS: works}
    kept = Retention(records, lambda: CENTRE, works_by)
    with pytest.raises(NotPurged, match="talks: OSError: no such folder; numbers: StillInTheLog: the log"):
        await kept.purge(NOW_MS)
    assert asked == [NOW_MS - CENTRE.privacy.visit_days * 86_400_000]
    lines = {each.kind: (each.gone, each.days) for each in await written_down(records, date.min)}
    assert lines == {"numbers": (2, 30), "visits": (3, 1095)}


async def test_what_went_while_the_records_were_away_is_written_down_when_they_are_back(
    records: AsyncEngine,
) -> None:
    async def one(_: int) -> int:
        return 1

    kept = Retention(records, lambda: CENTRE, {retention.NUMBERS: one})
    async with records.begin() as connection:
        await connection.execute(text("ALTER TABLE purge RENAME TO purge_elsewhere"))
    for _ in range(3):
        with pytest.raises(NotPurged, match="purges: OperationalError"):
            await kept.purge(NOW_MS)
    async with records.begin() as connection:
        await connection.execute(text("ALTER TABLE purge_elsewhere RENAME TO purge"))
    await kept.purge(NOW_MS)
    assert [(each.kind, each.gone) for each in await written_down(records, date.min)] == [("numbers", 4)]


def test_the_guide_says_of_every_kind_how_long_it_is_kept() -> None:
    guide = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([a-z_]+)`: ([^|]+) \| `([a-z_.]+)`[^|]* \| (\d+) \|$", guide, re.MULTILINE)
    fourteen = Message.model_fields["days"].default
    assert told == [
        (each.name, each.what, each.setting, str(days(CENTRE, each) or fourteen)) for each in KINDS
    ]


def test_every_kind_has_a_setting_and_every_row_of_a_person_a_kind() -> None:
    """A table of the records that nobody has thought about is none of these: name its kind, or why none."""
    without = {each.name for each in KINDS if days(CENTRE, each) is None}
    assert without == {"messages"}, "[message] is not in the shipped file"
    of = {
        "visits": {"visit", *(table.name for table in OF_VISITS)},
        "incidents": {"incident", "shadow_difference"},
        "staff_states": {"staff_interval"},
        "case_callers": {"case_caller"},
        "audit": {"audit"},
        "purges": {"purge"},
        "accounts, until somebody deletes them": {"account", "recovery_code", "program_token", "session"},
        "cases, as the office's file says": {"case_file", "case_pin", "case_failure"},
        "sums, of nobody alone": {"history_cell", "history_count", "history_wait", "history_floor"},
        "of nobody": {"recorder_position", "staff", "emergency_announcement", "announcement_text"},
        "until somebody has looked after them": {"fact_set_aside"},
    }
    assert set().union(*of.values()) == set(RECORDS.tables)


async def test_the_daemon_purges_every_kind_and_writes_it_down(opened: Any) -> None:
    """Each hour; what this centre has none of is left out. A visit of four years ago is gone then."""
    daemon, _ = opened
    records, long_ago = daemon.stores.records.engine, datetime.now(UTC) - timedelta(days=4 * 365)
    await visit(records, 7, long_ago, long_ago)
    await daemon.hourly.once()
    accounts = next(each for each in daemon.kept if each.name == "accounts")
    await accounts.once()
    await daemon.hourly.once()
    assert daemon.health()["housekeeping"] == "ok"
    lines = {each.kind: each.gone for each in await written_down(records, date.min)}
    assert set(lines) == {each.name for each in KINDS} - {"messages"}
    assert lines["visits"] == 1
    assert await count(records, visits) == 0
