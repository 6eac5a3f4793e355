"""The live loop: the order of time, standstills, the beat, and faults. No time passes here by itself."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from acd import replay, runner
from acd.intake import Intake
from acd.ports import Arrival, Known, QueueFull
from acd.standstill import STUCK_MS
from routing import events as ev
from routing import facts
from routing.commands import Connect, Withdraw
from routing.engine import Effects, Engine
from routing.policy import Callbacks
from routing.world import Trunk
from tests.fakes.centre import NODE, POLICY
from tests.fakes.live import START, Live, refusing

HALF_LEASE = POLICY.silent_ms // 2
PHONE = "p02"


async def offered() -> tuple[Live, ev.Leg, Connect]:
    """A caller who is offered to a phone that has said nothing yet."""
    live = await Live().up(PHONE)
    caller = live.calls()
    await live.runner.turn()
    (connect,) = live.link.sent
    assert isinstance(connect, Connect)
    live.link.sent.clear()
    return live, caller, connect


def answered(live: Live, caller: ev.Leg, ago_ms: int) -> list[Arrival]:
    """The phone rang and was answered, so long ago."""
    leg = ev.Leg(NODE, "phone")
    return [
        live.pbx(ev.DialBegan(caller, leg, PHONE), ago_ms),
        live.pbx(ev.PhoneRang(leg), ago_ms),
        live.pbx(ev.Bridged(caller, leg, PHONE), ago_ms),
    ]


# --- the order of time -------------------------------------------------------------------------------


async def test_events_are_decided_in_the_order_in_which_they_happened_each_at_its_own_time() -> None:
    live = await Live().up()
    live.clock.passes(100)
    live.put(ev.StaffAsked("amal", "", "login", "", None), "person:amal")
    live.says(ev.CallArrived(ev.Leg(NODE, "1"), "line"), ago_ms=60)
    live.says(ev.LanguageChosen(ev.Leg(NODE, "1"), "de"), ago_ms=60)
    await live.runner.turn()
    last = [(type(each.event), each.at_ms - live.clock.now) for each in live.journal.events[-3:]]
    assert last == [(ev.CallArrived, -60), (ev.LanguageChosen, -60), (ev.StaffAsked, 0)]


async def test_no_time_lies_before_what_was_decided_or_ahead_of_now() -> None:
    live = await Live().up()
    live.clock.passes(100)
    live.put(ev.Elapsed())
    await live.runner.turn()
    live.says(ev.CallArrived(ev.Leg(NODE, "1"), "line"), ago_ms=5_000)
    live.says(ev.CallArrived(ev.Leg(NODE, "2"), "line"), ago_ms=-5_000)
    await live.runner.turn()
    await live.runner.turn()
    assert [each.at_ms for each in live.journal.events[-2:]] == [live.clock.now] * 2


async def test_no_deadline_passes_before_what_the_pbx_said_until_then_is_read() -> None:
    """We were away for 900 ms, in which a silent phone's lease ended: but it had been answered before."""
    live, caller, _ = await offered()
    await live.waits(POLICY.silent_ms - 500)
    live.clock.passes(900)
    live.link.unread = answered(live, caller, ago_ms=600)
    await live.runner.turn()
    assert live.of(facts.TalkBegan)
    assert not live.link.sent
    assert {each.outcome for each in live.of(facts.OfferEnded)} == {facts.ANSWERED}


async def test_a_wish_of_a_person_passes_no_deadline_before_that_either() -> None:
    live, caller, _ = await offered()
    await live.waits(POLICY.silent_ms - 500)
    live.clock.passes(900)
    live.link.unread = answered(live, caller, ago_ms=600)
    live.put(ev.StaffAsked("amal", "", "login", "", None), "person:amal")
    await live.runner.turn()
    await live.runner.turn()
    assert live.of(facts.TalkBegan)
    assert not live.link.sent


async def test_nothing_is_decided_ahead_of_what_a_linkup_brings() -> None:
    """After a standstill the PBX's words of that time come with the link-up, each with its own time."""
    live, caller, _ = await offered()
    live.clock.passes(5_000)
    await live.runner.turn()
    live.link.linking = True
    live.put(ev.StaffAsked("", PHONE, "notready", "", None), "phone:p02")
    before = len(live.journal.events)
    for _ in range(3):
        await live.runner.turn()
    assert [type(each.event) for each in live.journal.events[before:]] in ([], [ev.LinkDown])
    before = len(live.journal.events)
    live.says(ev.LegEnded(caller, 16), ago_ms=4_000)
    live.link.linking = False
    await live.runner.turn()
    told = [(type(each.event), each.at_ms - live.clock.now) for each in live.journal.events[before:]]
    assert told == [(ev.LegEnded, -4_000), (ev.StaffAsked, 0)]


