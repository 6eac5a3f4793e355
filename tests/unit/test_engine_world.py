"""What is there before anything has happened, and what is read off a world."""

from dataclasses import MISSING, fields

import pytest

from routing import events as ev
from routing import facts
from routing.commands import PHONE_LOST, Withdraw
from routing.engine import Engine
from routing.world import Engagement, Link, NoPolicy, Offer, Person, Visit, World
from tests.fakes.centre import NODE, POLICY, ROSTER, Bench


@pytest.mark.parametrize("kind", [Visit, Offer, Engagement, Person, World])
def test_nothing_is_known_and_nothing_due_at_first(kind: type) -> None:
    """0, "", False and empty stand for that; a cause of -1 is one that nobody told."""
    for each in fields(kind):
        if each.default is not MISSING and isinstance(each.default, int):
            assert each.default == (-1 if each.name == "cause" else 0), each.name


def test_a_call_before_any_rules_is_an_error_with_a_name() -> None:
    with pytest.raises(NoPolicy):
        _ = World().rules
    assert World(policy=POLICY).rules is POLICY


def test_the_link_is_up_when_every_pbx_is_and_tells_the_first_that_is_not() -> None:
    world = World()
    assert (world.link_up, world.link_why, world.linked("")) == (False, "not connected yet", False)
    world.links = {"a": Link(up=True, why=""), "b": Link(up=False, why="cable")}
    assert (world.link_up, world.link_why) == (False, "cable")
    assert [world.linked(each) for each in ("a", "b", "c", "")] == [True, False, False, True]
    world.links = {"": Link(up=True, why=""), "b": Link(up=False, why="cable")}
    assert [world.linked(each) for each in ("a", "b", "")] == [True, False, True]
    world.links = {"a": Link(up=True, why="")}
    assert (world.link_up, world.link_why) == (True, "")


def test_who_is_linked_again_is_offered_a_caller_who_waits_elsewhere() -> None:
    """Nothing else happens: no caller there, and no phone in another state."""
    homed = ROSTER.agents[0]._replace(reach=ROSTER.agents[0].reach._replace(node="pbx2"))
    bench = Bench(POLICY, ROSTER._replace(agents=(homed, *ROSTER.agents[1:])))
    for node in (NODE, "pbx2"):
        bench.tell(ev.PbxSnapshot(bench.now + 1, True, (), (("p01", "NOT_INUSE"),), node))
    bench.tell(ev.StaffAsked("amal", "", "login", "", None))
    bench.tell(ev.LinkDown("cable", "pbx2"))
    bench.call("1", "ar", "study")
    assert bench.engine.world.offers == {}
    effects = bench.tell(ev.PbxSnapshot(bench.now + 1, True, (), (("p01", "NOT_INUSE"),), "pbx2"))
    assert [each.agent for each in effects.facts if isinstance(each, facts.OfferMade)] == ["amal"]


def test_who_became_idle_before_midnight_was_not_idle_so_long_today() -> None:
    """The ledger tells after midnight of a talk that ended before it."""
    midnight = 1_100_000
    bench = Bench(POLICY._replace(days=(midnight,), wrap_up_ms=0))
    bench.login("p02")
    bench.call("1")
    caller, phone = ev.Leg(NODE, "1"), ev.Leg(NODE, "2")
    bench.tell(ev.Bridged(caller, phone, "p02"))
    began = bench.now
    bench.tell(ev.LinkDown("cable"))
    bench.tell(ev.Elapsed(), midnight + 50_000 - bench.now)
    ended = midnight - 10_000
    talk = ev.LedgerTalk("p02", 0, began, ended)
    row = ev.LedgerRow(
        caller, "line", "de", "other", "", began, began, 0, 0, (), (talk,), ended, "caller", 16
    )
    bench.tell(ev.LedgerRead("", (row,)))
    birgit = bench.engine.world.people["birgit"]
    assert birgit.appears == "ready"
    assert birgit.idle_ms + bench.now - birgit.idle_since_ms == bench.now - midnight
    assert (birgit.busy_ms, birgit.calls) == (0, 0)


def test_a_stretch_that_goes_on_over_midnight_counts_from_midnight() -> None:
    midnight = 1_100_000
    bench = Bench(POLICY._replace(days=(midnight,)))
    people = bench.engine.world.people
    bench.login("p02")
    bench.call("1", "ar")
    bench.tell(ev.Bridged(ev.Leg(NODE, "1"), ev.Leg(NODE, "2"), "p03"))
    bench.tell(ev.Elapsed(), midnight + 10_000 - bench.now)
    birgit, cem, amal = (people[each] for each in ("birgit", "cem", "amal"))
    assert birgit.idle_ms + bench.now - birgit.idle_since_ms == 10_000
    assert cem.busy_ms + bench.now - cem.busy_since_ms == 10_000
    assert (birgit.busy_ms, cem.idle_ms, cem.calls, amal.idle_ms, amal.busy_ms) == (0, 0, 0, 0, 0)


