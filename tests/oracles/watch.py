"""An engine under watch: every step of it is held against everything that can be said of it from outside."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import TypeVar

from acd import replay
from agents.model import Reach
from routing import events as ev
from routing import explain, facts
from routing.board import board
from routing.commands import (
    BLOCKED,
    CallInterpreter,
    Confirm,
    Connect,
    Say,
    SetFallback,
    TurnAway,
    Withdraw,
)
from routing.desk import desk
from routing.engine import Effects, Engine
from routing.index import TAKEN_UP, Index
from routing.policy import Policy
from routing.world import Visit, World
from tests.oracles import plainly
from tests.oracles.accounts import Accounts
from tests.oracles.ledgers import Written, told_as_written
from tests.oracles.snapshots import Before, Drift, agrees_after_linkup, phones_in_use
from tests.oracles.story import Story

T = TypeVar("T")


class Watch:
    """What was told so far. `twins`: each step is made a second time by an engine that was just born from
    the kept world, and must come out the same."""

    def __init__(self, twins: bool = True) -> None:
        self.story = Story()
        self.accounts = Accounts()
        self._twins = twins
        self._told: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}
        self._reach: dict[str, Reach] = {}
        self._drift = Drift()
        self._over: set[int] = set()
        self._sent: set[int] = set()
        self._last_id = 0
        self._keyed: set[ev.Leg] = set()
        self._differed: tuple[int, str, int, str] = (0, "", 0, "")

    def step(self, engine: Engine, event: ev.Event, now: int) -> Effects:
        """Let the engine make this step, and judge it."""
        before = self._twin(engine) if self._twins else None
        legs_before = self.story.legs()
        self._reach = {key: person.agent.reach for key, person in engine.world.people.items()}
        overdue = engine.due(now) is not None
        known = Written(engine.world) if isinstance(event, ev.LedgerRead) else None
        old = Before(engine.world, event.node) if isinstance(event, ev.PbxSnapshot) else None
        effects = engine.step(event, now)
        world = engine.world
        if before is not None:
            assert before.step(event, now) == effects, "one that was just born decides otherwise"
            assert not (other := differing(before.world, world)), other
        self.story.hear(effects.facts, world.now_ms, late=isinstance(event, ev.LedgerRead))
        self.story.agrees_with(world)
        policy = world.policy
        self.accounts.hear(effects.facts, world.now_ms, policy.days if policy else ())
        self.accounts.agree_with(world)
        self._commands(world, event, effects, legs_before)
        self._answers(world, event, effects, legs_before)
        deadlines(engine)
        nobody_waits_beside_who_could_take_them(engine)
        told_what_to_expect(world, effects)
        self._shadow(world, effects)
        pictured(world)
        at_each_desk(world)
        not_asked_again(world, effects)
        rests(world, effects)
        blocked(world, effects)
        self._withdrawn(world, event, effects)
        self._snapshot(world, event, effects, None if overdue else old)
        if isinstance(event, ev.LedgerRead) and known is not None:
            told_as_written(event, effects.facts, known)
        return effects

    def _snapshot(self, world: World, event: ev.Event, effects: Effects, old: Before | None) -> None:
        """Each PBX wins on what exists; while its link is up only on what differs twice in a row."""
        refused = isinstance(event, ev.TermBegan) and not _of(effects.facts, facts.TermOpened)
        if isinstance(event, ev.LinkDown | ev.TermBegan) and not refused:
            self._drift.forget(getattr(event, "node", ""))
        elif isinstance(event, ev.PbxSnapshot) and event.linkup:
            self._drift.forget(event.node)
            if old is not None:
                agrees_after_linkup(world, event, old)
                phones_in_use(world, event, old)
        elif isinstance(event, ev.PbxSnapshot) and old is not None:
            self._drift.look(event, old, effects.facts)
        elif isinstance(event, ev.PbxSnapshot):
            self._drift.trust(event, world)

    def _twin(self, engine: Engine) -> Engine:
        twin, _ = replay.thaw(replay.freeze(engine, 0))
        assert not (other := differing(twin.world, engine.world)), other
        return twin

    def _shadow(self, world: World, effects: Effects) -> None:
        """What the shadow would do otherwise now is the last difference that was told."""
        for fact in effects.facts:
            if isinstance(fact, facts.ShadowDiffered):
                told = tuple((each.visit, each.agent) if each else (0, "") for each in fact[1:])
                assert told[0] != told[1]
                self._differed = (*told[0], *told[1])
        if not plainly.linked(world, "") or world.policy is None:
            return
        other = plainly.choice(world, world.shadow) if world.shadow else None
        now = (0, "", other.visit, other.agent) if other else (0, "", 0, "")
        assert world.shadow_said == now
        assert other is None or self._differed == now

    def _withdrawn(self, world: World, event: ev.Event, effects: Effects) -> None:
        """An offer that we gave up takes its caller out of the dial; one that the PBX ended does not."""
        if isinstance(event, ev.DialEnded):
            self._over.add(event.offer)
        back = [each.caller for each in effects.commands if isinstance(each, Withdraw)]
        about = getattr(event, "leg", None) or getattr(event, "caller", None)
        for fact in _of(effects.facts, facts.OfferEnded):
            visit = world.visits.get(fact.visit)
            told = fact.offer in self._over or fact.offer == getattr(event, "command", 0)
            if visit is None or told or isinstance(event, ev.PbxSnapshot | ev.LedgerRead):
                continue
            if fact.outcome != facts.ANSWERED and visit.caller != about and visit.state != "talking":
                assert visit.caller in back, fact

    # --- commands follow from facts ------------------------------------------------------------------

    def _of_a_case(self, event: ev.Event, before: dict[int, ev.Leg]) -> list[tuple[ev.Leg, bool]]:
        """Who keyed a case hears once whether anybody knows it."""
        if isinstance(event, ev.CaseEntered) and event.leg in before.values():
            self._keyed.add(event.leg)
        if isinstance(event, ev.CallerKnown) and event.case and event.leg in self._keyed:
            self._keyed.discard(event.leg)
            return [(event.leg, event.case != ev.UNKNOWN_CASE)] if event.leg in before.values() else []
        return []

    def _commands(self, world: World, event: ev.Event, effects: Effects, before: dict[int, ev.Leg]) -> None:
        for command in effects.commands:
            assert command.id > self._last_id
            assert command.id >> 32 == world.term
            self._last_id = command.id
        self._connects(world, effects, before)
        called = [each for each in effects.commands if isinstance(each, CallInterpreter)]
        assert [each.language for each in called] == [
            each.language for each in _of(effects.facts, facts.InterpreterChanged) if each.state == "called"
        ]
        confirmed = [(each.leg, each.accepted) for each in effects.commands if isinstance(each, Confirm)]
        refused = [each for each in effects.facts if isinstance(each, facts.StaffRefused)]
        asked = isinstance(event, ev.StaffAsked) and event.leg is not None
        wanted = [(event.leg, not refused)] if asked else self._of_a_case(event, before)  # type: ignore[attr-defined]
        assert confirmed == wanted
        self._fallback(world, event, effects)

    def _connects(self, world: World, effects: Effects, before: dict[int, ev.Leg]) -> None:
        """One redirect for each offer, to the person's phone; none if they ring or talk in the same step."""
        made = [
            fact
            for place, fact in enumerate(effects.facts)
            if isinstance(fact, facts.OfferMade)
            and fact.visit not in [each.visit for each in _of(effects.facts[place:], facts.TalkBegan)]
            and fact.offer not in [each.offer for each in _of(effects.facts[place:], facts.OfferRang)]
        ]
        legs = {**before, **self.story.legs()}
        connects = [each for each in effects.commands if isinstance(each, Connect)]
        assert [(each.id, each.term) for each in connects] == [(each.offer, world.term) for each in made]
        self._sent = {each for each in self._sent if each in world.offers} | {each.id for each in connects}
        rung = [each.agent for each in world.offers.values() if each.id in self._sent]
        assert len(rung) == len(set(rung)), "one person is rung twice by us"
        for connect, offer in zip(connects, made, strict=True):
            assert connect.caller == legs[offer.visit]
            assert connect.reach in (self._reach[offer.agent], world.people[offer.agent].agent.reach)
        for withdraw in effects.commands:
            if isinstance(withdraw, Withdraw):
                assert withdraw.caller in legs.values()

    def _fallback(self, world: World, event: ev.Event, effects: Effects) -> None:
        """Each dialplan knows whom to ring without us: told at its link-up, and when that changes."""
        said = [each for each in effects.commands if isinstance(each, SetFallback)]
        linkup = {event.node} if isinstance(event, ev.PbxSnapshot) and event.linkup else set()
        for command in said:
            assert command.term == world.term
            assert command.node in linkup or command.phones != self._told[command.node]
            assert world.links[command.node].up
            self._told[command.node] = command.phones
        if world.policy is not None:
            duty = on_duty(world)
            assert all(self._told[name] == duty for name, link in world.links.items() if link.up)

    # --- what was asked is answered ------------------------------------------------------------------

    def _answers(self, world: World, event: ev.Event, effects: Effects, before: dict[int, ev.Leg]) -> None:
        """Facts that stand in no world: each follows from its event, and only from it."""
        said = effects.facts
        lost = [(each.command, each.why) for each in _of(said, facts.CommandLost)]
        assert lost == ([(event.command, event.why)] if isinstance(event, ev.CommandFailed) else [])
        moved = [each.by_ms for each in _of(said, facts.ClockMoved)]
        assert moved == ([event.by_ms] if isinstance(event, ev.ClockStepped) else [])
        gaps = [(each.first, each.last) for each in _of(said, facts.JournalLost)]
        assert gaps == ([(event.first, event.last)] if isinstance(event, ev.JournalGap) else [])
        known = [number for number, leg in before.items() if leg == getattr(event, "leg", None)]
        if not isinstance(event, ev.LedgerRead):
            self._recordings(event, _of(said, facts.RecordingChanged), known)

    def _recordings(self, event: ev.Event, said: list[facts.RecordingChanged], known: list[int]) -> None:
        """Told as it was heard, if it is new; the story sees to it that a step is told once."""
        if not isinstance(event, ev.RecordingTold):
            assert not said
            return
        told = [(each.visit, each.what, each.by, each.step) for each in said]
        assert told in ([(number, *event[1:]) for number in known], [])
        assert told or not known or event.step


