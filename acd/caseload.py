"""The commands `acd cases`: which cases the office has, taken over from its own file."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from acd import case_key, opening
from acd.people.audit import commanded
from acd.people.service import operator
from acd.saying import DEFAULT, ConfigFile, centre_of, saying
from acd.store import cases, roster
from acd.store import open as stores
from acd.store.open import StoreFault
from config import cases_csv
from config.load import ConfigFaults, Fault
from config.schema import Centre

app = typer.Typer(no_args_is_help=True, help="Cases of the office.")


@app.callback()
def _cases() -> None:
    pass


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV: case, state; there may be owner, concern, link, pin.")],
    config: ConfigFile = DEFAULT,
    fewer: Annotated[
        bool, typer.Option("--fewer", help="Most of the cases that are known may be missing in it.")
    ] = False,
) -> None:
    """Take over all cases of the office from a CSV file (UTF-8 or Windows-1252; comma or semicolon), in place
    of those that are known: all of it, or nothing and every fault by line. In force at once.

    Exit 2: something cannot be used, and is named.
    """
    centre = centre_of(config)
    with saying(ConfigFaults, StoreFault, case_key.KeyFault):
        taken = asyncio.run(_import(centre, file, fewer))
    typer.echo(f"{taken.now} cases: {taken.new} new, {taken.changed} changed, {taken.gone} gone")


async def _import(centre: Centre, file: Path, fewer: bool) -> cases.Taken:
    """Raises ConfigFaults, StoreFault, KeyFault."""
    url = opening.store_urls(centre)["records"]
    engine = await stores.ready("records", url)
    try:
        with stores.faults("records", url):
            people = await roster.in_force(engine, centre)
        owners = {each.id for each in people.team.agents}
        told = centre.case_line is not None
        rows = cases_csv.read(file, centre.concerns, owners, pins=told)
        key = case_key.own(centre) if told else b""
        with stores.faults("records", url):
            taken = await cases.take_over(engine, rows, key, fewer=fewer)
            await commanded(engine, operator().actor, "cases_import", f"{taken.now} cases")
            return taken
    except cases.TooFew as fault:
        raise ConfigFaults([Fault(str(file), "file", str(fault))]) from None
    finally:
        await engine.dispose()
