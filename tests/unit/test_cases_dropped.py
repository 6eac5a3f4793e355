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
from config.load import load
from config.people import team
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


def run(folder: Path, work: Work, *, tables: bool = True) -> None:
    centre = load(SHIPPED).model_copy(update={"cases": CasesFolder(folder=str(folder))})

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
