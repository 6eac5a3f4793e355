"""The rules in force: policy, roster and shadow as file and import say; what differs becomes an event."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from acd.picture import Picture
from acd.ports import DAEMON, Arrival
from acd.store import codec, queries
from acd.store.cases import SqlCases
from agents.model import Roster
from config.load import ConfigFaults, load
from config.people import policy, roster
from config.schema import Centre
from routing.events import PolicyChanged, RosterChanged, ShadowChanged
from routing.policy import Policy
from routing.world import World


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
        self._digests = (world.policy_digest, world.roster_digest, world.shadow_digest)
        self._records = records
        self._cases = cases
        self._picture = picture
        self._submit = submit
        self._now_ms = now_ms

    async def again(self) -> None:
        """Put in force what the centre says by now: hours are worked out ahead. Raises ConfigFaults."""
        await self._put(self.centre)

    async def reload(self) -> list[str]:
        """Read the file again and put it in force; every fault instead if it has any."""
        try:
            centre = load(self._path)
            await self._put(centre)
        except ConfigFaults as fault:
            return [str(each) for each in fault.faults]
        self.centre = centre
        return []

    async def _put(self, centre: Centre) -> None:
        people: Roster = await queries.load_roster(self._records) or roster(centre)
        now = self._now_ms()
        rules, shadow = policy(centre, now), shadow_of(centre, now)
        digests = (codec.digest(rules), codec.digest(people), codec.digest(shadow) if shadow else "")
        self._cases.use(centre.routing.classes)
        self._picture.smallest = centre.privacy.smallest_cell
        before, self._digests = self._digests, digests
        if digests[0] != before[0]:
            self._submit(Arrival(PolicyChanged(digests[0], rules), DAEMON))
        if digests[1] != before[1]:
            self._submit(Arrival(RosterChanged(digests[1], people), DAEMON))
        if digests[2] != before[2]:
            self._submit(Arrival(ShadowChanged(digests[2], shadow), DAEMON))


def shadow_of(centre: Centre, now_ms: int) -> Policy | None:
    """The policy of the file that `routing.shadow` names; None without one. Raises ConfigFaults."""
    name = centre.routing.shadow
    return policy(load(centre.path(name)), now_ms) if name else None
