"""acd plan check, run, sweep: scenarios checked, one simulated, a grid of them."""

from typing import Annotated, Final

import typer

from acd.plan.common import (
    DEFAULT,
    LARGEST,
    RESULTS,
    YEARS_MAX,
    CallsOnly,
    File,
    Named,
    On,
    Out,
    Seed,
    between,
    executor_at,
    fail,
    progress_bar,
    told,
    values_of,
)
from config.load import cleaned
from simulation.runs import results, sequential, sweep
from simulation.runs.outcome import cell_figures_of, figures_of
from simulation.runs.spread import Estimate
from simulation.runs.sweep import Grid
from simulation.scenarios import scenario_file
from simulation.scenarios.posts import posts
from simulation.scenarios.scenario import Scenario
from simulation.scenarios.year import year

app = typer.Typer()
OF_CASES: Final = ("turnaround_median", "turnaround_p90", "within_turnaround")
"""What `run` prints of each language's and concern's cases."""


@app.command()
def check(file: File = DEFAULT) -> None:
    """Check every scenario of a file: all faults at once, with file, key and reason (exit 2)."""
    with told():
        scenarios = scenario_file.check(file)
    for each in scenarios:
        numbers = [quantity for _, quantity in each.quantities()]
        assumed = sum(quantity.assumed for quantity in numbers)
        typer.echo(f"{each.name}: {each.en} ({len(numbers)} numbers, {assumed} of them assumptions)")


@app.command()
def run(
    scenario: Named,
    file: File = DEFAULT,
    figure: Annotated[str, typer.Option("--figure", help="The figure whose interval decides.")] = "",
    half_width: Annotated[
        float,
        typer.Option("--half-width", parser=between(0, LARGEST), help="Stop when its interval is +- this."),
    ] = 0.005,
    most: Annotated[int, typer.Option("--most", min=30, max=YEARS_MAX, help="Replications at most.")] = 300,
    seed: Seed = 1,
    calls_only: CallsOnly = False,
    on: On = "",
    out: Out = RESULTS,
) -> None:
    """Simulate one scenario until the answer is as sure as asked, and print it with its uncertainty.

    Goes on where an interrupted one was.
    """
    with told():
        asked = scenario_file.load(file, scenario)
        listed = figures_of(not calls_only)
        figure = figure or f"service_level_{asked.house.service_level.variant}"
        if figure not in [each.key for each in listed]:
            raise fail(f"--figure {cleaned(figure)}: is none of {', '.join(each.key for each in listed)}")
        with executor_at(on) as executor, progress_bar() as bar:
            task = bar.add_task(scenario, total=most)
            answer = sequential.run(
                asked,
                figure=figure,
                half_width=half_width,
                most=most,
                seed=seed,
                case_work=not calls_only,
                kept=out / "kept",
                executor=executor,
                progress=lambda number, width: bar.update(
                    task, completed=number, description=f"{scenario} +- {width:.4f}"
                ),
            )
    _print_answer(asked, answer, figure, half_width, calls_only)


def _print_answer(
    asked: Scenario, answer: sequential.Simulated, figure: str, half_width: float, calls_only: bool
) -> None:
    typer.echo(f"{asked.name}: {asked.en}")
    people, cases = asked.staff.people.value, asked.cases.in_a_year
    typer.echo(f"{people:g} staff, {cases:g} cases a year, {answer.number} simulated years\n")
    typer.echo(f"{'':44} {'mean':>10}  {'95 % interval':^23}  {'95 % of years':^23}  unit")
    for each in figures_of(not calls_only):
        typer.echo(f"{each.en:44} {_shown(answer.figures[each.key], each.unit)}  {each.unit}")
    typer.echo(f"\nby language and concern, service level {asked.house.service_level.variant}:")
    for (_, key), cell in answer.cells.items():
        typer.echo(f"{key:44} {_shown(cell['service_level'], '1')}  1")
    for each in cell_figures_of(not calls_only):
        if each.key in OF_CASES:
            typer.echo(f"\nby language and concern, {each.en}:")
            for (_, key), cell in answer.cells.items():
                typer.echo(f"{key:44} {_shown(cell[each.key], each.unit)}  {each.unit}")
    needed = posts(asked)
    typer.echo(
        f"\nby the formula: {cases:g} cases x {needed.minutes_of_a_case:.1f} min / "
        f"{needed.year_minutes:,.0f} min = {needed.needed:.2f} posts; there are {needed.there:.2f}"
    )
    say_what_is_left_out(asked)
    if not answer.reached:
        typer.echo(f"{figure}: its interval is still wider than +- {half_width:g}; raise --most")


def say_what_is_left_out(asked: Scenario) -> None:
    """Of the centre's rules, what the planner's drivers do not know (simulation.scenarios.year)."""
    if asked.house.overflow:
        typer.echo(f"without overflow: {len(asked.house.overflow)} rules of the centre are not simulated")


def _shown(given: Estimate, unit: str) -> str:
    each = given.within(unit)

    def number(value: float) -> str:
        return f"{value:11.3f}" if abs(value) < 1_000 else f"{value:11,.0f}"

    mean, year = (
        f"{number(each.low)} {number(each.high)}",
        f"{number(each.year_low)} {number(each.year_high)}",
    )
    return f"{number(each.mean)[1:]}  {mean}  {year}"


@app.command("sweep")
def sweep_(
    scenario: Named,
    file: File = DEFAULT,
    staff: Annotated[
        str, typer.Option("--staff", help="Numbers of staff, like 5..23 or 10,15,20.")
    ] = "5..23",
    cases: Annotated[
        str, typer.Option("--cases", help="Cases a year, like 2500..8000:500.")
    ] = "2500..8000:500",
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", help="Any other number by its key, like calls.talk=5..9:2 (may be repeated)."),
    ] = None,
    number: Annotated[
        int, typer.Option("--replications", min=2, max=YEARS_MAX, help="Simulated years a point.")
    ] = 30,
    seed: Seed = 1,
    calls_only: CallsOnly = False,
    on: On = "",
    out: Out = RESULTS,
) -> None:
    """Simulate a grid: staff by cases, and any other number. Goes on where an interrupted one was."""
    axes = {sweep.PEOPLE: values_of("--staff", staff), sweep.CASES: values_of("--cases", cases)}
    for each in vary or []:
        key, _, span = each.partition("=")
        axes[key.strip()] = values_of(f"--vary {key}", span)
    with told():
        asked = scenario_file.load(file, scenario)
        grid = Grid(asked, axes, seed=seed, replications=number, case_work=not calls_only)
        with executor_at(on) as executor, progress_bar() as bar:
            task = bar.add_task(scenario)
            swept = sweep.sweep(
                grid,
                kept=out / "kept",
                executor=executor,
                progress=lambda done, whole: bar.update(task, completed=done, total=whole),
            )
        model = year(asked, case_work=not calls_only).model
        written = results.write(grid, swept, model, out / f"{scenario}-{grid.digest}")
    say_what_is_left_out(asked)
    for path in written:
        typer.echo(str(path))
