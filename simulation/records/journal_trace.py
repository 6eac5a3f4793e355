"""What a journal tells a planner: its callers, what phones and staff did, which rules were in force, and what
supervisors set by hand.

What a supervisor set and what stands until it is undone is told with its time. Not told is an offer by hand
or one pulled back: it belongs to the one moment in which it was made.

Callers are known by random tokens alone: no number is in a journal.
"""

from statistics import median
from typing import Final, NamedTuple

from agents import state as staff
from agents.model import UNDETERMINED, Agent, Team
from routing import events as ev
from routing import facts, steering
from routing.engine import Effects, Engine
from routing.events import Envelope, Leg
from routing.policy import Policy
from routing.world import World
from simulation.drivers import model

UNKNOWN: Final = -1
OTHER_CONCERN: Final = "other"
DEVICE: Final = "device"
CLASS_GIVEN: Final = "class_given"
STANDS: Final = frozenset(
    {
        *steering.PLACES,
        CLASS_GIVEN,
        steering.CLASS_TAKEN,
        steering.OTHER_NEED,
        steering.OWN_NEED,
        steering.NAMED,
        steering.NOT_NAMED,
    }
)
"""What a supervisor said of a caller, and what stands from then on."""
DAY_MS: Final = 86_400_000
REFRESH_MS: Final = 40 * DAY_MS
"""A policy whose hours end sooner than this gives way to the next one, even if it says the same."""

DOES: Final = {
    facts.ANSWERED: model.ANSWERED,
    facts.NO_ANSWER: model.NO_ANSWER,
    facts.BUSY: model.BUSY,
    facts.DECLINED: model.DECLINED,
    facts.UNREACHABLE: model.UNREACHABLE,
}


class Steered(NamedTuple):
    """A supervisor said this of a caller, so many ms after at_ms. what: one of STANDS; value: a person, class
    or need ("language/concern"), "" where there is none to name."""

    after_ms: int
    what: str
    value: str


class Caller(NamedTuple):
    """One who came into the queue, or found the centre closed; who was blocked is none.

    at_ms: then. language, concern, classes: their own, whatever a supervisor made of them. second_after_ms:
    when they said that another language is fine too; 0: before. ended: one of facts.VISIT_OUTCOMES, after
    wait_ms in the queue. talk_ms: UNKNOWN where there was no whole talk.
    """

    at_ms: int
    language: str
    concern: str
    second: str
    second_after_ms: int
    token: str
    case: str
    owner: str
    classes: tuple[str, ...]
    ended: str
    wait_ms: int
    talk_ms: int
    steered: tuple[Steered, ...] = ()


class Offered(NamedTuple):
    """What a phone did (simulation.drivers.model), and so many ms after the offer."""

    does: int
    takes_ms: int


class Did(NamedTuple):
    """A member of staff asked for something (words of agents.state, with the reason), for quiet time (QUIET,
    with the minutes), or their phone's state changed for another cause than an offer (DEVICE, with the
    state)."""

    at_ms: int
    agent: str
    what: str
    reason: str


class JournalTrace(NamedTuple):
    """Everything between the journal's first and last event. Callers are sorted by at_ms.

    policies, rosters: from when on they were in force; what people can do there is their own. by_hand: what
    was lent to people and set for the hotline, when. rings_ms, away_ms: medians, UNKNOWN where there is
    nothing to go by. unfinished: callers who were still there at the end; in_menu: who never queued. Neither
    is among the callers.
    """

    begin_ms: int
    end_ms: int
    events: int
    callers: tuple[Caller, ...]
    offers: tuple[Offered, ...]
    rings_ms: int
    away_ms: int
    did: tuple[Did, ...]
    policies: tuple[tuple[int, Policy], ...]
    rosters: tuple[tuple[int, Team], ...]
    unfinished: int
    in_menu: int
    by_hand: tuple[tuple[int, ev.SkillsLent | ev.SetByHand], ...] = ()


class _Visit:
    """A caller as far as the journal has told."""

    def __init__(self, at_ms: int, leg: Leg) -> None:
        self.at_ms, self.leg = at_ms, leg
        self.queued_ms = UNKNOWN
        self.language = self.concern = self.second = self.token = self.case = self.owner = ""
        self.second_ms = 0
        self.classes: tuple[str, ...] = ()
        self.talk_began_ms = self.talk_ms = UNKNOWN
        self.steered: list[tuple[int, str, str]] = []


