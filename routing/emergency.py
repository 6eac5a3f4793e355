"""The emergency announcement: whoever waits or calls hears it, once; where it ends calls, they are let go."""

from agents.model import UNDETERMINED
from routing import facts
from routing import visit as table
from routing.closing import Closing
from routing.commands import Say, SetAnnouncement
from routing.derived import Derived
from routing.events import AnnouncementSet
from routing.world import Visit


class Emergency:
    """Tells those who wait. Those who call later hear it from the dialplan, which is told what to say."""

    def __init__(self, derived: Derived, closing: Closing) -> None:
        self._derived, self._closing = derived, closing

    def set(self, event: AnnouncementSet) -> None:
        """It is on from now on, another one, or off (no sounds)."""
        derived = self._derived
        world = derived.world
        world.announcement = event if event.sounds else None
        derived.say(facts.AnnouncementChanged(world.now_ms, event.sounds, event.ends_calls))
        for node, link in world.links.items():
            if link.up:
                self.tell_dialplan(node)
        for visit in list(world.visits.values()):
            if world.announcement is None:
                visit.announced = ""
            else:
                self.tell(visit, at_once=True)

    def tell_dialplan(self, node: str) -> None:
        """What the dialplan of this PBX says to who calls."""
        announcement = self._derived.world.announcement or AnnouncementSet((), False)
        self._derived.commands.append(SetAnnouncement(self._derived.new_id(), *announcement, node))

    def heard(self, visit: Visit, sound: str) -> None:
        """The dialplan says this sound to the caller."""
        visit.announced = sound

    def settle(self) -> None:
        """Who waits since now, and has not heard it."""
        world = self._derived.world
        if world.announcement is not None:
            for key in list(self._derived.joined):
                if key in world.visits:
                    self.tell(world.visits[key])

    def tell(self, visit: Visit, *, at_once: bool = False) -> None:
        """Once, whoever waits and can hear it. at_once: whatever else they hear is cut short."""
        derived = self._derived
        announcement = derived.world.announcement
        if announcement is None or visit.state != table.WAITING or not derived.hears(visit):
            return
        if announcement.ends_calls:
            self._closing.turn_away(visit)
            return
        sounds = dict(announcement.sounds)
        sound = sounds.get(visit.language) or sounds.get(UNDETERMINED, "")
        if visit.caller is None or sound in ("", visit.announced):
            return
        visit.announced = sound
        visit.said_ms = derived.world.now_ms
        derived.commands.append(Say(derived.new_id(), visit.caller, (sound,), at_once))
        derived.say(facts.CallerTold(derived.world.now_ms, visit.id, sound))