async def test_what_is_stamped_later_proves_it_without_a_question() -> None:
    """From one PBX things come in order: nobody is asked while it talks anyway."""
    live, _, _ = await offered()
    await live.waits(POLICY.silent_ms - 100)
    live.clock.passes(100)
    live.says(ev.DeviceChanged("p03", "INUSE", NODE))
    await live.runner.turn()
    assert live.link.emptied_times == 0
    assert [type(each) for each in live.link.sent] == [Withdraw]


async def test_a_deadline_passes_once_the_pbx_has_answered() -> None:
    live, caller, _ = await offered()
    live.says(ev.DialBegan(caller, ev.Leg(NODE, "phone"), PHONE))
    for _ in range(2):
        live.clock.passes(HALF_LEASE)
        await live.runner.turn()
    assert live.link.emptied_times == 1
    assert live.journal.kinds()[-1] == "Elapsed"
    assert [type(each) for each in live.link.sent] == [Withdraw]
    assert [each.outcome for each in live.of(facts.OfferEnded)] == [facts.UNREACHABLE]


async def test_an_offer_to_a_pbx_that_says_nothing_is_nobodys_miss() -> None:
    """It is lost since it was last heard: then no lease ends, and nobody is called away."""
    live, _, _ = await offered()
    for _ in range(2):
        live.clock.passes(HALF_LEASE)
        live.link.unread = [live.pbx(ev.LinkDown("the PBX does not answer", NODE), ago_ms=1_900)]
        await live.runner.turn()
    live.clock.passes(60_000)
    await live.runner.turn()
    assert not live.of(facts.OfferEnded)
    assert live.runner.engine.due(live.clock.now + 10**9) is None
    assert live.runner.routing() == "no calls are routed: the PBX does not answer"


async def test_the_link_is_told_whether_offers_are_open() -> None:
    live, caller, _ = await offered()
    assert live.link.offers
    live.says(ev.LegEnded(caller, 16))
    await live.runner.turn()
    assert not live.link.offers


# --- standing still ----------------------------------------------------------------------------------


async def a_stuck_commit(live: Live, ms: int) -> None:
    """The next commit takes so long; meanwhile the offered caller hangs up."""
    live.journal.before = lambda _: live.clock.passes(ms)
    live.put(ev.Elapsed())
    live.calls("2")
    await live.runner.turn()
    live.journal.before = lambda _: None


async def a_stopped_process(live: Live, ms: int) -> None:
    live.clock.passes(ms)


async def a_clock_set_ahead(live: Live, ms: int) -> None:
    live.clock.set_ahead(ms)


@pytest.mark.parametrize("stall", [a_stuck_commit, a_stopped_process, a_clock_set_ahead])
async def test_after_a_standstill_the_link_is_down_before_everything_that_waits(
    stall: Callable[[Live, int], object],
) -> None:
    live, caller, _ = await offered()
    before = len(live.journal.events)
    await stall(live, HALF_LEASE + 1)  # type: ignore[misc]
    live.says(ev.LegEnded(caller, 16), ago_ms=500)
    live.calls("3")
    at = live.journal.events[-1].at_ms
    await live.runner.turn()
    since = [each for each in live.journal.events[before:] if not isinstance(each.event, ev.Elapsed)]
    down = next(i for i, each in enumerate(since) if isinstance(each.event, ev.LinkDown))
    assert since[down].at_ms == at, "when we last knew; no deadline passed before it"
    assert [type(each.event) for each in since[down + 1 :][:1]] == [ev.LegEnded]
    assert (live.link.resyncs, live.link.sent) == (1, [])
    assert live.runner.engine.due(live.clock.now + 10**9) is None
    live.calls("4")
    live.says(ev.StaffAsked("", PHONE, "notready", "", ev.Leg(NODE, "key"), NODE))
    await live.runner.turn()
    assert live.link.sent == [], "nothing before the snapshot, no word to a phone either"
    live.linkup()
    await live.runner.turn()
    assert live.of(facts.LinkChanged)[-1].up


@pytest.mark.parametrize("stall", [a_stuck_commit, a_stopped_process, a_clock_set_ahead])
async def test_half_a_lease_is_no_standstill(stall: Callable[[Live, int], object]) -> None:
    live, _, _ = await offered()
    await stall(live, HALF_LEASE)  # type: ignore[misc]
    live.put(ev.Elapsed())
    await live.runner.turn()
    assert "LinkDown" not in live.journal.kinds()
    assert live.link.resyncs == 0


