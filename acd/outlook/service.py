"""The outlook in the daemon: looks ahead while somebody waits, and tells the engine and whoever asks."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, Protocol

import structlog

from acd.frozen import Copied
from acd.outlook.ahead import NOTHING_SEEN, Seen, beliefs, day
from acd.outlook.asked import Answer, Asked, Levels
from acd.outlook.prior import Believed, prior
from acd.outlook.rostered import Duties
from acd.outlook.scene import trimmed
from acd.outlook.shut import Shut
from acd.outlook.wished import changes
from acd.ports import Arrival, QueueFull
from acd.prospects import BEYOND, Closed, Expectation, Unanswered, Waits, WhatIf, Wish
from agents import state as staff
from config.schema import Centre
from routing import by_hand, facts
from routing.events import Expected, WaitsExpected
from routing.facts import Fact
from routing.policy import Policy
from routing.visit import WAITING
from routing.world import World

ACTOR: Final = "program:outlook"
SOON_S: Final = 1.0
"""So soon after a change at the earliest it looks ahead again."""
IDLE: Final = 4
"""At least so many times as long as it works it rests: a large centre's outlook is rarer, not dearer."""
COPY_S: Final = 10.0
LEARN_S: Final = 3_600.0
LEARN_MOST_S: Final = 20.0
MINUTE_MS: Final = 60_000
AFTER_CLOSING_MS: Final = 3_600_000
"""So long after closing at most "what if" goes on until who is in line is served."""
FARTHEST_MS: Final = 86_400_000
"""So far at most, where we never close."""
WHAT_IF_CPU_MS: Final = 4_000
WHAT_IF_FUTURES: Final = 200
OUT: Final = frozenset({staff.LOGGED_OUT, staff.NOT_READY, staff.AWAY, staff.UNREACHABLE})

log = structlog.get_logger(__name__)


class Asking(Protocol):
    """A process that runs futures."""

    async def begin(self) -> None:
        """Begin it ahead of the first question."""
        ...

    async def ask(self, asked: Asked) -> Answer:
        """Raises Unanswered."""
        ...

    async def close(self) -> None:
        """End it; the next question begins another."""
        ...


class Doors(NamedTuple):
    """What the outlook needs of the daemon. still: whether the world may be looked at just now. copied:
    what a view leaves of it, copied. learned: what is believed, with what the records say by now; may fail,
    or take its time. duties: of the duty roster as its file is. alone: languages whose figures may be shown
    by themselves; None: all.
    """

    still: Callable[[], bool]
    world: Callable[[], World]
    copied: Callable[[Callable[[World], World]], Awaitable[Copied]]
    centre: Callable[[], Centre]
    learned: Callable[[Centre], Awaitable[Believed]]
    duties: Callable[[Centre], Awaitable[Duties]]
    submit: Callable[[Arrival], None]
    now_ms: Callable[[], int]
    alone: Callable[[], frozenset[str] | None]


