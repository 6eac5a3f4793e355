"""Models made at random for tests: small centres in which every rule has something to decide."""

from random import Random

from agents.model import Agent, Reach, Team
from routing.policy import (
    ANYBODY,
    FALLBACK,
    INTERPRETER,
    OWN,
    SECOND,
    Plan,
    Policy,
    Refusal,
    Reserve,
    Step,
)
from routing.select import CRITERIA
from simulation.drivers import sampler
from simulation.drivers.model import Arrivals, CaseWork, Duration, Kind, Model, Phones, Shift, WorkStep

LANGUAGES = ("de", "en", "ar", "uk", "und")
CONCERNS = ("study", "work", "other")
HOUR = 3_600_000
DAY = 24 * HOUR
TICKS = (1, 1_000, 60_000)


def _steps(rng: Random, tick: int) -> tuple[Step, ...]:
    after, steps = 0, []
    for place in range(rng.randint(1, 5)):
        scopes = (OWN, OWN, OWN | SECOND, OWN | SECOND | FALLBACK, OWN | INTERPRETER, ANYBODY, SECOND)
        scope = scopes[0] if place == 0 and rng.random() < 0.7 else rng.choice(scopes)
        prefer = (rng.randint(3, 7), rng.randint(2, 5)) if rng.random() < 0.4 else (0, 0)
        steps.append(Step(after, scope, rng.randint(1, 6), rng.randint(0, 4), *prefer))
        after += max(tick, rng.choice((5_000, 20_000, 60_000, 120_000)) // tick * tick)
    return tuple(steps)


def _policy(rng: Random, begin: int, end: int, tick: int) -> Policy:
    plans = [Plan("", "", _steps(rng, tick))]
    if rng.random() < 0.4:
        plans.append(Plan("ar", "", _steps(rng, tick)))
    if rng.random() < 0.4:
        plans.append(Plan("", "study", _steps(rng, tick)))
    spans = []
    at = begin - rng.randint(0, 2) * HOUR
    while at < end:
        upto = at + rng.randint(2, 9) * HOUR
        spans.append((at, upto))
        at = upto + rng.choice((0, 1, 3)) * HOUR
    reserves = tuple(
        Reserve(
            rng.choice(("ar", "uk", "en")),
            rng.randint(1, 5),
            rng.randint(1, 2),
            rng.choice((0, 30_000, 120_000, 600_000)),
            () if rng.random() < 0.5 else ((begin + HOUR, begin + 6 * HOUR),),
        )
        for _ in range(rng.randint(0, 2))
    )
    repeats = rng.choice(("", "lately", "today"))
    return Policy(
        plans=tuple(plans),
        unknown_languages=("de", "en"),
        fallback_languages=("de", "en")[: rng.randint(1, 2)],
        choose=tuple(rng.sample(sorted(CRITERIA), rng.randint(1, len(CRITERIA)))),
        lease_ms=rng.choice((5_000, 15_000, 23_000, 60_000)),
        silent_ms=rng.choice((2_000, 5_000, 60_000)),
        wrap_up_ms=rng.choice((0, 5_000, 60_000)),
        refusals=tuple(
            Refusal(outcome, rng.choice((0, 0, 1, 2, 3)), rng.choice((0, 10_000, 60_000, 300_000)))
            for outcome in ("busy", "declined", "no_answer", "unreachable")
        ),
        opening=tuple(spans),
        days=(begin + 5 * HOUR, begin + 29 * HOUR),
        classes=tuple(
            sorted((name, rng.choice((0, 60_000, 600_000))) for name in ("expiring", "repeat", "vip"))
        ),
        repeat_ms=HOUR if repeats == "lately" else 0,
        repeat_today=repeats == "today",
        owner_ms=rng.choice((0, 20_000, 60_000, 300_000)),
        reserves=reserves,
    )


def _roster(rng: Random) -> Team:
    agents = []
    for i in range(rng.randint(2, 7)):
        spoken = rng.sample(LANGUAGES[:4], rng.randint(1, 4))
        known = rng.sample(CONCERNS, rng.randint(1, 3))
        agents.append(
            Agent(
                f"p{i}",
                f"P {i}",
                Reach("phone", f"10{i}"),
                tuple(sorted((code, rng.randint(2, 7)) for code in spoken)),
                tuple(sorted((concern, rng.randint(1, 5)) for concern in known)),
            )
        )
    return Team(tuple(agents))


def random_model(seed: int) -> Model:
    """A few hours of a small, busy centre: everything that a model can say is used by some seed."""
    rng = Random(seed)
    tick = rng.choice(TICKS)
    begin = 40 * DAY + rng.randint(0, 10) * HOUR
    end = begin + rng.randint(4, 12) * HOUR
    roster = _roster(rng)
    ids = [agent.id for agent in roster.agents]
    weights = [rng.uniform(0.2, 1) for _ in range(rng.randint(2, 6))]
    kinds = tuple(
        Kind(
            weight / sum(weights),
            rng.choice(LANGUAGES),
            rng.choice(CONCERNS),
            rng.choice(("", "", "en", "de")),
            rng.choice(((), (), ("vip",), ("expiring", "vip"))),
            *((rng.uniform(0.2, 0.9), tuple(rng.sample(ids, 2))) if rng.random() < 0.6 else (0.0, ())),
        )
        for weight in weights
    )
    middle = begin + rng.randint(1, 3) * HOUR
    load = rng.uniform(0.3, 1.6) * len(ids) / 240_000
    shifts = []
    for key in ids:
        come = begin + rng.randint(0, 60) * 60_000
        shifts.append(Shift(come, key, True))
        if rng.random() < 0.4:
            gone = come + rng.randint(1, 3) * HOUR
            shifts.append(Shift(gone, key, False))
            shifts.append(Shift(gone + rng.randint(1, 60) * 60_000, key, True))
    policy = _policy(rng, begin, end, tick)
    evening = Random(f"{seed} evening")
    overtime = evening.choice((-1, -1, 0, 10 * 60_000, HOUR))
    policy = policy._replace(overtime_ms=overtime if overtime < 0 else overtime // tick * tick)
    closes = max((to for _, to in policy.opening if begin < to < end), default=0)
    if closes and evening.random() < 0.4:
        shifts += [Shift(closes + evening.randint(0, 20) * 60_000 + tick, key, False) for key in ids]
    smooth = rng.random() < 0.3
    shares = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0) if smooth else (0.75, 0.08, 0.05, 0.05, 0.04, 0.03)
    answer = Duration(sampler.CONSTANT, 3_000.0) if smooth else Duration(sampler.UNIFORM, 500.0, 18_000.0)
    model = Model(
        policy=policy,
        roster=roster,
        begin_ms=begin,
        end_ms=end,
        kinds=kinds,
        arrivals=(
            Arrivals(begin, middle, load * (middle - begin)),
            Arrivals(middle, end, load * (end - middle) * rng.uniform(0.5, 1.2), 1),
        ),
        mixes=(tuple(weight / sum(weights) for weight in reversed(weights)),),
        shifts=tuple(shifts),
        patience=Duration(sampler.EXPONENTIAL, rng.choice((60_000.0, 300_000.0, 900_000.0))),
        talk=Duration(sampler.LOGNORMAL, *sampler.lognormal(rng.choice((120_000.0, 240_000.0)), 1.2)),
        retrial=rng.choice((0.0, 0.5)),
        again=Duration(sampler.EXPONENTIAL, 600_000.0),
        phones=Phones(
            shares, rng.choice((0, 300, 1_000)), answer, Duration(sampler.UNIFORM, 0.0, 8_000.0), 20_000
        ),
        back_ms=rng.choice((60_000, 600_000)),
        tick_ms=tick,
    )
    return _measured(model) if rng.random() < 0.3 else model


def _measured(model: Model) -> Model:
    """With talks, patience and answering as they were measured: shapes of two, three and four points."""
    short_or_long = ((0.0, 0.0), (0.4, 0.02), (0.5, 1.2), (1.0, 2.5))
    answer = Duration(sampler.EMPIRICAL, 4_000.0, shape=((0.0, 0.25), (1.0, 1.75)))
    return model._replace(
        talk=Duration(sampler.EMPIRICAL, 150_000.0, shape=short_or_long),
        patience=Duration(sampler.EMPIRICAL, 200_000.0, shape=((0.0, 0.0), (0.9, 0.5), (1.0, 3.0))),
        phones=model.phones._replace(answer=answer),
    )


def _work(rng: Random, begin: int, end: int) -> CaseWork:
    def mean(*minutes: int) -> Duration:
        return Duration(sampler.EXPONENTIAL, rng.choice(minutes) * 60_000.0)

    steps = []
    for _ in range(rng.randint(1, 4)):
        work = Duration(sampler.LOGNORMAL, *sampler.lognormal(rng.choice((2, 8, 20)) * 60_000.0, 0.6))
        steps.append(WorkStep(work, mean(1, 10, 40)))
    counter, at = [], begin
    while at < end:
        upto = at + rng.randint(20, 120) * 60_000
        counter.append((at, upto))
        at = upto + rng.choice((0, 30, 90)) * 60_000
    return CaseWork(
        first_call=rng.choice((0.0, 0.6, 1.0)),
        steps=tuple(steps),
        level=rng.randint(0, 5),
        follow_up=rng.choice((0.0, 0.5)),
        follow_after=mean(1, 15),
        chase_ms=rng.choice((0, 10, 45)) * 60_000,
        chase=rng.choice((0.3, 1.0)),
        appointment=rng.choice((0.0, 0.5, 1.0)),
        appointment_before=rng.randrange(len(steps)),
        lead=mean(5, 60),
        appointment_takes=mean(5, 25),
        appointment_language=rng.randint(1, 7),
        counter=tuple(counter),
        switch_ms=rng.choice((0, 60_000, 120_000)),
        promised_ms=HOUR,
    )


def random_case_model(seed: int) -> Model:
    """The same centres with case work: fewer cases than callers, for each is more work."""
    model, rng = random_model(seed), Random(f"cases {seed}")
    shifts = []
    for shift in model.shifts:
        pace = rng.choice((1_000, 1_000, 1_500, 2_000))
        shifts.append(shift._replace(pace=pace, hands_over=not shift.login and rng.random() < 0.5))
    part = rng.choice((0.1, 0.2, 0.4))
    return model._replace(
        case_work=_work(rng, model.begin_ms, model.end_ms),
        shifts=tuple(shifts),
        arrivals=tuple(each._replace(expected=each.expected * part) for each in model.arrivals),
        warm_ms=rng.choice((0, HOUR)),
    )