async def test_a_phone_that_rings_has_a_longer_lease_and_allows_a_longer_standstill() -> None:
    """Up to what is a standstill even without any lease."""
    live, caller, _ = await offered()
    leg = ev.Leg(NODE, "phone")
    live.says(ev.DialBegan(caller, leg, PHONE))
    live.says(ev.PhoneRang(leg))
    await live.runner.turn()
    live.clock.passes(STUCK_MS)
    await live.runner.turn()
    assert live.link.resyncs == 0
    live.clock.passes(STUCK_MS + 1)
    await live.runner.turn()
    assert live.link.resyncs == 1


async def test_what_was_decided_before_a_standstill_is_never_sent() -> None:
    """The batch whose commit was stuck, and one that stood still between its steps and its sending."""
    live = await Live().up(PHONE)
    live.calls()
    live.journal.before = lambda _: live.clock.passes(STUCK_MS + 1)
    await live.runner.turn()
    live.journal.before = lambda _: None
    assert live.of(facts.OfferMade)
    await live.runner.turn()
    assert (live.link.sent, live.journal.kinds()[-1]) == ([], "LinkDown")
    live.linkup()
    await live.runner.turn()
    live.link.sent.clear()
    step = live.runner.engine.step

    def slow(event: ev.Event, at_ms: int) -> object:
        live.clock.passes(STUCK_MS + 1)
        return step(event, at_ms)

    live.runner.engine.step = slow  # type: ignore[method-assign,assignment]
    live.put(ev.StaffAsked("cem", "", "login", "", None))
    await live.runner.turn()
    live.runner.engine.step = step  # type: ignore[method-assign]
    await live.runner.turn()
    assert (live.link.sent, live.journal.kinds()[-1]) == ([], "LinkDown")


async def test_a_lost_link_takes_the_commands_for_its_own_callers_with_it() -> None:
    """One batch holds the decision and the loss: nothing is sent there, all the rest is."""
    live = await Live().up(PHONE, "p03")
    live.says(ev.PbxSnapshot(live.clock.now, True, (), (), "pbx2"))
    live.calls()
    live.says(ev.CallArrived(ev.Leg("pbx2", "2"), "line"))
    live.says(ev.CallWaiting(ev.Leg("pbx2", "2"), "de", "other", "", 0, 0))
    live.says(ev.LinkDown("lost", "pbx2"))
    await live.runner.turn()
    assert len(live.of(facts.OfferMade)) == 2
    assert [each.caller.node for each in live.link.sent if isinstance(each, Connect)] == [NODE]


async def test_what_was_decided_before_a_loss_is_not_sent_over_the_next_link() -> None:
    """All in one batch: only the offer that was made from the snapshot leaves."""
    live = await Live().up(PHONE)
    caller = live.calls()
    live.says(ev.LinkDown("lost", NODE))
    live.linkup(ev.LegSeen(caller, caller, "", "acd-hold", "", True, "de", "other", "", 1, 1, 0, 0))
    await live.runner.turn()
    first, second = (each.offer for each in live.of(facts.OfferMade))
    assert [each.id for each in live.link.sent if isinstance(each, Connect)] == [second] != [first]


async def test_a_snapshot_asked_for_before_a_standstill_does_not_count() -> None:
    live, _, _ = await offered()
    live.says(ev.LinkDown("lost", NODE))
    await live.runner.turn()
    live.linkup()
    live.clock.passes(STUCK_MS + 1)
    await live.runner.turn()
    assert not live.runner.engine.world.link_up
    assert live.link.resyncs == 1


async def test_what_a_ledger_told_before_a_standstill_stays_told_before_what_was_heard_after_it() -> None:
    """A journal that was stuck from the start: without the ledger an end would end what nobody knows of."""
    live, caller, _ = await offered()
    live.says(ev.LedgerRead(NODE, ()))
    live.linkup()
    live.says(ev.LegEnded(caller, 16))
    live.clock.passes(STUCK_MS + 1)
    before = len(live.journal.events)
    await live.runner.turn()
    await live.runner.turn()
    told = [type(each.event) for each in live.journal.events[before:]]
    assert told == [ev.LinkDown, ev.LedgerRead, ev.LegEnded]


