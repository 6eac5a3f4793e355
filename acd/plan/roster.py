"""acd plan roster: shifts over weeks from the required curve, checked against the law and simulated."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import numpy as np
import typer

from acd.plan.common import (
    BEGINS_ANEW,
    DEFAULT,
    RESULTS,
    YEARS_MAX,
    CallsOnly,
    File,
    Named,
    Out,
    Seed,
    between,
    fail,
    progress_bar,
    told,
)
from agents.model import Cefr
from config import duties
from config.duties import Listed, clock
from config.load import ConfigFaults, Fault, cleaned
from config.tables.kinds import DAYS
from config.tables.opening import Span
from simulation.report.numbers import LANGUAGES
from simulation.rosters import required_csv, roster_check, roster_csv
from simulation.rosters.required_csv import Curve
from simulation.rosters.roster_check import Gap
from simulation.rosters.roster_task import Absence, Task, Wish, level, task
from simulation.runs.outcome import figures_of
from simulation.scenarios import scenario_file
from simulation.scenarios.scenario import Scenario
from simulation.staffing.required import SLOT

if TYPE_CHECKING:
    from simulation.rosters.roster import Planned
    from simulation.rosters.roster_trial import Trial

T = TypeVar("T")

app = typer.Typer()

BROKEN: Final = 1
"""Exit code where a planned roster does not keep every contract."""
KEPT: Final = "keeps sections 3 to 5, 9 and 11 ArbZG and the contracts' hours"
FIRST_YEAR, LAST_YEAR = 2000, 2099
NOBODY: Final = Curve((), (), np.zeros(0, np.int64), np.zeros((0, 0), np.int64))
SHOWN_FIGURES: Final = (
    "contacts",
    "abandonment",
    "speed_of_answer",
    "wait_p95",
    "phone_share",
    "backlog_mean",
)
WEEKS_MOST: Final = 13
SHOWN: Final = 12
"""Gaps told on the terminal; the files have all of them."""
REACHED: Final = {
    "contracts": ("contracts not kept", "quarters of an hour"),
    "people": ("people missing", "half-hours"),
    "languages": ("languages missing", "half-hours x % of callers"),
    "early and late": ("most early begins + late ends", "% of a person's days"),
    "wishes": ("wishes not met", "wishes"),
    "spread": ("people beyond the required, heaped", "half-hours"),
}


@app.command()
def roster(
    scenario: Named,
    required: Annotated[
        Path | None,
        typer.Option("--required", help="The required curve, as `acd plan staff` writes it (CSV)."),
    ] = None,
    first: Annotated[str, typer.Option("--from", help="The first Monday, like 2026-03-02.")] = "",
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=WEEKS_MOST)] = 4,
    absences: Annotated[
        Path | None, typer.Option("--absences", help="Who is away (CSV: person,from,to).")
    ] = None,
    wishes: Annotated[
        Path | None,
        typer.Option("--wishes", help='Who would like to be free (CSV: person,date,free; "day" or a span).'),
    ] = None,
    frame: Annotated[
        str, typer.Option("--frame", help="Let duties lie anywhere in these hours, like 07:00-18:00.")
    ] = "",
    checked: Annotated[
        Path | None, typer.Option("--check", help="Only check this roster (CSV); nothing is planned.")
    ] = None,
    effort: Annotated[
        float,
        typer.Option(
            "--effort", parser=between(0.1, 86_400), help="Counted work at most, about seconds of a core."
        ),
    ] = 60.0,
    number: Annotated[
        int, typer.Option("--replications", min=2, max=YEARS_MAX, help="How often the weeks are simulated.")
    ] = 100,
    seed: Seed = 1,
    calls_only: CallsOnly = False,
    file: File = DEFAULT,
    out: Out = RESULTS / "roster",
) -> None:
    """Plan who works when, within the law and the contracts; check it; simulate the service it gives.

    Writes roster.csv, coverage.csv and a page to print in German and English. Exit code 1 if a contract's
    hours cannot be kept. With --check FILE every fault of that roster is told with its line (exit code 2).
    """
    with told(BEGINS_ANEW):
        asked = scenario_file.load(file, scenario)
        given = _task(asked, required, first, weeks, absences, wishes, frame, checked)
        if checked is not None:
            _check(asked, given, checked)
            return
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise fail(f"--out {out}: cannot be written: {fault.strerror}") from None
        _plan(asked, given, effort, number, seed, not calls_only, out)


def _task(
    asked: Scenario,
    required: Path | None,
    first: str,
    weeks: int,
    absences: Path | None,
    wishes: Path | None,
    frame: str,
    checked: Path | None,
) -> Task:
    """What is asked for. Raises ConfigFaults with all faults of options and files."""
    faults: list[Fault] = []
    people = asked.staff.order[: int(asked.staff.people.value)]
    if required is None and checked is None:
        faults.append(Fault("--required", "file", "is missing; `acd plan staff` writes one"))
    curve = _read(faults, lambda: required_csv.read(required, asked.house) if required else NOBODY, NOBODY)
    no_absences: tuple[Absence, ...] = ()
    no_wishes: tuple[Wish, ...] = ()
    no_duties: tuple[Listed, ...] = ()
    away = _read(
        faults, lambda: roster_csv.absences(absences, people) if absences else no_absences, no_absences
    )
    wished = _read(faults, lambda: roster_csv.wishes(wishes, people) if wishes else no_wishes, no_wishes)
    span = _read(faults, lambda: _span(frame), None)
    monday = _read(faults, lambda: _monday(first, checked is not None), None)
    if checked is not None:
        listed = _read(faults, lambda: duties.read(checked, people).listed, no_duties)
        days = [each.duty.day for each in listed]
        if monday is None and days:
            monday = min(days) - timedelta(days=min(days).weekday())
            weeks = (max(days) - monday) // timedelta(weeks=1) + 1
        if not days and not faults:
            faults.append(Fault(str(checked), "file", "has no duty that can be read"))
    if faults or monday is None:
        raise ConfigFaults(faults)
    return task(asked, curve, monday, weeks, absences=away, wishes=wished, frame=span)


def _read(faults: list[Fault], read: Callable[[], T], otherwise: T) -> T:
    try:
        return read()
    except ConfigFaults as found:
        faults.extend(found.faults)
        return otherwise


def _span(text: str) -> Span | None:
    try:
        return Span.parse(text) if text else None
    except ValueError as fault:
        raise ConfigFaults([Fault("--frame", "hours", str(fault))]) from None


def _monday(text: str, may_lack: bool) -> date | None:
    if not text and may_lack:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        why = f"{cleaned(text)!r} is no date; write a Monday like 2026-03-02"
        raise ConfigFaults([Fault("--from", "date", why)]) from None
    if found.weekday():
        before = found - timedelta(days=found.weekday())
        why = f"{found} is a {found:%A}; weeks begin on a Monday, like {before} or {before + timedelta(7)}"
        raise ConfigFaults([Fault("--from", "date", why)])
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ConfigFaults([Fault("--from", "date", f"{found} is not in {FIRST_YEAR} to {LAST_YEAR}")])
    return found


def _check(asked: Scenario, given: Task, path: Path) -> None:
    read = duties.read(path, [person.id for person in given.people])
    listed = read.duties()
    found = [(_line(fault.key), fault) for fault in read.faults]
    for each in read.listed:
        if not given.first <= each.duty.day <= given.last:
            why = f"{each.duty.day} is not in the weeks from {given.first} to {given.last}"
            found.append((each.line.number, read.sheet.fault(each.line, "date", why)))
    for person, breach in roster_check.broken(given, listed):
        mine = [each for each in read.listed if each.person == person]
        later = [each for each in mine if each.duty.day >= breach.day] or mine
        line = min((each.line.number for each in later if each.duty.day == later[0].duty.day), default=0)
        where = f"line {line}, {person}" if line else f"file, {person}"
        found.append((line, Fault(str(path), where, f"{breach.day}: {breach.said()}")))
    if found:
        raise ConfigFaults([fault for _, fault in sorted(found)])
    typer.echo(f"{path}: {len(read.listed)} duties, {given.first} to {given.last}: {KEPT}")
    if given.required.rows:
        _print_gaps(asked, given, roster_check.gaps(given, roster_check.cover(given, listed)))


def _line(key: str) -> int:
    """The line that a fault's key names."""
    number = key.removeprefix("line ").partition(",")[0]
    return int(number) if number.isdecimal() else 0


