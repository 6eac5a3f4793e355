"""What is said on stderr: a line each, as whoever reads it wants it."""

import json
import os
import sys
from collections.abc import Iterator

import pytest
import structlog
from typer.testing import CliRunner

from acd import __version__, logs
from acd.cli import app


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def said(form: str, level: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    logs.configure(form, level)
    log = structlog.get_logger()
    log.info("link up", node="pbx1")
    log.warning("no link", why="two words")
    return capsys.readouterr().err.splitlines()


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = map(json.loads, said("json", "info", capsys))
    assert (first["event"], first["node"], first["level"]) == ("link up", "pbx1", "info")
    assert second["why"] == "two words"
    assert first["timestamp"].endswith("Z")


def test_the_journal_gets_priorities_and_no_times(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = said("journal", "info", capsys)
    assert first.startswith('<6>event="link up"')
    assert second.startswith('<4>event="no link"')
    assert "timestamp" not in first


def test_nothing_below_the_level_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = said("text", "warning", capsys)
    assert 'level=warning event="no link"' in line


def test_the_journal_is_known_by_the_file_that_it_reads() -> None:
    there = os.fstat(sys.__stderr__.fileno())  # type: ignore[union-attr]
    named = {"JOURNAL_STREAM": f"{there.st_dev}:{there.st_ino}"}
    assert logs.is_journal(sys.__stderr__, named)  # type: ignore[arg-type]
    assert not logs.is_journal(sys.__stderr__, {"JOURNAL_STREAM": "8:1"})  # type: ignore[arg-type]
    assert not logs.is_journal(sys.__stderr__, {})  # type: ignore[arg-type]


def test_the_release_can_be_asked_for_and_a_shell_can_complete() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.output) == (0, f"{__version__}\n")
    assert "--install-completion" in CliRunner().invoke(app, ["--help"]).output
