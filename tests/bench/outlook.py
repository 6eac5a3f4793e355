"""How well the outlook's bands hold, and how narrow they are, beside three known predictors of a wait.

On simulated days of the shipped centre, at three loads, as they are and with half the staff gone from some
hour on: 80 % bands for who begins to wait, against their virtual wait (as if they did not give up). Talks are
longer in some languages and about some concerns than in others, and days are busier than others; what is
believed of that is learned from records of other days, as in the daemon. Rivals are last to enter service,
head of line and queue length (Whitt; Ibrahim): each an estimate times a band of factors, calibrated on other
days of the same load, to the coverage that the outlook has.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from math import exp
from multiprocessing import get_context
from pathlib import Path
from random import Random
from time import process_time
from typing import NamedTuple

from acd.frozen import Copied, thawed
from acd.outlook.ahead import NOTHING_SEEN, Seen, beliefs
from acd.outlook.asked import Answer, Asked
from acd.outlook.beliefs import Beliefs
from acd.outlook.drawn import Drawn
from acd.outlook.expectation import Remaining
from acd.outlook.learned import learned
from acd.outlook.prior import Believed, prior
from acd.outlook.process import Process
from acd.outlook.quantiles import quantile
from acd.outlook.scene import Scene, trimmed
from acd.prospects import BEYOND
from agents.model import Cefr
from config.people import policy
from config.schema import Centre
from routing.announce import OPEN, phrase
from routing.need import spoken
from routing.spans import Spans
from routing.visit import WAITING
from routing.world import World
from simulation.scenarios import scenario_file
from simulation.scenarios.year import team
from tests.bench import engine
from tests.bench.figures import Figures, spread
from tests.bench.outlook_days import Day, Records, Someone, moment

LOADS = {"shipped": 1.0, "busy": 16.0, "heavy": 32.0}
"""How many times the calls of the shipped file come."""
EDGES = (2, 5, 10, 15, 20, 30, 45, 60)
MINUTE_MS = 60_000
FLOOR_MS = 10_000
"""Rivals' estimates are at least so long: a factor on nothing is nothing."""
ASKED = {"shipped": 4.0, "busy": 3.0, "heavy": 3.0}
"""About so many of a day's callers are asked about, at any hour."""
DAYS = {"shipped": (100, 50), "busy": (50, 25), "heavy": (30, 15)}
"""How many days as they are, and on which half the staff leaves."""
LEARNT = 10
"""Days before these, whose records are known."""
APART = 0.15
"""How far talks of a language, or about a concern, are longer than others: a normal's standard deviation."""
WAITING_HERE, LARGE = 15, (1_000, 500)
"""How many wait where the speed is measured; staff and callers of a large centre."""
FIRST = (2026, 3, 2)
CONFIG = Path("config/planning.toml")
LEVEL = Cefr.B2
RIVALS = ("last to enter service", "head of line", "queue length")


class Foretold(NamedTuple):
    """What was said of one caller, and what came. rivals: their estimates in ms."""

    load: str
    halved: bool
    day: int
    language: str
    low_ms: float
    high_ms: float
    rivals: tuple[float, ...]
    wait_ms: float


class Asking:
    """Asks for a day's callers when they begin to wait."""

    def __init__(
        self, predictor: "Predictor", load: str, halved: bool, day: int, futures: int, share: float
    ) -> None:
        self.found: list[tuple[Someone, Foretold]] = []
        self.cpu_s: list[float] = []
        self._predictor = predictor
        self._what = (load, halved, day)
        self._futures = futures
        self._share = share
        self._chance = Random(f"asking {load} {halved} {day}")

    def joined(self, day: Day, who: Someone) -> None:
        """Some of those who have to wait, chosen by chance alone."""
        if self._chance.random() > self._share:
            return
        began = process_time()
        low, high = self._predictor.band(day, who, self._futures, self._what[2])
        self.cpu_s.append(process_time() - began)
        rivals = self._predictor.rivals(day, who)
        self.found.append((who, Foretold(*self._what, who.language, low, high, rivals, 0.0)))

    def asked(self) -> list[Foretold]:
        """With what came."""
        return [each._replace(wait_ms=who.served_ms - who.queued_ms) for who, each in self.found]


