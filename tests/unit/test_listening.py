"""A supervisor in a talk: only where agreed and the caller said yes, one at a time, seen at the desk."""

from typing import Any

import pytest

from agents.model import Reach
from routing import events as ev
from routing import facts
from routing.commands import EndListening, Listen
from routing.desk import desk
from routing.engine import Effects
from routing.listening import (
    HOW,
    LISTENED_ALREADY,
    NO_CONSENT,
    NOT_AGREED,
    NOT_IN_TALK,
    NOT_LINKED,
    PHONE_IN_USE,
)
from routing.steering import UNKNOWN_VISIT
from tests.fakes.centre import NODE, POLICY, Bench
from tests.unit.test_engine import answer, ring

CALLER, PHONE = ev.Leg(NODE, "1"), ev.Leg(NODE, "2")
REACH = Reach("phone", "p09")
AGREED = POLICY._replace(listens=HOW)


def talking(policy: Any = AGREED, *, yes: bool = True) -> tuple[Bench, int]:
    made = Bench(policy)
    made.login("p02")
    made.call("1")
    if yes:
        made.tell(ev.ListeningAllowed(CALLER))
    ring(made, "p02", PHONE, CALLER)
    answer(made, "p02", PHONE, CALLER)
    (visit,) = made.engine.world.visits.values()
    assert visit.state == "talking"
    return made, visit.id


def asked(made: Bench, visit: int, how: str = "listen") -> Effects:
    return made.tell(ev.ListeningAsked(visit, how, REACH))


def refused(effects: Effects) -> list[str]:
    return [each.state for each in effects.facts if isinstance(each, facts.EventRefused)]


def at_the_desk(made: Bench) -> str:
    view = desk(made.engine.world, "birgit", made.now)
    return view.calls[0].listened if view is not None and view.calls else ""


@pytest.mark.parametrize("how", HOW)
def test_who_is_in_a_talk_is_seen_at_the_desk_until_they_are_gone(how: str) -> None:
    made, visit = talking()
    effects = asked(made, visit, how)
    (command,) = effects.commands
    assert isinstance(command, Listen)
    assert (command.leg, command.how, command.reach) == (PHONE, how, REACH)
    assert [type(each) for each in effects.facts] == [facts.Listened]
    assert at_the_desk(made) == how
    assert refused(asked(made, visit)) == [LISTENED_ALREADY]
    assert [type(each) for each in made.tell(ev.ListeningEnded(command.id)).facts] == [facts.ListeningEnded]
    assert at_the_desk(made) == ""
    assert made.tell(ev.ListeningEnded(command.id)).facts == ()
    assert refused(asked(made, visit)) == []


def test_nobody_is_in_it_without_agreement_consent_or_talk() -> None:
    made, visit = talking(POLICY)
    assert refused(asked(made, visit)) == [NOT_AGREED]
    made, visit = talking(POLICY._replace(listens=("listen",)))
    assert refused(asked(made, visit, "barge")) == [NOT_AGREED]
    made, visit = talking(yes=False)
    assert refused(asked(made, visit)) == [NO_CONSENT]
    assert refused(asked(made, 7)) == [UNKNOWN_VISIT]
    waits = Bench(AGREED)
    waits.call("1")
    waits.tell(ev.ListeningAllowed(CALLER))
    assert refused(asked(waits, next(iter(waits.engine.world.visits)))) == [NOT_IN_TALK]


def test_a_phone_that_could_not_be_rung_listens_to_nothing_and_the_next_talk_is_another() -> None:
    made, visit = talking()
    number = asked(made, visit).commands[0].id
    lost = made.tell(ev.CommandFailed(number, "no such phone"))
    assert facts.ListeningEnded in [type(each) for each in lost.facts]
    assert at_the_desk(made) == ""
    asked(made, visit)
    made.tell(ev.LegEnded(CALLER, 16))
    assert at_the_desk(made) == "", "the talk is over"


def test_a_caller_says_yes_once_and_for_this_call_alone() -> None:
    made = Bench(AGREED)
    made.call("1")
    assert [type(each) for each in made.tell(ev.ListeningAllowed(CALLER)).facts] == [facts.ListeningAllowed]
    assert made.tell(ev.ListeningAllowed(CALLER)).facts == ()
    made.call("3")
    assert [each.may_listen for each in made.engine.world.visits.values()] == [True, False]


def test_a_snapshot_settles_who_listens() -> None:
    """Who hung up while the link was down is shown no more; who is there and known to nobody is taken out."""
    made, visit = talking()
    number = asked(made, visit).commands[0].id
    legs = (
        ev.LegSeen(CALLER, CALLER, "", "acd-connect", "b", True, "de", "other", "", 1, 1, 0, 0),
        ev.LegSeen(PHONE, CALLER, "p02", "acd-connect", "b", True, "de", "other", "", 1, 1, 0, 0),
    )
    leg = ev.Leg(NODE, f"ls{number}")
    spy = ev.LegSeen(leg, leg, "p09", "", "", True, "", "", "", 0, 0, 0, 0)
    devices = (("p02", "INUSE"),)
    made.tell(ev.PbxSnapshot(made.now, True, (*legs, spy._replace(listening=number)), devices, NODE))
    assert at_the_desk(made) == "listen"
    made.tell(ev.PbxSnapshot(made.now, True, legs, devices, NODE))
    assert at_the_desk(made) == ""
    effects = made.tell(ev.PbxSnapshot(made.now, True, (*legs, spy._replace(listening=77)), devices, NODE))
    (out,) = [each for each in effects.commands if isinstance(each, EndListening)]
    assert (out.listening, out.node) == (77, NODE)


def test_who_is_on_a_call_themselves_is_not_rung_and_a_lost_link_is_told() -> None:
    made, visit = talking()
    own = made.tell(ev.ListeningAsked(visit, "listen", Reach("phone", "p02")))
    assert refused(own) == [PHONE_IN_USE]
    made.tell(ev.LinkDown("cable"))
    assert refused(asked(made, visit)) == [NOT_LINKED]