class Reader:
    """Takes a journal's events with what they led to, in order."""

    def __init__(self, engine: Engine) -> None:
        """engine: the one that the journal is replayed with, as it stands before the first event."""
        self._engine = engine
        self._begin = self._end = UNKNOWN
        self._events = self._in_menu = 0
        self._visits: dict[int, _Visit] = {}
        self._by_leg: dict[Leg, int] = {}
        self._made: dict[int, int] = {}
        self._away_since: dict[str, int] = {}
        self._devices: dict[str, str] = {}
        self._callers: list[Caller] = []
        self._offers: list[Offered] = []
        self._rings: list[int] = []
        self._aways: list[int] = []
        self._did: list[Did] = []
        self._policies: list[tuple[int, Policy]] = []
        self._rosters: list[tuple[int, Team]] = []
        self._by_hand: list[tuple[int, ev.SkillsLent | ev.SetByHand]] = []

    def begin(self, world: World, at_ms: int) -> None:
        """What was in force, and who was there, before the first event."""
        if world.policy is not None:
            self._policies.append((at_ms, world.policy))
        if world.people:
            self._rosters.append(
                (at_ms, Team(tuple(_own(world, each.agent) for each in world.people.values())))
            )
        for agent, lent in world.lent.items():
            said = ev.SkillsLent(agent, lent.languages, lent.concerns, lent.until_ms)
            self._by_hand.append((at_ms, said))
        for name, each in world.by_hand.items():
            what, _, of = name.partition("/")
            self._by_hand.append((at_ms, ev.SetByHand(what, of, each.how, each.until_ms)))
        for key, person in world.people.items():
            if person.presence != staff.LOGGED_OUT:
                self._did.append(Did(at_ms, key, staff.LOGIN, ""))
            if person.presence == staff.NOT_READY:
                self._did.append(Did(at_ms, key, staff.ASK_NOT_READY, person.reason))
            if person.quiet_min:
                self._did.append(Did(at_ms, key, staff.QUIET, str(person.quiet_min)))
        self._note_devices(at_ms)

    def take(self, envelope: Envelope, effects: Effects) -> None:
        """The next event."""
        now, event = envelope.at_ms, envelope.event
        if self._begin == UNKNOWN:
            self._begin = now
        self._end = now
        self._events += 1
        for fact in effects.facts:
            self._hear(fact)
        if isinstance(event, ev.CallerKnown):
            self._know(event)
        elif isinstance(event, ev.CaseEntered):
            if event.case and (visit := self._of(event.leg)) is not None:
                visit.case = event.case
        elif isinstance(event, ev.PriorityGiven):
            if (visit := self._visits.get(event.visit)) is not None:
                visit.steered.append((now, CLASS_GIVEN, event.name))
        elif isinstance(event, ev.SkillsLent | ev.SetByHand):
            if not any(isinstance(fact, facts.StaffRefused | facts.EventRefused) for fact in effects.facts):
                self._by_hand.append((now, event))
        elif isinstance(event, ev.StaffAsked):
            self._asked(now, event, effects)
        elif isinstance(event, ev.QuietAsked):
            if not any(isinstance(fact, facts.StaffRefused) for fact in effects.facts):
                self._did.append(Did(now, event.agent, staff.QUIET, str(event.minutes)))
        elif isinstance(event, ev.PolicyChanged):
            if not self._policies or not _says_the_same(self._policies[-1][1], event.policy, now):
                self._policies.append((now, event.policy))
        elif isinstance(event, ev.TeamChanged):
            self._rosters.append((now, event.team))
        if isinstance(event, ev.DeviceChanged | ev.PbxSnapshot | ev.TeamChanged):
            self._note_devices(now)

    def found(self) -> JournalTrace:
        """All of it, once the journal is at its end."""
        return JournalTrace(
            max(0, self._begin),
            max(0, self._end),
            self._events,
            tuple(sorted(self._callers)),
            tuple(self._offers),
            int(median(self._rings)) if self._rings else UNKNOWN,
            int(median(self._aways)) if self._aways else UNKNOWN,
            tuple(self._did),
            tuple(self._policies),
            tuple(self._rosters),
            len(self._visits),
            self._in_menu,
            tuple(self._by_hand),
        )

    # --- callers ---------------------------------------------------------------------------------------

    def _of(self, leg: Leg) -> _Visit | None:
        return self._visits.get(self._by_leg.get(leg, 0))

    def _know(self, event: ev.CallerKnown) -> None:
        if (visit := self._of(event.leg)) is not None:
            visit.token = event.token or visit.token
            visit.case = event.case or visit.case
            visit.owner = event.owner or visit.owner
            visit.classes = tuple(sorted({*visit.classes, *event.classes}))

    def _hear(self, fact: facts.Fact) -> None:
        if isinstance(fact, facts.VisitBegan):
            if fact.leg is None:
                return  # whom we call has come before
            self._visits[fact.visit] = _Visit(fact.at_ms, fact.leg)
            self._by_leg[fact.leg] = fact.visit
        elif isinstance(fact, facts.OfferMade):
            self._made[fact.offer] = fact.at_ms
        elif isinstance(fact, facts.OfferRang):
            self._rings.append(fact.at_ms - self._made.get(fact.offer, fact.at_ms))
        elif isinstance(fact, facts.OfferEnded):
            made = self._made.pop(fact.offer, None)
            if made is not None and fact.outcome in DOES:
                self._offers.append(Offered(DOES[fact.outcome], fact.at_ms - made))
        elif isinstance(fact, facts.AgentChanged):
            if fact.state == staff.AWAY:
                self._away_since[fact.agent] = fact.at_ms
            elif (since := self._away_since.pop(fact.agent, None)) is not None and fact.state == staff.READY:
                self._aways.append(fact.at_ms - since)
        elif isinstance(
            fact,
            facts.NeedKnown
            | facts.Queued
            | facts.Steered
            | facts.TalkBegan
            | facts.TalkEnded
            | facts.VisitEnded,
        ):
            self._hear_of_visit(fact)

    def _hear_of_visit(
        self,
        fact: facts.NeedKnown
        | facts.Queued
        | facts.Steered
        | facts.TalkBegan
        | facts.TalkEnded
        | facts.VisitEnded,
    ) -> None:
        visit = self._visits.get(fact.visit)
        if visit is None:
            return
        if isinstance(fact, facts.NeedKnown):
            if fact.second != visit.second:
                visit.second_ms = fact.at_ms
            visit.language, visit.concern = fact.chose or (fact.language, fact.concern)
            visit.second = fact.second
        elif isinstance(fact, facts.Queued):
            visit.queued_ms = fact.queued_ms
        elif isinstance(fact, facts.Steered):
            if fact.what in STANDS:
                visit.steered.append((fact.at_ms, fact.what, fact.value))
        elif isinstance(fact, facts.TalkBegan):
            if visit.talk_began_ms == UNKNOWN:
                visit.talk_began_ms = fact.at_ms
        elif isinstance(fact, facts.TalkEnded):
            visit.talk_ms = fact.at_ms - visit.talk_began_ms
        else:
            self._over(fact)

    def _over(self, fact: facts.VisitEnded) -> None:
        visit = self._visits.pop(fact.visit)
        self._by_leg.pop(visit.leg, None)
        if visit.queued_ms == UNKNOWN and fact.outcome != facts.CLOSED:
            self._in_menu += 1
            return
        if fact.outcome == facts.BLOCKED:
            return  # nobody who was to be served
        at = visit.at_ms if visit.queued_ms == UNKNOWN else visit.queued_ms
        steered = [each for each in visit.steered if not _before(each, at)]
        waited_until = fact.at_ms if visit.talk_began_ms == UNKNOWN else visit.talk_began_ms
        self._callers.append(
            Caller(
                at,
                visit.language or UNDETERMINED,
                visit.concern or OTHER_CONCERN,
                visit.second,
                max(0, visit.second_ms - at) if visit.second else 0,
                visit.token,
                visit.case,
                visit.owner,
                _classes(visit, at),
                fact.outcome,
                0 if fact.outcome == facts.CLOSED else max(0, waited_until - at),
                visit.talk_ms,
                tuple(Steered(max(0, said - at), what, value) for said, what, value in steered),
            )
        )

    # --- staff -----------------------------------------------------------------------------------------

    def _asked(self, now: int, event: ev.StaffAsked, effects: Effects) -> None:
        people = self._engine.world.people
        who = event.agent or next(
            (key for key, each in people.items() if each.agent.reach.address == event.phone), ""
        )
        if who in people and not any(isinstance(fact, facts.StaffRefused) for fact in effects.facts):
            self._did.append(Did(now, who, event.what, event.reason))

    def _note_devices(self, now: int) -> None:
        """A phone's state while its person has nothing to do with an offer is the person's own doing."""
        for key, person in self._engine.world.people.items():
            before = self._devices.get(key, "")
            ours = person.activity != staff.IDLE and person.device != staff.USABLE
            if person.device and person.device != before and not ours:
                self._devices[key] = person.device
                self._did.append(Did(now, key, DEVICE, person.device))