class Predictor:
    """What can be known when somebody begins to wait, of the world as it is without ghosts."""

    def __init__(self, centre: Centre, believed: Believed, opening: Spans) -> None:
        self._centre = centre
        self._opening = opening
        self._believed = believed

    def beliefs(self, now: int, until_ms: int, seen: Seen) -> Beliefs:
        """For these hours of a day of which this was seen."""
        return beliefs(self._believed, self._centre, now, until_ms, self._opening, seen)

    def band(self, day: Day, who: Someone, futures: int, seed: int) -> tuple[float, float]:
        """The outlook's, in ms; inf for no end."""
        now = day.now
        until_ms = now + self._centre.outlook.horizon_minutes * MINUTE_MS
        believed = self.beliefs(now, until_ms, Seen(day.begin_ms, now, day.queued))
        scene = Scene(_seen(day), now)
        waits = Remaining(
            scene, Drawn(believed, scene.policy), seed * 1000 + day.queued, until_ms, day.end_ms
        )
        for _ in range(futures):
            waits.one_more()
        mine = next(each for each in waits.expectations() if each.visit == who.visit)
        low, high = (float("inf") if each == BEYOND else float(each) for each in (mine.q10_ms, mine.q90_ms))
        return low, high

    def rivals(self, day: Day, who: Someone) -> tuple[float, ...]:
        """Their estimates: by language where they can."""
        now = day.now
        waiting = [
            each
            for key, each in day.by_visit.items()
            if not each.ghost
            and each is not who
            and each.language == who.language
            and (visit := day.world.visits.get(key)) is not None
            and visit.state == "waiting"
        ]
        last = day.last_waits.get(who.language, day.last_waits.get("", 0))
        head = max((now - each.queued_ms for each in waiting), default=0)
        policy = day.policy
        able = [
            each
            for each in day.world.people.values()
            if each.at_work and spoken(policy, each, who.language) >= LEVEL
        ]
        each_ms = self._believed.talk.mean_ms + policy.wrap_up_ms
        line = (len(waiting) + 1) * each_ms / max(len(able), 0.5)
        return tuple(max(FLOOR_MS, each) for each in (last, head, line))


def _seen(day: Day) -> World:
    """The world as it would be, had those given up who did."""
    world = trimmed(day.world)
    ghosts = {key for key in world.visits if (who := day.by_visit.get(key)) is not None and who.ghost}
    world.visits = {key: each for key, each in world.visits.items() if key not in ghosts}
    return world


# --- figures -----------------------------------------------------------------------------------------


def holds(low_ms: float, high_ms: float, wait_ms: float) -> bool:
    return low_ms <= wait_ms <= high_ms


def width(low_ms: float, high_ms: float) -> float:
    """In minutes, an hour at most."""
    top = 60 * MINUTE_MS
    return (min(high_ms, top) - min(low_ms, top)) / MINUTE_MS


def said_holds(asked: Foretold) -> bool | None:
    """Whether the phrase would have held; None if none would have been said."""
    high = OPEN if asked.high_ms == float("inf") else int(asked.high_ms)
    low = 10**9 if asked.low_ms == float("inf") else int(asked.low_ms)
    said = phrase(EDGES, low, high)
    if said is None:
        return None
    return said.low_ms <= asked.wait_ms and (said.high_ms == OPEN or asked.wait_ms <= said.high_ms)


