"""The rules of the house as values: what a caller needs at which age, who goes first, how long it takes."""

from typing import NamedTuple

from routing.spans import Spans, day_of, holds
from routing.specific import most_specific

OWN = 1
SECOND = 2
FALLBACK = 4
INTERPRETER = 8
ANYBODY = 16
"""Which languages a step admits; a step's `scope` is a sum of these. INTERPRETER admits the fallback
languages too, with an interpreter for the caller's own; ANYBODY asks for no language at all (overflow)."""


class Step(NamedTuple):
    """What is asked of a person from `after_ms` of waiting on.

    scope: sum of OWN, SECOND, FALLBACK, INTERPRETER, ANYBODY; language: least CEFR level (1 to 7) in an
    admitted language; concern: least level (0 to 5; 0 admits everybody) in the caller's concern.
    prefer_language, prefer_concern: who has these goes before who has not, whatever the criteria say.
    """

    after_ms: int
    scope: int
    language: int
    concern: int
    prefer_language: int = 0
    prefer_concern: int = 0


class Plan(NamedTuple):
    """The widening steps of some callers: of a language, a concern, both, or ("", "") everybody else's.

    steps: sorted by after_ms, the first at 0.
    """

    language: str
    concern: str
    steps: tuple[Step, ...]


class Reserve(NamedTuple):
    """Keep people of a scarce language free of other calls.

    While only `keep` or fewer of those who speak `language` at `level` or better are free, callers of
    other languages do not get them, unless nobody else could take a caller who has waited `release_ms`.
    when: sorted, disjoint [from, to) intervals of epoch ms in which this holds; empty for always.
    """

    language: str
    level: int
    keep: int
    release_ms: int
    when: Spans = ()

    def holds(self, now: int) -> bool:
        """Whether it holds at this hour."""
        return not self.when or holds(self.when, now)


class Refusal(NamedTuple):
    """What follows when an offer ends in `outcome` (busy, declined, no_answer, unreachable).

    away_after: with so many offers in a row not taken the person is away until they say ready; 0: this
    outcome does not count. retry_ms: how long they are not asked for the same caller again.
    """

    outcome: str
    away_after: int
    retry_ms: int


class Announcing(NamedTuple):
    """What those who wait are told, and when.

    first_ms: so long after joining an outlook is waited for before what is known is said. gaps_ms: from then
    on, the last for ever. edges: minutes to which a wait is rounded outward; rising. holds_least: the share
    (permille) of what was told in a language that has to hold, or no waits are told in it.
    """

    first_ms: int
    gaps_ms: tuple[int, ...]
    edges: tuple[int, ...]
    holds_least: int


class Hours(NamedTuple):
    """When callers in a language, for a concern, find it open; "" for any. when: as in Policy.opening, and
    within that."""

    language: str
    concern: str
    when: Spans

    @property
    def key(self) -> str:
        """By which the world knows since when they are closed (World.shut)."""
        return f"{self.language}/{self.concern}"


OVERFLOW_FALLBACK = "fallback"
OVERFLOW_CLOSED = "closed"
OVERFLOW_OUTSIDE = "outside"
OVERFLOW_THEN = (OVERFLOW_FALLBACK, OVERFLOW_CLOSED, OVERFLOW_OUTSIDE)
"""What an overflow does with a caller: widens their need, lets them go, sends them to somebody else."""


class Overflow(NamedTuple):
    """What becomes of callers whom the plan alone does not serve, once any of its conditions holds.

    name: unique. language, concern: whose; "" for any. after_ms: of waiting; -1: not by time. length: more
    than so many of these callers wait when one joins them; -1: not by length. nobody: nobody at work could
    take the caller at any step of their plan. then: one of OVERFLOW_THEN. step: of a fallback, what is
    admitted beside the plan from then on; its after_ms counts for nothing.
    """

    name: str
    language: str
    concern: str
    after_ms: int
    length: int
    nobody: bool
    then: str
    step: Step | None = None


class Callbacks(NamedTuple):
    """How callers are called back.

    share_percent: while callers wait on the line, at most so many of a hundred who take calls are given a
    callback, and one at least. gaps_ms: who was not reached is called again after so long; once these are
    used up they are not reached. per_number_day, per_day: so often one number, and all, are dialled a day.
    open_max: so many are promised at a time. brief_ms: so long a person may take to let it dial once they
    lifted. ring_ms: so long the caller's telephone rings. offer_ms: who is told to wait at least so long
    is told that they can be called back. messages_max: while so many wait to be heard, none is taken.
    """

    share_percent: int = 50
    gaps_ms: tuple[int, ...] = (900_000, 7_200_000)
    per_number_day: int = 5
    per_day: int = 500
    open_max: int = 500
    brief_ms: int = 45_000
    ring_ms: int = 40_000
    offer_ms: int = 600_000
    messages_max: int = 300


