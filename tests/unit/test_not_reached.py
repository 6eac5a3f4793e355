"""Not reached today: who is on the list, who is off it, and how they are called back."""

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.acts import Acts
from acd.identity import Role
from acd.missed import SERVED, UNSERVED, Call, today
from acd.not_reached import Doors, NotReachedToday
from acd.steering import Steerings
from acd.store import day
from acd.store.open import ready, urls
from acd.store.records import SqlRecorder
from config.load import SHIPPED, load
from routing import events as ev
from routing import facts
from routing.policy import Callbacks
from routing.visit import CALLBACK, MESSAGE, VOICE, WEB
from tests.fakes.admits import Admits, person
from tests.fakes.centre import NODE, POLICY
from tests.fakes.live import Live
from tests.fakes.pages import app_of, picture_of, waiting_bench
from tests.properties.test_history_sums import call as finished
from tests.unit.test_lead import OURS, Kept

GONE, TALKED = facts.ABANDONED_QUEUE, facts.ANSWERED


def call(
    visit: int,
    token: str,
    outcome: str,
    kind: str = VOICE,
    origin: int = 0,
    by: str = facts.BY_CALLER,
) -> Call:
    """The n-th visit of the day, a minute long."""
    at = visit * 100_000
    return Call(visit, token, kind, "de", "other", "", at, at + 60_000, 50_000, outcome, by, origin)


# --- who is on it ----------------------------------------------------------------------------------------


def test_one_line_a_caller_with_their_last_missed_call_the_longest_missed_first() -> None:
    found = today(
        [call(4, "b", GONE), call(1, "a", GONE), call(2, "b", facts.TURNED_AWAY), call(3, "a", facts.LOST)]
    )
    assert [(each.visit, each.token, each.why, each.calls) for each in found.callers] == [
        (3, "a", facts.LOST, 2),
        (4, "b", GONE, 2),
    ]
    assert [each.first_ms for each in found.callers] == [160_000, 260_000]


@pytest.mark.parametrize("outcome", sorted(SERVED))
def test_who_was_served_since_is_off_it_and_who_was_before_is_not(outcome: str) -> None:
    assert today([call(1, "a", GONE), call(2, "a", outcome)]).callers == ()
    assert [each.visit for each in today([call(1, "a", outcome), call(2, "a", GONE)]).callers] == [2]


@pytest.mark.parametrize("outcome", [facts.ABANDONED_MENU, facts.CLOSED, facts.BLOCKED, facts.CALLBACK, ""])
def test_who_did_not_wait_in_vain_is_not_on_it(outcome: str) -> None:
    assert today([call(1, "a", outcome)]).callers == ()


def test_who_heard_how_their_case_is_was_served_in_that_concern_alone() -> None:
    gone, heard = call(1, "a", GONE), call(2, "a", facts.INFORMED)
    assert today([gone, heard]).callers == ()
    assert [each.visit for each in today([gone, heard._replace(concern="study")]).callers] == [1]


def test_a_talk_that_was_cut_is_no_service() -> None:
    (found,) = today([call(1, "a", TALKED, by=facts.VANISHED)]).callers
    assert (found.why, found.visit) == ("cut", 1)
    assert today([call(1, "a", TALKED, by=facts.VANISHED), call(2, "a", TALKED)]).callers == ()


def test_callers_without_a_token_are_counted_by_visit() -> None:
    found = today([call(1, "", GONE), call(2, "", GONE), call(3, "", TALKED)])
    assert (found.callers, found.nameless) == ((), 2)


def test_the_ends_of_callbacks_to_who_was_missed_are_counted_and_no_others() -> None:
    given_ = [
        call(3, "a", TALKED, CALLBACK, origin=1),
        call(4, "b", "", CALLBACK, origin=2),
        call(5, "c", facts.NOT_REACHED, CALLBACK, origin=9),
    ]
    found = today([call(1, "a", GONE), call(2, "b", GONE), call(9, "c", facts.CALLBACK), *given_])
    assert found.ends == {TALKED: 1, "": 1}
    assert [each.token for each in found.callers] == ["b", "c"]


