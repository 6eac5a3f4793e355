"""A recorded time comes again: exactly where nothing is drawn, and otherwise as the draws say."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest

from acd.plan import counterfactual
from routing import events, facts
from routing.closing import lets_in
from routing.engine import Engine
from routing.events import Envelope, Event
from routing.policy import OVERFLOW_OUTSIDE, Overflow
from routing.world import Blocked
from simulation.drivers import layout, sampler
from simulation.drivers.journal import JournalDriver
from simulation.drivers.model import Duration, Kind, Model
from simulation.drivers.reference import Reference
from simulation.records import trace_driven
from simulation.records.journal_trace import STANDS, JournalTrace, Reader
from simulation.records.trace_driven import FIGURES, Again, Assumed, Job, Measure, Rules
from tests.fakes.centre import NODE, POLICY, ROSTER, Bench
from tests.simulated import HOUR, random_model

MEASURE = Measure(20_000, 5_000, "all_offered")
SMOOTH = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def told(model: Model, seed: int = 5, of: type[Reference] = Reference) -> list[tuple[Event, int]]:
    """Everything that the engine of a simulated day was told: its journal."""
    day = of(model, seed, 0)
    day.keeps_events = True
    day.run()
    return day.events


def read(events: Sequence[tuple[Event, int]]) -> JournalTrace:
    engine = Engine()
    reader = Reader(engine)
    for seq, (event, at) in enumerate(events, 1):
        reader.take(Envelope(seq, 1, at, "", "", 0, event), engine.step(event, at))
    return reader.found()


def day(number: int, smooth: bool) -> Model:
    """A small centre in which everybody has gone before the end."""
    model = random_model(number)
    phones = model.phones
    if smooth:
        phones = phones._replace(shares=SMOOTH, answer=Duration(sampler.CONSTANT, 1_500.0))
    return model._replace(phones=phones, tick_ms=1, end_ms=model.end_ms + 12 * HOUR)


def job(trace: JournalTrace, model: Model, **changes: object) -> Job:
    rules = Rules(trace.policies, trace.rosters, trace.did, trace.by_hand)
    assumed = Assumed(60_000.0, model.talk, model.phones, model.back_ms)
    return Job(trace, rules, assumed, MEASURE, 1, 0, 2)._replace(**changes)


@pytest.mark.parametrize("number", range(12))
def test_a_day_under_its_own_rules_comes_out_as_it_was(number: int) -> None:
    """Phones that always do the same leave nothing to draw that could change anything: every caller ends as
    recorded, after the same wait, in every replication."""
    model = day(number, smooth=True)
    trace = read(told(model))
    assert trace.unfinished == 0
    was = trace_driven.recorded(trace)
    assert len(was.ended) > 10
    for replication in (0, 1):
        again = Again(job(trace, model), replication).run_through()
        assert (again.ended == was.ended).all()
        assert (again.wait_ms == was.wait_ms).all()


class Resting(Reference):
    """A day on which everybody takes a call in two minutes at most."""

    def _shift(self, number: int) -> None:
        super()._shift(number)
        for agent in self._engine.world.people:
            self._tell(events.QuietAsked(agent, 2))


@pytest.mark.parametrize("number", [0, 1, 2, 9])
def test_quiet_time_comes_again(number: int) -> None:
    model = day(number, smooth=True)
    trace = read(told(model, of=Resting))
    was = trace_driven.recorded(trace)
    usual = trace_driven.recorded(read(told(model)))
    assert len(was.wait_ms) != len(usual.wait_ms) or (was.wait_ms != usual.wait_ms).any()
    again = Again(job(trace, model), 0).run_through()
    assert (again.ended == was.ended).all()
    assert (again.wait_ms == was.wait_ms).all()


def test_who_was_blocked_is_no_caller_to_be_served() -> None:
    bench = Bench()
    bench.engine.world.blocked["t"] = Blocked(bench.now + HOUR, 1)
    reader, leg = Reader(bench.engine), events.Leg(NODE, "1.1")
    for seq, event in enumerate(
        (
            events.CallArrived(leg, "line"),
            events.CallWaiting(leg, "de", "other", "", bench.now, bench.now),
            events.CallerKnown(leg, "t", "", ""),
            events.LegEnded(leg, 16),
        ),
        1,
    ):
        effects = bench.tell(event)
        reader.take(Envelope(seq, 1, bench.now, "", "", 0, event), effects)
    assert [each.outcome for each in effects.facts if isinstance(each, facts.VisitEnded)] == ["blocked"]
    assert reader.found().callers == ()


def test_other_rules_change_who_waits_how_long_and_the_draws_are_shared() -> None:
    """Without widening fewer are answered; who gives up in both has the same patience in both."""
    model = day(9, smooth=True)
    trace = read(told(model))
    strict = tuple(
        (at, policy._replace(plans=tuple(plan._replace(steps=plan.steps[:1]) for plan in policy.plans)))
        for at, policy in trace.policies
    )
    asked = job(trace, model)
    other = asked._replace(rules=asked.rules._replace(policies=strict))
    mine, theirs = Again(asked, 0).run_through(), Again(other, 0).run_through()
    answered = [int((each.ended == trace_driven.END[facts.ANSWERED]).sum()) for each in (mine, theirs)]
    assert answered[1] < answered[0]
    both = (mine.ended == theirs.ended) & (mine.ended == trace_driven.END[facts.ABANDONED_QUEUE])
    assert both.sum() > 3
    assert (mine.wait_ms[both] == theirs.wait_ms[both]).all()


def test_nobody_there_means_nobody_is_answered_and_patience_goes_beyond_the_wait() -> None:
    model = day(3, smooth=False)
    trace = read(told(model))
    asked = job(trace, model)
    empty = asked._replace(rules=asked.rules._replace(did=()))
    ends = Again(empty, 0).run_through()
    was = trace_driven.recorded(trace)
    assert not (ends.ended == trace_driven.END[facts.ANSWERED]).any()
    stays = ends.ended != trace_driven.END[facts.TURNED_AWAY]  # at closing, since nobody is there
    answered = (was.ended == trace_driven.END[facts.ANSWERED]) & stays
    assert (ends.wait_ms[answered] >= was.wait_ms[answered]).all()
    gave_up = (was.ended == trace_driven.END[facts.ABANDONED_QUEUE]) & stays
    assert (ends.wait_ms[gave_up] == was.wait_ms[gave_up]).all()
    beyond = (ends.wait_ms - was.wait_ms)[answered]
    assert 30_000 < beyond.mean() < 120_000, "exponential with a mean of a minute"


@pytest.mark.parametrize("number", [2, 3, 6])
def test_figures_of_a_day_with_moody_phones_are_near_those_recorded(number: int) -> None:
    """What phones do is drawn from what they did; the recorded figure lies among the simulated ones."""
    model = day(number, smooth=False)
    trace = read(told(model))
    was = trace_driven.figures(trace, trace_driven.recorded(trace), MEASURE)
    found = trace_driven.run(job(trace, model, number=12))
    keys = [each.key for each in FIGURES]
    for key in ("abandonment", "service_level_all_offered"):
        place = keys.index(key)
        assert abs(found[:, place].mean() - was[place]) < 0.15, (key, found[:, place], was[place])


def test_figures_are_those_counted_by_hand() -> None:
    model = day(5, smooth=True)
    trace = read(told(model))
    ends = trace_driven.recorded(trace)
    was = dict(
        zip([each.key for each in FIGURES], trace_driven.figures(trace, ends, MEASURE).tolist(), strict=False)
    )
    answered = [each for each in trace.callers if each.ended == facts.ANSWERED]
    gave_up = [each for each in trace.callers if each.ended.startswith("abandoned")]
    turned_away = sum(each.ended == facts.TURNED_AWAY for each in trace.callers)
    assert was["contacts"] == len(answered) + len(gave_up) + turned_away
    assert was["service_level_all_offered"] == pytest.approx(
        sum(each.wait_ms <= 20_000 for each in answered) / was["contacts"]
    )
    assert was["speed_of_answer"] == pytest.approx(np.mean([each.wait_ms for each in answered]) / 1000)
    short = sum(each.wait_ms < 5_000 for each in gave_up)
    assert was["short_abandonment"] == pytest.approx(short / was["contacts"])


def test_cells_that_few_could_serve_are_one() -> None:
    """Nothing of who is left out of the cells can be had by adding up: they stand in one cell for all."""
    model = day(5, smooth=True)
    trace = read(told(model))
    needs = sorted({(each.language, each.concern) for each in trace.callers})
    apart = MEASURE._replace(apart=frozenset(needs[:1]))
    names = trace_driven.cells(trace, apart)
    assert names == (("language", "*"), ("language", needs[0][0]), ("concern", "*"), ("concern", needs[0][1]))
    found = trace_driven.figures(trace, trace_driven.recorded(trace), apart)[len(FIGURES) :]
    contacts = [
        value
        for value, (_, _, figure) in zip(found, trace_driven.of_cells(trace, apart), strict=True)
        if figure.key == "contacts"
    ]
    others, one = contacts[:2]
    assert others > 0 < one
    assert contacts == [others, one, others, one]


def test_overflow_of_the_rules_is_left_out() -> None:
    """Nobody in a replay takes who is sent outside: everybody waits as if there were no such rule."""
    model = day(9, smooth=True)
    trace = read(told(model))
    rule = Overflow("outside", "", "", 0, -1, True, OVERFLOW_OUTSIDE)
    with_it = tuple((at, policy._replace(overflow=(rule,))) for at, policy in trace.policies)
    other = job(trace, model)._replace(rules=Rules(with_it, trace.rosters, trace.did, ()))
    mine, theirs = Again(job(trace, model), 0).run_through(), Again(other, 0).run_through()
    assert (mine.ended == theirs.ended).all()
    assert (mine.wait_ms == theirs.wait_ms).all()


# --- what supervisors set by hand ----------------------------------------------------------------------


class Led(Reference):
    """A day on which a supervisor, by chance of this seed, says something every few seconds: of who waits, of
    what people can do, of the hotline. Callers whom the dialplan would not let in find the centre closed."""

    SEED = 0

    def run(self) -> None:
        self._lead, self._led = Random(self.SEED), 0
        super().run()

    def _shift(self, number: int) -> None:
        super()._shift(number)
        if not self._led:
            self._led = 1
            for after_ms in range(7_003, 6 * HOUR, 11_003):
                self._at(self._now() + after_ms, layout.STAFF, 10**6, self._says)

    def _finds_closed(self, kind: Kind) -> bool:
        return not lets_in(self._engine.world, kind.language, kind.concern)

    def _tell(self, *told: Event) -> None:
        """Who finds it closed has chosen before: hours are by language and concern."""
        if len(told) == 4 and isinstance(away := told[2], events.TurnedAway):
            kind = self._model.kinds[self._kinds[self._by_leg[away.leg][0]]]
            chosen = (
                events.LanguageChosen(away.leg, kind.language),
                events.ConcernChosen(away.leg, kind.concern),
            )
            told = (*told[:2], *chosen, *told[2:])
        super()._tell(*told)

    def _says(self) -> None:
        one, world, until = self._lead, self._engine.world, self._now() + 180_000
        waiting = [each.id for each in world.visits.values() if each.state == "waiting"]
        visit, who = one.choice(waiting or [1]), one.choice(sorted(world.people))
        languages = sorted({each.language for each in self._model.kinds} - {"und"})
        skills = tuple((each, one.randint(1, 7)) for each in languages)
        concerns = tuple(
            (each, one.randint(1, 5)) for each in sorted({each.concern for each in self._model.kinds})
        )
        reserves = [each.language for each in self._model.policy.reserves] or ["de"]
        self._tell(
            one.choice(
                (
                    events.NeedGiven(visit, one.choice(languages), ""),
                    events.NeedGiven(visit, one.choice(languages), one.choice(concerns)[0]),
                    events.NeedGiven(visit, "", ""),
                    events.PersonNamed(visit, one.choice((who, ""))),
                    events.VisitPlaced(visit, one.choice(("front", "back", "own_place"))),
                    events.PriorityGiven(visit, "vip"),
                    events.PriorityTaken(visit, one.choice(("vip", "repeat"))),
                    events.SkillsLent(who, skills, concerns, until),
                    events.SkillsLent(who, skills[:1], (), until),
                    events.SkillsLent(who, (), (), 0),
                    events.SetByHand("hours", one.choice(("/", f"{languages[0]}/")), "closed", until),
                    events.SetByHand("hours", one.choice(("/", f"{languages[0]}/")), "rules", 0),
                    events.SetByHand("drain", "", one.choice(("on", "rules")), until),
                    events.SetByHand("reserve", one.choice(reserves), one.choice(("on", "off")), until),
                )
            )
        )


@pytest.mark.parametrize("number", range(12))
def test_a_day_with_a_supervisor_comes_out_as_it_was(number: int) -> None:
    """Needs given by hand, people named, places, classes, lent skills, hours, reserves and drain: every
    caller ends as recorded, after the same wait; and a caller came with the need that they chose."""
    model = day(number, smooth=True)
    told_of = type("Led", (Led,), {"SEED": number})
    trace = read(told(model, of=told_of))
    was = trace_driven.recorded(trace)
    usual = trace_driven.recorded(read(told(model)))
    assert len(was.wait_ms) != len(usual.wait_ms) or (was.wait_ms != usual.wait_ms).any()
    kinds = {(each.language, each.concern) for each in model.kinds}
    assert {(each.language, each.concern) for each in trace.callers} <= kinds
    again = Again(job(trace, model), 0).run_through()
    assert (again.ended == was.ended).all()
    assert (again.wait_ms == was.wait_ms).all()


def test_the_days_with_a_supervisor_have_everything_that_is_set_by_hand() -> None:
    """Otherwise the test above would prove less than it says."""
    found: set[str] = set()
    for number in range(12):
        trace = read(told(day(number, smooth=True), of=type("Led", (Led,), {"SEED": number})))
        found |= {each.what for caller in trace.callers for each in caller.steered}
        found |= {getattr(said, "what", "lent") for _, said in trace.by_hand}
    assert found == {*STANDS, "lent", "hours", "drain", "reserve"}


def test_who_is_lent_to_when_the_journal_begins_can_do_their_own_in_the_roster() -> None:
    """A kept world has the lent skills in its people: the roster is what the people can do by themselves, and
    the loan ends when it ended."""
    bench = Bench()
    own = {key: each.agent for key, each in bench.engine.world.people.items()}
    until = bench.now + HOUR
    bench.tell(events.SkillsLent("cem", (("uk", 5),), (("study", 3),), until))
    bench.tell(events.SetByHand("drain", "", "on", 0))
    reader = Reader(bench.engine)
    reader.begin(bench.engine.world, bench.now)
    trace = reader.found()
    assert {each.id: each for each in trace.rosters[0][1].agents} == own
    assert trace.by_hand == (
        (bench.now, events.SkillsLent("cem", (("uk", 5),), (("study", 3),), until)),
        (bench.now, events.SetByHand("drain", "", "on", 0)),
    )


def test_what_was_refused_is_not_told() -> None:
    bench = Bench()
    reader = Reader(bench.engine)
    for seq, event in enumerate(
        (
            events.SkillsLent("nobody", (("uk", 5),), (), bench.now + HOUR),
            events.SetByHand("drain", "", "off", 0),
        ),
        1,
    ):
        effects = bench.tell(event)
        reader.take(Envelope(seq, 1, bench.now, "", "", 0, event), effects)
    assert reader.found().by_hand == ()


def test_who_was_lent_skills_is_counted_with_what_they_could_do_all_the_time() -> None:
    """A cell in which a loan left few who could serve it says too much of them: it is one with others."""
    rules = Rules(((0, POLICY),), ((0, ROSTER),), (), ())
    assert ("de", "study") in (counterfactual.apart([rules], 3) or ())
    less = rules._replace(by_hand=((5, events.SkillsLent("cem", (("uk", 7),), (("study", 5),), 9)),))
    assert ("de", "study") not in (counterfactual.apart([less], 3) or ())
    more = rules._replace(
        by_hand=((5, events.SkillsLent("cem", (("ar", 7), ("de", 7)), (("study", 5),), 9)),)
    )
    assert ("ar", "study") not in (counterfactual.apart([more], 2) or ()), "but for a while by one alone"


@pytest.mark.parametrize("number", [0, 5])
def test_the_simulated_clock_decides_a_day_with_a_supervisor_as_it_was_decided(number: int) -> None:
    """What `acd plan replay` proves of each journal: loans and hours end at their time there too."""
    day_told = told(day(number, smooth=True), of=type("Led", (Led,), {"SEED": number}))
    engine = Engine()
    heard: list[facts.Fact] = []
    again: list[facts.Fact] = []
    for event, at in day_told:
        heard += engine.step(event, at).facts
    clocked = JournalDriver(Engine(), lambda effects: again.extend(effects.facts))
    for seq, (event, at) in enumerate(day_told, 1):
        clocked.feed(Envelope(seq, 1, at, "", "", 0, event))
    assert again == heard
    assert {facts.SkillsChanged, facts.ByHandChanged} <= {type(each) for each in heard}
