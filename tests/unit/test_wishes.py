"""Who wants to be called: the number to the vault, the wish to the engine, and an answer for each."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from acd.ports import Asked, Wish
from acd.wishes import KEPT_MS, WAITING_MAX, Wishes
from routing import events as ev
from routing.policy import Callbacks
from tests.fakes.centre import NODE, POLICY
from tests.fakes.live import Live

NOW = 5_000
WISH = Wish("de", "other", "0201 8888888", "", 0, 0)


class Vault:
    """A number's token is the number backwards; broken while `broken`."""

    def __init__(self) -> None:
        self.broken = False
        self.kept: list[tuple[str, int]] = []
        self.numbers: dict[str, str] = {}

    async def number(self, token: str) -> str:
        return self.numbers[token]

    async def promised(self, number: str, now_ms: int, until_ms: int) -> str:
        if self.broken:
            raise OSError("disk")
        self.kept.append((number, until_ms))
        return "" if number.endswith("0000") else number[::-1]


class Town:
    def __init__(self, live: Live) -> None:
        self.vault = Vault()
        self.refused: list[tuple[ev.Leg, str]] = []
        self.prefixes = ["+49"]
        self.wishes = Wishes(
            live.runner,
            self.vault,  # type: ignore[arg-type]
            lambda leg, answer: self.refused.append((leg, answer)),
            lambda: self.prefixes,
            lambda: ["0201 8800011"],
            lambda: NOW,
        )
        self.live = live

    def callbacks(self) -> list[str]:
        return [
            v.token for v in self.live.runner.engine.world.visits.values() if v.kind in ("web", "callback")
        ]


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    live = await Live().up()
    live.put(ev.PolicyChanged("called back", POLICY._replace(callbacks=Callbacks(open_max=2))))
    made = Town(live)
    deciding = asyncio.ensure_future(live.runner.run())
    answering = asyncio.ensure_future(made.wishes.run())
    yield made
    for task in (deciding, answering):
        task.cancel()
    await asyncio.gather(deciding, answering, return_exceptions=True)


async def test_a_wish_becomes_a_callback_and_its_number_is_kept_until_then(town: Town) -> None:
    assert await town.wishes.wish(WISH) == ""
    assert await town.wishes.wish(WISH._replace(from_ms=9_000, until_ms=10_000)) == ""
    assert town.callbacks() == ["8888888102" + "94+"]
    assert town.vault.kept == [("+492018888888", NOW + KEPT_MS), ("+492018888888", 9_000 + KEPT_MS)]


@pytest.mark.parametrize(
    "number", ["", "0900 1234567", "+380501234567", "hello", "0201 880000", "0201 8800011"]
)
async def test_what_is_not_dialled_is_told_so(town: Town, number: str) -> None:
    assert await town.wishes.wish(WISH._replace(number=number)) == "not_dialled"
    assert town.callbacks() == []


async def test_no_more_than_may_be_and_no_vault_is_told_too(town: Town) -> None:
    for last in (1, 2):
        assert await town.wishes.wish(WISH._replace(number=f"0201 888888{last}")) == ""
    assert await town.wishes.wish(WISH._replace(number="0201 8888883")) == "full"
    known = WISH._replace(number="0201 8888881")
    assert await town.wishes.wish(known) == "full"  # who is promised one already hears the same
    town.vault.broken = True
    assert await town.wishes.wish(WISH) == "trouble"


async def test_who_asks_on_the_line_is_answered_for_what_the_engine_does_not_hear(town: Town) -> None:
    legs = [ev.Leg(NODE, str(each)) for each in range(4)]
    for leg, number in zip(legs, ("", "0900 1234567", "0201 880000", "0201 8888888"), strict=True):
        town.live.says(ev.CallWaiting(leg, "de", "other", "", 0, 0))
        town.wishes.asked(Asked(leg, number))
    async with asyncio.timeout(5):
        while not town.callbacks():  # noqa: ASYNC110 the engine's world is looked at
            await asyncio.sleep(0.01)
    assert town.refused == [(legs[0], "withheld"), (legs[1], "not_dialled"), (legs[2], "not_dialled")]
    town.vault.broken = True
    town.wishes.asked(Asked(legs[3], "0201 8888888"))
    async with asyncio.timeout(5):
        while not town.wishes.trouble:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("number", ["+380501234567", "+499001234567", "+492018800011", ""])
async def test_what_may_not_be_dialled_is_not_whoever_left_a_message(town: Town, number: str) -> None:
    """Their number is in the vault as the telephone told it."""
    town.vault.numbers = {"t": number, "u": "+492018888888"}
    assert await town.wishes.number("t") == ""
    assert await town.wishes.number("u") == "+492018888888"


async def test_no_more_wait_for_their_answer_than_there_is_room_for() -> None:
    live = await Live().up()
    town = Town(live)
    for each in range(WAITING_MAX + 5):
        town.wishes.asked(Asked(ev.Leg(NODE, str(each)), "0201 8888888"))
    assert town.wishes._asked.qsize() == WAITING_MAX
