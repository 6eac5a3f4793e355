"""What waiting callers are told and when: a band of minutes that holds, their turn, kind words."""

from typing import Final, NamedTuple

from agents.model import UNDETERMINED
from routing import facts
from routing import visit as table
from routing.commands import Say
from routing.deadlines import SAY
from routing.derived import Derived
from routing.events import Expected
from routing.policy import Announcing
from routing.visit import NOBODY_HERE, SERVED
from routing.world import ToldWait, Visit

CALLBACK_OFFER: Final = "callback_offer"
NEXT: Final = "next_in_line"
"""Nobody who waits goes before them to anybody who could take them."""
NOBODY_SPEAKS: Final = "nobody_language"
"""We are at work, but nobody who speaks their language is."""
KIND: Final = ("kind_1", "kind_2", "kind_3")
REJOINED: Final = "rejoined"

APART_MS: Final = 15_000
"""What is said sooner after what was said before could take its place unheard."""
FRESH_MS: Final = 30_000
"""An outlook that is older is told to nobody."""
MINUTE_MS: Final = 60_000
TOLD_MAX: Final = 30
"""So many waits that were told to one caller are held against what comes; the first are forgotten first."""
JUDGED_MAX: Final = 100
"""The last so many of a language say whether its bands hold."""
JUDGED_LEAST: Final = 30
OPEN: Final = -1
"""The end of a band that has none."""


class Phrase(NamedTuple):
    """A wait as it is said. low_ms, high_ms: what it promises; high_ms is OPEN for "more than"."""

    sentence: str
    low_ms: int
    high_ms: int


def phrase(edges: tuple[int, ...], low_ms: int, high_ms: int) -> Phrase | None:
    """The sentence for a wait between low_ms and high_ms (OPEN: its end is not known), rounded outward to
    the edges (minutes, rising); None where nothing that can be said would be true."""
    low = max((edge for edge in edges if edge * MINUTE_MS <= low_ms), default=0)
    high = min((edge for edge in edges if edge > low and edge * MINUTE_MS >= high_ms != OPEN), default=0)
    if high:
        name = f"wait_between_{low}_{high}" if low else f"wait_less_{high}"
        return Phrase(name, low * MINUTE_MS, high * MINUTE_MS)
    return Phrase(f"wait_more_{low}", low * MINUTE_MS, OPEN) if low else None


def verdict(told: ToldWait, waited_ms: int, served: bool) -> str:
    """What became of a wait that was told, waited_ms after it was: served, or given up or let go."""
    if waited_ms > told.high_ms != OPEN:
        return facts.MISSED
    if served:
        return facts.HELD if waited_ms >= told.low_ms else facts.MISSED
    return facts.HELD if told.high_ms == OPEN and waited_ms >= told.low_ms else facts.CENSORED


def holds(judged: str, least: int) -> bool:
    """Whether bands of a language hold: at least so many permille of the last ones did, or these are too few
    to say. judged: one digit each, 1 for one that held."""
    return len(judged) < JUDGED_LEAST or judged.count("1") * 1000 >= least * len(judged)


