"""What callers do: they come, choose, wait, are known, leave."""

from collections.abc import Callable
from typing import Any, Final

from agents.model import UNDETERMINED
from routing import events as ev
from routing import facts
from routing import visit as table
from routing.commands import Confirm
from routing.moves import Moves
from routing.world import GONE_MAX, Visit, leg_key, remember


def arrived(moves: Moves, event: ev.CallArrived) -> None:
    """A caller was answered by the menu."""
    visit = moves.derived.visit_of(event.leg)
    if visit is None:
        if not _is_gone(moves, event.leg):
            moves.visits.begin(event.leg, event.line, moves.world.now_ms, adopted=False)
    elif moves.visits.move(visit, table.ARRIVE):
        visit.line = visit.line or event.line


def _is_gone(moves: Moves, leg: ev.Leg) -> bool:
    """Whether this leg has ended: what is still said of it is late, and begins nothing anew."""
    return leg_key(leg) in moves.world.gone


def known(moves: Moves, event: ev.CallerKnown) -> None:
    """It may come late: a visit that is over needs it no more."""
    visit = moves.derived.visit_of(event.leg)
    if visit is None:
        return
    before = (visit.token, visit.case, visit.owner, visit.classes)
    visit.token = event.token or visit.token
    if event.case != ev.UNKNOWN_CASE or not visit.case:
        visit.case, visit.owner = event.case or visit.case, event.owner or visit.owner
    moves.visits.give_classes(visit, event.classes)
    if visit.keyed and event.case:
        visit.keyed = False
        known_case = event.case != ev.UNKNOWN_CASE
        moves.derived.commands.append(Confirm(moves.derived.new_id(), event.leg, known_case))
    if before != (visit.token, visit.case, visit.owner, visit.classes):
        moves.visits.recognised(visit)


def case_entered(moves: Moves, event: ev.CaseEntered) -> None:
    """The caller's own word for it; what it means comes as CallerKnown."""
    visit = moves.derived.expected(event.leg, "CaseEntered")
    if visit is not None:
        visit.keyed = True
    if visit is not None and event.case and visit.case != event.case:
        visit.case = event.case
        moves.visits.recognised(visit)


def case_asked(moves: Moves, event: ev.CaseAsked) -> None:
    """In what state it is. Who then hangs up got what they called for."""
    visit = moves.derived.expected(event.leg, "CaseAsked")
    if visit is None or event.became not in facts.CASE_LINE:
        return
    visit.heard_case = visit.heard_case or event.became == facts.CASE_HEARD
    moves.derived.say(facts.CaseTold(moves.world.now_ms, visit.id, event.became))


def priority_given(moves: Moves, event: ev.PriorityGiven) -> None:
    """A supervisor's word counts beside what is known."""
    visit = moves.world.visits.get(event.visit)
    if visit is None:
        moves.derived.refuse("PriorityGiven", f"visit {event.visit}", "unknown")
    elif event.name not in visit.classes:
        moves.visits.give_classes(visit, (event.name,))
        moves.visits.recognised(visit)


def language_chosen(moves: Moves, event: ev.LanguageChosen) -> None:
    """The caller's language."""
    visit = moves.derived.expected(event.leg, "LanguageChosen")
    if visit is not None and moves.visits.move(visit, table.CHOOSE):
        moves.visits.set_need(visit, event.language, "", "")


def concern_chosen(moves: Moves, event: ev.ConcernChosen) -> None:
    """The caller's concern."""
    visit = moves.derived.expected(event.leg, "ConcernChosen")
    if visit is not None and moves.visits.move(visit, table.CHOOSE):
        moves.visits.set_need(visit, "", event.concern, "")


