"""What the engine hears from a desk: wrap-up, quiet time, a closed call, follow-ups, threats, blocking."""

import json
from typing import Any

import pytest

from acd.frozen import Copied, thawed
from routing import events as ev
from routing import facts
from routing.board import board
from routing.commands import Connect, TurnAway
from routing.engine import Effects, Engine
from routing.explain import candidates
from routing.world import BLOCKED_MAX, HANDLED_MAX, HANDOVERS_MAX, THREATS_MAX, Blocked, World
from tests.fakes.centre import NODE, POLICY, ROSTER, Bench

MINUTE = 60_000
WRAP_UP = POLICY.wrap_up_ms
DAY = 86_400_000


def said(kind: Any, effects: Effects) -> list[Any]:
    return [each for each in effects.facts if isinstance(each, kind)]


def visit_of(bench: Bench, uid: str) -> int:
    world = bench.engine.world
    return next(v.id for v in world.visits.values() if v.caller == ev.Leg(NODE, uid))


def talk(bench: Bench, uid: str, token: str = "", phone: str = "p02") -> int:
    """A caller comes and talks with birgit; the visit."""
    leg = ev.Leg(NODE, uid)
    bench.call(uid)
    if token:
        bench.tell(ev.CallerKnown(leg, token, "", ""))
    bench.tell(ev.Bridged(leg, ev.Leg(NODE, f"{uid}.phone"), phone))
    return visit_of(bench, uid)


def hang_up(bench: Bench, uid: str, after_ms: int = 10_000) -> Effects:
    return bench.tell(ev.LegEnded(ev.Leg(NODE, uid), 16), after_ms)


def talked(bench: Bench, uid: str, token: str = "") -> int:
    visit = talk(bench, uid, token)
    hang_up(bench, uid)
    bench.tell(ev.LegEnded(ev.Leg(NODE, f"{uid}.phone"), 16))
    return visit


def at_work() -> Bench:
    """Birgit alone."""
    bench = Bench()
    bench.login("p02")
    return bench


def state(bench: Bench) -> str:
    return bench.engine.world.people["birgit"].shown


def asks(bench: Bench, what: str, after_ms: int = 1) -> Effects:
    return bench.tell(ev.StaffAsked("birgit", "", what, "", None), after_ms)


# --- wrap-up ------------------------------------------------------------------------------------------


def test_wrap_up_is_made_longer_by_its_time_and_counts_as_work() -> None:
    bench = at_work()
    talked(bench, "1.1")
    until = bench.engine.world.people["birgit"].engagements[0].until_ms
    longer = asks(bench, "wrap_longer")
    assert [each.until_ms for each in said(facts.WrapUpExtended, longer)] == [until + WRAP_UP]
    assert bench.engine.due() == until + WRAP_UP
    bench.tell(ev.Elapsed(), until + WRAP_UP - 1 - bench.now)
    assert state(bench) == "wrap_up"
    done = bench.tell(ev.Elapsed())
    assert said(facts.WrapUpEnded, done)
    assert state(bench) == "ready"
    assert bench.engine.world.people["birgit"].busy_ms == 10_000 + 2 * WRAP_UP