class Outlook:
    """Implements ports.Listener. trouble: what is wrong, or "". duties: as they were read last. futures_made:
    in all. changed: set when it is time to look again. learn_at: when (of the loop's clock) the records are
    asked again."""

    def __init__(self, doors: Doors, process: Asking, what_if: Asking) -> None:
        self.doors = doors
        self._process, self._what_if = process, what_if
        self.trouble = ""
        self.futures_made = 0
        self.changed = asyncio.Event()
        self._waits = Waits(0, 0, 0, 0, "not begun", 0, ())
        self._shown: dict[str, str] = {}
        self._seen, self._shut = NOTHING_SEEN, Shut()
        self._number = 0
        self._busy = asyncio.Lock()
        self._believed: Believed | None = None
        self.duties = Duties()
        self._of: Centre | None = None
        self.learn_at = 0.0
        self._rest_s = 0.0

    # --- what happens --------------------------------------------------------------------------------

    def facts(self, seq: int, facts_: Sequence[Fact]) -> None:
        """Somebody joined, came to work or left, or something was set by hand: it is time to look again."""
        for fact in facts_:
            if isinstance(fact, facts.Queued):
                self._seen = self._seen._replace(calls=self._seen.calls + 1)
                self.changed.set()
            elif isinstance(fact, facts.AgentChanged):
                before = self._shown.get(fact.agent, "")
                self._shown[fact.agent] = fact.state
                if (before in OUT) != (fact.state in OUT):
                    self.changed.set()
            elif isinstance(fact, facts.ByHandChanged):
                self._shut.hear(fact)
                self.changed.set()
            elif isinstance(fact, facts.RulesChanged):
                self._shown.clear()
                self.changed.set()

    def waits(self) -> Waits:
        """The last outlook."""
        found = self._waits
        return found._replace(age_ms=self.doors.now_ms() - found.at_ms) if found.at_ms else found

    # --- looking ahead -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        try:
            if self.doors.centre().outlook.enabled:
                await self._process.begin()
            while True:
                await self._rest()
                await self.once()
        finally:
            await self._process.close()
            await self._what_if.close()

    async def _rest(self) -> None:
        await asyncio.sleep(max(SOON_S, self._rest_s))
        left_s = self.doors.centre().outlook.every_seconds - max(SOON_S, self._rest_s)
        if left_s > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self.changed.wait()
        self.changed.clear()

    async def once(self) -> None:
        """Look ahead now, if somebody waits."""
        self._rest_s = 0.0
        if not self.doors.still():
            return
        world = self.doors.world()
        if not self.doors.centre().outlook.enabled:
            self._none("off")
        elif not world.link_up or world.policy is None:
            self._none("no link")
        elif not any(each.state == WAITING for each in world.visits.values()):
            self._none("nobody waits")
        else:
            await self._look(world.policy)

    def _none(self, state: str, trouble: str = "") -> None:
        if trouble and trouble != self.trouble:
            log.warning("no outlook", why=trouble)
        self.trouble = trouble
        self._waits = Waits(0, 0, 0, 0, state, 0, ())

    async def _look(self, policy: Policy) -> None:
        centre, loop = self.doors.centre(), asyncio.get_running_loop()
        began = loop.time()
        try:
            asked = await self._asked(centre, policy, centre.outlook.horizon_minutes * MINUTE_MS)
            found = await self._process.ask(asked)
        except Unanswered as fault:
            self._none("no answer", str(fault))
            return
        took_ms = round((loop.time() - began) * 1000)
        self.trouble = ""
        self.futures_made += found.futures
        self._rest_s = IDLE * found.cpu_ms / 1000
        self._waits = Waits(asked.now_ms, took_ms, found.cpu_ms, found.futures, "ok", 0, found.callers)
        if found.callers:
            age_ms = self.doors.now_ms() - asked.now_ms
            told = WaitsExpected(tuple(_expected(each, age_ms) for each in found.callers))
            with suppress(QueueFull):
                self.doors.submit(Arrival(told, ACTOR))

    async def _asked(self, centre: Centre, policy: Policy, ahead_ms: int) -> Asked:
        """A question about the world as it is, so far ahead. Raises Unanswered."""
        believed = await self._beliefs(centre)
        try:
            async with asyncio.timeout(COPY_S):
                copied = await self.doors.copied(trimmed)
        except TimeoutError:
            raise Unanswered(f"nothing was decided for {COPY_S:.0f} s: the world is not copied") from None
        now = self.doors.now_ms()
        frozen = await copied.frozen_beside()
        until_ms = now + ahead_ms
        self._number += 1
        target = centre.service_level
        return Asked(
            self._number,
            frozen.decode(),
            now,
            until_ms,
            closes(self.doors.world(), now) or until_ms,
            self._number,
            centre.outlook.futures,
            centre.outlook.cpu_ms,
            beliefs(
                believed,
                centre,
                now,
                until_ms,
                policy.opening,
                self._seen_today(centre, now),
                self.duties.presences,
            ),
            None,
            Levels(target.variant, target.seconds * 1000, target.short_abandon_seconds * 1000),
        )

    async def _beliefs(self, centre: Centre) -> Believed:
        """What is believed: learned anew every hour; if the records are away or slow, the last stands."""
        now_s = asyncio.get_running_loop().time()
        new = self._of is not centre
        if self._believed is None or new or now_s >= self.learn_at:
            self._of, self.learn_at = centre, now_s + LEARN_S
            self.duties = await self.doors.duties(centre)
            try:
                async with asyncio.timeout(LEARN_MOST_S):
                    self._believed = await self.doors.learned(centre)
            except Exception as fault:  # noqa: BLE001 the databases' own faults differ by driver
                log.warning("nothing learned from the records", error=type(fault).__name__)
                if self._believed is None or new:
                    self._believed = prior(centre)
        return self._believed

    def _seen_today(self, centre: Centre, now: int) -> Seen:
        """How many came since the day or the daemon began."""
        zone, seen = centre.centre.zone, self._seen
        if not seen.since_ms or day(seen.since_ms, zone) != day(now, zone):
            self._seen = seen = Seen(now, now, 0)
            self._shut.begin(self.doors.world(), now)
        return seen._replace(until_ms=now, shut=self._shut.spans(now))

    # --- what if -------------------------------------------------------------------------------------

    async def what_if(self, wishes: Sequence[Wish]) -> WhatIf:
        """What comes until closing, without and with these changes. Raises WishesRefused,
        Unanswered, of these Closed."""
        if not self.doors.still():
            raise Unanswered("a large step is being made")
        world, centre = self.doors.world(), self.doors.centre()
        now = self.doors.now_ms()
        agents = frozenset(key for key, each in world.people.items() if not each.leaving)
        wanted = changes(wishes, centre, agents, now)
        if self._busy.locked():
            raise Unanswered("another question is being answered")
        policy = world.policy
        if policy is None or not (closing_ms := closes(world, now)):
            raise Closed("we are closed: nothing comes before we close")
        after_ms = policy.overtime_ms if policy.overtime_ms >= 0 else AFTER_CLOSING_MS
        ahead_ms = min(closing_ms - now + min(after_ms, AFTER_CLOSING_MS), FARTHEST_MS)
        alone = self.doors.alone()
        async with self._busy:
            try:
                asked = await self._asked(centre, policy, ahead_ms)
                found = await self._what_if.ask(
                    asked._replace(
                        futures=WHAT_IF_FUTURES,
                        cpu_ms=WHAT_IF_CPU_MS,
                        changes=wanted,
                        alone=None if alone is None else tuple(sorted(alone)),
                    )
                )
            finally:
                await self._what_if.close()
        if found.what_if is None:
            raise Unanswered("the process answered something else")
        self.futures_made += 2 * found.futures
        return found.what_if


def closes(world: World, now: int) -> int:
    """When we close, epoch ms; 0 if we are closed. What a supervisor set for all goes before the hours; what
    they opened for as long as nobody undoes it closes with the day."""
    hand = world.by_hand.get(by_hand.key(by_hand.HOURS, "/"))
    by_rule = _closes(world.rules, now)
    if hand is None or 0 < hand.until_ms <= now:
        return by_rule
    if hand.how == by_hand.CLOSED:
        return 0
    until_ms = hand.until_ms or by_hand.day_over(world.rules, now)
    return max(by_rule, until_ms, _closes(world.rules, until_ms))


def _closes(policy: Policy, now: int) -> int:
    return next((end for begin, end in policy.opening if begin <= now < end), 0)


def _expected(each: Expectation, age_ms: int) -> Expected:
    """From now on, age_ms after it was so."""
    low = 10**9 if each.q10_ms == BEYOND else max(0, each.q10_ms - age_ms)
    high = BEYOND if each.q90_ms == BEYOND else max(0, each.q90_ms - age_ms)
    return Expected(each.visit, low, high, each.served)
