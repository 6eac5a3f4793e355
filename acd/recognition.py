"""Who a caller is: numbers become tokens, and what is known of them, beside the decisions."""

import asyncio
from collections.abc import Callable

import structlog

from acd.ports import DAEMON, Arrival, Clock, Directory, Known, QueueFull, Vault
from routing.events import CallerKnown, Event, Leg

NUMBERS_MAX = 1_000
FULL_S = 0.25

log = structlog.get_logger(__name__)


class Recognition:
    """Looks callers up one after another. No trouble with the vault delays or ends anything: it is shown.

    submit: where CallerKnown goes; it raises QueueFull while there is no room.
    """

    def __init__(
        self,
        vault: Vault | None,
        directory: Directory | None,
        clock: Clock,
        submit: Callable[[Arrival], None],
    ) -> None:
        self.trouble = ""
        self._vault = vault
        self._directory = directory
        self._clock = clock
        self._submit = submit
        self._wanted: asyncio.Queue[tuple[Leg, str, str, int]] = asyncio.Queue(NUMBERS_MAX)

    def look_up(self, event: Event, number: str, keyed: str, seq: int) -> None:
        """The caller of event `seq`, by number or by what they keyed in for a case; returns at once."""
        leg = getattr(event, "leg", None)
        if self._vault is None or leg is None or not (number or keyed):
            return
        try:
            self._wanted.put_nowait((leg, number, keyed, seq))
        except asyncio.QueueFull:
            self.trouble = "the vault is slow: some callers have no token"

    async def run(self) -> None:
        """For ever, if there is a vault."""
        while self._vault is not None:
            leg, number, keyed, seq = await self._wanted.get()
            try:
                known = await self._known(self._vault, number, keyed)
            except Exception as fault:  # noqa: BLE001 the database's own faults differ by driver
                self.trouble = f"the vault cannot be used: {type(fault).__name__}"
                log.warning("no token for a caller", error=type(fault).__name__)
                continue
            self.trouble = ""
            if any(known):
                await self._tell(Arrival(CallerKnown(leg, *known), DAEMON, cause=seq))

    async def _known(self, vault: Vault, number: str, keyed: str) -> Known:
        token = await vault.token(number, self._clock.now_ms()) if number else ""
        if self._directory is None:
            return Known(token, "", "", ())
        return await self._directory.known(token, number, keyed)

    async def _tell(self, arrival: Arrival) -> None:
        """As soon as there is room."""
        while True:
            try:
                self._submit(arrival)
                return
            except QueueFull as full:
                self.trouble = f"callers are recognised late: {full}"
                await asyncio.sleep(FULL_S)
