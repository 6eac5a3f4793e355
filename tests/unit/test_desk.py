"""The desk of one member of staff: what is seen there, how it is woken, and the doors for what is asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from datetime import UTC, date
from pathlib import Path
from typing import TypeVar

import pytest

from acd.desk import DeskRules, Desks, rules_of
from acd.deskwork import Day
from acd.identity import RIGHTS, Asker, Role
from acd.ports import Arrival, Case
from acd.store.cases import SqlCases
from acd.store.open import ready, urls
from acd.store.records import SqlRecorder
from acd.web.deps import Accepted
from acd.woken import Woken
from config.load import SHIPPED, load
from config.tables.house import Agreement
from routing import events as ev
from routing.board import WaitingCell
from routing.desk import Call, DeskView, Last, OpenThreat, desk, handles
from routing.world import Closed
from tests.fakes.centre import NODE, POLICY, Bench
from tests.fakes.live import Live

T = TypeVar("T")
RULES = DeskRules(frozenset({"lunch"}), frozenset({"answered"}), (10, 20), 86_400_000, False, UTC)
NO: Mapping[str, str] = {}
NOTE = {"what": "asked for a form", "by_when": "Monday"}


def seen(bench: Bench, agent: str = "birgit") -> DeskView:
    found = desk(bench.engine.world, agent, bench.now)
    assert found is not None
    return found


# --- what is seen -------------------------------------------------------------------------------------


def test_a_call_that_rings_is_on_the_desk_with_all_that_is_known_and_nothing_of_who_calls() -> None:
    bench = Bench(POLICY._replace(silent_ms=60_000))
    bench.login("p02", "p03")
    leg = ev.Leg(NODE, "1.1")
    bench.tell(ev.CallArrived(leg, "line"))
    bench.tell(ev.CallerKnown(leg, "secret", "K-1", ""))
    bench.tell(ev.CallWaiting(leg, "de", "study", "", bench.now, bench.now))
    queued = bench.now
    offer = next(iter(bench.engine.world.offers.values()))
    bench.tell(ev.DialEnded(leg, offer.id, "BUSY"), 50_000)
    offer = next(iter(bench.engine.world.offers.values()))
    phone = ev.Leg(NODE, "1.2")
    bench.tell(ev.DialBegan(leg, phone, "p02"))
    bench.tell(ev.PhoneRang(phone))
    visit = next(iter(bench.engine.world.visits))
    assert seen(bench, "cem").calls == ()
    assert seen(bench).calls == (
        Call(
            visit,
            "ringing",
            bench.now,
            offer.deadline_ms,
            "de",
            "study",
            queued_ms=queued,
            step=1,
            offers=2,
            people=2,
            case="K-1",
        ),
    )
    assert "secret" not in repr(seen(bench))
    assert "1.1" not in repr(seen(bench))


def test_a_call_that_is_written_up_stays_on_the_desk_when_its_caller_is_gone_and_can_be_closed_after() -> (
    None
):
    bench = Bench()
    bench.login("p02")
    leg = ev.Leg(NODE, "1.1")
    bench.call("1.1")
    bench.tell(ev.Bridged(leg, ev.Leg(NODE, "1.2"), "p02"))
    visit = next(iter(bench.engine.world.visits))
    bench.tell(ev.LegEnded(leg, 16), 10_000)
    ended = bench.now
    bench.tell(ev.HandlingClosed(visit, "birgit", "answered", "n", ""))
    until = ended + POLICY.wrap_up_ms
    closed = Closed(visit, "answered", "n", "")
    assert seen(bench).calls == (Call(visit, "wrap_up", ended, until, "de", "other", closed=closed),)
    bench.tell(ev.LegEnded(ev.Leg(NODE, "1.2"), 16))
    bench.tell(ev.Elapsed(), POLICY.wrap_up_ms)
    assert (seen(bench).calls, seen(bench).last) == ((), (Last(visit, "de", "other", ended),))
    assert (handles(bench.engine.world, "birgit", visit), handles(bench.engine.world, "cem", visit)) == (
        "",
        None,
    )


def test_who_waits_is_shown_to_who_speaks_the_language_or_the_second_one() -> None:
    bench = Bench()
    for uid, language, concern in (("1", "de", "other"), ("2", "de", "other"), ("3", "tr", "study")):
        bench.call(uid, language, concern)
    first = bench.engine.world.visits[next(iter(bench.engine.world.visits))].queued_ms
    tr = bench.now
    german = WaitingCell("de", "other", 2, first)
    assert seen(bench, "birgit").waiting == (german,)
    assert seen(bench, "cem").waiting == (german, WaitingCell("tr", "study", 1, tr))
    bench.tell(ev.SecondLanguageAdded(ev.Leg(NODE, "3"), "en"))
    assert seen(bench, "birgit").waiting == (german, WaitingCell("tr", "study", 1, tr))
    bench.call("4", "und", "other")
    assert [each.language for each in seen(bench, "birgit").waiting] == ["de", "tr", "und"]
    assert [each.language for each in seen(bench, "amal").waiting] == ["de"]


def test_state_quiet_time_and_follow_ups_are_on_the_desk_of_the_one_they_are_about() -> None:
    bench = Bench()
    bench.login("p02")
    bench.tell(ev.QuietAsked("birgit", 10))
    bench.call("1.1")
    bench.tell(ev.Bridged(ev.Leg(NODE, "1.1"), ev.Leg(NODE, "1.2"), "p02"))
    visit = next(iter(bench.engine.world.visits))
    bench.tell(ev.LegEnded(ev.Leg(NODE, "1.1"), 16), 10_000)
    ended = bench.now
    bench.tell(ev.HandedOver(visit, "birgit", "amal", "n"))
    bench.tell(ev.Elapsed(), POLICY.wrap_up_ms)
    bench.tell(ev.LegEnded(ev.Leg(NODE, "1.2"), 16))
    view, other = seen(bench), seen(bench, "amal")
    assert (view.state, view.presence, view.quiet_min) == ("quiet", "ready", 10)
    assert view.quiet_until_ms == ended + 600_000
    assert ([each.note for each in view.left], view.handovers) == (["n"], ())
    assert ([each.agent for each in other.handovers], other.left) == (["birgit"], ())
    assert desk(bench.engine.world, "nobody", bench.now) is None


# --- how it is woken ----------------------------------------------------------------------------------


async def woken_by(bench: Bench, event: ev.Event, *agents: str) -> list[str]:
    """Whose desk an event wakes."""
    woken = Woken()
    waits = {each: asyncio.ensure_future(woken.after(each, woken.version(each))) for each in agents}
    await asyncio.sleep(0)
    woken.facts(1, bench.tell(event).facts)
    await asyncio.sleep(0)
    found = [each for each, task in waits.items() if task.done()]
    for task in waits.values():
        task.cancel()
    return found


async def test_a_desk_is_woken_by_what_is_on_it_and_by_nothing_else() -> None:
    bench = Bench()
    bench.login("p02", "p03")
    both = ("birgit", "cem")
    assert await woken_by(bench, ev.QuietAsked("birgit", 10), *both) == ["birgit"]
    assert await woken_by(bench, ev.StaffAsked("cem", "", "notready", "lunch", None), *both) == ["cem"]
    assert await woken_by(bench, ev.Elapsed(), *both) == []
    bench.tell(ev.CallArrived(ev.Leg(NODE, "1"), "line"))
    waits = ev.CallWaiting(ev.Leg(NODE, "1"), "de", "other", "", bench.now, bench.now)
    assert await woken_by(bench, waits, *both) == ["birgit", "cem"]


async def test_what_happened_before_a_desk_looked_is_not_missed() -> None:
    bench, woken = Bench(), Woken()
    before = woken.version("birgit")
    woken.facts(1, bench.tell(ev.StaffAsked("", "p02", "login", "", None)).facts)
    assert await woken.after("birgit", before) > before


# --- the doors ----------------------------------------------------------------------------------------


class MemoryTexts:
    """Free text in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[Mapping[str, str], str, str]] = {}

    async def keep(self, text: Mapping[str, str], about: str, by: str, now_ms: int) -> str:
        self.kept[f"n{len(self.kept)}"] = (text, about, by)
        return f"n{len(self.kept) - 1}"

    async def read(self, refs: list[str]) -> Mapping[str, Mapping[str, str]]:
        return {each: self.kept[each][0] for each in refs if each in self.kept}


