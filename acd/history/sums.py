"""What an ended visit adds to the history: whole numbers in cells, which can be added and taken away.

A visit stands in the quarter hour of its arrival. Nothing here names a person, a caller or a visit, so that
it may be kept when the rows are forgotten.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from routing import facts
from routing.visit import OUTBOUND, VOICE

QUARTER_MS: Final = 900_000
WEEK_MS: Final = 7 * 86_400_000
"""Who calls again for the same concern within it was not helped the first time."""
LONGEST_MS: Final = 366 * 86_400_000
"""What lasted longer counts as this."""

NOBODY, OWNER, SUITED, WIDENED, INTERPRETED, ALONE, OUTSIDE = (
    "",
    "owner",
    "suited",
    "widened",
    "interpreted",
    "alone",
    "outside",
)
SERVED_BY: Final = (NOBODY, OWNER, SUITED, WIDENED, INTERPRETED, ALONE, OUTSIDE)
"""Who answered: the owner of the case, somebody of the first step of who suits, of a later step, with an
interpreter, whom the dialplan rang while we were away, somebody outside."""

WAIT_QUEUE: Final = "since_queue"
WAIT_ANSWER: Final = "since_answer"
CLOCKS: Final = (WAIT_QUEUE, WAIT_ANSWER)
"""Waits of who queued, until a person answered or they left, since either moment: in bins of `bin_of`."""

VISITS, OFFERS = "visits", "offers"
TALKS, TALK_MS, WRAP_UPS, WRAP_UP_MS = "talks", "talk_ms", "wrap_ups", "wrap_up_ms"
"""Visits in which somebody talked, or wrapped up, and how long: all talks of a visit together."""
KNOWN, REPEATS, HELPED, AGAIN = "known", "repeats", "helped", "again"
"""Calls of who is known; those before which they had called for the same concern within WEEK_MS. Of the
answered ones all, and those after which they called so again."""
KEPT, LATE, NOT_THERE, CAME_FIRST, OFF, BROKEN = "kept", "late", "not_there", "came_first", "off", "broken"
PROMISES: Final = (KEPT, LATE, NOT_THERE, CAME_FIRST, OFF, BROKEN)
"""What became of who was to be called: called as promised, called later, called and never there, called us
first, no longer wanted, never called."""
CASE_ASKED, CASE_HEARD, CASE_ENOUGH = "case_asked", "case_heard", "case_enough"
"""Visits whose callers asked in what state their case is, heard it, and hung up with that."""
COUNTS: Final = (
    VISITS,
    OFFERS,
    TALKS,
    TALK_MS,
    WRAP_UPS,
    WRAP_UP_MS,
    KNOWN,
    REPEATS,
    HELPED,
    AGAIN,
    *PROMISES,
    *facts.CAME,
    CASE_ASKED,
    CASE_HEARD,
    CASE_ENOUGH,
)
"""What is counted or added up; facts.CAME: what became of waits that callers were told."""


class Cell(NamedTuple):
    """What is counted together. classes: of priority, with blanks between. served_by: one of SERVED_BY."""

    language: str
    concern: str
    classes: str
    kind: str
    outcome: str
    served_by: str


class Ended(NamedTuple):
    """An ended visit, as the rows have it. None: there is no such time. told: what became of the waits that
    were spoken (facts.CAME). case_line: what became of their last question for a case (facts.CASE_LINE),
    or ""."""

    visit: int
    arrived_ms: int
    cell: Cell
    token: str
    queued: bool
    answered_ms: int | None
    wait_queue_ms: int | None
    wait_answer_ms: int | None
    talk_ms: int | None
    wrap_up_ms: int | None
    offers: int
    attempts: int
    promised_until_ms: int | None
    told: tuple[str, ...]
    case_line: str = ""


class Key(NamedTuple):
    """Where a number stands: the quarter hour (of the epoch, UTC), the cell, one of COUNTS or CLOCKS, and of
    a wait its bin."""

    quarter: int
    cell: Cell
    measure: str
    bin: int


Sums = Counter[Key]


def bin_of(ms: int) -> int:
    """The bin of a duration: 2s for s whole seconds, 2s + 1 for more than s and less than s + 1. So "at
    most" and "less than" whole seconds are both told exactly."""
    seconds, rest = divmod(min(max(ms, 0), LONGEST_MS), 1000)
    return 2 * seconds + (rest > 0)


