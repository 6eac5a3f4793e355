"""What is said of callers, of the centre and of the staff: each thing once, and what cannot be is refused."""

from collections.abc import Iterable

import pytest

from agents.model import Team
from routing import events as ev
from routing import facts
from routing.commands import Confirm, SetFallback, Withdraw
from routing.engine import Engine
from routing.visits import PARTING_MS
from tests.fakes.centre import NODE, PHONES, POLICY, ROSTER, Bench
from tests.unit.test_engine import answer, none, offered, only, ring

CALLER, PHONE = ev.Leg(NODE, "1"), ev.Leg(NODE, "2")
LATER, OTHER = ev.Leg(NODE, "3"), ev.Leg(NODE, "4")
FREE = tuple((phone, "NOT_INUSE") for phone in PHONES)


def kinds(said: tuple[object, ...]) -> list[type]:
    return [type(each) for each in said]


# --- callers -------------------------------------------------------------------------------------------


def test_a_caller_is_told_of_step_by_step() -> None:
    bench = Bench()
    began = only(facts.VisitBegan, bench.tell(ev.CallArrived(CALLER, "line")).facts)
    assert (began.adopted, began.arrived_ms, began.line) == (False, bench.now, "line")
    known = only(facts.NeedKnown, bench.tell(ev.LanguageChosen(CALLER, "de")).facts)
    assert known[2:5] == ("de", "", "")
    known = only(facts.NeedKnown, bench.tell(ev.ConcernChosen(CALLER, "study")).facts)
    assert known[2:5] == ("de", "study", "")
    assert kinds(bench.tell(ev.CallWaiting(CALLER, "de", "study", "", 0, 0)).facts) == [
        facts.Queued,
        facts.CallerTold,
    ]


BY_CALLER, BY_STAFF = facts.BY_CALLER, facts.BY_STAFF


def changed(said: Iterable[facts.Fact]) -> list[tuple[int, str, str]]:
    return [(each.step, each.what, each.by) for each in said if isinstance(each, facts.RecordingChanged)]


def test_each_step_of_a_recording_is_told_once_whoever_tells_it() -> None:
    """By event, by the ledger of a link-up, or by both in either order; at its own time."""
    bench = Bench()
    bench.call("1")
    at = bench.now
    steps = tuple(
        ev.LedgerStep(at + number, number, what, by)
        for number, (what, by) in enumerate(
            (
                (facts.CONSENTED, BY_CALLER),
                (facts.STARTED, ""),
                (facts.PAUSED, BY_STAFF),
                (facts.STOPPED, BY_CALLER),
            ),
            start=1,
        )
    )
    empty = ev.LedgerRow(CALLER, "line", "de", "other", "", at, at, 0, 0, (), (), 0, "", 0)

    def read(*told: ev.LedgerStep) -> tuple[facts.Fact, ...]:
        return bench.tell(ev.LedgerRead(NODE, (empty._replace(recording=told),)), 1_000).facts

    def heard(step: ev.LedgerStep) -> tuple[facts.Fact, ...]:
        return bench.tell(ev.RecordingTold(CALLER, step.what, step.by, step.step)).facts

    plain = [(each.step, each.what, each.by) for each in steps]
    assert changed(read()) == []
    assert changed(heard(steps[0])) == plain[:1]
    assert changed(heard(steps[0])) == []
    told = read(*steps[:3])
    assert changed(told) == plain[1:3]
    assert [each.at_ms for each in told if isinstance(each, facts.RecordingChanged)] == [
        each.at_ms for each in steps[1:3]
    ]
    assert changed(heard(steps[2])) == []
    assert changed(heard(steps[3])) == plain[3:]
    assert changed(read(*steps)) == []


def test_an_objection_of_before_has_no_number_and_is_told() -> None:
    bench = Bench()
    bench.call("1")
    assert changed(bench.tell(ev.RecordingTold(CALLER)).facts) == [(0, facts.REFUSED, BY_CALLER)]


