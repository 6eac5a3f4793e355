"""What the dialplan wrote down about its calls: read at link-up, forgotten once it is in the records.

Asterisk's own database holds one family a call, /acd/UNIQUEID, and in it, as the call goes on, each
line behind its moment in epoch ms and a colon:

    a   LINE              answered by the menu           l   LANGUAGE    chose a language
    w   LANGUAGE:CONCERN  waits                          s   LANGUAGE    a second language too
    n   LANGUAGE:CONCERN  chose anew, and waits on
    d                     served by the dialplan alone   q               hears that we are closed
    mN  WHAT:WHO          the N-th step of recording it
    rN  PHONE:OFFER       the N-th phone rings           tN              and is answered
    eN  DIALSTATUS:MS     that dial, or talk, is over    z   WHO:CAUSE   the end
    oN  RULE              the N-th way outside           uN              and is answered
    vN  DIALSTATUS        that is over

MS is how long the talk was; tN stands before the disk let it begin.

Never a caller's number. What acd/pbx/menus.py, waiting.py and contexts.py write is read here only.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from routing import trunk
from routing.events import (
    LedgerCallback,
    LedgerOutside,
    LedgerRead,
    LedgerRing,
    LedgerRow,
    LedgerStep,
    LedgerTalk,
    Leg,
)
from routing.facts import BY_CALLER, BY_STAFF, ENDED_BY, RECORDING

FAMILY = "acd"
TREE = {"Action": "DBGetTree", "Family": FAMILY}
CONTEXT = "acd-forget"
FORGET_BATCH = 30
"""Calls that one action names: an AMI line holds 1,024 characters."""
FORGET_MAX = 600
"""Calls forgotten at a time, so that a long outage does not end in a flood of actions."""
SLICE = 500
"""Lines or calls read at a time; in between the loop does other things."""
ASK_RECORDS = 500
RECORDS_S = 1.0
SWEEP_S = 60.0
KEEP_S = 7 * 86_400
"""What the records never name (a call of another installation's tests) is forgotten after so long."""

log = structlog.get_logger(__name__)

_KEY = re.compile(r"/acd/([0-9]{1,12}\.[0-9]{1,12}|cb[0-9]{1,19})/([a-z])([0-9]{0,5})")
CALLBACK = "cb"
"""How the Uniqueid of a callback begins: its offer follows (acd.pbx.calling)."""
_FILE = re.compile(r"[0-9]{1,12}\.[0-9]{1,12}-message")
_MS = re.compile(r"[0-9]{12,14}")
_WORD = re.compile(r"[A-Za-z0-9_+-]{1,40}")

Notes = Mapping[str, str]
"""The lines of one call: key -> value."""


class Frame(Protocol):
    """What is needed of an AMI frame."""

    def get(self, name: str, default: str = "") -> str: ...


class Listing(Protocol):
    """What is needed of a list answer: see acd.pbx.correlate."""

    @property
    def place(self) -> int: ...

    @property
    def began(self) -> float: ...

    @property
    def followed(self) -> str: ...

    @property
    def items(self) -> Sequence[Frame]: ...


class Link(Protocol):
    """What is needed of the link to the PBX. What it raises ends a sweep."""

    async def ask(self, action: Mapping[str, str]) -> object: ...

    async def ask_list(self, action: Mapping[str, str]) -> Sequence[Frame]: ...

    async def ask_listing(self, action: Mapping[str, str]) -> Listing: ...


Recorded = Callable[[Sequence[str]], Awaitable[Iterable[str]]]
"""Of these Uniqueids, those of visits whose end is in the records, and of callbacks likewise."""


# --- reading ------------------------------------------------------------------------------------------


def notes(frames: Iterable[Frame]) -> dict[str, dict[str, str]]:
    """Uniqueid -> its lines. What is not ours is left out."""
    calls: dict[str, dict[str, str]] = {}
    for frame in frames:
        if found := _KEY.fullmatch(frame.get("Key")):
            calls.setdefault(found[1], {})[found[2] + found[3]] = frame.get("Val")
    return calls


def callback(node: str, uid: str, lines: Notes) -> LedgerCallback:
    """One callback as the dialplan saw it; what cannot be read is as if it had not been written."""
    lifted, phone, visit = _fields(lines.get("l", ""), 3)
    over, status, sip = _fields(lines.get("o", ""), 3)
    return LedgerCallback(
        offer=int(uid.removeprefix(CALLBACK)),
        visit=int(visit) if visit.isdecimal() and len(visit) <= 19 else 0,
        phone_leg=Leg(node, uid),
        phone=phone,
        lifted_ms=_ms(lifted),
        called_ms=_ms(lines.get("d", "").strip()),
        answered_ms=_ms(lines.get("t", "").strip()),
        over_ms=_ms(over),
        status=status,
        sip=trunk.told(sip),
    )


def _ms(text: str) -> int:
    return int(text) if _MS.fullmatch(text) else 0


def _fields(value: str, count: int) -> list[str]:
    """The parts of a line, as many as it has to have; words that are none of ours are empty."""
    parts = [part.strip() for part in value.split(":")][:count]
    words = [part if _WORD.fullmatch(part) else "" for part in parts]
    return words + [""] * (count - len(words))


def _numbered(lines: Notes, letter: str) -> list[int]:
    """Which rings or talks there are, in order."""
    return sorted(int(key[1:]) for key in lines if key[0] == letter and key[1:].isdigit())


def row(node: str, uid: str, lines: Notes) -> LedgerRow:
    """One call as the dialplan saw it. Never raises: what cannot be read is as if it had not been written."""
    arrived, line = _fields(lines.get("a", ""), 2)
    _, chosen = _fields(lines.get("l", ""), 2)
    queued, language, concern = _fields(lines.get("w", ""), 3)
    _, *anew = _fields(lines.get("n", ""), 3)
    if all(anew):
        language, concern = anew
    _, second = _fields(lines.get("s", ""), 2)
    ended, who, cause = _fields(lines.get("z", ""), 3)
    rings: list[LedgerRing] = []
    talks: list[LedgerTalk] = []
    for index in _numbered(lines, "r"):
        rang, phone, offered = _fields(lines[f"r{index}"], 3)
        over, status, lasted = _fields(lines.get(f"e{index}", ""), 3)
        offer = int(offered) if offered.isdecimal() and len(offered) <= 18 else 0
        began_ms = _ms(lines.get(f"t{index}", "").strip())
        if not phone or not _ms(rang):
            continue
        if began_ms:
            status = "ANSWER"
            if _ms(over) and lasted.isdecimal():
                began_ms = max(began_ms, _ms(over) - int(lasted))
            talks.append(LedgerTalk(phone, offer, began_ms, _ms(over) or _ms(ended)))
        elif not status and _ms(ended):
            status = "CANCEL"
        rings.append(LedgerRing(phone, offer, _ms(rang), status, began_ms or _ms(over)))
    return LedgerRow(
        leg=Leg(node, uid),
        line=line,
        language=language or chosen,
        concern=concern,
        second=second,
        arrived_ms=_ms(arrived) or int(uid.partition(".")[0]) * 1000,
        queued_ms=_ms(queued),
        degraded_ms=_ms(lines.get("d", "").strip()),
        closed_ms=_ms(lines.get("q", "").strip()),
        rings=tuple(rings),
        talks=tuple(talks),
        ended_ms=_ms(ended),
        by=who if who in ENDED_BY else "",
        cause=int(cause) if cause.isdecimal() and len(cause) <= 3 else 0,
        recording=_recording(lines),
        outside=_outside(lines),
        message=_message(lines),
    )


def _message(lines: Notes) -> str:
    """The file of the message that this caller left."""
    _, _, name = lines.get("g", "").partition(":")
    return name if _FILE.fullmatch(name) else ""


def _recording(lines: Notes) -> tuple[LedgerStep, ...]:
    """What became of recording a call, in order."""
    found = []
    for step in _numbered(lines, "m"):
        at, what, by = _fields(lines[f"m{step}"], 3)
        if step and what in RECORDING and _ms(at):
            found.append(LedgerStep(_ms(at), step, what, by if by in (BY_CALLER, BY_STAFF) else ""))
    return tuple(found)


def _outside(lines: Notes) -> tuple[LedgerOutside, ...]:
    """The times that a call was sent outside, in order."""
    found = []
    for number in _numbered(lines, "o"):
        at, rule = _fields(lines[f"o{number}"], 2)
        over, _ = _fields(lines.get(f"v{number}", ""), 2)
        if _ms(at):
            answered_ms = _ms(lines.get(f"u{number}", "").strip())
            found.append(LedgerOutside(_ms(at), rule, answered_ms, _ms(over)))
    return tuple(found)


def rows(node: str, calls: Mapping[str, Notes]) -> tuple[LedgerRow, ...]:
    """All calls in the order of arrival."""
    return in_order(row(node, uid, lines) for uid, lines in calls.items())


def in_order(found: Iterable[LedgerRow]) -> tuple[LedgerRow, ...]:
    """By arrival, then as Asterisk counted them."""
    return tuple(sorted(found, key=_order))


def _order(each: LedgerRow) -> tuple[int, int, int]:
    second, _, counter = each.leg.uid.partition(".")
    return each.arrived_ms, int(second), int(counter)


def shifted(read: LedgerRead, by_ms: int) -> LedgerRead:
    """The same in engine time, where the PBX's clock lies `by_ms` behind it."""
    if not by_ms:
        return read

    def at(ms: int) -> int:
        return ms + by_ms if ms else 0

    return read._replace(
        rows=tuple(
            each._replace(
                arrived_ms=at(each.arrived_ms),
                queued_ms=at(each.queued_ms),
                degraded_ms=at(each.degraded_ms),
                closed_ms=at(each.closed_ms),
                ended_ms=at(each.ended_ms),
                outside=tuple(
                    way._replace(
                        at_ms=at(way.at_ms), answered_ms=at(way.answered_ms), ended_ms=at(way.ended_ms)
                    )
                    for way in each.outside
                ),
                recording=tuple(step._replace(at_ms=at(step.at_ms)) for step in each.recording),
                rings=tuple(
                    ring._replace(at_ms=at(ring.at_ms), ended_ms=at(ring.ended_ms)) for ring in each.rings
                ),
                talks=tuple(
                    talk._replace(began_ms=at(talk.began_ms), ended_ms=at(talk.ended_ms))
                    for talk in each.talks
                ),
            )
            for each in read.rows
        ),
        callbacks=tuple(
            each._replace(
                lifted_ms=at(each.lifted_ms),
                called_ms=at(each.called_ms),
                answered_ms=at(each.answered_ms),
                over_ms=at(each.over_ms),
            )
            for each in read.callbacks
        ),
    )


# --- forgetting ---------------------------------------------------------------------------------------


def forget(calls: Sequence[str]) -> dict[str, str]:
    """The action that has the dialplan delete these calls: AMI's own wants rights that we do not take."""
    return {
        "Action": "Originate",
        "Channel": f"Local/s@{CONTEXT}/n",
        "Application": "NoOp",
        "Variable": f"ACD_IDS={'-'.join(calls)}",
        "Async": "true",
    }


def _began_s(uid: str, otherwise: float) -> float:
    """When a call began, in epoch seconds; a callback's id does not say so."""
    return otherwise if uid.startswith(CALLBACK) else int(uid.partition(".")[0])


class Ledger:
    """The ledger of one PBX over one link after another.

    recorded: see Recorded; what it raises leaves all as it is until the next sweep. now_s: epoch seconds.
    """

    def __init__(self, node: str, recorded: Recorded, now_s: Callable[[], float]) -> None:
        self._node = node
        self._recorded = recorded
        self._now_s = now_s
        self._link: Link | None = None
        self._up = asyncio.Event()
        self.kept = 0

    async def _calls(self, frames: Sequence[Frame]) -> dict[str, dict[str, str]]:
        calls: dict[str, dict[str, str]] = {}
        for begin in range(0, len(frames), SLICE):
            for uid, lines in notes(frames[begin : begin + SLICE]).items():
                calls.setdefault(uid, {}).update(lines)
            await asyncio.sleep(0)
        return calls

    async def read(self, link: Link) -> tuple[LedgerRead, Listing]:
        """What the dialplan wrote down, without what the records have, and the answer itself; from here on
        this link is swept. Raises what the link raises."""
        listing = await link.ask_listing(TREE)
        calls = list((await self._calls(listing.items)).items())
        found: list[LedgerRow] = []
        called: list[LedgerCallback] = []
        for begin in range(0, len(calls), SLICE):
            for uid, lines in calls[begin : begin + SLICE]:
                if uid.startswith(CALLBACK):
                    called.append(callback(self._node, uid, lines))
                else:
                    found.append(row(self._node, uid, lines))
            await asyncio.sleep(0)
        self._link = link
        self._up.set()
        over = [each.leg.uid for each in found if each.ended_ms]
        over += [each.phone_leg.uid for each in called if each.over_ms]
        done = await self._long_done(over)
        rest = in_order(each for each in found if each.leg.uid not in done)
        return LedgerRead(self._node, rest, tuple(c for c in called if c.phone_leg.uid not in done)), listing

    async def _long_done(self, calls: Sequence[str]) -> set[str]:
        """Of these, the calls that are recorded and not yet forgotten: a world that was lost would tell them
        again. Where the records do not answer soon, none are left out."""
        done: set[str] = set()
        try:
            async with asyncio.timeout(RECORDS_S):
                for begin in range(0, len(calls), ASK_RECORDS):
                    done.update(await self._recorded(calls[begin : begin + ASK_RECORDS]))
        except Exception as fault:  # noqa: BLE001 a database's own faults differ by driver; callers come first
            log.warning("the ledger is told without asking the records", error=str(fault)[:200])
        return done

    async def run(self) -> None:
        """Forget what is recorded, a while after each link-up and then again and again."""
        while True:
            await self._up.wait()
            await asyncio.sleep(SWEEP_S)
            try:
                await self.sweep()
            except Exception as fault:  # noqa: BLE001 a database's own faults differ by driver; nothing is lost
                self._up.clear() if isinstance(fault, ConnectionError) else None
                log.warning("the dialplan's ledger is not swept", error=str(fault)[:200])

    async def sweep(self) -> int:
        """Have the recorded calls deleted, FORGET_MAX at most; how many."""
        if (link := self._link) is None:
            return 0
        calls = sorted(await self._calls(await link.ask_list(TREE)))
        self.kept = len(calls)
        old = self._now_s() - KEEP_S
        done: list[str] = [uid for uid in calls if _began_s(uid, old) < old]
        rest = [uid for uid in calls if _began_s(uid, old) >= old]
        for begin in range(0, len(rest), ASK_RECORDS):
            if len(done) >= FORGET_MAX:
                break
            done += await self._recorded(rest[begin : begin + ASK_RECORDS])
        done = sorted(set(done) & set(calls))[:FORGET_MAX]
        for begin in range(0, len(done), FORGET_BATCH):
            await link.ask(forget(done[begin : begin + FORGET_BATCH]))
        self.kept -= len(done)
        return len(done)