class Office:
    """Desks over a live loop: each round of it is taken where something is asked."""

    def __init__(self, live: Live, recorder: SqlRecorder) -> None:
        self.live, self.recorder, self.texts, self.woken = live, recorder, MemoryTexts(), Woken()
        self.cases = SqlCases(recorder.engine, [])
        self.desks = Desks(
            live.runner,
            recorder.engine,
            self.texts,
            self.cases,
            self.woken,
            lambda: RULES,
            live.clock.now_ms,
        )

    async def does(self, asked: Awaitable[T]) -> T:
        task = asyncio.ensure_future(asked)
        while not task.done():
            await asyncio.sleep(0)
            await self.live.runner.turn()
        return await task

    async def records(self) -> None:
        await self.recorder.record([(self.live.runner.seq, self.live.told)])
        self.live.told.clear()

    async def talk(self, uid: str, token: str = "token") -> int:
        """A caller talks with birgit and hangs up; the visit."""
        live, leg, phone = self.live, ev.Leg(NODE, uid), ev.Leg(NODE, f"{uid}.p")
        now = live.clock.now
        live.put(ev.CallArrived(leg, "line"))
        live.put(ev.CallerKnown(leg, token, "", ""))
        live.put(ev.CallWaiting(leg, "de", "other", "", now, now))
        live.put(ev.Bridged(leg, phone, "p02"))
        await live.runner.turn()
        visit = next(iter(live.runner.engine.world.visits))
        await live.waits(5_000)
        live.put(ev.LegEnded(leg, 16))
        live.put(ev.LegEnded(phone, 16))
        await live.runner.turn()
        return visit


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    recorder = SqlRecorder(await ready("records", urls(tmp_path, {})["records"]))
    yield Office(await Live().up("p02", "p03"), recorder)
    await recorder.close()


