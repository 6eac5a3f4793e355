"""What a supervisor does to who waits holds, is undone, and is refused with a code where it cannot be."""

from typing import TypeVar

import pytest

from acd import replay
from acd.store import codec
from routing import events as ev
from routing import explain, facts
from routing.commands import CancelCallback, Connect, Withdraw
from routing.engine import Effects
from routing.policy import OVERFLOW_CLOSED, Callbacks, Overflow, Plan
from routing.steering import marks
from routing.world import Visit
from tests.fakes.centre import NODE, PHONES, POLICY, Bench

T = TypeVar("T")
RULES = POLICY._replace(classes=(("vip", 600_000),), callbacks=Callbacks(), owner_ms=20_000)


def bench(*languages: str) -> Bench:
    """Nobody is ready, and these callers wait, one after the other."""
    made = Bench(RULES)
    made.login(*PHONES)
    for phone in PHONES:
        made.tell(ev.StaffAsked("", phone, "notready", "", None))
    for number, language in enumerate(languages, 1):
        made.call(str(number), language)
        made.now += 1_000
    return made


def visits(made: Bench) -> list[Visit]:
    return list(made.engine.world.visits.values())


def said(kind: type[T], effects: Effects) -> list[T]:
    return [each for each in effects.facts if isinstance(each, kind)]


def refused(effects: Effects) -> str:
    return said(facts.EventRefused, effects)[0].state


def served(made: Bench, agent: str = "birgit") -> int:
    """Which visit this person gets if they alone are ready now; 0: none."""
    made.tell(ev.StaffAsked(agent, "", "ready", "", None))
    person = made.engine.world.people[agent]
    return person.engagements[0].visit if person.engagements else 0


def ready(made: Bench, agent: str) -> Effects:
    return made.tell(ev.StaffAsked(agent, "", "ready", "", None))


# --- place in line ---------------------------------------------------------------------------------------


def test_who_is_put_to_the_front_goes_before_all_even_of_a_class_and_the_last_one_put_there_first() -> None:
    made = bench("de", "de", "de")
    one, two, three = visits(made)
    made.tell(ev.PriorityGiven(one.id, "vip"))
    effects = made.tell(ev.VisitPlaced(two.id, "front"))
    assert [each[1:] for each in said(facts.Steered, effects)] == [(two.id, "front", "")]
    made.tell(ev.VisitPlaced(three.id, "front"))
    assert [marks(each) for each in (one, two, three)] == [(), ("front",), ("front",)]
    assert [served(made), served(made, "amal"), served(made, "cem")] == [three.id, two.id, one.id]


def test_who_is_put_to_the_back_is_behind_who_waits_now_and_before_who_comes_later() -> None:
    made = bench("de", "de")
    one, two = visits(made)
    made.tell(ev.VisitPlaced(one.id, "back"))
    made.now += 5_000
    made.call("9", "de")
    assert [served(made), served(made, "amal")] == [two.id, one.id]


def test_a_place_is_given_back_and_the_wait_counts_as_before() -> None:
    made = bench("de", "de")
    one, two = visits(made)
    since = two.order_from_ms
    made.tell(ev.VisitPlaced(two.id, "front"))
    made.tell(ev.VisitPlaced(two.id, "own_place"))
    assert (two.order_from_ms, marks(two)) == (since, ())
    assert served(made) == one.id
    assert refused(made.tell(ev.VisitPlaced(two.id, "own_place"))) == "as_it_is"
    assert refused(made.tell(ev.VisitPlaced(two.id, "side"))) == "unknown_place"
    assert refused(made.tell(ev.VisitPlaced(one.id, "front"))) == "offered"
    assert refused(made.tell(ev.VisitPlaced(5, "front"))) == "unknown_visit"