@pytest.mark.parametrize(
    "told",
    [
        ev.LanguageChosen(OTHER, "de"),
        ev.ConcernChosen(OTHER, "study"),
        ev.SecondLanguageAdded(OTHER, "de"),
        ev.SentencesAsked(OTHER),
        ev.MenuAsked(OTHER),
        ev.AnnouncementHeard(OTHER, "x"),
        ev.RecordingTold(OTHER, facts.CONSENTED, facts.BY_CALLER),
        ev.DegradedEntered(OTHER),
        ev.TurnedAway(OTHER, "de"),
        ev.CaseEntered(OTHER, "c"),
        ev.InterpreterJoined(OTHER),
        ev.PriorityGiven(7, "vip"),
    ],
)
def test_what_is_said_of_a_caller_whom_nobody_knows_is_refused(told: ev.Event) -> None:
    refused = only(facts.EventRefused, Bench().tell(told).facts)
    assert refused.state == "unknown"
    assert refused.subject == ("visit 7" if isinstance(told, ev.PriorityGiven) else "leg 4")


def test_what_is_known_or_ends_late_of_a_call_that_is_over_says_nothing() -> None:
    bench = Bench()
    assert bench.tell(ev.CallerKnown(OTHER, "t", "", "")).facts == ()
    assert bench.tell(ev.CallEnds(OTHER, "caller")).facts == ()


def test_who_a_caller_is_is_told_once_and_again_when_it_changes() -> None:
    bench = Bench(POLICY._replace(classes=(("vip", 60_000),)))
    bench.call("1")
    told = ev.CallerKnown(CALLER, "t", "c", "birgit", ("vip",))
    known = only(facts.CallerRecognised, bench.tell(told).facts)
    assert known[2:] == ("t", "c", "birgit", ("vip",))
    assert bench.tell(told).facts == ()
    assert bench.effects[-1].commands == (), "nobody had keyed anything"
    assert only(facts.CallerRecognised, bench.tell(ev.CaseEntered(CALLER, "d")).facts).case == "d"
    assert bench.tell(ev.CaseEntered(CALLER, "d")).facts == ()
    assert bench.tell(ev.CaseEntered(CALLER, "")).facts == ()


def test_who_is_found_on_hold_first_came_and_waits_since_the_channel_says() -> None:
    for times, wanted in (((900_000, 950_000), (900_000, 950_000)), ((0, 0), None)):
        bench = Bench()
        began = only(facts.VisitBegan, bench.tell(ev.CallWaiting(CALLER, "de", "other", "", *times)).facts)
        (visit,) = bench.engine.world.visits.values()
        assert began.adopted
        assert (visit.arrived_ms, visit.queued_ms) == (wanted or (bench.now, bench.now))


def test_who_was_seen_in_the_menu_waits_from_now_on_whatever_the_channel_says() -> None:
    bench = Bench()
    bench.tell(ev.CallArrived(CALLER, "line"))
    bench.tell(ev.CallWaiting(CALLER, "", "", "", 900_000, 950_000))
    (visit,) = bench.engine.world.visits.values()
    assert (visit.queued_ms, visit.language, visit.concern) == (bench.now, "und", "other")


def test_nobody_arrives_in_the_future() -> None:
    bench = Bench()
    bench.tell(ev.CallWaiting(CALLER, "de", "other", "", bench.now + 9_000, bench.now + 9_000))
    (visit,) = bench.engine.world.visits.values()
    assert (visit.arrived_ms, visit.queued_ms) == (bench.now, bench.now)


def test_another_language_that_will_do_is_counted_at_once() -> None:
    """The step that admits it is reached already."""
    bench = Bench()
    bench.login("p02")
    bench.call("1", "uk", "study")
    assert none(facts.OfferMade, bench.tell(ev.Elapsed(), 100_000).facts)
    assert offered(bench.tell(ev.SecondLanguageAdded(CALLER, "en"))).choice.language == "en"


def test_another_language_of_a_caller_who_is_offered_already_makes_no_second_offer() -> None:
    bench = Bench()
    bench.login("p02", "p03")
    bench.call("1")
    assert kinds(bench.tell(ev.SecondLanguageAdded(CALLER, "en")).facts) == [facts.NeedKnown]
    assert len(bench.engine.world.offers) == 1
    ring(bench, "p02", PHONE, CALLER)
    refused = bench.tell(ev.SecondLanguageAdded(CALLER, "tr")).facts
    assert kinds(refused) == [facts.EventRefused]
    assert [each.second for each in bench.engine.world.visits.values()] == ["en"]