def not_asked_again(world: World, effects: Effects) -> None:
    """Who did not take a caller is not asked for them again as long as the rules say."""
    for fact in effects.facts:
        if isinstance(fact, facts.TalkFailed):
            outcome = facts.NO_ANSWER
        elif isinstance(fact, facts.OfferEnded):
            outcome = fact.outcome
        else:
            continue
        until = fact.at_ms + max(
            (each.retry_ms for each in world.rules.refusals if each.outcome == outcome), default=0
        )
        visit = world.visits.get(fact.visit)
        if visit is not None and until > max(fact.at_ms, world.now_ms) and fact.agent:
            assert (fact.agent, until) in visit.asked


def rests(world: World, effects: Effects) -> None:
    """Who asked for quiet time is offered nobody until it is over, and it is over in time."""
    for key, person in world.people.items():
        assert not person.quiet_until_ms or person.quiet_min
        assert person.quiet_until_ms in (0, person.talked_ms + person.quiet_min * 60_000)
        made = [each for each in _of(effects.facts, facts.OfferMade) if each.agent == key]
        over = person.talked_ms + person.quiet_min * 60_000
        if person.talked_ms and person.quiet_min:
            assert all(each.at_ms >= over or each.choice.decided_by == TAKEN_UP for each in made)
        assert person.presence != "logged_out" or not person.quiet_min