def test_a_class_is_taken_away_again() -> None:
    made = bench("de", "de")
    one, two = visits(made)
    made.tell(ev.PriorityGiven(two.id, "vip"))
    effects = made.tell(ev.PriorityTaken(two.id, "vip"))
    assert said(facts.CallerRecognised, effects)[0].classes == ()
    assert served(made) == one.id
    assert refused(made.tell(ev.PriorityTaken(two.id, "vip"))) == "not_in_class"


# --- need ------------------------------------------------------------------------------------------------


def test_another_need_is_served_by_others_and_the_own_one_comes_back() -> None:
    made = bench("ar")
    (one,) = visits(made)
    effects = made.tell(ev.NeedGiven(one.id, "tr", ""))
    assert said(facts.NeedKnown, effects)[0][2:] == ("tr", "other", "", ("ar", "other"))
    assert (one.chose, marks(one)) == (("ar", "other"), ("other_need",))
    assert served(made, "amal") == 0
    made.tell(ev.NeedGiven(one.id, "", "study"))
    assert (one.language, one.concern, one.chose) == ("tr", "study", ("ar", "other"))
    effects = made.tell(ev.NeedGiven(one.id, "", ""))
    assert [each[2:] for each in said(facts.Steered, effects)] == [("own_need", "ar/other")]
    assert (marks(one), one.agent) == ((), "amal")


def test_who_leaves_with_another_need_has_their_place_again_by_their_own() -> None:
    made = Bench(RULES._replace(rejoin_ms=60_000))
    made.login(*PHONES)
    for phone in PHONES:
        made.tell(ev.StaffAsked("", phone, "notready", "", None))
    made.call("1", "ar")
    (one,) = visits(made)
    assert one.caller is not None
    made.tell(ev.CallerKnown(one.caller, "t", "", ""))
    made.tell(ev.NeedGiven(one.id, "tr", ""))
    made.tell(ev.LegEnded(one.caller, 16))
    made.call("2", "ar")
    effects = made.tell(ev.CallerKnown(ev.Leg(NODE, "2"), "t", "", ""))
    assert [each.before for each in said(facts.Rejoined, effects)] == [one.id]


# --- for one person --------------------------------------------------------------------------------------


def test_who_is_kept_for_a_person_waits_for_them_whatever_they_speak_and_nobody_else_gets_them() -> None:
    made = bench("ar", "de")
    one, two = visits(made)
    made.tell(ev.PersonNamed(one.id, "birgit"))
    assert served(made, "amal") == two.id
    index, world = made.engine.index, made.engine.world
    assert index is not None
    reasons = {e.agent: e.reason for e in explain.candidates(index, world, RULES, one, made.now)}
    assert reasons == {"amal": "named_another", "birgit": "not_free", "cem": "named_another"}
    assert served(made) == one.id


def test_who_is_kept_for_somebody_who_goes_is_for_everybody_until_they_are_back() -> None:
    made = bench("ar")
    (one,) = visits(made)
    made.tell(ev.PersonNamed(one.id, "birgit"))
    ready(made, "amal")
    assert one.state == "waiting"
    made.tell(ev.StaffAsked("birgit", "", "logout", "", None))
    assert one.agent == "amal"


def test_a_naming_is_undone_and_refused_for_who_is_not_there() -> None:
    made = bench("ar")
    (one,) = visits(made)
    assert refused(made.tell(ev.PersonNamed(one.id, "nobody"))) == "unknown_person"
    made.tell(ev.StaffAsked("cem", "", "logout", "", None))
    assert refused(made.tell(ev.PersonNamed(one.id, "cem"))) == "not_at_work"
    assert refused(made.tell(ev.PersonNamed(one.id, ""))) == "as_it_is"
    made.tell(ev.PersonNamed(one.id, "birgit"))
    effects = made.tell(ev.PersonNamed(one.id, ""))
    assert [each[2:] for each in said(facts.Steered, effects)] == [("not_named", "")]
    assert served(made, "amal") == one.id


