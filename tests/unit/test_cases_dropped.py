"""Files of cases left in a folder: taken once they are whole, set aside where faulty, told, nothing lost."""

import asyncio
import os
import pwd
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from acd import installing
from acd.cases_dropped import ASIDE_MAX, AT_ONCE, SETTLED_S, CasesDropped
from acd.store.cases import SqlCases
from acd.store.tables import RECORDS
from config.cases_csv import read, without_pins
from config.load import load
from config.people import team
from config.tables.case_line import CaseLine
from config.tables.cases import CasesFolder

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "welcomecenter.toml"
NOW_S = 1_800_000_000.0
WHOLE = "case,state\n1,ready\n"
FAULTY = "case,state\n1,Not Ready\n"


def drop(folder: Path, name: str, text: str, age_s: float = SETTLED_S) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    os.utime(path, (NOW_S - age_s, NOW_S - age_s))
    return path


Work = Callable[[CasesDropped, AsyncEngine], Coroutine[Any, Any, None]]


def run(folder: Path, work: Work, *, tables: bool = True, told: bool = False) -> None:
    """told: callers can ask how their case is, so that files have PINs."""
    asked = CaseLine(concern="other", states=["ready"], key_file=str(folder.parent / "case_line.key"))
    update = {"cases": CasesFolder(folder=str(folder)), "case_line": asked if told else None}
    centre = load(SHIPPED).model_copy(update=update)

    async def whole() -> None:
        engine = create_async_engine("sqlite+aiosqlite://")
        if tables:
            async with engine.begin() as connection:
                await connection.run_sync(RECORDS.create_all)
        await work(CasesDropped(lambda: centre, lambda: {"anna"}, engine), engine)
        await engine.dispose()

    asyncio.run(whole())


async def state(engine: AsyncEngine, reference: str) -> str:
    found = await SqlCases(engine, []).get(reference)
    return found[0].state if found else ""


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_a_whole_file_is_taken_and_goes(tmp_path: Path) -> None:
    drop(tmp_path, "cases.CSV", WHOLE)

    async def work(dropped: CasesDropped, engine: AsyncEngine) -> None:
        await dropped.look(NOW_S)
        assert (await state(engine, "1"), dropped.trouble, names(tmp_path)) == ("ready", "", [])

    run(tmp_path, work)


def test_a_file_that_may_still_grow_is_left(tmp_path: Path) -> None:
    drop(tmp_path, "cases.csv", WHOLE, age_s=SETTLED_S - 1)

    async def work(dropped: CasesDropped, engine: AsyncEngine) -> None:
        await dropped.look(NOW_S)
        assert (await state(engine, "1"), names(tmp_path)) == ("", ["cases.csv"])
        await dropped.look(NOW_S + 1)
        assert (await state(engine, "1"), names(tmp_path)) == ("ready", [])

    run(tmp_path, work)


def test_links_folders_and_other_files_are_left(tmp_path: Path) -> None:
    (tmp_path / "in.csv").mkdir()
    secret = drop(tmp_path, "secret.txt", WHOLE)
    (tmp_path / "link.csv").symlink_to(secret)

    async def work(dropped: CasesDropped, engine: AsyncEngine) -> None:
        await dropped.look(NOW_S)
        assert await state(engine, "1") == ""
        assert names(tmp_path) == ["in.csv", "link.csv", "secret.txt"]

    run(tmp_path, work)


def test_a_faulty_file_is_set_aside_with_its_report_and_told_until_a_whole_one_comes(tmp_path: Path) -> None:
    drop(tmp_path, "cases.csv", FAULTY)

    async def work(dropped: CasesDropped, engine: AsyncEngine) -> None:
        await dropped.look(NOW_S)
        assert names(tmp_path) == ["cases.csv.faulty", "cases.csv.faulty.txt"]
        report = tmp_path / "cases.csv.faulty.txt"
        assert report.stat().st_mode & 0o077 == 0, "its values are no one else's"
        assert "cases.csv: line 2, state: 'Not Ready' is no state" in report.read_text(encoding="utf-8")
        assert "cases could not be taken from 1 file(s), last cases.csv.faulty" in dropped.trouble
        again = CasesDropped(dropped._centre, dropped._owners, engine)
        await again.look(NOW_S)
        assert again.trouble == dropped.trouble, "a restart forgets nothing"
        drop(tmp_path, "cases.csv", WHOLE)
        await dropped.look(NOW_S)
        assert (await state(engine, "1"), dropped.trouble, names(tmp_path)) == ("ready", "", [])

    run(tmp_path, work)