def _plan(
    asked: Scenario, given: Task, effort: float, number: int, seed: int, case_work: bool, out: Path
) -> None:
    from acd.plan.roster_page import Contents, page
    from simulation.rosters import roster, roster_trial

    with progress_bar() as bar:
        bar_task = bar.add_task("roster", total=len(roster.AIMS) + (given.weeks if given.weeks > 1 else 0))
        planned = roster.plan(
            given,
            effort=effort,
            progress=lambda step: bar.update(bar_task, advance=1, description=f"roster: {step}"),
        )
        bar.remove_task(bar_task)
        covered = roster_check.cover(given, planned.duties)
        gaps = roster_check.gaps(given, covered)
        broken = roster_check.broken(given, planned.duties)
        bar_task = bar.add_task("simulated", total=2 * number)
        tried = roster_trial.trial(
            asked,
            planned.duties,
            given.first,
            given.last,
            number=number,
            seed=seed,
            case_work=case_work,
            progress=lambda done: bar.update(bar_task, completed=done),
        )
    written = [out / "roster.csv", out / "coverage.csv", out / "roster.de.html", out / "roster.en.html"]
    duties.write(written[0], planned.duties)
    roster_csv.write_cover(written[1], given, covered)
    contents = Contents(asked, given, planned, broken, gaps, tried)
    for path, language in zip(written[2:], LANGUAGES, strict=True):
        path.write_text(page(contents, language), encoding="utf-8")
    typer.echo(f"{asked.name}: {len(given.people)} people, {given.first} to {given.last}\n")
    _print_aims(planned)
    typer.echo("")
    _print_gaps(asked, given, gaps)
    _print_unmet(given, planned.unmet)
    typer.echo(f"working time: {KEPT}" if not broken else "working time, checked apart from the model:")
    for person, breach in broken:
        typer.echo(f"  {person} {breach.day}: {breach.said()}")
    typer.echo("")
    _print_trial(asked, given, tried, case_work)
    for path in written:
        typer.echo(str(path))
    if broken:
        raise typer.Exit(BROKEN)


