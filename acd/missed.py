"""Who called, was not served, and has not been since: worked out of a day's visits, one line a caller."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from routing import facts
from routing.visit import OUTBOUND

UNSERVED: Final = frozenset({facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING, facts.TURNED_AWAY, facts.LOST})
"""They waited, and nobody spoke with them. Who left in the menus or found it closed did not wait."""
SERVED: Final = frozenset({facts.ANSWERED, facts.FORWARDED, facts.INFORMED, facts.HEARD})
CUT: Final = "cut"
"""Why, of a talk that broke: their side vanished."""


class Call(NamedTuple):
    """One visit of the day as the records have it. times: epoch ms; ended_ms 0: it goes on. origin: the visit
    for which it calls, 0 for none."""

    visit: int
    token: str
    kind: str
    language: str
    concern: str
    case: str
    arrived_ms: int
    ended_ms: int
    waited_ms: int
    outcome: str
    ended_by: str
    origin: int


class Missed(NamedTuple):
    """A caller who was not served since. visit: their last call of those, or else what was promised to them;
    why: its outcome, or CUT. calls: how often they called today; first_ms: when they were missed first."""

    visit: int
    token: str
    language: str
    concern: str
    case: str
    ended_ms: int
    waited_ms: int
    why: str
    calls: int
    first_ms: int


class Today(NamedTuple):
    """callers: the longest missed first. nameless: visits of callers without a token, who cannot be told
    apart. ends: of the callbacks that were given to who was missed: outcome -> how many, "" for those that
    go on."""

    callers: tuple[Missed, ...]
    nameless: int
    ends: Mapping[str, int]


def why(call: Call) -> str:
    """Why a visit counts as missed; "" if it does not. Who was promised a call and was not there for any of
    them is to be called by somebody who takes care of it."""
    if call.kind in OUTBOUND:
        return call.outcome if call.outcome == facts.NOT_REACHED else ""
    if call.outcome == facts.ANSWERED and call.ended_by == facts.VANISHED:
        return CUT
    return call.outcome if call.outcome in UNSERVED else ""


def today(calls: Iterable[Call]) -> Today:
    """calls: all of the day so far, in any order."""
    theirs: dict[str, list[Call]] = {}
    missed: set[int] = set()
    nameless = 0
    every = sorted(calls, key=lambda each: (each.arrived_ms, each.visit))
    for call in every:
        if why(call):
            missed.add(call.visit)
        if call.token:
            theirs.setdefault(call.token, []).append(call)
        elif why(call):
            nameless += 1
    found = [one for token, each in theirs.items() if (one := _missed(token, each)) is not None]
    found.sort(key=lambda each: (each.first_ms, each.visit))
    ends = Counter(each.outcome for each in every if each.kind in OUTBOUND and each.origin in missed)
    return Today(tuple(found), nameless, dict(ends))


def _served_ms(calls: Iterable[Call]) -> Callable[[Call], int]:
    """When its caller was last served in what a call was for. Who heard in what state their case is, at night
    as by day, was served in that concern alone."""
    last: dict[str | None, int] = {}
    for each in calls:
        if each.outcome in SERVED and not why(each):
            of = each.concern if each.outcome == facts.INFORMED else None
            last[of] = max(last.get(of, 0), each.ended_ms)
    return lambda call: max(last.get(None, 0), last.get(call.concern, 0))


def _missed(token: str, calls: list[Call]) -> Missed | None:
    served_ms = _served_ms(calls)
    since = [each for each in calls if why(each) and each.ended_ms > served_ms(each)]
    if not since:
        return None
    last = next((each for each in reversed(since) if each.kind not in OUTBOUND), since[-1])
    came = sum(each.kind not in OUTBOUND for each in calls)
    need = last.language, last.concern, last.case
    return Missed(last.visit, token, *need, last.ended_ms, last.waited_ms, why(last), came, since[0].ended_ms)
