"""What a snapshot of a PBX means, in plain words: the state of each caller, what of it is drift, and what the
world has to be after a link-up."""

from typing import NamedTuple

from routing import events as ev
from routing.facts import DriftFound, Fact
from routing.world import World

STATES = {
    "acd-hold": "waiting",
    "acd-connect": "offered",
    "acd-degraded": "degraded",
    "acd-closed": "closing",
    "acd-entry": "greeted",
    "acd-language": "greeted",
    "acd-concern": "greeted",
}
IN_USE = {"INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD"}
"""What a phone that was lost may say of itself without being there again."""


class Known(NamedTuple):
    """A visit as it was before the snapshot."""

    visit: int
    state: str
    changed_ms: int
    phone: ev.Leg | None = None
    agent: str = ""
    talks_at: str = ""
    dead_leg: ev.Leg | None = None


class Before:
    """What of the world before a step decides what a snapshot means."""

    def __init__(self, world: World, node: str) -> None:
        self.gone = set(world.gone)
        self.visits = {
            each.caller: Known(
                each.id,
                each.state,
                each.changed_ms,
                each.phone.leg if each.phone else None,
                each.agent,
                each.talks_at,
                each.dead_leg,
            )
            for each in world.visits.values()
            if each.caller is not None and each.node == node
        }
        self.phones = [
            (each.agent.reach.address, each.device, each.changed_ms)
            for each in world.people.values()
            if each.agent.reach.node in ("", node)
        ]
        self.lost = {key for key, state in world.devices.items() if state == "LOST"}


def states(event: ev.PbxSnapshot, before: Before) -> dict[ev.Leg, str]:
    """The state of each caller on this PBX; legs that have ended meanwhile are nobody's."""
    legs = [each for each in event.legs if f"{each.leg.node}/{each.leg.uid}" not in before.gone]
    found = {}
    for row in legs:
        if row.phone or row.caller != row.leg:
            continue
        phones = [each for each in legs if each.phone and each.caller == row.leg and each.leg != row.leg]
        if row.bridge and row.bridge in [each.bridge for each in phones]:
            found[row.leg] = "talking"
        elif row.context == "acd-degraded":
            found[row.leg] = "degraded"
        elif phones:
            found[row.leg] = "ringing"
        elif row.context in STATES or not row.queued_ms:
            state = STATES.get(row.context, "greeted" if row.arrived_ms else "")
            found.update({row.leg: state} if state else {})
        else:
            found[row.leg] = "waiting"
    return found


def drift(event: ev.PbxSnapshot, before: Before) -> set[tuple[str, str, str]]:
    """(subject, as we have it, as the PBX has it) of what differs and did not change since it was asked."""
    there = states(event, before)
    found = {(leg.uid, "unknown", state) for leg, state in there.items() if leg not in before.visits}
    for leg, known in before.visits.items():
        state = there.get(leg, "gone")
        alike = {
            "parting": {"talking", "offered"},
            "leaving": {"closing"},
            "offered": {"offered", "ringing"},
            "ringing": {"offered", "ringing"},
        }.get(known.state, {known.state})
        if known.changed_ms < event.asked_ms and state not in alike:
            found.add((leg.uid, known.state, state))
    devices = dict(event.devices)
    for phone, device, changed_ms in before.phones:
        if changed_ms < event.asked_ms and devices.get(phone, device) != device:
            found.add((phone, device, devices[phone]))
    return found


class Drift:
    """What differed in the last look at each PBX: only what differs twice in a row is said."""

    def __init__(self) -> None:
        self._suspects: dict[str, set[tuple[str, str, str]]] = {}

    def forget(self, node: str) -> None:
        """The link was lost, or is new: "" for all."""
        self._suspects = {} if not node else {**self._suspects, node: set()}

    def trust(self, event: ev.PbxSnapshot, world: World) -> None:
        """This look cannot be judged, since something else came in the same step."""
        self._suspects[event.node] = set(world.suspects.get(event.node, ()))

    def look(self, event: ev.PbxSnapshot, before: Before, said: tuple[Fact, ...]) -> None:
        """Assert that what was said is what had to be."""
        found = drift(event, before)
        twice = found & self._suspects.get(event.node, set())
        told = [tuple(each[1:]) for each in said if isinstance(each, DriftFound)]
        assert sorted(told) == sorted(twice)
        self._suspects[event.node] = found - twice


