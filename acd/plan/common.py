"""What the commands `acd plan ...` share: options, telling of faults, where the work runs, progress."""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config.load import ConfigFaults, cleaned
from simulation.drivers.tables import ModelFaults
from simulation.runs.kept import NotKept
from simulation.runs.sweep import GridFaults
from simulation.scenarios.refusal import Unfit, number

LARGEST: Final = 1e9
VALUES_MAX: Final = 1_000
SEED_MAX: Final = 2**63 - 1
YEARS_MAX: Final = 100_000
"""Simulated years that may be asked for."""
FAULTY = 2
INTERRUPTED = 130

Named = Annotated[str, typer.Argument(help="A scenario that the file names.")]
File = Annotated[Path, typer.Option("--file", help="The scenario file (TOML).")]
Seed = Annotated[
    int, typer.Option("--seed", min=0, max=SEED_MAX, help="The same seed gives the same result.")
]
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
    except (GridFaults, ModelFaults, Unfit) as fault:
        raise fail(*str(fault).splitlines()) from None
    except NotKept as fault:
        raise fail(f"--out: {fault}") from None
    except OSError as fault:
        raise fail(f"{fault.filename or 'a file'}: cannot be used: {fault.strerror or fault}") from None
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


def between(least: float, most: float, *, ends: bool = True) -> Callable[[str], float]:
    """For typer.Option(parser=...): a number between these limits, its ends included or not."""

    def number_of(typed: str) -> float:
        try:
            found = number(str(typed).strip())
        except ValueError as fault:
            raise typer.BadParameter(f"{cleaned(typed)!r} {fault}") from None
        if not (least <= found <= most if ends else least < found < most):
            which = "included" if ends else "left out"
            raise typer.BadParameter(f"{found:g} does not lie between {least:g} and {most:g}, both {which}")
        return found

    return number_of


def values_of(option: str, text: str) -> tuple[float, ...]:
    """Numbers from "5..23", "2500..8000:500" or "1,2,5". Exits with one sentence on what cannot be read."""
    found: list[float] = []
    for part in text.split(","):
        try:
            found += _span(part.strip())
        except ValueError as fault:
            raise fail(f"{cleaned(option)}: {cleaned(part)!r} {fault}") from None
        if len(found) > VALUES_MAX:
            raise fail(f"{cleaned(option)}: {cleaned(text)!r} are more than {VALUES_MAX:,} values")
    return tuple(dict.fromkeys(found))


def whole_of(option: str, text: str) -> tuple[int, ...]:
    """The same, of whole numbers alone."""
    found = values_of(option, text)
    if broken := [each for each in found if each != int(each)]:
        raise fail(f"{option}: {broken[0]:g} is no whole number")
    return tuple(map(int, found))


def _span(text: str) -> list[float]:
    """Raises ValueError with what is wrong, to follow what was typed."""
    span, colon, step = text.partition(":")
    first, dots, last = span.partition("..")
    if not dots:
        if colon or not first:
            raise ValueError("is no list of numbers; write one like 5..23 or 2500..8000:500")
        return [number(first)]
    begin, end, by = number(first), number(last), number(step) if colon else 1.0
    if by <= 0 or end < begin:
        raise ValueError("is no list of numbers: it rises from the first to the last by steps above 0")
    count = int((end - begin) / by + 0.5)
    if count > VALUES_MAX:
        raise ValueError(f"are more than {VALUES_MAX:,} values")
    return [begin + i * by for i in range(count + 1)]
