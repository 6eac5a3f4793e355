"""A recorded time comes again: exactly where nothing is drawn, and otherwise as the draws say."""

from collections.abc import Sequence

import numpy as np
import pytest

from routing import facts
from routing.engine import Engine
from routing.events import Envelope, Event
from simulation.drivers import sampler
from simulation.drivers.model import Duration, Model
from simulation.drivers.reference import Reference
from simulation.records import rerun
from simulation.records.journalled import Journalled, Reader
from simulation.records.rerun import FIGURES, Again, Assumed, Job, Measure, Rules
from tests.simulated import HOUR, random_model

MEASURE = Measure(20_000, 5_000, "all_offered")
SMOOTH = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def told(model: Model, seed: int = 5) -> list[tuple[Event, int]]:
    """Everything that the engine of a simulated day was told: its journal."""
    day = Reference(model, seed, 0)
    day.keeps_events = True
    day.run()
    return day.events


def read(events: Sequence[tuple[Event, int]]) -> Journalled:
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


def job(journalled: Journalled, model: Model, **changes: object) -> Job:
    rules = Rules(journalled.policies, journalled.rosters, journalled.did)
    assumed = Assumed(60_000.0, model.talk, model.phones, model.back_ms)
    return Job(journalled, rules, assumed, MEASURE, 1, 0, 2)._replace(**changes)


@pytest.mark.parametrize("number", range(12))
def test_a_day_under_its_own_rules_comes_out_as_it_was(number: int) -> None:
    """Phones that always do the same leave nothing to draw that could change anything: every caller ends as
    recorded, after the same wait, in every replication."""
    model = day(number, smooth=True)
    journalled = read(told(model))
    assert journalled.unfinished == 0
    was = rerun.recorded(journalled)
    assert len(was.ended) > 10
    for replication in (0, 1):
        again = Again(job(journalled, model), replication).run_through()
        assert (again.ended == was.ended).all()
        assert (again.wait_ms == was.wait_ms).all()


def test_other_rules_change_who_waits_how_long_and_the_draws_are_shared() -> None:
    """Without widening fewer are answered; who gives up in both has the same patience in both."""
    model = day(9, smooth=True)
    journalled = read(told(model))
    strict = tuple(
        (at, policy._replace(plans=tuple(plan._replace(steps=plan.steps[:1]) for plan in policy.plans)))
        for at, policy in journalled.policies
    )
    asked = job(journalled, model)
    other = asked._replace(rules=asked.rules._replace(policies=strict))
    mine, theirs = Again(asked, 0).run_through(), Again(other, 0).run_through()
    answered = [int((each.ended == rerun.END[facts.ANSWERED]).sum()) for each in (mine, theirs)]
    assert answered[1] < answered[0]
    both = (mine.ended == theirs.ended) & (mine.ended == rerun.END[facts.ABANDONED_QUEUE])
    assert both.sum() > 3
    assert (mine.wait_ms[both] == theirs.wait_ms[both]).all()


def test_nobody_there_means_nobody_is_answered_and_patience_goes_beyond_the_wait() -> None:
    model = day(3, smooth=False)
    journalled = read(told(model))
    asked = job(journalled, model)
    empty = asked._replace(rules=asked.rules._replace(did=()))
    ends = Again(empty, 0).run_through()
    was = rerun.recorded(journalled)
    assert not (ends.ended == rerun.END[facts.ANSWERED]).any()
    answered = was.ended == rerun.END[facts.ANSWERED]
    assert (ends.wait_ms[answered] >= was.wait_ms[answered]).all()
    gave_up = was.ended == rerun.END[facts.ABANDONED_QUEUE]
    assert (ends.wait_ms[gave_up] == was.wait_ms[gave_up]).all()
    beyond = (ends.wait_ms - was.wait_ms)[answered]
    assert 30_000 < beyond.mean() < 120_000, "exponential with a mean of a minute"


@pytest.mark.parametrize("number", [2, 3, 6])
def test_figures_of_a_day_with_moody_phones_are_near_those_recorded(number: int) -> None:
    """What phones do is drawn from what they did; the recorded figure lies among the simulated ones."""
    model = day(number, smooth=False)
    journalled = read(told(model))
    was = rerun.figures(journalled, rerun.recorded(journalled), MEASURE)
    found = rerun.run(job(journalled, model, number=12))
    keys = [each.key for each in FIGURES]
    for key in ("abandonment", "service_level_all_offered"):
        place = keys.index(key)
        assert abs(found[:, place].mean() - was[place]) < 0.15, (key, found[:, place], was[place])


def test_figures_are_those_counted_by_hand() -> None:
    model = day(5, smooth=True)
    journalled = read(told(model))
    ends = rerun.recorded(journalled)
    was = dict(
        zip([each.key for each in FIGURES], rerun.figures(journalled, ends, MEASURE).tolist(), strict=False)
    )
    answered = [each for each in journalled.callers if each.ended == facts.ANSWERED]
    gave_up = [each for each in journalled.callers if each.ended.startswith("abandoned")]
    assert was["contacts"] == len(answered) + len(gave_up)
    assert was["service_level_all_offered"] == pytest.approx(
        sum(each.wait_ms <= 20_000 for each in answered) / was["contacts"]
    )
    assert was["speed_of_answer"] == pytest.approx(np.mean([each.wait_ms for each in answered]) / 1000)
    short = sum(each.wait_ms < 5_000 for each in gave_up)
    assert was["short_abandonment"] == pytest.approx(short / was["contacts"])


def test_cells_that_few_could_serve_are_one() -> None:
    """Nothing of who is left out of the cells can be had by adding up: they stand in one cell for all."""
    model = day(5, smooth=True)
    journalled = read(told(model))
    needs = sorted({(each.language, each.concern) for each in journalled.callers})
    apart = MEASURE._replace(apart=frozenset(needs[:1]))
    names = rerun.cells(journalled, apart)
    assert names == (("language", "*"), ("language", needs[0][0]), ("concern", "*"), ("concern", needs[0][1]))
    found = rerun.figures(journalled, rerun.recorded(journalled), apart)[len(FIGURES) :]
    contacts = [
        value
        for value, (_, _, figure) in zip(found, rerun.of_cells(journalled, apart), strict=True)
        if figure.key == "contacts"
    ]
    others, one = contacts[:2]
    assert others > 0 < one
    assert contacts == [others, one, others, one]
