"""What concerns the whole centre: the term, the links to the PBXs, rules and people, the clock."""

from collections.abc import Callable
from typing import Any, Final

from agents import state as staff
from routing import events as ev
from routing import facts
from routing.ledger import apply
from routing.moves import Moves
from routing.reconcile import drift, reconcile
from routing.world import ALIKE, Link, Person, device_key


def term_began(moves: Moves, event: ev.TermBegan) -> None:
    """A daemon took the lead: until a snapshot tells what there is, nothing is known to be so."""
    world = moves.world
    if event.term <= world.term:
        moves.derived.refuse("TermBegan", f"term {event.term}", f"term {world.term}")
        return
    world.term = event.term
    moves.derived.say(facts.TermOpened(world.now_ms, event.term))
    _forget_losses(moves)
    link_down(moves, ev.LinkDown("starting"))


def link_down(moves: Moves, event: ev.LinkDown) -> None:
    """No routing there: leases freeze, callers keep their place, and what fell due waits."""
    world = moves.world
    nodes = [event.node] if event.node else list(world.links)
    for name in nodes:
        link = world.links.setdefault(name, Link())
        if link.up:
            moves.derived.say(facts.LinkChanged(world.now_ms, False, event.why, name))
        link.up, link.why = False, event.why
        world.suspects.pop(name, None)
    if event.node:
        _forget_losses(moves, event.node)
    for visit in world.visits.values():
        if event.node and visit.node not in ("", event.node):
            continue
        if event.node and not visit.node and not visit.offer and world.linked(""):
            continue  # another one can call them
        if (offer := world.offers.get(visit.offer)) is not None:
            offer.deadline_ms = 0
        visit.parting_ms = 0
        moves.visits.leave_queue(visit)
    moves.derived.links_changed()


def _forget_losses(moves: Moves, node: str = "") -> None:
    """A phone that was lost may be back and talk by the next link; if it is still lost, that is told anew.

    A leg that was lost in a talk stays so (Visit.dead_leg). Over a link that stayed while we stood still
    nothing is told anew: there a loss is kept. node: "" for all.
    """
    for key, state in list(moves.world.devices.items()):
        where, _, phone = key.rpartition("/")
        if state == staff.LOST and node in ("", where):
            moves.people.set_device(phone, "UNAVAILABLE", where)


def snapshot(moves: Moves, event: ev.PbxSnapshot) -> None:
    """The PBX wins on what exists, the world on order, need and waiting time.

    While the link is up a snapshot can race with events on their way; so only what differs in two
    snapshots in a row, and did not change since the first was asked for, is drift.
    """
    world = moves.world
    if not event.linkup:
        drift(moves, event)
        return
    link = world.links.setdefault(event.node, Link())
    link.up, link.why = True, ""
    world.suspects.pop(event.node, None)
    moves.derived.links_changed()
    moves.pass_hours()
    reconcile(moves, event, None)
    moves.derived.say(facts.LinkChanged(world.now_ms, True, "", event.node))
    moves.derived.tell_fallback(event.node)
    moves.emergency.tell_dialplan(event.node)
    moves.hotline.tell_dialplan(event.node)


def ledger_read(moves: Moves, event: ev.LedgerRead) -> None:
    """What the dialplan did without us, counted for the day on which it was."""
    moves.pass_hours()
    apply(moves, event)


def announcement_set(moves: Moves, event: ev.AnnouncementSet) -> None:
    """An emergency announcement is on, or off."""
    moves.emergency.set(event)


def clock_stepped(moves: Moves, event: ev.ClockStepped) -> None:
    """Only said: engine time follows by itself."""
    moves.derived.say(facts.ClockMoved(moves.world.now_ms, event.by_ms))


def journal_gap(moves: Moves, event: ev.JournalGap) -> None:
    """Only said: the numbers are never used again."""
    moves.derived.say(facts.JournalLost(moves.world.now_ms, event.first, event.last))


def policy_changed(moves: Moves, event: ev.PolicyChanged) -> None:
    """Other rules from here on."""
    world = moves.world
    world.policy, world.policy_digest = event.policy, event.digest
    moves.derived.say(facts.RulesChanged(world.now_ms, "policy", event.digest))
    moves.rebuild()
    moves.pass_hours()


def shadow_changed(moves: Moves, event: ev.ShadowChanged) -> None:
    """Another policy is asked and not obeyed."""
    world = moves.world
    world.shadow, world.shadow_digest, world.shadow_said = event.policy, event.digest, ALIKE
    moves.derived.say(facts.RulesChanged(world.now_ms, "shadow", event.digest))
    moves.rebuild()


def team_changed(moves: Moves, event: ev.TeamChanged) -> None:
    """People keep their state; who left the staff and is on a call stays until it is over.

    A phone's state is known whoever it belonged to, and so are the legs that it has.
    """
    world = moves.world
    staying = {agent.id: agent for agent in event.team.agents}
    before = world.people
    legs = [(leg, each.agent.reach.address) for each in before.values() for leg in each.other_legs]
    gone = [key for key, person in before.items() if key not in staying and not person.engagements]
    world.people = {}
    for key in sorted({*staying, *before} - set(gone)):
        person = before.get(key) or Person(staying[key])
        person.leaving = key not in staying
        if person.leaving:
            person.presence = staff.LOGGED_OUT
            person.quiet_min = person.quiet_until_ms = 0
        if key in staying:
            person.agent = moves.hotline.joins(staying[key])
        reach = person.agent.reach
        person.device = _device(moves, person)
        person.other_legs = tuple(
            leg for leg, phone in legs if phone == reach.address and reach.node in ("", leg.node)
        )
        world.people[key] = person
    moves.hotline.forget()
    world.team_digest = event.digest
    moves.derived.say(facts.RulesChanged(world.now_ms, "team", event.digest))
    for key in gone:
        if before[key].shown != staff.LOGGED_OUT:
            moves.derived.say(facts.AgentChanged(world.now_ms, key, staff.LOGGED_OUT, ""))
    moves.rebuild()
    for person in world.people.values():
        moves.people.show(person)
    moves.derived.tell_fallback()
    moves.handovers.give_back()


def _device(moves: Moves, person: Person) -> str:
    reach, world = person.agent.reach, moves.world
    for node in (reach.node, *world.links, ""):
        state = world.devices.get(device_key(node, reach.address))
        if state is not None:
            return state
    return ""


def depart(moves: Moves) -> None:
    """Who left the staff and has nothing left to do is no longer here."""
    world = moves.world
    gone = [key for key, person in world.people.items() if person.leaving and not person.engagements]
    for key in gone:
        del world.people[key]
    moves.hotline.forget()
    moves.rebuild()
    moves.derived.tell_fallback()


HANDLERS: Final[dict[type, Callable[[Moves, Any], None]]] = {
    ev.TermBegan: term_began,
    ev.LinkDown: link_down,
    ev.PbxSnapshot: snapshot,
    ev.LedgerRead: ledger_read,
    ev.AnnouncementSet: announcement_set,
    ev.ClockStepped: clock_stepped,
    ev.Elapsed: lambda moves, event: None,
    ev.PolicyChanged: policy_changed,
    ev.ShadowChanged: shadow_changed,
    ev.TeamChanged: team_changed,
    ev.JournalGap: journal_gap,
}
