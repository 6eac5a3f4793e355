"""acd plan report: all about a scenario for people who decide, as page and PDF, German and English."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

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
    values_of,
)
from simulation.runs import results
from simulation.scenarios import scenario_file

app = typer.Typer()


class Wanted(StrEnum):
    """Which languages."""

    de = "de"
    en = "en"
    both = "both"


@app.command()
def report(
    scenario: Named,
    file: File = DEFAULT,
    sweep: Annotated[
        Path | None,
        typer.Option("--sweep", help="A folder that `acd plan sweep` named: its grid instead of a new one."),
    ] = None,
    staff: Annotated[
        str, typer.Option("--staff", help="Numbers of staff, like 5..23; else the standard grid's.")
    ] = "",
    cases: Annotated[
        str, typer.Option("--cases", help="Cases a year, like 2500..14000:500; else the standard grid's.")
    ] = "",
    number: Annotated[
        int, typer.Option("--replications", min=2, max=YEARS_MAX, help="Simulated years a point.")
    ] = 30,
    seed: Seed = 1,
    share: Annotated[
        float,
        typer.Option(
            "--sensitivity",
            parser=between(0, 0.9),
            help="Vary each assumption by this share; 0: not at all.",
        ),
    ] = 0.2,
    calls_only: CallsOnly = False,
    on: On = "",
    language: Annotated[
        Wanted, typer.Option("--language", help="Which of the two languages to write.")
    ] = Wanted.both,
    out: Out = RESULTS,
) -> None:
    """Write one self-contained HTML page and a PDF, each in German and English. Goes on where it was."""
    from simulation.report.contents import document
    from simulation.report.gather import field_of, gather
    from simulation.report.numbers import LANGUAGES
    from simulation.report.page import Other, page
    from simulation.report.pdf import pdf

    if sweep is not None and (staff or cases):
        raise fail("--sweep: has its own numbers of staff and cases; leave --staff and --cases out")
    numbers = values_of("--staff", staff) if staff else ()
    span = values_of("--cases", cases) if cases else ()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise fail(f"--out {out}: cannot be written: {fault.strerror}") from None
    with told():
        named = scenario_file.check(file)
        asked = scenario_file.load(file, scenario)
        read = None if sweep is None else results.read(sweep)
        with executor_at(on) as executor, progress_bar() as bar:
            task = bar.add_task(scenario)
            material = gather(
                asked,
                named,
                field=None if read is None else field_of(read, asked, not calls_only),
                staff=numbers,
                cases=span,
                seed=seed if read is None else read.seed,
                replications=number,
                case_work=not calls_only,
                share=share,
                executor=executor,
                kept=out / "kept",
                progress=lambda done, whole: bar.update(task, completed=done, total=whole),
            )
            wanted = [each for each in LANGUAGES if language in (each, Wanted.both)]
            task = bar.add_task("pages", total=2 * len(wanted))
            written = []
            for each in wanted:
                made = document(material, each)
                (second,) = (one for one in LANGUAGES if one != each)
                other = Other(f"report.{second}.html", second) if second in wanted else None
                for name, content in (
                    (f"report.{each}.html", page(made, other).encode()),
                    (f"report.{each}.pdf", pdf(made)),
                ):
                    written.append(out / name)
                    written[-1].write_bytes(content)
                    bar.advance(task)
    for path in written:
        typer.echo(str(path))
