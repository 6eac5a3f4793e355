"""acd plan staff: the fewest people and the skill mix that meet the targets, with a stated probability."""

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from acd.plan.common import (
    DEFAULT,
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
    whole_of,
)
from acd.plan.whom import levels, skills, whom
from config.load import cleaned
from config.people import agent
from simulation.runs.results import PACKAGE
from simulation.runs.selection import FAILS, KEEPS, OPEN
from simulation.runs.spread import Estimate
from simulation.runs.sweep import local
from simulation.scenarios import scenario_file
from simulation.scenarios.scenario import Scenario
from simulation.scenarios.year import year
from simulation.staffing import required
from simulation.staffing.candidates import staffed
from simulation.staffing.chosen import chosen_name, chosen_text
from simulation.staffing.coverage import NeverOpen
from simulation.staffing.covering import CONCERN, LANGUAGE, PEOPLE, Skill, counts
from simulation.staffing.required import TooMuch
from simulation.staffing.staffing import (
    AGAIN,
    HOUR,
    IN_TIME,
    OVERALL,
    TARGETS,
    TURNAROUND,
    Search,
    Staffed,
    Tried,
)

app = typer.Typer()
WIDTH: Final = 110
SHARE: Final = between(0, 1, ends=False)
LEAST: Final = 5
SCENARIO: Final = "staff.toml"
SAID: Final = {KEEPS: "meets them", FAILS: "misses", OPEN: "too close to say"}


@app.command()
def staff(
    scenario: Named,
    file: File = DEFAULT,
    targets: Annotated[
        str,
        typer.Option(
            "--targets",
            help=f"What is to be met, out of {', '.join(TARGETS)}: the service level of all callers, in each "
            "hour of the day, in each language; cases done in time (with case work).",
        ),
    ] = f"{OVERALL},{HOUR},{TURNAROUND}",
    numbers: Annotated[
        str, typer.Option("--staff", help=f"Numbers of people to look at; {LEAST} to all desks if not said.")
    ] = "",
    keep: Annotated[
        bool, typer.Option("--keep", help="The scenario's staff stays; others come to it.")
    ] = False,
    known: Annotated[
        bool, typer.Option("--known", help="Only people whom the files name, nobody yet to be found.")
    ] = False,
    alpha: Annotated[
        float | None,
        typer.Option(
            "--alpha", parser=SHARE, help="Chance of a wrong choice; 1 - targets.probability if not said."
        ),
    ] = None,
    delta: Annotated[
        float,
        typer.Option(
            "--delta", parser=SHARE, help="What a share may lie off its target without being wrong."
        ),
    ] = 0.01,
    most: Annotated[
        int, typer.Option("--most", min=30, max=YEARS_MAX, help="Simulated years of one staff at most.")
    ] = 2_000,
    seed: Seed = 1,
    calls_only: CallsOnly = False,
    on: On = "",
    out: Out = RESULTS,
) -> None:
    """Find the fewest people, and which skills, with whom the targets are met; compare with skill cover.

    Goes on where an interrupted one was.
    """
    with told():
        asked = scenario_file.load(file, scenario)
        wanted = _targets(targets, calls_only)
        sizes = _sizes(asked, numbers)
        chance = 1 - asked.targets.probability.value if alpha is None else alpha
        if not 0 < chance < 1:
            raise fail("targets.probability: leaves no chance of a wrong choice; give --alpha above 0")
        with executor_at(on) as executor, progress_bar() as bar:
            task = bar.add_task(f"{scenario}: candidates", total=len(sizes))
            try:
                search = Search(
                    asked,
                    wanted,
                    numbers=sizes,
                    keep=asked.staff.order[: _people(asked)] if keep else (),
                    new=not known,
                    case_work=not calls_only,
                    seed=seed,
                    kept=out / "kept",
                )
            except (TooMuch, NeverOpen) as fault:
                raise fail(str(fault)) from None
            if not search.required.people.any():
                raise fail(f"{scenario}: nobody calls (cases, calls); there is nothing to be met")
            if not search.among:
                known_people = len(asked.staff.order)
                raise fail(
                    f"--staff: there are no more than {known_people} people (staff.order); see --known"
                )
            years = 0

            def show(people: int, more: int) -> None:
                nonlocal years
                years += more
                bar.update(
                    task,
                    completed=sizes.index(people),
                    description=f"{scenario}: {people} people, {years:,} simulated years",
                )

            with executor or local() as pool:
                answer = search.run(pool, alpha=chance, delta=delta, most=most, progress=show)
    folder = out / f"{scenario}-staff"
    written = _write(file, asked, answer, seed, folder)
    _print(asked, search, answer, chance, delta)
    for path in written:
        typer.echo(str(path))
    if answer.chosen or answer.nearest:
        typer.echo(f"simulate that staff: acd plan run {chosen_name(scenario)} --file {folder / SCENARIO}")
    if answer.chosen is not None:
        typer.echo(whom(asked, answer.chosen.staff, answer.new))
    else:
        most = max(len(each.candidate.staff) for each in answer.tried)
        typer.echo(f"Whom to hire cannot be said: no staff of up to {most} people was found to do.")


