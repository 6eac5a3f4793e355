"""acd plan fit: a scenario's numbers from the centre's own records."""

import os
from datetime import datetime
from math import isnan
from pathlib import Path
from typing import Annotated

import typer

from acd.plan import records
from acd.plan.common import DEFAULT, File, fail, told
from acd.store.open import StoreFault
from simulation import scenario_file
from simulation.fragment import figure, fragment
from simulation.history import History
from simulation.measured import Part
from simulation.scenario import Scenario

app = typer.Typer()

Records = Annotated[
    str, typer.Argument(help="The daemon's records: the path of records.db, or the database's URL.")
]
From = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")]
To = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day, included.")]


def _history(address: str, scenario: Scenario, first: datetime | None, last: datetime | None) -> History:
    try:
        return records.read(
            address, scenario.house, first.date() if first else None, last.date() if last else None
        )
    except StoreFault as fault:
        raise fail(str(fault)) from None


@app.command()
def fit(
    address: Records,
    file: File = DEFAULT,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write a scenario file that extends --file with the numbers.")
    ] = None,
    first: From = None,
    last: To = None,
) -> None:
    """Fit the scenario's numbers to the centre's records: each with interval, count and goodness of fit."""
    from simulation.fit import fit as fitted

    with told():
        scenario = scenario_file.plain(file)
        history = _history(address, scenario, first, last)
        parts = fitted(history, scenario)
    typer.echo(f"records {history.shown()}, beside {file}")
    for part in parts:
        _print(part, scenario)
    if out is not None:
        _write(out, fragment(parts, history, os.path.relpath(file, out.resolve().parent)))


def _print(part: Part, scenario: Scenario) -> None:
    known = dict(scenario.quantities())
    typer.echo(f"\n{part.title}\n{'':44} {'fitted':>9}  {'95 % interval':^21} {'scenario':>9}  {'n':>6}")
    for each in part.numbers:
        before = figure(known[each.key].value) if each.key in known else ""
        value, low, high = ("", "", "") if isnan(each.interval.value) else map(figure, each.interval)
        span = f"{low:>9} to {high:>8}" if low else ""
        typer.echo(
            f"{each.what:44} {value:>9}  {span:21} {before:>9}  {each.n:>6} {each.counted}, {each.unit}"
            + (f"\n{'':44} {each.kept}" if each.kept else "")
        )
    for line in part.said:
        typer.echo(f"  {line}")


def _write(out: Path, text: str) -> None:
    """Only what can be read again stays: a file that would be refused is told of and not left behind."""
    made = out.with_name(f".{out.name}.new")
    try:
        made.write_text(text, encoding="utf-8")
        with told():
            count = len(scenario_file.check(made))
        made.replace(out)
    except OSError as fault:
        raise fail(f"--out {out}: cannot be written: {fault.strerror}") from None
    finally:
        made.unlink(missing_ok=True)
    typer.echo(f"\n{out}: {count} scenarios with these numbers; acd plan run SCENARIO --file {out}")
