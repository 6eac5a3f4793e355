"""acd plan fit, forecast: what the centre's own records say about a scenario's numbers and the next weeks."""

import csv
import os
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer

from acd.plan import records
from acd.plan.common import BEGINS_ANEW, DEFAULT, File, fail, told
from acd.store.open import StoreFault
from config.load import ConfigFaults
from config.schema import Centre
from simulation.records.fragment import figure, fragment
from simulation.records.history import UNKNOWN, History, attempts, left_out
from simulation.records.history import daily as by_day
from simulation.records.measured import Part
from simulation.scenarios import scenario_file
from simulation.scenarios.scenario import Scenario

if TYPE_CHECKING:
    from simulation.records.forecast import Forecast, Row

app = typer.Typer()

WIDE = 118


class By(StrEnum):
    """What a forecast is told apart by."""

    language = "language"
    concern = "concern"


Records = Annotated[
    str,
    typer.Argument(
        metavar="RECORDS", help="The daemon's records: the path of records.db, or the database's URL."
    ),
]
From = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")]
To = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day, included.")]


def _history(address: str, centre: Centre, first: datetime | None, last: datetime | None) -> History:
    try:
        return records.read(address, centre, first.date() if first else None, last.date() if last else None)
    except StoreFault as fault:
        raise fail(str(fault)) from None


@app.command()
def forecast(
    address: Records,
    file: File = DEFAULT,
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=52, help="How many weeks to come.")] = 8,
    by: Annotated[By | None, typer.Option("--by", help="Each language or concern for itself, too.")] = None,
    daily: Annotated[bool, typer.Option("--daily", help="Each day, too.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="A file for all weeks and days to come (CSV).")
    ] = None,
    first: From = None,
    last: To = None,
) -> None:
    """Forecast calls per week from the records, with intervals and how well it would have done before."""
    with told(BEGINS_ANEW):
        from simulation.records.forecast import forecast as forecasted

        centre = scenario_file.plain(file).house
        history = _history(address, centre, first, last)
        fresh = history.queued & ~attempts(history).second
        whole = by_day(history, centre, fresh)
        typer.echo(f"records {history.shown()}: calls that reached the queue, without second attempts")
        for line in left_out(whole):
            typer.echo(line)
        made = [forecasted("all calls", whole, whole, centre, weeks)]
        if by is not None:
            column = history.language if by == By.language else history.concern
            for name in centre.languages if by == By.language else centre.concerns:
                place = history.names.index(name) if name in history.names else UNKNOWN
                mine = by_day(history, centre, fresh & (column == place))._replace(silent=whole.silent)
                made.append(forecasted(name, mine, whole, centre, weeks))
    for each in made:
        _print_forecast(each, daily)
    typer.echo("\nWhat the records have not seen (a new law, a wave of arrivals) is in no interval.")
    if out is not None:
        _write_rows(out, made)


def _print_forecast(made: "Forecast", daily: bool) -> None:
    known = int(made.weeks.counts.sum())
    typer.echo(f"\n{made.name}: {made.total} calls, {known} of them in {len(made.weeks.begins)} whole weeks")
    if made.tried:
        typer.echo(
            f"  {'tried on the weeks before':44} {'MASE':>6}  {'in the 95 % interval':>20}  {'width':>6}"
        )
    for each in made.tried:
        covered = f"{each.covered} of {each.checked}"
        mark = "<- taken" if each.way == made.way else ""
        typer.echo(f"  {each.way.what:44} {each.error:>6.2f}  {covered:>20}  {each.width:>6.1f}  {mark}")
    if made.way is None:
        for begin, count in zip(made.weeks.begins, made.weeks.counts.tolist(), strict=True):
            typer.echo(f"  week of {begin}  {count:>6.0f}")
    for line in made.said:
        typer.echo(f"  {line}")
    if made.coming:
        typer.echo(f"  {'week of':14} {'expected':>9}  {'95 % interval':>14}  open days")
    for row in made.coming:
        typer.echo(f"  {row.begin!s:14} {_expected(row)}  {row.open:>9}")
    if daily and made.days:
        typer.echo(f"  {'day':14} {'expected':>9}  {'95 % interval':>14}")
    for row in made.days if daily else []:
        typer.echo(f"  {row.begin:%Y-%m-%d %a} {_expected(row)}")


