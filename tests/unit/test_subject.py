"""One caller: everything that is kept of them is told, and ended, by their number; and nothing of others."""

import asyncio
import json
import stat
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from sqlalchemy import Table, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner, Result

from acd import opening
from acd.cli import app
from acd.store.about import LEFT_OUT
from acd.store.open import upgrade
from acd.store.purging import OF_VISITS
from acd.store.tables import (
    audit,
    case_callers,
    case_files,
    events,
    handlings,
    numbers,
    set_aside,
    texts,
    visits,
)
from acd.store.texts import SqlTexts
from acd.store.vault import SqlVault
from config.load import load
from config.schema import Centre
from tests.unit.test_daemon import SOURCE
from tests.unit.test_retention import counts, row

NUMBER, OTHER = "+492018812345", "+492018812399"
NOW = datetime(2026, 10, 7, 10, tzinfo=UTC)
FOR_EVER_MS = 4_000_000_000_000
MINE, THEIRS = 4_294_967_301, 4_294_967_401
FILES = ("1795776906.1-0-1795776907.2.wav", "1795776907.9-message.wav", "1795776999.5-0-1795776999.6.wav")
"""A talk of theirs; a message they left on a call from a number that was not sent; another's talk."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A centre whose stores hold two callers, and each table with rows of visits a row of both."""
    path = described(tmp_path)
    asyncio.run(filled(load(path)))
    return path


def described(folder: Path, **store: str) -> Path:
    """The file of a centre with messages, and their folder. store: where its stores are."""
    raw = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    raw["store"] = {"folder": "var"} | store
    raw |= {"message": {"folder": "monitor"}, "callback": {}, "trunk": {"provider": "sip.example.org"}}
    path = folder / "centre.toml"
    path.write_text(tomli_w.dumps(raw), encoding="utf-8")
    (folder / "monitor").mkdir()
    for name in FILES:
        (folder / "monitor" / name).write_bytes(b"RIFF")
    return path


async def put(engine: AsyncEngine, table: Table, **values: Any) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(table), row(table, **values))


async def filled(centre: Centre) -> None:
    await upgrade(opening.store_urls(centre))
    async with opening.read(centre, changes=True) as (journal, records, vault):
        for token, number, visit, call, case in (
            ("a" * 32, NUMBER, MINE, "1795776906.1", "4711-MINE"),
            ("b" * 32, OTHER, THEIRS, "1795776999.5", "4712-THEIRS"),
        ):
            await put(vault, numbers, token=token, number=number, forget_ms=FOR_EVER_MS)
            staff = {"answered_by": "daryna", "owner": "daryna"}
            await put(records, visits, id=visit, token=token, call=call, case=case, arrived_at=NOW, **staff)
            for table in OF_VISITS:
                named = {each: "daryna" for each in ("agent", "to_agent", "done_by") if each in table.c}
                key = {"id": visit} if "id" in table.c and not counts(table) else {}
                await put(records, table, visit=visit, **named, **key)
            await put(records, case_files, reference=case, owner="daryna", state="in_work")
            await put(records, case_callers, token=token, reference=case)
            await put(records, set_aside, seq=visit, kind="CallerRecognised", fact=f'{{"token":"{token}"}}')
            await put(journal, events, seq=visit, at_ms=1, kind="Recognised", body=f'{{"token":"{token}"}}')
            await put(journal, events, seq=visit + 1, at_ms=2, kind="Noted", body=f'{{"visit":{visit}}}')
            notes = SqlTexts(vault, SqlVault(vault, 30, []).scrubbing, 90)
            await notes.keep({"note": f"wrote about {case}"}, token, "person:daryna", 1_790_000_000_000)
        message = {"kind": "message", "message": FILES[1], "arrived_at": NOW}
        await put(records, visits, id=MINE + 1, token="a" * 32, **message)


def acd(config: Path, *words: str, said: str = NUMBER) -> Result:
    return CliRunner().invoke(app, ["privacy", *words, "--config", str(config)], input=f"{said}\n")


def held(config: Path, word: str) -> set[str]:
    """The files that hold this."""
    folder = config.parent
    return {
        each.name
        for each in folder.rglob("*")
        if each.is_file() and each.suffix != ".json" and word.encode() in each.read_bytes()
    }


def test_all_that_is_kept_of_a_caller_is_told_and_nothing_of_others(config: Path, tmp_path: Path) -> None:
    """Every table has its row in it, the note its text, recordings and a message are named; no name of the
    staff, no other caller, no token. Only whoever asked can read the file, and the audit has it."""
    file = tmp_path / "told.json"
    done = acd(config, "export", str(file))
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text(encoding="utf-8")
    told = json.loads(text)
    assert told["number"]["number"] == NUMBER
    assert {table.name for table in OF_VISITS} <= told["visits"][0].keys() | told["visits"][1].keys()
    assert [each["text"] for each in told["notes"]] == [{"note": "wrote about 4711-MINE"}]
    assert told["cases"] == [{"reference": "4711-MINE", "concern": "", "state": "in_work", "outcomes": ""}]
    assert [Path(each).name for each in told["recordings"]] == [FILES[0], FILES[1]]
    assert [each["event"] for each in told["journal"]] == ["Recognised", "Noted"]
    assert told["kept_for_days"]["visits"] == 1095
    for others in ("daryna", "THEIRS", OTHER, FILES[2], "a" * 32, "b" * 32):
        assert others not in text
    assert audited(config) == ["export_caller"]
    again = acd(config, "export", str(file))
    assert (again.exit_code, again.output.splitlines()[-1]) == (
        2,
        f"{file}: cannot be used: File exists",
    )
    assert file.read_text(encoding="utf-8") == text