class Announcer:
    """Tells those who wait. Nothing is told that a caller could not hear, and no offer waits for it."""

    def __init__(self, derived: Derived) -> None:
        self._derived = derived

    # --- when ----------------------------------------------------------------------------------------

    def add(self, visit: Visit, sentence: str) -> None:
        """Tell this caller something, once. It comes with what is said next, which is soon."""
        visit.unsaid = (*visit.unsaid, sentence)
        if self._rules is None:
            self.due(visit)
        elif visit.say_ms:  # else it is laid when they wait
            self._lay(visit)

    def begin(self, visit: Visit) -> None:
        """This caller waits from now on, or again: what is to be said has its time."""
        rules = self._rules
        if rules is not None and not visit.inform_ms:
            visit.inform_ms = self._derived.world.now_ms + rules.first_ms
        if rules is not None or visit.unsaid:
            self._lay(visit)
        else:
            visit.say_ms = 0

    def due(self, visit: Visit) -> None:
        """The time has come to say something, unless that would cut short what was just said."""
        if not self._can_hear(visit):
            return  # laid anew when they wait again
        if visit.said_ms and self._derived.world.now_ms < visit.said_ms + APART_MS:
            self._lay(visit)
            return
        sentences = visit.unsaid
        if (rules := self._rules) is not None and self._derived.world.now_ms >= visit.inform_ms:
            sentences = (*sentences, *self._informed(visit, rules))
            gap_ms = rules.gaps_ms[min(visit.informed, len(rules.gaps_ms) - 1)]
            visit.inform_ms = self._derived.world.now_ms + gap_ms
            visit.informed += 1
        self._say(visit, sentences)

    def expected(self, expected: Expected) -> None:
        """What a caller has to expect from now on; whoever was waiting for that hears it now."""
        world = self._derived.world
        visit = world.visits.get(expected.visit)
        if visit is None or visit.state != table.WAITING:
            return
        visit.expects, visit.expects_ms = expected, world.now_ms
        if self._rules is not None and not visit.informed:
            visit.inform_ms = world.now_ms
            self.due(visit)

    def again(self, visit: Visit) -> None:
        """The caller asks to hear it again: as it is now."""
        rules = self._rules
        if not self._can_hear(visit):
            return
        sentences = visit.unsaid
        if visit.told not in (SERVED, *sentences):
            sentences = (*sentences, visit.told)
        if rules is not None:
            visit.informed += not visit.informed
            sentences = (*sentences, *self._informed(visit, rules))
            visit.inform_ms = self._derived.world.now_ms + rules.gaps_ms[-1]
        self._say(visit, tuple(dict.fromkeys(sentences)))

    @property
    def _rules(self) -> Announcing | None:
        policy = self._derived.world.policy
        return policy.announcing if policy is not None else None

    def _can_hear(self, visit: Visit) -> bool:
        waits = visit.state == table.WAITING and visit.caller is not None
        return waits and self._derived.hears(visit)

    def _lay(self, visit: Visit) -> None:
        now = self._derived.world.now_ms
        when = visit.inform_ms
        if visit.unsaid and visit.informed:
            when = min(when, now)
        if visit.said_ms:
            when = max(when, visit.said_ms + APART_MS)
        visit.say_ms = max(when, now + 1)  # what is due at once would pass with the next step only
        self._derived.deadlines.at(visit.say_ms, SAY, visit.id)

    def _say(self, visit: Visit, sentences: tuple[str, ...]) -> None:
        derived = self._derived
        now = derived.world.now_ms
        visit.unsaid = ()
        if sentences and visit.caller is not None:
            visit.said_ms = now
            derived.commands.append(Say(derived.new_id(), visit.caller, sentences))
            for sentence in sentences:
                derived.say(facts.CallerTold(now, visit.id, sentence))
        if self._rules is not None:
            self._lay(visit)
        else:
            visit.say_ms = 0

    # --- what ----------------------------------------------------------------------------------------

    def _informed(self, visit: Visit, rules: Announcing) -> list[str]:
        """What is so for this caller now. When they have just joined, the dialplan has said already what
        happens next: then only what is known beyond that."""
        index = self._derived.index
        first = not visit.informed
        if index is None:
            return []
        if visit.told == NOBODY_HERE:
            return [] if first else [NOBODY_HERE, *([CALLBACK_OFFER] if self._called(visit) else [])]
        found = []
        if first and visit.told == SERVED and not index.speaks(visit.language, visit.second):
            found.append(NOBODY_SPEAKS)
        if index.is_next(visit.id):
            found.append(NEXT)
        if (band := self._band(visit, rules)) is not None:
            found.append(band)
        if self._offers_callback(visit, found):
            found.append(CALLBACK_OFFER)
        if not found and not first:
            found.append(KIND[(visit.informed - 1) % len(KIND)])
        return found

    def _called(self, visit: Visit) -> bool:
        """Whether this caller can ask to be called back."""
        return self._derived.world.rules.callbacks is not None and visit.language != UNDETERMINED

    def _offers_callback(self, visit: Visit, told: list[str]) -> bool:
        """Whether it is worth to ask for it: nobody speaks their language now, or it will be long."""
        callbacks = self._derived.world.rules.callbacks
        if callbacks is None or not self._called(visit) or NEXT in told:
            return False
        long = visit.told_waits and visit.told_waits[-1].at_ms == self._derived.world.now_ms
        return NOBODY_SPEAKS in told or bool(long and visit.told_waits[-1].low_ms >= callbacks.offer_ms)

    def _band(self, visit: Visit, rules: Announcing) -> str | None:
        """The wait that they have to expect, as it is said, if it is known and the bands of their language
        hold. One that is not said for that reason is held against what comes all the same."""
        world = self._derived.world
        expects, age_ms = visit.expects, world.now_ms - visit.expects_ms
        if expects is None or age_ms > FRESH_MS:
            return None
        high_ms = OPEN if expects.high_ms == OPEN else max(0, expects.high_ms - age_ms)
        said = phrase(rules.edges, max(0, expects.low_ms - age_ms), high_ms)
        if said is None:
            return None
        speaks = holds(world.judged.get(visit.language, ""), rules.holds_least)
        told = ToldWait(world.now_ms, said.low_ms, said.high_ms, speaks)
        visit.told_waits = (*visit.told_waits, told)[-TOLD_MAX:]
        return said.sentence if speaks else None

    # --- what came of it -----------------------------------------------------------------------------

    def judge(self, visit: Visit, served: bool) -> None:
        """The wait is over: hold against it what was told."""
        if not visit.told_waits:
            return
        world = self._derived.world
        language = visit.language or UNDETERMINED
        for told in visit.told_waits:
            waited_ms = world.now_ms - told.at_ms
            came = verdict(told, waited_ms, served)
            if came != facts.CENSORED:
                held = "1" if came == facts.HELD else "0"
                world.judged[language] = (world.judged.get(language, "") + held)[-JUDGED_MAX:]
            self._derived.say(facts.WaitJudged(world.now_ms, visit.id, language, *told, waited_ms, came))
        visit.told_waits = ()
