"""A world from which futures begin: trimmed once, and copied for each as cheaply as it can be."""

from collections.abc import Callable
from dataclasses import fields
from math import inf
from operator import attrgetter
from typing import Any, Final

from agents import state as staff
from routing import by_hand
from routing.engine import Engine
from routing.policy import OVERFLOW_FALLBACK, Policy
from routing.specific import most_specific
from routing.world import ByHand, Engagement, Offer, Person, Visit, World


def _taker(record: type) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*(each.name for each in fields(record)))


VISIT: Final = _taker(Visit)
PERSON: Final = _taker(Person)
OFFER: Final = _taker(Offer)
ENGAGEMENT: Final = _taker(Engagement)
ENGAGED: Final = [each.name for each in fields(Person)].index("engagements")


def trimmed(world: World) -> World:
    """Without what no future depends on. Visits, people and offers are the same ones, not copies."""
    return World(
        now_ms=world.now_ms,
        term=world.term,
        counter=world.counter,
        links=world.links,
        open=world.open,
        closed_ms=world.closed_ms,
        unreached_ms=world.unreached_ms,
        day_ms=world.day_ms,
        policy=world.policy,
        visits=world.visits,
        people=world.people,
        offers=world.offers,
        fallback=world.fallback,
        shut=world.shut,
        by_hand=world.by_hand,
        lent=world.lent,
    )


UNNEEDED: Final = frozenset(
    {
        "policy_digest",
        "shadow",
        "shadow_digest",
        "shadow_said",
        "team_digest",
        "recent",
        "devices",
        "gone",
        "over",
        "suspects",
        "judged",
        "left",
        "announcement",
        "handovers",
        "blocked",
        "threats",
        "calls_made",
        "calls_today",
        "messages_full",
        "trunk",
    }
)
"""What `trimmed` leaves out: marks of values, what is only said, and what is known of who is not here."""


def quiet(policy: Policy) -> Policy:
    """The same rules, as far as they decide who talks to whom: nothing is announced, nobody comes back, and
    phones need not say that they ring."""
    return policy._replace(
        announcing=None,
        rejoin_ms=0,
        silent_ms=policy.lease_ms,
        overflow=tuple(each for each in policy.overflow if each.then == OVERFLOW_FALLBACK),
    )


class Scene:
    """A trimmed world at now_ms, never changed again. Whoever makes one may not change the world either.

    policy: in force in all futures. Raises NoPolicy where the world has none.
    """

    def __init__(self, world: World, now_ms: int) -> None:
        self.policy = quiet(world.rules)
        self.now_ms = max(now_ms, world.now_ms)
        self._world = world
        self._hours = by_hand.hours(world)
        self._own = {(each.language, each.concern): each.when for each in self.policy.hours}
        self.visits = dict(sorted(world.visits.items()))
        self.people = world.people
        self.offers = world.offers
        self._visits = [self._visit(each) for each in self.visits.values()]
        self._offers = [self._offer(each) for each in world.offers.values()]
        self._people: list[tuple[str, tuple[Any, ...], list[tuple[Any, ...]]]] = []
        for key, person in world.people.items():
            row = list(PERSON(self._at_rest(person)))
            self._people.append((key, tuple(row), [ENGAGEMENT(each) for each in person.engagements]))
        self._first = Engine(self._copy())
        """Never run: its people stay those of the scene."""

    def closes(self, language: str, concern: str) -> float:
        """When those with this need find us closed by hours of their own: epoch ms; 0 if they do now, inf if
        they have none."""
        return self.shuts(language, concern, self.now_ms)

    def shuts(self, language: str, concern: str, at_ms: int) -> float:
        """The same as seen from then. What is set by hand goes before their hours, as long as it holds."""
        hand = most_specific(self._by_hand(at_ms), language, concern)
        if hand is not None and hand.how == by_hand.CLOSED:
            return 0
        if hand is not None:
            return (self.shuts(language, concern, hand.until_ms) or hand.until_ms) if hand.until_ms else inf
        if not self._own:
            return inf
        when = most_specific(self._own, language, concern)
        return inf if when is None else next((end for begin, end in when if begin <= at_ms < end), 0)

    def lets_in(self, language: str, concern: str, at_ms: int) -> bool:
        """Whether somebody new with this need is let in line then."""
        drain = self._world.by_hand.get(by_hand.key(by_hand.DRAIN, ""))
        drains = drain is not None and not 0 < drain.until_ms <= at_ms
        return not drains and self.shuts(language, concern, at_ms) > 0

    def _by_hand(self, at_ms: int) -> dict[tuple[str, str], ByHand]:
        if not self._hours:
            return self._hours
        return {key: each for key, each in self._hours.items() if not 0 < each.until_ms <= at_ms}

    def engine(self) -> Engine:
        """A new engine over a copy."""
        return Engine(self._copy(), self._first)

    def _copy(self) -> World:
        visits, offers, people = {}, {}, {}
        for row in self._visits:
            visits[row[0]] = Visit(*row)
        for row in self._offers:
            offers[row[0]] = Offer(*row)
        for key, row, engaged in self._people:
            person = people[key] = Person(*row)
            if engaged:
                person.engagements = tuple([Engagement(*each) for each in engaged])
        world = trimmed(self._world)
        world.now_ms, world.policy = self.now_ms, self.policy
        world.visits, world.offers, world.people = visits, offers, people
        return world

    def _visit(self, visit: Visit) -> tuple[Any, ...]:
        copied = Visit(*VISIT(visit))
        copied.expects, copied.told_waits, copied.unsaid = None, (), ()
        copied.inform_ms = copied.say_ms = 0
        return VISIT(copied)

    def _offer(self, offer: Offer) -> tuple[Any, ...]:
        copied = Offer(*OFFER(offer))
        if copied.deadline_ms:
            copied.deadline_ms = self.now_ms + self.policy.lease_ms
        return OFFER(copied)

    def _at_rest(self, person: Person) -> Person:
        """Who is engaged for us has a free phone afterwards: no future tells of phones what talks say."""
        copied = Person(*PERSON(person))
        if copied.engagements and not copied.other_legs and copied.device in staff.IN_USE:
            copied.device = staff.USABLE
        return copied
