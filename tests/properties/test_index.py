"""The index decides as a plain search through everybody by routing.select, after any number of changes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agents import state as staff
from agents.model import Agent, Reach
from routing import select
from routing import visit as call
from routing.events import Leg
from routing.index import Index
from routing.need import Need, Needs, admitted, best_language, spoken, steps_of
from routing.policy import ANYBODY, FALLBACK, INTERPRETER, OWN, SECOND, Plan, Policy, Refusal, Reserve, Step
from routing.world import Engagement, Link, Person, Visit, VisitLeg, World

LANGUAGES = ("de", "en", "ar", "tr")
CONCERNS = ("study", "other")
START = 1_000_000_000

scopes = st.sampled_from([OWN, OWN | SECOND, OWN | FALLBACK, OWN | INTERPRETER, OWN | ANYBODY])
step = st.builds(Step, st.just(0), scopes, *(st.integers(a, b) for a, b in [(1, 6), (0, 4), (0, 7), (0, 5)]))


@st.composite
def steps(draw: st.DrawFn) -> tuple[Step, ...]:
    after = sorted(draw(st.sets(st.sampled_from([5_000, 20_000, 60_000]), max_size=2)) | {0})
    return tuple(draw(step)._replace(after_ms=each) for each in after)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    keys = draw(st.sets(st.tuples(st.sampled_from(["", *LANGUAGES]), st.sampled_from(["", *CONCERNS]))))
    reserve = st.builds(
        Reserve,
        st.sampled_from(LANGUAGES),
        st.integers(3, 6),
        st.integers(1, 2),
        st.sampled_from([0, 10_000, 90_000]),
        st.sampled_from([(), ((START, START + 50_000),)]),
    )
    return Policy(
        plans=tuple(Plan(*key, draw(steps())) for key in sorted(keys | {("", "")})),
        unknown_languages=("de", "en"),
        fallback_languages=("de", "en"),
        choose=tuple(
            draw(st.permutations(list(select.CRITERIA)))[: draw(st.integers(1, len(select.CRITERIA)))]
        ),
        lease_ms=20_000,
        silent_ms=2_000,
        wrap_up_ms=0,
        refusals=(Refusal("busy", 0, 1),),
        opening=(),
        classes=(("repeat", 30_000), ("vip", 90_000)),
        owner_ms=draw(st.sampled_from([0, 15_000])),
        reserves=tuple(draw(st.lists(reserve, max_size=2))),
    )


def doing(activity: str) -> tuple[Engagement, ...]:
    return () if activity == staff.IDLE else (Engagement(0, activity),)


def people() -> st.SearchStrategy[Person]:
    skills = st.dictionaries(st.sampled_from(LANGUAGES), st.integers(1, 7), min_size=1)
    knows = st.dictionaries(st.sampled_from(CONCERNS), st.integers(1, 5))
    return st.builds(
        lambda languages, concerns, state, since, calls, busy, idle: Person(
            Agent(
                "", "", Reach("phone", ""), tuple(sorted(languages.items())), tuple(sorted(concerns.items()))
            ),
            presence=state[0],
            engagements=doing(state[1]),
            device="NOT_INUSE",
            idle_since_ms=START - since,
            calls=calls,
            busy_ms=busy,
            idle_ms=idle,
        ),
        skills,
        knows,
        st.sampled_from(
            [(staff.READY, staff.IDLE)] * 3 + [(staff.READY, staff.TALKING), (staff.AWAY, staff.IDLE)]
        ),
        st.integers(0, 3),
        st.integers(0, 2),
        st.sampled_from([0, 5_000]),
        st.sampled_from([0, 5_000]),
    )


def search(world: World, policy: Policy) -> tuple[int, str] | None:
    """The decision by looking at everybody, with nothing but the functions of routing.select."""

    def order(visit: Visit) -> tuple[int, int]:
        return visit.place_ms or select.caller_order(
            visit.order_from_ms, policy.worth(visit.classes)
        ), visit.id

    for visit in sorted((v for v in world.visits.values() if v.state == call.WAITING), key=order):
        need = Needs(policy, world.people).at(visit, world.now_ms)[0]
        for firmly in (False, True):
            able = [p for p in world.people.values() if judge(world, policy, visit, need, p, firmly) == 0]
            if able:
                return visit.id, best(world, policy, visit, need, able)
    return None


def judge(world: World, policy: Policy, visit: Visit, need: Need, person: Person, firmly: bool) -> int:
    step = steps_of(policy, visit)[need.step]
    _, level = best_language(policy, person, step, visit.language, visit.second)
    held = 0
    for i, reserve in enumerate(policy.reserves):
        active = not reserve.when or reserve.when[0][0] <= world.now_ms < reserve.when[0][1]
        mine = spoken(policy, person, reserve.language) >= reserve.level
        if active and mine and not (firmly and i in need.released):
            members = [p for p in world.people.values() if p.free]
            count = sum(spoken(policy, p, reserve.language) >= reserve.level for p in members)
            held |= select.keeps(int(visit.language == reserve.language), count, reserve.keep)
    return select.verdict(
        level,
        step.language,
        person.agent.concern_level(visit.concern),
        step.concern,
        int(person.free),
        int(person.agent.id in need.asked),
        int(need.owner != ""),
        int(person.agent.id == need.owner),
        held,
        int(person.appears == "quiet"),
        int(need.named),
        int(person.agent.id == need.owner),
    )


def best(world: World, policy: Policy, visit: Visit, need: Need, able: list[Person]) -> str:
    step = steps_of(policy, visit)[need.step]
    languages = admitted(policy, step, visit.language, visit.second)

    def order(person: Person) -> tuple[object, ...]:
        level = max(spoken(policy, person, each) for each in languages)
        preferred = level >= step.prefer_language and (
            person.agent.concern_level(visit.concern) >= step.prefer_concern
        )
        return (
            not preferred,
            *(
                select.person_order(
                    select.CRITERIA[name],
                    int(person.agent.id == visit.owner),
                    person.agent.concern_level(visit.concern),
                    level,
                    len(person.agent.languages),
                    person.idle_since_ms,
                    person.calls,
                    person.busy_ms,
                    person.idle_ms + world.now_ms - person.idle_since_ms,
                )
                for name in policy.choose
            ),
            person.agent.id,
        )

    return min(able, key=order).agent.id


@settings(max_examples=250)
@given(data=st.data(), policy=policies(), crowd=st.lists(people(), min_size=1, max_size=7))
def test_index_equals_search(data: st.DataObject, policy: Policy, crowd: list[Person]) -> None:
    world = World(now_ms=START, links={"n": Link(up=True)})
    for i, person in enumerate(crowd):
        person.agent = person.agent._replace(id=f"p{i}")
        world.people[f"p{i}"] = person
    index = Index(world, policy)
    for number in range(1, data.draw(st.integers(1, 12)) + 1):
        kind = data.draw(st.sampled_from(["come", "come", "go", "time", "person"]))
        if kind == "come":
            waited = data.draw(st.sampled_from([0, 1_000, 6_000, 12_000, 25_000, 95_000]))
            visit = Visit(
                number,
                (VisitLeg(Leg("n", str(number)), call.CALLER),),
                "",
                START,
                state=call.WAITING,
                order_from_ms=world.now_ms - waited,
                language=data.draw(st.sampled_from([*LANGUAGES, "und"])),
                second=data.draw(st.sampled_from(["", "de"])),
                concern=data.draw(st.sampled_from(CONCERNS)),
                owner=data.draw(st.sampled_from(["", "p0", "p1", "gone"])),
                classes=data.draw(st.sampled_from([(), ("vip",), ("repeat", "vip")])),
                asked=data.draw(st.sampled_from([(), (("p0", START + 30_000),)])),
                place_ms=data.draw(st.sampled_from([0, 0, 0, -1, -2, START + 1])),
                only=data.draw(st.sampled_from(["", "", "", "p0", "p1", "gone"])),
            )
            world.visits[number] = visit
            index.enqueue(visit)
        elif kind == "go" and world.visits:
            gone = world.visits.pop(data.draw(st.sampled_from(sorted(world.visits))))
            index.dequeue(gone.id)
        elif kind == "time":
            world.now_ms += data.draw(st.sampled_from([1_000, 20_000, 60_000]))
            index.set_hours()
            for visit in world.visits.values():
                index.enqueue(visit)
        else:
            person = world.people[data.draw(st.sampled_from(sorted(world.people)))]
            person.engagements = doing(data.draw(st.sampled_from([staff.IDLE, staff.TALKING])))
            person.idle_since_ms = world.now_ms - data.draw(st.integers(0, 2))
            index.refresh(person)
        choice = index.decide()
        assert (None if choice is None else (choice.visit, choice.agent)) == search(world, policy)
        if choice is not None:
            assert len(choice.lost) == choice.candidates - 1
