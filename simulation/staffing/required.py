"""The required curve: how many people the telephone needs, by weekday and half-hour, in all and by language.

By Erlang A (see erlang), as if all callers were served by one group, and those of a language by one of
its own. It knows no skills that hang together, no absence and no other work: it is where planning begins, and
simulation says what it leaves out.
"""

import csv
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from config.tables.kinds import DAYS
from routing.service_level import service_level
from simulation.scenarios.attendance import MINUTE
from simulation.scenarios.posts import calls_of_a_case
from simulation.scenarios.scenario import Scenario
from simulation.scenarios.year import Year, year
from simulation.staffing.erlang import Waiting, erlang_a

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SLOT: Final = 30
"""Minutes of a row."""
SLOTS: Final = 24 * 60 // SLOT
MOST: Final = 200
"""Nobody plans more people for one group; a load that needs them is a mistake in the scenario."""


class TooMuch(ValueError):
    """A load that no group of MOST people carries."""


class Required(NamedTuple):
    """People needed on the telephone. rows: (weekday from Monday 0, minute of the day) with calls.

    people: by row; by_language, by_concern: by row and language or concern.
    """

    languages: tuple[str, ...]
    concerns: tuple[str, ...]
    rows: tuple[tuple[int, int], ...]
    people: Ints
    by_language: Ints
    by_concern: Ints


def required(scenario: Scenario, *, case_work: bool = True) -> Required:
    """So that the scenario's service level is reached in each half-hour of the week, over the year's callers.

    case_work: calls as the cases make them, otherwise `calls_per_case`. Raises TooMuch.
    """
    made = year(scenario, case_work=case_work)
    kinds = made.model.kinds
    languages = tuple(dict.fromkeys(kind.language for kind in kinds))
    concerns = tuple(dict.fromkeys(kind.concern for kind in kinds))
    groups = [[kind.language == each for kind in kinds] for each in languages]
    groups += [[kind.concern == each for kind in kinds] for each in concerns]
    per_hour, days = _calls(made, np.array([[True] * len(kinds), *groups], float), case_work)
    staffed = _Staffed(scenario)
    rows = [(weekday, slot) for weekday in range(7) for slot in range(SLOTS) if days[weekday, slot].any()]
    people = np.array(
        [
            [staffed.fewest(each) for each in per_hour[:, weekday, slot, days[weekday, slot]]]
            for weekday, slot in rows
        ],
        np.int64,
    ).reshape(len(rows), 1 + len(groups))
    return Required(
        languages,
        concerns,
        tuple((weekday, slot * SLOT) for weekday, slot in rows),
        people[:, 0],
        people[:, 1 : 1 + len(languages)],
        people[:, 1 + len(languages) :],
    )


def write(found: Required, path: Path) -> None:
    """As CSV: weekday, begin, people, and a column for each language."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["weekday", "begin", "people", *found.languages])
        for (weekday, minute), people, spoken in zip(
            found.rows, found.people.tolist(), found.by_language.tolist(), strict=True
        ):
            writer.writerow([DAYS[weekday], f"{minute // 60:02}:{minute % 60:02}", people, *spoken])


def level_of(found: Waiting, variant: str) -> float:
    """The service level of a queue in the long run, in the named variant (see routing.service_level)."""
    met, total = service_level(
        variant, 1 - found.abandoned, found.within, found.abandoned, found.abandoned_within
    )
    return met / total


class _Staffed:
    """The group that a scenario's rates of calls need. A telephone that rings is the caller's wait and the
    person's time."""

    def __init__(self, scenario: Scenario) -> None:
        calls, phones, house = scenario.calls, scenario.phones, scenario.house
        ring = (phones.answer_from.value + phones.answer_to.value) / 2
        self._service = calls.talk.value * 60 + house.staffing.wrap_up_seconds + ring
        self._patience = max(1.0, calls.patience.value * 60)
        self._within = max(0.0, scenario.targets.within.value - ring)
        self._target = float(scenario.targets.service_level.value)
        self._variant = house.service_level.variant
        self._level = lru_cache(None)(self._reached)

    def fewest(self, calls_an_hour: Floats) -> int:
        """For days with these rates; the target holds over all their callers."""
        rates = np.round(calls_an_hour[calls_an_hour > 0], 6)
        if not rates.size:
            return 0
        different, often = np.unique(rates, return_counts=True)
        weight = different * often / (different * often).sum()
        for people in range(1, MOST + 1):
            if sum(w * self._level(rate, people) for rate, w in zip(different, weight, strict=True)) >= (
                self._target
            ):
                return people
        raise TooMuch(
            f"{rates.max():,.0f} calls an hour of {self._service:g} s cannot be served by {MOST} people "
            f"within {self._within:g} s after ringing at {self._target:.0%}; check calls and targets"
        )

    def _reached(self, rate: float, people: int) -> float:
        found = erlang_a(rate / 3600, self._service, self._patience, people, self._within)
        return level_of(found, self._variant)


def _calls(made: Year, groups: Floats, case_work: bool) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Calls an hour by (group, weekday, slot, week), and whether any are expected then.

    groups: which kinds of callers each takes. A week is one of the year's; each of its slots has the rate of
    the time in which it is open.
    """
    calendar, model = made.calendar, made.model
    shares = groups @ np.array(model.shares).T
    times = calls_of_a_case(made.scenario) if case_work else 1.0
    weeks = calendar.days // 7 + 2
    calls = np.zeros((len(groups), 7, SLOTS, weeks))
    hours = np.zeros((7, SLOTS, weeks))
    midnights = np.array(calendar.midnights, np.int64)
    for piece in model.arrivals:
        if piece.begin_ms < calendar.begin_ms + calendar.warm_ms:
            continue
        day = int(np.searchsorted(midnights, piece.begin_ms, side="right")) - 1
        week, weekday = divmod(calendar.first.weekday() + day, 7)
        for begin, end in pairwise(_cuts(piece.begin_ms, piece.end_ms, int(midnights[day]))):
            part = (end - begin) / (piece.end_ms - piece.begin_ms)
            slot = (begin - int(midnights[day])) // (SLOT * MINUTE)
            calls[:, weekday, slot, week] += piece.expected * part * times * shares[:, piece.mix]
            hours[weekday, slot, week] += (end - begin) / 3_600_000
    opened = hours > 0
    return np.divide(calls, hours, out=np.zeros_like(calls), where=opened), opened


def _cuts(begin: int, end: int, midnight: int) -> list[int]:
    """Both ends, and the slots' edges between."""
    step = SLOT * MINUTE
    first = midnight + ((begin - midnight) // step + 1) * step
    return [begin, *range(first, end, step), end]
