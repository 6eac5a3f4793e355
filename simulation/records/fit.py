"""What the centre's records say about a scenario's numbers: each with interval, count and goodness of fit.

Where there is too little to go by, the scenario's own number stays, and the reason is told. The simulator
draws talks from a lognormal and patience from an exponential; where these are rejected, the distribution that
was measured is written, and it is drawn instead. What else fits is shown beside.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from routing import facts
from simulation.records import censored, contacts, durations, empirical, retrials, shares
from simulation.records.censored import Waits
from simulation.records.history import ABANDONED, UNKNOWN, History, attempts, daily
from simulation.records.measured import NOTHING, Interval, Measured, Part, Shaped, few
from simulation.scenarios.scenario import Scenario

Floats = npt.NDArray[np.float64]

SEED: Final = 1
"""Of the bootstrap: the same records give the same p-values."""
SHOWN_AT: Final = (15, 30, 60, 120, 300, 600, 1_200)
"""Seconds at which the curve of patience is printed."""
TIMER: Final = 1.0
"""A wrap-up this close (s) to the timer was ended by it."""
REJECTED: Final = 0.05
"""A family is rejected where either test's p-value is below."""
OFTEN: Final = 0.05
"""More wrap-ups than this share ended by the timer: they were cut short."""


def fit(history: History, scenario: Scenario) -> tuple[Part, ...]:
    """Every part of a scenario that the records tell about. scenario: whose centre, hours and assumptions."""
    again = attempts(history)
    tried = retrials.retrials(again)
    fresh = history.queued & ~again.second
    by_day = daily(history, scenario.house, fresh)
    anyway = tried.anyway * int((history.queued & again.second).sum())
    chance = np.random.Generator(np.random.Philox(SEED))
    return (
        contacts.arrivals(history, scenario, again, by_day, anyway),
        contacts.mix(
            "Languages", "cases.language", history, history.language, fresh, contacts.languages(scenario)
        ),
        contacts.mix(
            "Concerns", "cases.concern", history, history.concern, fresh, list(scenario.cases.concern)
        ),
        contacts.second_language(history, scenario, fresh),
        _talk(history, chance),
        _wrap_up(history, scenario, chance),
        _patience(history, chance),
        retrials.part(tried),
        _telephones(history, chance),
    )


# --- how long it takes -------------------------------------------------------------------------------------


def _talk(history: History, chance: np.random.Generator) -> Part:
    minutes = history.talk_ms[history.talk_ms > 0] / 60_000
    numbers, said, rejected = _families("calls.talk", "calls.talk_variation", "talk", minutes, chance)
    if any(each.kept for each in numbers):
        return Part("Talk", numbers, said)
    shape = Shaped("calls.talk_shape", durations.LOGNORMAL, len(minutes))
    if durations.LOGNORMAL in rejected:
        shape = shape._replace(**empirical.of_sample(minutes)._asdict())
        said.append(_written(shape, "The lognormal, which the simulator would take, is rejected"))
    return Part("Talk", numbers, said, (shape,))


def _written(shape: Shaped, why: str) -> str:
    return (
        f"{why} (p < {REJECTED}): the empirical distribution is written, {len(shape.shares)} quantiles "
        f"({shape.key}); mean and variation stay the sample's."
    )


def _families(
    mean_key: str, variation_key: str, what: str, minutes: Floats, chance: np.random.Generator
) -> tuple[list[Measured], list[str], set[str]]:
    """Mean and variation of the sample, how well each family fits its shape, and those that are rejected."""
    count, counted = len(minutes), f"{what}s"
    if reason := few(count):
        return (
            [
                Measured(mean_key, f"{what}, mean", NOTHING, "min", count, counted, reason),
                Measured(variation_key, f"{what}, variation", NOTHING, "1", count, counted, reason),
            ],
            [],
            set(),
        )
    of_mean, of_variation = durations.moments(minutes)
    numbers = [
        Measured(mean_key, f"{what}, mean", of_mean, "min", count, counted),
        Measured(variation_key, f"{what}, variation", of_variation, "1", count, counted),
    ]
    if minutes.min() == minutes.max():
        return numbers, [f"All {counted} are equally long: no family fits."], set()
    fitted = durations.fit(minutes)
    best, said = fitted[0], list[str]()
    rejected: set[str] = set()
    for each in fitted:
        good = durations.goodness(minutes, each, chance)
        if min(good.ks_p, good.ad_p) < REJECTED:
            rejected.add(each.family)
        said.append(
            f"{each.family}: AIC {each.aic - best.aic:+.1f}, mean {each.mean:.2f} min, Kolmogorov-Smirnov "
            f"{good.ks:.3f} (p = {good.ks_p:.3f}), Anderson-Darling {good.ad:.2f} (p = {good.ad_p:.3f}), "
            f"tested on {good.tested}."
        )
    if mean_key and best.family != durations.LOGNORMAL and durations.LOGNORMAL not in rejected:
        said.append(
            f"The simulator takes a lognormal with this mean and variation; the {best.family} fits better."
        )
    if len(rejected) == len(fitted):
        said.append(
            f"Every family is rejected (p < {REJECTED}): mean and variation are the sample's, "
            "the shape is none of these."
        )
    return numbers, said, rejected


