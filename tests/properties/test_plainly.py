"""The index decides, with its reasons, as the rules in plain words do, and the explanation names theirs."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agents import state as staff
from routing import visit as call
from routing.events import Leg
from routing.index import Index
from routing.policy import Policy
from routing.world import Link, Person, Visit, VisitLeg, World
from tests.oracles import plainly
from tests.oracles.watch import explained
from tests.properties.test_index import CONCERNS, LANGUAGES, START, doing, people, policies

LINKED = {"n": Link(up=True)}


def waiting(data: st.DataObject, world: World, number: int) -> Visit:
    """A caller who waits."""
    ago = data.draw(st.sampled_from([0, 1_000, 4_999, 5_000, 6_000, 15_000, 20_000, 60_000, 90_000]))
    return Visit(
        number,
        (VisitLeg(Leg("n", str(number)), call.CALLER),),
        "",
        START,
        state=data.draw(st.sampled_from([call.WAITING] * 5 + [call.TALKING])),
        order_from_ms=world.now_ms - ago,
        language=data.draw(st.sampled_from([*LANGUAGES, "und"])),
        second=data.draw(st.sampled_from(["", "de"])),
        concern=data.draw(st.sampled_from(CONCERNS)),
        owner=data.draw(st.sampled_from(["", "p0", "p1", "gone"])),
        classes=data.draw(st.sampled_from([(), ("vip",), ("repeat", "vip")])),
        asked=data.draw(st.sampled_from([(), (("p0", world.now_ms + data.draw(st.integers(0, 1))),)])),
    )


@settings(max_examples=120)
@given(data=st.data(), policy=policies(), crowd=st.lists(people(), min_size=1, max_size=7))
def test_index_and_explanation_say_what_the_rules_say(
    data: st.DataObject, policy: Policy, crowd: list[Person]
) -> None:
    world = World(now_ms=START + data.draw(st.sampled_from([0, 1, 49_999, 50_000])), links=LINKED)
    for i, person in enumerate(crowd):
        person.agent = person.agent._replace(id=f"p{i}")
        world.people[f"p{i}"] = person
    index = Index(world, policy)
    for number in range(1, data.draw(st.integers(1, 6)) + 1):
        visit = world.visits[number] = waiting(data, world, number)
        if visit.state == call.WAITING:
            assert index.enqueue(visit) == plainly.need_changes(policy, visit, world.now_ms)
        if data.draw(st.booleans()):
            someone = data.draw(st.sampled_from(crowd))
            someone.engagements = doing(data.draw(st.sampled_from([staff.IDLE, staff.TALKING])))
            index.refresh(someone)
        assert index.decide() == plainly.choice(world, policy)
    explained(index, world, policy)