def calibrated(asked: Sequence[Foretold], rival: int, level: float) -> dict[int, tuple[float, float]]:
    """A rival's bands, by the place of the asked: its factors are found on the days of the other parity."""
    bands = {}
    for load in LOADS:
        for parity in (0, 1):
            learnt = [a.wait_ms / a.rivals[rival] for a in asked if a.load == load and a.day % 2 != parity]
            if not learnt:
                continue
            ranked = sorted(learnt)
            low, high = quantile(ranked, (1 - level) / 2), quantile(ranked, (1 + level) / 2)
            for place, a in enumerate(asked):
                if a.load == load and a.day % 2 == parity:
                    bands[place] = (low * a.rivals[rival], high * a.rivals[rival])
    return bands


def share(of: Sequence[bool]) -> float:
    return round(sum(of) / len(of), 3) if of else float("nan")


def mean(of: Sequence[float]) -> float:
    return round(sum(of) / len(of), 2) if of else float("nan")


def told(figures: Figures, name: str, asked: Sequence[Foretold], every: Sequence[Foretold]) -> None:
    """The table for some of the asked. every: with all of which the rivals are calibrated."""
    if not asked:
        return
    ours = [holds(a.low_ms, a.high_ms, a.wait_ms) for a in asked]
    phrases = [held for a in asked if (held := said_holds(a)) is not None]
    values: dict[str, float] = {
        "callers": len(asked),
        "mean_wait_minutes": mean([a.wait_ms / MINUTE_MS for a in asked]),
        "outlook_coverage": share(ours),
        "outlook_width_minutes": mean([width(a.low_ms, a.high_ms) for a in asked]),
        "phrases_said": len(phrases),
        "phrases_coverage": share(phrases),
    }
    level = share([holds(a.low_ms, a.high_ms, a.wait_ms) for a in every])
    chosen = {id(a) for a in asked}
    for place, rival in enumerate(RIVALS):
        bands = calibrated(every, place, level)
        mine = [(every[i], band) for i, band in bands.items() if id(every[i]) in chosen]
        values[f"{rival}_coverage"] = share([holds(*band, a.wait_ms) for a, band in mine])
        values[f"{rival}_width_minutes"] = mean([width(*band) for _, band in mine])
    figures.add(f"outlook, {name}", **values)


def truth(believed: Believed) -> Believed:
    """What is so, and nobody knows: how long talks of each language and concern are."""
    chance = Random(2026)
    names = sorted({name for each in believed.shares for name in (each.language, each.concern)})
    longer = {name: exp(chance.gauss(0.0, APART)) for name in names}
    talks = {}
    for each in believed.shares:
        factor = longer[each.language] * longer[each.concern]
        talks[each.language, each.concern] = believed.talk._replace(mean_ms=factor * believed.talk.mean_ms)
    return believed._replace(talks=talks)


class Year:
    """The days of one load. days, halved: as DAYS. learnt: as LEARNT."""

    def __init__(self, load: str, days: int, halved: int, learnt: int, futures: int) -> None:
        scenario = scenario_file.load(CONFIG, "full_house")
        self._centre = scenario.house
        self._people = team(scenario)
        self._load, self._days, self._halved, self._futures = load, days, halved, futures
        self._rules = policy(self._centre, moment(FIRST, self._centre))
        self._prior = prior(self._centre)
        self._truth = truth(self._prior)
        self._predictor, self._joined = self._learn(learnt)

    def _learn(self, learnt: int) -> tuple["Predictor", float]:
        """What the records of other days say, and how many have to wait on one of them."""
        records, joined = Records(), [0]

        def joins(_day: Day, _who: Someone) -> None:
            joined[0] += 1

        for day in range(learnt):
            self.run(day, 50_000 + day, False, joins, records)
        opening = self._rules.opening
        seen = records.observed(opening[0][0], opening[learnt - 1][1])
        centre = self._centre
        believed = learned(self._prior, seen, centre.centre.zone, opening, centre.outlook.weighs)
        return Predictor(centre, believed, opening), joined[0] / learnt

    def believed(self, now: int, until_ms: int) -> Beliefs:
        """For these hours."""
        return self._predictor.beliefs(now, until_ms, NOTHING_SEEN)

    def run(
        self, place: int, seed: int, halved: bool, joined: Callable[[Day, Someone], None], records: Records
    ) -> None:
        opening = self._rules.opening
        Day(
            self._centre,
            self._rules,
            self._people,
            self._truth,
            opening[place % len(opening)],
            1_000_000 * list(LOADS).index(self._load) + seed,
            load=LOADS[self._load],
            halved=halved,
            joined=joined,
            records=records,
        ).run()

    def asked(self) -> tuple[list[Foretold], list[float]]:
        """All that was asked, and the CPU seconds of each outlook."""
        found: list[Foretold] = []
        cpu_s: list[float] = []
        share = ASKED[self._load] / max(self._joined, 1.0)
        for halved, days in ((False, self._days), (True, self._halved)):
            for day in range(days):
                asking = Asking(self._predictor, self._load, halved, day, self._futures, share)
                self.run(day, day + 10_000 * halved, halved, asking.joined, Records())
                found += asking.asked()
                cpu_s += asking.cpu_s
        return found, cpu_s


