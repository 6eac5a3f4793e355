"""`acd plan roster`: files read and refused, a roster checked from outside, its service simulated."""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from acd.plan import app
from config import sheet
from config.duties import Duty
from config.load import ConfigFaults
from simulation.rosters import required_csv, roster_check, roster_csv, roster_trial
from simulation.rosters.required_csv import Curve
from simulation.rosters.roster_check import Gap
from simulation.rosters.roster_task import Absence, Task, Wish, task
from simulation.scenarios import scenario_file
from simulation.scenarios.attendance import MINUTE, Calendar

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "planning.toml"
BASE = scenario_file.load(SHIPPED, "2016")
PEOPLE = ["daryna", "leyla", "aylin", "jonas", "farhad"]
MONDAY = date(2026, 3, 2)
NEEDS = "weekday,begin,people,de,uk\n" + "".join(
    f"{day},{hour:02}:{half},2,1,1\n"
    for day in ("mon", "tue", "wed", "thu", "fri")
    for hour in range(9, 12)
    for half in ("00", "30")
)


def written(folder: Path, text: str) -> Path:
    path = folder / "given.csv"
    path.write_text(text, encoding="utf-8")
    return path


def faults(caught: pytest.ExceptionInfo[ConfigFaults]) -> list[str]:
    return [str(each).partition(": ")[2] for each in caught.value.faults]


def acd(*args: str | Path) -> Result:
    return CliRunner().invoke(app, ["roster", "2016", "--file", str(SHIPPED), *map(str, args)])


def test_a_required_curve_is_read_as_written(tmp_path: Path) -> None:
    path = written(tmp_path, "weekday;begin;people;uk\nTUE;08:30;3;1\nmon;8:00;2;0\n")
    curve = required_csv.read(path, BASE.house)
    assert (curve.languages, curve.rows) == (("uk",), ((0, 480), (1, 510)))
    assert (curve.people.tolist(), curve.by_language.tolist()) == ([2, 3], [[0], [1]])


def test_every_fault_of_a_required_curve_is_told(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "weekday,begin,people,uk\nmon,08:00,2,1\nmon,08:00,2,1\nday,08:10,-1,x\nsun,10:00,1,0\nmon,09:00,2\n",
    )
    with pytest.raises(ConfigFaults) as caught:
        required_csv.read(path, BASE.house)
    assert faults(caught) == [
        "line 6, row: has not the 4 columns of the first line",
        "line 3, begin: stands in line 2 too",
        "line 4, weekday: 'day' is none of mon, tue, wed, thu, fri, sat, sun",
        "line 4, begin: '08:10' is no half-hour; write one like 08:30",
        "line 4, people: '-1' is no whole number from 0 to 200",
        "line 4, uk: 'x' is no whole number from 0 to 200",
        "line 5, weekday: 'sun' is a Sunday, which is kept free (section 9 ArbZG)",
    ]
    with pytest.raises(ConfigFaults, match="may be de, en, ar"):
        required_csv.read(written(tmp_path, "weekday,begin,people,klingon\n"), BASE.house)


def test_absences_and_wishes_are_read_or_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "person,from,to\nleyla,02.03.2026,2026-03-04\n")
    assert roster_csv.absences(path, PEOPLE) == (Absence("leyla", MONDAY, date(2026, 3, 4)),)
    path = written(tmp_path, "person,date,free\njonas,2026-03-02,day\njonas,2026-03-03,14:00-18:00\n")
    assert roster_csv.wishes(path, PEOPLE) == (
        Wish("jonas", MONDAY, 0, 1440),
        Wish("jonas", date(2026, 3, 3), 840, 1080),
    )
    path = written(tmp_path, "person,from,to\nleila,2026-03-04,2026-03-02\nleyla,soon,\n")
    with pytest.raises(ConfigFaults) as caught:
        roster_csv.absences(path, PEOPLE)
    assert [each.split(":")[0] for each in faults(caught)] == [
        "line 2, person",
        "line 2, to",
        "line 3, from",
        "line 3, to",
    ]
    assert "did you mean leyla?" in faults(caught)[0]
    with pytest.raises(ConfigFaults, match="line 2, free: 'noon' is neither"):
        roster_csv.wishes(written(tmp_path, "person,date,free\njonas,2026-03-02,noon\n"), PEOPLE)


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    sheet.write(path, ("a", "b"), [("=1+1", -3), ("@x", "-2"), ("+49", "plain")])
    assert path.read_text(encoding="utf-8") == "a,b\n'=1+1,-3\n'@x,'-2\n'+49,plain\n"


def asked(curve: Curve, weeks: int = 1) -> Task:
    return task(BASE, curve, MONDAY, weeks)


