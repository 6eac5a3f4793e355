"""What others see of one person: without a service agreement ready, not ready or on a call."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from acd.answers import Answers
from acd.demo.hotline import PROJECT
from acd.identity import Role
from acd.metrics.board import BoardFigures
from acd.mqtt.messages import messages
from agents import state as shown
from config.load import ConfigFaults, load
from routing.board import StaffState
from routing.events import StaffAsked
from routing.explain import Candidate, Idle, Sought
from routing.facts import ShadowDiffered
from routing.index import Choice, Lost
from routing.others import STRICT, Others
from routing.select import REASONS
from tests.fakes.admits import Admits, person
from tests.fakes.centre import PHONES, Bench
from tests.fakes.pages import app_of, picture_of

SHIPPED = PROJECT / "config" / "welcomecenter.toml"
AGREED = Others(agreed=True)
THREE = {shown.READY, shown.NOT_READY, shown.TALKING}
REASON = "at the dentist"


def bench_of_all() -> Bench:
    """Amal has a reason and a time, the next rings, others are logged out."""
    bench = Bench()
    bench.login(PHONES[0])
    bench.now += 7_000
    bench.tell(StaffAsked("amal", "", "notready", REASON, None))
    for uid, language in (("1", "tr"), ("2", "ar"), ("3", "de")):
        bench.call(uid, language)
    bench.login(PHONES[1])
    return bench


@pytest.mark.parametrize("state", shown.SHOWN)
def test_one_of_three_words_and_neither_reason_nor_time(state: str) -> None:
    whole = StaffState("amal", "Amal", state, REASON, 1_700_000_000_000)
    assert AGREED.person(whole) == whole
    seen = STRICT.person(whole)
    assert seen.state in THREE
    assert seen == StaffState("amal", "Amal", seen.state, "", 0)
    assert (seen.state == shown.READY) == (state == shown.READY)
    assert (seen.state == shown.TALKING) == (state in ("reserved", "ringing", "calling", "talking"))


@pytest.mark.parametrize("reason", REASONS)
def test_a_verdict_says_no_more_of_a_person_than_that_they_are_not_free(reason: str) -> None:
    whole = Candidate("amal", reason, "de", 7, 5, 3, 2, shown.QUIET)
    assert AGREED.candidate(whole) == whole
    seen = STRICT.candidate(whole)
    assert seen.state == shown.NOT_READY
    assert seen.reason == ("not_free" if reason in ("quiet", "asked_already") else reason)


def test_counts_by_reason_lose_nobody() -> None:
    visit: Any = SimpleNamespace()
    whole = Sought(visit, (("suits", 1), ("not_free", 2), ("quiet", 1)))
    assert dict(STRICT.sought(whole).people) == {"suits": 1, "not_free": 3}
    assert AGREED.sought(whole) == whole


def test_that_somebody_declined_is_nobody_else_s() -> None:
    """They were asked for these callers already: beside their name it says that they did not answer."""
    whole = Idle("amal", (("asked_already", 2), ("not_free", 1), ("language_too_low", 3)))
    assert dict(STRICT.idle(whole).callers) == {"not_free": 3, "language_too_low": 3}
    assert AGREED.idle(whole) == whole


def test_a_decision_says_the_criterion_and_nobodys_figures() -> None:
    choice = Choice(1, "amal", 0, "de", 7, 5, "", 2, "longest_idle", (Lost("bob", "longest_idle", 90, 17),))
    whole = ShadowDiffered(5, choice, None)
    assert AGREED.differed(whole) == whole
    seen = STRICT.differed(whole)
    assert seen.live is not None
    assert seen.live.lost == (Lost("bob", "longest_idle", 0, 0),)
    assert seen.live._replace(lost=choice.lost) == choice


@pytest.mark.parametrize("agreed", [False, True])
async def test_page_broker_and_figures_show_the_same_of_people(agreed: bool) -> None:
    bench = bench_of_all()
    picture = picture_of(bench, 0, agreed=agreed)
    people = Admits(
        chief=person("chief", Role.SUPERVISOR),
        amal=person("amal", Role.STAFF, agent="amal"),
        wall=person("wall", Role.WALL),
    )
    app = app_of(picture, people=people)
    registry = CollectorRegistry()
    registry.register(BoardFigures(picture, dict))
    told = {"broker": messages(picture())["staff"], "figures": generate_latest(registry).decode()}
    own = {}
    for who in ("chief", "amal", "wall"):
        transport, cookies = httpx.ASGITransport(app), {"acd": who}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", cookies=cookies
        ) as client:
            state = (await client.get("/api/board")).json()
        own[who] = state.pop("own")
        told[who] = json.dumps(state)
        states = {each["state"] for each in state["board"]["staff"]}
        assert (states <= THREE) is not agreed
        assert any(each["since_ms"] for each in state["board"]["staff"]) == (agreed and who != "wall")
    assert (set(json.loads(told["broker"])) <= THREE) is not agreed
    logged_out = 'acd_staff{state="logged_out"} 0.0' in told["figures"]
    assert logged_out is not agreed
    assert (REASON in told["chief"]) is agreed
    assert REASON not in told["wall"]
    assert (own["chief"], own["wall"]) == (None, None)
    assert (own["amal"]["state"], own["amal"]["reason"]) == ("not_ready", REASON)
    assert own["amal"]["since_ms"] > 0


async def test_why_a_caller_waits_and_what_a_shadow_says_go_through_the_same_door(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = bench_of_all()
    centre: Any = SimpleNamespace(service_level=load(SHIPPED).service_level)
    settled = SimpleNamespace(wait=_now)
    runner: Any = SimpleNamespace(engine=bench.engine, settled=settled)
    rules: Any = SimpleNamespace(centre=centre)
    nothing: Any = None
    choice = Choice(1, "amal", 0, "de", 7, 5, "", 2, "longest_idle", (Lost("bob", "longest_idle", 90, 17),))

    async def kept(*_: object) -> list[ShadowDiffered]:
        return [ShadowDiffered(5, choice, None)]

    monkeypatch.setattr("acd.answers.queries.differences", kept)
    seen = {}
    for agreed in (False, True):
        centre.privacy = SimpleNamespace(others=Others(agreed))
        answers = Answers(rules, nothing, runner, nothing, lambda: bench.now)
        visit = next(iter(bench.engine.world.visits))
        found = await answers.explain_visit(visit)
        assert found is not None
        seen[agreed] = {each.state for each in found}, await answers.differences(1)
    assert seen[False][0] <= THREE
    assert not seen[True][0] <= THREE
    assert seen[False][1] != seen[True][1]


async def _now() -> None:
    return


def test_the_shipped_centre_shows_the_least_and_an_agreement_is_named_with_its_date(tmp_path: Path) -> None:
    assert load(SHIPPED).privacy.others == STRICT
    assert described(tmp_path, 'name = "Dienstvereinbarung 7"\ndate = 2026-01-15').privacy.others == AGREED


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ('name = ""\ndate = 2026-01-15', "privacy.agreement.name"),
        ('name = "Dienstvereinbarung"', "privacy.agreement.date"),
        ("date = 2026-01-15", "privacy.agreement.name"),
        ('name = "Dienstvereinbarung"\ndate = "soon"', "privacy.agreement.date"),
        ('name = "Dienstvereinbarung"\ndate = 1926-01-15', "privacy.agreement.date"),
        ('name = "Dienstvereinbarung"\ndate = 2026-01-15T12:00:00', "privacy.agreement.date"),
    ],
)
def test_an_agreement_without_name_or_date_is_none_and_one_clear_error(
    tmp_path: Path, written: str, key: str
) -> None:
    with pytest.raises(ConfigFaults) as caught:
        described(tmp_path, written)
    assert [each.key for each in caught.value.faults] == [key]


def described(folder: Path, agreement: str) -> Any:
    path = folder / "centre.toml"
    text = SHIPPED.read_text(encoding="utf-8")
    path.write_text(f"{text}\n[privacy.agreement]\n{agreement}\n", encoding="utf-8")
    return load(path)