def test_nobody_who_is_kept_for_somebody_at_work_is_let_go_since_nobody_could_take_them() -> None:
    own = Plan("", "", POLICY.plan("", "").steps[:1])
    end = Overflow("end", "", "", -1, -1, True, OVERFLOW_CLOSED)
    made = Bench(RULES._replace(plans=(own,), overflow=(end,)))
    made.login("p02")
    made.tell(ev.StaffAsked("", "p02", "notready", "", None))
    made.call("1", "de")
    (one,) = visits(made)
    made.tell(ev.PersonNamed(one.id, "birgit"))
    made.tell(ev.NeedGiven(one.id, "uk", ""))
    assert (one.state, one.overflowed) == ("waiting", ())
    made.tell(ev.PersonNamed(one.id, ""))
    assert (one.state, one.overflowed) == ("leaving", ("end",))


def test_a_visit_offered_by_hand_rings_at_once_and_waits_by_the_rules_if_it_is_not_taken() -> None:
    made = bench("ar")
    (one,) = visits(made)
    assert refused(made.tell(ev.OfferedByHand(one.id, "birgit"))) == "not_free"
    assert refused(made.tell(ev.OfferedByHand(one.id, "nobody"))) == "unknown_person"
    ready(made, "birgit")
    effects = made.tell(ev.OfferedByHand(one.id, "birgit"))
    (offered,) = said(facts.OfferMade, effects)
    assert (offered.agent, offered.choice.decided_by) == ("birgit", "by_hand")
    assert [each.reach.address for each in effects.commands if isinstance(each, Connect)] == ["p02"]
    made.tell(ev.CommandFailed(offered.offer, "test"))
    assert one.state == "waiting"
    assert served(made, "amal") == one.id


# --- back from somebody ----------------------------------------------------------------------------------


def test_an_offer_is_pulled_back_and_goes_to_somebody_else_first() -> None:
    made = bench("de", "de")
    one = visits(made)[0]
    assert served(made) == one.id
    assert not made.tell(ev.OfferPulledBack(one.id)).commands
    assert refused(made.tell(ev.OfferPulledBack(one.id), 0)) == "as_it_is"
    effects = made.tell(ev.Elapsed())
    assert [each.outcome for each in said(facts.OfferEnded, effects)] == [facts.WITHDRAWN]
    assert [each.caller for each in effects.commands if isinstance(each, Withdraw)] == [one.caller]
    world = made.engine.world
    assert world.people["birgit"].misses == 0
    assert (one.state, world.people["birgit"].engagements[0].visit) == ("waiting", visits(made)[1].id)
    assert refused(made.tell(ev.OfferPulledBack(one.id))) == "not_offered"
    assert served(made, "amal") == one.id


def test_a_talk_that_began_before_the_offer_was_pulled_back_goes_on() -> None:
    made = bench("de")
    (one,) = visits(made)
    assert served(made) == one.id
    made.tell(ev.OfferPulledBack(one.id))
    assert one.caller is not None
    made.tell(ev.Bridged(one.caller, ev.Leg(NODE, "9"), "p02"), 0)
    effects = made.tell(ev.Elapsed(), 60_000)
    assert (one.state, effects.commands) == ("talking", ())


def test_an_offer_that_is_pulled_back_while_the_link_is_away_is_refused() -> None:
    made = bench("de")
    (one,) = visits(made)
    assert served(made) == one.id
    made.tell(ev.LinkDown("test"))
    assert refused(made.tell(ev.OfferPulledBack(one.id))) == "not_linked"