PIN = "90817263"
"""What may be left of it nowhere."""
ROWS = f"471101;in_work;anna;{PIN}\n\n471102;Odd;nobody;{PIN}\n"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"case;state;owner;pin\n{ROWS}", "case,state,owner\n471101,in_work,anna\n\n471102,Odd,nobody\n"),
        (f"PIN,State,Case\n{PIN},Odd,1\n", "state,case\nOdd,1\n"),
        (f"case;state;owner;pin\n1;ready;{PIN};anna\n", "case,state,owner\n1,ready,…\n"),
        (f"case;state;owner;pin\n1;9081-7263;;\n2;{PIN};;\n", "case,state,owner\n1,…,\n2,…,\n"),
        (f"case;state;pin\n1;ready\n2;ready;;{PIN}\n3;ready;\n", "case,state\n…\n…\n3,ready\n"),
        (f'case;state;pin\n1;ready;\n2;"ready;{PIN}\n', "case,state\n1,ready\n…\n"),
        (f"case;state;pin\n;;{PIN}\n1;ready;\n", "case,state\n…\n1,ready\n"),
        (f"case;state;pin code\n1;ready;{PIN}\n", ""),
        (f"1;ready;{PIN}\n2;ready;{PIN}\n", ""),
        (f"case\tstate\tpin\n1\tready\t{PIN}\n", ""),
    ],
    ids=["column", "order", "moved", "spelt", "short", "broken", "alone", "misnamed", "headless", "tabs"],
)
def test_what_is_set_aside_and_its_report_hold_no_pin(tmp_path: Path, text: str, kept: str) -> None:
    """With and without [case_line]; rows stay on the lines that the report names."""
    drop(tmp_path, "cases.csv", text)

    async def work(dropped: CasesDropped, engine: AsyncEngine) -> None:
        await dropped.look(NOW_S)
        aside = tmp_path / "cases.csv.faulty"
        assert aside.read_text(encoding="utf-8") == kept
        assert aside.stat().st_mode & 0o077 == 0
        assert names(tmp_path) == ["cases.csv.faulty", "cases.csv.faulty.txt"]
        report = (tmp_path / "cases.csv.faulty.txt").read_text(encoding="utf-8")
        assert "cases.csv: " in report
        assert PIN not in report
        assert "9081" not in report

    run(tmp_path, work)
    run(tmp_path, work, told=True)


def test_what_was_set_aside_before_loses_its_pins_too_and_keeps_its_place(tmp_path: Path) -> None:
    old = drop(tmp_path, "a.csv.faulty", f"case;state;pin\n1;ready;{PIN}\n", age_s=99)
    drop(tmp_path, "b.csv.faulty", "case,state\n1,Odd\n", age_s=50)
    (tmp_path / "c.faulty").mkdir()

    async def work(dropped: CasesDropped, engine: AsyncEngine) -> None:
        for _ in range(2):
            await dropped.look(NOW_S)
            assert old.read_text(encoding="utf-8") == "case,state\n1,ready\n"
            assert old.stat().st_mtime == NOW_S - 99
            assert old.stat().st_mode & 0o077 == 0

    run(tmp_path, work)


def test_what_is_kept_can_be_mended_and_taken_and_leaves_pins_as_they_are(tmp_path: Path) -> None:
    """Cut off, and yet right: without its column of PINs the copy says nothing of them."""
    kept = tmp_path / "kept.csv"
    kept.write_text(f"case;state;pin;link\n1;ready;{PIN};https://files.example.org/471101\n")
    kept.write_text(without_pins(kept))
    (row,) = read(kept, (), (), pins=True)
    assert (row.case, row.state, row.link, row.pin) == (
        "1",
        "ready",
        "https://files.example.org/471101",
        None,
    )
    assert without_pins(kept) == kept.read_text()


