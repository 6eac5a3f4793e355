"""Each guard that `make chaos --without` takes out is where it is looked for."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from acd.pbx.dialplan import extensions
from config.load import load
from tests.chaos.without import DAEMON, DIALPLAN, NoSuchGuard, take_out

CENTRE = load(Path(__file__).resolve().parents[2] / "config" / "welcomecenter.toml")


@pytest.mark.parametrize("name", DIALPLAN)
def test_a_guard_of_the_dialplan_can_be_taken_out(name: str, tmp_path: Path) -> None:
    file = tmp_path / "extensions.conf"
    file.write_text(whole := extensions(CENTRE, date(2026, 11, 27)), encoding="utf-8")
    take_out(name, file)
    assert file.read_text(encoding="utf-8") != whole


def test_a_guard_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "extensions.conf"
    file.write_text("[general]\n", encoding="utf-8")
    with pytest.raises(NoSuchGuard):
        take_out("landing", file)


@pytest.mark.parametrize("name", DAEMON)
def test_a_guard_of_the_daemon_can_be_taken_out(name: str) -> None:
    command = [sys.executable, "-m", "tests.chaos.without", name, "version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
