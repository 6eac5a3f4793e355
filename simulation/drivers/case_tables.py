"""From a model's case work to the kernel's tables: who may do it, when calls and visitors come, how long it
takes."""

from typing import Any

import numpy as np
import numpy.typing as npt

from routing.need import spoken
from routing.world import Person
from simulation.drivers import layout
from simulation.drivers.model import CaseWork, Duration, Model, cells, durations

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Shape = tuple[tuple[float, float], ...]
Spans = tuple[tuple[int, int], ...]


class Skilled:
    """Who may work on a model's cases and hold their appointments, as bits by kind of caller.

    It depends on who is there at all: where nobody of them has the level, those with the highest one may.
    """

    def __init__(self, model: Model, work: CaseWork) -> None:
        people = [Person(agent) for agent in model.roster.agents]
        self._least = work.level
        self._concern = np.array(
            [[each.agent.concern_level(kind.concern) for each in people] for kind in model.kinds], np.int64
        )
        by_tongue: dict[tuple[str, str], list[bool]] = {}
        for kind in model.kinds:
            tongues = [each for each in (kind.language, kind.second) if each]
            by_tongue.setdefault(
                (kind.language, kind.second),
                [
                    max(spoken(model.policy, person, each) for each in tongues) >= work.appointment_language
                    for person in people
                ],
            )
        speaks = np.array([by_tongue[kind.language, kind.second] for kind in model.kinds])
        self._bits = np.int64(1) << np.arange(len(people), dtype=np.int64)
        self._speaks: Ints = speaks @ self._bits

    def workers(self, there: Flags) -> Ints:
        """there: by person."""
        levels = np.where(there, self._concern, -1)
        needed = np.minimum(self._least, levels.max(1, initial=-1))
        found: Ints = ((levels >= needed[:, None]) & there) @ self._bits
        return found

    def holders(self, there: Flags) -> Ints:
        """Those of the workers who speak the case's language, or its second one, well enough; or none."""
        found: Ints = self.workers(there) & self._speaks
        return found


def who_is_there(shifts: Ints, people: int) -> Flags:
    """By person: whether the shifts let them log in at any time."""
    return np.bincount(shifts[:, 1], minlength=people) > 0


def openings(model: Model) -> Spans:
    """When the centre is open within the model, without seams: sorted [from, to)."""
    found: list[tuple[int, int]] = []
    for begin, end in model.policy.opening:
        begin, end = max(begin, model.begin_ms), min(end, model.end_ms)
        if found and begin == found[-1][1]:
            begin = found.pop()[0]
        if begin < end:
            found.append((begin, end))
    return tuple(found)


def sizes(model: Model) -> list[tuple[str, int, int]]:
    """(what, how many, how many the kernel holds)."""
    work = model.case_work
    if work is None:
        return []
    chases = (model.end_ms - model.begin_ms) // work.chase_ms if work.chase_ms else 0
    return [
        ("steps of a case", len(work.steps), layout.WORK_STEPS_MAX),
        ("times to chase a case", chases, layout.CHASES_MAX),
        ("opening hours", len(openings(model)), layout.SPANS_MAX),
        ("counter hours", len(work.counter), layout.SPANS_MAX),
        ("concerns of cases", len({kind.concern for kind in model.kinds}), layout.CLASSES_MAX),
    ]


def case_tables(model: Model, work: CaseWork) -> dict[str, Any]:
    """Fields of layout.TABLES; who may work on what comes with the shifts."""
    opening = np.array(openings(model), np.int64).reshape(-1, 2) - model.begin_ms
    counter = np.array(work.counter, np.int64).reshape(-1, 2) - model.begin_ms
    rows = shapes(model)
    place = {cell: i for i, cell in enumerate(cells(model.kinds))}
    return {
        "works": -1,
        "n_work_steps": len(work.steps),
        "chase_ms": work.chase_ms,
        "switch_ms": work.switch_ms,
        "before_step": work.appointment_before,
        "promised_ms": work.promised_ms,
        "first_call": work.first_call,
        "follow_up": work.follow_up,
        "chase": work.chase,
        "appointment": work.appointment,
        **parameters("follow_after", work.follow_after, rows),
        **parameters("lead", work.lead, rows),
        **parameters("takes", work.appointment_takes, rows),
        **_by_step("work", [step.work for step in work.steps], rows),
        **_by_step("waits", [step.waits for step in work.steps], rows),
        "n_openings": len(opening),
        "openings": opening,
        "n_counter": len(counter),
        "counter": counter,
        "cells": np.array(
            [(place["language", each.language], place["concern", each.concern]) for each in model.kinds],
            np.int64,
        ),
    }


def shapes(model: Model) -> dict[Shape, int]:
    """The empirical distributions of a model, each with its row of the kernel's."""
    found = dict.fromkeys(each.shape for each in durations(model).values() if each.shape)
    return {shape: row for row, shape in enumerate(found)}


def parameters(name: str, each: Duration, rows: dict[Shape, int]) -> dict[str, Any]:
    """A distribution's fields. rows: see `shapes`."""
    return {f"{name}_kind": each.kind, f"{name}_a": float(each.a), f"{name}_b": _second(each, rows)}


def _second(each: Duration, rows: dict[Shape, int]) -> float:
    return float(rows[each.shape] if each.shape else each.b)


def _by_step(name: str, steps: list[Duration], rows: dict[Shape, int]) -> dict[str, Any]:
    return {
        f"{name}_kind": np.array([each.kind for each in steps], np.int64),
        f"{name}_a": np.array([each.a for each in steps], np.float64),
        f"{name}_b": np.array([_second(each, rows) for each in steps], np.float64),
    }
