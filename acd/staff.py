"""Which staff is in force, in words: where it comes from, since when, how many; and what does not fit it."""

from datetime import datetime
from pathlib import Path

from acd.store.roster import IMPORTED, Staff
from agents.model import Team
from config.people import member
from config.schema import Centre

BACK = "acd staff from-file"


def said(found: Staff, centre: Centre, config: Path) -> str:
    """One sentence."""
    when = datetime.fromtimestamp(found.since_ms / 1000, centre.centre.zone)
    since = f" since {when:%Y-%m-%d %H:%M}" if found.since_ms else ""
    people = f"{len(found.team.agents)} members of staff in force{since}"
    if found.source != IMPORTED:
        return f"{people}, of {config}"
    unused = (
        f"the {len(centre.staff)} [[staff]] of {config} are not" if centre.staff else f"{config} has none"
    )
    return f"{people}, by import; {unused} ({BACK} brings the file's back)"


def misfits(team: Team, centre: Centre) -> list[tuple[str, str]]:
    """(key, reason) for skills of an imported roster that the centre does not know any more."""
    return [
        (f"{each.id}.{key}", reason)
        for each in team.agents
        for key, reason in centre.person_faults(member(each))
    ]
