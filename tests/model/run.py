"""One run: a seed's centre, callers and faults, until the last of them is gone; and the smallest like it."""

from typing import NamedTuple

from routing.events import Event
from routing.facts import Fact
from tests.model import verdict
from tests.model.book import Book
from tests.model.callers import Callers
from tests.model.centre import Staff, policy
from tests.model.daemon import Daemon
from tests.model.dialplan import Dialplan
from tests.model.faults import Faults
from tests.model.judge import Judge
from tests.model.pbx import Pbx
from tests.model.settings import START_MS, Settings
from tests.model.timeline import Timeline
from tests.model.wire import Wire

NODE = "pbx1"
QUIET_MS = 200_000
"""After the last caller came: patience, the longest talk, wrap-up, and time to settle."""
SHRINK_MAX = 150


class Outcome(NamedTuple):
    """What a run came to. wrong: (kind, what, when in ms since the beginning)."""

    settings: Settings
    wrong: list[tuple[str, str, int]]
    faults: dict[str, int]
    calls: int
    talks: int
    events: int
    story: list[tuple[int, str, str]]


def run(settings: Settings, story: bool = False) -> Outcome:
    """Play it to the end. What the engine raises is wrong too."""
    time = Timeline(START_MS)
    book = Book(story=[] if story else None)
    pbx = Pbx(NODE, time, settings, book)
    wire = Wire(pbx, time, settings, book)
    rules = policy(settings, settings.random("policy"))
    daemon = Daemon(wire, time, settings, book, rules)
    plan = Dialplan(pbx, rules)
    staff = Staff(pbx, daemon, time, settings, book)
    staff.lose = plan.dialling.lose_phone
    daemon.roster = staff.roster()
    daemon.start()
    callers = Callers(plan, daemon, time, settings)

    def told(event: Event, _at_ms: int, facts: tuple[Fact, ...]) -> None:
        daemon.told(event, facts)
        callers.told(event)

    daemon.loop.told = told
    Faults(pbx, daemon, time, settings, book)
    Judge(pbx, daemon, time, book)
    staff.begin()
    try:
        time.run(START_MS + settings.seconds * 1000 + QUIET_MS)
        verdict.judge(pbx, daemon, book, staff.sat)
    except Exception as fault:  # noqa: BLE001 whatever it raises is what we look for
        trace = fault.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else "?"
        book.blame("raised", f"{type(fault).__name__}: {fault} at {where}", time.now)
    wrong = [(kind, what, when - START_MS if when else 0) for kind, what, when in book.wrong]
    talks = sum(len(call.talks) for call in book.calls.values())
    return Outcome(
        settings, wrong, book.faults, len(book.calls), talks, len(daemon.loop.journal), book.story or []
    )


def shrink(settings: Settings, kind: str) -> Settings:
    """A smaller run in which the same kind of thing goes wrong."""
    tries = 0
    found = True
    while found and tries < SHRINK_MAX:
        found = False
        for smaller in settings.smaller():
            tries += 1
            if any(each[0] == kind for each in run(smaller).wrong):
                settings, found = smaller, True
                break
    return settings