def year(load: str, small: bool) -> tuple[list[Foretold], list[float]]:
    """One load's days."""
    sizes = (2, 2, 2, 30) if small else (*DAYS[load], LEARNT, 150)
    return Year(load, *sizes).asked()


def gathered(small: bool) -> tuple[list[Foretold], list[float]]:
    """All that was asked on all days, and the CPU seconds of each outlook."""
    asked: list[Foretold] = []
    cpu_s: list[float] = []
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for some, took in pool.map(year, reversed(list(LOADS)), [small] * len(LOADS)):
            asked += some
            cpu_s += took
    return asked, cpu_s


async def asked_of_a_process(ask: Asked, times: int) -> list[Answer]:
    """The daemon's own, which does nothing else."""
    process = Process(60.0)
    try:
        return [await process.ask(ask) for _ in range(times)]
    finally:
        await process.close()


def speeds(figures: Figures, small: bool) -> None:
    """How many futures there are in the time that they may take: shipped centre, and a large one."""
    worlds: list[tuple[World, int]] = []

    def joins(day: Day, _who: Someone) -> None:
        waiting = sum(each.state == WAITING for each in day.world.visits.values())
        if waiting == WAITING_HERE and not worlds:
            worlds.append((thawed(Copied(trimmed(day.world)).frozen()), day.now))

    shipped = Year("heavy", 0, 0, 1, 0)
    for day in range(20):
        if not worlds:
            shipped.run(day, day, False, joins, Records())
    large = engine.Centre(*LARGE)
    large.run(sum(LARGE) * 8)
    worlds.append((large.engine.world, large.now))
    for (world, now), name in zip(worlds, ("shipped centre", "large centre"), strict=True):
        until_ms = now + 120 * MINUTE_MS
        frozen = Copied(trimmed(world)).frozen().decode()
        ask = Asked(1, frozen, now, until_ms, until_ms, 1, 150, 300, shipped.believed(now, until_ms))
        answers = asyncio.run(asked_of_a_process(ask, 1 if small else 5))
        figures.add(
            f"outlook, {name}: {len(world.people):,} people, {len(answers[0].callers)} waiting",
            futures=min(each.futures for each in answers),
            cpu_ms=round(mean([each.cpu_ms for each in answers])),
            cpu_ms_a_future=round(mean([each.cpu_ms / each.futures for each in answers]), 2),
        )


def main(figures: Figures, small: bool, _folder: Path) -> None:
    """Measure and tell."""
    speeds(figures, small)
    asked, cpu_s = gathered(small)
    for halved, name in ((False, "as they are"), (True, "half the staff gone")):
        those = [a for a in asked if a.halved == halved]
        told(figures, f"days {name}", those, asked)
        for load in LOADS:
            told(figures, f"days {name}, {load}", [a for a in those if a.load == load], asked)
    told(figures, "all days", asked, asked)
    figures.add("outlook, one of all futures (CPU ms)", **spread(cpu_s, 1000))
