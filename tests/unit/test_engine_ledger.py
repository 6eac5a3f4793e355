"""What a ledger's times mean: a dial or a talk ended with the call, or the caller was on hold again."""

import pytest

from routing import events as ev
from routing import facts
from routing.commands import Connect
from tests.fakes.centre import NODE, POLICY, Bench

CALLER = ev.Leg(NODE, "1")


def down(bench: Bench) -> int:
    """The link is lost; the time of that. Later on there is a minute to tell of."""
    bench.tell(ev.LinkDown("cable"))
    began = bench.now
    bench.now += 60_000
    return began


def row(at: int, **what: object) -> ev.LedgerRow:
    """A call that waits since then."""
    empty = ev.LedgerRow(CALLER, "line", "de", "other", "", at, at, 0, 0, (), (), 0, "", 0)
    return empty._replace(**what)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "ring_ms", "call_ms", "again", "outcome"),
    [
        ("CANCEL", 5_000, 5_000, False, facts.CALLER_LEFT),
        ("CANCEL", 5_000, 6_000, False, facts.CALLER_LEFT),
        ("CANCEL", 5_000, 6_001, False, facts.WITHDRAWN),
        ("CANCEL", 0, 9_000, False, facts.CALLER_LEFT),
        ("CANCEL", 5_000, 5_000, True, facts.WITHDRAWN),
        ("CANCEL", 5_000, 0, False, facts.WITHDRAWN),
        ("NOANSWER", 5_000, 5_000, False, facts.NO_ANSWER),
        ("BUSY", 5_000, 0, False, facts.BUSY),
        ("", 0, 0, False, ""),
        ("ANSWER", 5_000, 0, False, ""),
        ("", 0, 5_000, False, facts.CALLER_LEFT),
    ],
)
def test_a_dial_ends_with_the_call_or_by_itself(
    status: str, ring_ms: int, call_ms: int, again: bool, outcome: str
) -> None:
    bench = Bench()
    bench.login("p02")
    offer = next(each for each in bench.call("1").commands if isinstance(each, Connect)).id
    at = down(bench)
    rings = [ev.LedgerRing("p02", offer, at, status, at + ring_ms if ring_ms else 0)]
    rings += [ev.LedgerRing("p03", 0, at + 5_000, "CANCEL", 0)] if again else []
    told = row(at, rings=tuple(rings), ended_ms=at + call_ms if call_ms else 0, by="caller")
    said = bench.tell(ev.LedgerRead("", (told,))).facts
    ended = [each for each in said if isinstance(each, facts.OfferEnded)]
    assert [each.outcome for each in ended] == ([outcome] if outcome else [])
    assert any(isinstance(each, facts.OfferRang) for each in said)
    if outcome and status:
        assert ended[0].at_ms == at + (call_ms if outcome == facts.CALLER_LEFT else ring_ms)


@pytest.mark.parametrize(
    ("by", "call_ms", "rings", "degraded_ms", "last"),
    [
        ("caller", 500, (), 0, True),
        ("caller", 900, (), 0, False),
        ("staff", 500, (), 0, True),
        ("staff", 1_500, (), 0, True),
        ("staff", 20_000, (), 0, True),
        ("staff", 900, (-100,), 0, True),
        ("staff", 900, (500,), 0, True),
        ("staff", 900, (501,), 0, False),
        ("staff", 900, (-100, 600), 0, False),
        ("staff", 900, (), 500, True),
        ("staff", 900, (), 501, False),
        ("staff", 0, (), 0, False),
    ],
)
def test_a_short_talk_failed_unless_the_call_ended_with_it(
    by: str, call_ms: int, rings: tuple[int, ...], degraded_ms: int, last: bool
) -> None:
    """The talk takes from 0 to 500 ms; all times from its begin."""
    bench = Bench()
    bench.call("1")
    at = down(bench) + 10_000
    told = row(
        at - 20_000,
        rings=tuple(ev.LedgerRing("p03", 0, at + each, "", 0) for each in rings),
        talks=(ev.LedgerTalk("p02", 0, at, at + 500),),
        degraded_ms=at + degraded_ms if degraded_ms else 0,
        ended_ms=at + call_ms if call_ms else 0,
        by=by if call_ms else "",
    )
    said = bench.tell(ev.LedgerRead("", (told,))).facts
    over = [each for each in said if isinstance(each, facts.TalkEnded | facts.TalkFailed)]
    assert [(type(each), each.at_ms) for each in over] == [
        (facts.TalkEnded if last else facts.TalkFailed, at + 500)
    ]
    ends = [each for each in said if isinstance(each, facts.VisitEnded)]
    assert [each.ended_by for each in ends] == ([by] if call_ms else [])


def test_a_caller_whom_the_dialplan_served_while_we_had_an_offer_is_out_of_it() -> None:
    bench = Bench()
    bench.login("p02")
    bench.call("1")
    at = down(bench)
    said = bench.tell(ev.LedgerRead("", (row(at, degraded_ms=at + 1_000),))).facts
    assert [each.outcome for each in said if isinstance(each, facts.OfferEnded)] == [facts.WITHDRAWN]
    (visit,) = bench.engine.world.visits.values()
    assert (visit.state, bench.engine.world.people["birgit"].engagements) == ("degraded", ())
    again = bench.tell(ev.LedgerRead("", (row(at, degraded_ms=at + 1_000),))).facts
    assert [type(each) for each in (*said, *again) if isinstance(each, facts.Degraded)] == [facts.Degraded]


