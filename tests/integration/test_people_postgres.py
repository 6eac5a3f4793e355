"""Accounts, sessions, tokens and the audit on a real PostgreSQL: every promise that they keep on SQLite."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from acd.store.open import ready
from tests.integration.test_postgres import url  # noqa: F401 a fixture
from tests.unit.test_people import *  # noqa: F403 the same suite: its engine is the one below

NUMBERS = count(1)


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:  # noqa: F811 the server's
    """On a database of its own: the audit is not emptied."""
    server = create_async_engine(url.rpartition("/")[0] + "/template1", isolation_level="AUTOCOMMIT")
    name = f"people_{next(NUMBERS)}"
    async with server.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE postgres"))
    opened = await ready("records", url.rpartition("/")[0] + f"/{name}")
    yield opened
    await opened.dispose()
    async with server.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {name}"))
    await server.dispose()


async def test_two_at_once_do_not_leave_the_house_without_an_administrator(house: House) -> None:  # noqa: F405
    by, both = operator(), ("one", "two")  # noqa: F405
    for id in both:
        await house.people.add(by, id, id, ADMINISTRATOR, "")  # noqa: F405
    other = House(house.engine).people  # noqa: F405
    doing = (house.people.disable(by, "one", True), other.disable(by, "two", True))
    said = await asyncio.gather(*doing, return_exceptions=True)
    assert sorted(map(str, said)) == ["None", "last_administrator"]
