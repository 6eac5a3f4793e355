"""Figures of case work in one replication: turnaround, backlog, and what the day is spent on.

Turnaround by E. L. Kaplan and P. Meier (1958), for many cases are still open when the year ends: to look at
the finished ones alone would make it the shorter the later things get.
"""

from typing import Final

import numpy as np

from simulation.drivers.kaplan_meier import days_until
from simulation.drivers.layout import AGE_MS, CASE_COUNTS, COUNTS, DAY_MS, PERSON_COUNTS
from simulation.drivers.tables import Machine
from simulation.runs.figure import Figure, Floats, Ints, share

FIGURES: Final = (
    Figure("cases_opened", "cases", "neue Fälle", "cases opened"),
    Figure("cases_done", "cases", "erledigte Fälle", "cases done"),
    Figure("turnaround_median", "days", "Laufzeit, Median", "turnaround, median"),
    Figure("turnaround_p90", "days", "Laufzeit, 90 % höchstens", "turnaround, 90 % at most"),
    Figure("within_turnaround", "1", "in der zugesagten Zeit erledigt", "done within the promised time"),
    Figure("backlog_mean", "cases", "offene Fälle im Mittel", "open cases, mean"),
    Figure("backlog_end", "cases", "offene Fälle am Jahresende", "open cases at the year's end"),
    Figure("utilisation", "1", "Auslastung", "utilisation"),
    Figure("share_phone", "1", "davon Telefon", "of it on the telephone"),
    Figure("share_counter", "1", "davon Schalter", "of it at the counter"),
    Figure("share_desk", "1", "davon Sachbearbeitung", "of it at the desk"),
    Figure("share_switching", "1", "davon Wiedereinarbeitung", "of it coming back to interrupted work"),
    Figure("overtime_hours", "h", "Überstunden", "overtime"),
    Figure("appointments", "visits", "Termine am Schalter", "appointments"),
    Figure("appointment_wait", "min", "mittlere Wartezeit am Schalter", "mean wait at the counter"),
    Figure("rebooked", "visits", "Termine verschoben", "appointments put off"),
    Figure("chase_calls", "calls", "Nachfragen, weil es dauert", "calls because it takes long"),
    Figure("follow_up_calls", "calls", "Rückfragen zum Fall", "follow-up calls"),
    Figure("calls_per_case", "calls/case", "Anrufe je Fall", "calls per case"),
)
"""Shares of a day are of the time that people were there, overtime included. A turnaround that fewer than the
asked share of cases reached is given as the longest that could be seen: it is at least that."""

CELL: Final = (
    Figure("cases_opened", "cases", "neue Fälle", "cases opened"),
    Figure("turnaround_median", "days", "Laufzeit, Median", "turnaround, median"),
    Figure("turnaround_p90", "days", "Laufzeit, 90 % höchstens", "turnaround, 90 % at most"),
    Figure("within_turnaround", "1", "in der zugesagten Zeit erledigt", "done within the promised time"),
    Figure("cases_due", "cases", "Fälle, deren zugesagte Zeit um ist", "cases whose promised time is over"),
    Figure("done_in_time", "cases", "davon in der Zeit erledigt", "of them done in time"),
)
"""Of one language or concern. within_turnaround: done_in_time of cases_due."""
FEW: Final = 30
"""Cases in a year below which a language or concern has no median and no 90 %."""
_SHARES: Final = np.array([0.5, 0.9])


def figures(machine: Machine) -> Floats:
    """In the order of FIGURES; nan: nothing to count."""
    cases = dict(zip(CASE_COUNTS, machine.case_counts.sum(0)[:, None], strict=True))
    calls = dict(zip(COUNTS, machine.counts.sum(0)[:, None], strict=True))
    time = dict(zip(PERSON_COUNTS, machine.worked.sum(0)[:, None], strict=True))
    there = time["on_ms"] + time["overtime_ms"]
    kinds = np.stack([time[f"{what}_ms"] for what in ("busy", "counter", "desk", "switching")])
    days = turnaround(machine.turnarounds, machine.ages, (0.5, 0.9))
    backlog = machine.backlog
    found = [
        cases["opened"],
        cases["done"],
        days,
        share(cases["due_done"], cases["due"]),
        np.array([backlog.mean() if len(backlog) else np.nan]),
        backlog[-1:] if len(backlog) else np.array([np.nan]),
        share(np.concatenate([kinds.sum(0), *kinds]), there),
        time["overtime_ms"] / 3_600_000,
        cases["appointments"],
        share(cases["appointment_wait_ms"], cases["appointments"]) / 60_000,
        cases["rebooked"],
        cases["chases"],
        cases["follow_ups"],
        share(calls["answered"] + calls["abandoned"] + calls["turned_away"], cases["opened"]),
    ]
    return np.concatenate(found).astype(float)


def weekly(machine: Machine) -> Floats:
    """Open cases at each week's first midnight, counted from warm_ms on."""
    return machine.backlog[::7].astype(float)


def turnaround(done: Ints, still_open: Ints, shares: tuple[float, ...]) -> Floats:
    """Days after which these shares of the cases are done, from turnarounds and ages in bins of
    layout.AGE_MS."""
    there = np.cumsum((done + still_open)[::-1])[::-1]
    last = int(np.flatnonzero(there)[-1]) if there[0] else -1
    if last < 0:
        return np.full(len(shares), np.nan)
    stays = np.cumprod(1 - done[: last + 1] / there[: last + 1])
    places = [np.flatnonzero(stays <= 1 - each + 1e-12) for each in shares]
    return np.array([(each[0] if len(each) else last) + 1 for each in places]) * AGE_MS / DAY_MS


def by_cell(machine: Machine, counts: Ints) -> Floats:
    """By cell and CELL. counts: by cell and CASE_COUNTS; nan: nothing to count, or for days too little."""
    cases = dict(zip(CASE_COUNTS, counts.T, strict=True))
    days = days_until(machine.cell_turnarounds, machine.cell_ages, _SHARES, FEW)
    found = [
        cases["opened"],
        *days.T,
        share(cases["due_done"], cases["due"]),
        cases["due"],
        cases["due_done"],
    ]
    return np.stack(found, axis=1).astype(float)