@pytest.mark.parametrize("kind", [CALLBACK, WEB, MESSAGE])
def test_who_was_promised_a_call_and_never_there_for_one_is_on_it(kind: str) -> None:
    """However they asked: by phone, the form, or a message; and off it once they are served."""
    asked = call(1, "a", facts.CALLBACK), call(2, "a", facts.NOT_REACHED, kind, origin=1)
    (found,) = today(asked).callers
    assert (found.visit, found.why, found.calls) == (2, facts.NOT_REACHED, 1)
    assert today([*asked, call(3, "a", TALKED, CALLBACK, origin=2)]).callers == ()
    (again,) = today([*asked, call(3, "a", GONE)]).callers
    assert (again.visit, again.why, again.first_ms) == (3, GONE, 260_000)


calls = st.lists(
    st.builds(
        call,
        st.integers(1, 60),
        st.sampled_from(["", "a", "b", "c"]),
        st.sampled_from([*sorted(UNSERVED), *sorted(SERVED), facts.NOT_REACHED, facts.CLOSED, ""]),
        st.sampled_from([VOICE, VOICE, CALLBACK]),
        st.sampled_from([0, 1, 2]),
        st.sampled_from([facts.BY_CALLER, facts.VANISHED]),
    ),
    unique_by=lambda each: each.visit,
)


@given(calls)
def test_everybody_is_on_it_once_whose_last_end_of_any_weight_was_no_service(given_: list[Call]) -> None:
    on_it = {each.token for each in today(given_).callers}
    for token in ("a", "b", "c"):
        last = ""
        for each in sorted(given_, key=lambda one: one.ended_ms):
            cut = each.kind == VOICE and each.outcome == TALKED and each.ended_by == facts.VANISHED
            gone = each.outcome in (UNSERVED if each.kind == VOICE else {facts.NOT_REACHED})
            if each.token == token and (cut or gone):
                last = "missed"
            elif each.token == token and each.outcome in SERVED:
                last = "served"
        assert (token in on_it) == (last == "missed")
    assert len(on_it) == len(today(given_).callers)


# --- calling back ----------------------------------------------------------------------------------------


class Numbers:
    """The vault's tokens that may be dialled. away: it does not answer."""

    def __init__(self, *tokens: str) -> None:
        self.tokens, self.away = tokens, False

    async def number(self, token: str) -> str:
        if self.away:
            raise OSError("away")
        return "+49201" if token in self.tokens else ""

    async def keep(self, token: str) -> str:
        return token if token in self.tokens else ""


class Office:
    """A live loop, its records, and the pages over both."""

    def __init__(self, live: Live, recorder: SqlRecorder) -> None:
        self.live, self.recorder, self.kept, self.numbers = live, recorder, Kept(), Numbers("a")
        centre = load(SHIPPED)
        acts = Acts(live.runner, self.kept, self.kept, live.clock.now_ms)
        asks = Steerings(live.runner, acts, lambda: centre, live.clock.now_ms)
        doors = Doors(live.runner, recorder.engine, self.numbers, asks, lambda: UTC, live.clock.now_ms)
        people = Admits(ute=person("ute", Role.SUPERVISOR))
        picture = picture_of(waiting_bench(), 0)
        self.app = app_of(picture, people=people, not_reached=NotReachedToday(doors))

    async def does(self, asked: Awaitable[Any]) -> Any:
        task = asyncio.ensure_future(asked)
        while not task.done():
            await asyncio.sleep(0)
            await self.live.runner.turn()
        return await task

    async def asks(self, how: str, path: str) -> tuple[int, Any]:
        transport = httpx.ASGITransport(self.app)
        asking = httpx.AsyncClient(transport=transport, base_url="http://localhost", cookies={"acd": "ute"})
        async with asking:
            answer = await self.does(asking.request(how, f"/api/lead/not-reached{path}", headers=OURS))
            return answer.status_code, answer.json()

    async def listed(self) -> list[Mapping[str, Any]]:
        await self.recorder.record([(self.live.runner.seq, self.live.told)])
        self.live.told.clear()
        status, found = await self.asks("GET", "")
        assert status == 200
        callers: list[Mapping[str, Any]] = found["callers"]
        return callers

    async def gives_up(self, uid: str, token: str) -> int:
        live = self.live
        leg = live.calls(uid, "tr")
        live.put(ev.CallerKnown(leg, token, "", ""))
        await live.runner.turn()
        visit = max(live.runner.engine.world.visits)
        await live.waits(1_000)
        live.put(ev.LegEnded(leg, 16))
        await live.runner.turn()
        return visit