def seconds_of(bin: int) -> float:
    """The middle of a bin, in seconds."""
    return bin / 2


def served_by(outcome: str, answered: bool, offer: tuple[int, str, bool] | None) -> str:
    """Who answered. offer: step, interpreter's language and whether it was the case's owner, of the offer
    that was answered; None where there was none."""
    if outcome == facts.FORWARDED:
        return OUTSIDE
    if not answered:
        return NOBODY
    if offer is None:
        return ALONE
    step, interpreter, owner = offer
    if owner:
        return OWNER
    if interpreter:
        return INTERPRETED
    return WIDENED if step else SUITED


def promise(visit: Ended) -> str:
    """What became of a callback."""
    outcome, until = visit.cell.outcome, visit.promised_until_ms
    if outcome == facts.ANSWERED and visit.answered_ms is not None:
        return LATE if until is not None and visit.answered_ms > until else KEPT
    if outcome == facts.NOT_REACHED and visit.attempts:
        return NOT_THERE
    return {facts.SERVED_ON_LINE: CAME_FIRST, facts.CANCELLED: OFF}.get(outcome, BROKEN)


def sums(visits: Iterable[Ended], wanted: frozenset[int] | None = None) -> Sums:
    """What these visits add. wanted: only these; the others are there since the same caller is known by
    them. None: all."""
    found: Sums = Counter()
    all_of_them = sorted(visits, key=lambda each: (each.arrived_ms, each.visit))
    before, after = _beside(all_of_them)
    for each in all_of_them:
        if wanted is None or each.visit in wanted:
            quarter = each.arrived_ms // QUARTER_MS
            for measure, n in _counted(each, each.visit in before, each.visit in after):
                found[Key(quarter, each.cell, measure, 0)] += n
            for clock, wait in ((WAIT_QUEUE, each.wait_queue_ms), (WAIT_ANSWER, each.wait_answer_ms)):
                if each.queued and wait is not None:
                    found[Key(quarter, each.cell, clock, bin_of(wait))] += 1
    return +found


def _beside(visits: Sequence[Ended]) -> tuple[set[int], set[int]]:
    """The calls before which the same caller had called for the same concern, and those after which."""
    last: dict[tuple[str, str], Ended] = {}
    before, after = set[int](), set[int]()
    for each in visits:
        if each.token and each.cell.kind == VOICE:
            earlier = last.get((each.token, each.cell.concern))
            if earlier is not None and each.arrived_ms - earlier.arrived_ms <= WEEK_MS:
                before.add(each.visit)
                after.add(earlier.visit)
            last[each.token, each.cell.concern] = each
    return before, after


def _counted(visit: Ended, repeat: bool, again: bool) -> Iterable[tuple[str, int]]:
    cell = visit.cell
    yield VISITS, 1
    yield OFFERS, visit.offers
    for count, whole, lasted in ((TALKS, TALK_MS, visit.talk_ms), (WRAP_UPS, WRAP_UP_MS, visit.wrap_up_ms)):
        if lasted is not None:
            yield count, 1
            yield whole, min(max(lasted, 0), LONGEST_MS)
    if cell.kind == VOICE and visit.token:
        yield KNOWN, 1
        yield REPEATS, int(repeat)
        if visit.answered_ms is not None:
            yield HELPED, 1
            yield AGAIN, int(again)
    if cell.kind in OUTBOUND and cell.outcome != facts.HEARD:
        yield promise(visit), 1
    for came in visit.told:
        yield came, 1
    if visit.case_line:
        enough = cell.outcome == facts.INFORMED
        yield CASE_ASKED, 1
        yield CASE_HEARD, int(enough or visit.case_line == facts.CASE_HEARD)
        yield CASE_ENOUGH, int(enough)


def changes(before: Mapping[Key, int], after: Mapping[Key, int]) -> dict[Key, int]:
    """What has to be added to what was kept, so that it is what is."""
    keys = {*before, *after}
    found = {key: after.get(key, 0) - before.get(key, 0) for key in keys}
    return {key: by for key, by in found.items() if by}