def test_cover_counts_who_works_all_of_a_half_hour(tmp_path: Path) -> None:
    """Rest and a late begin take away the half-hour that they touch; adjoining half-hours are one gap."""
    curve = required_csv.read(
        written(tmp_path, "weekday,begin,people,uk\n" + "".join(f"mon,{at},1,1\n" for at in TIMES)),
        BASE.house,
    )
    duties = {
        "daryna": [Duty(MONDAY, 500, 900, ((690, 705),))],
        "jonas": [Duty(MONDAY, 480, 720)],
    }
    covered = roster_check.cover(asked(curve), duties)
    assert [each.there for each in covered] == [1, 2, 1, 1]
    assert [each.languages for each in covered] == [((1, 0),), ((1, 1),), ((1, 0),), ((1, 1),)]
    assert roster_check.gaps(asked(curve), covered) == [
        Gap(MONDAY, 480, 510, "uk", 1, 1),
        Gap(MONDAY, 690, 720, "uk", 1, 1),
    ]
    alone = roster_check.gaps(asked(curve), roster_check.cover(asked(curve), {}))
    assert [(each.what, each.begin, each.end) for each in alone] == [
        (what, begin, end) for what in ("", "uk") for begin, end in ((480, 540), (690, 750))
    ]


TIMES = ("08:00", "08:30", "11:30", "12:00")


