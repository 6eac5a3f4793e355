"""`acd cases import`: a whole file or nothing, every fault by line; what the hotline found out stays."""

import asyncio
import re
import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import create_async_engine
from typer.testing import CliRunner, Result

from acd.cli import app
from acd.ports import NEW_CASE, Case
from acd.store.cases import SqlCases, Taken, TooFew, take_over
from acd.store.open import ready, urls
from acd.store.tables import RECORDS
from config import cases_csv
from config.cases_csv import CaseRow
from config.load import ConfigFaults

PROJECT = Path(__file__).resolve().parents[2]
GUIDE = (PROJECT / "docs" / "cases.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"^```\n(case;.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)[0]
COMMAND = re.findall(r"^\.venv/bin/acd (cases import .*)$", GUIDE, re.MULTILINE)[0]
CONCERNS = ("employment", "other")
OWNERS = frozenset({"anna"})


@pytest.fixture
def config(tmp_path: Path) -> Path:
    text = (PROJECT / "config" / "welcomecenter.toml").read_text(encoding="utf-8")
    path = tmp_path / "centre.toml"
    path.write_text(text.replace('folder = "../var"', 'folder = "var"'), encoding="utf-8")
    return path


def imported(config: Path, text: str | bytes, *options: str) -> Result:
    file = config.with_name("cases.csv")
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    given = ["cases", "import", str(file), *options, "--config", str(config)]
    return CliRunner().invoke(app, given)


def kept(config: Path, *references: str) -> list[Case | None]:
    async def ask() -> list[Case | None]:
        engine = await ready("records", urls(config.parent / "var", {})["records"])
        try:
            found = [await SqlCases(engine, []).get(each) for each in references]
        finally:
            await engine.dispose()
        return [each[0] if each else None for each in found]

    return asyncio.run(ask())


def test_the_guides_file_and_command_work_as_written(config: Path) -> None:
    config.with_name("cases.csv").write_text(EXAMPLE, encoding="utf-8")
    words = {"cases.csv": str(config.with_name("cases.csv")), "centre.toml": str(config)}
    done = CliRunner().invoke(app, [words.get(each, each) for each in shlex.split(COMMAND)])
    assert (done.exit_code, done.output) == (0, "2 cases: 2 new, 0 changed, 0 gone\n")
    assert kept(config, "471101") == [Case("471101", "jonas", "blue_card", "permit_expiring", (), "")]


def test_a_faulty_file_changes_nothing_and_every_fault_is_told(config: Path) -> None:
    assert imported(config, "case,state\n1,in_work\n").exit_code == 0
    done = imported(
        config,
        "case,state,owner,concern,link\n"
        "1,ready,,,\n"
        "1,ready,,,\n"
        ",In Work,nobody,nothing,ftp://x\n"
        "=1+1,ready,,,https://a b\n"
        "2,ready\n"
        "3\x07,ready,anna,employment,https://files.example.org/3\n",
    )
    assert done.exit_code == 2
    told = [line.partition("cases.csv: ")[2] for line in done.output.splitlines()]
    assert [line.partition(":")[0] for line in told] == [
        "line 6, row",
        "line 3, case",
        "line 4, case",
        "line 4, state",
        "line 4, owner",
        "line 4, concern",
        "line 4, link",
        "line 5, case",
        "line 5, link",
        "line 7, case",
    ]
    assert "'1' stands in line 2 too" in told[1]
    assert "'In Work' is no state: small letters, digits and _, like permit_expiring" in told[3]
    assert "'3?' is no case number" in told[9]
    assert [each and each.state for each in kept(config, "1", "3")] == ["in_work", None]


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("comma", [",", ";"])
def test_a_file_is_read_in_the_forms_that_offices_write(config: Path, coding: str, comma: str) -> None:
    text = "link,state,case\r\nhttps://files.example.org/Prüfung,in_work,A-7_26\r\n".replace(",", comma)
    done = imported(config, text.encode(coding))
    assert done.exit_code == 0, done.output
    assert kept(config, "A-7_26") == [
        Case("A-7_26", "", "", "in_work", (), "https://files.example.org/Prüfung")
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"case,state\n\x81,x\n", "is neither UTF-8 nor Windows-1252"),
        (b"case,state\n", "names no case"),
        (b"case,state\nunknown,x\n", "'unknown' is no case number"),
        (b"", "has the columns []; wanted are case, state; there may be owner, concern, link"),
        (b"case,state,pin\n1,x,123456\n", "has the column pin, which is for [case_line]"),
    ],
)
def test_what_is_no_file_of_cases_is_refused(config: Path, given: bytes, said: str) -> None:
    done = imported(config, given)
    assert done.exit_code == 2
    assert said in done.output
    assert "123456" not in done.output


def test_a_file_that_was_cut_off_is_refused_unless_it_is_meant(config: Path) -> None:
    assert imported(config, "case,state\n1,x\n2,x\n3,x\n").exit_code == 0
    done = imported(config, "case,state\n1,y\n9,y\n")
    assert done.exit_code == 2
    assert "has 1 of the 3 cases that are known, and 2 would be forgotten; is it whole?" in done.output
    assert [each and each.state for each in kept(config, "1", "9")] == ["x", None]
    done = imported(config, "case,state\n1,y\n9,y\n", "--fewer")
    assert done.output == "2 cases: 1 new, 1 changed, 2 gone\n"


def test_a_missing_file_is_named(config: Path) -> None:
    done = CliRunner().invoke(app, ["cases", "import", "/nowhere/cases.csv", "--config", str(config)])
    assert done.exit_code == 2
    assert "/nowhere/cases.csv: file: cannot be read: No such file or directory" in done.output


CELL = st.text(st.sampled_from("1aA-=;,\"' \n\x00ü"), max_size=4)


@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=4))
@settings(max_examples=200, deadline=None)
def test_whatever_stands_in_a_file_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text("case,state,owner\n" + "\n".join(map(",".join, rows)), encoding="utf-8", newline="")
    try:
        found = cases_csv.read(path, CONCERNS, OWNERS)
    except ConfigFaults as refused:
        told = [str(each) for each in refused.faults]
    else:
        told = [""] if found else []
    assert told, "cases, or why there are none"
    assert all(each.isprintable() for each in told)
    if told != [""]:
        return
    assert len({each.case for each in found}) == len(found)
    assert all(each.owner in ("", "anna") and each.state.islower() for each in found)


ROW = st.builds(
    CaseRow,
    st.sampled_from("12345"),
    st.sampled_from(["x", "y", NEW_CASE]),
    st.sampled_from(["", "anna"]),
    st.just(""),
    st.sampled_from(["", "https://a.example"]),
)


@given(
    st.lists(st.tuples(st.lists(ROW, min_size=1, unique_by=lambda row: row.case), st.booleans()), max_size=5)
)
@settings(max_examples=60, deadline=None)
def test_imports_one_after_the_other_are_what_a_plain_table_would_be(
    files: list[tuple[list[CaseRow], bool]],
) -> None:
    async def run() -> None:
        engine = create_async_engine("sqlite+aiosqlite://")
        async with engine.begin() as connection:
            await connection.run_sync(RECORDS.create_all)
        cases = SqlCases(engine, [])
        plain = {
            "1": Case("1", "anna", "", "x", ("done", "late"), "https://old.example"),
            "5": Case("5", "anna", "other", NEW_CASE, (), ""),
        }
        for case in plain.values():
            await cases.put(case)
        for rows, fewer in files:
            stay = [row for row in rows if row.case in plain]
            named = {row.case for row in rows}
            begun = {key: plain[key] for key in plain.keys() - named if plain[key].state == NEW_CASE}
            old = len(plain) - len(begun)
            if old > 2 * len(stay) and not fewer:
                with pytest.raises(TooFew):
                    await take_over(engine, rows)
            else:
                after = {
                    row.case: Case(
                        row.case,
                        row.owner,
                        row.concern,
                        row.state,
                        plain[row.case].outcomes if row.case in plain else (),
                        row.link or (plain[row.case].link if row.case in plain else ""),
                    )
                    for row in rows
                }
                changed = sum(after[row.case] != plain[row.case] for row in stay)
                told = Taken(len(rows) + len(begun), len(rows) - len(stay), changed, old - len(stay))
                assert await take_over(engine, rows, fewer=fewer) == told
                plain = after | begun
            for reference in "12345":
                found = await cases.get(reference)
                assert (found and found[0]) == plain.get(reference)
        await engine.dispose()

    asyncio.run(run())
