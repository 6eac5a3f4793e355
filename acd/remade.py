"""acd records: the history, made anew from the rows."""

import asyncio

import typer

from acd import opening
from acd.saying import DEFAULT, ConfigFile, centre_of, saying
from acd.store import open as stores
from acd.store import summing
from acd.store.open import StoreFault
from config.schema import Centre

app = typer.Typer(no_args_is_help=True, help="The records.")


@app.callback()
def _of_its_own() -> None:
    """So that its one command has a name."""


@app.command()
def rebuild(config: ConfigFile = DEFAULT) -> None:
    """Make the history's sums anew from the rows, while the daemon runs or not: after an upgrade from a
    release that kept none, or when they are in doubt. Of a time whose rows were deleted they stay."""
    with saying(StoreFault):
        count = asyncio.run(_rebuilt(centre_of(config)))
    typer.echo(f"history: made anew from {count} visits")


async def _rebuilt(centre: Centre) -> int:
    url = opening.store_urls(centre)["records"]
    engine = await stores.ready("records", url, make=False)
    try:
        with stores.faults("records", url):
            return await summing.rebuild(engine)
    finally:
        await engine.dispose()
