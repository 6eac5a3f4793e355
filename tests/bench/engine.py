"""How many events a second the bare engine decides, and how long a decision takes, with every rule in use.

A closed world of callers and people: each command is answered as a telephone system would, so that the
number waiting stays where it is set. Priorities, widening, owners, reserves and plans are all in force.
"""

import heapq
import random
from pathlib import Path
from time import perf_counter

from agents.model import Agent, Reach, Team
from routing import events as ev
from routing.commands import Connect
from routing.engine import Engine
from routing.policy import FALLBACK, OWN, SECOND, Announcing, Plan, Policy, Refusal, Reserve, Step
from tests.bench.figures import Figures, spread

LANGUAGES = ("de", "en", "ar", "tr", "uk", "ru", "fa", "pl", "fr", "es")
CONCERNS = tuple(f"concern{i}" for i in range(12))
SIZES = ((23, 50), (1_000, 500), (10_000, 5_000))
TALK_MS = (60_000, 240_000)

STEPS = (
    Step(0, OWN, 5, 3, 6, 4),
    Step(45_000, OWN, 4, 2),
    Step(90_000, OWN | SECOND, 4, 1),
    Step(150_000, OWN | SECOND | FALLBACK, 3, 0),
)


def policy() -> Policy:
    """Every rule in use."""
    return Policy(
        plans=(Plan("", "", STEPS), Plan("", CONCERNS[0], (STEPS[1]._replace(after_ms=0), STEPS[3]))),
        unknown_languages=("de", "en"),
        fallback_languages=("de", "en"),
        choose=("owner", "concern", "language", "least_versatile", "longest_idle"),
        lease_ms=20_000,
        silent_ms=2_000,
        wrap_up_ms=5_000,
        refusals=(Refusal("busy", 0, 30_000), Refusal("no_answer", 2, 30_000)),
        opening=((0, 10**15),),
        classes=(("repeat", 120_000), ("vip", 300_000)),
        repeat_ms=3_600_000,
        owner_ms=20_000,
        reserves=(Reserve("uk", 5, 1, 60_000), Reserve("ar", 5, 1, 60_000)),
        announcing=Announcing(2_000, (60_000, 120_000), (2, 5, 10, 15, 20, 30, 45, 60), 650),
        rejoin_ms=600_000,
    )


def roster(count: int, chance: random.Random) -> Team:
    """People with two to four languages and four to eight concerns each."""
    people = []
    for i in range(count):
        languages = {each: chance.randint(4, 7) for each in chance.sample(LANGUAGES, chance.randint(2, 4))}
        languages.setdefault("de", 5)
        concerns = {each: chance.randint(2, 5) for each in chance.sample(CONCERNS, chance.randint(4, 8))}
        reach = Reach("phone", f"p{i}")
        people.append(
            Agent(f"a{i:05}", "x", reach, tuple(sorted(languages.items())), tuple(sorted(concerns.items())))
        )
    return Team(tuple(people))


class Centre:
    """People and callers around one engine; `run` lets so many events happen and times each step."""

    def __init__(self, staff: int, waiting: int) -> None:
        self.chance = random.Random(2016)
        self.engine = Engine()
        self.now = 1_000_000_000
        self.times: list[float] = []
        self._agenda: list[tuple[int, int, ev.Event]] = []
        self._count = 0
        self._waiting = waiting
        people = roster(staff, self.chance)
        self.engine.step(ev.PolicyChanged("p", policy()), self.now)
        self.engine.step(ev.TeamChanged("r", people), self.now)
        self.engine.step(ev.TermBegan(1), self.now)
        devices = tuple((each.reach.address, "NOT_INUSE") for each in people.agents)
        self.engine.step(ev.PbxSnapshot(self.now, True, (), devices), self.now)
        self._owners = [each.id for each in people.agents]
        for each in people.agents:
            self.engine.step(ev.StaffAsked(each.id, "", "login", "", None), self.now)
        for _ in range(waiting + staff):
            self._arrive(self.chance.randrange(30_000))

    def _at(self, after_ms: int, event: ev.Event) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (self.now + after_ms, self._count, event))

    def _arrive(self, after_ms: int) -> None:
        chance = self.chance
        self._count += 1
        leg = ev.Leg("n", str(self._count))
        language, concern = chance.choice(LANGUAGES), chance.choice(CONCERNS)
        self._at(after_ms, ev.CallArrived(leg, "line"))
        known = chance.random()
        owner = chance.choice(self._owners) if known < 0.2 else ""
        classes = ("vip",) if known > 0.9 else ()
        self._at(after_ms, ev.CallerKnown(leg, f"t{chance.randrange(20_000)}", "", owner, classes))
        self._at(after_ms + 1, ev.LanguageChosen(leg, language))
        self._at(after_ms + 2, ev.ConcernChosen(leg, concern))
        self._at(after_ms + 3, ev.CallWaiting(leg, language, concern, "", 0, 0))

    def _serve(self, command: Connect) -> None:
        self._count += 1
        leg, phone = ev.Leg("n", f"x{self._count}"), command.reach.address
        talk = self.chance.randint(*TALK_MS)
        for after, event in (
            (5, ev.DialBegan(command.caller, leg, phone)),
            (6, ev.DeviceChanged(phone, "RINGING")),
            (7, ev.PhoneRang(leg)),
            (1_000, ev.DeviceChanged(phone, "INUSE")),
            (1_001, ev.Bridged(command.caller, leg, phone)),
            (talk, ev.LegEnded(leg, 16)),
            (talk + 1, ev.CallEnds(command.caller, "staff")),
            (talk + 2, ev.LegEnded(command.caller, 16)),
            (talk + 3, ev.DeviceChanged(phone, "NOT_INUSE")),
        ):
            self._at(after, event)
        self._arrive(talk + self.chance.randrange(1_000))

    def run(self, events: int) -> None:
        """So many events; deadlines pass as an event of their own, as the live loop has it."""
        step, times = self.engine.step, self.times
        for _ in range(events):
            due = self.engine.due()
            if due is not None and due < self._agenda[0][0]:
                self.now, event = due, ev.Elapsed()
            else:
                self.now, _, event = heapq.heappop(self._agenda)
            began = perf_counter()
            effects = step(event, self.now)
            times.append(perf_counter() - began)
            for command in effects.commands:
                if isinstance(command, Connect):
                    self._serve(command)


def main(figures: Figures, small: bool, _folder: Path) -> None:
    """Measure each size."""
    for staff, waiting in SIZES:
        centre = Centre(staff, waiting)
        centre.run((waiting + staff) * 8)
        centre.times.clear()
        centre.run(2_000 if small else 100_000)
        figures.add(
            f"engine, {staff:,} staff, {waiting:,} waiting (ms)",
            events_per_second=round(len(centre.times) / sum(centre.times)),
            **spread(centre.times, 1000),
            waiting_at_the_end=sum(visit.state == "waiting" for visit in centre.engine.world.visits.values()),
        )
