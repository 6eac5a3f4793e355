"""The commands `acd privacy`: what is kept and for how long, all that is kept of one caller, and its end."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from acd import inventory, subject
from acd.inventory import LATELY, Line
from acd.people.service import operator
from acd.saying import DEFAULT, ConfigFile, centre_of, fail, saying
from acd.store.open import StoreFault
from acd.store.scrubbing import StillInTheLog
from acd.store.vault import normal

app = typer.Typer(no_args_is_help=True, help="What is kept of callers and staff, and its end.")

UNKNOWN: Final = 1
"""The exit code of a number that nobody knows."""


@contextmanager
def _known() -> Iterator[None]:
    """What cannot be used ends the command, and so does a number that nobody knows."""
    try:
        with saying(StoreFault, StillInTheLog, OSError):
            yield
    except subject.Unknown as unknown:
        typer.echo(unknown.__doc__)
        raise typer.Exit(UNKNOWN) from None


def _number() -> str:
    """Asked for, so that it stands in no shell's history and no list of processes."""
    plain = normal(typer.prompt("telephone number", err=True))
    if not plain:
        raise fail("that is no telephone number; write one like +49 201 8812345 or 0201 8812345")
    return plain


@app.command()
def erase(config: ConfigFile = DEFAULT) -> None:
    """Forget a caller for good, while the daemon runs or not: recordings, messages, notes, which case they
    had, and at last their number, which is asked for. What cannot be done is said, and can be tried again.

    Exit 1 if the number is not known; 2: something cannot be used, and is named.
    """
    centre, plain = centre_of(config), _number()
    with _known():
        gone = asyncio.run(subject.erase(centre, plain, operator().actor))
    typer.echo("the number is forgotten: nothing leads from the records to it any more")
    typer.echo(
        f"deleted: {gone.recordings} recordings of talks and messages, {gone.notes} notes, "
        f"{gone.cases} links to a case"
    )
    kept = "" if subject.folders(centre) else "recordings of talks, "
    typer.echo(
        f"not erased by this: backups made before, {kept}what the telephone provider keeps; a case number "
        f"that was keyed in stands in the journal for {centre.store.journal_days} days at most"
    )


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="The JSON file to write; it must not be there yet.")],
    config: ConfigFile = DEFAULT,
) -> None:
    """Write down all that is kept of a caller, whose number is asked for; whoever runs this alone can read
    the file. Recordings are named in it, with where they lie.

    Exit 1 if the number is not known; 2: something cannot be used, and is named.
    """
    centre, plain = centre_of(config), _number()
    with _known():
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(handle, "w", encoding="utf-8") as out:
                told = asyncio.run(subject.told(centre, plain, operator().actor))
                json.dump(told, out, ensure_ascii=False, indent=2)
                out.write("\n")
        except BaseException:
            file.unlink(missing_ok=True)
            raise
    counted = ", ".join(f"{len(told[each])} {each}" for each in ("visits", "cases", "notes", "recordings"))
    typer.echo(f"{file}: {counted}; delete it once it is handed over")


@app.command()
def report(
    config: ConfigFile = DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say of every kind of data how much is kept, since when, for how long by which setting, when the next
    goes, and what was purged when. Nothing of one person is in it.

    Exit 2: something cannot be used, and is named.
    """
    centre = centre_of(config)
    with saying(StoreFault):
        lines = asyncio.run(inventory.report(centre))
    if as_json:
        typer.echo(json.dumps([each._asdict() for each in lines], ensure_ascii=False, indent=2))
        return
    for each in lines:
        typer.echo(f"{each.kind}: {each.what}")
        typer.echo(f"  {_said(each)}")


def _said(line: Line) -> str:
    kept = line.trouble or f"{line.kept} kept"
    if line.since:
        kept += f", the oldest of {line.since[:10]}"
    kept += f"; for {line.days} days ({line.setting})"
    if line.next:
        kept += f", the next goes {line.next[:10]}"
    if not line.purged_at:
        return f"{kept}; never purged yet"
    return (
        f"{kept}; purged {line.purged_at[:16].replace('T', ' ')}, {line.purged_lately} in {LATELY.days} days"
    )
