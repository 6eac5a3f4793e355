"""When calls come and what they are about: a scenario's [cases] as the records have it."""

import numpy as np
import numpy.typing as npt

from agents.model import UNDETERMINED
from config.load import cleaned
from config.tables.kinds import DAYS
from simulation.records import shares
from simulation.records.demand import Demand, Weight, demand
from simulation.records.history import UNKNOWN, Attempts, Daily, Flags, History, Ints, left_out, open_hours
from simulation.records.history import days as days_between
from simulation.records.measured import NOTHING, Interval, Measured, Part, few, shared
from simulation.scenarios.scenario import HOURS, MONTHS, Scenario

Floats = npt.NDArray[np.float64]


def arrivals(
    history: History, scenario: Scenario, again: Attempts, by_day: Daily, anyway: float = 0.0
) -> Part:
    """Calls a case, and the weights of months, weekdays and hours. anyway: so many second attempts came for
    another reason; they are calls like others."""
    found = demand(by_day)
    cases, numbers = scenario.cases, []
    for table, names, given, weights in (
        ("month", MONTHS, cases.month, found.months),
        ("weekday", DAYS, cases.weekday, found.weekdays),
        ("hour", HOURS, cases.hour, found.hours),
    ):
        level = _level({name: each.value for name, each in given.items()}, weights)
        for each in weights:
            key, shown = f"cases.{table}.{each.key}", f"weight of {table} {each.key}"
            values = Interval(each.value * level, each.low * level, each.high * level)
            numbers.append(Measured(key, shown, values, "1", each.n, "calls"))
        missing = [name for name in names if name in given and name not in {each.key for each in weights}]
        numbers += [_kept(f"cases.{table}.{name}", table, by_day, name) for name in missing]
    numbers.insert(0, _contacts_a_year(scenario, by_day, found, anyway))
    return Part("When calls come", numbers, _said_of_arrivals(history, again, by_day, found, anyway))


def _level(given: dict[str, float], weights: list[Weight]) -> float:
    """What to multiply weights of mean 1 by, so that together they weigh what the scenario's do."""
    return sum(given.get(each.key, 1.0) for each in weights) / len(weights) if weights else 1.0


def _kept(key: str, table: str, by_day: Daily, name: str) -> Measured:
    """A weight that stays as it was."""
    if table == "hour":
        count = int(by_day.counts[by_day.used][:, int(name)].sum())
    else:
        levels = [MONTHS[day.month - 1] if table == "month" else DAYS[day.weekday()] for day in by_day.dates]
        mine = np.array([each == name for each in levels]) & by_day.used
        count = int(by_day.counts[mine].sum())
    reason = few(count) or "nothing to compare with"
    return Measured(key, f"weight of {table} {name}", NOTHING, "1", count, "calls", reason)


def _contacts_a_year(scenario: Scenario, by_day: Daily, found: Demand, anyway: float) -> Measured:
    """Calls by the year's weight that fell into the span, as contacts for each of the scenario's cases."""
    cases, used = scenario.cases, by_day.used
    weight: dict[str, dict[str, float]] = {}
    for table, given, weights in (
        ("month", cases.month, found.months),
        ("weekday", cases.weekday, found.weekdays),
    ):
        weight[table] = {name: each.value for name, each in given.items()}
        level = _level(weight[table], weights)
        weight[table] |= {each.key: each.value * level for each in weights}

    def of_days(daily: Daily) -> Floats:
        return np.array(
            [
                weight["month"].get(MONTHS[day.month - 1], 0.0)
                * weight["weekday"].get(DAYS[day.weekday()], 0.0)
                for day in daily.dates
            ]
        )

    count = round(by_day.counts[used].sum() + anyway)
    passed = float(of_days(by_day)[used].sum())
    first = by_day.dates[0].replace(year=scenario.horizon.year, month=1, day=1)
    dates = days_between(first, first.replace(month=12, day=31))
    opened = open_hours(scenario.house, dates)
    whole = Daily(dates, np.zeros_like(opened), opened, np.zeros(len(dates), np.bool_))
    year = float(of_days(whole)[whole.used].sum())
    reason = few(count) or ("" if cases.in_a_year > 0 and passed > 0 else "no cases to share by")
    if reason:
        return Measured("cases.calls_per_case", "calls a case", NOTHING, "calls/case", count, "calls", reason)
    factor = year / passed / cases.in_a_year
    ratio = max(1.0, found.dispersion.ratio) if found.dispersion else 1.0
    error = 1.96 * (ratio / count) ** 0.5
    mean = count * factor
    return Measured(
        "cases.calls_per_case",
        f"calls a case ({count * year / passed:,.0f} a year / {cases.in_a_year:,.0f} cases)",
        Interval(mean, mean * float(np.exp(-error)), mean * float(np.exp(error))),
        "calls/case",
        count,
        "calls",
    )


