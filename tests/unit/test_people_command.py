"""`acd people`: the guide's commands work as they are written there, and what cannot be done is said."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from acd.cli import app
from config.tables.people import People

PROJECT = Path(__file__).resolve().parents[2]
GUIDE = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
SECTION = GUIDE[GUIDE.index("## People and rights") : GUIDE.index("## What lies where")]
COMMANDS = re.findall(r"^\.venv/bin/acd (people .*)$", SECTION, re.MULTILINE)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    text = (PROJECT / "config" / "welcomecenter.toml").read_text(encoding="utf-8")
    path = tmp_path / "centre.toml"
    path.write_text(text.replace('folder = "../var"', 'folder = "var"'), encoding="utf-8")
    return path


def acd(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["people", *arguments, "--config", str(config)])


def test_the_guides_commands_work_in_their_order(config: Path) -> None:
    done = []
    for command in COMMANDS:
        given = [str(config) if each.endswith("centre.toml") else each for each in shlex.split(command)]
        found = CliRunner().invoke(app, given)
        assert found.exit_code == 0, (command, found.output)
        done.append(found.output)
    assert len(done) > 10
    assert (config.parent / "var" / "records.db").exists(), "in the folder of the test"
    listed = done[3].splitlines()
    assert listed[0].startswith(
        "anna  Anna Kowalska  staff supervisor  last in never, agent anna, first password"
    )
    audit = done[-1]
    for action in ("add", "change", "reset", "disable", "enable", "add_token", "revoke_token"):
        assert f"  {action}  " in audit
    shown = [
        line.rpartition(": ")[2] for each in done for line in each.splitlines() if "shown this once" in line
    ]
    assert len(shown) == 5
    assert [each for each in shown if each in audit or each in done[3]] == []


def test_the_guides_settings_are_all_there_are() -> None:
    example = re.findall(r"```toml\n(.*?)```", SECTION, re.DOTALL)[0]
    assert tomllib.loads(example)["people"].keys() <= People.model_fields.keys()
    People.model_validate(tomllib.loads(example)["people"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "X Y", "--name", "X", "--role", "staff"], "'X Y': an id is a small letter"),
        (["add", "x", "--name", "X", "--role", "wall"], "name at least one role"),
        (["add", "x", "--name", "X", "--role", "staff", "--agent", "q"], "no member of staff has that id"),
        (["change", "x", "--name", "X"], "'x': nobody has that id"),
        (["disable", "x"], "nobody has that id"),
        (["reset", "x"], "nobody has that id"),
        (["end", "x"], "no session has that id"),
        (["tokens", "add", "x", "--role", "wall", "--days", "0"], "a token lasts 1 to 730 days"),
        (["tokens", "add", "x"], "name at least one role"),
        (["tokens", "revoke", "x"], "no token has that name"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(config: Path, arguments: list[str], said: str) -> None:
    found = acd(config, *arguments)
    assert (found.exit_code, said in found.output, len(found.output.splitlines())) == (2, True, 1), (
        found.output
    )


def test_what_is_left_out_of_a_change_stays(config: Path) -> None:
    acd(config, "add", "anna", "--name", "Anna", "--role", "staff", "--agent", "anna")
    assert acd(config, "change", "anna", "--name", "Anna K.").exit_code == 0
    assert acd(config, "list").output.startswith("anna  Anna K.  staff  last in never, agent anna")
    acd(config, "change", "anna", "--agent", "")
    assert "agent" not in acd(config, "list").output
