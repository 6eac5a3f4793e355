"""Retention, export, erasure and report on a real PostgreSQL: as on SQLite."""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from acd import inventory, subject
from acd.store.open import STORES, ready, upgrade
from config.load import load
from config.schema import Centre
from tests.integration.test_postgres import url
from tests.unit import test_retention as retention
from tests.unit.test_subject import NUMBER, described, filled

__all__ = ["url"]


NUMBERS = count()


@pytest.fixture
async def empty(url: str) -> str:
    """A database of its own."""
    name = f"privacy_{next(NUMBERS)}"
    server = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with server.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await server.dispose()
    made = f"{url.rpartition('/')[0]}/{name}"
    await upgrade(dict.fromkeys(STORES, made))
    return made


@pytest.fixture
async def records(empty: str) -> AsyncIterator[AsyncEngine]:
    engine = await ready("records", empty)
    yield engine
    await engine.dispose()


@pytest.mark.parametrize(
    "promise",
    [
        retention.test_an_old_visit_goes_with_all_that_hangs_by_it_and_no_other_does,
        retention.test_incidents_and_states_of_the_staff_go_when_it_is_time,
        retention.test_whose_number_is_forgotten_has_no_case_any_more,
        retention.test_a_line_a_day_adds_up,
        retention.test_a_kind_that_cannot_be_purged_holds_up_no_other_and_is_told_of,
    ],
)
async def test_what_is_past_its_time_goes(
    records: AsyncEngine, promise: Callable[[AsyncEngine], Awaitable[None]]
) -> None:
    await promise(records)


@pytest.fixture
async def centre(empty: str, tmp_path: Path) -> Centre:
    """All three stores on the server, with two callers."""
    found = load(described(tmp_path, **{f"{store}_url": empty for store in STORES}))
    await filled(found)
    return found


async def test_a_caller_is_told_and_erased(centre: Centre) -> None:
    told = await subject.told(centre, NUMBER, "command:test")
    assert (len(told["visits"]), len(told["notes"]), len(told["cases"]), len(told["journal"])) == (2, 1, 1, 2)
    before = {each.kind: each.kept for each in await inventory.report(centre)}
    assert (before["numbers"], before["visits"], before["audit"], before["journal"]) == (2, 3, 1, 4)
    assert await subject.erase(centre, NUMBER, "command:test") == (2, 1, 1)
    after = {each.kind: each.kept for each in await inventory.report(centre)}
    assert (after["numbers"], after["texts"], after["case_callers"], after["visits"]) == (1, 1, 1, 3)
    with pytest.raises(subject.Unknown):
        await subject.told(centre, NUMBER, "command:test")
