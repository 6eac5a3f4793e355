"""From a scenario to the model of its year: with case work, or as calls alone."""

from datetime import date
from itertools import pairwise
from typing import NamedTuple

from agents.model import UNDETERMINED, Team
from config.people import agent, policy
from config.schema import Centre
from config.tables.kinds import DAYS
from config.tables.opening import Span
from config.tables.people import cefr
from simulation.drivers import sampler
from simulation.drivers.model import Arrivals, CaseWork, Duration, Kind, Model, Phones, WorkStep
from simulation.drivers.tables import ModelFaults
from simulation.scenarios.attendance import MINUTE, Calendar, shifts
from simulation.scenarios.quantity import Quantity
from simulation.scenarios.scenario import Scenario, Wave
from simulation.scenarios.shape import Shape

DAY_MS = 86_400_000
RINGS_AFTER_MS = 500
DECLINES_AFTER_MS = 4_000.0
CALLS_WARM_UP = 7
"""Days at most where there are only calls: their queues are empty every night."""


class Year(NamedTuple):
    """A scenario's model, and the calendar from which each replication's attendance comes."""

    scenario: Scenario
    model: Model
    calendar: Calendar


def year(scenario: Scenario, *, case_work: bool = True) -> Year:
    """The model of a scenario's year; its shifts are those of replication 0 of seed 0.

    case_work False: only contacts by telephone, `calls_per_case` for each case, and nobody does anything
    between calls.
    """
    warm_up = scenario.horizon.warm_up.value
    if not case_work:
        scenario = scenario.changed({"horizon.warm_up": min(warm_up, CALLS_WARM_UP)})
    calendar = Calendar(scenario)
    house, calls = scenario.house, scenario.calls
    begin = calendar.begin_ms
    # no driver knows yet what callers are told, who has an old place, hours of a concern, or overflow
    rules = policy(house, begin + DAY_MS // 2, calendar.days)
    rules = rules._replace(announcing=None, rejoin_ms=0, hours=(), overflow=())
    kinds = _kinds(scenario)
    arrivals, mixes = _arrivals(scenario, calendar, rules.opening, kinds, case_work)
    phones = scenario.phones
    refused = no_answer, busy, declined, unreachable = (
        phones.no_answer.value,
        phones.busy.value,
        phones.declined.value,
        phones.unreachable.value,
    )
    model = Model(
        policy=rules,
        roster=team(scenario),
        begin_ms=begin,
        end_ms=calendar.end_ms,
        kinds=kinds,
        arrivals=arrivals,
        shifts=shifts(calendar, calendar.rows(0, 0, int(scenario.staff.people.value))),
        patience=_shaped(calls.patience, calls.patience_shape)
        or Duration(sampler.EXPONENTIAL, calls.patience.value * MINUTE),
        talk=_shaped(calls.talk, calls.talk_shape) or _spread(calls.talk, calls.talk_variation),
        retrial=calls.retrial.value,
        again=Duration(sampler.EXPONENTIAL, calls.retrial_after.value * MINUTE),
        phones=Phones(
            (1.0 - sum(refused), no_answer, busy, declined, unreachable, 0.0),
            RINGS_AFTER_MS,
            Duration(sampler.UNIFORM, phones.answer_from.value * 1000, phones.answer_to.value * 1000),
            Duration(sampler.CONSTANT, DECLINES_AFTER_MS),
            house.staffing.ring_seconds * 1000,
        ),
        back_ms=int(phones.back_after.value * MINUTE),
        warm_ms=calendar.warm_ms,
        within_ms=int(scenario.targets.within.value * 1000),
        short_ms=house.service_level.short_abandon_seconds * 1000,
        case_work=_case_work(scenario, calendar) if case_work else None,
        mixes=mixes,
    )
    return Year(scenario, model, calendar)


def team(scenario: Scenario) -> Team:
    """The first of the scenario's order of people, as many as it says, in that order."""
    known = {each.id: each for each in (*scenario.house.staff, *scenario.staff.hire)}
    there = scenario.staff.order[: int(scenario.staff.people.value)]
    return Team(tuple(agent(known[key]) for key in there))


def _kinds(scenario: Scenario) -> tuple[Kind, ...]:
    cases = scenario.cases
    languages = {code: each.value for code, each in cases.language.items() if each.value > 0}
    concerns = {key: each.value for key, each in cases.concern.items() if each.value > 0}
    whole = sum(languages.values()) * sum(concerns.values())
    offered = scenario.house.routing.second_language
    found = []
    for language, spoken in languages.items():
        adds = cases.second_language.value if language not in ("de", offered, UNDETERMINED) else 0.0
        for concern, wanted in concerns.items():
            share = spoken * wanted / whole
            for second, part in (("", 1 - adds), (offered, adds)):
                if part > 0:
                    found.append(Kind(share * part, language, concern, second))
    return tuple(found)


def _arrivals(
    scenario: Scenario,
    calendar: Calendar,
    opening: tuple[tuple[int, int], ...],
    kinds: tuple[Kind, ...],
    case_work: bool,
) -> tuple[tuple[Arrivals, ...], tuple[tuple[float, ...], ...]]:
    """Expected callers by open hour of the horizon; the year itself adds up to the scenario's number."""
    pieces = _pieces(scenario, calendar, opening)
    in_year = sum(weight for day, _, _, weight in pieces if day.year == scenario.horizon.year)
    wanted = scenario.cases.in_a_year * (1.0 if case_work else scenario.cases.calls_per_case.value)
    if wanted > 0 and not in_year > 0:
        raise ModelFaults("cases: no month, weekday and hour with a weight above 0 lies in opening hours")
    mixes: dict[tuple[Wave, ...], int] = {}
    shares: list[tuple[float, ...]] = []
    found = []
    for day, begin, end, weight in pieces:
        waves = tuple(wave for wave in scenario.wave if wave.begin <= day <= wave.end)
        factor, mix = 1.0, 0
        if waves:
            raised = [kind.share * _raised(kind, waves) for kind in kinds]
            factor = sum(raised)
            if waves not in mixes:
                shares.append(tuple(each / factor for each in raised))
                mixes[waves] = len(shares)
            mix = mixes[waves]
        found.append(Arrivals(begin, end, wanted * factor * weight / in_year if wanted else 0.0, mix))
    return tuple(found), tuple(shares)


def _raised(kind: Kind, waves: tuple[Wave, ...]) -> float:
    factor = 1.0
    for wave in waves:
        if kind.language in (wave.languages or [kind.language]) and kind.concern in (
            wave.concerns or [kind.concern]
        ):
            factor *= wave.factor.value
    return factor


def _pieces(
    scenario: Scenario, calendar: Calendar, opening: tuple[tuple[int, int], ...]
) -> list[tuple[date, int, int, float]]:
    """Open time cut at full hours: (day, begin, end, weight), a day's weights adding up to the day's own."""
    cases, found = scenario.cases, []
    for place, (midnight, next_midnight) in enumerate(pairwise(calendar.midnights)):
        day = date.fromordinal(calendar.first.toordinal() + place)
        today = []
        for begin, end in opening:
            at = max(begin, midnight)
            while at < min(end, next_midnight):
                hour = (at - midnight) // (60 * MINUTE)
                upto = min(end, next_midnight, midnight + (hour + 1) * 60 * MINUTE)
                by_hour = cases.hour.get(f"{hour:02}")
                today.append((at, upto, (by_hour.value if by_hour else 0.0) * (upto - at)))
                at = upto
        whole = sum(weight for _, _, weight in today)
        by_day = cases.weekday.get(DAYS[day.weekday()])
        by_month = cases.month.get(f"{day.month:02}")
        of_day = (by_day.value if by_day else 0.0) * (by_month.value if by_month else 0.0)
        found += [(day, begin, end, weight / whole * of_day) for begin, end, weight in today if weight > 0]
    return found


def _case_work(scenario: Scenario, calendar: Calendar) -> CaseWork:
    calls, work, counter, time = scenario.calls, scenario.work, scenario.appointments, scenario.time
    surcharge = 1 + time.set_up.value + time.distribution.value + time.recovery.value
    return CaseWork(
        first_call=calls.first.value,
        steps=tuple(
            WorkStep(_spread(step.takes, step.variation, surcharge), _days(step.waits)) for step in work.step
        ),
        level=work.level,
        follow_up=calls.follow_up.value,
        follow_after=_days(calls.follow_up_after),
        chase_ms=int(calls.chase_after.value * DAY_MS),
        chase=calls.chase.value,
        appointment=counter.share.value,
        appointment_before=counter.before_step - 1,
        lead=_days(counter.lead),
        appointment_takes=_spread(counter.takes, counter.variation, surcharge),
        appointment_language=int(cefr(counter.language)),
        counter=_counter(scenario, calendar),
        switch_ms=int(work.switching.value * MINUTE),
        promised_ms=int(scenario.targets.turnaround.value * DAY_MS),
    )


def _spread(mean: Quantity, variation: Quantity, factor: float = 1.0) -> Duration:
    """Lognormal with this mean in minutes and squared coefficient of variation."""
    ms = mean.value * factor * MINUTE
    if variation.value == 0 or ms == 0:
        return Duration(sampler.CONSTANT, ms)
    return Duration(sampler.LOGNORMAL, *sampler.lognormal(ms, variation.value))


def _shaped(mean: Quantity, shape: Shape | None) -> Duration | None:
    """The measured distribution with this mean in minutes, where there is one."""
    if shape is None:
        return None
    return Duration(sampler.EMPIRICAL, mean.value * MINUTE, shape=shape.points)


def _days(mean: Quantity) -> Duration:
    """Exponential with this mean in days."""
    return Duration(sampler.EXPONENTIAL, mean.value * DAY_MS)


def _counter(scenario: Scenario, calendar: Calendar) -> tuple[tuple[int, int], ...]:
    """Counter hours on the days on which the centre opens."""
    house: Centre = scenario.house
    rules = policy(house, calendar.begin_ms + DAY_MS // 2, calendar.days)
    open_days = {begin // DAY_MS for begin, _ in rules.opening}
    found = []
    for place, midnight in enumerate(calendar.midnights[:-1]):
        day = date.fromordinal(calendar.first.toordinal() + place)
        spans: list[Span] = getattr(scenario.appointments, DAYS[day.weekday()], [])
        if (midnight + DAY_MS // 2) // DAY_MS in open_days:
            found += [
                (midnight + span.begin_minute * MINUTE, midnight + span.end_minute * MINUTE) for span in spans
            ]
    return tuple(found)