def test_who_is_turned_away_waits_no_more_and_a_phone_that_rang_for_them_is_free() -> None:
    bench = Bench()
    bench.call("1")
    bench.tell(ev.TurnedAway(CALLER, "de"))
    bench.login("p02")
    assert bench.engine.world.offers == {}
    bench.call("3", "ar")
    bench.tell(ev.DegradedEntered(LATER))
    bench.tell(ev.DialBegan(LATER, OTHER, "p02", 0))
    bench.tell(ev.TurnedAway(LATER, "de"))
    assert bench.engine.world.people["birgit"].appears == "ready"


def test_that_the_dialplan_serves_a_caller_is_told_once() -> None:
    bench = Bench()
    bench.call("1", "ar")
    told = [kinds(bench.tell(ev.DegradedEntered(CALLER)).facts) for _ in range(2)]
    assert told == [[facts.Degraded], []]
    bench.tell(ev.CallArrived(LATER, "line"))
    bench.tell(ev.TurnedAway(LATER, "de"))
    assert kinds(bench.tell(ev.DegradedEntered(LATER)).facts) == [facts.EventRefused]


def test_a_caller_who_hangs_up_ends_the_talk_once() -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    said = bench.tell(ev.LegEnded(CALLER, 16), 60_000).facts
    assert only(facts.TalkEnded, said).agent == "birgit"
    assert none(facts.EventRefused, said)


def test_who_was_turned_away_is_not_queued_by_what_is_said_late() -> None:
    bench = Bench()
    bench.tell(ev.CallArrived(CALLER, "line"))
    bench.tell(ev.TurnedAway(CALLER, "de"))
    assert kinds(bench.tell(ev.CallWaiting(CALLER, "de", "other", "", 0, 0)).facts) == [facts.EventRefused]


@pytest.mark.parametrize(("by", "wanted"), [(CALLER, facts.BY_CALLER), (PHONE, facts.BY_STAFF)])
def test_in_journals_of_before_the_leg_tells_who_hung_up(by: ev.Leg, wanted: str) -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    bench.tell(ev.CallEnds(by, ""), 60_000)
    assert only(facts.VisitEnded, bench.tell(ev.LegEnded(CALLER, 16)).facts).ended_by == wanted


def test_only_who_is_known_by_a_token_is_remembered_and_only_where_it_matters() -> None:
    for repeat_ms, token, kept in ((600_000, "t", ["t"]), (600_000, "", []), (0, "t", [])):
        bench = Bench(POLICY._replace(repeat_ms=repeat_ms))
        bench.call("1")
        bench.tell(ev.CallerKnown(CALLER, token, "", ""))
        bench.tell(ev.LegEnded(CALLER, 16))
        assert list(bench.engine.world.recent) == kept


def test_a_caller_who_comes_before_any_rules_may_leave_before_them() -> None:
    engine = Engine()
    engine.step(ev.CallArrived(CALLER, "line"), 5)
    engine.step(ev.CallerKnown(CALLER, "t", "", ""), 6)
    ended = only(facts.VisitEnded, engine.step(ev.LegEnded(CALLER, 16), 7).facts)
    assert (ended.outcome, engine.world.recent) == (facts.ABANDONED_MENU, {})


# --- the centre ------------------------------------------------------------------------------------------


def test_a_term_a_link_a_clock_and_a_gap_are_told_as_they_come() -> None:
    bench = Bench()
    down = bench.tell(ev.TermBegan(2)).facts
    assert [(type(each), each[1:3]) for each in down] == [
        (facts.TermOpened, (2,)),
        (facts.LinkChanged, (False, "starting")),
    ]
    assert kinds(bench.tell(ev.LinkDown("cable")).facts) == []
    up = only(facts.LinkChanged, bench.tell(ev.PbxSnapshot(bench.now, True, (), FREE)).facts)
    assert (up.up, up.why, up.node) == (True, "", "")
    stepped = only(facts.ClockMoved, bench.tell(ev.ClockStepped(5_000)).facts)
    gap = only(facts.JournalLost, bench.tell(ev.JournalGap(7, 9)).facts)
    assert (stepped.by_ms, gap.first, gap.last) == (5_000, 7, 9)


