"""How well the outlook's bands hold, and how narrow they are, beside three known predictors of a wait.

On simulated days of the shipped centre, at three loads, as they are and with half the staff gone from a
random hour on: 80 % bands for who begins to wait, against their virtual wait (as if they did not give up).
Rivals are last-to-enter-service, head-of-line and queue-length (Whitt; Ibrahim): each an estimate times a
band of factors, calibrated on the other half of the days, load by load, to the coverage that the outlook
has.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from time import process_time
from typing import NamedTuple

from acd.outlook.ahead import Seen, beliefs
from acd.outlook.drawn import Drawn
from acd.outlook.expectation import Remaining
from acd.outlook.prior import Believed, prior
from acd.outlook.quantiles import quantile
from acd.outlook.scene import Scene, trimmed
from acd.prospects import BEYOND
from agents.model import Cefr
from config.people import policy
from config.schema import Centre
from routing.announce import OPEN, phrase
from routing.need import spoken
from routing.spans import Spans
from routing.world import World
from simulation.scenarios import scenario_file
from simulation.scenarios.year import team
from tests.bench.figures import Figures, spread
from tests.bench.outlook_days import Day, Someone, moment

LOADS = {"shipped": 1.0, "busy": 12.0, "heavy": 18.0}
"""How many times the calls of the shipped file come."""
EDGES = (2, 5, 10, 15, 20, 30, 45, 60)
MINUTE_MS = 60_000
FLOOR_MS = 10_000
"""Rivals' estimates are at least so long: a factor on nothing is nothing."""
ASKED_MAX = 8
"""So many of a day's callers are asked about at most."""
DAYS = 100
FIRST = (2026, 3, 2)
CONFIG = Path("config/planning.toml")
LEVEL = Cefr.B2
SHARE = {"shipped": 1.0, "busy": 0.05, "heavy": 0.03}
"""How many of those who have to wait are asked about."""
RIVALS = ("last to enter service", "head of line", "queue length")


class Asked(NamedTuple):
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
        self.found: list[tuple[Someone, Asked]] = []
        self.cpu_s: list[float] = []
        self._predictor = predictor
        self._what = (load, halved, day)
        self._futures = futures
        self._share = share
        self._chance = Random(f"asking {load} {halved} {day}")

    def joined(self, day: Day, who: Someone) -> None:
        """Some of those who have to wait, chosen by chance alone."""
        if len(self.found) >= ASKED_MAX or self._chance.random() > self._share:
            return
        began = process_time()
        low, high = self._predictor.band(day, who, self._futures, self._what[2])
        self.cpu_s.append(process_time() - began)
        rivals = self._predictor.rivals(day, who)
        self.found.append((who, Asked(*self._what, who.language, low, high, rivals, 0.0)))

    def asked(self) -> list[Asked]:
        """With what came."""
        return [each._replace(wait_ms=who.served_ms - who.queued_ms) for who, each in self.found]


class Predictor:
    """What can be known when somebody begins to wait, of the world as it is without ghosts."""

    def __init__(self, centre: Centre, believed: Believed, opening: Spans, load: float) -> None:
        self._centre = centre
        self._opening = opening
        self._believed = believed._replace(
            week=tuple(tuple(load * each for each in day) for day in believed.week)
        )

    def band(self, day: Day, who: Someone, futures: int, seed: int) -> tuple[float, float]:
        """The outlook's, in ms; inf for no end."""
        now = day.now
        until_ms = now + self._centre.outlook.horizon_minutes * MINUTE_MS
        seen = Seen(day.begin_ms, now, day.queued)
        believed = beliefs(self._believed, self._centre, now, until_ms, self._opening, seen)
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


def said_holds(asked: Asked) -> bool | None:
    """Whether the phrase would have held; None if none would have been said."""
    high = OPEN if asked.high_ms == float("inf") else int(asked.high_ms)
    low = 10**9 if asked.low_ms == float("inf") else int(asked.low_ms)
    said = phrase(EDGES, low, high)
    if said is None:
        return None
    return said.low_ms <= asked.wait_ms and (said.high_ms == OPEN or asked.wait_ms <= said.high_ms)


def calibrated(asked: Sequence[Asked], rival: int, level: float) -> dict[int, tuple[float, float]]:
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


def told(figures: Figures, name: str, asked: Sequence[Asked], every: Sequence[Asked]) -> None:
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


def gathered(small: bool) -> tuple[list[Asked], list[float]]:
    """All that was asked on all days, and the CPU seconds of each outlook."""
    asked: list[Asked] = []
    cpu_s: list[float] = []
    scenario = scenario_file.load(CONFIG, "full_house")
    centre = scenario.house
    people = team(scenario)
    believed = prior(centre)
    begin = moment(FIRST, centre)
    rules = policy(centre, begin)
    days, futures = (2, 30) if small else (DAYS, centre.outlook.futures)
    for halved in (False, True):
        for load, factor in LOADS.items():
            predictor = Predictor(centre, believed, rules.opening, factor)
            for day in range(days):
                asking = Asking(predictor, load, halved, day, futures, SHARE[load])
                span = rules.opening[day % len(rules.opening)]
                seed = day + 1000 * list(LOADS).index(load) + 10_000 * halved
                Day(
                    centre,
                    rules,
                    people,
                    believed,
                    span,
                    seed,
                    load=factor,
                    halved=halved,
                    joined=asking.joined,
                ).run()
                asked += asking.asked()
                cpu_s += asking.cpu_s
    return asked, cpu_s


def main(figures: Figures, small: bool, _folder: Path) -> None:
    """Measure and tell."""
    asked, cpu_s = gathered(small)
    for halved, name in ((False, "as they are"), (True, "half the staff gone")):
        those = [a for a in asked if a.halved == halved]
        told(figures, f"days {name}", those, asked)
        for load in LOADS:
            told(figures, f"days {name}, {load}", [a for a in those if a.load == load], asked)
    told(figures, "all days", asked, asked)
    figures.add("outlook, one of all futures (CPU ms)", **spread(cpu_s, 1000))
