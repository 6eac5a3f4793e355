"""The house itself: locks without addresses, our own packages, a purpose in every module's first line."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import agents
import config
import routing

PROJECT = Path(__file__).resolve().parents[2]
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True
).stdout.splitlines()
MODULES = [name for name in TRACKED if name.endswith(".py") and not name.startswith("tests/")]
LOCKS = sorted((PROJECT / "requirements").glob("*.txt"))


def test_what_is_imported_is_ours() -> None:
    for package in (agents, config, routing):
        assert package.__file__ is not None
        assert Path(package.__file__).is_relative_to(PROJECT)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_its_purpose_first(name: str) -> None:
    text = (PROJECT / name).read_text(encoding="utf-8")
    said = ast.get_docstring(ast.parse(text))
    assert said, name
    assert len(said.splitlines()[0]) > 10, name


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_holds_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    pinned = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(pinned) > 20
    assert [each.splitlines()[0] for each in pinned if "--hash=sha256:" not in each] == []


def test_the_daemon_installs_without_the_planner() -> None:
    names = (PROJECT / "requirements" / "daemon.txt").read_text(encoding="utf-8")
    assert re.search(r"^(simpy|numba|scipy|matplotlib)==", names, re.MULTILINE) is None


def test_no_address_of_an_index_or_mirror_is_tracked() -> None:
    index = re.compile(r"(deb\.debian|snapshot\.debian|archive\.ubuntu|pypi\.|pythonhosted|npmjs)\b")
    found = [
        name
        for name in TRACKED
        if name != "tests/unit/test_house.py"
        and (PROJECT / name).suffix not in (".png",)
        and index.search((PROJECT / name).read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_licence_is_named() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "EUPL-1.2"
