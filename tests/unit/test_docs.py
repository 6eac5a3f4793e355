"""The documents are true: diagrams from the tables, and every setting of the examples is accepted."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
import tomli_w

from config.load import load
from config.tables.alarm import Alarm, AlarmKind
from config.tables.hook import HookEvent
from config.tables.outlook import Outlook
from config.tables.rules import (
    PriorityClass,
    Refusals,
    Refused,
    Routing,
    RoutingPlan,
    RoutingReserve,
    RoutingStep,
)
from routing.select import CRITERIA, REASONS
from tests import diagrams

PROJECT = Path(__file__).resolve().parents[2]
ROUTING = (PROJECT / "docs" / "routing.md").read_text(encoding="utf-8")
GUIDES = ("CONTRIBUTING.md", "docs/design.md")
ALARMS = (PROJECT / "docs" / "alarms.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", ROUTING, re.DOTALL)
HOOKS = (PROJECT / "docs" / "hooks.md").read_text(encoding="utf-8")
OTHERS = re.findall(r"```toml\n(.*?)```", ALARMS + HOOKS, re.DOTALL)


def test_the_diagrams_are_those_of_the_tables() -> None:
    assert diagrams.PATH.read_text(encoding="utf-8") == diagrams.text(), "run `make docs`"


@pytest.mark.parametrize("example", EXAMPLES + OTHERS, ids=range(len(EXAMPLES + OTHERS)))
def test_each_example_is_accepted_in_the_centres_file(example: str, tmp_path: Path) -> None:
    raw: dict[str, Any] = tomllib.loads(
        (PROJECT / "config" / "welcomecenter.toml").read_text(encoding="utf-8")
    )
    for table, values in tomllib.loads(example).items():
        raw[table] = raw.get(table, {}) | values if isinstance(values, dict) else values
    path = tmp_path / "centre.toml"
    path.write_text(tomli_w.dumps(raw), encoding="utf-8")
    load(path)


def test_every_setting_has_an_example() -> None:
    """Tables of tables too: each key that the schema knows is written in some example."""
    written: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            written.update(value)
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            collect(each)

    for example in EXAMPLES:
        collect(tomllib.loads(example).get("routing", {}))
    tables = (Routing, RoutingStep, RoutingPlan, PriorityClass, RoutingReserve, Refusals, Refused)
    keys = {field.alias or name for table in tables for name, field in table.model_fields.items()}
    assert keys - written == set()


def test_every_setting_criterion_and_reason_is_described() -> None:
    settings = {field.alias or name for name, field in Routing.model_fields.items()}
    missing = [each for each in (*settings, *CRITERIA, *REASONS) if f"`{each}`" not in ROUTING]
    assert missing == []


def test_every_key_and_kind_of_an_alarm_is_described_and_in_an_example() -> None:
    alarms = [each for example in OTHERS for each in tomllib.loads(example).get("alarm", [])]
    assert {each["kind"] for each in alarms} == set(get_args(AlarmKind))
    assert {key for each in alarms for key in each} == set(Alarm.model_fields)
    assert [each for each in get_args(AlarmKind) if f"| `{each}` |" not in ALARMS] == []


def test_every_event_of_a_web_hook_is_described() -> None:
    assert [each for each in get_args(HookEvent) if f"| `{each}` |" not in HOOKS] == []


def written(guide: str) -> list[str]:
    return re.findall(r"`([^`]+)`", (PROJECT / guide).read_text(encoding="utf-8"))


@pytest.mark.parametrize("guide", GUIDES)
def test_every_file_that_a_guide_names_is_there(guide: str) -> None:
    """From the project's folder; the design's rooms of `routing/` are named from there."""
    named = [each for each in written(guide) if re.fullmatch(r"[\w.]*(/[\w./]*|\.(py|md|toml|csv))", each)]
    assert len(named) > 5
    places = (PROJECT, PROJECT / "routing") if guide == "docs/design.md" else (PROJECT,)
    assert [each for each in named if not any((place / each).exists() for place in places)] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_every_target_and_link_of_a_guide_is_there(guide: str) -> None:
    text = (PROJECT / guide).read_text(encoding="utf-8")
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^(\w+):", makefile, re.MULTILINE)
    assert set(re.findall(r"`make (\w+)", text)) - set(targets) == set()
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert [each for each in links if not (PROJECT / guide).parent.joinpath(each).exists()] == []


def test_every_key_of_the_outlook_is_explained() -> None:
    """And no other is: the first cells of its table name the keys of [outlook]."""
    told = (PROJECT / "docs" / "outlook.md").read_text(encoding="utf-8")
    table = told[told.index("| key |") : told.index("## What it cannot know")]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("|")]
    named = {key for cell in first for key in re.findall(r"`(\w+)`", cell)}
    assert named == set(Outlook.model_fields)
