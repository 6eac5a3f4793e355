"""A journal's callers come again, on the simulated clock, under the recorded or other rules and people.

What supervisors set by hand comes again when it was set, as far as it is possible under these: nobody is lent
anything who is not there. A need given by hand is given again, and the talk lasts as long as it did by that.

When they come, what they need and how long they talk is as recorded, and so is the patience of those who
gave up. Those who were answered would have waited longer than they did: how much longer is drawn. Drawn too
are the talks of those who had none, and what a phone does with an offer that was never made. Each draw
belongs to the caller, so that two sets of rules meet the same callers. Who called again after giving up is
one of the callers; nobody calls again besides.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from agents import state as staff
from agents.model import Team
from config.people import LEASE_MARGIN_MS
from routing import events as ev
from routing import facts, steering
from routing.closing import lets_in
from routing.events import Leg
from routing.policy import Policy
from routing.privacy import MERGED
from routing.service_level import VARIANTS
from simulation.drivers import layout, model, sampler
from simulation.drivers.model import Duration, Kind, Model, Phones
from simulation.drivers.reference import Reference
from simulation.records.journal_trace import (
    CLASS_GIVEN,
    DEVICE,
    UNKNOWN,
    Caller,
    Did,
    JournalTrace,
    Offered,
    Steered,
)
from simulation.runs.outcome import CELL, CONTACTS, Figure, service_levels

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LATER_MS: Final = 4 * 3_600_000
"""So long after the journal's end those who still wait are watched."""
FEW: Final = 10
"""Of so few recorded talks or offers none is drawn: the assumed ones are."""

FIGURES: Final = tuple(each for each in CONTACTS if each.key not in ("widened", "phone_share"))


class Rules(NamedTuple):
    """What holds while the callers come: policies and rosters from when on, what staff do, what is lent and
    set by hand."""

    policies: tuple[tuple[int, Policy], ...]
    rosters: tuple[tuple[int, Team], ...]
    did: tuple[Did, ...]
    by_hand: tuple[tuple[int, ev.SkillsLent | ev.SetByHand], ...]


class Assumed(NamedTuple):
    """What the journal does not tell. patience_ms: mean of the exponential time beyond the wait; talk,
    phones, back_ms: where the journal has too few to draw from."""

    patience_ms: float
    talk: Duration
    phones: Phones
    back_ms: int


class Measure(NamedTuple):
    """How contacts become figures: the service level's time and variant, what counts as a short abandon.

    apart: the (language, concern) that may be shown by themselves (routing.privacy); None: all.
    """

    within_ms: int
    short_ms: int
    variant: str
    apart: frozenset[tuple[str, str]] | None = None


class Job(NamedTuple):
    """Replications first .. first + number - 1 under some rules."""

    trace: JournalTrace
    rules: Rules
    assumed: Assumed
    measure: Measure
    seed: int
    first: int
    number: int


class Ends(NamedTuple):
    """By caller: how it ended (place in facts.VISIT_OUTCOMES) and the wait in ms."""

    ended: Ints
    wait_ms: Ints


END: Final = {name: i for i, name in enumerate(facts.VISIT_OUTCOMES)}
"""How a caller ended, as a place in facts.VISIT_OUTCOMES."""


def recorded(trace: JournalTrace) -> Ends:
    """How it was."""
    return Ends(
        np.array([END[each.ended] for each in trace.callers], np.int64),
        np.array([each.wait_ms for each in trace.callers], np.int64),
    )


def labels(trace: JournalTrace, measure: Measure) -> list[tuple[str, str]]:
    """By caller: language and concern as they may be shown."""
    needs = [(each.language, each.concern) for each in trace.callers]
    return [each if measure.apart is None or each in measure.apart else (MERGED, MERGED) for each in needs]


def cells(trace: JournalTrace, measure: Measure) -> tuple[tuple[str, str], ...]:
    """The languages and concerns of the callers: ("language", code) and ("concern", key)."""
    shown = labels(trace, measure)
    languages, concerns = (sorted({*each}) for each in zip(*shown, strict=True))
    return tuple([("language", each) for each in languages] + [("concern", each) for each in concerns])