def waiting(moves: Moves, event: ev.CallWaiting) -> None:
    """The first one queues. One that nobody knows is adopted: the caller matters, not our memory.

    Who stands on hold talks to nobody: whatever talk or ring there was is over.
    """
    now = moves.world.now_ms
    visit = moves.derived.visit_of(event.leg)
    new = visit is None
    if visit is None and _is_gone(moves, event.leg):
        return
    if visit is None:
        visit = moves.visits.begin(event.leg, "", event.arrived_ms or now, adopted=True)
    moves.not_in_talk(visit)
    offer = moves.world.offers.get(visit.offer)
    if offer is not None and offer.cause >= 0:  # its phone's leg has ended: the dial is over, told or not
        moves.offers.end(offer, facts.WITHDRAWN, offer.cause)
        moves.visits.back_on_hold(visit)
    if visit.state == table.DEGRADED:
        moves.offers.stops_alone(visit)
    chose = visit.state == table.GREETED
    if not moves.visits.move(visit, table.QUEUE):
        return
    visit.heard_case = False
    if visit.queued_ms and chose:
        moves.visits.set_need(visit, event.language, event.concern, event.second)
    if not visit.queued_ms:
        moves.visits.set_need(
            visit,
            event.language or visit.language or UNDETERMINED,
            event.concern or visit.concern or "other",
            event.second,
        )
        moves.visits.queue(visit, event.queued_ms or now if new else now)
    if visit.state == table.WAITING:
        moves.visits.wait(visit)


def second_language(moves: Moves, event: ev.SecondLanguageAdded) -> None:
    """Another language is fine too."""
    visit = moves.derived.expected(event.leg, "SecondLanguageAdded")
    if visit is None or not moves.visits.move(visit, table.ADD_LANGUAGE):
        return
    if moves.visits.set_need(visit, "", "", event.language) and visit.state == table.WAITING:
        moves.visits.wait(visit)


def waits_expected(moves: Moves, event: ev.WaitsExpected) -> None:
    """The outlook on those who wait."""
    for each in event.expected:
        moves.announcer.expected(each)


def sentences_asked(moves: Moves, event: ev.SentencesAsked) -> None:
    """The caller wants to hear again how it stands."""
    visit = moves.derived.expected(event.leg, "SentencesAsked")
    if visit is not None:
        moves.announcer.again(visit)


def menu_asked(moves: Moves, event: ev.MenuAsked) -> None:
    """The caller is in the menus again, and keeps their place for when they are back."""
    visit = moves.derived.expected(event.leg, "MenuAsked")
    if visit is not None:
        moves.to_menus(visit)


def announcement_heard(moves: Moves, event: ev.AnnouncementHeard) -> None:
    """Who heard it in the menus does not hear it again on hold."""
    visit = moves.derived.expected(event.leg, "AnnouncementHeard")
    if visit is not None:
        moves.emergency.heard(visit, event.sound)


def recording_told(moves: Moves, event: ev.RecordingTold) -> None:
    """What became of recording this caller: told, and nothing decided by it."""
    visit = moves.derived.expected(event.leg, "RecordingTold")
    if visit is not None:
        moves.visits.recorded(visit, event.step, event.what, event.by)


def went_outside(moves: Moves, event: ev.WentOutside) -> None:
    """On the way to somebody outside."""
    visit = moves.derived.expected(event.leg, "WentOutside")
    if visit is not None:
        moves.goes_outside(visit, event.rule)


def outside_answered(moves: Moves, event: ev.OutsideAnswered) -> None:
    """It is not our talk; but the wait is over."""
    visit = moves.derived.expected(event.leg, "OutsideAnswered")
    if visit is not None:
        moves.answered_outside(visit)


def degraded(moves: Moves, event: ev.DegradedEntered) -> None:
    """The dialplan serves this caller by itself; a dial whose end it has told waits for no cause now."""
    visit = moves.derived.expected(event.leg, "DegradedEntered")
    if visit is None:
        return
    offer = moves.world.offers.get(visit.offer)
    if offer is not None and (offer.status or visit.state == table.RINGING):
        moves.offers.dial_over(offer)
    moves.serves_alone(visit)


def turned_away(moves: Moves, event: ev.TurnedAway) -> None:
    """The centre is closed."""
    visit = moves.derived.expected(event.leg, "TurnedAway")
    if visit is not None:
        moves.hears_closed(visit)


