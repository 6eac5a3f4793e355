"""How is my case, on real calls: number and PIN are keyed in, the state heard, neither left anywhere."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from acd.demo.hotline import NUMBER
from config import keys, menu
from tests.contract.conftest import Wire
from tests.contract.test_closing import seconds
from tests.integration.conftest import QUICK, SOURCE, Watched
from tests.integration.test_bad_input import acd
from tests.integration.test_calls import LAST, newest
from tests.integration.test_closed import NIGHT

CONCERN = "application_state"
CASE_LINE = {
    "concern": CONCERN,
    "states": ["in_work"],
    "key_file": "pins/case_line.key",
    "tries": 2,
    "failures": 6,
}
CASE, PIN, STRANGE, UNKNOWN = "471108", "90817263", "55443322", "620315"
"""STRANGE: a PIN that is nobody's. UNKNOWN: a number of no case."""


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Watched]:
    async with Watched(Path(SOURCE), QUICK | {"case_line": CASE_LINE}) as hotline:
        await imported(hotline)
        yield hotline


async def imported(hotline: Watched) -> None:
    """Three cases come in from the office's file, two of them with PINs."""
    file = hotline.folder / "cases.csv"
    rows = ["case;state;owner;pin", f"{CASE};in_work;omid;{PIN}", f"471109;odd;;{PIN}", "471110;odd;;"]
    file.write_text("\n".join(rows) + "\n")
    code, said = await acd("cases", "import", str(file), "--config", str(hotline.config))
    assert (code, "3 cases" in said) == (0, True), said
    file.unlink()


@pytest.fixture
async def hotline(running: Watched) -> AsyncIterator[Watched]:
    if running.daemon is None or running.daemon.returncode is not None:
        await running.start_daemon()
    yield running
    await running.sipp.end_all()


def chosen(hotline: Watched) -> list[tuple[int, str]]:
    """What a German caller presses who asks for their application."""
    languages, concerns = hotline.centre.languages, hotline.centre.concerns
    pressed = [*menu.keys(len(languages), languages.index("de"))]
    pressed += menu.keys(len(concerns), concerns.index(CONCERN))
    return [(300 if i == 0 else 500, key) for i, key in enumerate(pressed)]


def keyed(number: str, pin: str) -> list[tuple[int, str]]:
    """Both, with the key that ends each."""
    first = [(3_000 if i == 0 else 220, key) for i, key in enumerate(f"{number}#")]
    return first + [(900 if i == 0 else 220, key) for i, key in enumerate(f"{pin}#")]


async def test_who_hears_in_what_state_their_case_is_and_hangs_up_called_for_that(hotline: Watched) -> None:
    before = newest(hotline)
    pressed = [*chosen(hotline), *keyed(CASE, PIN)]
    await hotline.sipp.call(NUMBER, pressed, hang_up_ms=3_000)
    row = await hotline.row(f"{LAST} ", before, timeout_s=30)
    assert (row["outcome"], row["case_line"], row["queued_at"]) == ("informed", "heard", None)
    assert (row["case"], row["owner"], row["concern"]) == (CASE, "omid", CONCERN)


async def test_who_stays_is_in_line_for_the_person_who_has_the_case(hotline: Watched) -> None:
    before = newest(hotline)
    await hotline.sipp.phones(["p04", "p15"], talk_ms=400)
    for person in ("birgit", "omid"):
        await hotline.ask(person, "login")
    await hotline.sipp.call(NUMBER, [*chosen(hotline), *keyed(CASE, PIN)], hang_up_ms=60_000)
    row = await hotline.row(f"{LAST} ", before, timeout_s=60)
    assert (row["outcome"], row["answered_by"], row["case_line"]) == ("answered", "omid", "heard")
    for person in ("birgit", "omid"):
        await hotline.ask(person, "logout")


async def test_neither_pin_nor_unknown_number_is_left_anywhere(hotline: Watched) -> None:
    """Two tries, of which neither is right, and one that is: journal, records, logs, what AMI tells."""
    before = newest(hotline)
    async with Wire(hotline) as wire:
        tries = [*keyed(UNKNOWN, STRANGE), (9_000, UNKNOWN[0])]
        tries += [(220, key) for key in f"{UNKNOWN[1:]}#"]
        tries += [(900 if i == 0 else 220, key) for i, key in enumerate(f"{PIN}#")]
        await hotline.sipp.call(NUMBER, [*chosen(hotline), *tries], hang_up_ms=14_000)
        row = await hotline.row(f"{LAST} ", before, timeout_s=60)
        assert (row["case_line"], row["case"]) == ("refused", "")
        assert row["queued_at"] is not None, "who was refused is in line"
        again = newest(hotline)
        await hotline.sipp.call(NUMBER, [*chosen(hotline), *keyed(CASE, PIN)], hang_up_ms=2_000)
        await hotline.row(f"{LAST} ", again, timeout_s=60)
        told = wire.story(last=10_000)
    assert "ACDCaseLine" in told, "and it was there to be heard"
    secret = (PIN, STRANGE, UNKNOWN)
    assert not [each for each in secret if each in told]
    files = [path for path in hotline.folder.rglob("*") if path.is_file()]
    text = {path: path.read_bytes() for path in files if "sounds" not in path.parts}
    assert len(text) > 10
    holding = {str(path) for path, raw in text.items() for each in secret if each.encode() in raw}
    assert not holding