def test_a_callback_is_pulled_back_until_the_person_has_lifted() -> None:
    made = bench()
    made.tell(ev.CallbackWished("t", "de", "other", "", 0, 0))
    (kept,) = visits(made)
    assert served(made) == kept.id
    leg = ev.Leg(NODE, "50")
    made.tell(ev.CallbackRings(kept.offer, leg, "p02"))
    made.tell(ev.OfferPulledBack(kept.id))
    effects = made.tell(ev.Elapsed())
    assert len([each for each in effects.commands if isinstance(each, CancelCallback)]) == 1
    assert kept.state == "waiting"
    assert served(made, "amal") == kept.id
    offer = kept.offer
    made.tell(ev.CallbackRings(offer, ev.Leg(NODE, "51"), "p01"))
    made.tell(ev.OfferPulledBack(kept.id))
    made.tell(ev.CallbackLifted(offer, ev.Leg(NODE, "51")), 0)
    assert refused(made.tell(ev.OfferPulledBack(kept.id))) == "calling"
    assert (kept.state, kept.offer) == ("calling", offer)
    assert refused(made.tell(ev.CallbackCancelled(kept.id))) == "calling"


def test_a_callback_has_the_place_that_its_caller_was_given() -> None:
    made = bench("de", "de")
    one, two = visits(made)
    made.tell(ev.VisitPlaced(two.id, "front"))
    assert two.caller is not None
    made.tell(ev.CallbackAsked(two.caller, "t", 0, 0))
    made.tell(ev.LegEnded(two.caller, 16))
    promised = next(each for each in visits(made) if each.kind == "callback")
    assert marks(promised) == ("front",)
    assert [served(made), served(made, "amal")] == [promised.id, one.id]


def test_by_hand_nobody_is_called_back_before_their_time() -> None:
    made = bench()
    made.tell(ev.CallbackWished("t", "de", "other", "", made.now + 600_000, made.now + 900_000))
    (kept,) = visits(made)
    ready(made, "birgit")
    assert refused(made.tell(ev.OfferedByHand(kept.id, "birgit"))) == "early"


# --- kept ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        ev.VisitPlaced(1, "front"),
        ev.PriorityTaken(1, "vip"),
        ev.NeedGiven(1, "de", ""),
        ev.PersonNamed(1, "birgit"),
        ev.OfferedByHand(1, "birgit"),
        ev.OfferPulledBack(1),
    ],
)
def test_the_journal_gives_back_what_was_steered(event: ev.Event) -> None:
    row = codec.encode(event)
    assert row.version == 1
    assert codec.decode(*row) == event


def test_a_kept_world_goes_on_as_steered() -> None:
    made = bench("ar", "de", "de")
    one, two, three = visits(made)
    made.tell(ev.PersonNamed(one.id, "birgit"))
    made.tell(ev.NeedGiven(one.id, "tr", ""))
    made.tell(ev.VisitPlaced(three.id, "front"))
    again, _ = replay.thaw(replay.freeze(made.engine, 1))
    assert again.world == made.engine.world
    made.engine = again
    assert [served(made, "amal"), served(made), served(made, "cem")] == [three.id, one.id, two.id]


def test_whatever_is_steered_is_told_once_with_what_it_names() -> None:
    """The course of a visit and a planner read it there."""
    made = bench("ar", "de")
    one = visits(made)[0]
    made.tell(ev.PriorityGiven(one.id, "vip"))
    for event, told in (
        (ev.VisitPlaced(one.id, "front"), ("front", "")),
        (ev.VisitPlaced(one.id, "back"), ("back", "")),
        (ev.VisitPlaced(one.id, "own_place"), ("own_place", "")),
        (ev.PriorityTaken(one.id, "vip"), ("class_taken", "vip")),
        (ev.NeedGiven(one.id, "tr", ""), ("other_need", "tr/other")),
        (ev.NeedGiven(one.id, "", ""), ("own_need", "ar/other")),
        (ev.PersonNamed(one.id, "cem"), ("named", "cem")),
        (ev.PersonNamed(one.id, ""), ("not_named", "")),
    ):
        assert [each[2:] for each in said(facts.Steered, made.tell(event))] == [told]
    assert served(made, "amal") == one.id
    effects = made.tell(ev.OfferPulledBack(one.id))
    assert [each[1:] for each in said(facts.Steered, effects)] == [(one.id, "pulled_back", "amal")]