def _targets(text: str, calls_only: bool) -> tuple[str, ...]:
    given = tuple(each.strip() for each in text.split(",") if each.strip())
    if unknown := [each for each in given if each not in TARGETS]:
        raise fail(f"--targets: {unknown[0][:40]!r} is none of {', '.join(TARGETS)}")
    if not given or (calls_only and given == (TURNAROUND,)):
        raise fail("--targets: leaves nothing to be met (cases have a turnaround only with case work)")
    return given


def _sizes(asked: Scenario, text: str) -> list[int]:
    desks = int(asked.staff.desks.value)
    if not text:
        return list(range(min(LEAST, desks), desks + 1))
    found = sorted(whole_of("--staff", text))
    if found[0] < 1 or found[-1] > desks:
        raise fail(f"--staff {cleaned(text)}: lies between 1 and the {desks} desks (staff.desks)")
    return found


def _print(asked: Scenario, search: Search, answer: Staffed, alpha: float, delta: float) -> None:
    console = Console(width=WIDTH, highlight=False, markup=False)
    console.print(f"{asked.name}: {asked.en}")
    console.print(f"to be met: {'; '.join(_asked(asked, answer))}")
    console.print(f"{answer.among} candidate staffs, each simulated only until it is clear")
    console.print(_by_number(answer))
    _print_choice(console, asked, answer, alpha, delta)
    console.print(_figures(answer))
    _print_cover(console, answer)
    told_of = answer.chosen or answer.nearest
    if told_of is not None:
        console.print(_skills(asked, answer, told_of.staff))
        _print_new(console, answer, told_of.staff)


def _asked(asked: Scenario, answer: Staffed) -> Iterator[str]:
    """The targets in words."""
    limit, within = asked.targets.service_level.value, asked.targets.within.value
    level = f"service level ({asked.house.service_level.variant}) of {limit:.0%} within {within:g} s"
    kinds = [goal.kind for goal in answer.goals]
    of = {
        OVERALL: "of all callers",
        HOUR: f"in each of {kinds.count(HOUR)} hours of the day",
        LANGUAGE: f"in each of {kinds.count(LANGUAGE)} languages",
    }
    if levels := [of[kind] for kind in dict.fromkeys(kinds) if kind in of]:
        yield f"{level} {' and '.join(levels)}"
    if TURNAROUND in kinds:
        yield f"{IN_TIME:.0%} of the cases done within {asked.targets.turnaround.value:g} days"


