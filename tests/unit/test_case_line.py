"""How is my case: the file of cases brings PINs, the key lies apart, callers are told what may be told."""

import asyncio
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from typer.testing import CliRunner

from acd import case_key
from acd import case_line as service
from acd.case_line import CaseLine
from acd.cli import app
from acd.pbx.case_line import CLOSED, HEARD, OPEN, REFUSED
from acd.ports import Arrival, CaseAsk
from acd.store.case_proof import keep_pins
from acd.store.cases import SqlCases, take_over
from acd.store.tables import RECORDS, case_pins
from config.cases_csv import CaseRow, read
from config.load import ConfigFaults, load
from routing import events as ev
from routing import facts
from tests.unit.test_callbacks import bench, leg, said
from tests.unit.test_daemon import SOURCE

RULES = """
[case_line]
concern = "application_state"
states = ["in_work", "ready"]
key_file = "keys/case_line.key"
failures = 3
"""


def centre(folder: Path, rules: str = RULES) -> Path:
    text = SOURCE.read_text(encoding="utf-8").replace('folder = "../var"', 'folder = "var"')
    path = folder / "centre.toml"
    path.write_text(text + rules, encoding="utf-8")
    return path


def faults(folder: Path, text: str, *, pins: bool = True) -> str:
    file = folder / "cases.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigFaults) as caught:
        read(file, ("other",), (), pins=pins)
    return str(caught.value)


@pytest.mark.parametrize("pin", ["12345", "1234567890123", "12345a", "١٢٣٤٥٦", "12 456"])
def test_a_faulty_pin_is_named_by_line_and_never_shown(tmp_path: Path, pin: str) -> None:
    told = faults(tmp_path, f"case;state;pin\n4711;in_work;{pin}\n4712;in_work;\n")
    assert "line 2, pin: is no PIN (it is not shown here): 6 to 12 digits" in told
    assert pin not in told.replace("6 to 12", "")


@pytest.mark.parametrize("case", ["A-17", "1234567890123"])
def test_a_case_with_a_pin_can_be_keyed_in(tmp_path: Path, case: str) -> None:
    told = faults(tmp_path, f"case;state;pin\n{case};in_work;987654\n")
    assert "line 2, case" in told
    assert "1 to 12 digits" in told
    assert "987654" not in told


def test_pins_without_a_case_line_are_refused_and_not_lost_silently(tmp_path: Path) -> None:
    assert "has the column pin, which is for [case_line]" in faults(
        tmp_path, "case;state;pin\n4711;in_work;987654\n", pins=False
    )


def test_a_file_with_pins_takes_their_place_one_without_leaves_them() -> None:
    async def run() -> None:
        engine = create_async_engine("sqlite+aiosqlite://")
        async with engine.begin() as connection:
            await connection.run_sync(RECORDS.create_all)

        async def pins() -> set[str]:
            async with engine.connect() as connection:
                return set((await connection.execute(select(case_pins.c.reference))).scalars()) - {"?"}

        def rows(*given: tuple[str, str | None]) -> list[CaseRow]:
            return [CaseRow(case, "in_work", "", "", "", pin) for case, pin in given]

        await take_over(engine, rows(("1", "123456"), ("2", "123456"), ("3", "")), bytes(32))
        assert await pins() == {"1", "2"}
        await take_over(engine, rows(("1", None), ("3", None)))
        assert await pins() == {"1"}, "of a case that is gone no PIN is left"
        await take_over(engine, rows(("1", ""), ("3", "123456")), bytes(32))
        assert await pins() == {"3"}
        await engine.dispose()

    asyncio.run(run())