class Policy(NamedTuple):
    """All that the engine decides by. Times are integer milliseconds.

    plans: the most specific one counts: of language and concern, of the concern, of the language, the
    one for everybody ("", ""), which must be there.
    unknown_languages: who serves an undetermined language speaks all of these.
    fallback_languages: any of these once a step admits FALLBACK or INTERPRETER.
    listens: how supervisors may be in talks, of routing.listening.HOW, sorted.
    classes: sorted (priority class, what it is worth in ms of waiting); of several the dearest counts.
    repeat_ms, repeat_today: a caller whose last visit ended, answered or not, less than this ago, or since
    the last of `days`, is of the class "repeat"; 0 and False: nobody is.
    owner_ms: so long a caller waits for the owner of their case alone, while that person is on duty; 0:
    not at all.
    choose: the order of criteria among the eligible (names in routing.select).
    opening: sorted, disjoint [from, to) intervals of epoch milliseconds. days: sorted midnights (epoch
    ms), at which the counts of the day begin anew.
    lease_ms: the longest time from an offer to its end, ring included, whatever is lost on the way.
    silent_ms: a phone that has not rung this long after the offer is taken for dead.
    short_talk_ms: a talk that the phone's side ended sooner counts as an offer not answered.
    overtime_ms: so long after closing who was in line is still served; -1: until all of them are.
    announcing: None: nothing is told at intervals. rejoin_ms: so long after they left the line, or their talk
    was cut, a caller who calls again for the same need has their old place; 0: never. cut_talk_ms: a talk
    that ends from the caller's side sooner counts as cut.
    hours: of those who have others than opening; the most specific counts: of language and concern, of the
    concern, of the language.
    overflow: in the order of the file (see routing.overflow for which applies).
    callbacks: None: nobody is promised one; who was is called all the same, as Callbacks() says.
    """

    plans: tuple[Plan, ...]
    unknown_languages: tuple[str, ...]
    fallback_languages: tuple[str, ...]
    choose: tuple[str, ...]
    lease_ms: int
    silent_ms: int
    wrap_up_ms: int
    refusals: tuple[Refusal, ...]
    opening: tuple[tuple[int, int], ...]
    days: tuple[int, ...] = ()
    classes: tuple[tuple[str, int], ...] = ()
    listens: tuple[str, ...] = ()
    repeat_ms: int = 0
    owner_ms: int = 0
    reserves: tuple[Reserve, ...] = ()
    repeat_today: bool = False
    short_talk_ms: int = 2_000
    overtime_ms: int = -1
    announcing: Announcing | None = None
    rejoin_ms: int = 0
    cut_talk_ms: int = 60_000
    hours: tuple[Hours, ...] = ()
    overflow: tuple[Overflow, ...] = ()
    callbacks: Callbacks | None = None

    def plan(self, language: str, concern: str) -> Plan:
        """The plan for callers with this language and concern."""
        plans = {(plan.language, plan.concern): plan for plan in self.plans}
        found = most_specific(plans, language, concern)
        if found is None:
            raise KeyError("no plan is for everybody")
        return found

    def widened_by(self, names: tuple[str, ...]) -> tuple[Step, ...]:
        """What the overflows of these names admit beside a caller's plan, in their order."""
        found = {each.name: each.step for each in self.overflow}
        return tuple([step for name in names if (step := found.get(name)) is not None])

    def worth(self, classes: tuple[str, ...]) -> int:
        """What the dearest of these priority classes is worth, in ms of waiting."""
        return max((worth for name, worth in self.classes if name in classes), default=0)

    @property
    def asks_for_repeats(self) -> bool:
        """Whether it matters when a caller was here last."""
        return bool(self.repeat_ms or self.repeat_today)

    def is_repeat(self, before: int, now: int) -> bool:
        """Whether a caller at `now` whose last visit ended at `before` (epoch ms) calls again."""
        if now - before < self.repeat_ms:
            return True
        return self.repeat_today and before >= day_of(self.days, now)

    def refusal(self, outcome: str) -> Refusal:
        """What follows an offer that ended so."""
        return next((each for each in self.refusals if each.outcome == outcome), Refusal(outcome, 0, 0))


REPEAT = "repeat"
"""The priority class that the engine gives by itself."""