def call_ends(moves: Moves, event: ev.CallEnds) -> None:
    """Kept until the caller's leg ends. A call that nobody knows ends without us."""
    visit = moves.derived.visit_of(event.leg)
    if visit is None:
        return
    if event.by or visit.caller == event.leg:
        visit.hung_up_by = event.by or facts.BY_CALLER
    elif visit.state == table.TALKING:
        visit.hung_up_by = facts.BY_STAFF


def caught(moves: Moves, event: ev.CallerCaught) -> None:
    """The redirect of an offer did not take hold: the caller is on hold, and nobody was rung."""
    visit = moves.derived.expected(event.leg, "CallerCaught")
    offer = moves.world.offers.get(visit.offer) if visit is not None else None
    if visit is not None and offer is not None and offer.phone_leg is None:
        moves.offers.end(offer, facts.FAILED)
        moves.visits.back_on_hold(visit)


def leg_ended(moves: Moves, event: ev.LegEnded) -> None:
    """Of a leg that serves no visit (a feature code, a phone's private call) only the phone's use matters."""
    remember(moves.world.gone, leg_key(event.leg), moves.world.now_ms, GONE_MAX)
    visit = moves.derived.visit_of(event.leg)
    if visit is None:
        moves.people.lost_leg(event.leg)
        return
    held = visit.held(event.leg)
    if held is not None and held.role == table.PHONE:
        _phone_left(moves, visit, event)
        if (person := moves.world.people.get(held.agent)) is not None:
            moves.people.hung_up(person, held.phone or person.agent.reach.address, event.leg.node)
    elif held is not None and held.role in table.needs(visit.kind, visit.state):
        if event.vanished:
            visit.hung_up_by = facts.VANISHED
        elif visit.kind in table.OUTBOUND and visit.state == table.TALKING:
            visit.hung_up_by = facts.BY_CALLER
        moves.leave_line(visit, cause=event.cause)
    else:
        moves.visits.let_go(visit, event.leg)


def _phone_left(moves: Moves, visit: Visit, event: ev.LegEnded) -> None:
    """The phone's leg is gone: its offer learns why, its talk parts, what the dialplan rang is still."""
    offer = moves.world.offers.get(visit.offer)
    if offer is not None and offer.phone_leg == event.leg and visit.kind in table.OUTBOUND:
        moves.callbacks.phone_left(visit, offer, event.cause)
    elif offer is not None and offer.phone_leg == event.leg:
        moves.visits.let_go(visit, event.leg)
        offer.cause = event.cause
        if offer.status:
            moves.offers.dial_over(offer)
    elif table.PHONE in table.needs(visit.kind, visit.state):
        if visit.kind in table.OUTBOUND:
            visit.hung_up_by = facts.BY_STAFF
        moves.talks.part(visit)
    else:
        moves.offers.stops_alone(visit)


HANDLERS: Final[dict[type, Callable[[Moves, Any], None]]] = {
    ev.CallArrived: arrived,
    ev.CallerKnown: known,
    ev.CaseEntered: case_entered,
    ev.CaseAsked: case_asked,
    ev.PriorityGiven: priority_given,
    ev.LanguageChosen: language_chosen,
    ev.ConcernChosen: concern_chosen,
    ev.CallWaiting: waiting,
    ev.SecondLanguageAdded: second_language,
    ev.WaitsExpected: waits_expected,
    ev.SentencesAsked: sentences_asked,
    ev.MenuAsked: menu_asked,
    ev.AnnouncementHeard: announcement_heard,
    ev.RecordingTold: recording_told,
    ev.WentOutside: went_outside,
    ev.OutsideAnswered: outside_answered,
    ev.DegradedEntered: degraded,
    ev.TurnedAway: turned_away,
    ev.CallEnds: call_ends,
    ev.CallerCaught: caught,
    ev.LegEnded: leg_ended,
}