def _wrap_up(history: History, scenario: Scenario, chance: np.random.Generator) -> Part:
    """The simulator's wrap-up is the timer of the centre's file: what is measured is for its keeper."""
    timer = scenario.house.staffing.wrap_up_seconds
    seconds = history.wrap_ms[history.wrap_ms > 0] / 1000
    ended = seconds < timer - TIMER
    cut = 1 - float(ended.mean()) if len(seconds) else 0.0
    said = [
        f"Wrap-up ends by the timer of {timer} s (staffing.wrap_up_seconds of the centre's file) or before."
    ]
    if cut <= OFTEN or timer == 0:
        numbers, more, _ = _families("", "", "wrap-up", seconds / 60, chance)
        return Part("Wrap-up", numbers, said + more)
    said.append(f"{len(seconds) - int(ended.sum())} of {len(seconds)} ended by it: they are cut short.")
    waits, count = Waits(seconds, ended), int(ended.sum())
    if reason := few(count):
        number = Measured("", "wrap-up, mean", NOTHING, "min", count, "ended by people", reason)
        return Part("Wrap-up", [number], said)
    mean = censored.exponential(waits)
    values = Interval(mean.mean / 60, mean.low / 60, mean.high / 60)
    number = Measured("", "wrap-up as long as it takes, mean", values, "min", count, "ended by people")
    more, _ = _said_of_censored(waits, chance)
    return Part("Wrap-up", [number], said + more)


# --- who does not wait -------------------------------------------------------------------------------------


def patience_of(history: History) -> Waits:
    """Waits in the queue; who was answered or cut is censored."""
    known = history.wait_ms != UNKNOWN
    return Waits(history.wait_ms[known] / 1000, history.ended[known] == ABANDONED)


def _patience(history: History, chance: np.random.Generator) -> Part:
    waits = patience_of(history)
    count, counted = int(waits.ended.sum()), f"gave up of {len(waits.seconds)} who waited"
    if count == 0:
        number = Measured("calls.patience", "patience, mean", NOTHING, "min", 0, counted, few(0))
        return Part("Patience", [number], ["Nobody gave up: patience cannot be known."])
    found = censored.exponential(waits)
    values = Interval(found.mean / 60, found.low / 60, found.high / 60)
    number = Measured("calls.patience", "patience, mean", values, "min", count, counted, few(count))
    said = [
        f"The mean wait of those who gave up alone, {found.naive / 60:.2f} min, is not their patience: the "
        "patient ones were answered first. Who was answered counts as patient for at least their wait.",
    ]
    if number.kept:
        return Part("Patience", [number], said)
    more, rejected = _said_of_censored(waits, chance)
    shape = Shaped("calls.patience_shape", censored.EXPONENTIAL, count)
    if censored.EXPONENTIAL in rejected:
        curve, _, end = empirical.of_waits(waits)
        shape = shape._replace(**curve._asdict())
        of_curve = empirical.mean_of_waits(waits, chance)
        number = number._replace(interval=Interval(*(each / 60 for each in of_curve)))
        more.append(
            f"The exponential, which the simulator would take, is rejected (p < {REJECTED}): Kaplan-Meier's "
            f"curve is written, {len(shape.shares)} quantiles ({shape.key}), and its mean. Beyond "
            f"{end:.0f} s, where too few waited to know, it goes on as an exponential."
        )
    return Part("Patience", [number], said + more, (shape,))


