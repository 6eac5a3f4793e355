"""What who is in charge sees: the line in its order, reasons, what is steered; without an agreement less."""

import asyncio
import json
from datetime import date
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from acd import not_reached
from acd import steering as steerings
from acd.changes import Changes
from acd.identity import Role
from acd.lead import Lead
from acd.prospects import Expectation, Waits
from acd.web.fresh import Fresh
from config.load import SHIPPED, load
from config.tables.house import Agreement
from config.words import PAGE_LANGUAGES, words
from routing import by_hand, listening, steering, turn
from routing import events as ev
from routing.others import Others
from routing.select import REASONS
from routing.steering import STEERED
from routing.turn import HELD
from tests.fakes.admits import Admits, person
from tests.fakes.live import Live
from tests.fakes.pages import app_of, picture_of, waiting_bench

SAME_SITE = {"Origin": "http://localhost"}


def lead_of(live: Live, *, agreed: bool, waits: Waits | None = None) -> Lead:
    centre = load(SHIPPED)
    agreement = Agreement(name="of the tests", date=date(2026, 1, 15)) if agreed else None
    privacy = centre.privacy.model_copy(update={"agreement": agreement})
    rules: Any = SimpleNamespace(centre=centre.model_copy(update={"privacy": privacy}))
    picture = picture_of(waiting_bench(), 0, agreed=agreed)
    picture = type(picture)(lambda: live.runner.engine.world, live.clock.now_ms, 0, others=Others(agreed))
    none = Waits(0, 0, 0, 0, "nobody waits", 0, ())
    return Lead(rules, live.runner, picture, lambda: waits or none, live.clock.now_ms)


async def three(live: Live) -> list[int]:
    """Birgit talks with the first of three; the numbers of the two who wait, in their order."""
    for uid, language in (("1", "de"), ("2", "tr"), ("3", "ar")):
        live.calls(uid, language)
        await live.runner.turn()
    world = live.runner.engine.world
    return [each.id for each in world.visits.values() if each.state == "waiting"]


async def test_the_line_is_shown_in_its_order_with_reasons_expectation_and_what_was_steered() -> None:
    live = await Live().up("p02")
    first, second = await three(live)
    expected = Expectation(second, "ar", "other", 0, 60_000, 120_000, -1, 900)
    waits = Waits(1, 0, 0, 100, "ok", 0, (expected,))
    view = await lead_of(live, agreed=True, waits=waits).view()
    line = [(each.visit.id, each.place) for each in view.line if each.place]
    assert line == [(first, 1), (second, 2)]
    assert [each.expects for each in view.line if each.place] == [None, expected]
    assert all(sum(n for _, n in each.people) == len(live.runner.engine.world.people) for each in view.line)
    live.put(ev.VisitPlaced(second, "front"))
    await live.runner.turn()
    view = await lead_of(live, agreed=True).view()
    shown = [(each.visit.id, each.place, each.marks) for each in view.line if each.place]
    assert shown == [(second, 1, ("front",)), (first, 2, ())]


@pytest.mark.parametrize("agreed", [True, False])
async def test_whom_somebody_serves_is_seen_only_with_an_agreement(agreed: bool) -> None:
    live = await Live().up("p02")
    await three(live)
    view = await lead_of(live, agreed=agreed).view()
    offered = [each for each in view.line if not each.place]
    birgit = next(each for each in view.working if each.person.id == "birgit")
    assert [each.offered_to for each in offered] == (["birgit"] if agreed else [""])
    assert birgit.person.state == ("reserved" if agreed else "talking")
    assert bool(birgit.person.since_ms) == agreed
    assert (birgit.language, birgit.concern) == (("de", "other") if agreed else ("", ""))


async def test_who_may_not_steer_sees_nothing_of_it_and_the_numbers_are_exact_in_a_browser() -> None:
    live = await Live().up("p02")
    waiting = await three(live)
    people = Admits(ute=person("ute", Role.SUPERVISOR), bob=person("bob", Role.STAFF))
    lead = lead_of(live, agreed=True)
    app = app_of(picture_of(waiting_bench(), 0), people=people, lead=lead.view)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for path in ("/lead", "/api/lead", "/api/lead/events"):
            headers = {"Cookie": "acd=bob", **SAME_SITE}
            assert (await client.get(path, headers=headers)).status_code == 403
        answer = await client.get("/api/lead", headers={"Cookie": "acd=ute", **SAME_SITE})
    said = answer.json()
    assert [each["visit"] for each in said["line"] if each["place"]] == [str(each) for each in waiting]
    assert said["board"].keys().isdisjoint({"staff", "waiting"})


@pytest.mark.parametrize("code", PAGE_LANGUAGES)
def test_every_reason_and_every_mark_has_its_words(code: str) -> None:
    said = words(code, "live", "lead")
    assert [each for each in (*REASONS, *HELD) if f"why_{each}" not in said] == []
    shown = {"front", "back", "other_need", "named"}
    assert shown <= set(STEERED)
    assert [each for each in shown if f"mark_{each}" not in said] == []


async def test_one_text_is_made_for_all_who_look_and_none_is_older_than_asked() -> None:
    changes, made = Changes(), 0

    async def make() -> str:
        nonlocal made
        made += 1
        await asyncio.sleep(0)
        return json.dumps(made)

    fresh = Fresh(changes, make)
    assert set(await asyncio.gather(*(fresh.text() for _ in range(50)))) == {"1"}
    changes.touch()
    assert await fresh.text() == "2", "something happened before it was asked"


async def test_who_leaves_while_a_text_is_made_leaves_nobody_without_one() -> None:
    """A stream that is closed in the middle; the next one sees what is, not what was or nothing."""
    changes, go = Changes(), asyncio.Event()
    made = ["one", "two"]

    async def make() -> str:
        await go.wait()
        return made.pop(0)

    fresh = Fresh(changes, make)
    first = asyncio.create_task(fresh.text())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    go.set()
    assert await fresh.text() == "one"
    changes.touch()
    go.clear()
    second = asyncio.create_task(fresh.text())
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    go.set()
    assert await fresh.text() == "two"


@pytest.mark.parametrize("code", PAGE_LANGUAGES)
def test_every_refusal_of_these_doors_has_its_words(code: str) -> None:
    said = words(code, "live", "lead")
    rooms = (steering, listening, by_hand, steerings, not_reached, turn)
    codes = {
        value
        for room in rooms
        for name, value in vars(room).items()
        if name.isupper() and isinstance(value, str) and name.startswith(REFUSALS)
    }
    codes |= {f"callback_{each}" for each in not_reached.REFUSALS}
    codes -= {*STEERED, "not_kept", "unknown_place"}  # no refusals, and one that no page can ask for
    assert len(codes) > 12
    assert [each for each in sorted(codes) if not {f"refused_{each}", f"why_{each}"} & said.keys()] == []


REFUSALS = (
    *("UNKNOWN_", "NOT_", "NO_", "LISTENED_ALREADY", "PHONE_IN_USE"),
    *("OVER_ALREADY", "AS_IT_IS", "TOO_MANY", "DIALLED"),
)
