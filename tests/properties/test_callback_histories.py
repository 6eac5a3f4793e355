"""Callbacks against a telephone system of chance, which goes on while the daemon is away: whatever is lost,
nobody is called twice at once or after a talk, every call is counted, and each callback ends once."""

from collections import Counter
from random import Random

import pytest

from acd.frozen import Copied, thawed
from routing import events as ev
from routing import facts
from routing import visit as table
from routing.commands import CallBack, CancelCallback, Connect
from routing.engine import Effects, Engine
from routing.policy import Callbacks
from routing.standing import SAYS_MS
from routing.world import Visit
from tests.fakes.centre import NODE, POLICY, ROSTER, Bench

RULES = Callbacks(50, (5_000, 20_000), 50, 1_000, 100)
PHONES = {agent.id: agent.reach.address for agent in ROSTER.agents}
STEP_MS = 700


class Dial:
    """One callback as the telephone system carries it out: rings, lifted, calls, talks, over."""

    def __init__(self, command: CallBack) -> None:
        self.command = command
        self.state = "rings"
        self.lifted = self.called = self.answered = self.over = 0
        self.status, self.sip = "", -1
        self.phone = ev.Leg(NODE, f"cb{command.id}")
        self.out = ev.Leg(NODE, f"out{command.id}")

    def row(self) -> ev.LedgerCallback:
        picked_up = self.answered - SAYS_MS if self.answered else 0  # they hear who calls before the talk
        times = self.lifted, self.called, picked_up, self.over
        address = self.command.reach.address
        return ev.LedgerCallback(
            self.command.id, self.command.visit, self.phone, address, *times, self.status, self.sip
        )

    def legs(self) -> list[ev.LegSeen]:
        bridge = "b" if self.state == "talks" else ""
        rest = ("", "", "", 0, 0, self.command.id, 0, self.command.id)
        up = self.state != "rings"
        found = [
            ev.LegSeen(self.phone, self.phone, self.command.reach.address, "acd-callback", bridge, up, *rest)
        ]
        if self.state in ("calls", "talks"):
            found.append(ev.LegSeen(self.out, self.phone, "", "acd-callback", bridge, True, *rest))
        return found


