"""On real Asterisk: what a supervisor does to who waits rings the phone that it should, and lets it be."""

from collections.abc import AsyncIterator

import pytest

from acd.demo.hotline import NUMBER, PROJECT, Hotline
from routing import events as ev
from routing import facts
from tests.contract.conftest import AS_SHIPPED, keys
from tests.contract.test_desk import Deciding, engine_over


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Hotline]:
    async with Hotline(PROJECT / "config" / "welcomecenter.toml", AS_SHIPPED) as hotline:
        yield hotline


async def waits(here: Deciding, hotline: Hotline, language: str) -> int:
    """A caller in this language waits; the visit."""
    before = set(here.engine.world.visits)
    await hotline.sipp.call(NUMBER, keys(language), hang_up_ms=60_000)

    def new() -> list[int]:
        visits = here.engine.world.visits
        return [key for key in visits if key not in before and visits[key].state == "waiting"]

    await here.until(lambda world: new())
    return new()[0]


async def test_who_speaks_another_language_rings_here_by_hand_and_no_more_once_it_is_pulled_back(
    hotline: Hotline,
) -> None:
    phone = hotline.centre.staff[0].phone
    await hotline.sipp.phones([phone], answer_ms=30_000)
    async with engine_over(hotline, phone) as here:
        visit = await waits(here, hotline, "ar")  # whom nobody here speaks
        await here.tell(ev.OfferedByHand(visit, "one"))
        await here.until(lambda world: world.visits[visit].state == "ringing")
        await here.tell(ev.OfferPulledBack(visit))
        await here.tell(ev.Elapsed())
        await here.until(lambda world: not world.people["one"].engagements)
        assert [each.outcome for each in here.of(facts.OfferEnded)] == [facts.WITHDRAWN]
        await here.until(lambda world: world.people["one"].device == "NOT_INUSE")
        assert here.engine.world.visits[visit].state == "waiting"
        assert len(here.wire.every(Event="DialBegin")) == 1


async def test_of_two_who_wait_the_one_in_front_is_rung_for_and_who_is_kept_for_a_person_gets_them(
    hotline: Hotline,
) -> None:
    phone = hotline.centre.staff[1].phone
    await hotline.sipp.phones([phone], talk_ms=2_000)
    async with engine_over(hotline, phone) as here:
        await here.until(lambda world: "one" in world.people and world.people["one"].shown == "ready")
        await here.tell(ev.StaffAsked("one", "", "notready", "", None))
        first = await waits(here, hotline, "tr")
        second = await waits(here, hotline, "tr")
        third = await waits(here, hotline, "ar")
        await here.tell(ev.VisitPlaced(second, "front"))
        await here.tell(ev.PersonNamed(third, "one"))
        await here.tell(ev.VisitPlaced(third, "front"))
        await here.tell(ev.StaffAsked("one", "", "ready", "", None))
        await here.until(lambda world: len(here.of(facts.TalkBegan)) == 3)
        assert [each.visit for each in here.of(facts.TalkBegan)] == [third, second, first]
