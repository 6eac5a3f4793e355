"""The case line's proof against a plain model: locks by case and day, the cap, restarts, midnight."""

import asyncio
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from acd.ports import Case
from acd.store.case_proof import CLOSED, KEY_BYTES, REFUSED, CaseProof, Limits, Proved, keep_pins
from acd.store.cases import SqlCases
from acd.store.tables import RECORDS, case_failures, case_pins
from config.cases_csv import is_pin

KEY = bytes(range(KEY_BYTES))
PINS = {"11": "123456", "22": "654321"}
PER_CASE, OVER_ALL = 2, 5
DAY = date(2026, 3, 2)


async def opened() -> AsyncEngine:
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.begin() as connection:
        await connection.run_sync(RECORDS.create_all)
    for reference in (*PINS, "33"):
        await SqlCases(engine, []).put(Case(reference, "", "", f"state_{reference}", (), ""))
    async with engine.begin() as connection:
        await keep_pins(connection, KEY, PINS)
    return engine


TRY = st.tuples(
    st.sampled_from(["11", "22", "33", "99", "?", "*", ""]), st.sampled_from([*PINS.values(), ""])
)


@given(st.lists(st.one_of(TRY, st.sampled_from(["restart", "midnight"])), max_size=25))
@settings(max_examples=100, deadline=None)
def test_it_answers_as_a_plain_count_by_case_and_day_would(
    steps: list[tuple[str, str] | str],
) -> None:
    async def run() -> None:
        engine = await opened()
        days, failed = [DAY], list[str]()
        line = CaseProof(engine, KEY, lambda: days[-1], lambda: Limits(PER_CASE, OVER_ALL))
        for step in steps:
            if step == "midnight":
                days.append(days[-1] + timedelta(days=1))
                failed.clear()
            elif step == "restart":
                line = CaseProof(engine, KEY, lambda: days[-1], lambda: Limits(PER_CASE, OVER_ALL))
            else:
                reference, pin = step
                if len(failed) >= OVER_ALL:
                    told = CLOSED
                elif not is_pin(pin):
                    told = REFUSED
                elif PINS.get(reference) == pin and failed.count(reference) < PER_CASE:
                    told = Proved("heard", f"state_{reference}")
                else:
                    told = REFUSED
                    failed.append(reference)
                assert await line.prove(reference, pin) == told
            assert await line.closed() == (len(failed) >= OVER_ALL)
        async with engine.connect() as connection:
            kept = set((await connection.execute(select(case_failures.c.reference))).scalars())
        assert kept <= {*PINS, "*", "?"}, "no number that is unknown stands in the records"
        await engine.dispose()

    asyncio.run(run())


def test_no_pin_stands_in_the_store_and_the_same_pin_looks_different_by_case_and_time() -> None:
    async def run() -> None:
        engine = await opened()
        await CaseProof(engine, KEY, lambda: DAY, lambda: Limits(PER_CASE, OVER_ALL)).prove("11", "000000")
        seen: list[bytes] = []
        for _ in range(2):
            async with engine.begin() as connection:
                await keep_pins(connection, KEY, {"11": "123456", "22": "123456"})
                rows = (await connection.execute(select(case_pins))).all()
            assert all(b"123456" not in row.digest + row.salt for row in rows)
            seen += [row.digest for row in rows if row.reference != "?"]
        assert len(set(seen)) == 4
        line = CaseProof(engine, KEY, lambda: DAY, lambda: Limits(1, OVER_ALL))
        assert await line.prove("11", "123456") == REFUSED, "new PINs forget no failures"
        async with engine.begin() as connection:
            await keep_pins(connection, KEY, {"22": "123456"})
            kept = set((await connection.execute(select(case_failures.c.reference))).scalars())
        assert kept == {"22", "*", "?"}, "of a case that is gone nothing is left"
        other = CaseProof(engine, bytes(KEY_BYTES), lambda: DAY, lambda: Limits(PER_CASE, OVER_ALL))
        assert await other.prove("11", "123456") == REFUSED, "without the key the hashes prove nothing"
        await engine.dispose()

    asyncio.run(run())


def test_tries_side_by_side_gain_nothing() -> None:
    async def run() -> None:
        engine = await opened()
        line = CaseProof(engine, KEY, lambda: DAY, lambda: Limits(PER_CASE, 100))
        found = await asyncio.gather(*(line.prove("11", f"{n:06}") for n in range(20)))
        assert set(found) == {REFUSED}
        assert await line.prove("11", PINS["11"]) == REFUSED, "locked"
        assert await line.prove("22", PINS["22"]) == Proved("heard", "state_22")
        await engine.dispose()

    asyncio.run(run())


@pytest.mark.parametrize("text", ["", "12345", "1234567890123", "12345a", "١٢٣٤٥٦", "12 456"])
def test_what_is_no_pin(text: str) -> None:
    assert not is_pin(text)


@pytest.mark.parametrize("keyed", [("11", "000000"), ("99", "000000"), ("?", ""), ("33", "123456")])
def test_known_and_unknown_cases_cost_the_same_statements(keyed: tuple[str, str]) -> None:
    """At the very first try, too."""

    async def statements(reference: str, pin: str) -> list[str]:
        engine = await opened()
        said: list[str] = []

        @event.listens_for(engine.sync_engine, "before_cursor_execute")
        def _(_c: object, _k: object, statement: str, *_: object) -> None:
            said.append(statement)

        assert (
            await CaseProof(engine, KEY, lambda: DAY, lambda: Limits(PER_CASE, OVER_ALL)).prove(
                reference, pin
            )
            == REFUSED
        )
        await engine.dispose()
        return said

    assert asyncio.run(statements(*keyed)) == asyncio.run(statements("22", "000000"))