def _print_aims(planned: "Planned") -> None:
    typer.echo(f"{'aims, in this order':38} {'reached':>8}  {'nothing below':>14}  unit")
    for each in planned.aims:
        words, unit = REACHED[each.name]
        bound = (
            "proven best" if each.proven else f"{each.bound} ({(each.value - each.bound) / each.value:.1%})"
        )
        typer.echo(f"{words:38} {each.value:8}  {bound:>14}  {unit}")


def _print_gaps(asked: Scenario, given: Task, gaps: Sequence[Gap]) -> None:
    """Half-hours and languages that lack people; a language that nobody speaks is said to be one."""
    if not gaps:
        typer.echo("everything required is covered")
        return
    spoken = frozenset().union(*(person.languages for person in given.people))
    for code in (code for code in given.required.languages if code not in spoken):
        if any(gap.what == code for gap in gaps):
            typer.echo(f"nobody of the staff speaks {code} at {Cefr(level(asked, code)).name} or better")
    alike = Counter(each._replace(day=date.min + timedelta(days=each.day.weekday())) for each in gaps)
    halves = sum((each.end - each.begin) // SLOT * each.missing for each in gaps)
    typer.echo(f"missing: {halves} half-hours of a person, at {len(gaps)} times of {len(alike)} kinds:")
    for each, times in list(alike.items())[:SHOWN]:
        what = each.what or "people"
        typer.echo(
            f"  {DAYS[each.day.weekday()]} {clock(each.begin)}-{clock(each.end)} {what}: "
            f"{each.required - each.missing} of {each.required} ({times} times)"
        )
    if len(alike) > SHOWN:
        typer.echo(f"  and {len(alike) - SHOWN} kinds more: coverage.csv and the page have all")


def _print_unmet(given: Task, unmet: Sequence[int]) -> None:
    for place in unmet:
        wish = given.wishes[place]
        typer.echo(f"wish not met: {wish.person} {wish.day} {clock(wish.begin)}-{clock(wish.end)}")
    if unmet:
        typer.echo("wider hours (--frame) leave more room for wishes")


def _print_trial(asked: Scenario, given: Task, tried: "Trial", case_work: bool) -> None:
    typer.echo(f"simulated {tried.number} times, {given.first} to {tried.until}; mean and its 95 % interval:")
    if given.first.year != asked.horizon.year:
        typer.echo(
            f"(the scenario's numbers of {asked.horizon.year} in {given.first.year}; its dated events stay)"
        )
    if tried.until < given.last:
        typer.echo(f"(a simulated year ends on {tried.until}; the days after it are not in these figures)")
    typer.echo(f"{'':40} {'as planned':^32} {'with sickness':^32}")
    shown = (f"service_level_{asked.house.service_level.variant}", *SHOWN_FIGURES)
    for each in figures_of(case_work):
        if each.key in shown:
            planned, sick = (
                f"{known.mean:10,.3f} {known.low:10,.3f} {known.high:10,.3f}"
                for known in (some[each.key].within(each.unit) for some in (tried.planned, tried.sick))
            )
            typer.echo(f"{each.en:40} {planned} {sick}  {each.unit}")