def _by_number(answer: Staffed) -> Table:
    """The candidate of each number whose worst figure is the best."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("people", "nearest mix", "targets", "years", "worst figure", "is"):
        made.add_column(column, justify="right" if column in ("people", "years", "is") else "left")
    for number in dict.fromkeys(len(each.candidate.staff) for each in answer.tried):
        of_number = [each for each in answer.tried if len(each.candidate.staff) == number]
        nearest = max(of_number, key=lambda each: (each.checked.decision == KEEPS, _worst(answer, each)[1]))
        place, _ = _worst(answer, nearest)
        made.add_row(
            str(number),
            nearest.candidate.how,
            SAID[nearest.checked.decision],
            str(nearest.checked.number),
            answer.goals[place].name,
            f"{nearest.checked.means[place]:.3f}",
        )
    return made


def _worst(answer: Staffed, tried: Tried) -> tuple[int, float]:
    """Which figure lies farthest below its target (or least above), and by how much."""
    off = [float(mean) - goal.limit for mean, goal in zip(tried.checked.means, answer.goals, strict=True)]
    return min(enumerate(off), key=lambda each: each[1])


def _print_choice(console: Console, asked: Scenario, answer: Staffed, alpha: float, delta: float) -> None:
    if answer.chosen is not None:
        chosen = answer.chosen
        console.print(f"{len(chosen.staff)} people do: {chosen.how}; the scenario has {_people(asked)}.")
        console.print(
            f"With probability {1 - alpha:.0%} or more: no candidate with fewer people meets every target by "
            f"{delta:g} or more, and this one misses none by {delta:g} or more."
        )
        if not answer.sure:
            console.print(
                "Which mix of that number is best was still open when the years ended; raise --most."
            )
    elif answer.nearest is not None:
        number = max(len(each.candidate.staff) for each in answer.tried)
        console.print(
            f"Not reachable with {number} people ({asked.staff.desks.value:g} desks): the nearest is "
            f"{len(answer.nearest.staff)} people, {answer.nearest.how}; its figures:"
        )
    undecided = [each for each in answer.tried if each.checked.decision == OPEN]
    if undecided:
        fewest = min(len(each.candidate.staff) for each in undecided)
        console.print(
            f"{len(undecided)} candidates, from {fewest} people on, lie so close to a target that the years "
            f"did not decide; raise --most"
        )


def _people(asked: Scenario) -> int:
    return int(asked.staff.people.value)


def _figures(answer: Staffed) -> Table:
    """The told figures with their intervals, of the choice and of the covering programme's staff."""
    made = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, caption=f"95 % intervals over {AGAIN} further simulated years"
    )
    made.add_column("")
    made.add_column("target", justify="right")
    columns = [(answer.chosen or answer.nearest, answer.estimates, "")]
    if answer.covered is not None:
        columns.append((None, answer.covered.estimates, "skill cover: "))
    for candidate, _, name in columns:
        people = (
            len(candidate.staff) if candidate else len(answer.covered.cover.staff) if answer.covered else 0
        )
        made.add_column(f"{name}{people} people", justify="right")
        made.add_column("95 % interval", justify="right")
    for place, goal in enumerate(answer.told):
        asked_for = goal in answer.goals
        row = [goal.name, f"{goal.limit:.0%}" if asked_for else "-"]
        for _, estimates, _ in columns:
            each = estimates[place].within("1") if estimates else _NONE
            missed = "*" if each.high < goal.limit else " "
            row += [f"{each.mean:.3f}{missed}", f"{each.low:.3f} {each.high:.3f}"]
        made.add_row(*row)
    return made


_NONE: Final = Estimate(0, *[float("nan")] * 5)


def _print_cover(console: Console, answer: Staffed) -> None:
    if answer.covered is None:
        console.print("The covering programme finds no staff: too few people have")
        for line in answer.not_covered.splitlines():
            console.print(f"  {line}")
        return
    cover, chosen = answer.covered.cover, answer.chosen
    console.print("* the whole interval lies below the target (where none is asked for: the same limit)")
    console.print(
        f"The covering programme, which counts each person fully for each of their skills, says "
        f"{len(cover.staff)} people{'' if cover.proved else ' (fewer are not ruled out)'}"
        f"{f'; it takes {len(chosen.staff)}' if chosen else ''}."
    )
    missed = [
        each.high < goal.limit for goal, each in zip(answer.told, answer.covered.estimates, strict=True)
    ]
    console.print(f"Simulated, {sum(missed)} of these {len(missed)} figures lie below with them.")


