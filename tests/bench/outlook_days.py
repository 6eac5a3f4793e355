"""Simulated days of a hotline: one engine told, event by event, what Asterisk, callers and staff would do.

Callers have virtual waits: who gives up stays in the engine as a ghost, which frees whoever is offered at
once, so that it is known of everybody how long they would have waited.
"""

import heapq
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any, NamedTuple

from acd.outlook.ahead import expected
from acd.outlook.chance import LogNormal, Weighted, moments
from acd.outlook.prior import QUARTER_MS, Believed
from acd.prospects import Observed, Seen
from agents import state as staff
from agents.model import Team
from config.schema import Centre
from routing import events as ev
from routing.commands import Connect
from routing.engine import Engine
from routing.facts import TalkBegan
from routing.policy import Policy
from routing.world import World

NODE = "pbx1"


class Joined(NamedTuple):
    """Somebody begins to wait."""

    at_ms: int
    visit: int
    language: str
    concern: str


class Records:
    """What the records would say of such days, taken together."""

    def __init__(self) -> None:
        self.days = 0
        self._talks: dict[tuple[str, str], Seen] = {}
        self._needs: dict[tuple[str, str], int] = {}
        self._calls: dict[tuple[int, int], int] = {}
        self._lasted = {"menus": Seen(), "answers": Seen(), "pauses": Seen(), "ready": Seen()}
        self._counts = {"offers": 0, "missed": 0, "gave_up": 0, "waited_ms": 0}

    def talk(self, who: "Someone", ms: float) -> None:
        need = (who.language, who.concern)
        self._talks[need] = self._talks.get(need, Seen()).with_(ms)

    def came(self, who: "Someone", local: datetime) -> None:
        need, hour = (who.language, who.concern), (local.weekday(), local.hour)
        self._needs[need] = self._needs.get(need, 0) + 1
        self._calls[hour] = self._calls.get(hour, 0) + 1

    def lasted(self, what: str, ms: float) -> None:
        self._lasted[what] = self._lasted[what].with_(ms)

    def count(self, what: str, more: int = 1) -> None:
        self._counts[what] += more

    def observed(self, since_ms: int, until_ms: int) -> Observed:
        return Observed(
            since_ms,
            until_ms,
            self._talks,
            self._needs,
            self._calls,
            **self._lasted,
            **self._counts,
        )


class Someone:
    """A caller of the day."""

    def __init__(self, leg: ev.Leg, language: str, concern: str) -> None:
        self.leg, self.language, self.concern = leg, language, concern
        self.visit = 0
        self.queued_ms = 0
        self.gives_up_ms = 0
        self.served_ms = 0
        self.ghost = False


