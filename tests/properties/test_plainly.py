"""The index decides, with its reasons, as the rules in plain words do, and the explanation names theirs."""

from random import Random

import pytest

from agents.model import Agent, Reach
from routing import visit as table
from routing.events import Leg
from routing.index import Index
from routing.policy import (
    ANYBODY,
    FALLBACK,
    INTERPRETER,
    OVERFLOW_FALLBACK,
    OWN,
    SECOND,
    Overflow,
    Plan,
    Policy,
    Refusal,
    Reserve,
    Step,
)
from routing.select import CRITERIA
from routing.world import Engagement, Link, Person, Visit, VisitLeg, World
from tests.oracles import plainly
from tests.oracles.watch import explained

START = 1_000_000_000
LANGUAGES = ("de", "en", "ar", "tr")
CONCERNS = ("study", "other")
AGES = (0, 1_000, 4_999, 5_000, 6_000, 15_000, 20_000, 59_999, 60_000, 90_000)
SCOPES = (OWN, OWN | SECOND, OWN | FALLBACK, OWN | INTERPRETER, OWN | SECOND | INTERPRETER, OWN | ANYBODY)


def a_policy(one: Random) -> Policy:
    """Rules of every kind, most of them lenient, so that several can take a caller."""
    keys = {("", "")} | {
        (one.choice(("", *LANGUAGES)), one.choice(("", *CONCERNS))) for _ in range(one.randint(0, 2))
    }
    return Policy(
        plans=tuple(Plan(*key, steps(one)) for key in sorted(keys)),
        unknown_languages=("de", "en"),
        fallback_languages=one.choice((("de", "en"), ("en",))),
        choose=tuple(one.sample(list(CRITERIA), one.randint(1, len(CRITERIA)))),
        lease_ms=20_000,
        silent_ms=2_000,
        wrap_up_ms=0,
        refusals=(Refusal("busy", 0, 1),),
        opening=(),
        classes=(("repeat", 30_000), ("vip", 90_000)),
        owner_ms=one.choice((0, 15_000)),
        reserves=tuple(a_reserve(one) for _ in range(one.choice((0, 0, 1, 2)))),
        overflow=tuple(
            Overflow(name, "", "", 1, -1, False, OVERFLOW_FALLBACK, steps(one)[0])
            for name in one.choice(((), ("a",), ("a", "b")))
        ),
    )


def steps(one: Random) -> tuple[Step, ...]:
    """Some widening steps."""
    after = sorted({0, *one.sample((5_000, 20_000, 60_000), one.randint(0, 2))})
    return tuple(
        Step(
            each,
            one.choice(SCOPES),
            one.choice((1, 2, 4, 6)),
            one.choice((0, 0, 1, 3)),
            one.choice((0, 0, 3, 7)),
            one.choice((0, 0, 2, 5)),
        )
        for each in after
    )


def a_reserve(one: Random) -> Reserve:
    """One that holds always, or until 50 s after the start."""
    when = one.choice(((), ((START, START + 50_000),), ((START - 9, START), (START + 1, START + 50_000))))
    return Reserve(one.choice(LANGUAGES), one.randint(3, 6), one.randint(1, 2), one.choice(AGES), when)


def somebody(one: Random, number: int) -> Person:
    """A person, mostly free."""
    speaks = {each: one.randint(1, 7) for each in one.sample(LANGUAGES, one.randint(1, 3))}
    knows = {each: one.randint(1, 5) for each in one.sample(CONCERNS, one.randint(0, 2))}
    node = one.choice(("", "", "n", "m"))
    busy = one.random() < 0.15
    return Person(
        Agent(
            f"p{number}",
            "",
            Reach("phone", str(number), node),
            tuple(sorted(speaks.items())),
            tuple(sorted(knows.items())),
        ),
        presence="ready" if one.random() < 0.85 else "away",
        engagements=(Engagement(0, "talking"),) if busy else (),
        device="NOT_INUSE" if one.random() < 0.9 else "INUSE",
        idle_since_ms=START - one.randint(0, 2) * 1_000,
        calls=one.randint(0, 2),
        busy_ms=one.choice((-1_000, 0, 2_000, 5_000)),
        idle_ms=one.choice((-1_000, 0, 2_000, 5_000)),
    )


def somebody_calls(one: Random, world: World, number: int) -> Visit:
    """A caller, who mostly waits."""
    asked = tuple((f"p{i}", world.now_ms + one.randint(0, 1)) for i in range(2) if one.random() < 0.2)
    return Visit(
        number,
        (VisitLeg(Leg("n", str(number)), table.CALLER),),
        "",
        START,
        state=table.WAITING if one.random() < 0.85 else one.choice((table.RINGING, table.TALKING)),
        order_from_ms=world.now_ms - one.choice(AGES),
        language=one.choice((*LANGUAGES, "und")),
        second=one.choice(("", "", "de")),
        concern=one.choice(CONCERNS),
        owner=one.choice(("", "", "p0", "p1", "gone")),
        classes=one.choice(((), (), ("vip",), ("repeat", "vip"), ("other",))),
        asked=asked,
        overflowed=one.choice(((), ("a",), ("b", "a"), ("gone",))),
        place_ms=one.choice((0, 0, 0, -1, -2, START + 1)),
        only=one.choice(("", "", "", "p0", "p1", "gone")),
    )


@pytest.mark.parametrize("seed", range(16))
def test_index_and_explanation_say_what_the_rules_say(seed: int) -> None:
    one = Random(seed)
    for _ in range(60):
        policy = a_policy(one)
        world = World(
            now_ms=START + one.choice((0, 1, 49_999, 50_000)),
            links={"n": Link(up=True), "m": Link(up=one.random() < 0.7)},
        )
        for number in range(one.randint(1, 7)):
            world.people[f"p{number}"] = somebody(one, number)
        follow(one, world, policy)


def follow(one: Random, world: World, policy: Policy) -> None:
    """Callers come and go, people get free or not, time passes: the index follows."""
    index = Index(world, policy)
    index.set_links()
    for number in range(1, one.randint(2, 9)):
        visit = world.visits[number] = somebody_calls(one, world, number)
        if visit.state == table.WAITING:
            assert index.enqueue(visit) == plainly.need_changes(policy, visit, world.now_ms)
        what = one.choice(("", "person", "goes", "time"))
        if what == "person":
            someone = one.choice(list(world.people.values()))
            someone.engagements = one.choice(((), (Engagement(0, "talking"),)))
            index.refresh(someone)
        elif what == "goes":
            index.dequeue(world.visits.pop(one.choice(list(world.visits))).id)
        elif what == "time":
            world.now_ms += one.choice((1, 5_000, 40_000))
            index.set_hours()
            for each in world.visits.values():
                if each.state == table.WAITING:
                    index.enqueue(each)
        assert index.decide() == plainly.choice(world, policy)
    explained(index, world, policy)