def test_whom_to_ring_alone_is_told_to_a_pbx_that_is_linked_again_although_nothing_changed() -> None:
    bench = Bench()
    bench.login("p02")
    bench.tell(ev.LinkDown("cable"))
    told = only(SetFallback, bench.tell(ev.PbxSnapshot(bench.now, True, (), FREE)).commands)
    assert dict(told.phones)[""] == ("p02",)


def test_whom_to_ring_alone_is_told_when_it_changes_and_not_again() -> None:
    bench = Bench()
    first = bench.tell(ev.StaffAsked("", "p02", "login", "", None)).commands
    again = bench.tell(ev.StaffAsked("", "p02", "login", "", None)).commands
    assert (kinds(first), kinds(again)) == ([SetFallback], [])


def test_a_pbx_may_be_linked_before_any_rules() -> None:
    engine = Engine()
    said = engine.step(ev.PbxSnapshot(5, True, (), FREE, NODE), 5).facts
    assert kinds(said) == [facts.LinkChanged]


def test_what_fell_due_while_the_link_was_down_passes_with_the_link_up() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    bench.tell(ev.LegEnded(CALLER, 16), 60_000)
    bench.tell(ev.LinkDown("cable"))
    assert bench.tell(ev.Elapsed(), 60_000).facts == ()
    said = bench.tell(ev.PbxSnapshot(bench.now + 1, True, (), FREE)).facts
    assert only(facts.WrapUpEnded, said).agent == "birgit"


def test_who_left_the_staff_while_their_phone_rang_is_gone_as_soon_as_it_rings_no_more() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1")
    ring(bench, "p02", PHONE, CALLER)
    bench.tell(ev.TeamChanged("smaller", Team((ROSTER.agents[0], ROSTER.agents[2]))))
    assert "birgit" in bench.engine.world.people
    bench.tell(ev.LegEnded(CALLER, 16))
    assert "birgit" not in bench.engine.world.people


def test_a_talk_of_which_nobody_says_whether_it_was_one_was_none_after_a_while() -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    bench.tell(ev.LegEnded(PHONE, 16), 90)
    effects = bench.tell(ev.Elapsed(), PARTING_MS)
    assert only(facts.TalkFailed, effects.facts).agent == "birgit"
    assert only(Withdraw, effects.commands).caller == CALLER


def test_people_may_come_before_any_rules() -> None:
    engine = Engine()
    effects = engine.step(ev.TeamChanged("team", ROSTER), 5)
    assert (effects.commands, list(engine.world.people)) == ((), ["amal", "birgit", "cem"])


def test_the_centre_opens_and_closes_and_opens_again() -> None:
    bench = Bench(POLICY._replace(opening=((0, 1_100_000), (1_200_000, 1_300_000))))
    assert bench.engine.world.open
    assert none(facts.HoursChanged, bench.tell(ev.PolicyChanged("same", bench.engine.world.rules)).facts)
    said = bench.tell(ev.Elapsed(), 1_000_000).facts
    assert [(each.at_ms, each.open) for each in said if isinstance(each, facts.HoursChanged)] == [
        (1_100_000, False),
        (1_200_000, True),
        (1_300_000, False),
    ]


def test_rules_shadow_and_people_come_into_force_with_a_word() -> None:
    bench = Bench()
    narrow = POLICY._replace(opening=((0, 10),))
    said = bench.tell(ev.PolicyChanged("narrow", narrow)).facts
    assert only(facts.RulesChanged, said)[1:] == ("policy", "narrow")
    assert only(facts.HoursChanged, said).open is False
    said = bench.tell(ev.ShadowChanged("shadow", POLICY)).facts
    assert only(facts.RulesChanged, said)[1:] == ("shadow", "shadow")
    said = bench.tell(ev.TeamChanged("team", ROSTER)).facts
    assert only(facts.RulesChanged, said)[1:] == ("team", "team")
    world = bench.engine.world
    assert (world.policy_digest, world.shadow_digest, world.team_digest) == ("narrow", "shadow", "team")


