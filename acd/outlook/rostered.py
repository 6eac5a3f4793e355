"""Who is there when, from the duty roster that the centre's file names ([staffing] duties)."""

from collections.abc import Collection
from typing import NamedTuple

from config import duties
from config.duties import Presence
from config.load import ConfigFaults, Fault
from config.schema import Centre


class Duties(NamedTuple):
    """Who is there when, and everything that is wrong with the file."""

    presences: tuple[Presence, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def trouble(self) -> str:
        """The first fault, and how many more there are; "" if there is none."""
        if not self.faults:
            return ""
        more = f" (and {len(self.faults) - 1} more: acd check names all)" if len(self.faults) > 1 else ""
        return f"the duty roster: {self.faults[0]}{more}"


def rostered(centre: Centre, people: Collection[str]) -> Duties:
    """As the file is now; lines that cannot be read are left out and told of. people: ids of the staff."""
    if not centre.staffing.duties:
        return Duties()
    try:
        found = duties.read(centre.path(centre.staffing.duties), people)
    except ConfigFaults as fault:
        return Duties((), tuple(fault.faults))
    return Duties(found.presences(centre.centre.zone), found.faults)