@pytest.mark.parametrize("what", ["talking", "closing"])
def test_what_is_further_on_is_not_degraded_by_an_old_note(what: str) -> None:
    bench = Bench()
    if what == "talking":
        bench.call("1")
        bench.tell(ev.Bridged(CALLER, ev.Leg(NODE, "2"), "p02"))
    else:
        bench.tell(ev.CallArrived(CALLER, "line"))
        bench.tell(ev.TurnedAway(CALLER, "de"))
    at = down(bench)
    said = bench.tell(ev.LedgerRead("", (row(at, queued_ms=0, degraded_ms=at),))).facts
    (visit,) = bench.engine.world.visits.values()
    assert visit.state == what
    assert [each for each in said if isinstance(each, facts.Degraded | facts.EventRefused)] == []


def test_a_ring_of_another_offer_or_of_none_says_nothing_of_ours() -> None:
    for login in (True, False):
        bench = Bench()
        if login:
            bench.login("p02")
        bench.call("1")
        at = down(bench)
        rings = tuple(ev.LedgerRing("p02", number, at, "BUSY", at + 500) for number in (0, 77))
        said = bench.tell(ev.LedgerRead("", (row(at, rings=rings),))).facts
        assert [each for each in said if isinstance(each, facts.OfferRang | facts.OfferEnded)] == []
        assert len(bench.engine.world.offers) == login


def test_a_talk_that_we_followed_to_its_end_is_not_ended_by_the_ledger_again() -> None:
    """The caller is on hold again, or talks with somebody else since."""
    for again in (False, True):
        bench = Bench()
        bench.call("1")
        began = bench.now
        bench.tell(ev.Bridged(CALLER, ev.Leg(NODE, "2"), "p02"))
        bench.tell(ev.CallWaiting(CALLER, "de", "other", "", 0, 0), 9_000)
        ended = bench.now
        if again:
            bench.tell(ev.Bridged(CALLER, ev.Leg(NODE, "3"), "p03"))
        at = down(bench)
        talks = [ev.LedgerTalk("p02", 0, began, ended), ev.LedgerTalk("p03", 0, at, 0)]
        told = bench.tell(ev.LedgerRead("", (row(1, talks=tuple(talks[: 1 + again])),))).facts
        assert [each for each in told if isinstance(each, facts.TalkEnded | facts.TalkFailed)] == []
        (visit,) = bench.engine.world.visits.values()
        assert (visit.state, visit.talks) == ("talking" if again else "waiting", 1 + again)


def test_what_is_written_up_until_this_very_moment_is_done() -> None:
    bench = Bench()
    bench.call("1")
    at = down(bench)
    ended = bench.now + 1 - POLICY.wrap_up_ms
    told = bench.tell(ev.LedgerRead("", (row(at, talks=(ev.LedgerTalk("p02", 0, at, ended),)),))).facts
    assert [each.at_ms for each in told if isinstance(each, facts.WrapUpEnded)] == [bench.now]


def test_after_a_ledger_it_is_now_again_and_a_call_whose_end_was_heard_ends_now() -> None:
    bench = Bench()
    bench.call("1")
    at = down(bench)
    bench.tell(ev.LedgerRead("", (row(at - 5_000, second="en", language="de"),)))
    assert bench.engine.world.now_ms == bench.now
    other = ev.Leg(NODE, "9")
    bench.tell(ev.LegEnded(other, 16))
    said = bench.tell(ev.LedgerRead("", (row(at, leg=other),))).facts
    began = [each for each in said if isinstance(each, facts.VisitBegan)]
    assert [(each.at_ms, each.arrived_ms, each.adopted) for each in began] == [(at, at, True)]
    assert [each.at_ms for each in said if isinstance(each, facts.VisitEnded)] == [bench.now]


def test_who_said_nothing_of_language_and_concern_is_queued_all_the_same() -> None:
    bench = Bench()
    at = down(bench)
    said = bench.tell(ev.LedgerRead("", (row(at, language="", concern=""),))).facts
    known = [each for each in said if isinstance(each, facts.NeedKnown)]
    assert [(each.language, each.concern) for each in known] == [("und", "other")]


def test_a_caller_who_talks_again_as_the_writing_up_before_ends_is_told_of_in_order() -> None:
    """Five talks, each beginning in the very millisecond in which the last one is written up."""
    bench = Bench()
    at = down(bench)
    step = 5_000 + POLICY.wrap_up_ms
    begins = [at + 10_000 + number * step for number in range(5)]
    talks = tuple(ev.LedgerTalk("p02", 0, each, each + 5_000) for each in begins)
    bench.now = begins[-1] + 4 * step
    said = bench.tell(ev.LedgerRead("", (row(at, talks=talks),))).facts
    assert [each.at_ms for each in said if isinstance(each, facts.TalkBegan)] == begins
    assert [each.at_ms for each in said if isinstance(each, facts.WrapUpEnded)] == [
        each + step for each in begins
    ]
