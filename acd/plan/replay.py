"""acd plan replay: a recorded day or year again, under its own and under other rules or people."""

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt
import typer

from acd.plan import counterfactual, journals
from acd.plan.common import DEFAULT, INTERRUPTED, YEARS_MAX, File, Seed, fail, progress_bar, told
from acd.plan.counterfactual import Counterfactual
from routing import facts
from routing.privacy import MERGED
from simulation.records import censored, trace_driven
from simulation.records.journal_trace import UNKNOWN, JournalTrace
from simulation.records.trace_driven import FIGURES, Assumed, Job, Measure
from simulation.runs.outcome import Figure
from simulation.runs.results import PACKAGE
from simulation.runs.spread import Estimate, Spread
from simulation.runs.sweep import local
from simulation.scenarios import scenario_file
from simulation.scenarios.scenario import Scenario
from simulation.scenarios.year import year

app = typer.Typer()

Floats = npt.NDArray[np.float64]

GAVE_UP_LEAST: Final = 10
"""Of so few who gave up patience is not estimated."""
FEW: Final = 30
"""Below so many calls a count is shown and no share."""
ROUND: Final = 5
"""Replications that a process does at once."""


@app.command("replay")
def replay_(
    journal: Annotated[str, typer.Argument(help="A journal.db, or the URL of a journal database.")],
    scenario: Annotated[
        str,
        typer.Option("--scenario", help="Gives what the journal has too little of; the first by default."),
    ] = "",
    file: File = DEFAULT,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Another centre's file: its rules and hours.")
    ] = None,
    roster: Annotated[
        Path | None, typer.Option("--roster", help="Other people (CSV as for `acd staff import`).")
    ] = None,
    people: Annotated[
        str, typer.Option("--people", help="Only these are there, by id, like birgit,cem.")
    ] = "",
    without: Annotated[
        list[str] | None, typer.Option("--without", help="This person is not there (may be repeated).")
    ] = None,
    number: Annotated[
        int,
        typer.Option("--replications", min=2, max=YEARS_MAX, help="Draws of what the journal does not tell."),
    ] = 20,
    seed: Seed = 1,
    table: Annotated[Path | None, typer.Option("--csv", help="Write every figure here too.")] = None,
) -> None:
    """Simulate a recorded time again: as it was, to compare, and under other rules or people.

    Callers come when they came, need what they needed, talk as long as they talked; staff log in and out as
    they did. Drawn is what nobody recorded: how long the answered would have waited, how long those talk who
    had no talk, what phones do with other offers. The intervals are those of the draws alone.
    """
    with told():
        asked = scenario_file.load(file, scenario or scenario_file.names(file)[0])
        found = journals.read(journal)
        rules = counterfactual.recorded_rules(found.trace)
        wanted = Counterfactual(policy, roster, people, tuple(without or ()))
        other = counterfactual.rules(found.trace, asked.house, wanted)
        assumed, of_patience = _assumed(found.trace, asked)
        variants = [rules] if other is None else [rules, other]
        level, apart = (
            asked.house.service_level,
            counterfactual.apart(variants, asked.house.privacy.smallest_cell),
        )
        measure = Measure(level.seconds * 1000, level.short_abandon_seconds * 1000, level.variant, apart)
        with progress_bar() as bar:
            task = bar.add_task("replay", total=number * len(variants))
            try:
                given = _run(
                    [Job(found.trace, each, assumed, measure, seed, 0, number) for each in variants],
                    lambda: bar.advance(task, ROUND),
                )
            except KeyboardInterrupt:
                typer.echo("interrupted", err=True)
                raise typer.Exit(INTERRUPTED) from None
    _print_read(found, asked, of_patience)
    was = trace_driven.figures(found.trace, trace_driven.recorded(found.trace), measure)
    listed = [*FIGURES, *(figure for _, _, figure in trace_driven.of_cells(found.trace, measure))]
    columns = _columns(given, [figure.unit for figure in listed])
    _print(found.trace, measure, was, columns, number)
    if table is not None:
        of = {"seed": str(seed), "replications": str(number), "scenario_hash": asked.digest}
        _write(table, found.trace, measure, was, columns, {**of, "version": version(PACKAGE)})


# --- assumptions, running ----------------------------------------------------------------------------------


def _assumed(trace: JournalTrace, asked: Scenario) -> tuple[Assumed, str]:
    """What the journal does not tell, and in words where patience is from."""
    model = year(asked, case_work=False).model
    gave_up = [each.ended in (facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING) for each in trace.callers]
    mean, said = model.patience.a, f"scenario {asked.name}; fewer than {GAVE_UP_LEAST} gave up here"
    if sum(gave_up) >= GAVE_UP_LEAST:
        queued = np.array([each.ended != facts.CLOSED for each in trace.callers])
        waits = np.array([each.wait_ms for each in trace.callers], np.float64) / 1000
        fitted = censored.exponential(censored.Waits(waits[queued], np.array(gave_up)[queued]))
        mean = fitted.mean * 1000
        said = f"95 % interval {fitted.low:.0f} to {fitted.high:.0f} s, by {sum(gave_up)} who gave up"
    return (
        Assumed(mean, model.talk, model.phones, model.back_ms),
        f"mean patience {mean / 1000:.0f} s ({said}); the answered waited and would have waited on",
    )


