"""What pages and API ask, answered from the world, the records and the loop."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.history.shares import wilson
from acd.pbx.port import PbxPort
from acd.piecemeal import gathered
from acd.rules_in_force import RulesInForce
from acd.runner import Runner
from acd.store import queries
from acd.store.moments import moment
from acd.store.roster import FILE
from acd.web.deps import DeskChoices, Explained, Names, ServiceLevel, StaffSource
from routing.explain import Candidate, Idle, Sought, candidates, look
from routing.facts import ShadowDiffered

LEVEL_S = 2.0
"""How old a service level may be, and how long the records have to answer."""

log = structlog.get_logger(__name__)


class Answers:
    """Each method is one of the doors of acd.web.deps."""

    def __init__(
        self,
        rules: RulesInForce,
        records: AsyncEngine,
        runner: Runner,
        port: PbxPort,
        now_ms: Callable[[], int],
    ) -> None:
        self._rules = rules
        self._records = records
        self._runner = runner
        self._port = port
        self._now_ms = now_ms
        target = rules.centre.service_level
        self._level = ServiceLevel(target.variant, target.clock, target.seconds, 0, 0, 0, 0, 0.0, 1.0)
        self._level_at = 0.0

    async def service_level(self) -> ServiceLevel:
        """Today's, asked of the records at most every two seconds; the last one while they do not answer."""
        now = asyncio.get_running_loop().time()
        if now >= self._level_at:
            self._level_at = now + LEVEL_S
            try:
                async with asyncio.timeout(LEVEL_S):
                    self._level = await self._ask_service_level()
            except Exception as fault:  # noqa: BLE001 the database's own faults differ by driver
                log.warning("no service level from the records", error=type(fault).__name__)
        return self._level

    async def _ask_service_level(self) -> ServiceLevel:
        centre = self._rules.centre
        target = centre.service_level
        today = datetime.now(centre.centre.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        found = await queries.counts(
            self._records,
            moment(int(today.timestamp() * 1000)),
            moment(int((today + timedelta(days=1)).timestamp() * 1000)),
            seconds=target.seconds,
            clock=target.clock,
            short_seconds=target.short_abandon_seconds,
        )
        met, total = queries.fraction(found, target.variant)
        low, high = wilson(met, total)
        return ServiceLevel(
            target.variant,
            target.clock,
            target.seconds,
            met,
            total,
            found.answered,
            found.abandoned,
            low,
            high,
        )

    def names(self) -> Names:
        """What things are called, by the file as it was read last."""
        centre = self._rules.centre
        return Names(
            centre.centre.name,
            {each.code: each.name for each in centre.language},
            {each.key: {"de": each.de, "en": each.en} for each in centre.concern},
        )

    def desk_choices(self) -> DeskChoices:
        """What staff choose from at their desk, by the file as it was read last."""
        desk = self._rules.centre.desk
        return DeskChoices(
            {each.code: {"de": each.de, "en": each.en} for each in desk.reasons},
            {each.code: {"de": each.de, "en": each.en} for each in desk.outcomes},
            tuple(desk.quiet_minutes),
            desk.block_hours,
        )

    def case_link(self, reference: str) -> str:
        """Where the digital file of a case is, or ""."""
        return self._rules.centre.desk.case_link(reference)

    def staff_source(self) -> StaffSource:
        """Where the staff in force comes from."""
        found, centre = self._rules.staff, self._rules.centre
        if found is None:
            return StaffSource("", 0, len(self._runner.engine.world.people), 0)
        unused = 0 if found.source == FILE else len(centre.staff)
        return StaffSource(found.source, found.since_ms, len(found.team.agents), unused)

    async def explain(self) -> Explained:
        """Why each caller waits and why each free person is free."""
        await self._runner.settled.wait()
        engine, now = self._runner.engine, self._now_ms()
        world, index = engine.world, engine.index
        if index is None:
            return Explained(now, (), ())
        found = await gathered(look(index, world, world.rules, now, engine.held))
        others = self._rules.centre.privacy.others
        callers = tuple(others.sought(each) for each in found if isinstance(each, Sought))
        return Explained(now, callers, tuple(others.idle(each) for each in found if isinstance(each, Idle)))

    async def explain_visit(self, visit: int) -> tuple[Candidate, ...] | None:
        """Everybody's verdict for one visit; None if there is none with this number."""
        await self._runner.settled.wait()
        engine = self._runner.engine
        found, index = engine.world.visits.get(visit), engine.index
        if found is None or index is None:
            return None
        told = candidates(index, engine.world, engine.world.rules, found, self._now_ms())
        return tuple(map(self._rules.centre.privacy.others.candidate, await gathered(told)))

    async def differences(self, limit: int) -> list[ShadowDiffered]:
        """The last decisions that the shadow would have made otherwise."""
        others = self._rules.centre.privacy.others
        return [others.differed(each) for each in await queries.differences(self._records, limit)]

    async def resync(self) -> None:
        """Compare with the PBX now: twice, since one snapshot can race with events on their way."""
        for _ in range(2):
            self._port.resync(linkup=False)
            await self._port.resynced()