def run(job: Job) -> Floats:
    """By replication: FIGURES, then CELL by cell."""
    return np.stack(
        [
            figures(job.trace, Again(job, replication).run_through(), job.measure)
            for replication in range(job.first, job.first + job.number)
        ]
    )


class Again(Reference):
    """The callers of a journal on the reference: one replication."""

    def __init__(self, job: Job, replication: int) -> None:
        self._journal, self._rules, self._assumed = job.trace, job.rules, job.assumed
        named = dict.fromkeys(_kind(each) for each in job.trace.callers)
        self._kind_of = {kind: i for i, kind in enumerate(named)}
        super().__init__(_model(job, tuple(named)), job.seed, replication, trace=False)
        for _, roster in job.rules.rosters:
            for agent in roster.agents:
                self._place.setdefault(agent.id, len(self._place))
        agenda: list[tuple[int, int, Policy | Team | Did | ev.SkillsLent | ev.SetByHand]] = [
            *((at, 0, _simulated(policy)) for at, policy in job.rules.policies[1:]),
            *((at, 1, roster) for at, roster in job.rules.rosters[1:]),
            *((at, 2, said) for at, said in job.rules.by_hand),
            *((did.at_ms, 3, did) for did in job.rules.did),
        ]
        self._agenda = sorted(agenda, key=lambda each: each[:2])
        self._address = _addresses(job.rules.rosters[0][1])
        self._device: dict[str, str] = {}
        self._number: dict[int, int] = {}
        offers = job.trace.offers
        self._recorded_offers: tuple[Offered, ...] = offers if len(offers) >= FEW else ()
        talks = sorted(each.talk_ms for each in job.trace.callers if each.talk_ms != UNKNOWN)
        self._recorded_talks = talks if len(talks) >= FEW else []
        count = len(job.trace.callers)
        self._ended, self._wait = np.full(count, UNKNOWN, np.int64), np.zeros(count, np.int64)

    def run_through(self) -> Ends:
        """From begin to end; who still waits then has given up."""
        self.run()
        open_still = self._ended == UNKNOWN
        at = np.array([each.at_ms for each in self._journal.callers], np.int64)
        self._wait[open_still] = self._model.end_ms - at[open_still]
        self._ended[open_still] = END[facts.ABANDONED_QUEUE]
        return Ends(self._ended, self._wait)

    def _callers(self) -> tuple[list[int], list[int]]:
        begin = self._model.begin_ms
        return (
            [self._kind_of[_kind(each)] for each in self._journal.callers],
            [max(0, each.at_ms - begin) for each in self._journal.callers],
        )

    def _finds_closed(self, kind: Kind) -> bool:
        return not lets_in(self._engine.world, kind.language, kind.concern)

    def _known(self, leg: Leg, caller: int) -> ev.CallerKnown:
        each = self._journal.callers[caller]
        return ev.CallerKnown(leg, each.token, each.case, each.owner, each.classes)

    def _lasting(self, caller: int, attempt: int) -> tuple[int, int]:
        each = self._journal.callers[caller]
        beyond, talk = self._draw(sampler.CALLER, caller, attempt)
        patience, lasts = each.wait_ms, each.talk_ms
        if each.ended not in (facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING):
            patience += self._lasts(Duration(sampler.EXPONENTIAL, self._assumed.patience_ms), beyond)
        if lasts == UNKNOWN:
            drawn = self._recorded_talks
            lasts = drawn[int(talk * len(drawn))] if drawn else self._lasts(self._assumed.talk, talk)
        return patience, lasts

    def _call(self, caller: int) -> None:
        each, visit = self._journal.callers[caller], len(self._ordinal)
        super()._call(caller)
        if visit not in self._on_hold:
            return
        if each.second_after_ms:
            at = self._now() + each.second_after_ms
            self._at(at, layout.STAFF, len(self._agenda), self._adds_second, visit, each.second)
        for said in each.steered:
            at = self._now() + said.after_ms
            self._at(at, layout.STAFF, len(self._agenda), self._steered, visit, said)

    def _adds_second(self, visit: int, second: str) -> None:
        if visit in self._on_hold:
            self._tell(ev.SecondLanguageAdded(self._legs[visit], second))

    def _steered(self, visit: int, said: Steered) -> None:
        """Of who is on hold still; what is not possible here is refused and changes nothing."""
        if visit in self._on_hold:
            self._tell(_steers(self._number[visit], said))

    def _does(self, caller: int, attempt: int, number: int) -> tuple[int, int]:
        if not self._recorded_offers:
            return super()._does(caller, attempt, number)
        which, _ = self._draw(sampler.PHONE, caller, number & 1023)
        does, takes = self._recorded_offers[int(which * len(self._recorded_offers))]
        return does, self._model.phones.ring_ms if does == model.NO_ANSWER else takes

    # --- rules and people ------------------------------------------------------------------------------

    def _await_shift(self, number: int) -> None:
        if number < len(self._agenda):
            at = max(self._agenda[number][0], self._model.begin_ms)
            self._at(at, layout.STAFF, number, self._shift, number)

    def _shift(self, number: int) -> None:
        self._await_shift(number + 1)
        what = self._agenda[number][2]
        if isinstance(what, Policy):
            self._tell(ev.PolicyChanged("policy", what))
        elif isinstance(what, Team):
            self._address = _addresses(what)
            self._tell(ev.TeamChanged("roster", what))
            for agent, address in self._address.items():
                self._tell(ev.DeviceChanged(address, self._device.get(agent, staff.USABLE)))
        elif isinstance(what, ev.SkillsLent | ev.SetByHand):
            self._tell(what)
        elif what.what == staff.QUIET:
            self._tell(ev.QuietAsked(what.agent, int(what.reason)))
        elif what.what == DEVICE:
            self._device[what.agent] = what.reason
            if what.agent in self._address:
                self._tell(ev.DeviceChanged(self._address[what.agent], what.reason))
        else:
            self._tell(ev.StaffAsked(what.agent, "", what.what, what.reason, None))

    # --- what came of it -------------------------------------------------------------------------------

    def _on_begin(self, fact: facts.VisitBegan) -> None:
        super()._on_begin(fact)
        self._number[self._ordinal[fact.visit]] = fact.visit

    def _on_talk(self, fact: facts.TalkBegan) -> None:
        self._note_end(fact.visit, END[facts.ANSWERED], fact.at_ms)
        super()._on_talk(fact)

    def _on_end(self, fact: facts.VisitEnded) -> None:
        if fact.outcome != facts.ANSWERED:
            self._note_end(fact.visit, END[fact.outcome], fact.at_ms)
        super()._on_end(fact)

    def _note_end(self, visit: int, ended: int, at: int) -> None:
        caller = self._by_leg[self._legs[self._ordinal[visit]]][0]
        self._ended[caller], self._wait[caller] = ended, at - self._journal.callers[caller].at_ms


