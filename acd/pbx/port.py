"""The PBX as the live loop sees it: commands out, beats, snapshots and events in."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from acd.pbx.codec import BadValue, Frame
from acd.pbx.link import AmiLink, AskFailed, LinkLost, Reply
from acd.pbx.supervisor import Supervisor
from acd.pbx.translate import PBX, STATUS_VARIABLES, Action, Translator
from acd.ports import Arrival, QueueFull
from routing.commands import Command, SetFallback
from routing.events import CommandFailed, LinkDown

log = structlog.get_logger(__name__)

Submit = Callable[[Arrival], None]


class PbxPort:
    """Implements ports.PbxLink for one Asterisk.

    submit: where arrivals go; it raises when it is full, and then the link is cut and taken up again.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[AmiLink]],
        translator: Translator,
        now_ms: Callable[[], int],
        jitter: Callable[[], float],
    ) -> None:
        self._translator = translator
        self._now_ms = now_ms
        self._link: AmiLink | None = None
        self._submit: Submit = lambda _: None
        self._resyncing: asyncio.Task[None] | None = None
        self._supervisor = Supervisor(connect, self._up, self._frame, self._down, jitter=jitter)

    def attach(self, submit: Submit) -> None:
        """Say where arrivals go."""
        self._submit = submit

    async def run(self) -> None:
        """Keep the link for ever."""
        await self._supervisor.run()

    def health(self) -> str:
        """ "ok", or why there is no link."""
        return self._supervisor.trouble or "ok"

    # --- in ------------------------------------------------------------------------------------------

    async def _up(self, link: AmiLink) -> None:
        await self._snapshot(link, linkup=True)
        self._link = link

    async def _snapshot(self, link: AmiLink, linkup: bool) -> None:
        asked = self._now_ms()
        status = {"Action": "Status", "Variables": ",".join(STATUS_VARIABLES)}
        legs = await link.ask_list(status)
        devices = await link.ask_list({"Action": "DeviceStateList"})
        self._put(Arrival(self._translator.snapshot(legs, devices, asked, linkup), PBX))

    def _frame(self, frame: Frame) -> None:
        for arrival in self._translator.events(frame):
            self._put(arrival)

    def _put(self, arrival: Arrival) -> None:
        try:
            self._submit(arrival)
        except QueueFull as full:
            raise LinkLost(f"too much at once: {full}") from None

    def _down(self, why: str) -> None:
        self._link = None
        try:
            self._submit(Arrival(LinkDown(why), PBX))
        except QueueFull as full:
            log.warning("not told that the link is down", why=str(full))

    def resync(self, linkup: bool = True) -> None:
        """Ask for a snapshot: after a standstill of ours (linkup), or to look for drift."""
        if self._link is not None and (self._resyncing is None or self._resyncing.done()):
            self._resyncing = asyncio.create_task(self._resync(self._link, linkup), name="resync")

    async def _resync(self, link: AmiLink, linkup: bool) -> None:
        try:
            await self._snapshot(link, linkup)
        except (AskFailed, LinkLost) as fault:
            log.warning("no snapshot", why=str(fault))

    async def resynced(self) -> None:
        """Until the snapshot that was asked for is in, or cannot be had."""
        if self._resyncing is not None:
            await self._resyncing

    async def emptied(self) -> None:
        """See ports.PbxLink."""
        await asyncio.sleep(0)

    # --- out -----------------------------------------------------------------------------------------

    def send(self, commands: Sequence[Command]) -> None:
        """All commands in one write. Those that cannot leave come back as CommandFailed."""
        actions: list[tuple[Action, Reply]] = []
        for command in commands:
            told = self._told(command)
            actions += [(action, told) for action in self._translator.actions(command)]
        link = self._link
        if link is None:
            for command in commands:
                self._told(command)("no link to the PBX")
            return
        try:
            link.send(actions)
        except (LinkLost, BadValue) as fault:
            for command in commands:
                self._told(command)(str(fault))

    def _told(self, command: Command) -> Reply:
        def told(why: str) -> None:
            if why and not isinstance(command, SetFallback):
                self._put_late(Arrival(CommandFailed(command.id, why[:200]), PBX))

        return told

    def _put_late(self, arrival: Arrival) -> None:
        try:
            self._submit(arrival)
        except QueueFull as full:
            log.warning("not told of a failed command", why=str(full))

    def beat(self, count: int) -> None:
        """Tell the dialplan that somebody decides."""
        if self._link is not None:
            try:
                self._link.send([(self._translator.beat(count), lambda _why: None)])
            except LinkLost:
                self._link = None

    def cut(self, why: str) -> None:
        """End this link; the supervisor takes up the next."""
        if self._link is not None:
            self._link.lose(why)