async def test_a_caller_who_began_to_talk_while_their_next_step_was_written_down_is_not_torn_out() -> None:
    """Too short for a standstill, too long to send a Withdraw unseen."""
    live, caller, _ = await offered()
    live.clock.passes(HALF_LEASE)
    await live.runner.turn()
    live.clock.passes(HALF_LEASE)

    def slow(_: Sequence[ev.Envelope]) -> None:
        live.clock.passes(200)
        live.link.unread = answered(live, caller, ago_ms=100)

    live.journal.before = slow
    await live.runner.turn()
    live.journal.before = lambda _: None
    assert not live.link.sent
    assert live.link.resyncs == 1
    await live.runner.turn()
    assert not live.link.sent
    assert "LinkDown" in live.journal.kinds()


async def test_what_a_standstill_led_to_is_decided_the_same_again() -> None:
    live, caller, _ = await offered()
    await a_stuck_commit(live, 5_000)
    live.says(ev.LegEnded(caller, 16), ago_ms=3_000)
    await live.runner.turn()
    live.linkup()
    await live.runner.turn()
    again: list[facts.Fact] = []
    async for _, effects in replay.replay(Engine(), live.journal, 0):
        again.extend(effects.facts)
    assert again == live.told


# --- the beat ----------------------------------------------------------------------------------------


async def test_the_beat_proves_that_the_journal_takes_writes() -> None:
    """Nothing arrives: something is written all the same, and if that is refused no beat goes out."""
    live = await Live().up()
    beats, appends = len(live.link.beats), live.journal.appends
    live.clock.passes(runner.BEAT_MS)
    await live.runner.turn()
    assert (len(live.link.beats), live.journal.appends) == (beats + 1, appends + 1)
    live.journal.before = refusing(10**6)
    live.clock.passes(runner.BEAT_MS)
    stuck = asyncio.ensure_future(live.runner.turn())
    while not live.runner.journal_trouble:  # noqa: ASYNC110 no event here
        await asyncio.sleep(0)
    assert len(live.link.beats) == beats + 1
    live.journal.before = lambda _: live.clock.passes(STUCK_MS + 1)
    await stuck
    assert (len(live.link.beats), live.runner.journal_trouble) == (beats + 1, "")
    await live.runner.turn()
    assert live.journal.kinds()[-1] == "LinkDown", "the dialplan took over meanwhile"


async def test_a_journal_that_refuses_is_asked_again_and_loses_nothing() -> None:
    live = await Live().up(PHONE)
    live.calls()
    live.journal.before = refusing(2)
    await live.runner.turn()
    assert live.journal.kinds()[-2:] == ["CallArrived", "CallWaiting"]
    assert live.runner.journal_trouble == ""
    assert len(live.link.sent) == 1


# --- faults ------------------------------------------------------------------------------------------


@contextmanager
def poisoned() -> Iterator[None]:
    """The engine cannot bear a case number."""
    sound = Engine.step

    def step(engine: Engine, event: ev.Event, now: int) -> object:
        if isinstance(event, ev.CaseEntered):
            engine.world.visits.clear()
            raise ValueError("a case too many")
        return sound(engine, event, now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "step", step)
        yield


async def test_an_event_that_the_engine_cannot_bear_is_set_aside_though_the_journal_refuses_at_first() -> (
    None
):
    live, caller, _ = await offered()
    live.journal.before_skip = refusing(2)
    live.says(ev.CaseEntered(caller, "77"))
    with poisoned():
        await live.runner.turn()
    assert list(live.journal.skipped.values()) == ["ValueError: a case too many"]
    assert [each.kind for each in live.of(facts.EventSkipped)] == ["CaseEntered"]
    assert len(live.runner.engine.world.visits) == 1, "the world is as if it had not been"


async def test_an_event_that_killed_us_before_it_was_marked_stops_no_start() -> None:
    """It stands in the journal, unmarked: the start sets it aside and says so, each event told once."""
    live, caller, _ = await offered()
    events = len(live.journal.events)
    case = ev.Envelope(events + 1, 1, live.clock.now, "pbx", "", 0, ev.CaseEntered(caller, "77"))
    after = case._replace(seq=events + 2, event=ev.LegEnded(caller, 16))
    live.journal.events += [case, after]
    rebuilt = replay.Rebuilt(live.journal, events + 2)
    with poisoned():
        told = [(seq, said) async for seq, said in rebuilt.steps()]
    assert [seq for seq, _ in told] == list(range(1, events + 3))
    assert isinstance(told[-2][1][0], facts.EventSkipped)
    assert any(isinstance(each, facts.VisitEnded) for each in told[-1][1])
    assert not rebuilt.engine.world.visits
    assert list(live.journal.skipped) == [events + 1]


