"""The rules in force: policy, team and shadow as file and import say; what differs becomes an event."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.picture import Picture
from acd.ports import DAEMON, Arrival
from acd.store import codec, queries
from acd.store.cases import SqlCases
from agents.model import Team
from config.load import ConfigFaults, load
from config.people import policy, team
from config.schema import Centre
from routing.events import PolicyChanged, ShadowChanged, TeamChanged
from routing.policy import Policy
from routing.world import World

ROSTER_S = 2.0
"""How long the records have to say who works here: callers wait."""

log = structlog.get_logger(__name__)


class RulesInForce:
    """Keeps a centre's rules in force. world: as it is when the daemon begins."""

    def __init__(
        self,
        path: Path,
        centre: Centre,
        world: World,
        records: AsyncEngine,
        cases: SqlCases,
        picture: Picture,
        submit: Callable[[Arrival], None],
        now_ms: Callable[[], int],
    ) -> None:
        self.centre = centre
        self._path = path
        self._digests = (world.policy_digest, world.team_digest, world.shadow_digest)
        self._records = records
        self._cases = cases
        self._picture = picture
        self._submit = submit
        self._now_ms = now_ms
        self._reloading: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """The same at the start, where records that do not answer are no reason to wait: the staff stays who
        it was, or is the file's in a new centre. Raises ConfigFaults."""
        try:
            async with asyncio.timeout(ROSTER_S):
                imported = await queries.load_team(self._records)
        except Exception as fault:  # noqa: BLE001 the database's own faults differ by driver
            log.warning("the imported staff cannot be read", error=type(fault).__name__)
            people = None if self._digests[1] else team(self.centre)
        else:
            people = imported or team(self.centre)
        self._put(self.centre, people)

    async def again(self) -> None:
        """Put in force what the centre says by now: hours are worked out ahead. Raises ConfigFaults."""
        self._put(self.centre, await self._people(self.centre))

    async def reload(self) -> list[str]:
        """Read the file again and put it in force; every fault instead if it has any."""
        try:
            centre = load(self._path)
            self._put(centre, await self._people(centre))
        except ConfigFaults as fault:
            return [str(each) for each in fault.faults]
        self.centre = centre
        return []

    def reload_soon(self) -> None:
        """The same, for whoever cannot wait for an answer (a signal): it is in the log."""
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.create_task(self._reload_and_say(), name="reload")

    async def _reload_and_say(self) -> None:
        try:
            faults = await self.reload()
        except Exception as fault:  # noqa: BLE001 whatever it is, the rules in force stay
            faults = [f"{type(fault).__name__}: {fault}"]
        for each in faults:
            log.error("not reloaded", fault=each)
        if not faults:
            log.info("reloaded")

    async def _people(self, centre: Centre) -> Team:
        return await queries.load_team(self._records) or team(centre)

    def _put(self, centre: Centre, people: Team | None) -> None:
        """people: None to leave them as they are."""
        now = self._now_ms()
        rules, shadow = policy(centre, now), shadow_of(centre, now)
        before = self._digests
        who = codec.digest(people) if people else before[1]
        self._digests = (codec.digest(rules), who, codec.digest(shadow) if shadow else "")
        self._cases.use(centre.routing.classes)
        self._picture.smallest = centre.privacy.smallest_cell
        if self._digests[0] != before[0]:
            self._submit(Arrival(PolicyChanged(self._digests[0], rules), DAEMON))
        if people and who != before[1]:
            self._submit(Arrival(TeamChanged(who, people), DAEMON))
        if self._digests[2] != before[2]:
            self._submit(Arrival(ShadowChanged(self._digests[2], shadow), DAEMON))


def shadow_of(centre: Centre, now_ms: int) -> Policy | None:
    """The policy of the file that `routing.shadow` names; None without one. Raises ConfigFaults."""
    name = centre.routing.shadow
    return policy(load(centre.path(name)), now_ms) if name else None
