"""The dialplan's notes become rows: right to the second, in order, and whatever stands in them."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd import ledger
from acd.pbx.codec import Frame
from acd.pbx.correlate import Listing
from acd.store.codec import decode, encode
from routing.events import (
    LedgerOutside,
    LedgerRead,
    LedgerRing,
    LedgerRow,
    LedgerStep,
    LedgerTalk,
    Leg,
    RecordingTold,
)

NODE = "pbx1"
UID = "1795776906.0"
GONE = "1795776940000:caller:16"
WHOLE = {
    "a": "1795776906000:+4920188000000",
    "l": "1795776907000:uk",
    "w": "1795776910000:uk:registration",
    "s": "1795776915000:en",
    "d": "1795776920000",
    "r1": "1795776921000:p04:0",
    "e1": "1795776929000:NOANSWER",
    "r2": "1795776930000:p05:4294967301",
    "t2": "1795776933456",
    "e2": "1795776950000:ANSWER",
    "z": "1795776950000:staff:16",
    "m1": "1795776909500:consented:caller",
    "m2": "1795776933460:started:",
    "m3": "1795776940500:stopped:caller",
    "o1": "1795776911000:partner",
    "v1": "1795776915000:BUSY",
    "o2": "1795776916000:other",
    "u2": "1795776917500",
}


def frames(calls: Mapping[str, Mapping[str, str]]) -> list[Frame]:
    """As AMI lists them."""
    return [
        Frame((("Event", "DBGetTreeResponse"), ("Key", f"/acd/{uid}/{key}"), ("Val", value)))
        for uid, lines in calls.items()
        for key, value in lines.items()
    ]


def test_a_whole_call() -> None:
    (found,) = ledger.rows(NODE, ledger.notes(frames({UID: WHOLE})))
    assert found == LedgerRow(
        Leg(NODE, UID),
        "+4920188000000",
        "uk",
        "registration",
        "en",
        1795776906_000,
        1795776910_000,
        1795776920_000,
        0,
        (
            LedgerRing("p04", 0, 1795776921_000, "NOANSWER", 1795776929_000),
            LedgerRing("p05", 4294967301, 1795776930_000, "ANSWER", 1795776933_456),
        ),
        (LedgerTalk("p05", 4294967301, 1795776933_456, 1795776950_000),),
        1795776950_000,
        "staff",
        16,
        (
            LedgerStep(1795776909_500, 1, "consented", "caller"),
            LedgerStep(1795776933_460, 2, "started", ""),
            LedgerStep(1795776940_500, 3, "stopped", "caller"),
        ),
        (
            LedgerOutside(1795776911_000, "partner", 0, 1795776915_000),
            LedgerOutside(1795776916_000, "other", 1795776917_500, 0),
        ),
    )


def test_a_journal_of_before_is_read_as_what_it_meant_then() -> None:
    """A call in a ledger had no answer, and an objection was all that was told of recording."""
    row = '[["pbx1","1.1"],"line","de","other","",1,1,0,0,[],[],0,"",0]'
    read = decode("LedgerRead", 1, f'["pbx1",[{row}]]', "")
    assert isinstance(read, LedgerRead)
    assert (read.rows[0].recording, read.rows[0].outside) == ((), ())
    assert decode("RecordingRefused", 1, '[["pbx1","1.1"]]', "") == RecordingTold(
        Leg(NODE, "1.1"), "refused", "caller", 0
    )


def test_a_step_of_a_recording_that_is_none_of_ours_is_left_out() -> None:
    lines = {"m1": "1795776909500:erased:caller", "m2": "x:paused:staff", "m3": "1795776909500:paused:me"}
    assert ledger.row(NODE, UID, lines).recording == (LedgerStep(1795776909_500, 3, "paused", ""),)


@pytest.mark.parametrize(
    ("changes", "talk", "status", "ended", "by"),
    [
        ({"e2": None, "z": None}, (1795776933_456, 0), "ANSWER", 0, ""),
        ({"e2": None, "z": GONE}, (1795776933_456, 1795776940_000), "ANSWER", 1795776940_000, "caller"),
        ({"t2": None, "e2": None, "z": None}, None, "", 0, ""),
        ({"t2": None, "e2": None, "z": GONE}, None, "CANCEL", 1795776940_000, "caller"),
        ({"z": "1795776960000:pbx:44"}, (1795776933_456, 1795776950_000), "ANSWER", 1795776960_000, "pbx"),
    ],
    ids=["they talk", "the caller left", "it rings", "left while it rang", "talk, wait, end"],
)  # fmt: skip
def test_what_was_not_written_is_not_invented(
    changes: dict[str, str | None], talk: tuple[int, int] | None, status: str, ended: int, by: str
) -> None:
    lines = {key: value for key, value in (WHOLE | changes).items() if value is not None}
    found = ledger.row(NODE, UID, lines)
    assert [(each.began_ms, each.ended_ms) for each in found.talks] == ([talk] if talk else [])
    assert found.rings[-1].status == status
    assert (found.ended_ms, found.by) == (ended, by)


def test_rows_stand_in_the_order_of_arrival() -> None:
    uids = ["1795776906.10", "1795776906.9", "1795776905.11"]
    calls = {uid: {"a": f"{uid[:10]}000:x"} for uid in uids}
    assert [each.leg.uid for each in ledger.rows(NODE, calls)] == [uids[2], uids[1], uids[0]]


def test_eleven_rings_stand_in_their_order() -> None:
    lines = {f"r{i}": f"{1795776900 + i}000:p{i:02}:0" for i in (10, 2, 11, 1)}
    assert [each.phone for each in ledger.row(NODE, UID, lines).rings] == ["p01", "p02", "p10", "p11"]


text = st.text(max_size=40) | st.sampled_from([*WHOLE.values(), "999999999999999", ":::", "-1", "٣", "1e9"])


@given(
    st.dictionaries(
        st.sampled_from([f"/acd/{UID}/{key}" for key in (*WHOLE, "r99999", "e", "zz")]) | text,
        text,
        max_size=15,
    )
)
def test_garbage_never_raises_and_never_gets_in(tree: dict[str, str]) -> None:
    found = ledger.rows(
        NODE, ledger.notes(Frame((("Key", key), ("Val", value))) for key, value in tree.items())
    )
    for row in found:
        assert row.by in ("", "caller", "staff", "pbx")
        assert row.arrived_ms > 0
        for each in (row.line, row.language, row.concern, row.second, *(r.phone for r in row.rings)):
            assert each == "" or (each.isascii() and each.isprintable())
            assert " " not in each
        event = LedgerRead(NODE, found)
        stored = encode(event)
        assert decode(stored.kind, stored.version, stored.body, stored.blob) == event


def test_the_journal_gives_back_every_row_as_it_was() -> None:
    event = LedgerRead(NODE, ledger.rows(NODE, {UID: WHOLE, "1795776999.4": {"a": "1795776999000:x"}}))
    stored = encode(event)
    back = decode(stored.kind, stored.version, stored.body, stored.blob)
    assert back == event
    assert isinstance(back, LedgerRead)
    assert isinstance(back.rows[0].rings[0], LedgerRing)
    assert isinstance(back.rows[0].leg, Leg)


def test_a_pbx_whose_clock_is_set_otherwise_is_told_in_engine_time() -> None:
    read = LedgerRead(NODE, ledger.rows(NODE, {UID: WHOLE}))
    later = ledger.shifted(read, 3_600_000).rows[0]
    row = read.rows[0]
    assert later.arrived_ms - row.arrived_ms == later.ended_ms - row.ended_ms == 3_600_000
    assert later.closed_ms == 0, "what did not happen happens at no time"
    assert later.talks[0].began_ms - row.talks[0].began_ms == 3_600_000
    assert later.rings[0].at_ms - row.rings[0].at_ms == 3_600_000
    assert later.rings[0].ended_ms - row.rings[0].ended_ms == 3_600_000
    assert ledger.shifted(ledger.shifted(read, 5), -5) == read


# --- reading it all -------------------------------------------------------------------------------------

OPEN, OVER = {"a": "1795776906000:x"}, {"a": "1795776906000:x", "z": "1795776990000:caller:16"}
DIED, LIVES, ENDED = "1795776001.1", "1795776002.2", "1795776003.3"


async def test_a_long_outage_is_read_in_slices_that_leave_the_loop_to_others() -> None:
    pbx = Pbx(made(2_000))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    book = ledger.Ledger(NODE, _nobody, lambda: 0.0)
    found, _ = await book.read(pbx)
    beside.cancel()
    assert len(found.rows) == 2_000
    assert turns >= 2 * 2_000 / ledger.SLICE


async def test_what_is_recorded_but_not_forgotten_yet_is_not_told_again() -> None:
    calls = {DIED: OPEN, ENDED: OVER, LIVES: OVER}

    async def recorded(asked: Sequence[str]) -> Iterable[str]:
        assert DIED not in asked, "the end of this one is nowhere"
        return {ENDED} & set(asked)

    book = ledger.Ledger(NODE, recorded, lambda: 0.0)
    found, _ = await book.read(Pbx(calls))
    assert [each.leg.uid for each in found.rows] == [DIED, LIVES]


@pytest.mark.parametrize("fault", [OSError("away"), TimeoutError()])
async def test_records_that_do_not_answer_hold_nobody_up(fault: Exception) -> None:
    async def recorded(_: Sequence[str]) -> Iterable[str]:
        raise fault

    book = ledger.Ledger(NODE, recorded, lambda: 0.0)
    found, _ = await book.read(Pbx({ENDED: OVER}))
    assert [each.leg.uid for each in found.rows] == [ENDED]


async def _nobody(_: Sequence[str]) -> tuple[str, ...]:
    return ()


# --- forgetting -----------------------------------------------------------------------------------------


class Pbx:
    """A database of memory that forgets as acd-forget does."""

    def __init__(self, calls: dict[str, dict[str, str]]) -> None:
        self.calls = calls
        self.actions = 0

    async def ask_list(self, action: Mapping[str, str]) -> Sequence[Frame]:
        assert action["Action"] == "DBGetTree"
        return frames(self.calls)

    async def ask_listing(self, action: Mapping[str, str]) -> Listing:
        return Listing(0, 0.0, list(await self.ask_list(action)))

    async def ask(self, action: Mapping[str, str]) -> object:
        self.actions += 1
        assert len(action["Variable"]) < 1000, "an AMI line has an end"
        for uid in action["Variable"].removeprefix("ACD_IDS=").split("-"):
            del self.calls[uid]
        return None


def made(count: int) -> dict[str, dict[str, str]]:
    return {f"{1795776000 + i}.{i}": {"a": f"{1795776000 + i}000:x"} for i in range(count)}


async def swept(pbx: Pbx, recorded: Iterable[str], now_s: float = 1795777000) -> int:
    known = set(recorded)

    async def ask(calls: Sequence[str]) -> Iterable[str]:
        return known & set(calls)

    book = ledger.Ledger(NODE, ask, lambda: now_s)
    await book.read(pbx)
    return await book.sweep()


async def test_only_what_is_recorded_is_forgotten() -> None:
    pbx = Pbx(made(100))
    recorded = list(pbx.calls)[:40]
    rest = set(pbx.calls) - set(recorded)
    assert await swept(pbx, recorded) == 40
    assert set(pbx.calls) == rest


async def test_a_long_outage_is_forgotten_in_bounded_steps() -> None:
    pbx = Pbx(made(2_000))
    recorded = list(pbx.calls)
    assert await swept(pbx, recorded) == ledger.FORGET_MAX
    assert pbx.actions == ledger.FORGET_MAX / ledger.FORGET_BATCH
    assert await swept(pbx, recorded) == ledger.FORGET_MAX


async def test_what_nobody_will_ever_record_is_forgotten_after_a_week() -> None:
    pbx = Pbx(made(3))
    assert await swept(pbx, []) == 0
    assert await swept(pbx, [], now_s=1795776000 + ledger.KEEP_S + 2) == 2
    assert len(pbx.calls) == 1


async def test_a_sweep_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "SWEEP_S", 0)
    pbx = Pbx(made(1))
    faults = [OSError("the database is away"), None]
    asked = asyncio.Event()

    async def recorded(calls: Sequence[str]) -> Iterable[str]:
        if (fault := faults.pop(0) if faults else None) is not None:
            raise fault
        asked.set()
        return calls

    book = ledger.Ledger(NODE, recorded, lambda: 1795777000)
    await book.read(pbx)
    running = asyncio.create_task(book.run())
    async with asyncio.timeout(5):
        await asked.wait()
        while pbx.calls:  # noqa: ASYNC110 the next step of the sweep, no event for it
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
