"""The rules in force: policy, team and shadow as file and import say; what differs becomes an event."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from acd import staff
from acd.pbx.marks import FilesInForce, marks
from acd.picture import Picture
from acd.ports import DAEMON, Arrival
from acd.reloaded import Reloaded, between
from acd.store import codec, roster
from acd.store.cases import SqlCases
from acd.store.roster import FILE, Became, Skills, Staff
from acd.store.texts import SqlTexts
from acd.store.vault import SqlVault
from agents.model import Team
from config import prompts
from config.load import ConfigFaults, load
from config.people import policy, team
from config.prompts import Sounds
from config.schema import Centre
from routing.events import PolicyChanged, ShadowChanged, TeamChanged
from routing.policy import Policy
from routing.world import World

ROSTER_S = 2.0
"""How long the records have to say who works here: callers wait."""

log = structlog.get_logger(__name__)


class RulesInForce:
    """Keeps a centre's rules in force. world: as it is when the daemon begins. picture: what is seen now;
    figures: the same for other systems. files: what Asterisk runs on; told here what it should."""

    def __init__(
        self,
        path: Path,
        centre: Centre,
        world: World,
        records: AsyncEngine,
        cases: SqlCases,
        vault: SqlVault,
        texts: SqlTexts,
        picture: Picture,
        figures: Picture,
        files: FilesInForce,
        submit: Callable[[Arrival], None],
        now_ms: Callable[[], int],
    ) -> None:
        self.centre = centre
        self.staff: Staff | None = None
        """None while the records have not said who works here: the staff is who it was."""
        self._started = centre
        self._path = path
        self._digests = (world.policy_digest, world.team_digest, world.shadow_digest)
        self._records = records
        self._cases = cases
        self._vault = vault
        self._texts = texts
        self._picture = picture
        self._figures = figures
        self._files = files
        self._submit = submit
        self._now_ms = now_ms
        self._reloading: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        """The staff is read, and put in force, by one at a time."""

    async def begin(self) -> None:
        """The same at the start, where records that do not answer are no reason to wait: the staff stays who
        it was, or is the file's in a new centre. Raises ConfigFaults."""
        try:
            async with asyncio.timeout(ROSTER_S):
                self.staff = await self._read(self.centre)
        except Exception as fault:  # noqa: BLE001 the database's own faults differ by driver
            log.warning("who works here cannot be read", error=type(fault).__name__)
            if not self._digests[1]:
                self.staff = Staff(FILE, 0, team(self.centre))
        self._put(self.centre, self.staff)
        try:
            spoken = prompts.sounds(prompts.beside(self._path), self.centre)
        except ConfigFaults as faults:
            log.warning("whether Asterisk's files are old is not known", why=str(faults.faults[0]))
        else:
            await self._mark(self.centre, self.staff, spoken)

    async def again(self) -> None:
        """Put in force what the centre says by now: hours are worked out ahead. Raises ConfigFaults."""
        async with self._changing:
            await self._again()

    async def _again(self) -> None:
        self.staff = await self._read(self.centre)
        self._put(self.centre, self.staff)
        await self._mark(self.centre, self.staff, prompts.sounds(prompts.beside(self._path), self.centre))

    async def reload(self) -> Reloaded:
        """Read the file again and put it in force, all of it or nothing; what came of it."""
        async with self._changing:
            return await self._reload()

    async def teach(
        self,
        agent: str,
        skills: Skills | None,
        tell: Callable[[TeamChanged], Awaitable[None]],
        *,
        leave_file: bool,
    ) -> Became:
        """Somebody can do this for good (acd.store.roster.change): kept, then in force once `tell` returns.
        What `tell` raises is raised; by the next hour it is in force all the same."""
        async with self._changing:
            now = self._now_ms()
            became = await roster.change(
                self._records, self.centre, now, agent, skills, leave_file=leave_file
            )
            if (staff := became.staff) is None:
                return became
            digest = codec.digest(staff.team)
            if became.why and digest == self._digests[1]:
                return became
            await tell(TeamChanged(digest, staff.team))
            self.staff = staff
            self._digests = (self._digests[0], digest, self._digests[2])
            return became._replace(why="")  # kept before by one who was cut off, or now

    async def _reload(self) -> Reloaded:
        try:
            centre = load(self._path)
            try:
                found = await self._read(centre)
            except Exception as fault:  # noqa: BLE001 the database's own faults differ by driver
                why = f"the records do not say who works here ({type(fault).__name__}); look after them first"
                return Reloaded(faults=(why,))
            spoken = prompts.sounds(prompts.beside(self._path), centre)
            self._put(centre, found)
        except ConfigFaults as fault:
            return Reloaded(faults=tuple(str(each) for each in fault.faults))
        before, self.centre = self.centre, centre
        were, self.staff = self.staff.team if self.staff else Team(()), found
        await self._mark(centre, found, spoken)
        told = staff.said(found, centre, self._path)
        return between(self._started, before, centre, were, found.team, found.source != FILE)._replace(
            asterisk=self._files.trouble(), staff=told
        )

    def reload_soon(self) -> None:
        """The same, for whoever cannot wait for an answer (a signal): it is in the log."""
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.create_task(self._reload_and_say(), name="reload")

    async def _reload_and_say(self) -> None:
        try:
            found = await self.reload()
        except Exception as fault:  # noqa: BLE001 whatever it is, the rules in force stay
            found = Reloaded(faults=(f"{type(fault).__name__}: {fault}",))
        for each in found.faults:
            log.error("not reloaded", fault=each)
        if not found.faults:
            log.info("reloaded", said="; ".join(found.lines()))

    async def _read(self, centre: Centre) -> Staff:
        """Who works here; whom the file names, if nothing else was ever said, from now on."""
        found = await roster.in_force(self._records, centre)
        if found.source == FILE and not found.since_ms:
            await roster.keep(self._records, None, self._now_ms())
            found = await roster.in_force(self._records, centre)
        return found

    async def _mark(self, centre: Centre, who: Staff | None, spoken: Sounds) -> None:
        """What Asterisk should run on. In a thread: many people make long files."""
        if who is not None:
            self._files.wanted = await asyncio.to_thread(marks, centre, who.team, spoken, date.today())

    def _put(self, centre: Centre, who: Staff | None) -> None:
        """who: None to leave the staff as it is."""
        now = self._now_ms()
        rules, shadow = policy(centre, now), shadow_of(centre, now)
        before = self._digests
        people = who.team if who else None
        digest = codec.digest(people) if people else before[1]
        self._digests = (codec.digest(rules), digest, codec.digest(shadow) if shadow else "")
        self._cases.use(centre.routing.classes)
        self._vault.use(centre.privacy.number_days, centre.privacy.switchboard_numbers)
        self._texts.use(centre.desk.note_days)
        self._picture.smallest = centre.privacy.smallest_cell
        self._figures.smallest = centre.privacy.smallest_figure
        self._picture.others = self._figures.others = centre.privacy.others
        if self._digests[0] != before[0]:
            self._submit(Arrival(PolicyChanged(self._digests[0], rules), DAEMON))
        if people and digest != before[1]:
            self._submit(Arrival(TeamChanged(digest, people), DAEMON))
        if self._digests[2] != before[2]:
            self._submit(Arrival(ShadowChanged(self._digests[2], shadow), DAEMON))


def shadow_of(centre: Centre, now_ms: int) -> Policy | None:
    """The policy of the file that `routing.shadow` names; None without one. Raises ConfigFaults."""
    name = centre.routing.shadow
    return policy(load(centre.path(name)), now_ms) if name else None
