"""What a ledger's times mean: a dial or a talk ended with the call, or the caller was on hold again."""

import pytest

from routing import events as ev
from routing import facts
from routing.commands import Connect
from tests.fakes.centre import NODE, Bench

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
        ("BUSY", 5_000, 0, False, facts.NO_ANSWER),
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
        ("staff", 1_501, (), 0, False),
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
