"""A supervisor in a talk: who may hear it, how, and since when; nobody without the caller's own yes."""

from typing import Final

from agents.model import Reach
from routing import facts
from routing import visit as table
from routing.commands import EndListening, Listen
from routing.derived import Derived
from routing.events import Leg
from routing.world import Visit

LISTEN: Final = "listen"
WHISPER: Final = "whisper"
BARGE: Final = "barge"
HOW: Final = (LISTEN, WHISPER, BARGE)
"""Hears both; is heard by the person alone, too; is heard by both."""

NOT_AGREED: Final = "not_agreed"
NO_CONSENT: Final = "no_consent"
LISTENED_ALREADY: Final = "listened_already"
NOT_IN_TALK: Final = "not_in_talk"
NOT_LINKED: Final = "not_linked"
PHONE_IN_USE: Final = "phone_in_use"
"""Who asks is on a call, or being offered one."""


def phone_leg(visit: Visit) -> Leg | None:
    """Of who talks with this caller."""
    return next((each.leg for each in visit.legs if each.role == table.PHONE), None)


def present(visit: Visit) -> str:
    """How somebody is in the talk that goes on, "" for nobody."""
    leg = phone_leg(visit)
    there = visit.state == table.TALKING and leg is not None and visit.listened[2] == leg.uid
    return visit.listened[1] if there else ""


def refused(listens: tuple[str, ...], visit: Visit, how: str) -> str:
    """Why nobody may be in this talk so, "" where they may."""
    if how not in listens:
        return NOT_AGREED
    if visit.state != table.TALKING or phone_leg(visit) is None or not visit.agent:
        return NOT_IN_TALK
    if not visit.may_listen:
        return NO_CONSENT
    return LISTENED_ALREADY if present(visit) else ""


def listen(derived: Derived, visit: Visit, how: str, reach: Reach) -> str:
    """Somebody's phone rings, and they are in the talk once they lift. Why not, "" where it is done."""
    leg = phone_leg(visit)
    why = refused(derived.world.rules.listens, visit, how)
    if why or leg is None:
        return why
    if not derived.hears(visit):
        return NOT_LINKED
    asks = derived.person_at(reach.address, reach.node)
    if asks is not None and asks.engagements:
        return PHONE_IN_USE
    number = derived.new_id()
    visit.listened = (number, how, leg.uid)
    derived.commands.append(Listen(number, leg, how, reach))
    derived.say(facts.Listened(derived.world.now_ms, visit.id, visit.agent, how))
    return ""


def over(derived: Derived, number: int) -> bool:
    """Whoever was in a talk under this number is no more; whether there was one."""
    for visit in derived.world.visits.values():
        if number and visit.listened[0] == number:
            visit.listened = (0, "", "")
            derived.say(facts.ListeningEnded(derived.world.now_ms, visit.id))
            return True
    return False


def settle(derived: Derived, node: str, there: frozenset[int]) -> None:
    """After a snapshot of a PBX: these are in talks there. Who is shown and not there is no more; who is
    there and in no talk that we know of is taken out."""
    known = {each.listened[0]: each for each in derived.world.visits.values() if each.listened[0]}
    for number, visit in known.items():
        if node in ("", visit.node) and number not in there:
            over(derived, number)
    for number in sorted(there - known.keys()):
        derived.commands.append(EndListening(derived.new_id(), number, node))