def test_wrap_up_cannot_be_made_longer_for_ever_or_where_there_is_none() -> None:
    bench = at_work()
    assert [each.why for each in said(facts.StaffRefused, asks(bench, "wrap_longer"))] == ["no_wrap_up"]
    talked(bench, "1.1")
    for _ in range(3_600_000 // WRAP_UP - 1):
        assert not said(facts.StaffRefused, asks(bench, "wrap_longer", 0))
    assert [each.why for each in said(facts.StaffRefused, asks(bench, "wrap_longer"))] == ["long_enough"]


@pytest.mark.parametrize("presence", ["ready", "not_ready"])
def test_wrap_up_that_is_over_leaves_presence_as_it_is(presence: str) -> None:
    bench = at_work()
    talked(bench, "1.1")
    if presence == "not_ready":
        asks(bench, "notready")
    assert said(facts.WrapUpEnded, asks(bench, "wrap_over"))
    assert state(bench) == presence
    assert [each.why for each in said(facts.StaffRefused, asks(bench, "wrap_over"))] == ["no_wrap_up"]


# --- quiet time ---------------------------------------------------------------------------------------


def test_in_quiet_time_nobody_is_offered_until_it_is_over() -> None:
    bench = at_work()
    bench.tell(ev.QuietAsked("birgit", 10))
    assert state(bench) == "ready"  # no talk yet
    talked(bench, "1.1")
    ended = bench.engine.world.people["birgit"].talked_ms
    bench.tell(ev.Elapsed(), WRAP_UP)
    assert state(bench) == "quiet"
    assert not [each for each in bench.call("1.2").commands if isinstance(each, Connect)]
    bench.tell(ev.Elapsed(), ended + 10 * MINUTE - 1 - bench.now)
    assert (state(bench), bench.engine.due()) == ("quiet", ended + 10 * MINUTE)
    offered = bench.tell(ev.Elapsed())
    assert [each.caller for each in offered.commands if isinstance(each, Connect)] == [ev.Leg(NODE, "1.2")]


def test_quiet_time_that_is_asked_for_after_a_talk_counts_from_its_end() -> None:
    bench = at_work()
    talked(bench, "1.1")
    ended = bench.engine.world.people["birgit"].talked_ms
    bench.tell(ev.Elapsed(), 4 * MINUTE)
    bench.tell(ev.QuietAsked("birgit", 5))
    assert (state(bench), bench.engine.world.people["birgit"].quiet_until_ms) == ("quiet", ended + 5 * MINUTE)
    assert said(facts.QuietChanged, bench.tell(ev.QuietAsked("birgit", 3)))[0].minutes == 3
    assert state(bench) == "ready"
    bench.tell(ev.QuietAsked("birgit", 5))
    bench.tell(ev.QuietAsked("birgit", 0))
    assert (state(bench), bench.engine.world.people["birgit"].quiet_min) == ("ready", 0)


def test_logging_out_ends_quiet_time_and_neither_ready_nor_midnight_does() -> None:
    bench = Bench(POLICY._replace(days=(1_000_000 + 2 * MINUTE,)))
    bench.login("p02")
    bench.tell(ev.QuietAsked("birgit", 10))
    talked(bench, "1.1")
    asks(bench, "ready")
    assert state(bench) == "quiet"
    bench.tell(ev.Elapsed(), 3 * MINUTE)
    assert state(bench) == "quiet"
    asks(bench, "notready")
    asks(bench, "ready")
    assert state(bench) == "quiet"
    out = asks(bench, "logout")
    assert [each.minutes for each in said(facts.QuietChanged, out)] == [0]
    asks(bench, "login")
    assert state(bench) == "ready"


@pytest.mark.parametrize(
    ("agent", "minutes", "why"),
    [
        ("nobody", 10, "unknown_person"),
        ("cem", 10, "not_logged_in"),
        ("birgit", -1, "not_possible"),
        ("birgit", 481, "not_possible"),
    ],
)
def test_quiet_time_that_cannot_be_is_refused(agent: str, minutes: int, why: str) -> None:
    bench = at_work()
    refused = said(facts.StaffRefused, bench.tell(ev.QuietAsked(agent, minutes)))
    assert [(each.agent, each.what, each.why) for each in refused] == [(agent, "quiet", why)]


def test_who_is_quiet_has_that_as_the_reason_and_a_phone_in_use_goes_before_it() -> None:
    bench = at_work()
    bench.tell(ev.QuietAsked("birgit", 10))
    talked(bench, "1.1")
    bench.tell(ev.Elapsed(), WRAP_UP)
    bench.call("1.2")

    def reasons() -> dict[str, str]:
        engine = bench.engine
        assert engine.index is not None
        visit = engine.world.visits[visit_of(bench, "1.2")]
        told = candidates(engine.index, engine.world, engine.world.rules, visit, bench.now)
        return {each.agent: each.reason for each in told}

    assert reasons()["birgit"] == "quiet"
    bench.tell(ev.DeviceChanged("p02", "INUSE", NODE))
    assert (reasons()["birgit"], state(bench)) == ("not_free", "busy_outside")


def test_nobody_waits_for_the_owner_of_their_case_who_is_quiet() -> None:
    bench = Bench(POLICY._replace(owner_ms=20 * MINUTE))
    bench.login("p02", "p03")
    bench.tell(ev.QuietAsked("birgit", 10))
    talk(bench, "1.1")
    talk(bench, "1.2", phone="p03")
    leg = ev.Leg(NODE, "1.3")
    bench.call("1.3")
    bench.tell(ev.CallerKnown(leg, "t", "c", "birgit"))
    hang_up(bench, "1.1")  # her quiet time begins
    bench.tell(ev.LegEnded(ev.Leg(NODE, "1.1.phone"), 16))
    hang_up(bench, "1.2")
    bench.tell(ev.LegEnded(ev.Leg(NODE, "1.2.phone"), 16))
    bench.tell(ev.Elapsed(), WRAP_UP)
    assert bench.engine.world.visits[visit_of(bench, "1.3")].agent == "cem"


# --- what is said of a call ---------------------------------------------------------------------------


def test_who_handles_or_handled_a_visit_lately_says_what_it_came_to_and_the_last_word_counts() -> None:
    bench = at_work()
    visit = talk(bench, "1.1")
    first = bench.tell(ev.HandlingClosed(visit, "birgit", "answered", "n1", "K-1"))
    now = bench.now
    assert said(facts.HandlingClosed, first) == [
        facts.HandlingClosed(now, visit, "birgit", "answered", "n1", "K-1")
    ]
    assert bench.engine.world.visits[visit].case == "K-1"
    hang_up(bench, "1.1")
    assert said(facts.HandlingClosed, bench.tell(ev.HandlingClosed(visit, "birgit", "other", "", "")))
    closed = bench.engine.world.people["birgit"].closed
    assert closed is not None
    assert closed.outcome == "other"


def test_only_own_calls_are_closed() -> None:
    bench = Bench()
    bench.login("p02", "p03")
    visit = talked(bench, "1.1")
    rung = bench.call("1.2")
    assert [each for each in rung.commands if isinstance(each, Connect)]
    for agent, which, why in (
        ("cem", visit, "not_yours"),
        ("birgit", visit_of(bench, "1.2"), "not_yours"),
        ("cem", visit_of(bench, "1.2"), "not_yours"),
        ("birgit", 0, "not_yours"),
        ("nobody", visit, "unknown_person"),
    ):
        for event, what in (
            (ev.HandlingClosed(which, agent, "answered", "", ""), "close"),
            (ev.HandedOver(which, agent, "amal", ""), "handover"),
            (ev.ThreatTold(which, agent, "", DAY), "threat"),
        ):
            effects = bench.tell(event)
            assert [tuple(each)[1:] for each in said(facts.StaffRefused, effects)] == [(agent, what, why)]
    assert not bench.engine.world.handovers
    assert not bench.engine.world.blocked


def test_so_many_of_the_last_calls_can_still_be_closed() -> None:
    bench = at_work()
    visits = []
    for number in range(HANDLED_MAX + 1):
        visits.append(talked(bench, f"1.{number}"))
        asks(bench, "wrap_over")
    closed = [
        bool(said(facts.HandlingClosed, bench.tell(ev.HandlingClosed(each, "birgit", "answered", "", ""))))
        for each in visits
    ]
    assert closed == [False] + [True] * HANDLED_MAX


# --- follow-ups ---------------------------------------------------------------------------------------


def test_a_follow_up_lies_on_a_colleagues_desk_until_one_of_the_two_says_that_it_is_done() -> None:
    bench = at_work()
    visit = talked(bench, "1.1")
    for who, why in (("cem", "not_yours"), ("amal", ""), ("birgit", "")):
        made = said(facts.HandedOver, bench.tell(ev.HandedOver(visit, "birgit", "amal", "n1")))[0]
        assert (made.visit, made.agent, made.to, made.note) == (visit, "birgit", "amal", "n1")
        done = bench.tell(ev.HandoverDone(made.handover, who))
        assert [each.why for each in said(facts.StaffRefused, done)] == ([why] if why else [])
        assert (made.handover in bench.engine.world.handovers) == bool(why)
    again = bench.tell(ev.HandoverDone(made.handover, "amal"))
    assert [each.why for each in said(facts.StaffRefused, again)] == ["unknown_handover"]
    nobody = bench.tell(ev.HandedOver(visit, "birgit", "nobody", ""))
    assert [each.why for each in said(facts.StaffRefused, nobody)] == ["unknown_person"]


def test_one_follow_up_more_than_there_is_room_for_is_refused_and_none_is_lost() -> None:
    bench = at_work()
    visit = talked(bench, "1.1")
    for _ in range(HANDOVERS_MAX):
        bench.tell(ev.HandedOver(visit, "birgit", "amal", ""), 0)
    kept = list(bench.engine.world.handovers)
    refused = bench.tell(ev.HandedOver(visit, "birgit", "amal", ""))
    assert [each.why for each in said(facts.StaffRefused, refused)] == ["too_many"]
    assert list(bench.engine.world.handovers) == kept
    assert len(kept) == HANDOVERS_MAX


def test_follow_ups_of_who_left_the_staff_go_back_and_those_of_nobody_end() -> None:
    bench = at_work()
    visit = talked(bench, "1.1")
    made = said(facts.HandedOver, bench.tell(ev.HandedOver(visit, "birgit", "amal", "n")))[0]
    agents = [each for each in ROSTER.agents if each.id != "amal"]
    bench.tell(ev.TeamChanged("two", ROSTER._replace(agents=tuple(agents))))
    assert bench.engine.world.handovers[made.handover].to == "birgit"
    bench.tell(ev.Elapsed(), WRAP_UP)
    gone = bench.tell(ev.TeamChanged("one", ROSTER._replace(agents=tuple(agents[1:]))))
    assert [each.agent for each in said(facts.HandoverDone, gone)] == [""]
    assert not bench.engine.world.handovers


# --- threats ------------------------------------------------------------------------------------------


def test_a_threat_is_told_and_ends_no_talk() -> None:
    bench = at_work()
    visit = talk(bench, "1.1", "token")
    told = bench.tell(ev.ThreatTold(visit, "birgit", "n1", DAY))
    fact = facts.ThreatTold(bench.now, visit, "birgit", "n1", bench.now + DAY)
    assert (told.facts, told.commands) == ((fact,), ())
    assert (state(bench), list(bench.engine.world.threats)) == ("talking", [visit])
    assert bench.engine.world.blocked == {"token": Blocked(bench.now + DAY, visit)}


def is_let_go(effects: Effects) -> bool:
    return [each.sentence for each in effects.commands if isinstance(each, TurnAway)] == ["blocked"]


def blocked(block_ms: int = DAY) -> tuple[Bench, int]:
    bench = at_work()
    visit = talked(bench, "1.1", "token")
    bench.tell(ev.ThreatTold(visit, "birgit", "", block_ms))
    return bench, visit


def calls_again(bench: Bench, uid: str, token: str = "token") -> Effects:
    leg = ev.Leg(NODE, uid)
    bench.tell(ev.CallArrived(leg, "line"))
    bench.tell(ev.CallerKnown(leg, token, "", ""))
    return bench.tell(ev.CallWaiting(leg, "de", "other", "", bench.now, bench.now))


def test_who_is_blocked_is_let_go_as_soon_as_they_wait_and_are_known() -> None:
    bench, _ = blocked()
    assert is_let_go(calls_again(bench, "1.2"))
    left = bench.tell(ev.TurnedAway(ev.Leg(NODE, "1.2"), "de"))
    left = bench.tell(ev.LegEnded(ev.Leg(NODE, "1.2"), 16))
    assert [each.outcome for each in said(facts.VisitEnded, left)] == ["blocked"]
    asks(bench, "notready")
    bench.call("1.3")
    assert is_let_go(bench.tell(ev.CallerKnown(ev.Leg(NODE, "1.3"), "token", "", "")))
    assert not is_let_go(calls_again(bench, "1.4", "another"))


def test_who_waits_already_when_they_are_blocked_is_let_go() -> None:
    bench = at_work()
    visit = talk(bench, "1.1", "token")
    assert not is_let_go(calls_again(bench, "1.2"))
    assert is_let_go(bench.tell(ev.ThreatTold(visit, "birgit", "", DAY)))


def test_a_redirect_that_did_not_take_hold_is_said_again() -> None:
    bench, _ = blocked()
    assert is_let_go(calls_again(bench, "1.2"))
    assert is_let_go(bench.tell(ev.Elapsed(), 5_000))


@pytest.mark.parametrize("how", ["time", "supervisor", "never"])
def test_who_is_not_blocked_any_more_is_served(how: str) -> None:
    bench, visit = blocked(0 if how == "never" else DAY)
    if how == "time":
        bench.tell(ev.Elapsed(), DAY - 1_000)
        assert is_let_go(calls_again(bench, "1.2"))
        bench.tell(ev.LegEnded(ev.Leg(NODE, "1.2"), 16), 1_000)
    elif how == "supervisor":
        assert said(facts.TokenUnblocked, bench.tell(ev.TokenUnblocked(visit)))
        refused = said(facts.EventRefused, bench.tell(ev.TokenUnblocked(visit)))
        assert [each.state for each in refused] == ["not_blocked"]
    assert not is_let_go(calls_again(bench, "1.3"))


def test_who_called_without_a_token_cannot_be_blocked_and_the_threat_is_told_all_the_same() -> None:
    bench = at_work()
    visit = talked(bench, "1.1")
    told = said(facts.ThreatTold, bench.tell(ev.ThreatTold(visit, "birgit", "", DAY)))
    assert [each.until_ms for each in told] == [0]
    assert (bench.engine.world.blocked, list(bench.engine.world.threats)) == ({}, [visit])


def test_a_threat_is_on_the_board_until_a_supervisor_sees_to_it() -> None:
    bench = at_work()
    visit = talked(bench, "1.1")
    assert board(bench.engine.world, bench.now).threats == 0
    bench.tell(ev.ThreatTold(visit, "birgit", "", 0))
    bench.tell(ev.ThreatTold(visit, "birgit", "", 0))
    assert board(bench.engine.world, bench.now).threats == 1
    assert said(facts.ThreatSeen, bench.tell(ev.ThreatSeen(visit)))
    assert board(bench.engine.world, bench.now).threats == 0
    refused = said(facts.EventRefused, bench.tell(ev.ThreatSeen(visit)))
    assert [each.state for each in refused] == ["none_open"]


def test_threats_that_nobody_sees_to_do_not_fill_the_world() -> None:
    bench = at_work()
    for number in range(THREATS_MAX + 5):
        visit = talked(bench, f"1.{number}")
        asks(bench, "wrap_over")
        bench.tell(ev.ThreatTold(visit, "birgit", "", 0))
    assert len(bench.engine.world.threats) == THREATS_MAX
    assert visit in bench.engine.world.threats


def test_of_those_who_are_blocked_the_oldest_are_forgotten_and_those_whose_time_is_over_first() -> None:
    bench = at_work()
    visit = talked(bench, "1.1", "last")
    world = bench.engine.world
    world.blocked |= {str(i): Blocked(bench.now + DAY, i) for i in range(BLOCKED_MAX)}
    world.blocked["5"] = Blocked(bench.now, 5)
    bench.tell(ev.ThreatTold(visit, "birgit", "", DAY))
    assert len(world.blocked) == BLOCKED_MAX
    assert ("0" in world.blocked, "5" in world.blocked) == (True, False)
    world.blocked.pop("last")
    world.blocked["more"] = Blocked(bench.now + DAY, 5)
    bench.tell(ev.ThreatTold(visit, "birgit", "", DAY))
    assert len(world.blocked) == BLOCKED_MAX
    assert "0" not in world.blocked


# --- a world that is kept -----------------------------------------------------------------------------


def test_a_world_that_was_kept_goes_on_alike() -> None:
    bench, visit = blocked()
    bench.tell(ev.QuietAsked("birgit", 10))
    bench.tell(ev.HandlingClosed(visit, "birgit", "answered", "n", "c"))
    bench.tell(ev.HandedOver(visit, "birgit", "amal", "n"))
    kept = thawed(Copied(bench.engine.world).frozen())
    assert kept == bench.engine.world
    again = Engine(kept)
    for event, after in (
        (ev.CallWaiting(ev.Leg(NODE, "1.2"), "de", "other", "", bench.now, bench.now), MINUTE),
        (ev.CallerKnown(ev.Leg(NODE, "1.2"), "token", "", ""), 1),
        (ev.Elapsed(), 20 * MINUTE),
    ):
        bench.now += after
        assert again.step(event, bench.now) == bench.engine.step(event, bench.now)
    assert kept == bench.engine.world


def test_a_world_of_before_is_read() -> None:
    text = Copied(at_work().engine.world).frozen().decode()
    new = ('"handovers"', '"blocked"', '"threats"', '"quiet_min"', '"talked_ms"', '"handled"', '"closed"')
    assert all(each in text for each in new)
    lines = [json.loads(line) for line in text.split("\n")]
    for line in lines:
        for name in ("handovers", "blocked", "threats"):
            line.pop(name, None)
        for person in line.get("people", {}).values():
            for name in ("quiet_min", "quiet_until_ms", "talked_ms", "handled", "closed"):
                person.pop(name, None)
    world: World = thawed("\n".join(json.dumps(line) for line in lines).encode())
    assert world == at_work().engine.world


def test_the_same_journal_leads_to_the_same_world() -> None:
    bench, visit = blocked()
    bench.tell(ev.QuietAsked("birgit", 10))
    bench.tell(ev.HandedOver(visit, "birgit", "amal", "n"))
    bench.call("1.2")
    again = Engine()
    told = [again.step(event, now) for event, now in bench.journal]
    assert told == bench.effects
    assert Copied(again.world).frozen() == Copied(bench.engine.world).frozen()
