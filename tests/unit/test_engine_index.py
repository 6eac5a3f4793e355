"""Who waits where in the index, who is free there, and what of it is kept: nothing for ever."""

import pytest

from acd import replay
from routing import events as ev
from routing import facts
from routing.deadlines import HOURS, LEASE, Deadlines
from routing.engine import Engine
from routing.index import Index
from routing.moves import Moves
from routing.need import Needs
from routing.policy import ANYBODY, OWN, SECOND, Plan, Policy, Reserve, Step
from routing.world import Link, Offer, Person, Visit, World
from tests.fakes.centre import NODE, PHONES, POLICY, ROSTER, Bench, person
from tests.unit.test_engine import answer, none, offered, only, ring

CALLER, PHONE = ev.Leg(NODE, "1"), ev.Leg(NODE, "2")
LATER, OTHER = ev.Leg(NODE, "3"), ev.Leg(NODE, "4")
FREE = tuple((phone, "NOT_INUSE") for phone in PHONES)


def a_world(up: bool = True) -> World:
    """Everybody is ready; nobody waits."""
    world = World(now_ms=1_000_000, policy=POLICY, links={NODE: Link(up=up)})
    world.people = {
        each.id: Person(each._replace(reach=each.reach._replace(node=NODE)), "ready", device="NOT_INUSE")
        for each in ROSTER.agents
    }
    return world


def waiting(world: World, number: int, *asked: str, owner: str = "") -> Visit:
    """A caller who waits, with people who are not asked again."""
    visit = Visit(number, (), "", 1, state="waiting", language="de", concern="other", owner=owner)
    visit.order_from_ms = world.now_ms
    visit.asked = tuple((each, world.now_ms + 30_000) for each in asked)
    world.visits[number] = visit
    return visit


def test_no_queue_is_kept_for_callers_whom_somebody_refused() -> None:
    """There are as many of them as there are ways to be refused."""
    world = a_world()
    index = Index(world, POLICY)
    for number, asked in enumerate((("amal",), ("birgit",), ("cem",), ("amal", "cem"), ()), 1):
        index.enqueue(waiting(world, number, *asked))
        index.dequeue(number)
    assert [lane.need.asked for lane in index._lanes.values()] == [()]
    assert (index._heads, index._where, len(index._skills._suited)) == ([], {}, 1)


def test_whether_an_owner_understands_a_caller_is_worked_out_once_whoever_refused() -> None:
    world = a_world()
    needs = Needs(POLICY._replace(owner_ms=60_000), world.people)
    for number, asked in enumerate((("amal",), ("birgit",), ()), 1):
        need, _ = needs.at(waiting(world, number, *asked, owner="cem"), world.now_ms)
        assert (need.owner, need.asked) == ("cem", asked)
    assert len(needs._understands) == 1


def test_no_queue_is_kept_for_callers_who_wait_for_one_person_alone() -> None:
    policy = POLICY._replace(owner_ms=60_000)
    world = a_world()
    index = Index(world, policy)
    for number in (1, 2):
        index.enqueue(waiting(world, number, owner="cem"))
    index.dequeue(1)
    assert list(index._owned) == ["cem"]
    index.dequeue(2)
    assert (index._owned, index._owners) == ({}, 0)


def test_who_waits_is_found_as_soon_as_a_pbx_is_linked() -> None:
    world = a_world(up=False)
    index = Index(world, POLICY)
    index.enqueue(waiting(world, 1))
    assert index.decide() is None
    world.links[NODE].up = True
    index.set_links()
    choice = index.decide()
    assert choice is not None
    assert choice.agent == "birgit"


def test_who_refused_may_be_asked_again_from_the_very_moment_on() -> None:
    world = a_world()
    visit = waiting(world, 1, "cem")
    needs = Needs(POLICY, world.people)
    until = world.now_ms + 30_000
    assert [needs.at(visit, each)[0].asked for each in (until - 1, until)] == [("cem",), ()]


def test_who_was_asked_and_has_left_the_staff_stands_for_nobody_else() -> None:
    """The first of the team can take the caller all the same."""
    world = a_world()
    index = Index(world, POLICY._replace(plans=(Plan("", "", (Step(0, OWN, 1, 0),)),), choose=()))
    index.enqueue(waiting(world, 1, "somebody"))
    choice = index.decide()
    assert choice is not None
    assert (choice.agent, choice.candidates, choice.decided_by) == ("amal", 3, "roster_order")


