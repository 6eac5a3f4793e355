"""What is told has a limit where a centre is large; what falls due at once has an order."""

from agents.model import Team
from routing import events as ev
from routing import facts
from routing.commands import SetFallback
from routing.deadlines import HOURS, LEASE, PARTING, RETRY, WIDEN, WRAP_UP, Deadlines
from routing.engine import Engine
from routing.world import Engagement, Link, Offer, Person, Visit, World
from tests.fakes.centre import POLICY, Bench, person

CROWD = Team(tuple(person(f"s{i:02}", f"p{i:02}", {"de": 7}, {"other": 3}) for i in range(60)))


def test_of_many_who_were_passed_over_thirty_are_named() -> None:
    bench = Bench(POLICY, CROWD)
    bench.login(*(f"p{i:02}" for i in range(60)))
    made = [each for each in bench.call("1").facts if isinstance(each, facts.OfferMade)]
    assert (made[0].choice.candidates, len(made[0].choice.lost)) == (60, 30)
    assert made[0].choice.lost[0].agent == "s01"


def test_thirty_are_named_in_all_whatever_they_were_passed_over_for() -> None:
    agents = tuple(each._replace(concerns=(("other", 3 + (i >= 20)),)) for i, each in enumerate(CROWD.agents))
    bench = Bench(POLICY, Team(agents))
    bench.login(*(f"p{i:02}" for i in range(60)))
    made = [each for each in bench.call("1").facts if isinstance(each, facts.OfferMade)][-1]
    by = [each.criterion for each in made.choice.lost]
    assert (made.agent, by) == ("s20", ["concern"] * 20 + ["longest_idle"] * 10)


def test_the_dialplan_is_told_of_fifty_phones_for_each_language() -> None:
    bench = Bench(POLICY, CROWD)
    bench.login(*(f"p{i:02}" for i in range(60)))
    told = [each for effects in bench.effects for each in effects.commands if isinstance(each, SetFallback)]
    rows = dict(told[-1].phones)
    assert {language: len(phones) for language, phones in rows.items()} == {"": 50, "de": 50, "und": 0}
    assert rows[""][0] == "p00"


def test_what_falls_due_at_once_passes_in_one_order() -> None:
    """Leases free people before wrap-ups do, both before callers look again; the hour changes last."""
    agent = CROWD.agents[0]
    waiting = Visit(1, (), "", 0, widen_ms=9, retry_ms=9, parting_ms=9)
    world = World(now_ms=5, policy=POLICY._replace(opening=((9, 20),)), links={"": Link(up=True)})
    world.visits, world.offers = {1: waiting}, {2: Offer(2, 1, agent.id, 9)}
    world.people = {agent.id: Person(agent, engagements=(Engagement(1, "wrap_up", until_ms=9),))}
    deadlines = Deadlines(world)
    deadlines.await_hours()
    for rank, key in [(PARTING, 1), (RETRY, 1), (WIDEN, 1), (WRAP_UP, (agent.id, 1)), (LEASE, 2)]:
        deadlines.at(9, rank, key)
    deadlines.at(9, LEASE, 1)  # of an offer that is no more
    ranks = []
    while (deadline := deadlines.take(9)) is not None:
        ranks.append(deadline[1])
    assert ranks == [LEASE, WRAP_UP, WIDEN, RETRY, PARTING, HOURS] == sorted(ranks)
    assert deadlines.take(8) is None


def test_an_engine_that_knows_nothing_has_nothing_due() -> None:
    engine = Engine()
    assert (engine.due(), engine.index) == (None, None)
    effects = engine.step(ev.Elapsed(), 5)
    assert (effects.commands, effects.facts, engine.world.now_ms) == ((), (), 5)
