"""Single visits that ended: how they are found, and their course step by step."""

from collections.abc import Mapping
from typing import NamedTuple

from routing.privacy import Partition

VISITS_MAX = 100
"""So many are listed at a time."""


class Search(NamedTuple):
    """Visits that arrived in [since_ms, until_ms), of this language, concern, outcome and case ("": any), or
    of one caller by their token; before: only those listed after this one, 0: from the newest on."""

    since_ms: int
    until_ms: int
    language: str = ""
    concern: str = ""
    outcome: str = ""
    case: str = ""
    token: str = ""
    before: int = 0


class PastVisit(NamedTuple):
    """A visit in one line. wait_ms: in the queue, -1 where it never was there. who: answered, "" where nobody
    did or nobody is to be shown."""

    visit: int
    arrived_ms: int
    language: str
    concern: str
    kind: str
    classes: str
    case: str
    outcome: str
    wait_ms: int
    who: str


class Step(NamedTuple):
    """What happened at a moment: a code, whom it was with ("" as with PastVisit), and values by name."""

    at_ms: int
    what: str
    who: str = ""
    values: Mapping[str, str] = {}


class Course(NamedTuple):
    """A visit with its steps, in the order of time."""

    visit: PastVisit
    steps: tuple[Step, ...]


def nameless(visit: PastVisit) -> PastVisit:
    """Without a person."""
    return visit._replace(who="")


PERSONAL = frozenset({"language_level", "concern_level", "decided_by", "candidates"})
"""Values that say what one person can do, or who it was: whose case it is, the only one there."""


NAMING = frozenset({"language", "interpreter", "rule"})
"""Values that say what a need was."""


def without_persons(course: Course) -> Course:
    """Without a person, and without what says who it was."""
    steps = [
        each._replace(
            who="", values={name: said for name, said in each.values.items() if name not in PERSONAL}
        )
        for each in course.steps
    ]
    return Course(nameless(course.visit), tuple(steps))


def merged(visit: PastVisit, groups: Partition) -> PastVisit:
    """As one of its group, unless its language and concern may stand alone."""
    language, concern = groups.name((visit.language, visit.concern))
    if (language, concern) == (visit.language, visit.concern):
        return visit
    return visit._replace(language=language, concern=concern, case="")


def merged_course(course: Course, groups: Partition) -> Course:
    """The same of all that happened."""
    visit = merged(course.visit, groups)
    if visit == course.visit:
        return course
    steps = [
        each._replace(values={name: said for name, said in each.values.items() if name not in NAMING})
        for each in course.steps
    ]
    return Course(visit, tuple(steps))