def test_an_owner_whose_caller_has_left_takes_others() -> None:
    bench = Bench(POLICY._replace(owner_ms=60_000))
    bench.login("p02")
    bench.call("9")
    answer(bench, "p02", PHONE, ev.Leg(NODE, "9"))
    for uid, owner in (("1", "birgit"), ("3", "")):
        bench.tell(ev.CallArrived(ev.Leg(NODE, uid), "line"))
        bench.tell(ev.CallerKnown(ev.Leg(NODE, uid), "t", "c" if owner else "", owner))
        bench.tell(ev.CallWaiting(ev.Leg(NODE, uid), "de", "other", "", 0, 0))
    bench.tell(ev.LegEnded(CALLER, 16))
    bench.tell(ev.LegEnded(ev.Leg(NODE, "9"), 16), 5_000)
    bench.tell(ev.DeviceChanged("p02", "NOT_INUSE"))
    made = offered(bench.tell(ev.Elapsed(), POLICY.wrap_up_ms))
    assert (made.agent, bench.engine.world.visits[made.visit].caller) == ("birgit", LATER)


def test_an_owner_who_shares_no_language_that_the_step_admits_is_not_offered_the_caller() -> None:
    """The step asks for the second language, and the caller has named none."""
    steps = (Step(0, SECOND, 5, 0), Step(45_000, OWN, 5, 0))
    bench = Bench(POLICY._replace(owner_ms=60_000, plans=(Plan("", "", steps),)))
    bench.login("p02")
    bench.tell(ev.CallArrived(CALLER, "line"))
    bench.tell(ev.CallerKnown(CALLER, "t", "c", "birgit"))
    assert none(facts.OfferMade, bench.tell(ev.CallWaiting(CALLER, "de", "other", "", 0, 0)).facts)
    assert offered(bench.tell(ev.Elapsed(), 45_000)).agent == "birgit"


def test_a_caller_whom_the_dialplan_took_in_the_same_moment_waits_for_nobody() -> None:
    """Somebody is free who could have taken them."""
    bench = Bench()
    bench.login("p02")
    first = offered(bench.call("1"))
    bench.tell(ev.DeviceChanged("p02", "INUSE"))
    bench.login("p03")
    said = bench.tell(ev.DialBegan(CALLER, PHONE, "p99", 0)).facts
    assert only(facts.OfferEnded, said).offer == first.offer
    assert none(facts.OfferMade, said)
    assert bench.engine.world.people["cem"].appears == "ready"


def test_phones_for_the_dialplan_are_of_who_takes_calls_and_speaks_the_language_at_all_in_team_order() -> (
    None
):
    people = (
        person("ada", "p01", {"de": 7, "tr": 1}, {"other": 3}),
        person("bea", "p02", {"de": 7}, {"other": 3}),
        person("cid", "p03", {"tr": 7}, {"other": 3}),
    )
    world = a_world()
    world.people = {each.id: Person(each, device="NOT_INUSE") for each in people}
    index = Index(world, POLICY)
    for key in ("cid", "bea", "ada", "cid", "bea", "ada"):
        one = world.people[key]
        one.presence = "ready" if one.presence != "ready" else "away"
        index.attend(one)
        one.presence = "ready"
        index.attend(one)
        index.attend(one)
    duty = dict(index.on_duty())
    assert (duty[""], duty["tr"], duty["de"]) == (("p01", "p02", "p03"), ("p01", "p03"), ("p01", "p02"))
    world.people["bea"].presence = "logged_out"
    index.attend(world.people["bea"])
    assert dict(index.on_duty())[""] == ("p01", "p03")


def test_whom_to_ring_stays_known_when_rules_or_people_change() -> None:
    bench = Bench()
    bench.login("p02")
    bench.tell(ev.PolicyChanged("again", POLICY))
    bench.login("p03")
    assert dict(bench.engine.world.fallback)[""] == ("p02", "p03")


def test_a_reserve_holds_on_when_people_change() -> None:
    policy = POLICY._replace(reserves=(Reserve("ar", 7, 1, 200_000),))
    for rules, taken in ((policy, []), (POLICY, ["amal"])):
        bench = Bench(rules)
        bench.tell(ev.TeamChanged("again", ROSTER))
        bench.login("p01")
        made = bench.call("1", "de", "study").facts
        assert [each.agent for each in made if isinstance(each, facts.OfferMade)] == taken


# --- deadlines -------------------------------------------------------------------------------------------


def test_deadlines_are_laid_out_anew_and_not_besides() -> None:
    world = a_world()
    world.offers = {7: Offer(7, 1, "cem", 1_020_000)}
    waiting(world, 1).state = "offered"
    waiting(world, 2, "amal", "birgit", "cem")
    moves = Moves(world)
    before = sorted(moves.derived.deadlines.heap)
    for _ in range(3):
        moves.rebuild()
    assert sorted(moves.derived.deadlines.heap) == before


