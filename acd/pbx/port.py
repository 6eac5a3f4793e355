"""The PBX as the live loop sees it: commands out, beats, snapshots and events in, each with its own time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from math import inf

import structlog

from acd.ledger import Ledger, Listing, shifted
from acd.pbx import case_line
from acd.pbx.announcing import LEFT, Draft, left
from acd.pbx.codec import BadValue, Frame
from acd.pbx.link import FIFO_MAX, AmiLink, AskFailed, LinkLost, Reply
from acd.pbx.marks import FilesInForce
from acd.pbx.pbx_time import PbxTime, stamped
from acd.pbx.reachable import unreachable
from acd.pbx.signs import Signs
from acd.pbx.supervisor import Supervisor
from acd.pbx.translate import PBX, STATUS_VARIABLES, Action, Translator
from acd.ports import Arrival, Asked, CaseAsk, QueueFull
from routing.callback import NO_NUMBER
from routing.commands import AnswerCallback, CallBack, CancelCallback, Command, SetFallback
from routing.events import CommandFailed, LedgerRead, Leg, LegSeen, LinkDown, PhoneLost, PhoneRang

SNAPSHOT_TRIES = 4
AGAIN_S = 0.25
STATUS = {"Action": "Status", "Variables": ",".join(STATUS_VARIABLES)}
DEVICES = {"Action": "DeviceStateList"}
DOWN_S = 1.0
NUMBER_S = 1.0
"""So long the vault has to say whom to call; the person who is to call is reserved meanwhile."""
LATE_S = 2.5
"""An event that comes so late comes over a link that is as good as lost."""
LINKING_S = 12.0
"""What waits for a link-up snapshot waits no longer than this."""
SETTLE_S = 0.1
"""Asterisk tells the end of a channel so long, at most, after it is no longer in the list."""
APART_MS = 500
"""Clocks that lie closer together are taken for the same: an answer is on its way for a while too."""

DIALS_AND_TALKS = frozenset({"DialBegin", "DialState", "BridgeEnter", "BridgeLeave"})
WAITS = frozenset(
    {"ACDWaiting", "ACDDegraded", "ACDAfterDial", "ACDStale", "ACDCaught", "ACDLifted", "ACDCalls"}
)
"""Events whose story the ledger has."""

log = structlog.get_logger(__name__)

Submit = Callable[[Arrival], None]


def _is_end(frame: Frame, until: float) -> bool:
    """Whether this tells the end of a channel, or who ended a call, and that before `until`."""
    ends = frame.get("Event") == "Hangup" or frame.get("UserEvent") == "ACDEnds"
    return ends and stamped(frame.get("Timestamp")) <= until


def _is_in_ledger(frame: Frame) -> bool:
    """Whether this tells of a dial, a talk or a wait: what the ledger told later than this is newer."""
    return frame.get("Event") in DIALS_AND_TALKS or frame.get("UserEvent") in WAITS


class PbxPort:
    """Implements ports.PbxLink for one Asterisk.

    submit: where arrivals go; it raises when it is full, and then the link is cut and taken up again.
    node: the PBX's name in events. ledger: the dialplan's, told before each link-up snapshot; None: none is
    kept. files: what Asterisk runs on, kept up to date here. drafts: told what phones ask for announcements
    that they record. asked: told who asks on the line to be called back. case_asked: told who asks for the
    state of a case. number_of: the number
    behind a token; None: nobody can be called. steady: a steady clock in seconds (the loop's).
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[AmiLink]],
        translator: Translator,
        now_ms: Callable[[], int],
        jitter: Callable[[], float],
        submit: Submit,
        *,
        node: str = "",
        ledger: Ledger | None = None,
        files: FilesInForce | None = None,
        drafts: Callable[[Draft], None] = lambda draft: None,
        asked: Callable[[Asked], None] = lambda asked: None,
        case_asked: Callable[[CaseAsk], None] = lambda asked: None,
        number_of: Callable[[str], Awaitable[str]] | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._translator = translator
        self._now_ms = now_ms
        self._node = node
        self._ledger = ledger
        self._steady = steady
        self._time = PbxTime()
        self._said_ms = 0
        self._link: AmiLink | None = None
        self._down_told = asyncio.Event()
        self._submit = submit
        self._offers = False
        self._number_of = number_of
        self._asked = asked
        self._case_asked = case_asked
        self._dialling: dict[int, asyncio.Task[None]] = {}
        self._drifting: asyncio.Task[None] | None = None
        self._settling: asyncio.Task[None] | None = None
        self._held: list[Frame] | None = None
        self._linking_since = -inf
        self._void = False
        self._trouble = ""
        self._files = files or FilesInForce()
        self._drafts = drafts
        self._late = False
        self._signs = Signs(node, self._last_word, self._sign)
        self._supervisor = Supervisor(connect, self._up, self._frame, self._down, jitter=jitter)

    async def run(self) -> None:
        """Keep the link for ever."""
        try:
            await self._supervisor.run()
        finally:
            for task in (self._drifting, self._settling):
                if task is not None:
                    task.cancel()

    def health(self) -> str:
        """ "ok", or why there is no link, or no snapshot over it."""
        return self._supervisor.trouble or self._trouble or "ok"

    # --- in ------------------------------------------------------------------------------------------

    async def _up(self, link: AmiLink) -> None:
        link.answered = self._answered
        self._late = False
        self._linking_since = self._steady()
        try:
            await self._linkup(link)
        finally:
            self._linking_since = -inf
        link.hurried = self._offers
        self._link = link

    async def _linkup(self, link: AmiLink) -> None:
        """The ledger, then what there is; asked again if we stood still meanwhile.

        What AMI says is one stream: events that came before an answer are older than it and go before it,
        all others follow it. Over a new connection the first ledger goes before them all: what it tells began
        long before. And there phones are asked for that died in a talk, which nobody has told us.
        """
        anew = untold = link is not self._link
        while True:
            self._void = False
            ledger = await self._read_ledger(link)
            listing = await link.ask_listing(STATUS)
            if ledger is not None:
                self._tell_ledger(link, *ledger, untold)
                untold = False
            self._older(link, listing.place)
            devices = await link.ask_list(DEVICES)
            legs = self._translator.legs(listing.items)
            lost = await self._lost(link, legs) if anew else []
            await self._read_files(link)
            left_alone = left(await self._read(link, "", LEFT))
            await asyncio.sleep(SETTLE_S)
            if not self._void:
                break
        asked = self._answered_ms(listing)
        later = self._ends(link, (stamped(listing.followed) or inf) + SETTLE_S)
        self._said_ms = max(self._said_ms, asked)
        for phone in lost:
            self._put(Arrival(PhoneLost(phone, self._node), PBX, at_ms=self._said_ms))
        found = self._translator.snapshot(legs, devices, asked, linkup=True)
        self._put(Arrival(found, PBX, at_ms=self._said_ms))
        for frame in later:
            self._tell(frame)
        if left_alone is not None:
            self._drafts(left_alone)
        self._trouble = ""

    async def _read_ledger(self, link: AmiLink) -> tuple[LedgerRead, Listing] | None:
        if self._ledger is None:
            return None
        try:
            await link.spoken()  # an answer with a stamp, which tells what the PBX's clock shows
            return await self._ledger.read(link)
        except AskFailed as fault:
            log.warning("what happened without us stays untold: the ledger cannot be read", why=str(fault))
            return None

    def _tell_ledger(self, link: AmiLink, read: LedgerRead, listing: Listing, first: bool) -> None:
        """What the dialplan did without us. first: of this connection; what was said of dials and talks until
        the answer is in it already."""
        if not first:
            self._older(link, listing.place)
        self._said_ms = max(self._said_ms, self._answered_ms(listing))
        self._put(Arrival(shifted(read, self._apart_ms()), PBX, at_ms=self._said_ms))
        if first:
            self._older(link, listing.place, lambda frame: not _is_in_ledger(frame))

    async def _lost(self, link: AmiLink, legs: Sequence[LegSeen]) -> list[str]:
        """Phones that died in a talk while we did not listen."""
        talking = {leg.phone for leg in legs if leg.phone and leg.up}
        return await unreachable(talking, lambda variable: self._read(link, "", variable))

    def _answered_ms(self, listing: Listing) -> int:
        """When the PBX began to answer, as far as is known: before we read it, and before the event behind
        it was said."""
        ago = self._steady() - listing.began
        if followed := stamped(listing.followed):
            ago = max(ago, self._time.age(followed, self._steady(), in_turn=False))
        return self._now_ms() - round(ago * 1000)

    def _apart_ms(self) -> int:
        """How far the PBX's clock lies behind engine time; less than can be told is nothing."""
        shows = self._time.shows(self._steady())
        apart = self._now_ms() - round(shows * 1000) if shows else 0
        return apart if abs(apart) >= APART_MS else 0

    def _ends(self, link: AmiLink, until: float) -> list[Frame]:
        """Tell which channels had ended by then (by the PBX's clock), give back what else was said: who ended
        just before the channels were listed is not among them, and is not lost."""
        frames = [*(self._held or []), *link.until(link.taken)]
        if self._held is not None:
            self._held.clear()
        for frame in frames:
            if _is_end(frame, until):
                self._tell(frame)
        return [frame for frame in frames if not _is_end(frame, until)]

    def _older(self, link: AmiLink, place: int, wanted: Callable[[Frame], bool] = lambda _: True) -> None:
        """Tell the wanted events among those that came before this place in the stream."""
        held = self._held or []
        older = max(0, len(held) - (link.given - place))
        frames = [*held[:older], *link.until(place)]
        del held[:older]
        for frame in filter(wanted, frames):
            self._tell(frame)

    def _frame(self, frame: Frame) -> None:
        """What is said while a link-up snapshot is on its way follows it."""
        if self._held is not None:
            if len(self._held) >= FIFO_MAX:
                raise LinkLost(f"{FIFO_MAX} events wait for a snapshot")
            self._held.append(frame)
            return
        if self._late:
            return
        stamp = stamped(frame.get("Timestamp"))
        age_s = self._time.age(stamp, self._steady()) if stamp else 0.0
        if age_s > LATE_S:
            # Whoever decides by it takes callers out of what they are in by now: begin from what there is.
            self._late = True
            self.cut(f"what it said came {age_s:.1f} s late")
            return
        self._tell(frame)

    def _tell(self, frame: Frame) -> None:
        """What a frame means, at the time at which it was said."""
        stamp = stamped(frame.get("Timestamp"))
        if stamp:
            age = self._time.age(stamp, self._steady())
            self._said_ms = max(self._said_ms, self._now_ms() - round(age * 1000))
        if (draft := self._translator.draft(frame)) is not None:
            self._drafts(draft)
        if (wanted := self._translator.asked(frame)) is not None:
            self._asked(wanted)
        if (case := self._translator.case_asked(frame)) is not None:
            self._case_asked(case)
        for arrival in self._translator.events(frame):
            self._put(arrival._replace(at_ms=self._said_ms) if stamp else arrival)
        self._signs.saw(frame)

    async def _read(self, link: AmiLink, channel: str, variable: str) -> str:
        """A variable or function of a channel ("": a global one), or "" where there is none to be had."""
        action = {"Action": "Getvar", "Variable": variable} | ({"Channel": channel} if channel else {})
        try:
            answer = await link.ask(action)
        except (AskFailed, BadValue):
            return ""
        return answer.get("Value")

    async def _read_files(self, link: AmiLink) -> None:
        await self._files.read(lambda name: self._read(link, "", name))

    async def _last_word(self, channel: str, variable: str) -> str:
        """For signs of life; "" without a link."""
        if self._link is None:
            return ""
        try:
            return await self._read(self._link, channel, variable)
        except LinkLost:
            return ""

    def _sign(self, event: PhoneRang) -> None:
        self._put_late(Arrival(event, PBX))

    def _answered(self, asked: float, stamp: str, read: float) -> None:
        if found := stamped(stamp):
            self._time.answered(asked, found, read, self._steady() - self._now_ms() / 1000)

    def _put(self, arrival: Arrival) -> None:
        try:
            self._submit(arrival)
        except QueueFull as full:
            raise LinkLost(f"too much at once: {full}") from None

    def _down(self, why: str) -> None:
        """The link is down since the PBX was last heard."""
        silent_s = self._steady() - self._link.heard if self._link is not None else 0.0
        for task in (self._drifting, self._settling):
            if task is not None:
                task.cancel()
        self._drifting = self._settling = None
        for dialling in self._dialling.values():
            dialling.cancel()
        self._signs.close()
        self._linking_since = -inf
        self._release()
        self._link = None
        self._said_ms = max(self._said_ms, self._now_ms() - round(silent_s * 1000))
        self._submit(Arrival(LinkDown(why, self._node), PBX, at_ms=self._said_ms))
        self._down_told.set()

    def _release(self) -> None:
        """Frames that were held follow now."""
        held, self._held = self._held, None
        for frame in held or ():
            try:
                self._frame(frame)
            except LinkLost as lost:
                self.cut(str(lost))
                return

    # --- snapshots over a live link ------------------------------------------------------------------

    def resync(self, linkup: bool = True) -> None:
        """Ask for a snapshot: after a standstill of ours (linkup), or to look for drift."""
        link = self._link
        self._void = self._void or linkup
        if link is None or (self._settling is not None and not self._settling.done()):
            return
        drifting = self._drifting is not None and not self._drifting.done()
        if linkup:
            if drifting and self._drifting is not None:
                self._drifting.cancel()
            self._held = []
            self._linking_since = self._steady()
            self._settling = asyncio.create_task(self._settle(link), name="resync")
        elif not drifting:
            self._drifting = asyncio.create_task(self._look_for_drift(link), name="drift")

    async def _settle(self, link: AmiLink) -> None:
        """A link-up snapshot, asked for until it is there; a link that gives none is cut and taken anew."""
        try:
            for tried in range(SNAPSHOT_TRIES):
                try:
                    await self._linkup(link)
                except AskFailed as fault:
                    self._trouble = f"no snapshot of the PBX ({fault}): no calls are routed; asked again"
                    log.warning("no snapshot", why=str(fault))
                    await asyncio.sleep(AGAIN_S * 2**tried)
                else:
                    return
            link.lose(self._trouble)
        except LinkLost as lost:
            link.lose(str(lost))
        finally:
            if self._link is link:
                self._linking_since = -inf
                self._release()

    async def _look_for_drift(self, link: AmiLink) -> None:
        try:
            asked = self._now_ms()
            legs = self._translator.legs(await link.ask_list(STATUS))
            devices = await link.ask_list(DEVICES)
            self._put(Arrival(self._translator.snapshot(legs, devices, asked, linkup=False), PBX))
            await self._read_files(link)
        except (AskFailed, LinkLost) as fault:
            log.warning("no snapshot", why=str(fault))

    async def resynced(self) -> None:
        """Until the snapshot that was asked for is in, or cannot be had."""
        for task in (self._drifting, self._settling):
            if task is not None:
                await asyncio.wait({task})

    @property
    def linking(self) -> bool:
        """See ports.PbxLink."""
        return self._steady() - self._linking_since < LINKING_S

    async def emptied(self) -> None:
        """See ports.PbxLink. What is held for a link-up snapshot does not count: nobody decides by it."""
        link = self._link
        if link is None:
            return
        self._down_told.clear()
        try:
            await link.spoken()
        except LinkLost:
            with suppress(TimeoutError):
                async with asyncio.timeout(DOWN_S):
                    await self._down_told.wait()
        while link.unread and self._link is link:  # noqa: ASYNC110 the supervisor reads on, nothing is waited for
            await asyncio.sleep(0)

    # --- out -----------------------------------------------------------------------------------------

    def send(self, commands: Sequence[Command]) -> None:
        """All commands in one write. What the PBX refuses comes back as CommandFailed; what a lost link
        took with it does not, since nobody knows what became of it: the next snapshot shows that."""
        link = self._link
        if link is None or link.cause:
            return
        actions: list[tuple[Action, Reply]] = []
        for command in commands:
            told = self._told(command, link)
            if isinstance(command, CallBack):
                self._dial(command, link, told)
            elif isinstance(command, CancelCallback) and command.offer in self._dialling:
                self._dialling.pop(command.offer).cancel()
            actions += [(action, told) for action in self._translator.actions(command)]
        try:
            link.send(actions)
        except BadValue as fault:
            for command in commands:
                self._told(command, link)(str(fault))

    def _dial(self, command: CallBack, link: AmiLink, told: Reply) -> None:
        """Look up its number, and originate over this link alone: another one begins from what there is."""

        async def dial() -> None:
            number, why = "", NO_NUMBER
            try:
                async with asyncio.timeout(NUMBER_S):
                    if self._number_of is not None and command.token:
                        number = await self._number_of(command.token)
            except Exception as fault:  # noqa: BLE001 the database's own faults differ by driver
                why = f"the vault cannot be used: {type(fault).__name__}"
            if self._link is not link or link.cause:
                return
            if not number and not command.message:  # a message is heard all the same
                told(why)
                return
            try:
                link.send([(self._translator.originate(command, number), told)])
            except BadValue:
                told("a value that AMI does not take")

        task = asyncio.create_task(dial(), name=f"dial {command.id}")
        self._dialling[command.id] = task
        task.add_done_callback(lambda _: self._dialling.pop(command.id, None))

    def refuse(self, leg: Leg, answer: str) -> None:
        """Tell who asked to be called back why they are not, before anything was decided."""
        if self._link is not None and not self._link.cause:
            self._link.send([(self._translator.refused(leg, answer), lambda _why: None)])

    async def keyed(self, leg: Leg) -> tuple[str, str]:
        """See ports.CaseWords."""
        number = await self._last_word(leg.uid, case_line.NUMBER)
        return number, await self._last_word(leg.uid, case_line.PIN) if number else ""

    def told(self, leg: Leg, answer: str) -> bool:
        """See ports.CaseWords."""
        if self._link is None or self._link.cause:
            return False
        self._link.send([(self._translator.case_told(leg, answer), lambda _why: None)])
        return True

    def _told(self, command: Command, link: AmiLink) -> Reply:
        quiet = (SetFallback, CancelCallback, AnswerCallback)

        def told(why: str) -> None:
            if why and not link.cause and not isinstance(command, quiet):
                self._put_late(Arrival(CommandFailed(command.id, why[:200]), PBX))

        return told

    def _put_late(self, arrival: Arrival) -> None:
        try:
            self._submit(arrival)
        except QueueFull as full:
            self.cut(f"too much at once: {full}")

    def hurry(self, offers: bool) -> None:
        """See ports.PbxLink."""
        self._offers = offers
        if self._link is not None:
            self._link.hurried = offers

    def beat(self, count: int) -> None:
        """Tell the dialplan that somebody decides."""
        if self._link is not None and not self._link.cause:
            self._link.send([(self._translator.beat(count), lambda _why: None)])

    def answer(self, draft: Draft, accepted: bool) -> None:
        """Tell who asked for a draft what became of it; where nobody waits, that what was left is known."""
        if self._link is not None and not self._link.cause:
            action = self._translator.answer(draft.leg, accepted) if draft.leg else self._translator.taken()
            self._link.send([(action, lambda _why: None)])

    def cut(self, why: str) -> None:
        """End this link; the supervisor takes up the next."""
        if self._link is not None:
            self._link.lose(why)