def _said_of_censored(waits: Waits, chance: np.random.Generator) -> tuple[list[str], set[str]]:
    """Both families beside Kaplan-Meier's curve, and those that are rejected."""
    mean = censored.exponential(waits).mean
    try:
        weibull = censored.weibull(waits)
    except ValueError:
        return ["All ended at the same time: no family fits."], set()
    said, rejected = list[str](), set[str]()
    for family in (censored.EXPONENTIAL, censored.WEIBULL):
        good = censored.goodness(waits, family, chance)
        if good.p < REJECTED:
            rejected.add(family)
        said.append(
            f"{family}: widest gap to Kaplan-Meier's curve {good.gap:.3f} (p = {good.p:.3f}), "
            f"tested on {good.tested}."
        )
    said.append(
        f"Weibull: shape {weibull.shape:.2f} ({weibull.low:.2f} to {weibull.high:.2f}), "
        f"against the exponential (shape 1) p = {weibull.p:.3f}."
    )
    if weibull.p < 0.05:
        course = "grows while they wait" if weibull.shape > 1 else "is greatest at the begin"
        said.append(f"Their haste {course}: an exponential gets how many end right, not when.")
    curve = censored.kaplan_meier(waits)
    said.append("still there after   Kaplan-Meier            exponential  Weibull  at risk")
    for at in SHOWN_AT:
        at_risk = int((waits.seconds >= at).sum())
        if at_risk < censored.AT_RISK:
            break
        place = int(np.searchsorted(curve.seconds, at, side="right")) - 1
        there, low, high = (
            (curve.patient[place], curve.low[place], curve.high[place]) if place >= 0 else (1.0, 1.0, 1.0)
        )
        by_weibull = float(np.exp(-((at / weibull.scale) ** weibull.shape)))
        said.append(
            f"{at:>9} s         {there:.3f} ({low:.3f} to {high:.3f})  {float(np.exp(-at / mean)):>11.3f}  "
            f"{by_weibull:>7.3f}  {at_risk:>7}"
        )
    return said, rejected


# --- what telephones do ------------------------------------------------------------------------------------


def _telephones(history: History, chance: np.random.Generator) -> Part:
    outcomes = (facts.NO_ANSWER, facts.BUSY, facts.DECLINED, facts.UNREACHABLE, facts.ANSWERED)
    counts = [history.offers.get(each, 0) for each in outcomes]
    total = sum(counts)
    numbers = [
        Measured(
            f"phones.{name}",
            f"offers: {name}",
            Interval(*share[:3]),
            "1",
            share.met,
            f"of {total} offers",
            few(total),
        )
        for name, share in zip(outcomes[:-1], shares.dirichlet(counts), strict=False)
    ]
    numbers += _answering(history.answer_ms / 1000, chance)
    back, reason = history.away_ms / 60_000, few(len(history.away_ms))
    values = NOTHING
    if not reason:
        mean, half = float(back.mean()), 1.96 * float(back.std(ddof=1)) / len(back) ** 0.5
        values = Interval(mean, max(0.0, mean - half), mean + half)
    numbers.append(
        Measured("phones.back_after", "back after being set away", values, "min", len(back), "times", reason)
    )
    return Part(
        "Telephones", numbers, ["Answering is taken as even between two times of the same mean and spread."]
    )


def _answering(seconds: Floats, chance: np.random.Generator) -> list[Measured]:
    """The even distribution with the mean and deviation of the data; intervals by the bootstrap."""
    keys, count = ("answer_from", "answer_to"), len(seconds)
    if reason := few(count):
        return [
            Measured(f"phones.{key}", f"phones: {key}", NOTHING, "s", count, "answered offers", reason)
            for key in keys
        ]
    drawn = seconds[chance.integers(count, size=(durations.ROUNDS, min(count, durations.TESTED_MAX)))]
    scale = (drawn.shape[1] / count) ** 0.5
    found = []
    for key, side in zip(keys, (-1, 1), strict=True):
        value = max(0.0, float(seconds.mean() + side * 3**0.5 * seconds.std()))
        varied = drawn.mean(1) + side * 3**0.5 * drawn.std(1)
        half = 1.96 * float(varied.std()) * scale
        found.append(
            Measured(
                f"phones.{key}",
                f"phones: {key}",
                Interval(value, max(0.0, value - half), value + half),
                "s",
                count,
                "answered offers",
            )
        )
    return found