class Day:
    """One day from its opening on. joined: is told of each who begins to wait and was not offered at once."""

    def __init__(
        self,
        centre: Centre,
        policy: Policy,
        team: Team,
        believed: Believed,
        span: tuple[int, int],
        seed: int,
        *,
        load: float,
        halved: bool,
        joined: "Callable[[Day, Someone], None]",
        records: Records,
    ) -> None:
        self.policy = policy
        self.begin_ms, self.end_ms = span
        self.now = span[0]
        self.queued = 0
        self.engine = Engine()
        self.by_visit: dict[int, Someone] = {}
        self.last_waits: dict[str, int] = {}
        """By language ("" for any): how long the last one waited who was served."""
        self._by_leg: dict[ev.Leg, Someone] = {}
        self._chance = chance = Random(f"day {seed}")
        self._believed = believed
        self._joined = joined
        self._records = records
        self._zone = centre.centre.zone
        self._agenda: list[tuple[int, int, Callable[..., Any], tuple[Any, ...]]] = []
        self._count = 0
        self._talk = LogNormal(believed.talk)
        self._talks = {need: LogNormal(lasts) for need, lasts in believed.talks.items()}
        self._pause = LogNormal(believed.pauses.lasts)
        self._away = LogNormal(believed.pauses.away)
        self._shares = Weighted([each.share for each in believed.shares])
        self._second = (centre.routing.second_language, centre.routing.second_language_for_it)
        shape = 1 / believed.day_variation
        busy = chance.gammavariate(shape, 1 / shape)
        first = self.now - self.now % QUARTER_MS
        calls = expected(believed, centre.centre.zone, first, self.end_ms, policy.opening)
        for at in moments(chance, calls, first, QUARTER_MS, self.now, load * busy):
            self._at(at, self._arrives)
        tell = self._tell
        tell(ev.PolicyChanged("policy", policy))
        tell(ev.TeamChanged("team", team))
        tell(ev.TermBegan(1))
        tell(
            ev.PbxSnapshot(
                self.now, True, (), tuple((a.reach.address, staff.USABLE) for a in team.agents), NODE
            )
        )
        for agent in team.agents:
            tell(ev.StaffAsked(agent.id, "", "login", "", None))
            self._pauses_some_time(agent.id)
        if halved:
            at = chance.randrange(self.begin_ms + 1_800_000, self.end_ms - 3_600_000)
            for agent in chance.sample(team.agents, len(team.agents) // 2):
                self._at(at, self._staff, agent.id, "logout")

    @property
    def world(self) -> World:
        return self.engine.world

    def run(self) -> None:
        """Until the last one is served."""
        while self._agenda and (self._by_leg or self.now < self.end_ms):
            due = self.engine.due()
            if due is not None and due < self._agenda[0][0]:
                self.now = max(self.now, due)
                self._tell(ev.Elapsed())
            else:
                self.now, _, do, about = heapq.heappop(self._agenda)
                do(*about)

    def _at(self, at_ms: int, do: Callable[..., Any], *about: Any) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (int(at_ms), self._count, do, about))

    def _after(self, after_ms: float, do: Callable[..., Any], *about: Any) -> None:
        self._at(self.now + int(after_ms), do, *about)

    def _tell(self, event: ev.Event) -> None:
        effects = self.engine.step(event, self.now)
        for fact in effects.facts:
            if isinstance(fact, TalkBegan) and (who := self.by_visit.get(fact.visit)) is not None:
                self._served(who, fact.at_ms)
        for command in effects.commands:
            if isinstance(command, Connect):
                self._offered(command)

    def _served(self, who: Someone, at_ms: int) -> None:
        who.served_ms = at_ms
        if not who.ghost:
            self._records.count("waited_ms", at_ms - who.queued_ms)
        self.last_waits[who.language] = self.last_waits[""] = at_ms - who.queued_ms

    # --- callers -------------------------------------------------------------------------------------

    def _arrives(self) -> None:
        chance = self._chance
        self._count += 1
        leg = ev.Leg(NODE, f"{self._count}.0")
        share = self._believed.shares[self._shares.drawn(chance)]
        who = self._by_leg[leg] = Someone(leg, share.language, share.concern)
        menu_ms = chance.expovariate(1 / self._believed.menu_ms)
        self._records.lasted("menus", menu_ms)
        self._tell(ev.CallArrived(leg, "line"))
        self._after(menu_ms / 2, self._tell, ev.LanguageChosen(leg, who.language))
        self._after(menu_ms, self._waits, who)

    def _waits(self, who: Someone) -> None:
        chance = self._chance
        second = ""
        if chance.random() < self._believed.second:
            second = self._second[who.language == self._second[0]]
        who.queued_ms, self.queued = self.now, self.queued + 1
        who.gives_up_ms = self.now + int(chance.expovariate(1 / self._believed.patience_ms))
        self._records.came(who, datetime.fromtimestamp(self.now / 1000, self._zone))
        self._tell(ev.ConcernChosen(who.leg, who.concern))
        who.visit = next(each.id for each in self.world.visits.values() if each.caller == who.leg)
        self.by_visit[who.visit] = who
        self._tell(ev.CallWaiting(who.leg, who.language, who.concern, second, self.now, self.now))
        self._at(who.gives_up_ms, self._gives_up, who)
        visit = self.world.visits.get(who.visit)
        if visit is not None and visit.state == "waiting":
            self._joined(self, who)

    def _gives_up(self, who: Someone) -> None:
        visit = self.world.visits.get(who.visit)
        who.ghost = visit is not None and visit.state == "waiting"
        if who.ghost:
            self._records.count("gave_up")
            self._records.count("waited_ms", self.now - who.queued_ms)

    def _ends(self, who: Someone) -> None:
        self._by_leg.pop(who.leg, None)
        self._tell(ev.LegEnded(who.leg, 16))

    # --- phones --------------------------------------------------------------------------------------

    def _offered(self, command: Connect) -> None:
        chance, phones = self._chance, self._believed.phones
        who, phone = self._by_leg[command.caller], command.reach.address
        answer_ms = chance.uniform(phones.from_ms, phones.to_ms)
        if who.ghost:
            self._served(who, self.now + int(answer_ms))
            self._after(0, self._ends, who)
            return
        self._count += 1
        leg = ev.Leg(NODE, f"{self._count}.1")
        told: list[tuple[float, ev.Event]] = [
            (5, ev.DialBegan(who.leg, leg, phone, command.id)),
            (6, ev.DeviceChanged(phone, "RINGING", NODE)),
            (20, ev.PhoneRang(leg)),
        ]
        self._records.count("offers")
        if chance.random() < phones.missed:
            self._records.count("missed")
            told += [
                (phones.ring_ms, ev.LegEnded(leg, 19)),
                (phones.ring_ms + 1, ev.DeviceChanged(phone, staff.USABLE, NODE)),
                (phones.ring_ms + 2, ev.DialEnded(who.leg, command.id, "NOANSWER")),
            ]
            self._after(phones.ring_ms + 3, self._is_away, self.world.offers[command.id].agent)
        else:
            lasts_ms = self._talks.get((who.language, who.concern), self._talk).drawn(chance)
            over_ms = answer_ms + lasts_ms
            self._records.talk(who, lasts_ms)
            self._records.lasted("answers", answer_ms)
            told += [
                (answer_ms - 1, ev.DeviceChanged(phone, "INUSE", NODE)),
                (answer_ms, ev.Bridged(who.leg, leg, phone)),
                (over_ms, ev.LegEnded(leg, 16)),
                (over_ms + 1, ev.CallEnds(who.leg, "staff")),
                (over_ms + 3, ev.DeviceChanged(phone, staff.USABLE, NODE)),
            ]
            self._after(over_ms + 2, self._ends, who)
        for after_ms, event in told:
            self._after(after_ms, self._tell, event)

    # --- staff ---------------------------------------------------------------------------------------

    def _staff(self, agent: str, what: str) -> None:
        self._tell(ev.StaffAsked(agent, "", what, "", None))

    def _is_away(self, agent: str) -> None:
        if self.world.people[agent].presence == staff.AWAY:
            self._after(self._away.drawn(self._chance), self._back, agent)

    def _back(self, agent: str) -> None:
        if self.world.people[agent].presence in (staff.AWAY, staff.NOT_READY):
            self._staff(agent, "ready")

    def _pauses_some_time(self, agent: str) -> None:
        every_ms = self._believed.pauses.every_ms
        if every_ms and self.now < self.end_ms:
            after_ms = self._chance.expovariate(1 / every_ms)
            self._records.lasted("ready", after_ms)
            self._after(after_ms, self._pauses, agent)

    def _pauses(self, agent: str) -> None:
        if self.world.people[agent].presence == staff.READY:
            self._staff(agent, "notready")
        lasts_ms = self._pause.drawn(self._chance)
        self._records.lasted("pauses", lasts_ms)
        self._after(lasts_ms, self._back, agent)
        self._after(lasts_ms, self._pauses_some_time, agent)


def moment(day: tuple[int, int, int], centre: Centre) -> int:
    """Midnight of a day, epoch ms."""
    return int(datetime(*day, tzinfo=centre.centre.zone).timestamp() * 1000)