def test_a_roster_of_everybody_s_attendance_is_the_attendance() -> None:
    """The same people, hours and sickness by way of a roster: the same log-ins, row for row."""
    scenario = BASE.changed({"absence.leave": 0, "absence.training": 0})
    calendar = Calendar(scenario)
    rows = calendar.rows(3, 4, 5)
    healthy = Calendar(scenario.changed({"absence.sickness": 0})).rows(3, 4, 5)
    midnights = np.array(calendar.midnights) - calendar.begin_ms
    stretches = []
    for place in range(5):
        mine = healthy[healthy[:, 1] == place]
        for begin, end in zip(mine[mine[:, 2] == 1, 0], mine[mine[:, 2] == 0, 0], strict=True):
            day = int(np.searchsorted(midnights, begin, side="right")) - 1
            stretches.append(
                (place, day, (begin - midnights[day]) // MINUTE, (end - midnights[day]) // MINUTE)
            )
    given = np.array(stretches, np.int64)
    assert np.array_equal(calendar.planned(given, 3, 4, 5), rows)
    assert np.array_equal(calendar.planned(given, 3, 4, 5, sickness=False), healthy)
    assert not np.array_equal(rows, healthy)


def test_a_trial_counts_its_own_weeks_and_sickness_lowers_the_service() -> None:
    scenario = BASE.changed({"absence.sickness": 60})
    duties = {
        person: [
            Duty(MONDAY + timedelta(days=day), 450, 960, ((720, 750),)) for day in range(12) if day % 7 < 5
        ]
        for person in PEOPLE
    }
    found = roster_trial.trial(
        scenario, duties, MONDAY, MONDAY + timedelta(days=13), number=40, case_work=False
    )
    level = "service_level_short_abandons_excluded"
    assert found.until == MONDAY + timedelta(days=13)
    assert 40 < found.planned["contacts"].mean < 200, "two weeks of the 2,000 calls of a year"
    assert found.sick[level].mean < found.planned[level].mean
    later = roster_trial.trial(scenario, {}, date(2026, 12, 28), date(2027, 1, 10), number=2, case_work=False)
    assert later.until == date(2026, 12, 31)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("roster")
    needs, away = folder / "needs.csv", folder / "away.csv"
    needs.write_text(NEEDS, encoding="utf-8")
    away.write_text("person,from,to\nleyla,2026-03-03,2026-03-04\n", encoding="utf-8")
    given = ("--required", needs, "--absences", away, "--from", "2026-03-02", "--weeks", "1")
    return folder, acd(*given, "--effort", "2", "--replications", "5", "--calls-only", "--out", folder)


def test_a_roster_is_planned_checked_and_simulated(planned: tuple[Path, Result]) -> None:
    folder, done = planned
    assert done.exit_code == 0, done.output
    assert "contracts not kept                            0     proven best" in done.stdout
    assert "keeps sections 3 to 5" in done.stdout
    assert "service level, short abandons excluded" in done.stdout
    names = ("roster.csv", "coverage.csv", "roster.de.html", "roster.en.html")
    assert [Path(line).name for line in done.stdout.split()[-4:]] == [*names]
    rows = (folder / "roster.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "date,person,begin,end,rest_begin,rest_end"
    assert not [row for row in rows if row.startswith(("2026-03-03,leyla", "2026-03-04,leyla"))]
    covered = (folder / "coverage.csv").read_text(encoding="utf-8").splitlines()
    assert len(covered) == 1 + 5 * 6
    german = (folder / "roster.de.html").read_text(encoding="utf-8")
    assert "Leyla Nasser" in german
    assert german.count(">abwesend<") == 2


def test_a_roster_that_was_planned_passes_its_check(planned: tuple[Path, Result]) -> None:
    folder, _ = planned
    done = acd(
        "--check",
        folder / "roster.csv",
        "--absences",
        folder / "away.csv",
        "--required",
        folder / "needs.csv",
    )
    assert done.exit_code == 0, done.output
    assert "2026-03-02 to 2026-03-08: keeps sections 3 to 5" in done.stdout


def test_a_check_finds_every_planted_fault_with_its_line(planned: tuple[Path, Result]) -> None:
    folder, _ = planned
    rows = (folder / "roster.csv").read_text(encoding="utf-8").splitlines()
    cells = [row.split(",") for row in rows]
    first = {name: next(i for i, row in enumerate(cells) if row[1] == name) for name in PEOPLE}
    second = [i for i, row in enumerate(cells) if row[1] == "jonas"][1]
    planted = {
        first["daryna"]: ["2026-03-02", "daryna", "06:00", "18:00", "12:00", "12:20"],
        first["leyla"]: ["2026-03-03", "leyla", "08:00", "12:00", "", ""],
        first["aylin"]: ["2026-03-08", "aylin", "08:00", "12:00", "", ""],
        first["jonas"]: ["2026-03-02", "jonas", "16:00", "22:00", "", ""],
        second: ["2026-03-03", "jonas", "08:00", "12:00", "", ""],
        first["farhad"]: ["2026-03-02", "farhat", "25:00", "12:00", "", ""],
    }
    for place, row in planted.items():
        cells[place] = row
    bad = folder / "bad.csv"
    bad.write_text("\n".join(",".join(row) for row in cells) + "\n", encoding="utf-8")
    done = acd("--check", bad, "--absences", folder / "away.csv")
    assert done.exit_code == 2
    told = done.stderr.splitlines()

    def line(name: str, text: str, at: int | None = None) -> bool:
        begin = f"{bad}: line {(first[name] if at is None else at) + 1}, "
        return any(each.startswith(begin) and text in each for each in told)

    assert line("daryna", "§ 3 ArbZG: 11:40 h of work in a day")
    assert line("daryna", "§ 4 ArbZG: 0:20 h of rest, at least 0:45 h")
    assert line("leyla", "a duty while absent")
    assert line("aylin", "§ 9 ArbZG: work on a Sunday")
    assert line("jonas", "§ 5 ArbZG: 10:00 h since the last duty", second)
    assert line("farhad", "did you mean farhad?")
    assert line("farhad", "'25:00' is no time")
    assert any("contract:" in each for each in told)


def test_faults_of_options_and_files_are_told_together(tmp_path: Path) -> None:
    away = written(tmp_path, "person,from,to\nnobody,2026-03-03,2026-03-04\n")
    done = acd("--absences", away, "--from", "2026-03-03", "--frame", "9-5")
    assert done.exit_code == 2
    for part in ("--required: file: is missing", "line 2, person", "is a Tuesday", "--frame: hours"):
        assert part in done.stderr
    assert "2026-03-02 or 2026-03-09" in done.stderr


def test_a_folder_that_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    needs = written(tmp_path, NEEDS)
    done = acd("--required", needs, "--from", "2026-03-02", "--out", needs)
    assert (done.exit_code, done.stderr) == (2, f"--out {needs}: cannot be written: File exists\n")


def test_an_interruption_ends_the_search_with_130(tmp_path: Path) -> None:
    """Also while the solver is at work, which knows nothing of signals."""
    needs = written(tmp_path, NEEDS)
    code = (
        "import os, signal, sys, threading\n"
        "from acd.plan import app\n"
        "from simulation.rosters import roster\n"
        "solved = roster._solved\n"
        "def late(*args, **more):\n"
        "    roster._solved = solved\n"
        "    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "    return solved(*args, **more)\n"
        "roster._solved = late\n"
        "app()\n"
    )
    given = ["roster", "2023_flow", "--file", SHIPPED, "--required", needs, "--from", "2026-03-02"]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            code,
            *map(str, given),
            "--frame",
            "06:00-22:00",
            "--out",
            str(tmp_path / "out"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "the same command begins anew" in done.stderr) == (130, True), done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_a_language_that_nobody_speaks_is_named(tmp_path: Path) -> None:
    needs = written(tmp_path, "weekday,begin,people,pl\nmon,09:00,1,1\nmon,09:30,9,0\n")
    given = ("--required", needs, "--from", "2026-03-02", "--weeks", "1", "--out", tmp_path)
    done = acd(*given, "--effort", "1", "--replications", "2", "--calls-only")
    assert "nobody of the staff speaks pl at C1 or better" in done.stdout
    assert "mon 09:00-09:30 pl: 0 of 1 (1 times)" in done.stdout
    assert "mon 09:30-10:00 people: 5 of 9 (1 times)" in done.stdout