def _skills(asked: Scenario, answer: Staffed, chosen: Sequence[str]) -> Table:
    """How many have each skill at the level of the rules' first step: now, chosen, by the programme."""
    policy = year(asked, case_work=False).model.policy
    known = {each.id: each for each in (*asked.house.staff, *asked.staff.hire, *answer.new)}
    staffs = {"now": asked.staff.order[: _people(asked)], "chosen": chosen}
    if answer.covered is not None:
        staffs["skill cover"] = answer.covered.cover.staff
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    made.add_column("who counts at once for")
    for name in staffs:
        made.add_column(name, justify="right")
    if answer.covered is not None:
        made.add_column("needed for cover", justify="right")
    skills = [Skill(PEOPLE, "")]
    skills += [Skill(LANGUAGE, key) for key in answer.required.languages]
    skills += [Skill(CONCERN, key) for key in answer.required.concerns]
    for skill in skills:
        row = [skill.key or "people"]
        row += [
            str(sum(counts(policy, agent(known[each]), skill) for each in ids)) for ids in staffs.values()
        ]
        if answer.covered is not None:
            row.append(str(answer.covered.needs[skill]))
        made.add_row(*row)
    return made


def _print_new(console: Console, answer: Staffed, chosen: Sequence[str]) -> None:
    hired = [each for each in answer.new if each.id in chosen]
    if hired:
        console.print("People to be found, whom no file names (a profile each, not a person):")
    for each in hired:
        console.print(f"  {skills(each.languages, each.concerns)}", soft_wrap=True)


def _write(file: Path, asked: Scenario, answer: Staffed, seed: int, folder: Path) -> list[Path]:
    """required.csv; staff.csv as `acd staff import` reads it; staff.toml, the scenario with that staff;
    candidates.csv with every decision."""
    written = [folder / "required.csv"]
    try:
        required.write(answer.required, written[0])
        told_of = answer.chosen or answer.nearest
        if told_of is not None:
            written.append(folder / "staff.csv")
            known = {each.id: each for each in (*asked.house.staff, *asked.staff.hire, *answer.new)}
            people = [known[each] for each in told_of.staff]
            _write_rows(
                written[-1],
                ["id", "name", "phone", "languages", "concerns"],
                ([p.id, p.name, p.phone, levels(p.languages), levels(p.concerns)] for p in people),
            )
            written.append(folder / SCENARIO)
            made = staffed(asked, told_of.staff, [each for each in answer.new if each.id in told_of.staff])
            extends = os.path.relpath(file.resolve(), folder.resolve())
            said = scenario_file.said(file, asked.name)
            written[-1].write_text(chosen_text(said, made, extends), encoding="utf-8")
        written.append(folder / "candidates.csv")
        facts = [asked.name, asked.digest, seed, version(PACKAGE)]
        _write_rows(
            written[-1],
            [
                *("people", "how", "staff", "decision", "years"),
                *(f"{goal.kind} {goal.key}".strip() for goal in answer.goals),
                *("scenario", "scenario_hash", "seed", "version"),
            ],
            (
                [
                    len(each.candidate.staff),
                    each.candidate.how,
                    " ".join(each.candidate.staff),
                    each.checked.decision,
                    each.checked.number,
                    *(f"{mean:.4f}" for mean in each.checked.means),
                    *facts,
                ]
                for each in answer.tried
            ),
        )
    except OSError as fault:
        raise fail(f"--out {folder}: cannot be written: {fault.strerror}") from None
    return written


def _write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
