"""Finds the candidates fast: staff as bits of integers, callers in queues by what they need.

Derived from the world and rebuilt on load; equal to a plain search by routing.select.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from agents.model import UNDETERMINED
from agents.state import QUIET, READY
from routing import by_hand
from routing.need import Need, Needs, overflows
from routing.policy import Overflow, Policy, Reserve
from routing.select import (
    ASKED_ALREADY,
    CONCERN_TOO_LOW,
    CRITERIA,
    HELD_IN_RESERVE,
    IN_QUIET_TIME,
    LANGUAGE_TOO_LOW,
    NAMED_ANOTHER,
    NOT_FREE,
    OWNERS_TIME,
    REASONS,
    SUITS,
    caller_order,
    keeps,
    person_order,
)
from routing.skills import Criteria, Ranking, Skills, Terms, places
from routing.world import Person, Visit, World

LOST_MAX = 30
"""How many people who were passed over an explanation names."""

ANNOUNCED_MAX = 50
"""How many phones the dialplan is told to ring by itself, for each language."""

BY_HAND = "by_hand"
"""Nobody was chosen by rule: a supervisor offered it."""
ONLY_ONE = "only_candidate"
ROSTER_ORDER = "roster_order"
TAKEN_UP = "taken_up"
"""Nobody was chosen: the phone rang already, for an offer of ours that had ended."""

Queue = list[tuple[int, int]]


class Lost(NamedTuple):
    """Somebody who could have taken the caller, the criterion by which another went before, and the two
    orders by it (a lower one goes first)."""

    agent: str
    criterion: str
    order: int
    best: int


class Choice(NamedTuple):
    """Who takes whom, and why.

    step: index in the caller's plan. language: the one they share. interpreter: the caller's language if
    one is needed, else "". candidates: how many could. decided_by: the criterion that left one alone.
    lost: others who could, LOST_MAX at most.
    """

    visit: int
    agent: str
    step: int
    language: str
    language_level: int
    concern_level: int
    interpreter: str
    candidates: int
    decided_by: str
    lost: tuple[Lost, ...]


class Lane:
    """Callers with the same need, in their order. mask: the people whose skills suit them, asked ones out.

    criteria: by which the best of several is found. terms: of those who were chosen once, by place.
    """

    __slots__ = ("criteria", "mask", "need", "queue", "terms")

    def __init__(self, need: Need, mask: int) -> None:
        self.need = need
        self.mask = mask
        self.queue: Queue = []
        self.criteria: Criteria = ()
        self.terms: dict[int, Terms] = {}


Head = tuple[int, int, Lane]
"""Who is the first of a lane, as in its queue, and the lane."""


class Duty:
    """Phones of those who take calls and speak a language, in team order. speakers: -1 for everybody."""

    __slots__ = ("announced", "language", "phones", "speakers")

    def __init__(self, language: str, speakers: int) -> None:
        self.language = language
        self.speakers = speakers
        self.phones: list[str] = []
        self.announced: tuple[str, tuple[str, ...]] = (language, ())


class Index:
    """Bits of people by skill and state, and queues of waiting callers by need, under one policy.

    line: how many wait on the line, and so are not called. held_back: whom we call has to wait for these.
    """

    def __init__(self, world: World, policy: Policy, like: "Index | None" = None) -> None:
        """like: of a world with the same policy and the same people in the same order, whatever state they
        are in: what follows from skills alone is not worked out again."""
        self._world = world
        self._policy = policy
        self._people = list(world.people.values())
        self._ids = [person.agent.id for person in self._people]
        self._place = {agent: i for i, agent in enumerate(self._ids)}
        self._bits = [1 << i for i in range(len(self._people))]
        self._needs: Needs = Needs(policy, world.people, like._needs if like is not None else None)
        self._skills: Skills = like._skills if like is not None else Skills(policy, self._people)
        self._lanes: dict[Need, Lane] = {}
        self._heads: list[Head] = []
        self._fresh: dict[Lane, None] | None = None
        self._owned: dict[str, dict[Need, Lane]] = {}
        self._owners = 0
        self._where: dict[int, tuple[Lane, tuple[int, int]]] = {}
        self._worth: dict[tuple[str, ...], int] = {}
        self._idle: list[tuple[int, int]] = []
        self._idle_since: dict[int, int] = {}
        self._holding: list[tuple[int, int]] = []
        self.free = 0
        self.line = 0
        self.held_back = False
        self._quiet = 0
        self._linked: int
        self._ready = 0
        self._at_work = 0
        self._ever: dict[tuple[object, ...], int] = {}
        self._overflows: dict[tuple[str, str], tuple[Overflow, ...]] = {}
        lines = {(each.language, each.concern): 0 for each in policy.overflow if each.length >= 0}
        self._lines: dict[tuple[str, str], int] | None = lines or None
        languages = sorted({code for p in self._people for code, _ in p.agent.languages})
        tongues = [(each, self._skills.speakers(each, 1)) for each in (*languages, UNDETERMINED)]
        self._duties = [Duty(language, speakers) for language, speakers in (("", -1), *tongues)]
        for person in self._people:
            self.attend(person)
            self.refresh(person)
        self.set_hours()
        self.set_links()

    # --- people --------------------------------------------------------------------------------------

    def refresh(self, person: Person) -> None:
        """Take over whether a person is free, and since when."""
        place = self._place[person.agent.id]
        bit = self._bits[place]
        since = self._idle_since.pop(place, None)
        if since is not None:
            del self._idle[bisect_left(self._idle, (since, place))]
            self.free &= ~bit
        if self._quiet or person.shown == QUIET:
            self._quiet = self._quiet | bit if person.shown == QUIET else self._quiet & ~bit
        if person.free:
            insort(self._idle, (person.idle_since_ms, place))
            self._idle_since[place] = person.idle_since_ms
            self.free |= bit
            self._fresh = None

    def attend(self, person: Person) -> None:
        """Put a person's phone among those of who takes calls, or out, in each language they speak."""
        place = self._place[person.agent.id]
        bit = self._bits[place]
        self._at_work = self._at_work | bit if person.at_work else self._at_work & ~bit
        if bool(self._ready & bit) == (person.presence == READY):
            return
        before, self._ready = self._ready & (bit - 1), self._ready ^ bit
        for duty in self._duties:
            if duty.speakers & bit:
                at = (before & duty.speakers).bit_count()
                if person.presence == READY:
                    duty.phones.insert(at, person.agent.reach.address)
                else:
                    del duty.phones[at]
                duty.announced = (duty.language, tuple(duty.phones[:ANNOUNCED_MAX]))

    def on_duty(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """By language ("" for any): phones of those who take calls and speak it, ANNOUNCED_MAX at most."""
        return tuple([duty.announced for duty in self._duties])

    def set_hours(self) -> None:
        """Take over which reserves hold at this hour."""
        self._fresh = None
        now = self._world.now_ms
        self._holding = [
            (i, self._skills.speakers(each.language, each.level))
            for i, each in enumerate(self._policy.reserves)
            if self._holds(each, now)
        ]

    def _holds(self, reserve: Reserve, now: int) -> bool:
        said = by_hand.how(self._world, by_hand.RESERVE, reserve.language)
        return reserve.holds(now) if said == by_hand.RULES else said == by_hand.ON

    def set_links(self) -> None:
        """Take over whose phone stands on a PBX that is linked."""
        self._fresh = None
        down = (i for i, p in enumerate(self._people) if not self._world.linked(p.agent.reach.node))
        self._linked = ~sum(self._bits[i] for i in down)

    def hold_back(self, held: bool) -> None:
        """Whether callbacks wait, since as many are carried out as may be beside callers on the line."""
        if self.held_back and not held:
            self._fresh = None
        self.held_back = held

    @property
    def taking(self) -> int:
        """How many people take calls, at a PBX that is linked."""
        return (self._ready & self._linked).bit_count()

    def _bit(self, agent: str) -> int:
        place = self._place.get(agent)
        return 0 if place is None else self._bits[place]

    # --- callers -------------------------------------------------------------------------------------

    def order(self, visit: Visit) -> tuple[int, int]:
        """Where this caller stands in line: who has less is before."""
        worth = self._worth.get(visit.classes)
        if worth is None:
            worth = self._worth[visit.classes] = self._policy.worth(visit.classes)
        return visit.place_ms or caller_order(visit.order_from_ms, worth), visit.id

    def enqueue(self, visit: Visit) -> int:
        """Put a waiting caller where their present need belongs, or move them there.

        Returns when time alone changes that need (epoch ms), 0 if never.
        """
        need, changes_ms = self._needs.at(visit, self._world.now_ms)
        self.dequeue(visit.id)
        order = self.order(visit)
        lanes = self._lanes
        if need.owner:
            lanes = self._owned.setdefault(need.owner, {})
            self._owners |= self._bit(need.owner)
        lane = lanes.get(need)
        if lane is None:
            lane = lanes[need] = self._lane(need)
        queue = lane.queue
        first = queue[0] if queue else None
        insort(queue, order)
        if not need.owner:
            if queue[0] is order:
                self._lead(lane, first)
            if self._fresh is not None:
                self._fresh[lane] = None
        self._where[visit.id] = (lane, order)
        if not need.called:
            self.line += 1
            if self._lines is not None:
                self._count(self._lines, need, 1)
        return changes_ms

    def _lane(self, need: Need) -> Lane:
        mask = self._skills.suited(need)
        for agent in need.asked:
            mask &= ~self._bit(agent)
        return Lane(need, mask & self._bit(need.owner) if need.owner else mask)

    def dequeue(self, visit: int) -> None:
        """Take a caller out; nothing happens if they are not in."""
        place = self._where.pop(visit, None)
        if place is None:
            return
        lane, order = place
        if not lane.need.called:
            self.line -= 1
            if self._lines is not None:
                self._count(self._lines, lane.need, -1)
        queue = lane.queue
        if queue[0] is not order:
            del queue[bisect_left(queue, order)]
            return
        del queue[0]
        if not lane.need.owner:
            self._lead(lane, order)
        if not queue:
            self._leave(lane)

    def _lead(self, lane: Lane, before: tuple[int, int] | None) -> None:
        """Somebody else is the first of a lane now, or nobody. before: who was, None if nobody."""
        if before is not None:
            del self._heads[bisect_left(self._heads, before)]
        if lane.queue:
            insort(self._heads, (*lane.queue[0], lane))

    def _leave(self, lane: Lane) -> None:
        """Nobody waits here. A lane that many will come to is kept for them."""
        owner = lane.need.owner
        if not owner:
            if self._fresh:
                self._fresh.pop(lane, None)
            if lane.need.asked:
                del self._lanes[lane.need]
            return
        del self._owned[owner][lane.need]
        if not self._owned[owner]:
            del self._owned[owner]
            self._owners &= ~self._bit(owner)

    def waiting(self, language: str, concern: str) -> int:
        """How many wait for this language and concern ("" for any); counted only where a rule asks for it."""
        return self._lines[language, concern] if self._lines is not None else 0

    @staticmethod
    def _count(lines: dict[tuple[str, str], int], need: Need, more: int) -> None:
        for line in lines:
            if line[0] in ("", need.language) and line[1] in ("", need.concern):
                lines[line] += more

    def overflows(self, visit: Visit) -> tuple[Overflow, ...]:
        """The rules of overflow that may still take effect for this caller, in the order of their turn."""
        key = (visit.language, visit.concern)
        found = self._overflows.get(key)
        if found is None:
            found = self._overflows[key] = overflows(self._policy, *key)
        done = visit.overflowed
        if self._world.by_hand:
            off = [each.name for each in found if self._is_off(each)]
            done = (*done, *off)
        return tuple([each for each in found if each.name not in done]) if done else found

    def _is_off(self, rule: Overflow) -> bool:
        return by_hand.how(self._world, by_hand.OVERFLOW, rule.name) == by_hand.OFF

    def anybody_for(self, visit: Visit) -> bool:
        """Whether anybody at work could take this caller at any step of their plan, or as it was widened; so
        can whom a supervisor named."""
        if visit.only and self._bit(visit.only) & self._at_work:
            return True
        return self._anybody(visit.language, visit.second, visit.concern, visit.overflowed)

    def _anybody(self, language: str, second: str, concern: str, overflowed: tuple[str, ...]) -> bool:
        key = (language, second, concern, overflowed)
        mask = self._ever.get(key)
        if mask is None:
            wider = self._policy.widened_by(overflowed)
            mask = 0
            for step in range(len(self._policy.plan(language, concern).steps)):
                mask |= self._skills.suited(Need(language, second, concern, step, (), "", (), wider))
            self._ever[key] = mask
        return bool(mask & self._at_work)

    def hopeless(self) -> Iterator[int]:
        """The waiting callers whom nobody at work could take at any step."""
        owned = (each for lanes in self._owned.values() for each in lanes.values())
        for lane in (*(lane for *_, lane in self._heads), *owned):
            # all of a lane are alike, whichever rules widened them
            if not self.anybody_for(self._world.visits[lane.queue[0][1]]):
                yield from [visit for _, visit in lane.queue]

    def speaks(self, *languages: str) -> bool:
        """Whether anybody who takes calls speaks one of these at all."""
        return any(self._skills.speakers(each, 1) & self._ready for each in languages if each)

    def is_next(self, visit: int) -> bool:
        """Whether a waiting caller goes before all others to everybody who takes calls and suits them now.
        False if nobody does."""
        place = self._where.get(visit)
        if place is None:
            return False
        lane, order = place
        takers = lane.mask & self._ready
        if not takers or lane.queue[0] != order:
            return False
        for *before, other in self._heads:
            if tuple(before) >= order:
                break
            if other.mask & takers:
                return False
        owned = [each for lanes in self._owned.values() for each in lanes.values()]
        return not any(each.queue[0] < order and each.mask & takers for each in owned)

    # --- decision ------------------------------------------------------------------------------------

    def decide(self) -> Choice | None:
        """The first caller in order who has a candidate, with the best of these; None if nobody has.

        Once nobody had, only who has joined since can have, until somebody becomes free or the hour changes.
        """
        found = self._first_with_candidates()
        if found is None:
            self._fresh = {}
            return None
        lane, candidates = found
        return self._choose(lane.queue[0][1], lane, candidates)

    def _first_with_candidates(self) -> tuple[Lane, int] | None:
        free = self.free & self._linked
        if not free:
            return None
        found: tuple[Lane, int] | None = None
        holding: list[tuple[int, int]] | None = None
        heads = self._heads
        if self._fresh is not None:
            heads = sorted([(*lane.queue[0], lane) for lane in self._fresh])
        for _, _, lane in heads:
            if lane.need.called and self.held_back:
                continue
            if candidates := lane.mask & free:
                if holding is None:
                    holding = self._held_now()
                if candidates := self._not_held(lane.need, candidates, holding):
                    found = lane, candidates
                    break
        for place in places(self._owners & free):
            for lane in self._owned[self._ids[place]].values():
                candidates = 0 if lane.need.called and self.held_back else lane.mask & free
                if candidates and (found is None or lane.queue[0] < found[0].queue[0]):
                    found = lane, candidates
        return found

    def _held_now(self) -> list[tuple[int, int]]:
        """(reserve, its free members) for each reserve that has no more free people than it keeps."""
        reserves = self._policy.reserves
        return [
            (i, members & self.free)
            for i, members in self._holding
            if keeps(0, (members & self.free).bit_count(), reserves[i].keep)
        ]

    def _not_held(self, need: Need, candidates: int, holding: list[tuple[int, int]]) -> int:
        """Candidates outside the reserves; if there are none, those of reserves released for this caller."""
        kept = firmly = 0
        for i, members in holding:
            if self._policy.reserves[i].language != need.language:
                kept |= members
                if i not in need.released:
                    firmly |= members
        return candidates & ~kept or candidates & ~firmly

    def verdicts(self, need: Need) -> dict[str, int]:
        """Everybody by the first reason why callers with this need are not offered to them (or that they
        suit), as bits; in the order of select.verdict, which says the same of one person."""
        skills = self._skills
        left = (1 << len(self._people)) - 1
        found: dict[str, int] = {}

        def sort_out(verdict: int, kept: int) -> None:
            nonlocal left
            found[REASONS[verdict]] = left & ~kept
            left &= kept

        if need.named:
            sort_out(NAMED_ANOTHER, self._bit(need.owner))
        else:
            sort_out(LANGUAGE_TOO_LOW, skills.understand(need))
            if need.owner:
                sort_out(OWNERS_TIME, self._bit(need.owner))
            else:
                sort_out(CONCERN_TOO_LOW, skills.suited(need))
        for agent in need.asked:
            found[REASONS[ASKED_ALREADY]] = found.get(REASONS[ASKED_ALREADY], 0) | left & self._bit(agent)
            left &= ~self._bit(agent)
        sort_out(IN_QUIET_TIME, ~(self._quiet & self._linked))
        sort_out(NOT_FREE, self.free & self._linked)
        if not need.owner and left:
            sort_out(HELD_IN_RESERVE, self._not_held(need, left, self._held_now()))
        found[REASONS[SUITS]] = left
        return found

    def who(self, bits: int) -> list[Person]:
        """The people of these bits, in the order of the team."""
        return [self._people[place] for place in places(bits)]

    def by_hand(self, visit: Visit, agent: str) -> Choice:
        """This caller for this person, since a supervisor says so."""
        need = self._needs.at(visit, self._world.now_ms)[0]
        terms = self._skills.terms(need, self._people[self._place[agent]])
        return Choice(visit.id, agent, *terms, 1, BY_HAND, ())

    def _choose(self, visit: int, lane: Lane, candidates: int) -> Choice:
        """The best of the candidates by the policy's criteria; the team's order decides the rest."""
        count = candidates.bit_count()
        decided = ONLY_ONE
        lost: list[Lost] = []
        if count > 1:
            lane.criteria = lane.criteria or self._skills.criteria(lane.need)
            owner = self._world.visits[visit].owner
            candidates, decided = self._best(lane.criteria, owner, candidates, lost)
        place = candidates.bit_length() - 1
        terms = lane.terms.get(place)
        if terms is None:
            terms = lane.terms[place] = self._skills.terms(lane.need, self._people[place])
        return Choice(visit, self._ids[place], *terms, count, decided, tuple(lost))

    def _best(self, criteria: Criteria, owner: str, candidates: int, lost: list[Lost]) -> tuple[int, str]:
        """The one who goes first, and the criterion that decided it; who lost by which goes into `lost`."""
        for name, ranking in criteria:
            kept = self._first(name, ranking, candidates, owner)
            if kept != candidates:
                self._explain(lost, name, ranking, owner, candidates ^ kept, kept)
                candidates = kept
                if not candidates & (candidates - 1):
                    return candidates, name
        first = candidates & -candidates
        self._explain(lost, ROSTER_ORDER, None, owner, candidates ^ first, first)
        return first, ROSTER_ORDER

    def _first(self, name: str, ranking: Ranking | None, candidates: int, owner: str) -> int:
        """Those of the candidates who are first by one criterion."""
        if ranking is not None:
            for tier in ranking.tiers:
                if kept := candidates & tier:
                    return kept
        if name == "owner":
            return candidates & self._bit(owner) or candidates
        if name == "longest_idle":
            return self._longest_idle(candidates)
        orders = {place: self._order(name, owner, place) for place in places(candidates)}
        least = min(orders.values())
        return sum(self._bits[place] for place, order in orders.items() if order == least)

    def _longest_idle(self, candidates: int) -> int:
        best, since = 0, None
        for idle_since, place in self._idle:
            if since is not None and idle_since > since:
                break
            if candidates & self._bits[place]:
                best |= self._bits[place]
                since = idle_since
        return best or candidates

    def _order(self, name: str, owner: str, place: int) -> int:
        """A person's order by a criterion that changes with the day's work."""
        if name == ROSTER_ORDER:
            return place
        person = self._people[place]
        return person_order(
            CRITERIA[name],
            int(person.agent.id == owner),
            0,
            0,
            0,
            person.idle_since_ms,
            person.calls,
            person.busy_ms,
            person.idle_ms + self._world.now_ms - person.idle_since_ms,
        )

    def _explain(
        self, lost: list[Lost], name: str, ranking: Ranking | None, owner: str, losers: int, kept: int
    ) -> None:
        """Add those who were passed over by this criterion, with their order and the best one."""
        best = next(places(kept))
        passed_over = list(islice(places(losers), LOST_MAX - len(lost)))
        if ranking is not None:
            orders: Sequence[int] | dict[int, int] = ranking.orders
        else:
            orders = {place: self._order(name, owner, place) for place in (best, *passed_over)}
        ids, least = self._ids, orders[best]
        lost += [Lost(ids[place], name, orders[place], least) for place in passed_over]