def blocked(world: World, effects: Effects) -> None:
    """Only who is blocked now hears so, and goes; no talk ends by it."""
    gone = [each for each in effects.commands if isinstance(each, TurnAway) and each.sentence == BLOCKED]
    for command in gone:
        visit = next(each for each in world.visits.values() if each.caller == command.caller)
        assert visit.state == "leaving"
        assert world.blocked[visit.token].until_ms > world.now_ms
    for fact in _of(effects.facts, facts.VisitEnded):
        assert fact.outcome != facts.BLOCKED or fact.visit not in [
            each.visit for each in _of(effects.facts, facts.TalkEnded)
        ]


def pictured(world: World) -> None:
    """The board counts what there is, and shows everybody as others see them."""
    shown = board(world, world.now_ms)
    states = Counter(each.state for each in world.visits.values())
    assert (shown.in_menu, shown.talking, shown.degraded) == (
        states["greeted"],
        states["talking"],
        states["degraded"],
    )
    assert shown.ringing == states["offered"] + states["ringing"]
    cells: dict[tuple[str, str], list[int]] = {}
    for each in world.visits.values():
        if each.state == "waiting":
            cells.setdefault((each.language, each.concern), []).append(each.queued_ms)
    assert [tuple(each) for each in shown.waiting] == [
        (*cell, len(since), min(since)) for cell, since in sorted(cells.items())
    ]
    assert [(each.id, each.state, each.reason, each.since_ms) for each in shown.staff] == [
        (key, each.shown, each.shown_reason, each.shown_ms) for key, each in world.people.items()
    ]
    assert (shown.link_up, shown.open, shown.term) == (world.link_up, world.open, world.term)