def _before(said: tuple[int, str, str], at_ms: int) -> bool:
    """Whether this was said of a caller's classes before they waited: then they came in these."""
    return said[0] <= at_ms and said[1] in (CLASS_GIVEN, steering.CLASS_TAKEN)


def _classes(visit: _Visit, at_ms: int) -> tuple[str, ...]:
    found = set(visit.classes)
    for said in visit.steered:
        if _before(said, at_ms):
            found = found | {said[2]} if said[1] == CLASS_GIVEN else found - {said[2]}
    return tuple(sorted(found))


def _own(world: World, agent: Agent) -> Agent:
    """With what they can do by the roster, whatever they are lent."""
    lent = world.lent.get(agent.id)
    if lent is None:
        return agent
    return agent._replace(languages=lent.own_languages, concerns=lent.own_concerns)


def _says_the_same(held: Policy, new: Policy, now: int) -> bool:
    """Whether nothing changes by the new one as long as the old one's hours last, which is long enough."""
    if not held.opening or held.opening[-1][1] - now < REFRESH_MS:
        return False
    until = held.opening[-1][1] - DAY_MS
    return _between(held, now, until) == _between(new, now, until)


def _between(policy: Policy, begin: int, end: int) -> Policy:
    """With the hours of this time alone."""

    def cut(spans: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        return tuple((max(a, begin), min(b, end)) for a, b in spans if b > begin and a < end)

    return policy._replace(
        opening=cut(policy.opening),
        days=tuple(day for day in policy.days if begin < day < end),
        reserves=tuple(each._replace(when=cut(each.when)) for each in policy.reserves),
        hours=tuple(each._replace(when=cut(each.when)) for each in policy.hours),
    )