async def test_a_failed_command_names_the_event_that_led_to_it() -> None:
    live, _, connect = await offered()
    waiting = next(each.seq for each in live.journal.events if isinstance(each.event, ev.CallWaiting))
    live.put(ev.CommandFailed(connect.id, "Channel does not exist"), "pbx")
    await live.runner.turn()
    assert live.journal.events[-1].cause == waiting


# --- the queue and the vault -------------------------------------------------------------------------


def test_a_full_queue_takes_nothing_but_that_the_link_is_down_or_the_clock_was_set() -> None:
    intake = Intake(room=2)
    arrival = Arrival(ev.Elapsed(), "test")
    intake.put(arrival, START)
    intake.put(arrival, START)
    with pytest.raises(QueueFull, match="2 events wait"):
        intake.put(arrival, START)
    intake.put(Arrival(ev.LinkDown("x"), "pbx"), START)
    intake.put(Arrival(ev.ClockStepped(5_000), "daemon"), START)
    assert len(intake) == 4


class Vault:
    """Everybody's token is the number backwards."""

    async def token(self, number: str, now_ms: int) -> str:
        return number[::-1]

    async def promised(self, number: str, now_ms: int, until_ms: int) -> str:
        raise NotImplementedError

    async def number(self, token: str) -> str:
        raise NotImplementedError

    async def erase(self, number: str) -> bool:
        raise NotImplementedError

    async def purge(self, now_ms: int) -> int:
        raise NotImplementedError

    async def close(self) -> None: ...


class Directory:
    async def known(self, token: str, number: str, reference: str) -> Known:
        return Known(token, "", "", ())


async def test_a_full_queue_makes_recognition_late_and_ends_nothing() -> None:
    """The caller's token comes once there is room, with the event that it follows from as its cause."""
    live = await Live(vault=Vault(), directory=Directory()).up()
    live.runner._intake._room = 3
    deciding = asyncio.ensure_future(live.runner.run())
    arrival = live.pbx(ev.CallArrived(ev.Leg(NODE, "1"), "line"))
    live.runner.submit(arrival._replace(number="4321"))
    await live.journal.until("CallArrived")
    seq = live.journal.events[-1].seq
    for _ in range(3):
        live.put(ev.Elapsed())
    await live.journal.until("CallerKnown")
    live.runner.stop()
    await deciding
    known = next(each for each in live.journal.events if isinstance(each.event, ev.CallerKnown))
    assert (known.event.token, known.cause, known.actor) == ("1234", seq, "daemon")  # type: ignore[union-attr]


async def test_a_large_snapshot_is_decided_beside_the_loop_and_is_no_standstill(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others go on meanwhile, nobody looks at a world that is being changed, and none is asked for again."""
    monkeypatch.setattr("acd.steps.MANY", 0)
    live = await Live().up(PHONE)
    caller, seen = live.calls(), []
    step = live.runner.engine.step
    loop = asyncio.get_running_loop()
    going_on = threading.Event()

    def looks() -> None:
        seen.append(live.runner.settled.is_set())
        going_on.set()

    def slow(event: ev.Event, at_ms: int) -> Effects:
        if isinstance(event, ev.PbxSnapshot):
            loop.call_soon_threadsafe(looks)
            assert going_on.wait(5), "the loop is held"
        return step(event, at_ms)

    live.runner.engine.step = slow  # type: ignore[method-assign]
    live.linkup(ev.LegSeen(caller, caller, "", "acd-hold", "", True, "de", "other", "", 1, 1, 0, 0))
    await live.runner.turn()
    assert seen == [False]
    assert live.runner.settled.is_set()
    assert live.link.resyncs == 0


async def test_it_says_in_words_that_calls_do_not_get_out_and_when_it_is_tried_again() -> None:
    live = await Live().up()
    world = live.runner.engine.world
    assert live.runner.trunk() == "ok"
    world.trunk = Trunk(3, world.now_ms, world.now_ms + 240_000, 503)
    assert live.runner.trunk() == "ok", "nobody is to be called: nobody would find out that it is over"
    live.put(ev.PolicyChanged("calls back", POLICY._replace(callbacks=Callbacks())))
    live.put(ev.CallbackWished("a" * 32, "de", "other", "", 0, 0))
    await live.runner.turn()
    world = live.runner.engine.world
    world.trunk = Trunk(3, world.now_ms, world.now_ms + 240_000, 503)
    assert live.runner.trunk() == (
        "calls do not get out: 3 in a row, the provider said 503; nobody is rung for a callback for 240 s"
    )
    world.trunk = Trunk(3, world.now_ms, world.now_ms, 0)
    assert live.runner.trunk() == (
        "calls do not get out: 3 in a row, the provider said nothing; one callback at a time is tried"
    )