def test_other_rules_count_for_who_waits_already() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1", "uk")
    lenient = POLICY._replace(
        plans=(POLICY.plans[0]._replace(steps=(POLICY.plans[0].steps[3]._replace(after_ms=0),)),)
    )
    assert offered(bench.tell(ev.PolicyChanged("lenient", lenient))).agent == "birgit"


def test_who_leaves_the_staff_while_on_duty_is_shown_as_gone_and_no_phone_of_theirs_is_rung() -> None:
    bench = Bench()
    bench.login("p02")
    effects = bench.tell(ev.TeamChanged("smaller", Team((ROSTER.agents[0], ROSTER.agents[2]))))
    changed = [each for each in effects.facts if isinstance(each, facts.AgentChanged)]
    assert [(each.agent, each.state) for each in changed] == [("birgit", "logged_out")]
    assert list(bench.engine.world.people) == ["amal", "cem"]
    assert dict(only(SetFallback, effects.commands).phones)[""] == ()
    again = bench.tell(ev.TeamChanged("smallest", Team(ROSTER.agents[:1])))
    assert none(facts.AgentChanged, again.facts)


def test_a_new_persons_phone_of_which_nothing_is_known_has_no_state() -> None:
    bench = Bench()
    new = ROSTER.agents[0]._replace(id="dora", reach=ROSTER.agents[0].reach._replace(address="p77"))
    bench.tell(ev.TeamChanged("more", Team((*ROSTER.agents, new))))
    bench.tell(ev.StaffAsked("dora", "", "login", "", None))
    dora = bench.engine.world.people["dora"]
    assert (dora.device, dora.appears) == ("", "unreachable")


def test_who_leaves_during_a_talk_is_gone_after_it_and_those_who_stay_are_not() -> None:
    bench = Bench()
    bench.login("p02", "p03")
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    bench.tell(ev.TeamChanged("smaller", Team((ROSTER.agents[0], ROSTER.agents[2]))), 60_000)
    assert list(bench.engine.world.people) == ["amal", "birgit", "cem"]
    bench.tell(ev.LegEnded(CALLER, 16))
    bench.tell(ev.Elapsed(), POLICY.wrap_up_ms)
    assert list(bench.engine.world.people) == ["amal", "cem"]
    assert offered(bench.call("3")).agent == "cem"


def test_who_moves_to_a_phone_that_is_in_use_is_shown_so_at_once() -> None:
    bench = Bench()
    bench.login("p02")
    bench.tell(ev.DeviceChanged("p77", "INUSE"))
    birgit = ROSTER.agents[1]
    moved = birgit._replace(reach=birgit.reach._replace(address="p77"))
    said = bench.tell(ev.TeamChanged("moved", Team((ROSTER.agents[0], moved, ROSTER.agents[2])))).facts
    assert only(facts.AgentChanged, said)[1:] == ("birgit", "busy_outside", "")


def test_what_one_pbx_holds_stands_still_while_it_is_not_heard_and_another_is() -> None:
    for parts in (False, True):
        bench = Bench()
        for node in (NODE, "pbx2"):
            bench.tell(ev.PbxSnapshot(bench.now + 1, True, (), FREE, node))
        bench.login("p02")
        bench.call("1")
        ring(bench, "p02", PHONE, CALLER)
        if parts:
            answer(bench, "p02", PHONE, CALLER)
            bench.tell(ev.LegEnded(PHONE, 16), 60_000)
        bench.tell(ev.LinkDown("cable", NODE))
        (visit,) = bench.engine.world.visits.values()
        frozen = [each.deadline_ms for each in bench.engine.world.offers.values()]
        assert (visit.state, frozen, visit.parting_ms) == (
            ("parting", [], 0) if parts else ("ringing", [0], 0)
        )
        effects = bench.tell(ev.Elapsed(), 100_000)
        assert effects.commands == ()
        assert none(facts.OfferEnded, effects.facts)