@pytest.mark.parametrize("doing", ["offered", "writing up", "parting", "waiting"])
def test_what_falls_due_is_kept_with_the_world(doing: str) -> None:
    bench = Bench()
    bench.call("1")
    if doing == "offered":
        bench.login("p02")
    elif doing != "waiting":
        answer(bench, "p02", PHONE, CALLER)
        bench.tell(ev.LegEnded(CALLER if doing == "writing up" else PHONE, 16), 60_000)
    again, _ = replay.thaw(replay.freeze(bench.engine, 0))
    due = again.due()
    assert due == bench.engine.due()
    assert due is not None
    assert due - bench.now in (1_000, 2_000, 5_000, 45_000)


def test_an_hour_that_begins_before_anything_else_falls_due_passes_first() -> None:
    world = World(now_ms=1, policy=POLICY._replace(opening=((5, 20),)), links={"": Link(up=True)})
    world.offers = {2: Offer(2, 1, "cem", 9)}
    deadlines = Deadlines(world)
    deadlines.await_hours()
    deadlines.at(9, LEASE, 2)
    assert (deadlines.due(), deadlines.due(4), deadlines.take(9)) == (5, None, (5, HOURS, 0))
    assert (deadlines.take(8), deadlines.take(9)) == (None, (9, LEASE, 2))


def test_an_id_counts_what_this_world_has_made() -> None:
    engine = Engine()
    engine.step(ev.TermBegan(3), 5)
    for number in (1, 2):
        engine.step(ev.CallArrived(ev.Leg(NODE, str(number)), "line"), 5 + number)
    assert list(engine.world.visits) == [(3 << 32) + 1, (3 << 32) + 2]


def test_a_caller_who_is_offered_has_no_deadline_of_those_who_wait() -> None:
    bench = Bench()
    bench.call("1", "en")
    bench.tell(ev.Elapsed(), 40_000)
    bench.login("p02")
    (visit,) = bench.engine.world.visits.values()
    assert (visit.state, visit.widen_ms, visit.retry_ms) == ("offered", 0, 0)
    ring(bench, "p02", PHONE, CALLER)
    assert bench.tell(ev.Elapsed(), 6_000).facts == ()
    bench.login("p03")
    assert len(bench.engine.world.offers) == 1


def test_who_refused_first_is_asked_again_first() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1")
    for phone, leg in (("p02", PHONE), ("p03", OTHER)):
        (offer,) = bench.engine.world.offers.values()
        ring(bench, phone, leg, CALLER)
        bench.tell(ev.LegEnded(leg, 17))
        bench.tell(ev.DialEnded(CALLER, offer.id, "BUSY"))
        bench.tell(ev.DeviceChanged(phone, "NOT_INUSE"))
        if phone == "p02":
            refused = bench.now
            bench.tell(ev.Elapsed(), 10_000)
            bench.login("p03")
    due = bench.engine.due()
    assert due is not None
    assert abs(due - refused - 30_000) < 10
    assert offered(bench.tell(ev.Elapsed(), due - bench.now)).agent == "birgit"


# --- the shadow ------------------------------------------------------------------------------------------


def shadowed(shadow: Policy) -> Bench:
    """Birgit is free, and another policy is asked too."""
    bench = Bench()
    bench.tell(ev.ShadowChanged("shadow", shadow))
    bench.login("p02")
    return bench


ANYONE = POLICY._replace(plans=(Plan("", "", (Step(0, ANYBODY, 1, 0),)),))
SOON = POLICY._replace(plans=(Plan("", "", (Step(0, OWN, 5, 3), Step(10_000, ANYBODY, 1, 0))),))


def differed(said: tuple[facts.Fact, ...]) -> list[int]:
    """For which callers the shadow would have decided otherwise."""
    found = [each for each in said if isinstance(each, facts.ShadowDiffered)]
    return [each.shadow.visit if each.shadow else 0 for each in found]


def test_what_the_shadow_would_do_is_told_when_its_own_steps_are_reached() -> None:
    bench = shadowed(SOON)
    bench.call("1", "uk")
    assert bench.engine.due() == bench.now + 10_000
    (visit,) = bench.engine.world.visits
    assert differed(bench.tell(ev.Elapsed(), 10_000).facts) == [visit]


def test_when_a_caller_leaves_the_shadow_is_asked_about_the_next() -> None:
    bench = shadowed(ANYONE)
    for uid in ("1", "3"):
        bench.call(uid, "uk")
    first, second = bench.engine.world.visits
    assert bench.engine.world.shadow_said == (0, "", first, "birgit")
    assert differed(bench.tell(ev.LegEnded(CALLER, 16)).facts) == [second]