def _run(jobs: Sequence[Job], progress: Callable[[], object]) -> list[Floats]:
    """By job: (replication, figure)."""
    parts = [
        job._replace(first=first, number=min(ROUND, job.number - first))
        for job in jobs
        for first in range(0, job.number, ROUND)
    ]
    found = []
    with local() as pool:
        futures = [pool.submit(trace_driven.run, part) for part in parts]
        try:
            for future in futures:
                found.append(future.result())
                progress()
        finally:
            for future in futures:
                future.cancel()
    each = len(parts) // len(jobs)
    return [np.concatenate(found[i * each : (i + 1) * each]) for i in range(len(jobs))]


# --- telling -----------------------------------------------------------------------------------------------


def _print_read(found: journals.Read, asked: Scenario, of_patience: str) -> None:
    journal = found.trace
    zone = asked.house.centre.zone
    begin, end = (datetime.fromtimestamp(at / 1000, zone) for at in (journal.begin_ms, journal.end_ms))
    ends = [each.ended for each in journal.callers]
    gave_up = sum(each in (facts.ABANDONED_QUEUE, facts.ABANDONED_RINGING) for each in ends)
    typer.echo(f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}, {journal.events} events")
    typer.echo(
        f"{len(ends)} callers: {ends.count(facts.ANSWERED)} answered, {gave_up} gave up, "
        f"{ends.count(facts.CLOSED)} when closed, {ends.count(facts.TURNED_AWAY)} turned away, "
        f"{ends.count(facts.FORWARDED)} forwarded, "
        f"{ends.count(facts.LOST)} lost; "
        f"left out: {journal.in_menu} who left in the menu, {journal.unfinished} still there at the end"
    )
    typer.echo(
        "on the simulated clock the journal's events lead to "
        + ("the same decisions" if found.same else "OTHER decisions than the daemon's")
    )
    typer.echo(of_patience)
    talks = sum(each.talk_ms != UNKNOWN for each in journal.callers)
    typer.echo(f"talks and offers are drawn from the {talks} and {len(journal.offers)} recorded\n")


def _columns(given: Sequence[Floats], units: Sequence[str]) -> dict[str, list[Estimate]]:
    """By name: as it was, otherwise, and how that differs, replication by replication."""
    found = {"as it was, simulated": _within(_estimates(given[0]), units)}
    if len(given) == 2:
        found["otherwise"] = _within(_estimates(given[1]), units)
        found["difference"] = _estimates(given[1] - given[0])
    return found


def _within(found: list[Estimate], units: Sequence[str]) -> list[Estimate]:
    return [each.within(unit) for each, unit in zip(found, units, strict=True)]


def _print(
    trace: JournalTrace, measure: Measure, was: Floats, named: Mapping[str, list[Estimate]], number: int
) -> None:
    columns = list(named.values())
    typer.echo(f"{'':46} {'recorded':>9}" + "".join(f"  {name:^29}" for name in named) + "  unit")
    for i, figure in enumerate(FIGURES):
        typer.echo(_line(figure.en, figure, was[i], [column[i] for column in columns]))
    typer.echo(
        f"\nby language and concern (service level: {measure.variant}, {measure.within_ms / 1000:g} s)"
    )
    at = len(FIGURES)
    few = []
    for place, (by, key, figure) in enumerate(trace_driven.of_cells(trace, measure), at):
        key = f"other {by}s" if key == MERGED else key
        if figure.key == "contacts":
            calls, enough = was[place], was[place] >= FEW
            if 0 < calls < FEW:
                few.append(f"{key} {calls:.0f}")
        if enough:
            typer.echo(_line(f"{key}: {figure.en}", figure, was[place], [each[place] for each in columns]))
    if few:
        typer.echo(f"fewer than {FEW} calls, so no shares: {', '.join(few)}")
    typer.echo(
        f"\n{number} replications; the intervals (95 %) are those of what was drawn, "
        "not of how another day would have differed"
    )


def _estimates(rows: Floats) -> list[Estimate]:
    spread = Spread(rows.shape[1])
    for row in rows:
        spread.add(row)
    return spread.estimates()


def _line(name: str, figure: Figure, was: float, found: Sequence[Estimate]) -> str:
    shown = "".join(f"  {each.mean:9.3f} ({each.low:8.3f} {each.high:8.3f})" for each in found)
    return f"{name:46} {was:9.3f}{shown}  {figure.unit}"


def _write(
    path: Path,
    trace: JournalTrace,
    measure: Measure,
    was: Floats,
    named: Mapping[str, list[Estimate]],
    of: Mapping[str, str],
) -> None:
    """A row a figure, and what it came out as under each name; few calls have no shares here either."""
    listed = [("all", "", figure) for figure in FIGURES] + list(trace_driven.of_cells(trace, measure))
    enough = True
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["by", "key", "figure", "unit", "recorded", "under", "mean", "low", "high", *of])
            for i, (by, key, figure) in enumerate(listed):
                enough = was[i] >= FEW if by != "all" and figure.key == "contacts" else enough
                if not enough and figure.key != "contacts":
                    continue
                for name, column in named.items():
                    each = [f"{value:.6g}" for value in (column[i].mean, column[i].low, column[i].high)]
                    row = [by, key, figure.key, figure.unit, f"{was[i]:.6g}", name, *each]
                    writer.writerow([*row, *of.values()])
    except OSError as fault:
        raise fail(f"--csv {path}: cannot be written: {fault.strerror}") from None
    typer.echo(str(path))
