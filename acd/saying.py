"""How a command of `acd` reads its configuration and ends where something cannot be used: in plain lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from config.load import ConfigFaults, load
from config.schema import Centre

FAULTY = 2
"""The exit code of what is given and cannot be used."""
DEFAULT = Path("config/welcomecenter.toml")

ConfigFile = Annotated[Path, typer.Option("--config", help="The centre's configuration file (TOML).")]


def fail(*lines: str, code: int = FAULTY) -> typer.Exit:
    """To be raised: the lines are said."""
    for line in lines:
        typer.echo(line, err=True)
    return typer.Exit(code)


def centre_of(path: Path) -> Centre:
    """The centre of a configuration file; its faults end the command."""
    try:
        return load(path)
    except ConfigFaults as fault:
        raise fail(*map(str, fault.faults)) from None


@contextmanager
def saying(*faults: type[Exception]) -> Iterator[None]:
    """These end the command with their own words."""
    try:
        yield
    except faults as fault:
        file = isinstance(fault, OSError) and fault.filename
        said = f"{file}: cannot be used: {fault.strerror}" if file else str(fault)  # type: ignore[attr-defined]
        raise fail(*said.splitlines()) from None
