"""`acd plan replay`: a journal of some days, again as it was and otherwise; faults are one sentence."""

import asyncio
import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from acd.plan import app
from acd.store.journal import SqlJournal
from acd.store.open import ready
from routing.events import Envelope
from simulation.drivers.reference import Reference
from simulation.scenarios import scenario_file
from simulation.scenarios.year import year

PROJECT = Path(__file__).resolve().parents[2]
SHIPPED = str(PROJECT / "config" / "planning.toml")
CENTRE = PROJECT / "config" / "welcomecenter.toml"
DAY = 86_400_000
DAYS = 14
BUSY = 5


def _acd(*args: str) -> Result:
    return CliRunner().invoke(app, ["replay", *args, "--file", SHIPPED, "--scenario", "2016"])


async def _write(path: Path, events: list[Envelope]) -> None:
    journal = await SqlJournal.open(await ready("journal", f"sqlite+aiosqlite:///{path}"))
    if events:
        await journal.append(events)
    await journal.close()


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two weeks of the centre of 2016 with five times the calls; now and then a phone is not answered."""
    model = year(scenario_file.load(Path(SHIPPED), "2016"), case_work=False).model
    end = model.begin_ms + DAYS * DAY
    days = model._replace(
        end_ms=end,
        arrivals=tuple(
            each._replace(expected=each.expected * BUSY) for each in model.arrivals if each.end_ms < end - DAY
        ),
        shifts=tuple(each for each in model.shifts if each.at_ms < end),
    )
    reference = Reference(days, 1, 0)
    reference.keeps_events = True
    reference.run()
    path = tmp_path_factory.mktemp("journal") / "journal.db"
    told = [Envelope(i, 1, at, "pbx", "", 0, event) for i, (event, at) in enumerate(reference.events, 1)]
    asyncio.run(_write(path, told))
    return str(path)


def _numbers(line: str) -> list[float]:
    found = []
    for word in line.replace("(", " ").replace(")", " ").split():
        try:
            found.append(float(word))
        except ValueError:
            continue
    return found


def _figure(done: Result, name: str) -> list[float]:
    """recorded, then mean, low, high of each column."""
    return _numbers(next(line for line in done.stdout.splitlines() if line.startswith(name))[46:-1])


def test_as_it_was_recorded_and_simulated_stand_side_by_side(journal: str) -> None:
    done = _acd(journal, "--replications", "6")
    assert done.exit_code == 0, done.stderr
    assert "lead to the same decisions" in done.stdout
    assert "otherwise" not in done.stdout
    calls, simulated, *_ = _figure(done, "calls queued")
    assert calls == simulated > 200
    recorded, mean, low, high = _figure(done, "service level, all offered")
    assert low <= mean <= high
    assert abs(mean - recorded) < 0.1
    assert "not of how another day would have differed" in done.stdout


def test_with_a_person_less_the_difference_has_an_interval(journal: str, tmp_path: Path) -> None:
    table = tmp_path / "new" / "out.csv"
    done = _acd(journal, "--replications", "6", "--without", "jonas", "--csv", str(table))
    assert done.exit_code == 0, done.stderr
    _, _, _, _, _, _, _, difference, low, high = _figure(done, "service level, all offered")
    assert low <= difference <= high < 0, "worse, surely"
    assert "de: service level" in done.stdout
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    (row,) = (
        each for each in rows if each["figure"].endswith("all_offered") and each["under"] == "difference"
    )
    assert float(row["mean"]) == pytest.approx(difference, abs=6e-4)
    assert (row["seed"], row["replications"]) == ("1", "6")
    few = {each["figure"] for each in rows if each["key"] == "fr"}
    assert few == {"contacts"}, "four calls have no shares"


def test_other_rules_and_other_people(journal: str, tmp_path: Path) -> None:
    """Nobody's time beyond the ring, a roster of one who speaks everything: they work somebody's hours."""
    rules = tmp_path / "other.toml"
    text = CENTRE.read_text(encoding="utf-8")
    assert "wrap_up_seconds = " in text
    head, _, tail = text.partition("wrap_up_seconds = ")
    rules.write_text(f"{head}wrap_up_seconds = 900{tail.lstrip('0123456789')}", encoding="utf-8")
    done = _acd(journal, "--replications", "2", "--policy", str(rules))
    assert done.exit_code == 0, done.stderr
    assert _figure(done, "average speed of answer")[-3] > 0
    people = tmp_path / "people.csv"
    people.write_text(
        "id,name,phone,languages,concerns\n"
        "neu,Neu,p01,de:native en:C2 ar:C1 tr:C1 uk:C1 ru:C1 fa:C1 pl:C1 fr:C1 es:C1,other:5\n",
        encoding="utf-8",
    )
    done = _acd(journal, "--replications", "2", "--roster", str(people))
    assert done.exit_code == 0, done.stderr
    recorded, _, _, _, other, *_ = _figure(done, "abandonment")
    assert recorded < other < 1, "one person serves fewer than five, but some"


def test_what_cannot_be_is_one_sentence_and_exit_code_2(journal: str, tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.db", tmp_path / "text.db"
    asyncio.run(_write(empty, []))
    text.write_text("no database", encoding="utf-8")
    for args, said in (
        ((str(tmp_path / "nowhere.db"),), "is no file; name a journal.db"),
        ((str(text),), "text.db"),
        ((str(empty),), "no caller who came into the queue"),
        ((journal, "--people", "nobody"), "--people: 'nobody' is nobody here; there are"),
        ((journal, "--policy", "nowhere.toml"), "nowhere.toml"),
        ((journal, "--roster", "nowhere.csv"), "nowhere.csv"),
    ):
        done = _acd(*args)
        assert done.exit_code == 2, (args, done.stdout, done.stderr)
        assert said in done.stderr
        assert "Traceback" not in done.stderr