def figures(trace: JournalTrace, ends: Ends, measure: Measure) -> Floats:
    """FIGURES of the whole, then CELL by cell; nan where there is nothing to count. Who was lost by the
    telephone system is left out, whatever became of them here."""
    there = np.array([each.ended != facts.LOST for each in trace.callers], np.bool_)
    whole = _figures(ends, measure, there)
    found = [whole[figure.key] for figure in FIGURES]
    shown = labels(trace, measure)
    for by, key in cells(trace, measure):
        mine = np.array([key == each[by == "concern"] for each in shown], np.bool_)
        part = _figures(ends, measure, mine & there)
        part["service_level"] = part[f"service_level_{measure.variant}"]
        found += [part[figure.key] for figure in CELL]
    return np.array(found, np.float64)


def of_cells(trace: JournalTrace, measure: Measure) -> tuple[tuple[str, str, Figure], ...]:
    """What stands behind FIGURES: (by, key, figure)."""
    return tuple((by, key, figure) for by, key in cells(trace, measure) for figure in CELL)


def _figures(ends: Ends, measure: Measure, mine: npt.NDArray[np.bool_]) -> dict[str, float]:
    ended, wait = ends.ended[mine], ends.wait_ms[mine]
    answered = ended == END[facts.ANSWERED]
    abandoned = (ended == END[facts.ABANDONED_QUEUE]) | (ended == END[facts.ABANDONED_RINGING])
    turned_away = ended == END[facts.TURNED_AWAY]
    unserved = abandoned | turned_away
    in_time = wait <= measure.within_ms
    counts = [
        np.array([flags.sum()]) for flags in (answered, answered & in_time, unserved, abandoned & in_time)
    ]
    levels = dict(zip(VARIANTS, service_levels(*counts), strict=True))
    contacts = int(answered.sum() + unserved.sum())
    ranked = np.sort(wait[answered])
    return {
        "contacts": contacts,
        "closed": int((ended == END[facts.CLOSED]).sum()),
        "turned_away": int(turned_away.sum()),
        "abandonment": abandoned.sum() / contacts if contacts else np.nan,
        "short_abandonment": (abandoned & (wait < measure.short_ms)).sum() / contacts if contacts else np.nan,
        **{f"service_level_{name}": float(level[0]) for name, level in levels.items()},
        "speed_of_answer": ranked.mean() / 1000 if len(ranked) else np.nan,
        "wait_p95": ranked[int(np.ceil(0.95 * len(ranked))) - 1] / 1000 if len(ranked) else np.nan,
        "in_time": int((answered & in_time).sum()),
        "mean_wait": wait[answered | unserved].mean() / 1000 if contacts else np.nan,
    }