def _said_of_arrivals(
    history: History, again: Attempts, by_day: Daily, found: Demand, anyway: float
) -> list[str]:
    queued = int(history.queued.sum())
    said = [
        f"{len(history.arrived_ms)} calls came, {queued} reached the queue, {int(again.second.sum())} "
        f"were second attempts; weights and shares are of the {int(by_day.counts.sum())} first attempts.",
    ]
    if round(anyway):
        said.append(f"{anyway:.0f} of the second attempts came for another reason: calls a case count them.")
    said.append(
        "Calls a case are what --calls-only takes; with case work, calls follow from [calls] and the work."
    )
    unknown = int((history.caller[history.queued] == UNKNOWN).sum())
    if unknown:
        said.append(
            f"{unknown} queued calls have no token: their second attempts cannot be told from first ones."
        )
    outside = int(by_day.counts[by_day.open_ms == 0].sum())
    if outside:
        said.append(
            f"{outside} calls queued outside the hours that the centre's file says now; no hour has them."
        )
    said += left_out(by_day)
    if found.dispersion is not None:
        ratio, p, days = found.dispersion
        verdict = (
            "days vary more than Poisson; the intervals are widened by its root, the simulator's days are not"
            if p < 0.05
            else "nothing speaks against Poisson"
        )
        said.append(f"Dispersion of {days} days: {ratio:.2f} (Poisson 1), p = {p:.3f}: {verdict}.")
    if len(found.months) < len(MONTHS):
        said.append("Months without enough calls weigh what the scenario says, in the calls a year too.")
    if (history.last - history.first).days < 730:
        said.append("Below two years a month's weight cannot be told from growth or decline.")
    return said


def languages(scenario: Scenario) -> list[str]:
    """Those of the centre; "undetermined" only where the scenario counts with it."""
    return [*scenario.house.languages, *({UNDETERMINED} & {*scenario.cases.language})]


def mix(
    title: str,
    table: str,
    history: History,
    chosen: Ints,
    fresh: Flags,
    known: list[str],
) -> Part:
    """Shares of the known languages or concerns (`chosen`: by call, places in the history's names)."""
    counts = np.bincount(chosen[fresh], minlength=len(history.names)).tolist()
    by_name = dict(zip(history.names, counts, strict=True))
    total = sum(by_name.get(name, 0) for name in known)
    reason = few(total)
    numbers = [
        Measured(f"{table}.{name}", name, Interval(*share[:3]), "1", share.met, f"of {total} calls", reason)
        for name, share in zip(known, shares.dirichlet([by_name.get(each, 0) for each in known]), strict=True)
    ]
    others = {name or "nothing": by_name[name] for name in by_name if name not in known and by_name[name]}
    said = ["Shares by Jeffreys' prior: what was not seen yet counts as rare, not as impossible."]
    if others:
        listed = ", ".join(f"{cleaned(name)} {count}" for name, count in sorted(others.items())[:12])
        said.append(f"Left out, because the scenario has no cases of these: {listed} calls.")
    return Part(title, numbers, said)


def second_language(history: History, scenario: Scenario, fresh: Flags) -> Part:
    """Who said that the offered second language is fine too, of those who were asked."""
    offered = scenario.house.routing.second_language
    place = {name: i for i, name in enumerate(history.names)}
    not_asked = [place[name] for name in ("", "de", offered, UNDETERMINED) if name in place]
    asked = fresh & ~np.isin(history.language, not_asked)
    met = int((history.second[asked] == place.get(offered, UNKNOWN)).sum())
    share = shares.wilson(met, int(asked.sum()))
    number = shared("cases.second_language", f"added {offered}", share, "calls in other languages")
    return Part("Second language", [number], [])
