"""While a run goes on: PBX and world agree, nobody waits beside a free person, nobody stays reserved.

The two may differ for a moment, while events and commands are on their way; what lasts is wrong.
"""

from agents import state as staff
from routing.visit import DEGRADED, LEAVING, OFFERED, RINGING, TALKING, WAITING
from routing.world import World
from tests.model.book import Book
from tests.model.channels import CALLER, Channel
from tests.model.daemon import Daemon
from tests.model.pbx import Pbx
from tests.model.timeline import Timeline
from tests.oracles.plainly import unsuited

LOOK_MS = 500
AGREE_MS = 6_000
"""How long PBX and world may differ while the link is up, or a caller wait beside a free person."""
SETTLE_MS = 1_500
"""After link-up, before which nothing is held against anybody."""

LET_GO_MS = 6_000
"""So soon a caller whose redirect was swallowed is let go again."""
MENUS = ("acd-entry", "acd-language", "acd-concern", "acd-consent", "acd-hours")
STATES = {"acd-hold": WAITING, "acd-degraded": DEGRADED, "acd-closed": "closing", "acd-outside": "outside"}


def expected(channel: Channel) -> str:
    """The state of the visit that the PBX means; "": on the way from one to the next."""
    if channel.dying:
        return ""
    if channel.talk is not None:
        return TALKING
    if channel.dial is not None and channel.context == "acd-connect":
        return RINGING
    if channel.context in MENUS:
        return "greeted"
    return STATES.get(channel.context, "")


class Judge:
    """Looks twice a second at both."""

    def __init__(self, pbx: Pbx, daemon: Daemon, time: Timeline, book: Book) -> None:
        self._pbx, self._daemon, self._time, self._book = pbx, daemon, time, book
        self._since: dict[tuple[str, ...], int] = {}
        time.after(LOOK_MS, self._look)

    def _look(self) -> None:
        self._time.after(LOOK_MS, self._look)
        daemon = self._daemon
        world, now = daemon.engine.world, self._time.now
        settled = daemon.linked_since and now - daemon.linked_since > SETTLE_MS
        if (
            not (daemon.alive and settled and world.link_up and daemon.wire.up)
            or daemon.loop.still
            or daemon.wire.silent
        ):
            self._since.clear()
            return
        seen = set(self._calls(world)) | set(self._people(world, now)) | set(self._waiting(world))
        before, self._since = self._since, {}
        for key in seen:
            since = self._since[key] = before.get(key, now)
            if now - since >= AGREE_MS:
                self._book.blame(key[0], " ".join(key[1:]), now)

    def _calls(self, world: World) -> list[tuple[str, ...]]:
        found = []
        visits = {visit.caller: visit for visit in world.visits.values()}
        for leg, channel in self._pbx.channels.items():
            if channel.role != CALLER:
                continue
            wanted = expected(channel)
            visit = visits.pop(leg, None)
            if visit is None:
                found.append(("unknown_caller", leg.uid, "is", wanted))
            elif wanted == TALKING and channel.talk is not None:
                person = world.people.get(visit.agent)
                phone = self._pbx.phones[channel.talk.phone]
                dead = phone.dead
                known = any(each.agent.reach.address == channel.talk.phone for each in world.people.values())
                if dead and self._daemon.lost.get(phone.name, 0) > phone.died_ms:
                    found.append(("dead_talk", leg.uid, "is left with", phone.name))
                if visit.state != TALKING and not dead and known:
                    found.append(("disagree", leg.uid, "talks and is", visit.state))
                elif (
                    known and visit.state == TALKING and (person is None or person.activity != staff.TALKING)
                ):
                    found.append(("talks_to_nobody", leg.uid, "to", visit.agent or "nobody"))
            elif wanted == RINGING and visit.state in (OFFERED, RINGING):
                continue
            elif (
                wanted
                and visit.state != wanted
                and not (wanted == WAITING and visit.state in (OFFERED, LEAVING))
            ):
                found.append(("disagree", leg.uid, f"is {wanted} and believed", visit.state))
        found += [
            ("ghost", visit.caller.uid if visit.caller else "-", visit.state) for visit in visits.values()
        ]
        return found

    def _people(self, world: World, now: int) -> list[tuple[str, ...]]:
        found = []
        for person in world.people.values():
            phone = self._pbx.phones[person.agent.reach.address]
            who = person.agent.id
            said = not person.presumed  # an offer that finds it taken tells more, and so does the next look
            if (
                phone.listed
                and said
                and person.device != phone.state
                and not phone.dead
                and not phone.dialled
            ):
                found.append(
                    ("device", who, f"{phone.name} is {phone.state} and believed", person.device or "-")
                )
            phones = [
                world.visits[each.visit].phone for each in person.engagements if each.visit in world.visits
            ]
            rings = any(each.leg in self._pbx.channels for each in phones if each is not None)
            if person.activity in (staff.RESERVED, staff.RINGING) and not phone.legs and not rings:
                mine = [
                    offer for offer in world.offers.values() if offer.agent == who and offer.deadline_ms > now
                ]
                if not mine:
                    found.append(("reserved", who, "is", person.activity, "without a lease"))
        frozen = [str(offer.id) for offer in world.offers.values() if not offer.deadline_ms]
        found += [("frozen", each, "has no end") for each in frozen]
        return found

    def _waiting(self, world: World) -> list[tuple[str, ...]]:
        """Callers on hold and people whose phone is free, in the PBX's eyes, that suit each other."""
        found = []
        waiting = [
            channel
            for channel in self._pbx.channels.values()
            if channel.role == CALLER and channel.context == "acd-hold" and not channel.dying
        ]
        if not waiting:
            return found
        visits = {visit.caller: visit for visit in world.visits.values()}
        busy = {  # perhaps at a phone that is theirs no more
            visits[leg].agent
            for leg, channel in self._pbx.channels.items()
            if leg in visits and (channel.talk is not None or channel.dial is not None)
        }
        for person in world.people.values():
            if person.agent.id in busy:
                continue
            phone = self._pbx.phones[person.agent.reach.address]
            if (
                person.presence != staff.READY
                or phone.state != "NOT_INUSE"
                or not phone.listed
                or phone.dialled
            ):
                continue
            if person.activity == staff.WRAP_UP or phone.dead or person.quiet:
                continue
            for channel in waiting:
                visit = visits.get(channel.leg)
                if (
                    visit is not None
                    and visit.state == "leaving"
                    and world.now_ms - visit.changed_ms < LET_GO_MS
                ):
                    continue  # the redirect may be swallowed: they are let go again
                if visit is not None and not unsuited(world.rules, world.people, visit, person, world.now_ms):
                    found.append(("idle_beside_waiting", person.agent.id, channel.leg.uid))
        return found
