"""Every command of the tutorial does what it says, on a small scale: fewer years, a smaller grid."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acd.plan import app
from simulation.drivers.reference import Reference
from tests import histories

PROJECT = Path(__file__).resolve().parents[2]
TUTORIAL = (PROJECT / "docs" / "planning.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```console\n(.*?)```", TUTORIAL, re.DOTALL)
    for line in block.splitlines()
    if "--on" not in line  # a cluster has a test of its own
]
SMALLER = {
    "run": "--most 30",
    "sweep": "--staff 15 --cases 8000 --replications 2",
    "coverage": "--replications 2",
    "staff": "--staff 20,23 --most 30 --calls-only",
    "roster": "--weeks 1 --replications 2 --effort 15",
    "replay": "--replications 2 --scenario 2016",
    "report": "--replications 2 --staff 14,15 --cases 7500,8000 --calls-only --language en",
}


@pytest.fixture(scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the planner has it: the configuration, and what the daemon recorded in some weeks."""
    folder = tmp_path_factory.mktemp("office")
    shutil.copytree(PROJECT / "config", folder / "config", ignore=shutil.ignore_patterns("*.py", "deploy"))
    (folder / "var").mkdir()
    model = histories.weeks_of_calls(8)
    await histories.record(folder / "var", histories.simulated(model, 7))
    reference = Reference(model, 7, 0)
    reference.keeps_events = True
    reference.run()
    await histories.journal(folder / "var" / "journal.db", reference.events)
    return folder


def test_the_commands_of_the_tutorial(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its order: some take what an earlier one wrote."""
    monkeypatch.chdir(office)
    for command in COMMANDS:
        program, plan, name, *args = shlex.split(command)
        assert (program, plan) == ("acd", "plan")
        done = CliRunner().invoke(app, [name, *args, *SMALLER.get(name, "").split()])
        assert done.exit_code == 0, f"{command}: {done.output}"
        assert done.stdout, command


def test_every_command_of_the_planner_is_in_the_tutorial() -> None:
    groups = [each.typer_instance for each in app.registered_groups]
    commands = [each for group in groups if group for each in group.registered_commands]
    known = {each.name or (each.callback.__name__ if each.callback else "") for each in commands}
    told = {shlex.split(command)[2] for command in COMMANDS}
    assert known == told


def test_the_pictures_are_there() -> None:
    for name in re.findall(r"!\[[^]]+\]\(([^)]+)\)", TUTORIAL):
        assert (PROJECT / "docs" / name).is_file(), name