def test_no_column_that_names_staff_is_told() -> None:
    """Whatever comes to these tables: what is called like one of the staff's is left out."""
    words = ("agent", "owner", "answered_by", "done_by")
    columns = {each.name for table in (visits, *OF_VISITS) for each in table.c}
    assert {each for each in columns if any(word in each for word in words)} <= LEFT_OUT


def test_a_caller_is_erased_with_everything_and_others_stay(config: Path, tmp_path: Path) -> None:
    assert held(config, NUMBER)
    assert held(config, "4711-MINE")
    done = acd(config, "erase")
    assert done.exit_code == 0, done.output
    assert "deleted: 2 recordings of talks and messages, 1 notes, 1 links to a case" in done.output
    assert {each.name for each in (tmp_path / "monitor").iterdir()} == {FILES[2]}
    assert held(config, NUMBER) == set()
    assert held(config, "wrote about 4711-MINE") == set()
    assert held(config, OTHER)
    asyncio.run(left(load(config)))
    assert audited(config) == ["erase_caller"]
    again = acd(config, "erase")
    assert (again.exit_code, again.output.splitlines()[-1]) == (1, "the number is not known")


async def left(centre: Centre) -> None:
    """What an erasure leaves in the stores."""
    async with opening.read(centre) as (_, records, vault):
        async with records.connect() as connection:
            cases = (await connection.execute(select(visits.c.id, visits.c.case))).all()
            assert {tuple(each) for each in cases} == {(MINE, ""), (MINE + 1, ""), (THEIRS, "4712-THEIRS")}
            assert list((await connection.execute(select(case_callers.c.token))).scalars()) == ["b" * 32]
            assert list((await connection.execute(select(set_aside.c.seq))).scalars()) == [THEIRS]
            assert len((await connection.execute(select(handlings))).all()) == 2
        async with vault.connect() as connection:
            assert list((await connection.execute(select(texts.c.about))).scalars()) == ["b" * 32]


def audited(config: Path) -> list[str]:
    """What was done to callers; nothing of whom."""

    async def read() -> list[str]:
        async with opening.read(load(config)) as (_, records, _), records.connect() as connection:
            rows = (await connection.execute(select(audit))).all()
        assert {each.subject for each in rows} == {"a caller"}
        assert all(each.actor.startswith("command:") and each.reason == "" for each in rows)
        return [each.action for each in rows]

    return asyncio.run(read())


@pytest.mark.parametrize("words", [["erase"], ["export", "told.json"]])
def test_the_number_is_asked_for_and_never_an_argument(config: Path, words: list[str]) -> None:
    """A shell keeps its history, and everybody sees what a process was called with."""
    for more in ([NUMBER], ["--number", NUMBER]):
        refused = acd(config, *words, *more)
        assert refused.exit_code == 2
        assert held(config, NUMBER)
    nonsense = acd(config, *words, said="nonsense")
    assert (nonsense.exit_code, "that is no telephone number; write one like" in nonsense.output) == (2, True)
    assert not Path("told.json").exists()


def test_a_folder_that_cannot_be_read_is_named_and_nothing_is_erased(config: Path, tmp_path: Path) -> None:
    (tmp_path / "monitor").rename(tmp_path / "away")
    failed = acd(config, "erase")
    assert (failed.exit_code, "monitor: cannot be used: No such file" in failed.output) == (2, True)
    assert held(config, NUMBER)


def test_the_report_says_of_every_kind_how_much_since_when_until_when(config: Path) -> None:
    """And nothing of one person. What a folder hides is said, and hides no other kind."""
    lines = {each["kind"]: each for each in json.loads(acd(config, "report", "--json").output)}
    assert {kind: each["kept"] for kind, each in lines.items()} == {
        "numbers": 2, "texts": 2, "case_callers": 2, "talks": 0, "messages": 1, "visits": 3, "incidents": 0,
        "staff_states": 0, "journal": 4, "announcements": 0, "audit": 0, "purges": 0,
    }  # fmt: skip
    assert (lines["visits"]["since"], lines["visits"]["next"]) == (
        "2026-10-07T12:00:00+02:00",
        "2029-10-06T12:00:00+02:00",
    )
    assert lines["numbers"]["next"].startswith("2096-10-02")
    plain = acd(config, "report").output
    assert (
        "visits: calls and callbacks, and who served them\n  3 kept, the oldest of 2026-10-07; for 1095 days"
        in plain
    )
    assert "never purged yet" in plain
    for named in (NUMBER, "daryna", "4711", "a" * 32):
        assert named not in plain
    (config.parent / "monitor").rename(config.parent / "away")
    plain = acd(config, "report").output
    assert "monitor: No such file or directory; for 14 days (message.days)" in plain
    assert "3 kept, the oldest of 2026-10-07" in plain