def _kind(caller: Caller) -> tuple[str, str, str, tuple[str, ...]]:
    second = "" if caller.second_after_ms else caller.second
    return caller.language, caller.concern, second, caller.classes


def _steers(visit: int, said: Steered) -> ev.Event:
    """What a supervisor said, of this visit."""
    if said.what == CLASS_GIVEN:
        return ev.PriorityGiven(visit, said.value)
    if said.what == steering.CLASS_TAKEN:
        return ev.PriorityTaken(visit, said.value)
    if said.what == steering.OTHER_NEED:
        language, _, concern = said.value.partition("/")
        return ev.NeedGiven(visit, language, concern)
    if said.what == steering.OWN_NEED:
        return ev.NeedGiven(visit, "", "")
    if said.what in (steering.NAMED, steering.NOT_NAMED):
        return ev.PersonNamed(visit, said.value)
    return ev.VisitPlaced(visit, said.what)


def _simulated(policy: Policy) -> Policy:
    """Without overflow, which the driver does not know: nobody there takes who is sent outside."""
    return policy._replace(overflow=())


def _model(job: Job, kinds: tuple[tuple[str, str, str, tuple[str, ...]], ...]) -> Model:
    trace, assumed = job.trace, job.assumed
    rules = _simulated(job.rules.policies[0][1])
    rings = trace.rings_ms if trace.rings_ms != UNKNOWN else assumed.phones.rings_after_ms
    away = trace.away_ms if trace.away_ms != UNKNOWN else assumed.back_ms
    return Model(
        policy=rules,
        roster=job.rules.rosters[0][1],
        begin_ms=trace.begin_ms,
        end_ms=trace.end_ms + LATER_MS,
        kinds=tuple(Kind(1 / len(kinds), *each) for each in kinds),
        arrivals=(),
        shifts=(),
        patience=Duration(sampler.EXPONENTIAL, assumed.patience_ms),
        talk=assumed.talk,
        retrial=0.0,
        again=Duration(sampler.CONSTANT, 0.0),
        phones=assumed.phones._replace(rings_after_ms=rings, ring_ms=rules.lease_ms - LEASE_MARGIN_MS),
        back_ms=away,
        within_ms=job.measure.within_ms,
        short_ms=job.measure.short_ms,
    )


def _addresses(roster: Team) -> dict[str, str]:
    return {agent.id: agent.reach.address for agent in roster.agents}
