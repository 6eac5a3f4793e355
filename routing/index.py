"""Finds the candidates fast: staff as bits of integers, callers in queues by what they need.

Derived from the world and rebuilt on load; equal to a plain search by routing.select.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from agents.model import CONCERN_MAX, Cefr
from agents.state import READY
from routing.need import Need, admitted, best_language, interpreted, need_of, spoken
from routing.policy import Policy, Step
from routing.select import CRITERIA, caller_order, keeps, person_order
from routing.world import Person, Visit, World

LOST_MAX = 30
"""How many people who were passed over an explanation names."""

ANNOUNCED_MAX = 50
"""How many phones the dialplan is told to ring by itself, for each language."""

PREFERRED = "preferred_levels"
ONLY_ONE = "only_candidate"
ROSTER_ORDER = "roster_order"

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
    """Callers with the same need, in their order. mask: the people whose skills suit them, asked ones out."""

    __slots__ = ("mask", "need", "queue")

    def __init__(self, need: Need, mask: int) -> None:
        self.need = need
        self.mask = mask
        self.queue: Queue = []


class Index:
    """Bits of people by skill and state, and queues of waiting callers by need, under one policy."""

    def __init__(self, world: World, policy: Policy) -> None:
        self._world = world
        self._policy = policy
        self._people = list(world.people.values())
        self._place = {person.agent.id: i for i, person in enumerate(self._people)}
        self._bits = [1 << i for i in range(len(self._people))]
        self._speak: dict[tuple[str, int], int] = {}
        self._know: dict[tuple[str, int], int] = {}
        self._able: dict[tuple[str, str, str, int], int] = {}
        self._speaking: dict[tuple[str, str, str, int], int] = {}
        self._steps: dict[tuple[str, str], tuple[Step, ...]] = {}
        self._versatile: dict[int, int] = {}
        self._lanes: dict[Need, Lane] = {}
        self._owned: dict[str, dict[Need, Lane]] = {}
        self._owners = 0
        self._where: dict[int, tuple[Lane, tuple[int, int]]] = {}
        self._idle: list[tuple[int, int]] = []
        self._idle_since: dict[int, int] = {}
        self._holding: list[tuple[int, int]] = []
        self.free = 0
        self.ready = 0
        self.languages = tuple(sorted({code for p in self._people for code, _ in p.agent.languages}))
        for i, person in enumerate(self._people):
            languages = len(person.agent.languages)
            self._versatile[languages] = self._versatile.get(languages, 0) | self._bits[i]
            self.refresh(person)
        self.set_hours()

    # --- people --------------------------------------------------------------------------------------

    def refresh(self, person: Person) -> None:
        """Take over whether a person is free, after any change of theirs."""
        place = self._place[person.agent.id]
        since = self._idle_since.pop(place, None)
        if since is not None:
            del self._idle[bisect_left(self._idle, (since, place))]
        if person.presence == READY:
            self.ready |= self._bits[place]
        else:
            self.ready &= ~self._bits[place]
        if person.free:
            self.free |= self._bits[place]
            self._idle_since[place] = person.idle_since_ms
            insort(self._idle, (person.idle_since_ms, place))
        else:
            self.free &= ~self._bits[place]

    def is_free(self, person: Person) -> bool:
        """Whether the person was free when last refreshed."""
        return bool(self.free & self._bits[self._place[person.agent.id]])

    def on_duty(self, language: str) -> tuple[str, ...]:
        """Phones of those who take calls and speak a language ("" for any), ANNOUNCED_MAX at most."""
        mask = self.ready & self._speakers(language, 1) if language else self.ready
        return tuple(p.agent.reach.address for p in islice(self.people(mask), ANNOUNCED_MAX))

    def set_hours(self) -> None:
        """Take over which reserves hold at this hour."""
        now = self._world.now_ms
        self._holding = [
            (i, self._speakers(each.language, each.level))
            for i, each in enumerate(self._policy.reserves)
            if not each.when or any(begin <= now < end for begin, end in each.when)
        ]

    def people(self, mask: int) -> Iterator[Person]:
        """The people of a mask in roster order."""
        while mask:
            low = mask & -mask
            yield self._people[low.bit_length() - 1]
            mask ^= low

    def _bit(self, agent: str) -> int:
        place = self._place.get(agent)
        return 0 if place is None else self._bits[place]

    def _mask(self, agents: tuple[str, ...]) -> int:
        mask = 0
        for agent in agents:
            mask |= self._bit(agent)
        return mask

    def _speakers(self, language: str, level: int) -> int:
        key = (language, level)
        if key not in self._speak:
            self._speak[key] = self._all(lambda p: spoken(self._policy, p, language) >= level)
        return self._speak[key]

    def _knowers(self, concern: str, level: int) -> int:
        key = (concern, level)
        if key not in self._know:
            self._know[key] = self._all(lambda p: p.agent.concern_level(concern) >= level)
        return self._know[key]

    def _all(self, has: Callable[[Person], bool]) -> int:
        digits = ("1" if has(person) else "0" for person in reversed(self._people))
        return int("".join(digits) or "0", 2)

    def _step(self, need: Need) -> Step:
        key = (need.language, need.concern)
        steps = self._steps.get(key)
        if steps is None:
            steps = self._steps[key] = self._policy.plan(*key).steps
        return steps[need.step]

    def _skilled(self, need: Need) -> int:
        """Everybody whose skills suit this need; a case's owner in their own time needs no concern."""
        key = need[:4]
        found = self._speaking if need.owner else self._able
        mask = found.get(key)
        if mask is None:
            step = self._step(need)
            mask = 0
            for language in admitted(self._policy, step, need.language, need.second):
                mask |= self._speakers(language, step.language)
            if not need.owner:
                mask &= self._knowers(need.concern, step.concern)
            found[key] = mask
        return mask

    # --- callers -------------------------------------------------------------------------------------

    def enqueue(self, visit: Visit) -> None:
        """Put a waiting caller where their present need belongs, or move them there."""
        self.dequeue(visit.id)
        policy = self._policy
        need = need_of(policy, self._world.people, visit, self._world.now_ms)
        order = (caller_order(visit.order_from_ms, policy.worth(visit.classes)), visit.id)
        lanes = self._lanes
        if need.owner:
            lanes = self._owned.setdefault(need.owner, {})
            self._owners |= self._bit(need.owner)
        lane = lanes.get(need)
        if lane is None:
            mask = self._skilled(need) & ~self._mask(need.asked)
            lane = lanes[need] = Lane(need, mask & self._bit(need.owner) if need.owner else mask)
        insort(lane.queue, order)
        self._where[visit.id] = (lane, order)

    def dequeue(self, visit: int) -> None:
        """Take a caller out; nothing happens if they are not in."""
        place = self._where.pop(visit, None)
        if place is None:
            return
        lane, order = place
        del lane.queue[bisect_left(lane.queue, order)]
        if lane.queue:
            return
        owner = lane.need.owner
        if not owner:
            del self._lanes[lane.need]
            return
        del self._owned[owner][lane.need]
        if not self._owned[owner]:
            del self._owned[owner]
            self._owners &= ~self._bit(owner)

    # --- decision ------------------------------------------------------------------------------------

    def decide(self) -> Choice | None:
        """The first caller in order who has a candidate, with the best of these; None if nobody has."""
        free = self.free
        if not free or not self._where:
            return None
        best: tuple[int, int] | None = None
        found: tuple[Need, int] | None = None
        holding = self._held_now()
        for lane in self._lanes.values():
            candidates = lane.mask & free
            if not candidates:
                continue
            head = lane.queue[0]
            if best is not None and head > best:
                continue
            if holding:
                candidates = self._not_held(lane.need, candidates, holding)
            if candidates:
                best, found = head, (lane.need, candidates)
        for person in self.people(self._owners & free):
            for lane in self._owned[person.agent.id].values():
                if lane.mask & free and (best is None or lane.queue[0] < best):
                    best, found = lane.queue[0], (lane.need, lane.mask)
        if best is None or found is None:
            return None
        return self._choose(best[1], *found)

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

    def _choose(self, visit: int, need: Need, candidates: int) -> Choice:
        """The best of the candidates by the policy's criteria; the roster's order decides the rest."""
        policy, step = self._policy, self._step(need)
        count = candidates.bit_count()
        owner = self._world.visits[visit].owner
        languages = admitted(policy, step, need.language, need.second)
        lost: list[Lost] = []
        decided = ONLY_ONE if count == 1 else ROSTER_ORDER
        for name in (PREFERRED, *policy.choose) if count > 1 else ():
            kept = self._best(name, need, step, languages, candidates, owner)
            if kept != candidates:
                self._explain(lost, name, need, languages, owner, candidates ^ kept, kept)
                candidates = kept
                if not candidates & (candidates - 1):
                    decided = name
                    break
        person = next(self.people(candidates))
        if decided == ROSTER_ORDER:
            self._explain(lost, decided, need, languages, owner, candidates & (candidates - 1), candidates)
        language = best_language(policy, person, step, need.language, need.second)
        return Choice(
            visit,
            person.agent.id,
            need.step,
            language,
            spoken(policy, person, language),
            person.agent.concern_level(need.concern),
            interpreted(step, need, language),
            count,
            decided,
            tuple(lost),
        )

    def _best(
        self, name: str, need: Need, step: Step, languages: tuple[str, ...], candidates: int, owner: str
    ) -> int:
        """Those of the candidates who are first by one criterion."""
        if name == PREFERRED:
            return self._preferring(need, step, languages, candidates)
        if name == "owner":
            return candidates & self._bit(owner) or candidates
        if name == "concern":
            for level in range(CONCERN_MAX, 0, -1):
                if best := candidates & self._knowers(need.concern, level):
                    return best
            return candidates
        if name == "language":
            for level in range(Cefr.NATIVE, 0, -1):
                speakers = 0
                for language in languages:
                    speakers |= self._speakers(language, level)
                if best := candidates & speakers:
                    return best
            return candidates
        if name == "least_versatile":
            return next(best for _, mask in sorted(self._versatile.items()) if (best := candidates & mask))
        if name == "longest_idle":
            return self._longest_idle(candidates)
        return self._least(name, need, languages, candidates, owner)

    def _preferring(self, need: Need, step: Step, languages: tuple[str, ...], candidates: int) -> int:
        if not step.prefer_language and not step.prefer_concern:
            return candidates
        speakers = 0
        for language in languages:
            speakers |= self._speakers(language, step.prefer_language)
        return candidates & speakers & self._knowers(need.concern, step.prefer_concern) or candidates

    def _longest_idle(self, candidates: int) -> int:
        best, since = 0, None
        for idle_since, place in self._idle:
            if since is not None and idle_since > since:
                break
            if candidates & self._bits[place]:
                best |= self._bits[place]
                since = idle_since
        return best or candidates

    def _least(self, name: str, need: Need, languages: tuple[str, ...], candidates: int, owner: str) -> int:
        least, best = None, 0
        for person in self.people(candidates):
            order = self._order(name, need, languages, owner, person)
            if least is None or order < least:
                least, best = order, self._bit(person.agent.id)
            elif order == least:
                best |= self._bit(person.agent.id)
        return best

    def _order(self, name: str, need: Need, languages: tuple[str, ...], owner: str, person: Person) -> int:
        """The person's order by a criterion, for the values of an explanation too."""
        if name not in CRITERIA:
            return self._place[person.agent.id] if name == ROSTER_ORDER else 1
        level = max((spoken(self._policy, person, each) for each in languages), default=0)
        return person_order(
            CRITERIA[name],
            int(person.agent.id == owner),
            person.agent.concern_level(need.concern),
            level,
            len(person.agent.languages),
            person.idle_since_ms,
            person.calls,
            person.busy_ms,
            person.idle_ms + self._world.now_ms - person.idle_since_ms,
        )

    def _explain(
        self,
        lost: list[Lost],
        name: str,
        need: Need,
        languages: tuple[str, ...],
        owner: str,
        losers: int,
        kept: int,
    ) -> None:
        """Add those who were passed over by this criterion, with their order and the best one."""
        best = 0 if name == PREFERRED else self._order(name, need, languages, owner, next(self.people(kept)))
        for person in islice(self.people(losers), LOST_MAX - len(lost)):
            order = self._order(name, need, languages, owner, person)
            lost.append(Lost(person.agent.id, name, order, best))
