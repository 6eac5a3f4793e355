"""acd plan coverage: language x concern by hour, and what hangs on one person."""

import csv
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from acd.plan.common import BEGINS_ANEW, DEFAULT, YEARS_MAX, File, Named, Seed, fail, progress_bar, told
from config.tables.kinds import DAYS
from simulation.runs.results import PACKAGE
from simulation.scenarios import scenario_file
from simulation.scenarios.scenario import Scenario
from simulation.staffing.coverage import (
    AT_ONCE,
    OWN_LANGUAGE,
    READINGS,
    Coverage,
    Floats,
    NeverOpen,
    coverage,
)

app = typer.Typer()
WIDTH: Final = 110
SAID: Final = {
    AT_ONCE: "at once (the rules' first step)",
    OWN_LANGUAGE: "in the caller's own language (the last step that keeps to it)",
}
EMPTY: Final = 0.05
"""An hour with more of its open time without anybody is told of: absence alone hardly makes it."""


@app.command("coverage")
def coverage_(
    scenario: Named,
    file: File = DEFAULT,
    number: Annotated[
        int, typer.Option("--replications", min=1, max=YEARS_MAX, help="Simulated years of absence.")
    ] = 30,
    seed: Seed = 1,
    table: Annotated[
        Path | None, typer.Option("--csv", help="Write every language, concern and hour here.")
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="Say by id on whom a skill hangs; otherwise nobody is named.")
    ] = False,
) -> None:
    """How many who are there could serve each language and concern, and when nobody or one person could."""
    with told(BEGINS_ANEW):
        asked = scenario_file.load(file, scenario)
        with progress_bar() as bar:
            task = bar.add_task(scenario, total=number)
            try:
                found = coverage(
                    asked,
                    seed=seed,
                    replications=number,
                    progress=lambda done: bar.update(task, completed=done),
                )
            except NeverOpen as fault:
                raise fail(str(fault)) from None
        _print(asked, found, number, names)
        if table is not None:
            try:
                _write(table, asked, found, seed, names)
            except OSError as fault:
                raise fail(f"--csv {table}: cannot be written: {fault.strerror}") from None
            typer.echo(str(table))


def _print(asked: Scenario, found: Coverage, number: int, names: bool) -> None:
    console = Console(width=WIDTH, highlight=False)
    console.print(f"{asked.name}: {asked.en}")
    console.print(
        f"{len(found.staff)} staff, {found.open_minutes.sum() / 60:,.0f} open hours a year, "
        f"{number} years of absence"
    )
    for reading in (AT_ONCE, OWN_LANGUAGE):
        console.print(
            f"\nWho could serve {SAID[reading]}:\n% of open time with nobody / with one; ! one of all staff"
        )
        console.print(_by_cell(found, reading))
    console.print(
        "\nBy hour: % of callers for whom nobody is there who could serve them in their own language"
    )
    console.print(_by_hour(asked, found))
    for weekday, hour in found.empty_hours(EMPTY):
        console.print(
            f"{DAYS[weekday]} {hour:02}:00: open, but more than {EMPTY:.0%} of the time nobody is there at "
            f"all; compare [attendance] with [hours]",
            markup=False,
        )
    _print_alone(console, found, names)


def _by_cell(found: Coverage, reading: str) -> Table:
    """Concerns down, languages across: % of open time with nobody, with one; ! hangs on one person."""
    place = READINGS.index(reading)
    nobody, one = found.over_hours(found.nobody)[place], found.over_hours(found.one)[place]
    cells = {cell: i for i, cell in enumerate(found.cells)}
    alone = {*found.alone(reading)}
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    languages = list(dict.fromkeys(language for language, _ in found.cells))
    made.add_column("concern", no_wrap=True)
    for language in languages:
        made.add_column(language, justify="right", no_wrap=True)
    for concern in dict.fromkeys(concern for _, concern in found.cells):
        row = []
        for language in languages:
            i = cells[language, concern]
            mark = "!" if (language, concern) in alone else " "
            row.append("none" if nobody[i] == 1 else f"{nobody[i]:.0%}/{one[i]:.0%}{mark}".replace("%", ""))
        made.add_row(concern, *row)
    return made


def _by_hour(asked: Scenario, found: Coverage) -> Table:
    """Hours of the week down, languages across: the share of callers for whom nobody is there."""
    languages = [code for code, each in asked.cases.language.items() if each.value > 0]
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    made.add_column("hour", no_wrap=True)
    for language in languages:
        made.add_column(language, justify="right")
    nobody = found.nobody[READINGS.index(OWN_LANGUAGE)]
    shares = [_mixed(asked, found, language, nobody) for language in languages]
    for place, (weekday, hour) in enumerate(found.hours):
        made.add_row(
            f"{DAYS[weekday]} {hour:02}:00", *(f"{each[place]:.0%}".replace("%", "") for each in shares)
        )
    return made


def _mixed(asked: Scenario, found: Coverage, language: str, values: Floats) -> Floats:
    """Values by cell and hour as one of the language's callers, by their concerns."""
    weights = np.array(
        [
            asked.cases.concern[concern].value if spoken == language and concern in asked.cases.concern else 0
            for spoken, concern in found.cells
        ]
    )
    mixed: Floats = weights @ values / weights.sum()
    return mixed


def _print_alone(console: Console, found: Coverage, names: bool) -> None:
    """What hangs on one person, and what nobody can do, in the caller's own language."""
    console.print("Single points of failure: in the caller's own language one person of all the staff could")
    _print_cells(console, found, found.alone(OWN_LANGUAGE), names)
    console.print("Nobody of all the staff could (these callers wait for a second language or an overflow)")
    _print_cells(console, found, found.missing(OWN_LANGUAGE), names=False)
    if not names:
        console.print("A skill is named, no person; --names says by id on whom it hangs.")


def _print_cells(console: Console, found: Coverage, cells: Sequence[tuple[str, str]], names: bool) -> None:
    if not cells:
        console.print("  none")
    able = found.able[READINGS.index(OWN_LANGUAGE)]
    for language in dict.fromkeys(language for language, _ in cells):
        said = []
        for cell in cells:
            if cell[0] == language:
                who = [found.staff[i] for i in np.flatnonzero(able[found.cells.index(cell)]).tolist()]
                said.append(f"{cell[1]} ({', '.join(who)})" if names else cell[1])
        console.print(f"  {language:4} {', '.join(said)}", soft_wrap=True)


def _write(path: Path, asked: Scenario, found: Coverage, seed: int, names: bool) -> None:
    """Every reading, language, concern and hour of the week."""
    columns = ["reading", "language", "concern", "weekday", "hour", "open_minutes_a_year", "of_staff"]
    columns += ["average", "nobody", "one", *(["who"] if names else [])]
    columns += ["scenario", "scenario_hash", "seed", "version"]
    facts = [asked.name, asked.digest, seed, version(PACKAGE)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in _rows(found, names):
            writer.writerow([*row, *facts])


def _rows(found: Coverage, names: bool) -> Iterator[list[object]]:
    for reading, cell in np.ndindex(found.able.shape[:2]):
        who = np.flatnonzero(found.able[reading, cell]).tolist()
        for hour, (weekday, of_day) in enumerate(found.hours):
            values = [f"{each[reading, cell, hour]:.4f}" for each in (found.average, found.nobody, found.one)]
            named = [" ".join(found.staff[i] for i in who)] if names else []
            yield [
                READINGS[reading],
                *found.cells[cell],
                DAYS[weekday],
                of_day,
                f"{found.open_minutes[hour]:g}",
                len(who),
                *values,
                *named,
            ]