def asker(agent: str, role: Role = Role.STAFF) -> Asker:
    return Asker(f"a-{agent}", agent, f"person:a-{agent}", frozenset({role}), RIGHTS[role], agent)


BIRGIT, CEM, NOBODY = asker("birgit"), asker("cem"), asker("", Role.SUPERVISOR)


def actors(office: Office, kind: type) -> list[str]:
    return [each.actor for each in office.live.journal.events if isinstance(each.event, kind)]


async def test_what_is_asked_at_a_desk_has_the_person_as_actor_and_is_about_themselves(
    office: Office,
) -> None:
    desks = office.desks
    assert await office.does(desks.ask(BIRGIT, "notready", "lunch")) == Accepted(True, "")
    assert office.live.journal.events[-1].actor == "person:a-birgit"
    assert await office.does(desks.quiet(CEM, 20)) == Accepted(True, "")
    people = office.live.runner.engine.world.people
    assert (people["birgit"].shown_reason, people["cem"].quiet_min) == ("lunch", 20)
    assert actors(office, ev.QuietAsked) == ["person:a-cem"]


async def test_what_cannot_be_is_answered_by_a_code(office: Office) -> None:
    desks, does = office.desks, office.does
    visit = await office.talk("1.1")
    for asked, why in (
        (desks.ask(BIRGIT, "notready", "my own words"), "unknown_reason"),
        (desks.ask(BIRGIT, "fly"), "not_possible"),
        (desks.quiet(BIRGIT, 7), "not_possible"),
        (desks.ask(NOBODY, "ready"), "no_desk"),
        (desks.quiet(NOBODY, 10), "no_desk"),
        (desks.ask(asker("amal"), "ready"), "not_logged_in"),
        (desks.ask(CEM, "wrap_longer"), "no_wrap_up"),
        (desks.close(CEM, visit, "answered", NOTE), "not_yours"),
        (desks.close(NOBODY, visit, "answered", NOTE), "not_yours"),
        (desks.close(BIRGIT, visit, "invented", NOTE), "unknown_outcome"),
        (desks.close(BIRGIT, visit, "answered", NOTE, "K-9"), "unknown_case"),
        (desks.case(CEM, visit, "K-9", new=True), "not_yours"),
        (desks.case(BIRGIT, visit, "K-9"), "unknown_case"),
        (desks.case(BIRGIT, visit, "unknown", new=True), "unknown_case"),
        (desks.case(BIRGIT, visit, "x" * 41, new=True), "unknown_case"),
        (desks.case(BIRGIT, visit, "", new=True), "unknown_case"),
        (desks.hand_over(CEM, visit, "amal", NOTE), "not_yours"),
        (desks.hand_over(BIRGIT, visit, "nobody", NO), "unknown_person"),
        (desks.handover_done(BIRGIT, 5), "unknown_handover"),
        (desks.threat(CEM, visit, NOTE, True), "not_yours"),
    ):
        assert await does(asked) == Accepted(False, why)
    assert not office.texts.kept


async def test_a_call_is_closed_with_a_note_of_which_only_the_reference_leaves_the_vault(
    office: Office,
) -> None:
    visit = await office.talk("1.1")
    await office.cases.put(Case("K-1", "cem", "other", "open", (), ""))
    assert (await office.does(office.desks.close(BIRGIT, visit, "answered", NOTE, "K-1"))).accepted
    assert office.texts.kept == {"n0": (NOTE, "token", "person:a-birgit")}
    assert "form" not in repr(office.live.journal.events)
    await office.records()
    again = await office.talk("1.2")
    before = await office.does(office.desks.before(BIRGIT, again))
    assert [each.visit for each in before.visits] == [visit]
    word = before.visits[0].said[0]
    assert (word.agent, word.outcome, word.note, word.case) == ("birgit", "answered", "n0", "K-1")
    assert before.notes == {"n0": NOTE}