def test_what_a_ledger_tells_of_today_is_todays_although_midnight_was_not_heard_of() -> None:
    """Midnight has passed since the last event, and nobody said so before the ledger is read."""
    midnight = 1_100_000
    bench = Bench(POLICY._replace(days=(midnight,), wrap_up_ms=0))
    bench.login("p02")
    bench.call("1")
    bench.tell(ev.LinkDown("cable"))
    bench.now = midnight + 50_000
    talk = ev.LedgerTalk("p02", 0, midnight + 10_000, midnight + 30_000)
    caller = ev.Leg(NODE, "1")
    row = ev.LedgerRow(caller, "line", "de", "other", "", 1, 1, 0, 0, (), (talk,), 0, "", 0)
    bench.tell(ev.LedgerRead("", (row,)))
    birgit = bench.engine.world.people["birgit"]
    assert (birgit.calls, birgit.busy_ms) == (1, 20_000)
    assert birgit.idle_ms + bench.now - birgit.idle_since_ms == bench.now - midnight - 30_000


def test_a_term_that_is_not_higher_changes_nothing() -> None:
    engine = Engine()
    engine.step(ev.TermBegan(2), 5)
    refused = engine.step(ev.TermBegan(2), 6).facts
    assert [type(each) for each in refused] == [facts.EventRefused]
    assert engine.world.term == 2


def talking(bench: Bench, agent: str, phone: str) -> None:
    """A caller who talks at this phone, as only the ledger told."""
    caller = ev.Leg(NODE, "1")
    bench.call("1", "ar", "study")
    bench.tell(ev.LinkDown("cable"))
    now = bench.now
    talk = ev.LedgerTalk(phone, 0, now, 0)
    row = ev.LedgerRow(caller, "line", "ar", "study", "", now, now, 0, 0, (), (talk,), 0, "", 0)
    began = bench.tell(ev.LedgerRead("", (row,))).facts
    assert [each.agent for each in began if isinstance(each, facts.TalkBegan)] == [agent]


def a_talk_at(bench: Bench, phone: str) -> ev.PbxSnapshot:
    """What the PBX has: that caller and this phone in one bridge."""
    caller, leg = ev.Leg(NODE, "1"), ev.Leg(NODE, "2")
    row = ev.LegSeen(caller, caller, "", "acd-connect", "b", True, "ar", "study", "", 1, 1, 0, 0)
    return ev.PbxSnapshot(bench.now + 1, True, (row, row._replace(leg=leg, phone=phone)), ((phone, "INUSE"),))


def test_a_talk_that_the_pbx_has_at_another_phone_than_the_ledger_is_with_that_person() -> None:
    bench = Bench()
    talking(bench, "birgit", "p02")
    bench.tell(a_talk_at(bench, "p03"), 10_000)
    (visit,) = bench.engine.world.visits.values()
    assert (visit.state, visit.agent) == ("talking", "cem")
    assert bench.engine.world.people["birgit"].appears == "wrap_up"


def test_a_talk_with_a_phone_that_was_lost_is_over() -> None:
    bench = Bench()
    bench.tell(ev.PhoneLost("p02", NODE))
    talking(bench, "birgit", "p02")
    effects = bench.tell(a_talk_at(bench, "p02"), 10_000)
    assert [type(each) for each in effects.facts if isinstance(each, facts.TalkEnded)] == [facts.TalkEnded]
    assert [each.sentence for each in effects.commands if isinstance(each, Withdraw)] == [PHONE_LOST]
    assert bench.engine.world.people["birgit"].activity == "wrap_up"
    assert [each.state for each in bench.engine.world.visits.values()] == ["parting"]


def test_a_phone_that_has_no_other_call_any_more_is_free_again() -> None:
    bench = Bench()
    bench.login("p02")
    other = ev.Leg(NODE, "7")
    row = ev.LegSeen(other, other, "p02", "private", "", True, "", "", "", 0, 0, 0, 0)
    devices = (("p02", "NOT_INUSE"),)
    bench.tell(ev.PbxSnapshot(bench.now + 1, True, (row,), devices, NODE))
    assert bench.engine.world.people["birgit"].appears == "busy_outside"
    bench.tell(ev.PbxSnapshot(bench.now + 1, True, (), devices, NODE))
    assert bench.engine.world.people["birgit"].appears == "ready"


def test_why_somebody_is_not_ready_is_shown_and_only_then() -> None:
    bench = Bench()
    bench.tell(ev.StaffAsked("", "p02", "login", "lunch", None))
    birgit = bench.engine.world.people["birgit"]
    assert (birgit.shown, birgit.reason) == ("ready", "")
    said = bench.tell(ev.StaffAsked("", "p02", "notready", "lunch", None)).facts
    assert [(each.state, each.reason) for each in said if isinstance(each, facts.AgentChanged)] == [
        ("not_ready", "lunch")
    ]


def test_an_offer_does_not_stay_open_wherever_the_pbx_has_its_caller() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1")
    bench.tell(ev.LinkDown("cable"))
    caller = ev.Leg(NODE, "1")
    row = ev.LegSeen(caller, caller, "", "acd-language", "", True, "de", "other", "", 1, 0, 0, 0)
    bench.tell(ev.PbxSnapshot(bench.now + 1, True, (row,), (("p02", "NOT_INUSE"),)))
    assert bench.engine.world.offers == {}