def test_when_somebody_is_free_no_more_the_shadow_is_asked_again() -> None:
    bench = shadowed(ANYONE)
    bench.call("1", "uk")
    bench.tell(ev.DeviceChanged("p02", "INUSE"))
    assert bench.engine.world.shadow_said == (0, "", 0, "")


def test_the_hours_of_the_shadows_reserves_are_looked_at_too() -> None:
    hours = ((1_500_000, 1_600_000),)
    bench = shadowed(POLICY._replace(reserves=(Reserve("de", 1, 3, 200_000, hours),)))
    assert bench.engine.due() == 1_500_000
    bench.tell(ev.Elapsed(), 1_550_000 - bench.now)
    other = only(facts.ShadowDiffered, bench.call("1", "en").facts)
    assert (other.live is not None, other.shadow) == (True, None)


# --- who has left ----------------------------------------------------------------------------------------


def test_who_has_left_is_gone_once_and_the_index_stays_until_then_and_after() -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    smaller = ROSTER._replace(agents=(ROSTER.agents[0], ROSTER.agents[2]))
    bench.tell(ev.TeamChanged("smaller", smaller))
    index = bench.engine.index
    bench.tell(ev.LegEnded(CALLER, 16), 60_000)
    assert bench.engine.index is index
    bench.tell(ev.Elapsed(), POLICY.wrap_up_ms)
    assert bench.engine.index is not index
    index = bench.engine.index
    bench.tell(ev.Elapsed(), 1)
    assert bench.engine.index is index


def test_a_visit_that_is_over_says_so_to_whoever_still_has_it() -> None:
    bench = Bench()
    bench.call("1")
    (visit,) = bench.engine.world.visits.values()
    assert visit.held(PHONE) is None
    bench.tell(ev.LegEnded(CALLER, 16))
    assert visit.state == "ended"


def test_who_leaves_right_after_a_talk_that_was_none_left_while_it_rang() -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    bench.tell(ev.DialEnded(CALLER, 0, "ANSWER"), 90)
    said = bench.tell(ev.LegEnded(CALLER, 16)).facts
    assert only(facts.VisitEnded, said).outcome == facts.ABANDONED_RINGING


def test_a_phone_that_the_dialplan_rang_is_free_when_the_caller_leaves() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1", "ar")
    bench.tell(ev.DegradedEntered(CALLER))
    bench.tell(ev.DialBegan(CALLER, PHONE, "p02", 0))
    bench.tell(ev.LegEnded(CALLER, 16))
    assert bench.engine.world.people["birgit"].appears == "ready"


def test_a_command_that_the_pbx_refused_costs_the_offer_and_nobody_a_miss() -> None:
    bench = Bench()
    bench.login("p02")
    first = offered(bench.call("1"))
    said = bench.tell(ev.CommandFailed(first.offer, "refused")).facts
    assert only(facts.CommandLost, said)[1:] == (first.offer, "refused")
    assert only(facts.OfferEnded, said).outcome == facts.FAILED
    assert bench.engine.world.people["birgit"].misses == 0
    assert offered(bench.tell(ev.Elapsed(), POLICY.silent_ms)).agent == "birgit"
    assert only(facts.CommandLost, bench.tell(ev.CommandFailed(1, "who knows")).facts)


def test_who_waits_at_a_pbx_that_is_not_heard_is_offered_to_nobody_whatever_is_learnt_of_them() -> None:
    bench = Bench(POLICY._replace(classes=(("vip", 60_000),)))
    for node in (NODE, "pbx2"):
        bench.tell(ev.PbxSnapshot(bench.now + 1, True, (), FREE, node))
    bench.call("1", "ar")
    bench.tell(ev.LinkDown("cable", NODE))
    (visit,) = bench.engine.world.visits.values()
    bench.tell(ev.PriorityGiven(visit.id, "vip"))
    assert (visit.state, visit.widen_ms, visit.classes) == ("waiting", 0, ("vip",))
    bench.login("p01")
    assert bench.engine.world.offers == {}
    bench.tell(ev.PolicyChanged("again", POLICY))
    assert bench.engine.world.offers == {}


def test_under_rules_that_widen_later_nothing_falls_due_before() -> None:
    bench = Bench()
    bench.call("1", "uk")
    queued = bench.now
    assert bench.engine.due() == queued + 45_000
    steps = POLICY.plans[0].steps
    later = POLICY._replace(plans=(Plan("", "", (steps[0], steps[3])),))
    bench.tell(ev.PolicyChanged("later", later))
    assert bench.engine.due() == queued + 150_000