@pytest.fixture
async def office(tmp_path: Path) -> Any:
    recorder = SqlRecorder(await ready("records", urls(tmp_path, {})["records"]))
    live = await Live().up()
    live.put(ev.PolicyChanged("calls back", POLICY._replace(callbacks=Callbacks())))
    await live.runner.turn()
    yield Office(live, recorder)
    await recorder.close()


async def test_who_gave_up_is_called_back_by_whoever_suits_and_is_off_the_list_once_served(
    office: Office,
) -> None:
    visit = await office.gives_up("1", "a")
    (line,) = await office.listed()
    assert (line["visit"], line["language"], line["why"]) == (str(visit), "tr", GONE)
    assert (line["calls"], line["now"], line["possible"]) == (1, "", True)
    assert "token" not in line
    assert (await office.asks("POST", f"/{visit}/callback"))[0] == 200
    last = office.live.journal.events[-1]
    assert (last.event, last.actor) == (ev.CallbackGiven(visit, "a", "tr", "other", ""), "person:ute")
    (given_,) = office.live.runner.engine.world.visits.values()
    assert (given_.kind, given_.origin, given_.token, given_.language) == (CALLBACK, visit, "a", "tr")
    (line,) = await office.listed()
    assert (line["now"], line["possible"]) == ("promised", False)
    assert await office.asks("POST", f"/{visit}/callback") == (409, {"detail": "promised"})
    office.live.put(ev.StaffAsked("", "p03", "login", "", None))
    await office.live.runner.turn()
    offer, phone, leg = given_.offer, ev.Leg(NODE, "50"), ev.Leg(NODE, "51")
    office.live.says(ev.CallbackRings(offer, phone, "p03"))
    office.live.says(ev.CallbackLifted(offer, phone))
    office.live.says(ev.CallbackCalls(offer, phone, leg))
    office.live.says(ev.Bridged(leg, phone, "p03"))
    await office.live.runner.turn()
    await office.live.waits(10_000)
    office.live.says(ev.LegEnded(leg, 16))
    office.live.says(ev.LegEnded(phone, 16))
    await office.live.runner.turn()
    assert await office.listed() == []
    assert (await office.asks("GET", ""))[1]["ends"] == {TALKED: 1}


async def test_who_is_on_the_line_again_or_whose_number_is_gone_is_not_called(office: Office) -> None:
    here, gone = await office.gives_up("1", "a"), await office.gives_up("2", "b")
    leg = office.live.calls("3", "tr")
    office.live.put(ev.CallerKnown(leg, "a", "", ""))
    await office.live.runner.turn()
    lines = await office.listed()
    assert [(each["visit"], each["now"], each["possible"]) for each in lines] == [
        (str(here), "on_line", False),
        (str(gone), "", False),
    ]
    assert await office.asks("POST", f"/{here}/callback") == (409, {"detail": "on_line"})
    assert await office.asks("POST", f"/{gone}/callback") == (409, {"detail": "not_dialled"})
    assert await office.asks("POST", "/5/callback") == (404, {"detail": "not_missed"})


async def test_a_vault_that_does_not_answer_is_no_list(office: Office) -> None:
    await office.gives_up("1", "a")
    await office.listed()
    office.numbers.away = True
    assert (await office.asks("GET", ""))[0] == 503


async def test_where_nobody_is_called_back_the_engine_refuses(office: Office) -> None:
    visit = await office.gives_up("1", "a")
    await office.listed()
    office.live.put(ev.PolicyChanged("calls nobody", POLICY))
    await office.live.runner.turn()
    assert await office.asks("POST", f"/{visit}/callback") == (409, {"detail": "callback_not_offered"})


async def test_who_came_before_midnight_and_gave_up_after_it_is_of_the_day_that_it_ended(
    tmp_path: Path,
) -> None:
    """And nobody who was done with before it, nor who comes after the day."""
    recorder = SqlRecorder(await ready("records", urls(tmp_path, {})["records"]))
    midnight = datetime(2026, 3, 10, tzinfo=UTC)
    told: list[facts.Fact] = []
    for number, minutes in enumerate((-30, -10, 60, 24 * 60), 1):
        at_ms = round((midnight + timedelta(minutes=minutes)).timestamp() * 1000)
        told += finished(number, at_ms, "a", GONE, 15 * 60_000)
    await recorder.record([(1, told)])
    found = await day.calls(recorder.engine, midnight, midnight + timedelta(days=1))
    assert sorted(each.visit for each in found) == [2, 3]
    await recorder.close()