def test_what_is_suspected_is_forgotten_at_a_link_up_too() -> None:
    bench = Bench()
    row = ev.LegSeen(OTHER, OTHER, "", "acd-hold", "", True, "de", "other", "", 1, 1, 0, 0)
    for rows, linkup in (((row,), False), ((), True), ((row,), False)):
        said = bench.tell(ev.PbxSnapshot(bench.now + 1, linkup, rows, FREE), 10).facts
        assert none(facts.DriftFound, said)
    assert bench.engine.world.visits == {}


def test_a_link_that_was_lost_forgets_what_was_suspected() -> None:
    """A difference is drift only if nothing but a look lies between."""
    bench = Bench()
    bench.call("1", "ar")
    gone = ev.PbxSnapshot(bench.now + 1, False, (), FREE)
    assert none(facts.DriftFound, bench.tell(gone, 10).facts)
    bench.tell(ev.LinkDown("cable"))
    assert bench.engine.world.suspects == {}


# --- the staff -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "phone", "what", "subject", "why"),
    [
        ("nobody", "", "login", "nobody", "unknown_person"),
        ("", "p99", "login", "p99", "unknown_person"),
        ("birgit", "", "notready", "birgit", "not_logged_in"),
        ("birgit", "", "dance", "birgit", "not_logged_in"),
        ("cem", "", "dance", "cem", "not_possible"),
    ],
)
def test_what_somebody_asks_in_vain_is_told_with_the_reason(
    agent: str, phone: str, what: str, subject: str, why: str
) -> None:
    bench = Bench()
    bench.login("p03")
    refused = only(facts.StaffRefused, bench.tell(ev.StaffAsked(agent, phone, what, "", None)).facts)
    assert refused[1:] == (subject, what, why)


def test_who_is_ready_again_has_written_up_and_who_is_still_talking_has_not() -> None:
    bench = Bench()
    bench.call("1")
    answer(bench, "p02", PHONE, CALLER)
    bench.login("p02")
    assert none(facts.WrapUpEnded, bench.tell(ev.StaffAsked("birgit", "", "ready", "", None)).facts)
    bench.tell(ev.LegEnded(CALLER, 16), 60_000)
    assert none(facts.WrapUpEnded, bench.tell(ev.StaffAsked("birgit", "", "notready", "", None)).facts)
    assert only(facts.WrapUpEnded, bench.tell(ev.StaffAsked("birgit", "", "ready", "", None)).facts)


def test_an_owner_who_comes_or_goes_moves_only_their_own_callers_who_wait() -> None:
    """One talks with somebody else by now."""
    bench = Bench(POLICY._replace(owner_ms=60_000))
    bench.call("1")
    bench.tell(ev.CallerKnown(CALLER, "t", "c", "cem"))
    answer(bench, "p02", PHONE, CALLER)
    bench.login("p03")
    assert bench.engine.world.offers == {}
    assert bench.engine.world.people["cem"].appears == "ready"


def test_time_idle_is_counted_for_the_day() -> None:
    bench = Bench()
    birgit = bench.engine.world.people["birgit"]
    bench.login("p02")
    for number in (1, 2):
        bench.tell(ev.DeviceChanged("p02", "INUSE"), 10_000)
        assert birgit.idle_ms == number * 10_000
        bench.tell(ev.DeviceChanged("p02", "NOT_INUSE"), 3_000)


@pytest.mark.parametrize(("case", "known"), [("4712", True), (ev.UNKNOWN_CASE, False)])
def test_who_keyed_a_case_hears_once_whether_anybody_knows_it(case: str, known: bool) -> None:
    bench = Bench()
    bench.call("1")
    assert bench.tell(ev.CaseEntered(CALLER, "")).commands == ()
    assert bench.tell(ev.CallerKnown(CALLER, "t", "", "")).commands == (), "of the number, not of the case"
    told = only(Confirm, bench.tell(ev.CallerKnown(CALLER, "", case, "")).commands)
    assert (told.leg, told.accepted) == (CALLER, known)
    assert bench.tell(ev.CallerKnown(CALLER, "", case, "")).commands == ()
