"""The people of a run, what the house's rules are, and what staff do by themselves."""

from random import Random

from agents.model import Agent, Cefr, Reach, Team
from routing import events as ev
from routing.policy import (
    ANYBODY,
    FALLBACK,
    OVERFLOW_CLOSED,
    OVERFLOW_FALLBACK,
    OVERFLOW_OUTSIDE,
    Announcing,
    Hours,
    Overflow,
    Policy,
    Step,
)
from routing.spans import Spans
from tests.fakes.centre import POLICY
from tests.model.book import Book
from tests.model.channels import PRIVATE, STAFF, Channel, Phone
from tests.model.daemon import Daemon
from tests.model.pbx import Pbx
from tests.model.settings import START_MS, Settings
from tests.model.timeline import Timeline

SKILLS: tuple[dict[str, int], ...] = (
    {"de": Cefr.NATIVE, "en": Cefr.C1},
    {"ar": Cefr.NATIVE, "de": Cefr.C1},
    {"tr": Cefr.NATIVE, "de": Cefr.NATIVE, "en": Cefr.B2},
    {"en": Cefr.NATIVE, "de": Cefr.B2},
    {"de": Cefr.NATIVE},
)
CONCERNS = ("study", "other")
AT_THE_DESK = ("quiet", "close", "hand_over", "threat", "seen")
"""What no feature code can say."""
WIDER = Step(0, FALLBACK, Cefr.A1, 0)
ANNOUNCING = Announcing(first_ms=2_000, gaps_ms=(10_000, 20_000), edges=(1, 2, 5), holds_least=650)


def policy(settings: Settings, rng: Random) -> Policy:
    """The rules of this run."""
    seconds = settings.seconds
    opening = POLICY.opening
    if settings.has("hours"):
        shut = START_MS + rng.randrange(seconds) * 1000
        again = shut + rng.randrange(5, 60) * 1000
        opening = ((0, shut), (again, 10**15))
    days = (START_MS + rng.randrange(seconds) * 1000,) if settings.has("midnight") else ()
    return POLICY._replace(
        hours=_own_hours(settings, opening),
        lease_ms=rng.choice((8_000, 10_000, 15_000, 20_000)),
        wrap_up_ms=rng.choice((0, 1_000, 5_000)),
        owner_ms=rng.choice((0, 20_000)),
        classes=(("repeat", 20_000), ("vip", 60_000)),
        repeat_ms=rng.choice((0, 600_000)),
        opening=opening,
        days=days,
        overflow=overflow(settings.random("overflow")) if settings.has("overflow") else (),
        announcing=ANNOUNCING if settings.has("announces") else None,
        rejoin_ms=60_000 if settings.has("announces") else 0,
        overtime_ms=rng.choice((-1, -1, 0, 5_000, 20_000)) if settings.has("hours") else -1,
    )


def _own_hours(settings: Settings, opening: Spans) -> tuple[Hours, ...]:
    """Those of a concern, of a language and of both, each closed for a while of its own."""
    rng = settings.random("own hours")
    whose = rng.choice(((), (("", "study"),), (("ar", ""),), (("", "study"), ("ar", ""), ("ar", "study"))))
    found = []
    for language, concern in whose if settings.has("hours") else ():
        shut = START_MS + rng.randrange(settings.seconds) * 1000
        again = shut + rng.choice((5, 20, 60, 10**9)) * 1000
        when = [
            (max(a, begin), min(b, end)) for a, b in opening for begin, end in ((0, shut), (again, 10**15))
        ]
        found.append(Hours(language, concern, tuple(span for span in when if span[0] < span[1])))
    return tuple(found)


def overflow(rng: Random) -> tuple[Overflow, ...]:
    """Rules of overflow of each kind, some of them."""
    rules = (
        Overflow("wider", "tr", "", rng.choice((0, 10_000)), -1, True, OVERFLOW_FALLBACK, WIDER),
        Overflow("widest", "", "", 20_000, -1, False, OVERFLOW_FALLBACK, WIDER._replace(scope=ANYBODY)),
        Overflow("full", "", "", -1, rng.choice((0, 1, 3)), False, OVERFLOW_CLOSED),
        Overflow("late", "", "study", 40_000, -1, False, OVERFLOW_CLOSED),
        Overflow("nobody", "", "", -1, -1, True, OVERFLOW_CLOSED),
        Overflow("partner", "", "other", rng.choice((0, 5_000, 15_000)), 2, False, OVERFLOW_OUTSIDE),
    )
    return tuple(each for each in rules if rng.random() < 0.5)


def somebody(number: int, phone: str) -> Agent:
    """The n-th person, at this phone."""
    skills = SKILLS[number % len(SKILLS)]
    languages = tuple(sorted((code, int(level)) for code, level in skills.items()))
    return Agent(
        f"a{number:02}", f"A{number}", Reach("phone", phone), languages, (("other", 4), ("study", 4))
    )