def _write_rows(out: Path, made: "list[Forecast]") -> None:
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("of", "span", "begin", "open_days", "expected", "low", "high"))
            for each in made:
                for span, some in (("week", each.coming), ("day", each.days)):
                    for row in some:
                        values = (f"{row.mean:.3f}", f"{row.low:.0f}", f"{row.high:.0f}")
                        rows.writerow((each.name, span, row.begin, row.open, *values))
    except OSError as fault:
        raise fail(f"--out {out}: cannot be written: {fault.strerror}") from None
    typer.echo(str(out))


def _expected(row: "Row") -> str:
    span = f"{row.low:.0f} to {row.high:.0f}"
    return f"{row.mean:>9.1f}  {span:>14}"


@app.command()
def fit(
    address: Records,
    file: File = DEFAULT,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write a scenario file that extends --file with the numbers.")
    ] = None,
    drawn: Annotated[
        Path | None, typer.Option("--pictures", help="A folder for pictures of the fit (SVG).")
    ] = None,
    first: From = None,
    last: To = None,
) -> None:
    """Fit the scenario's numbers to the centre's records: each with interval, count and goodness of fit."""
    with told(BEGINS_ANEW):
        from simulation.records.fit import fit as fitted

        scenario = scenario_file.plain(file)
        history = _history(address, scenario.house, first, last)
        parts = fitted(history, scenario)
    typer.echo(f"records {history.shown()}, beside {file}")
    for part in parts:
        _print(part, scenario)
    if drawn is not None:
        _draw(drawn, history)
    if out is not None:
        _write(out, fragment(parts, history, os.path.relpath(file, out.resolve().parent)))


def _print(part: Part, scenario: Scenario) -> None:
    known = dict(scenario.quantities())
    head = f"{'fitted':>9}  {'95 % interval':^21}  {'scenario':>9}  {'unit':10} {'n':>6}"
    typer.echo(f"\n{part.title:46} {head}")
    for each in part.numbers:
        before = figure(known[each.key].value) if each.key in known else ""
        value, span = "kept", each.kept
        if not each.kept:
            value, low, high = map(figure, each.interval)
            span = f"{low:>8} to {high:>8}"
        row = f"{value:>9}  {span:21}  {before:>9}  {each.unit:10} {each.n:>6} {each.counted}"
        typer.echo(f"  {each.what:44} {row}")
    for line in part.said:
        typer.echo(fill(line, WIDE, initial_indent="    ", subsequent_indent="    "))


def _draw(folder: Path, history: History) -> None:
    from simulation.records.fit_pictures import pictures

    typer.echo("")
    for name, picture in pictures(history).items():
        path = folder / f"{name}.svg"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture)
        except OSError as fault:
            raise fail(f"--pictures {folder}: cannot be written: {fault.strerror}") from None
        typer.echo(str(path))


def _write(out: Path, text: str) -> None:
    """Only what can be read again stays: a file that would be refused is told of and not left behind."""
    made = out.with_name(f".{out.name}.new")
    try:
        made.write_text(text, encoding="utf-8")
        count = len(scenario_file.check(made))
        made.replace(out)
    except ConfigFaults as fault:
        raise fail(
            *(str(each._replace(file=each.file.replace(made.name, out.name))) for each in fault.faults)
        ) from None
    except OSError as fault:
        raise fail(f"--out {out}: cannot be written: {fault.strerror}") from None
    finally:
        made.unlink(missing_ok=True)
    typer.echo(f"\n{out}: {count} scenarios with these numbers; acd plan run SCENARIO --file {out}")
