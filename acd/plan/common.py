"""What the commands `acd plan ...` share: options, telling of faults, where the work runs, progress."""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config.load import ConfigFaults
from simulation.drivers.tables import ModelFaults
from simulation.runs.kept import NotKept
from simulation.runs.sweep import GridFaults

FAULTY = 2
INTERRUPTED = 130

Named = Annotated[str, typer.Argument(help="A scenario that the file names.")]
File = Annotated[Path, typer.Option("--file", help="The scenario file (TOML).")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same result.")]
CallsOnly = Annotated[
    bool, typer.Option("--calls-only", help="Simulate telephone contacts alone, without case work.")
]
On = Annotated[str, typer.Option("--on", help="A Dask scheduler, like tcp://127.0.0.1:8786.")]
Out = Annotated[Path, typer.Option("--out", help="The folder for results.")]
DEFAULT = Path("config/planning.toml")
RESULTS = Path("build/plan")


def fail(*lines: str) -> typer.Exit:
    """To be raised: what is wrong, a line each, and exit code 2."""
    for line in lines:
        typer.echo(line, err=True)
    return typer.Exit(FAULTY)


GOES_ON = "the same command goes on from here"
BEGINS_ANEW = "nothing is written; the same command begins anew"


@contextmanager
def told(interrupted: str = GOES_ON) -> Iterator[None]:
    """Faults of what was asked for as sentences and exit code 2; an interruption, by Ctrl-C or SIGTERM, says
    how to go on."""
    try:
        with _sigterm_interrupts():
            yield
    except ConfigFaults as fault:
        raise fail(*map(str, fault.faults)) from None
    except (GridFaults, ModelFaults) as fault:
        raise fail(*str(fault).splitlines()) from None
    except NotKept as fault:
        raise fail(f"--out: {fault}") from None
    except KeyboardInterrupt:
        typer.echo(f"interrupted; {interrupted}", err=True)
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """SIGTERM as Ctrl-C, where signals are ours to take: in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def executor_at(address: str) -> Iterator[Executor | None]:
    """Where the work is done: None for this machine's cores."""
    if not address:
        yield None
        return
    from simulation.runs.cluster import Unreachable, cluster

    try:
        with cluster(address) as executor:
            yield executor
    except Unreachable as fault:
        raise fail(str(fault)) from None


def progress_bar() -> Progress:
    """On the error stream, gone when the work is done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def values_of(option: str, text: str) -> tuple[float, ...]:
    """Numbers from "5..23", "2500..8000:500" or "1,2,5"."""
    found: list[float] = []
    try:
        for part in text.split(","):
            span, _, step = part.partition(":")
            first, dots, last = span.partition("..")
            if not dots:
                found.append(float(first))
                continue
            by = float(step or 1)
            count = round((float(last) - float(first)) / by)
            if by <= 0 or count < 0:
                raise ValueError
            found += [float(first) + i * by for i in range(count + 1)]
    except ValueError:
        raise fail(
            f"{option}: {text[:60]!r} is no list of numbers; write one like 5..23 or 2500..8000:500"
        ) from None
    return tuple(dict.fromkeys(found))