class Town:
    """The engine, the telephone system, who is called. `called`: token -> how often their telephone rang."""

    def __init__(self, seed: int, steers: bool = False, outage: bool = False) -> None:
        """steers: somebody in charge has a hand in it, by a chance of their own. outage: until the end, half
        of the calls do not get out."""
        self.chance = Random(seed)
        self.steers = Random(f"{seed}/steers") if steers else None
        self.outage = Random(f"{seed}/outage") if outage else None
        self.bench = Bench(POLICY._replace(callbacks=RULES, wrap_up_ms=1_000))
        self.dials: list[Dial] = []
        self.away = False
        self.lines = 0
        self.called: Counter[str] = Counter()
        self.talked: set[str] = set()
        self.told: list[facts.Fact] = []
        self.bench.login(*PHONES.values())

    # --- what the engine hears and says --------------------------------------------------------------

    def tell(self, event: ev.Event, after_ms: int = 1) -> None:
        if self.away and not isinstance(event, ev.TermBegan | ev.LedgerRead | ev.PbxSnapshot):
            self.bench.now += after_ms
            return
        self.obey(self.bench.tell(event, after_ms))

    def obey(self, effects: Effects) -> None:
        self.told += effects.facts
        for command in effects.commands:
            if isinstance(command, CallBack) and self.chance.random() < 0.9:
                self.dials.append(Dial(command))
                self.tell(ev.CallbackRings(command.id, self.dials[-1].phone, command.reach.address))
                self.tell(ev.PhoneRang(self.dials[-1].phone))
            elif isinstance(command, CancelCallback):
                for each in [d for d in self.dials if d.command.id == command.offer]:
                    self.hang_up(each, "CANCEL")
            elif isinstance(command, Connect):
                phone = ev.Leg(NODE, f"p{command.id}")
                self.tell(ev.DialBegan(command.caller, phone, command.reach.address))
                self.tell(ev.Bridged(command.caller, phone, command.reach.address))

    # --- the telephone system ------------------------------------------------------------------------

    def hang_up(self, dial: Dial, status: str) -> None:
        if dial.state == "over":
            return
        before, dial.state = dial.state, "over"
        if before != "rings":
            if before == "calls" and self.outage is not None and self.outage.random() < 0.5:
                status, dial.sip = "CONGESTION", 503
            dial.over, dial.status = self.bench.now, status
            self.tell(ev.CallbackOver(dial.command.id, dial.phone, status, 0, dial.sip))
        for leg in (dial.out, dial.phone) if before in ("calls", "talks") else (dial.phone,):
            self.tell(ev.LegEnded(leg, 16 if before != "rings" else self.chance.choice((17, 21, 19))))

    def goes_on(self, dial: Dial) -> None:
        number, chance = dial.command.id, self.chance
        if dial.state == "rings" and chance.random() < 0.7:
            dial.state, dial.lifted = "lifted", self.bench.now
            self.tell(ev.CallbackLifted(number, dial.phone))
        elif dial.state == "lifted" and chance.random() < 0.8:
            dial.state, dial.called = "calls", self.bench.now
            token = dial.command.token
            others = [d for d in self.dials if d is not dial and d.command.token == token]
            assert not [d for d in others if d.state in ("calls", "talks")], "called twice at once"
            assert token not in self.talked, "called after a talk"
            self.called[token] += 1
            self.tell(ev.CallbackCalls(number, dial.phone, dial.out))
        elif dial.state == "calls" and chance.random() < 0.6:
            dial.state, dial.answered = "talks", self.bench.now
            self.talked.add(dial.command.token)
            self.tell(ev.Bridged(dial.out, dial.phone, dial.command.reach.address))
        else:
            self.hang_up(
                dial, {"lifted": "SKIPPED", "calls": "NOANSWER", "talks": "ANSWER"}.get(dial.state, "")
            )

    # --- what happens --------------------------------------------------------------------------------

    def step(self) -> None:
        """One thing, or a moment of time."""
        kind, chance = self.chance.random(), self.chance
        running = [each for each in self.dials if each.state != "over"]
        if self.steers is not None and self.steers.random() < 0.3 and not self.away:
            self.steer(self.steers)
        if kind < 0.1 and not self.away:
            self.lines += 1
            self.tell(ev.CallbackWished(f"w{self.lines}", chance.choice(("de", "en")), "other", "", 0, 0))
        elif kind < 0.2 and not self.away:
            self.asks()
        elif kind < 0.25 and not self.away:
            self.away = True
        elif kind < 0.35 and self.away:
            self.back()
        elif kind < 0.8 and running:
            self.goes_on(chance.choice(running))
        elif kind < 0.85 and not self.away:
            agent = chance.choice(list(PHONES))
            self.tell(ev.StaffAsked(agent, "", chance.choice(("ready", "notready", "login")), "", None))
        else:
            self.tell(ev.Elapsed(), chance.choice((1, STEP_MS, 5_000, 30_000)))

    def steer(self, chance: Random) -> None:
        """Of somebody who is to be called, or who was not served: those call under tokens of their own."""
        promised = self.promised() or [5]
        visit, agent = chance.choice(promised), chance.choice(list(PHONES))
        known = self.bench.engine.world.visits.get(visit)
        self.lines += 1
        event: ev.Event = chance.choice(
            (
                ev.CallbackGiven(7, f"g{self.lines}", "de", "other", ""),
                ev.CallbackGiven(7, known.token if known is not None else "", "de", "other", ""),
                ev.VisitPlaced(visit, chance.choice(("front", "back", "own_place"))),
                ev.PersonNamed(visit, chance.choice((agent, ""))),
                ev.NeedGiven(visit, chance.choice(("de", "en", "")), ""),
                ev.OfferedByHand(visit, agent),
                ev.OfferPulledBack(visit),
                ev.OfferPulledBack(visit),
                ev.CallbackCancelled(visit),
            )
        )
        self.tell(event)

    def asks(self) -> None:
        self.lines += 1
        leg = ev.Leg(NODE, f"in{self.lines}")
        self.tell(ev.CallWaiting(leg, "tr", "other", "", 0, 0))
        self.tell(ev.CallbackAsked(leg, f"a{self.lines}", 0, 0))
        self.tell(ev.LegEnded(leg, 16))

    def back(self) -> None:
        """A daemon born from the kept world reads the ledger, and sees what stands."""
        self.away = False
        self.bench.engine = Engine(thawed(Copied(self.bench.engine.world).frozen()))
        self.obey(self.bench.tell(ev.TermBegan(self.bench.engine.world.term + 1)))
        rows = tuple(each.row() for each in self.dials if each.lifted)
        self.obey(self.bench.tell(ev.LedgerRead(NODE, (), rows)))
        legs = tuple(leg for each in self.dials if each.state != "over" for leg in each.legs())
        busy = {each.command.reach.address for each in self.dials if each.state != "over"}
        devices = tuple((phone, "INUSE" if phone in busy else "NOT_INUSE") for phone in PHONES.values())
        self.obey(self.bench.tell(ev.PbxSnapshot(self.bench.now + 1, True, legs, devices, NODE)))

    def drain(self) -> None:
        """Everybody is at work and does what they are asked, until nobody is to be called."""
        self.outage = None
        if self.away:
            self.back()
        for phone in PHONES.values():
            self.tell(ev.DeviceChanged(phone, "NOT_INUSE", NODE))
        for _ in range(4_000):
            for agent in PHONES:
                if self.bench.engine.world.people[agent].presence != "ready":
                    self.tell(ev.StaffAsked(agent, "", "login", "", None))
            running = [each for each in self.dials if each.state != "over"]
            if not running and not self.promised():
                return
            for each in running:
                self.goes_on(each)
            self.tell(ev.Elapsed(), STEP_MS)
        raise AssertionError(f"still to be called: {self.promised()}")

    def promised(self) -> list[int]:
        world = self.bench.engine.world
        return [each.id for each in world.visits.values() if each.kind in table.OUTBOUND]


