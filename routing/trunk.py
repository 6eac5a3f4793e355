"""What a call to the outside says that led to no talk: of who was called, or of our own way out."""

import re
from typing import Final

from routing.world import Trunk, Visit, World

NOT_TOLD: Final = -1
"""CallbackOver.sip where nobody told it."""
UNHEARD: Final = 0
"""CallbackOver.sip where the provider said nothing at all."""

OF_THE_NUMBER: Final = frozenset({404, 410, 484, 485, 604})
"""Nobody has it, or not in full."""
OF_THE_PERSON: Final = frozenset({480, 486, 487, 600, 603})
"""They are there, or their telephone is, and do not answer."""
NO_WAY: Final = frozenset({"CHANUNAVAIL", "CONGESTION"})
RANG_OUT: Final = "NOANSWER"

GAPS_MS: Final = (60_000, 120_000, 240_000, 480_000, 900_000)
"""After a call that did not get out, nobody is rung for one for so long; the last gap for all later ones."""
TRIES_MAX: Final = 40
"""So often one callback may fail to get out, about ten open hours; then it is over, and stands with those who
were not reached."""


def told(text: str) -> int:
    """CallbackOver.sip of what the dialplan wrote."""
    return int(text) if re.fullmatch("[0-9]{1,4}", text) else NOT_TOLD


def failed(status: str, sip: int) -> bool:
    """Whether this call never got out: the provider was not heard, or refused for no reason of the number or
    of who has it. status: Asterisk's DIALSTATUS. sip: the provider's last word, NOT_TOLD or UNHEARD."""
    if sip == NOT_TOLD:
        return False
    if status == RANG_OUT:
        return sip == UNHEARD
    return status in NO_WAY and sip not in OF_THE_NUMBER | OF_THE_PERSON


def gap_ms(faults: int) -> int:
    """How long after this many faults in a row, from 1, the next call is made at the earliest."""
    return GAPS_MS[min(faults, len(GAPS_MS)) - 1]


def rests(world: World, visit: Visit) -> bool:
    """Whether nobody is rung for this callback now, since calls do not get out."""
    return visit.token != "" and world.trunk.again_ms > world.now_ms


def shown_away(world: World) -> bool:
    """Whether the last call did not get out: until one does, one at a time is tried."""
    return world.trunk.faults > 0


def lost(world: World, sip: int) -> Trunk:
    """After a call that did not get out."""
    before = world.trunk
    if world.now_ms < before.again_ms and before.faults:
        return before._replace(sip=sip)  # it was under way beside the one that failed
    faults = before.faults + 1
    since = before.since_ms if before.faults else world.now_ms
    return Trunk(faults, since, world.now_ms + gap_ms(faults), sip)


def found(world: World) -> Trunk:
    """After a call that did. What waits for again_ms comes then."""
    return world.trunk._replace(faults=0, since_ms=0)