def at_each_desk(world: World) -> None:
    """A desk shows what its person does, who waits in their languages, and nobody's token."""
    waiting = [each for each in world.visits.values() if each.state == "waiting"]
    for key, person in world.people.items():
        seen = desk(world, key, world.now_ms)
        assert seen is not None
        assert [(each.visit, each.state) for each in seen.calls] == [
            (each.visit, each.activity) for each in person.engagements
        ]
        theirs = [
            each
            for each in waiting
            if any(
                code and world.policy is not None and plainly.level(world.policy, person.agent, code) > 0
                for code in (each.language, each.second)
            )
        ]
        assert sum(each.callers for each in seen.waiting) == len(theirs)
        assert {each.longest_since_ms for each in seen.waiting} <= {each.queued_ms for each in theirs}
        assert {each.id for each in (*seen.handovers, *seen.left)} == {
            each.id for each in world.handovers.values() if key in (each.agent, each.to)
        }
        told = repr(seen)
        assert not any(f"'{each.token}'" in told for each in world.visits.values() if each.token)


def differing(one: World, other: World) -> list[tuple[str, object, object]]:
    """Field by field, what two worlds do not have in common. Whose time is over does not count as asked."""
    found: list[tuple[str, object, object]] = []
    for name in (each.name for each in fields(World)):
        mine, theirs = getattr(one, name), getattr(other, name)
        if name == "visits" and mine != theirs:
            mine, theirs = _who_still_counts(one), _who_still_counts(other)
        if isinstance(mine, dict) and list(mine) == list(theirs):
            found += [(f"{name} {key}", mine[key], theirs[key]) for key in mine if mine[key] != theirs[key]]
        elif mine != theirs:
            found.append((name, mine, theirs))
    return found


def _who_still_counts(world: World) -> dict[int, Visit]:
    def asked(visit: Visit) -> tuple[tuple[str, int], ...]:
        return tuple(each for each in visit.asked if each[1] > world.now_ms)

    return {key: replace(visit, asked=asked(visit)) for key, visit in world.visits.items()}


def _of(said: Iterable[object], kind: type[T]) -> list[T]:
    return [each for each in said if isinstance(each, kind)]


def on_duty(world: World) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """By language ("" for any): phones of those who take calls and speak it at all, 50 at most."""
    policy = world.rules
    languages = sorted({code for each in world.people.values() for code, _ in each.agent.languages})
    ready = [each.agent for each in world.people.values() if each.presence == "ready"]
    rows = [("", [each.reach.address for each in ready])]
    for language in (*languages, plainly.UNKNOWN):
        speakers = [each for each in ready if plainly.level(policy, each, language) >= 1]
        rows.append((language, [each.reach.address for each in speakers]))
    return tuple((language, tuple(phones[:50])) for language, phones in rows)


def deadlines(engine: Engine) -> None:
    """The next deadline is the first that the records name; each is where the rules put it."""
    world = engine.world
    if world.policy is None:
        assert engine.due() is None
        return
    now = world.now_ms
    whens = [plainly.next_hour(world.policy, world.shadow, now)]
    whens += [each.until_ms for each in (*world.by_hand.values(), *world.lent.values())]
    whens += [each for each in (*plainly.last_served(world), world.unreached_ms + 60_000) if each > now]
    if plainly.linked(world, ""):
        whens += _of_visits(world, world.policy)
        whens += [each.until_ms for person in world.people.values() for each in person.engagements]
        whens += [person.quiet_until_ms for person in world.people.values()]
    assert engine.due() == min((each for each in whens if each), default=None)
    assert engine.due(now) is None, "overdue"
    by_rule = any(begin <= now < end for begin, end in world.policy.opening)
    by_hand = plainly.by_hand(world, "hours", "/")
    assert world.open == (by_rule if by_hand == "rules" else by_hand == "open")
    assert all(each.until_ms > now for each in world.lent.values())
    shut = [each.key for each in world.policy.hours if not any(a <= now < b for a, b in each.when)]
    assert list(world.shut) == shut