@pytest.mark.parametrize("how", ["alone", "steered", "outage"])
@pytest.mark.parametrize("seed", range(120))
def test_nobody_is_called_twice_and_each_callback_ends_once(seed: int, how: str) -> None:
    town = Town(seed, how == "steered", how == "outage")
    for _ in range(160):
        town.step()
    town.drain()
    begun = {f.visit: f for f in town.told if isinstance(f, facts.VisitBegan) and f.kind in table.OUTBOUND}
    ended = Counter(f.visit for f in town.told if isinstance(f, facts.VisitEnded) and f.visit in begun)
    assert set(ended) == set(begun)
    assert set(ended.values()) <= {1}
    dialled = Counter(f.visit for f in town.told if isinstance(f, facts.CallbackDialled))
    rang = {d.command.visit: town.called[d.command.token] for d in town.dials if town.called[d.command.token]}
    assert dict(dialled) == rang
    assert all(f.attempts >= 0 for f in town.told if isinstance(f, facts.CallbackNotOut))
    gaps = facts.CallbackFailed, facts.CallbackNotOut
    failed = Counter(f.visit for f in town.told if isinstance(f, gaps) and f.visit in dialled)
    assert all(failed[visit] <= times for visit, times in dialled.items())
    outcomes = {f.visit: f.outcome for f in town.told if isinstance(f, facts.VisitEnded)}
    answered = {d.command.visit for d in town.dials if d.answered}
    assert {visit for visit in begun if outcomes[visit] == facts.ANSWERED} == answered


ASKED_FROM = {
    table.GREETED: (ev.LanguageChosen(ev.Leg(NODE, "1"), "de"),),
    table.WAITING: (),
    table.LEAVING: (),
    table.DEGRADED: (ev.DegradedEntered(ev.Leg(NODE, "1")),),
    table.CLOSING: (ev.TurnedAway(ev.Leg(NODE, "1"), "de"),),
    table.PROMISED: (ev.CallbackAsked(ev.Leg(NODE, "1"), "t", 0, 0),),
}
"""What leads to each state from which a callback can be asked for."""

NEXT = {
    table.QUEUE: ev.CallWaiting(ev.Leg(NODE, "1"), "de", "other", "", 0, 0),
    table.CHOOSE_ANEW: ev.MenuAsked(ev.Leg(NODE, "1")),
    table.DEGRADE: ev.DegradedEntered(ev.Leg(NODE, "1")),
    table.TURN_AWAY: ev.TurnedAway(ev.Leg(NODE, "1"), "de"),
    table.GO_OUTSIDE: ev.WentOutside(ev.Leg(NODE, "1"), ""),
    table.CONNECT: ev.Bridged(ev.Leg(NODE, "1"), ev.Leg(NODE, "2"), "p02"),
    table.PROMISE: ev.CallbackAsked(ev.Leg(NODE, "1"), "t", 0, 0),
    table.END: ev.LegEnded(ev.Leg(NODE, "1"), 16),
}
"""What leads away from who was promised one."""


def asked_from(state: str) -> tuple[Bench, Visit]:
    """A caller in this state, who asks now."""
    bench, leg = Bench(POLICY._replace(callbacks=RULES)), ev.Leg(NODE, "1")
    bench.tell(ev.CallArrived(leg, "line"))
    if state != table.GREETED:
        bench.tell(ev.CallWaiting(leg, "de", "other", "", 0, 0))
    visit = next(iter(bench.engine.world.visits.values()))
    for each in ASKED_FROM[state]:
        bench.tell(each)
    if state == table.LEAVING:
        bench.engine._moves.visits.dismiss(visit)
    assert visit.state == state
    bench.tell(ev.CallbackAsked(leg, "t", 0, 0))
    return bench, visit


@pytest.mark.parametrize("state", ASKED_FROM)
def test_a_callback_can_be_asked_for_wherever_the_table_says(state: str) -> None:
    assert {each for each, trigger in table.TRANSITIONS if trigger == table.PROMISE} == set(ASKED_FROM)
    _, visit = asked_from(state)
    assert visit.state == table.PROMISED


@pytest.mark.parametrize("trigger", NEXT)
def test_who_was_promised_one_goes_wherever_the_table_says_and_it_stands(trigger: str) -> None:
    assert {each for state, each in table.TRANSITIONS if state == table.PROMISED} == set(NEXT)
    bench, visit = asked_from(table.WAITING)
    bench.tell(NEXT[trigger])
    assert visit.state == table.TRANSITIONS[table.PROMISED, trigger] or trigger == table.END
    if trigger != table.END:
        bench.tell(ev.LegEnded(ev.Leg(NODE, "1"), 16), 30_000)
    left = [each.token for each in bench.engine.world.visits.values()]
    assert left == ([] if trigger == table.CONNECT else ["t"])