def agrees_after_linkup(world: World, event: ev.PbxSnapshot, before: Before) -> None:
    """Assert that the world is what the PBX has; a waiting caller may have been offered at once."""
    there = states(event, before)
    now = {each.caller: each for each in world.visits.values() if each.node == event.node}
    assert set(now) <= set(there) | set(before.visits)
    for leg, known in before.visits.items():
        if known.changed_ms > event.asked_ms:
            continue  # newer than the snapshot
        assert (leg in now) == (leg in there)
    for leg, state in there.items():
        known = before.visits.get(leg, Known(0, "", 0))
        if known.changed_ms > event.asked_ms:
            continue
        visit = now[leg]
        assert visit.id == known.visit or known.visit == 0
        row = _talks_at(event, leg) if state == "talking" else None
        device = dict(event.devices).get(row.phone, "INUSE") if row is not None else ""
        lost = row is not None and f"{event.node}/{row.phone}" in before.lost and device in IN_USE
        if row is not None and (lost or row.leg == known.dead_leg):
            assert visit.state != "talking"
            continue
        assert visit.state in _may_be(state, known.state), (known, state, visit)
        if row is not None and row.leg != known.phone and visit.state == "talking":
            people = world.people.items()
            at = [key for key, each in people if each.agent.reach.address == row.phone]
            if known.talks_at == row.phone:  # whoever was there when the talk that the ledger told of began
                at = [known.agent]
            assert visit.agent in (at or [""])
        assert state in ("greeted", "closing") or known.state == "closing" or visit.queued_ms


def _talks_at(event: ev.PbxSnapshot, caller: ev.Leg) -> ev.LegSeen | None:
    """The phone's leg in the caller's bridge, if there is one."""
    bridge = next(each.bridge for each in event.legs if each.leg == caller)
    found = [each for each in event.legs if each.phone and each.caller == caller and each.bridge == bridge]
    return found[0] if len(found) == 1 else None


def phones_in_use(world: World, event: ev.PbxSnapshot, before: Before) -> None:
    """Assert that whoever's phone has a leg beside our visits is not free, and nobody else for that."""
    ours = {each.leg for visit in world.visits.values() for each in visit.legs}
    there = {
        each.leg: each.phone
        for each in event.legs
        if each.phone and each.leg not in ours and f"{each.leg.node}/{each.leg.uid}" not in before.gone
    }
    for person in world.people.values():
        if person.agent.reach.node in ("", event.node):
            mine = {leg for leg, phone in there.items() if phone == person.agent.reach.address}
            assert {leg for leg in person.other_legs if leg.node == event.node} <= mine


GOES_ON = {"talking": {"parting"}, "waiting": {"offered", "leaving"}}
"""What a visit may become by itself at a link-up."""


def _may_be(there: str, before: str) -> set[str]:
    """In which states a visit may be that the PBX has so, and that was so before."""
    if before == "closing":
        return {"closing"}
    return {
        "greeted": {"greeted"}
        if before in ("", "waiting", "offered", "ringing")
        else {before, *GOES_ON.get(before, ())},
        "waiting": {"waiting", "offered", "leaving"},
        "offered": {"offered", "ringing", "waiting", "leaving", "parting"},
        "ringing": {"ringing", "waiting", "leaving", "offered"},
        "talking": {"talking"},
        "degraded": {"degraded"},
        "closing": {"closing", "parting", "degraded" if before == "degraded" else "closing"},
    }[there]