def test_the_key_is_made_once_for_its_owner_alone_and_a_faulty_one_is_named(tmp_path: Path) -> None:
    found = load(centre(tmp_path))
    key = case_key.own(found)
    path = tmp_path / "keys" / "case_line.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert case_key.own(found) == key
    path.chmod(0o644)
    with pytest.raises(case_key.KeyFault, match="chmod 600"):
        case_key.own(found)
    path.chmod(0o600)
    for damaged in ("", "xyz", "ab" * 31):
        path.write_text(damaged)
        with pytest.raises(case_key.KeyFault, match="is damaged"):
            case_key.own(found)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("application_state", "aplication_state", "case_line.concern"),
        ('"ready"', '"in_work"', "case_line.states"),
        ('"ready"', '"other"', "case_line.states"),
        ('"ready"', '"unsaid"', "case_state.unsaid"),
        ("keys/case_line.key", "var/case_line.key", "case_line.key_file"),
    ],
)
def test_check_names_what_does_not_fit(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = centre(tmp_path, RULES.replace(old, new))
    done = CliRunner().invoke(app, ["check", "--config", str(path)])
    assert done.exit_code == 2
    assert told in done.stderr


# --- the service --------------------------------------------------------------------------------------

CALLER = leg("1")


class Line:
    """Both ends of the service: what it reads from the channel, says to it and gives to the engine."""

    def __init__(self) -> None:
        self.keys = ("", "")
        self.answers: list[str] = []
        self.events: list[ev.Event] = []
        self._more = asyncio.Event()
        self._said = asyncio.Event()

    async def keyed(self, leg: ev.Leg) -> tuple[str, str]:
        return self.keys

    def told(self, leg: ev.Leg, answer: str) -> bool:
        self.answers.append(answer)
        self._more.set()
        return True

    def submit(self, arrival: Arrival) -> None:
        assert (arrival.number, arrival.keyed) == ("", "")
        self.events.append(arrival.event)
        self._said.set()

    async def said(self, number: int) -> list[ev.Event]:
        """What the engine heard, once it is so many events."""
        async with asyncio.timeout(10):
            while len(self.events) < number:
                self._said.clear()
                await self._said.wait()
        return self.events

    async def asks(self, service: CaseLine, number: str = "", pin: str = "") -> str:
        self.keys = (number, pin)
        self._more.clear()
        service.asked(CaseAsk(CALLER, keyed=bool(number)))
        async with asyncio.timeout(10):
            await self._more.wait()
        return self.answers[-1]


async def opened(folder: Path, *, spoilt: bool = False) -> tuple[AsyncEngine, CaseLine, Line]:
    found, line = load(centre(folder)), Line()
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.begin() as connection:
        await connection.run_sync(RECORDS.create_all)
    rows = [CaseRow("1", "in_work", "anna", "", "", "123456"), CaseRow("2", "odd", "", "", "", "123456")]
    await take_over(engine, rows, case_key.own(found))
    if spoilt:
        case_key.path_of(found).write_text("spoilt")
    runner: Any = line
    return engine, CaseLine(lambda: found, engine, SqlCases(engine, []), line, runner), line


def run(folder: Path, work: Any, *, spoilt: bool = False) -> None:
    async def whole() -> None:
        engine, made, line = await opened(folder, spoilt=spoilt)
        running = asyncio.create_task(made.run())
        try:
            await work(engine, made, line)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await engine.dispose()

    service.ANSWER_S, before = 0.0, service.ANSWER_S
    try:
        asyncio.run(whole())
    finally:
        service.ANSWER_S = before


def kinds(events: Sequence[ev.Event]) -> list[str]:
    return [type(each).__name__ for each in events]


def test_right_number_and_pin_name_the_sentence_and_the_owner(tmp_path: Path) -> None:
    async def work(engine: AsyncEngine, made: CaseLine, line: Line) -> None:
        assert await line.asks(made) == OPEN
        assert await line.asks(made, "1", "123456") == f"{HEARD}in_work"
        known = ev.CallerKnown(CALLER, "", "1", "anna", ())
        assert await line.said(2) == [ev.CaseAsked(CALLER, facts.CASE_HEARD), known]
        assert await line.asks(made, "2", "123456") == f"{HEARD}other", "a state without a sentence"

    run(tmp_path, work)


def test_unknown_case_and_wrong_pin_have_one_answer_and_the_cap_closes_the_line(tmp_path: Path) -> None:
    async def work(engine: AsyncEngine, made: CaseLine, line: Line) -> None:
        assert await line.asks(made, "9", "123456") == REFUSED
        assert await line.asks(made, "1", "000000") == REFUSED
        assert not made.trouble
        assert await line.asks(made, "1", "") == REFUSED, "nothing was keyed: no failure"
        assert not made.trouble
        assert await line.asks(made, "1", "111111") == REFUSED
        assert "too many wrong" in made.trouble
        assert await line.asks(made) == CLOSED
        assert await line.asks(made, "1", "123456") == CLOSED
        assert kinds(await line.said(5)) == ["CaseAsked"] * 5
        assert not [each for each in line.events if "9" in str(each) or "000000" in str(each)]

    run(tmp_path, work)


def test_records_that_are_away_or_a_damaged_key_leave_the_caller_in_line(tmp_path: Path) -> None:
    async def work(engine: AsyncEngine, made: CaseLine, line: Line) -> None:
        async with engine.begin() as connection:
            await connection.run_sync(case_pins.drop)
        assert await line.asks(made, "1", "123456") == CLOSED
        assert "the records cannot be asked" in made.trouble
        assert line.events == []
        async with engine.begin() as connection:
            await connection.run_sync(case_pins.create)
            await keep_pins(connection, case_key.own(load(tmp_path / "centre.toml")), {"1": "123456"})
        assert await line.asks(made) == OPEN
        assert made.trouble == ""

    run(tmp_path, work)

    async def damaged(engine: AsyncEngine, made: CaseLine, line: Line) -> None:
        assert await line.asks(made) == CLOSED
        assert "is damaged" in made.trouble

    run(tmp_path, damaged, spoilt=True)


def test_who_is_gone_by_then_hears_and_costs_nothing(tmp_path: Path) -> None:
    async def work(engine: AsyncEngine, made: CaseLine, line: Line) -> None:
        made.asked(CaseAsk(CALLER, keyed=True))
        assert await line.asks(made) == OPEN
        assert line.answers == [OPEN]
        assert line.events == []

    run(tmp_path, work)


# --- the engine ---------------------------------------------------------------------------------------


def greeted(uid: str = "1") -> Any:
    made = bench()
    made.tell(ev.CallArrived(leg(uid), "+49201"))
    made.tell(ev.LanguageChosen(leg(uid), "de"))
    return made


def test_who_heard_it_and_hangs_up_is_informed_and_who_was_refused_left_in_the_menu() -> None:
    for became, outcome in (
        (facts.CASE_HEARD, facts.INFORMED),
        (facts.CASE_REFUSED, facts.ABANDONED_MENU),
        (facts.CASE_CLOSED, facts.ABANDONED_MENU),
    ):
        made = greeted()
        (told,) = said(facts.CaseTold, made.tell(ev.CaseAsked(leg("1"), became)))
        assert told.became == became
        (ended,) = said(facts.VisitEnded, made.tell(ev.LegEnded(leg("1"), 16)))
        assert ended.outcome == outcome


def test_after_closing_who_heard_it_is_informed_and_nobody_else() -> None:
    for became, outcome in (
        (facts.CASE_HEARD, facts.INFORMED),
        (facts.CASE_REFUSED, facts.CLOSED),
        (facts.CASE_CLOSED, facts.CLOSED),
    ):
        made = greeted()
        made.tell(ev.TurnedAway(leg("1"), "de"))
        made.tell(ev.CaseAsked(leg("1"), became))
        (ended,) = said(facts.VisitEnded, made.tell(ev.LegEnded(leg("1"), 16)))
        assert ended.outcome == outcome


def test_who_waited_in_vain_was_turned_away_whatever_they_heard_before() -> None:
    made = greeted()
    made.tell(ev.CaseAsked(leg("1"), facts.CASE_HEARD))
    made.tell(ev.CallWaiting(leg("1"), "de", "other", "", 0, 0))
    made.tell(ev.TurnedAway(leg("1"), "de"))
    (ended,) = said(facts.VisitEnded, made.tell(ev.LegEnded(leg("1"), 16)))
    assert ended.outcome == facts.TURNED_AWAY


def test_who_stays_in_line_and_leaves_has_abandoned_it() -> None:
    made = greeted()
    made.tell(ev.CaseAsked(leg("1"), facts.CASE_HEARD))
    made.tell(ev.CallWaiting(leg("1"), "de", "other", "", 0, 0))
    made.tell(ev.MenuAsked(leg("1")))
    (ended,) = said(facts.VisitEnded, made.tell(ev.LegEnded(leg("1"), 16)))
    assert ended.outcome == facts.ABANDONED_QUEUE


def test_a_word_of_somebody_else_and_an_unknown_one_change_nothing() -> None:
    made = greeted()
    assert said(facts.CaseTold, made.tell(ev.CaseAsked(leg("1"), "strange"))) == []
    assert said(facts.CaseTold, made.tell(ev.CaseAsked(leg("7"), facts.CASE_HEARD))) == []


def test_another_key_than_the_pins_came_with_is_seen_and_nobody_is_locked_out_for_it(tmp_path: Path) -> None:
    """Stores that were restored without their key: not a wave of failures, but one clear word."""

    async def work(engine: AsyncEngine, made: CaseLine, line: Line) -> None:
        path = tmp_path / "keys" / "case_line.key"
        kept = path.read_text()
        path.unlink()
        assert await line.asks(made, "1", "123456") == CLOSED
        assert "is another key than the cases came with" in made.trouble
        assert line.events == []
        path.write_text(kept)
        assert await line.asks(made, "1", "123456") == f"{HEARD}in_work", "restored, and nothing was counted"

    run(tmp_path, work)


def test_what_looks_like_a_pin_in_another_column_is_quoted_nowhere(tmp_path: Path) -> None:
    told = faults(tmp_path, "case;state;owner;pin\n4711;in_work;90817263;anna\n")
    assert "90817263" not in told
    assert "is the id of nobody" in told