def _of_visits(world: World, policy: Policy) -> list[int]:
    """The deadlines of visits and their offers. Where the PBX is away they stand still."""
    whens = []
    for visit in world.visits.values():
        offer = world.offers.get(visit.offer)
        mine = [visit.widen_ms, visit.retry_ms, visit.parting_ms, offer.deadline_ms if offer else 0]
        mine.append(visit.overflow_ms)
        expected = [0, 0, 0, 0, 0]
        if plainly.linked(world, visit.node):
            going = visit.state in ("parting", "leaving")
            expected = [0, 0, mine[2] if going else 0, mine[3] if offer else 0, 0]
            assert not going or world.now_ms < visit.parting_ms <= world.now_ms + 5_000
            assert offer is None or world.now_ms < offer.deadline_ms <= world.now_ms + policy.lease_ms
            if visit.state == "waiting":
                rules = [each for each in (policy, world.shadow) if each]
                changes = [plainly.need_changes(each, visit, world.now_ms) for each in rules]
                expected[0] = min((each for each in changes if each), default=0)
                expected[1] = min((until for _, until in visit.asked), default=0)
                expected[4] = plainly.overflows_at(world, policy, visit)
        assert mine == expected
        whens += mine
        whens += [visit.say_ms] if visit.state == "waiting" and visit.say_ms > world.now_ms else []
        if visit.unsaid and visit.state == "waiting" and plainly.linked(world, visit.node):
            assert world.now_ms < visit.say_ms, "kept for ever"
            soon = max(world.now_ms + 1, visit.said_ms + 15_000)
            assert policy.announcing or visit.say_ms <= soon
    return whens


def nobody_waits_beside_who_could_take_them(engine: Engine) -> None:
    """And the explanation names the same reasons as the rules in plain words."""
    world, policy, index = engine.world, engine.world.policy, engine.index
    if policy is None or index is None:
        return
    for visit in plainly.in_order(world, policy):
        assert plainly.able(world, policy, visit) == []
    explained(index, world, policy)


def told_what_to_expect(world: World, effects: Effects) -> None:
    """Who waits and can be heard was told their prospect; nobody waits for nobody; each word is a fact."""
    said = []
    for each in effects.commands:
        if isinstance(each, Say):
            said += each.sentences
        elif isinstance(each, Withdraw) and each.sentence:
            said.append(each.sentence)
    assert said == [each.sentence for each in _of(effects.facts, facts.CallerTold)]
    if world.policy is None:
        return
    for visit in world.visits.values():
        if visit.state == "waiting" and visit.caller is not None and plainly.linked(world, visit.node):
            expected = plainly.prospect(world, visit)
            assert expected != "over", "waits for nobody"
            assert visit.told == expected, (visit, expected, effects.facts)
            until = [each.until_ms for token, each in world.blocked.items() if token == visit.token]
            assert not until or until[0] <= world.now_ms, "waits, and is blocked"


def explained(index: Index, world: World, policy: Policy) -> None:
    """Reasons for each caller and person, counted and in full, are those of the rules in plain words."""
    sought = [each for each in world.visits.values() if each.state in ("waiting", "offered", "ringing")]
    whys = {visit.id: plainly.reasons(world, policy, visit) for visit in sought}
    looked = list(explain.look(index, world, policy, world.now_ms))
    found = [each for each in looked if isinstance(each, explain.Sought)]
    assert [(each.visit.id, dict(each.people)) for each in found] == [
        (visit.id, dict(Counter(whys[visit.id].values()))) for visit in sought
    ]
    waiting = [each for each in sought if each.state == "waiting"]
    idle = [each for each in looked if isinstance(each, explain.Idle)]
    assert [each.agent for each in idle] == [key for key, each in world.people.items() if plainly.free(each)]
    for person in idle:
        said = Counter(whys[visit.id][person.agent] for visit in waiting)
        assert dict(person.callers) == dict(said)
    for visit in world.visits.values():
        everybody = list(explain.candidates(index, world, policy, visit, world.now_ms))
        assert {each.agent: each.reason for each in everybody} == whys.get(visit.id, {})
        for each in everybody:
            someone = world.people[each.agent]
            step = plainly.fitting(policy, world.people, visit, someone.agent, world.now_ms)
            language = plainly.tongue(policy, step, visit, someone.agent)
            assert each[2:] == (
                language,
                plainly.level(policy, someone.agent, language),
                step.language,
                plainly.knows(someone.agent, visit.concern),
                step.concern,
                someone.appears,
            )