async def test_a_case_begins_at_the_desk_and_is_the_callers_from_then_on(office: Office) -> None:
    desks, visit = office.desks, await office.talk("1.1")
    await office.records()
    assert (await office.does(desks.close(BIRGIT, visit, "answered", NOTE))).accepted
    assert (await office.does(desks.case(BIRGIT, visit, "K-2", new=True))).accepted
    assert await office.does(desks.case(BIRGIT, visit, "K-2", new=True)) == Accepted(False, "case_taken")
    assert (await office.does(desks.case(BIRGIT, visit, "K-2"))).accepted
    closed = office.live.runner.engine.world.people["birgit"].closed
    assert closed == Closed(visit, "answered", "n0", "K-2")
    known = await office.cases.known("token", "", "")
    assert (known.case, known.owner) == ("K-2", "birgit")
    found = await office.cases.get("K-2")
    assert found is not None
    assert found[0] == Case("K-2", "birgit", "other", "open", (), "")


async def test_earlier_visits_are_told_to_who_has_the_call_and_to_nobody_else(office: Office) -> None:
    await office.talk("1.1")
    await office.records()
    again = await office.talk("1.2")
    for by in (CEM, NOBODY, asker("nobody")):
        assert await office.does(office.desks.before(by, again)) == ((), {})


async def test_a_follow_up_goes_from_desk_to_desk_with_its_note(office: Office) -> None:
    desks, visit = office.desks, await office.talk("1.1")
    assert (await office.does(desks.hand_over(BIRGIT, visit, "cem", NOTE))).accepted
    view = await office.does(desks.view(CEM))
    assert view is not None
    assert await office.does(desks.notes(CEM)) == {"n0": NOTE}
    assert await office.does(desks.notes(asker("amal"))) == {}
    assert (await office.does(desks.handover_done(CEM, view.handovers[0].id))).accepted


async def test_a_threat_stands_until_a_supervisor_has_seen_to_it(office: Office) -> None:
    desks, visit = office.desks, await office.talk("1.1")
    assert await office.does(desks.threat(BIRGIT, visit, NOTE, True)) == Accepted(True, "")
    now = office.live.clock.now
    assert await desks.threats() == (OpenThreat(visit, "birgit", now, now + 86_400_000),)
    for event in (ev.TokenUnblocked(visit), ev.ThreatSeen(visit)):
        await office.does(office.live.runner.ask(Arrival(event, "person:ute")))
    assert await desks.threats() == ()
    unknown = await office.talk("1.2", token="")
    assert await office.does(desks.threat(BIRGIT, unknown, NO, True)) == Accepted(True, "not_blocked")
    assert await office.does(desks.threat(BIRGIT, unknown, NO, False)) == Accepted(True, "")


async def test_the_own_day_is_told_to_oneself(office: Office) -> None:
    await office.talk("1.1")
    await office.live.waits(6_000)
    await office.records()
    assert await office.desks.today(BIRGIT) == Day(1, 5_000, 5_000, 0)
    assert await office.desks.today(CEM) == Day(0, 0, 0, 0)


async def test_a_desk_shows_the_ring_in_the_step_that_made_the_offer(office: Office) -> None:
    """Nothing is waited for between the offer and the desk's being woken."""
    desks, live = office.desks, office.live
    version = desks.version(CEM)
    waits = asyncio.ensure_future(desks.changed(CEM, version))
    await asyncio.sleep(0)
    leg, now = ev.Leg(NODE, "1.1"), live.clock.now
    live.put(ev.CallArrived(leg, "line"))
    live.put(ev.CallWaiting(leg, "tr", "study", "", now, now))
    await live.runner.turn()
    office.woken.facts(1, live.told)
    await asyncio.sleep(0)
    assert waits.done()
    view = await desks.view(CEM)
    assert view is not None
    assert [(each.state, each.language, each.concern) for each in view.calls] == [("reserved", "tr", "study")]


def test_who_said_what_of_an_earlier_call_is_seen_by_others_only_under_a_service_agreement() -> None:
    centre = load(SHIPPED)
    assert rules_of(centre).names is False
    agreed = Agreement(name="Dienstvereinbarung Telefonie", date=date(2026, 1, 15))
    allows = centre.privacy.model_copy(update={"agreement": agreed})
    assert rules_of(centre.model_copy(update={"privacy": allows})).names is True
    assert rules_of(centre).reasons == {each.code for each in centre.desk.reasons}
    assert rules_of(centre).block_ms == centre.desk.block_hours * 3_600_000
