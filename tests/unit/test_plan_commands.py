"""`acd plan`: what a planner types, reads back, and is told when something is wrong."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from acd.plan import app

PROJECT = Path(__file__).resolve().parents[2]
SHIPPED = str(PROJECT / "config" / "planning.toml")
ACD = str(Path(sys.executable).with_name("acd"))


def _acd(*args: str) -> Result:
    return CliRunner().invoke(app, args)


def test_check_lists_the_scenarios() -> None:
    done = _acd("check", "--file", SHIPPED)
    assert done.exit_code == 0
    assert "2023_flow: 2023: 15 staff, 8,000 cases a year" in done.stdout
    assert "assumptions" in done.stdout


def test_check_tells_every_fault_and_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "welcomecenter.toml").write_bytes((PROJECT / "config/welcomecenter.toml").read_bytes())
    text = Path(SHIPPED).read_text(encoding="utf-8")
    text = text.replace("retrial = { value = 0.5", "retrial = { value = 5").replace("week = {", "weak = {")
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    done = _acd("check", "--file", str(path))
    assert done.exit_code == 2
    for key in ("calls.retrial", "time.weak", "time.week"):
        assert key in done.stderr


def test_run_prints_figures_with_intervals_and_posts(tmp_path: Path) -> None:
    done = _acd(
        "run", "2016", "--file", SHIPPED, "--calls-only", "--half-width", "0.5", "--out", str(tmp_path)
    )
    assert done.exit_code == 0
    assert "5 staff, 2000 cases a year, 30 simulated years" in done.stdout
    assert "95 % interval" in done.stdout
    assert "service level, all offered" in done.stdout
    assert "posts; there are 5.00" in done.stdout


def test_run_prints_turnaround_by_language_and_concern_with_case_work(tmp_path: Path) -> None:
    done = _acd("run", "2016", "--file", SHIPPED, "--half-width", "0.5", "--out", str(tmp_path))
    assert done.exit_code == 0
    for title, unit in (
        ("turnaround, median", "days"),
        ("turnaround, 90 % at most", "days"),
        ("done within the promised time", "1"),
    ):
        _, _, after = done.stdout.partition(f"by language and concern, {title}:\n")
        rows = after.partition("\n\n")[0].splitlines()
        assert {"de", "ar", "employment"} <= {row.split()[0] for row in rows}
        assert {row.split()[-1] for row in rows} == {unit}
        numbers = [[float(each) for each in row.split()[1:4]] for row in rows if "nan" not in row]
        assert len(numbers) > 10
        assert all(low <= mean <= high for mean, low, high in numbers)


def test_run_with_calls_only_prints_no_turnaround(tmp_path: Path) -> None:
    done = _acd(
        "run", "2016", "--file", SHIPPED, "--calls-only", "--half-width", "0.5", "--out", str(tmp_path)
    )
    assert "turnaround" not in done.stdout


def test_run_says_when_the_asked_width_was_not_reached(tmp_path: Path) -> None:
    done = _acd(
        "run", "2016", "--file", SHIPPED, "--calls-only", "--half-width", "0", "--most", "30",
        "--out", str(tmp_path),
    )  # fmt: skip
    assert done.exit_code == 0
    assert "raise --most" in done.stdout


def test_sweep_writes_its_tables(tmp_path: Path) -> None:
    done = _acd(
        "sweep", "2016", "--file", SHIPPED, "--calls-only", "--staff", "5,6", "--cases", "2000",
        "--vary", "calls.talk=5..7:2", "--replications", "2", "--out", str(tmp_path),
    )  # fmt: skip
    assert done.exit_code == 0
    paths = [Path(line) for line in done.stdout.splitlines()]
    assert len(paths) == 6
    head, *rows = (paths[1]).read_text(encoding="utf-8").splitlines()
    assert '"staff.people","cases","calls.talk","replication"' in head
    assert len(rows) == 2 * 1 * 2 * 2


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file", encoding="utf-8")
    named = ("2016", "--file", SHIPPED, "--calls-only", "--out", str(tmp_path))
    for args in (
        ("run", "--most", "30"),
        ("staff", "--staff", "3", "--known"),
        ("sweep", "--staff", "5", "--cases", "2000", "--replications", "2"),
    ):
        done = _acd(args[0], *named, *args[1:])
        assert done.exit_code == 2
        assert f"--out: {tmp_path / 'kept'}" in done.stderr
        assert "cannot be written" in done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("run", "2061"), "did you mean 2016"),
        (("run", "2016", "--figure", "happiness"), "--figure happiness: is none of"),
        (("run", "2016", "--file", "nowhere.toml"), "cannot be read"),
        (("sweep", "2016", "--staff", "five"), "'five' is no number"),
        (("sweep", "2016", "--staff", "5..3"), "is no list of numbers"),
        (("sweep", "2016", "--vary", "calls.nothing=1,2"), "is no number of a scenario"),
        (("sweep", "2016", "--staff", "5,30"), "staff.order names 23"),
        (("run", "2016", "--on", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_exit_code_2(args: tuple[str, ...], said: str) -> None:
    named = args if "--file" in args else (*args, "--file", SHIPPED)
    done = _acd(*named)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupted_sweep_ends_with_130_and_goes_on(tmp_path: Path) -> None:
    """Ctrl-C once a block is kept; the same command ends with the bytes of an undisturbed one."""
    command = [
        ACD, "plan", "sweep", "2016", "--file", SHIPPED, "--calls-only",
        "--staff", "5..8", "--cases", "2000", "--replications", "40",
    ]  # fmt: skip
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path / "broken")],
        stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=PROJECT,
    )  # fmt: skip
    kept = tmp_path / "broken" / "kept"
    while not list(kept.glob("*/*.npz")):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 130
    assert "goes on from here" in said
    assert "Traceback" not in said
    assert len(list(kept.glob("*/*.npz"))) < 4 * 4
    for folder in ("broken", "whole"):
        subprocess.run(
            [*command, "--out", str(tmp_path / folder)], check=True, capture_output=True, cwd=PROJECT
        )
    found = [
        {path.name: path.read_bytes() for path in next((tmp_path / folder).glob("2016-*")).iterdir()}
        for folder in ("broken", "whole")
    ]
    assert found[0] == found[1]
