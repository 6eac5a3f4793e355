"""What a ledger says of calls is told as facts: each thing once, at its own time, and nothing besides."""

from collections.abc import Sequence

from routing import events as ev
from routing import facts
from routing.facts import Fact
from routing.world import World


class Written:
    """What of the world before a ledger is read decides what is new in it."""

    def __init__(self, world: World) -> None:
        self.now_ms = world.now_ms
        self.gone = set(world.gone)
        self.visits = {
            each.caller: (each.id, each.talks, each.changed_ms, each.state, each.queued_ms)
            for each in world.visits.values()
        }


NOBODY = (0, 0, 0, "greeted", 0)


def told_as_written(event: ev.LedgerRead, said: Sequence[Fact], known: Written) -> None:
    """Assert that each row is told as far as it is new."""
    rows = [row for row in event.rows if f"{row.leg.node}/{row.leg.uid}" not in known.gone]
    began = {each.leg: each for each in said if isinstance(each, facts.VisitBegan)}
    assert set(began) == {row.leg for row in rows} - set(known.visits)
    ended = {each.visit: each for each in said if isinstance(each, facts.VisitEnded)}
    for row in rows:
        number, talks, changed_ms, state, queued_ms = known.visits.get(row.leg, NOBODY)
        if row.leg in began:
            first = began[row.leg]
            assert (first.line, first.arrived_ms, first.adopted) == (row.line, row.arrived_ms, True)
            number, changed_ms = first.visit, first.at_ms
        mine = [each for each in said if getattr(each, "visit", 0) == number]
        assert (number in ended) == (row.ended_ms > 0)
        if row.ended_ms:
            assert ended[number].at_ms >= row.ended_ms
            assert not row.by or ended[number].ended_by == row.by
        new = row.talks[talks:] if state != "closing" and not row.closed_ms else ()
        told = [each for each in mine if isinstance(each, facts.TalkBegan)]
        assert [each.at_ms for each in told] == [max(each.began_ms, changed_ms) for each in new]
        over = [each.at_ms for each in mine if isinstance(each, facts.TalkEnded | facts.TalkFailed)]
        ends = [each.ended_ms for each in (row.talks[-1:] if state == "talking" else new) if each.ended_ms]
        assert len(ends) <= len(over)
        for end, at in zip(reversed(ends), reversed(over), strict=False):  # what came before was undecided
            assert at in (end, max(end, changed_ms))
        goes_on = state == "talking" and row.talks and not row.talks[-1].ended_ms and not row.ended_ms
        assert not goes_on or len(row.talks) > talks or over == []
        queued = [each.queued_ms for each in mine if isinstance(each, facts.Queued)]
        if row.queued_ms and not queued_ms and state == "greeted":
            assert queued == [row.queued_ms]
        if row.leg in began:
            recorded = [each for each in mine if isinstance(each, facts.RecordingChanged)]
            assert [(each.at_ms, each.step) for each in recorded] == [
                (max(each.at_ms, changed_ms), each.step) for each in row.recording
            ]
        if row.degraded_ms and state in ("greeted", "waiting") and row.leg in began:
            assert [each.at_ms for each in mine if isinstance(each, facts.Degraded)] == [row.degraded_ms]