async def test_where_the_daemon_stands_still_or_dies_the_caller_is_in_line(hotline: Watched) -> None:
    """Before it is asked for the first time, and while it proves."""
    assert hotline.daemon is not None
    before = newest(hotline)
    os.kill(hotline.daemon.pid, signal.SIGSTOP)
    try:
        call = await hotline.sipp.call(NUMBER, [*chosen(hotline), *keyed(CASE, PIN)], hang_up_ms=2_000)
        await call.finished()
    finally:
        os.kill(hotline.daemon.pid, signal.SIGCONT)
    row = await hotline.row(f"{LAST} ", before, timeout_s=30)
    assert (row["case_line"], row["queued_at"] is not None) == ("", True)
    before = newest(hotline)
    call = await hotline.sipp.call(NUMBER, [*chosen(hotline), *keyed(CASE, PIN)], hang_up_ms=20_000)
    await hotline.until("in the menu", lambda board: board["in_menu"] == 1)
    await asyncio.sleep(5)  # it has said that it can be asked by now, and hears no more
    hotline.daemon.kill()
    await hotline.daemon.wait()
    await asyncio.sleep(9)
    await hotline.start_daemon()
    row = await hotline.row(f"{LAST} ", before, timeout_s=60)
    assert row["queued_at"] is not None


async def test_too_many_failures_close_the_line_for_the_day_and_say_so(hotline: Watched) -> None:
    health: dict[str, str] = {}
    for _ in range(4):
        before = newest(hotline)
        again = [(9_000 if i == 0 else each[0], each[1]) for i, each in enumerate(keyed(UNKNOWN, STRANGE))]
        pressed = [*chosen(hotline), *keyed(UNKNOWN, STRANGE), *again]
        await hotline.sipp.call(NUMBER, pressed, hang_up_ms=2_000)
        await hotline.row(f"{LAST} ", before, timeout_s=60)
        async with hotline.client() as client:
            health = (await client.get("/readyz")).json()
        if "closed until tomorrow" in str(health):
            break
    assert "closed until tomorrow" in str(health)
    before = newest(hotline)
    await hotline.sipp.call(NUMBER, [*chosen(hotline), *keyed(CASE, PIN)], hang_up_ms=1_000)
    row = await hotline.row(f"{LAST} ", before, timeout_s=60)
    assert (row["case_line"], row["queued_at"] is not None) == ("", True)


def by_night(hotline: Watched, *then: tuple[int, str]) -> list[tuple[int, str]]:
    """What a German caller presses after closing who asks for their case, once it is offered."""
    german = menu.keys(len(hotline.centre.languages), hotline.centre.languages.index("de"))
    offered_ms = round(seconds(hotline, "de/acd/closed.wav") * 1000) + 2_500
    return [*((300, key) for key in german), (offered_ms, keys.CASE), *then]


async def test_after_closing_it_is_heard_too_and_a_dead_daemon_leads_to_goodbye() -> None:
    """Who heard it hangs up, or hears goodbye; so does who did not, or calls while nobody can say it."""
    wrong, again = keyed(UNKNOWN, STRANGE), keyed(UNKNOWN, STRANGE)
    again[0] = (9_000, again[0][1])
    async with Watched(Path(SOURCE), QUICK | NIGHT | {"case_line": CASE_LINE}) as hotline:
        await imported(hotline)
        await hotline.start_daemon()
        for then, hang_up_ms, told in (
            (keyed(CASE, PIN), 2_500, ("informed", "heard", "caller", CASE)),
            (keyed(CASE, PIN), 90_000, ("informed", "heard", "pbx", CASE)),
            ([*wrong, *again], 90_000, ("closed", "refused", "pbx", "")),
        ):
            before = newest(hotline)
            await hotline.sipp.call(NUMBER, by_night(hotline, *then), hang_up_ms=hang_up_ms)
            row = await hotline.row(f"{LAST} ", before, timeout_s=100)
            assert (row["outcome"], row["case_line"], row["ended_by"], row["case"]) == told
            assert row["queued_at"] is None
        assert hotline.daemon is not None
        hotline.daemon.kill()
        await hotline.daemon.wait()
        before = newest(hotline)
        call = await hotline.sipp.call(NUMBER, by_night(hotline), hang_up_ms=90_000)
        await call.finished()
        await hotline.start_daemon()
        row = await hotline.row(f"{LAST} ", before, timeout_s=30)
        assert (row["outcome"], row["case_line"], row["ended_by"]) == ("closed", "", "pbx")
        await hotline.no_drift()
