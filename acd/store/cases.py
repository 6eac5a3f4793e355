"""Cases: who owns them and in what state they are, nothing of their content; and which caller has which."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd.ports import NEW_CASE, Case, Known
from acd.store.case_proof import drop_pins, keep_pins
from acd.store.tables import case_callers, case_files, visits
from acd.store.vault import normal
from config.cases_csv import CaseRow
from config.tables.rules import PriorityClass
from routing.events import UNKNOWN_CASE

FEWER: Final = 2
"""A file with less than one in so many of the cases that are known is taken for one that was cut off."""


class Taken(NamedTuple):
    """What an import did: how many cases there are now, came new, changed, and are not known any more."""

    now: int
    new: int
    changed: int
    gone: int


class TooFew(Exception):
    """A file would have most cases forgotten; the message says how many."""


class SqlCases:
    """Implements ports.Directory and ports.Cases over the records store."""

    def __init__(self, engine: AsyncEngine, classes: list[PriorityClass]) -> None:
        self._engine = engine
        self.use(classes)

    def use(self, classes: list[PriorityClass]) -> None:
        """From now on these say who is of which class."""
        self._by_state = {state: each.name for each in classes for state in each.case_states}
        self._by_number = {normal(number): each.name for each in classes for number in each.numbers}

    async def known(self, token: str, number: str, reference: str) -> Known:
        """What was keyed (reference) goes no further: the case is one that is kept, or unknown."""
        unknown = UNKNOWN_CASE if reference else ""
        async with self._engine.connect() as connection:
            if not reference and token:
                query = select(case_callers.c.reference).where(case_callers.c.token == token)
                reference = str((await connection.execute(query)).scalar() or "")
            case = await self._get(connection, reference) if reference else None
        by_number = self._by_number.get(normal(number)) if number else None
        by_state = self._by_state.get(case.state) if case else None
        classes = tuple(sorted({name for name in (by_number, by_state) if name}))
        return Known(token, case.reference if case else unknown, case.owner if case else "", classes)

    async def _get(self, connection: AsyncConnection, reference: str) -> Case | None:
        query = select(case_files).where(case_files.c.reference == reference)
        row = (await connection.execute(query)).first()
        if row is None:
            return None
        outcomes = tuple(row.outcomes.split())
        return Case(row.reference, row.owner, row.concern, row.state, outcomes, row.link)

    async def get(self, reference: str) -> tuple[Case, list[int]] | None:
        """A case and its visits in their order; None if there is none."""
        async with self._engine.connect() as connection:
            case = await self._get(connection, reference)
            mine = select(visits.c.id).where(visits.c.case == reference).order_by(visits.c.arrived_at)
            return None if case is None else (case, [row.id for row in await connection.execute(mine)])

    async def put(self, case: Case) -> None:
        """Keep a case, in place of what was known of it."""
        row = case._asdict() | {"outcomes": " ".join(case.outcomes)}
        async with self._engine.begin() as connection:
            await connection.execute(delete(case_files).where(case_files.c.reference == case.reference))
            await connection.execute(insert(case_files), row)

    async def link(self, reference: str, visit: int) -> bool:
        """Remember that whoever made this visit has this case; False if the visit has no token."""
        async with self._engine.begin() as connection:
            query = select(visits.c.token).where(visits.c.id == visit, visits.c.token != "")
            token = (await connection.execute(query)).scalar()
            if not token:
                return False
            await connection.execute(delete(case_callers).where(case_callers.c.token == token))
            await connection.execute(insert(case_callers), {"token": token, "reference": reference})
            return True


async def take_over(
    engine: AsyncEngine, rows: Sequence[CaseRow], key: bytes = b"", *, fewer: bool = False
) -> Taken:
    """From now on these are all cases there are, whole or not at all, beside those that were begun at a desk
    and that no row names. What the hotline itself knows of a case (its outcomes, whose it is among callers)
    stays; so does its link where a row has none, and its PIN where the file has none at all.

    key: of the PINs' digests; needed where there are any. fewer: most of the known cases may be
    gone. Raises TooFew.
    """
    async with engine.begin() as connection:
        # Changes nothing: on SQLite nobody else writes from here on.
        await connection.execute(update(case_files).where(case_files.c.reference == "").values(state=""))
        known = {row.reference: row for row in await connection.execute(select(case_files))}
        made = []
        for row in rows:
            before = known.get(row.case)
            made.append(
                {
                    "reference": row.case,
                    "owner": row.owner,
                    "concern": row.concern,
                    "state": row.state,
                    "outcomes": before.outcomes if before else "",
                    "link": row.link or (before.link if before else ""),
                }
            )
        stay = [each for each in made if each["reference"] in known]
        named = {row.case for row in rows}
        begun = [dict(each._mapping) for each in known.values() if each.state == NEW_CASE]
        begun = [each for each in begun if each["reference"] not in named]
        old = len(known) - len(begun)
        gone = old - len(stay)
        if not fewer and len(stay) * FEWER < old:
            raise TooFew(
                f"has {len(stay)} of the {old} cases that are known, and {gone} would be forgotten; "
                "is it whole? If so: --fewer"
            )
        changed = sum(each != dict(known[each["reference"]]._mapping) for each in stay)
        await connection.execute(delete(case_files))
        if made or begun:
            await connection.execute(insert(case_files), made + begun)
        if any(row.pin is not None for row in rows):
            await keep_pins(connection, key, {row.case: row.pin for row in rows if row.pin})
        else:
            await drop_pins(connection)
    return Taken(len(made) + len(begun), len(made) - len(stay), changed, gone)
