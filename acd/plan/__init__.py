"""The commands `acd plan ...`, one module a group of them; an extra of the installation."""

import typer

from acd.plan import cover, measure, replay, report, roster, simulate, staff

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Plan staff: simulate a year, vary it, report.",
)
for group in (simulate.app, cover.app, measure.app, replay.app, report.app, roster.app, staff.app):
    app.add_typer(group)