class Staff:
    """What people do: feature codes, the page, private calls, and how they come and go."""

    def __init__(self, pbx: Pbx, daemon: Daemon, time: Timeline, settings: Settings, book: Book) -> None:
        self._pbx, self._daemon, self._time = pbx, daemon, time
        self._settings = settings
        self._book = book
        self._rng = settings.random("staff")
        self._steers = settings.random("steers")
        self._people = 0
        self._phones = 0
        self.sat: dict[str, set[str]] = {}
        self._until = START_MS + settings.seconds * 1000

    def roster(self) -> Team:
        """The people of the beginning, each with a phone."""
        roster = Team(tuple(self._join() for _ in range(self._settings.people)))
        self._seat(roster)
        return roster

    def _seat(self, roster: Team) -> None:
        for agent in roster.agents:
            self.sat.setdefault(agent.reach.address, set()).add(agent.id)

    def _join(self) -> Agent:
        self._people += 1
        return somebody(self._people - 1, self._new_phone())

    def _new_phone(self) -> str:
        self._phones += 1
        name = f"p{self._phones:02}"
        phone = self._pbx.phones[name] = Phone(name)
        if self._daemon.alive:  # it registers just now; what the first ones are stands in the first list
            phone.said = "UNAVAILABLE"
            self._pbx.device(phone)
        if self._settings.has("unlisted") and self._rng.random() < 0.3:
            phone.registered = phone.listed = False
            self._time.after(self._rng.randrange(1_000, 60_000), self._first_seen, phone)
        return name

    def _first_seen(self, phone: Phone) -> None:
        phone.registered = phone.listed = True
        phone.said = ""
        self._pbx.device(phone)

    def begin(self) -> None:
        """Everybody logs in, and goes on with their day."""
        for agent in self._daemon.roster.agents:
            self._time.after(self._rng.randrange(500, 3_000), self._ask, agent.id, "login")
        self._time.after(2_000, self._look_after)
        for fault, every, what in (
            ("staff", 12_000, self._change),
            ("private", 20_000, self._private),
            ("roster", 30_000, self._reload),
            ("policy", 50_000, self._new_policy),
            ("lost_phone", 60_000, self._lose),
            ("steers", 8_000, self._steer),
        ):
            if self._settings.has(fault):
                self._again(every, what)

    def _again(self, every: int, what: object) -> None:
        self._time.after(int(self._rng.expovariate(1 / every)) + 1, self._do_again, every, what)

    def _do_again(self, every: int, what: object) -> None:
        if self._time.now < self._until:
            what()  # type: ignore[operator]
            self._again(every, what)

    def _somebody(self) -> Agent | None:
        agents = self._daemon.roster.agents
        return self._rng.choice(agents) if agents else None

    # --- asking --------------------------------------------------------------------------------------

    def _look_after(self) -> None:
        """Whoever is away or out comes back after a while; in the end everybody is there."""
        ending = self._time.now >= self._until
        for agent in self._daemon.roster.agents:
            person = self._daemon.engine.world.people.get(agent.id)
            if person is not None and person.quiet_min and ending:
                self._daemon.put(ev.QuietAsked(agent.id, 0))
            if person is not None and person.presence != "ready" and (ending or self._rng.random() < 0.1):
                self._ask(agent.id, "ready" if person.presence in ("away", "not_ready") else "login")
        self._time.after(2_000, self._look_after)

    def _change(self) -> None:
        if (agent := self._somebody()) is not None:
            asks = ("login", "logout", "ready", "notready", "wrap_longer", "wrap_over")
            what = self._rng.choice((*asks, *AT_THE_DESK))
            if what in AT_THE_DESK:
                self._at_desk(agent.id, what)
            else:
                self._ask(agent.id, what)

    def _at_desk(self, who: str, what: str) -> None:
        """With a call of theirs, or the time between two; a supervisor sees to a threat."""
        rng, put, world = self._rng, self._daemon.put, self._daemon.engine.world
        person = world.people.get(who)
        for threat in list(world.threats)[:1] if what == "seen" else ():
            put(ev.ThreatSeen(threat))
            put(ev.TokenUnblocked(threat))
        if what == "quiet":
            put(ev.QuietAsked(who, rng.choice((0, 0, 1, 2))))
        for visit in [each.visit for each in (person.handled[-1:] if person is not None else ())]:
            if what == "close":
                put(ev.HandlingClosed(visit, who, "answered", "", rng.choice(("", "c1"))))
            elif what == "hand_over":
                put(ev.HandedOver(visit, who, rng.choice(list(world.people)), ""))
            elif what == "threat":
                put(ev.ThreatTold(visit, who, "", rng.choice((0, 60_000))))

    def _steer(self) -> None:
        """A supervisor, of somebody who is there."""
        rng, world = self._steers, self._daemon.engine.world
        if not world.visits or not world.people:
            return
        offered = [each.visit for each in world.offers.values()]
        visit = rng.choice([*offered, *world.visits])
        who = rng.choice([key for key, one in world.people.items() if one.free] or list(world.people))
        event: ev.Event = rng.choice(
            (
                ev.VisitPlaced(visit, rng.choice(("front", "back", "own_place"))),
                ev.PriorityGiven(visit, "vip"),
                ev.PriorityTaken(visit, "vip"),
                ev.NeedGiven(visit, *rng.choice((("de", ""), ("", "study"), ("", "")))),
                ev.PersonNamed(visit, rng.choice((who, ""))),
                ev.OfferedByHand(visit, who),
                ev.OfferPulledBack(visit),
            )
        )
        if rng.random() < 0.3:
            event = self._set(who)
        self._book.did(f"steers {type(event).__name__}")
        self._daemon.put(event)

    def _set(self, who: str) -> ev.Event:
        """For the whole hotline, or for a person, and never for long: in the end everybody is served."""
        rng, until = self._steers, self._time.now + self._steers.randrange(1_000, 30_000)
        whose = rng.choice(("/", "de/", "/study", "ar/study"))
        rules = [each.name for each in self._daemon.policy.overflow] or ["none"]
        choices: tuple[ev.Event, ...] = (
            ev.SetByHand("hours", whose, rng.choice(("closed", "open")), until),
            ev.SetByHand("hours", whose, "rules", 0),
            ev.SetByHand("overflow", rng.choice(rules), rng.choice(("on", "off")), until),
            ev.SetByHand("drain", "", "on", until),
            ev.SkillsLent(who, (("de", 7), ("tr", 6)), (("other", 5), ("study", 5)), until),
            ev.SkillsLent(who, (), (), 0),
        )
        return rng.choice(choices)

    def _ask(self, who: str, what: str) -> None:
        """By page, or by a feature code on the own phone, which is in use meanwhile."""
        agent = next((each for each in self._daemon.roster.agents if each.id == who), None)
        if agent is None:
            return
        phone = self._pbx.phones[agent.reach.address]
        if self._rng.random() < 0.5 or phone.legs or not phone.registered or phone.dead:
            self._daemon.put(ev.StaffAsked(who, "", what, "", None))
            return
        leg = self._pbx.new(STAFF, phone.name)
        leg.answered_ms, leg.context = self._time.now, "acd-staff"
        self._pbx.device(phone)
        node = self._pbx.node
        self._pbx.emit(ev.StaffAsked("", phone.name, what, "", leg.leg, node))
        self._time.after(self._rng.randrange(200, 3_000), self._pbx.end, leg, 16)

    # --- the phone for something else ----------------------------------------------------------------

    def _private(self) -> None:
        agent = self._somebody()
        phone = self._pbx.phones[agent.reach.address] if agent is not None else None
        if phone is None or phone.legs or phone.dead or not phone.registered:
            return
        self._book.did("private")
        leg: Channel = self._pbx.new(PRIVATE, phone.name)
        leg.answered_ms, leg.context = self._time.now, "outside"
        self._pbx.device(phone)
        self._time.after(self._rng.randrange(300, 20_000), self._pbx.end, leg, 16)

    def _lose(self) -> None:
        if (agent := self._somebody()) is not None:
            self.lose(self._pbx.phones[agent.reach.address])

    def lose(self, phone: Phone) -> None:
        """Set by the run: what happens when a phone goes off the network."""

    # --- the rules -----------------------------------------------------------------------------------

    def _reload(self) -> None:
        """Somebody comes, goes, or sits at another phone."""
        agents = list(self._daemon.roster.agents)
        what = self._rng.choice(("come", "go", "move", "swap"))
        if what == "come":
            agents.append(self._join())
        elif what == "go" and len(agents) > 1:
            agents.pop(self._rng.randrange(len(agents)))
        elif what == "move" and agents:
            place = self._rng.randrange(len(agents))
            agents[place] = agents[place]._replace(reach=Reach("phone", self._new_phone()))
        elif what == "swap" and len(agents) > 1:
            one, other = self._rng.sample(range(len(agents)), 2)
            theirs = agents[one].reach, agents[other].reach
            agents[other] = agents[other]._replace(reach=theirs[0])
            agents[one] = agents[one]._replace(reach=theirs[1])
        else:
            return
        self._book.did(f"roster {what}")
        roster = Team(tuple(sorted(agents, key=lambda each: each.id)))
        self._seat(roster)
        self._daemon.new_rules(self._daemon.policy, roster)

    def _new_policy(self) -> None:
        self._book.did("policy")
        wrap_up = self._rng.choice((0, 1_000, 5_000))
        changed = self._daemon.policy._replace(wrap_up_ms=wrap_up)
        self._daemon.new_rules(changed, self._daemon.roster)