def test_a_file_that_was_cut_off_is_set_aside(tmp_path: Path) -> None:
    async def work(dropped: CasesDropped, engine: AsyncEngine) -> None:
        drop(tmp_path, "a.csv", "case,state\n1,ready\n2,ready\n3,ready\n")
        await dropped.look(NOW_S)
        drop(tmp_path, "b.csv", "case,state\n1,late\n")
        await dropped.look(NOW_S)
        assert await state(engine, "1") == "ready"
        assert "has 1 of the 3 cases" in (tmp_path / "b.csv.faulty.txt").read_text(encoding="utf-8")

    run(tmp_path, work)


def test_what_was_begun_when_the_daemon_ended_is_taken_and_newer_ones_after_it(tmp_path: Path) -> None:
    drop(tmp_path, "cases.csv.taking", "case,state\n1,old\n")
    drop(tmp_path, "cases.csv", WHOLE, age_s=SETTLED_S + 99)

    async def work(dropped: CasesDropped, engine: AsyncEngine) -> None:
        await dropped.look(NOW_S)
        assert (await state(engine, "1"), names(tmp_path)) == ("ready", [])

    run(tmp_path, work)


def test_records_that_are_away_lose_no_file(tmp_path: Path) -> None:
    drop(tmp_path, "cases.csv", WHOLE)

    async def work(dropped: CasesDropped, engine: AsyncEngine) -> None:
        with pytest.raises(OperationalError):
            await dropped.look(NOW_S)
        assert names(tmp_path) == ["cases.csv.taking"]
        async with engine.begin() as connection:
            await connection.run_sync(RECORDS.create_all)
        await dropped.look(NOW_S)
        assert (await state(engine, "1"), names(tmp_path)) == ("ready", [])

    run(tmp_path, work, tables=False)


def test_the_folder_is_worked_off_in_bounds(tmp_path: Path) -> None:
    for number in range(ASIDE_MAX + 3):
        drop(tmp_path, f"{number:02}.csv", FAULTY, age_s=SETTLED_S + 100 - number)

    async def work(dropped: CasesDropped, engine: AsyncEngine) -> None:
        await dropped.look(NOW_S)
        assert len([each for each in names(tmp_path) if each.endswith(".csv")]) == ASIDE_MAX + 3 - AT_ONCE
        for _ in range(3):
            await dropped.look(NOW_S)
        assert [each for each in names(tmp_path) if each.endswith(".faulty")] == [
            f"{number:02}.csv.faulty" for number in range(3, ASIDE_MAX + 3)
        ]
        assert len(names(tmp_path)) == 2 * ASIDE_MAX, "each with its report"

    run(tmp_path, work)


def test_a_folder_that_is_not_there_is_a_fault_and_none_at_all_is_not(tmp_path: Path) -> None:
    async def missing(dropped: CasesDropped, engine: AsyncEngine) -> None:
        with pytest.raises(FileNotFoundError):
            await dropped.look(NOW_S)

    run(tmp_path / "nowhere", missing)
    shipped = load(SHIPPED)
    asyncio.run(CasesDropped(lambda: shipped, set, create_async_engine("sqlite+aiosqlite://")).look(NOW_S))


def test_the_daemon_may_write_into_the_folder_once_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd forbids it every other place; a folder that is there keeps its rights."""
    monkeypatch.setattr(installing, "rendered", lambda *_: "")
    monkeypatch.setattr(installing, "_can_run", lambda _: True)
    written: list[Path] = []
    monkeypatch.setattr(installing.units, "written", lambda _, __, writes, *___: written.extend(writes))
    shipped = load(SHIPPED)
    folder = tmp_path / "new" / "cases"
    store = shipped.store.model_copy(update={"folder": str(tmp_path / "var")})
    centre = shipped.model_copy(update={"cases": CasesFolder(folder=str(folder)), "store": store})
    me = pwd.getpwuid(os.getuid()).pw_name
    installing.installed(tmp_path / "centre.toml", centre, team(centre), tmp_path, me)
    assert folder in written
    assert folder.stat().st_mode & 0o7777 == 0o2770
    folder.chmod(0o700)
    installing.installed(tmp_path / "centre.toml", centre, team(centre), tmp_path, me)
    assert folder.stat().st_mode & 0o7777 == 0o700
