"""An AMI session of the tests' own: sees in which state every call is, so that faults can be aimed."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

GREETED: Final = "greeted"
WAITING: Final = "waiting"
OFFERED: Final = "offered"
RINGING: Final = "ringing"
TALKING: Final = "talking"
PARTING: Final = "parting"
WRAP_UP: Final = "wrap_up"
DEGRADED: Final = "degraded"
CLOSING: Final = "closing"
STATES: Final = (GREETED, WAITING, OFFERED, RINGING, TALKING, PARTING, WRAP_UP, DEGRADED, CLOSING)
"""Of a visit, and the work after it."""

Frame = dict[str, str]


class Eye:
    """Follows callers by events; it must be opened again after Asterisk has died."""

    def __init__(self, host: str, port: int, user: str, secret: str) -> None:
        self.states: dict[str, str] = {}
        """Uniqueid of a caller's channel -> its state."""
        self._where = (host, port)
        self._login = f"Action: Login\r\nUsername: {user}\r\nSecret: {secret}\r\nEvents: on\r\n\r\n"
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._aims: dict[str, Callable[[], None]] = {}
        self._phones: dict[str, str] = {}

    async def open(self) -> None:
        """Log in and follow from now on."""
        self.states.clear()
        self._phones.clear()
        reader, self._writer = await asyncio.open_connection(*self._where)
        self._writer.write(self._login.encode())
        self._reading = asyncio.create_task(self._read(reader))

    async def close(self) -> None:
        """Log out."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    def act(self, action: str, **fields: str) -> None:
        """Ask for something; nobody waits for the answer."""
        if self._writer is not None:
            lines = [f"Action: {action}", *(f"{name}: {value}" for name, value in fields.items())]
            self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def aim(self, state: str, act: Callable[[], None], timeout_s: float) -> bool:
        """`act` in the very moment in which a call comes into this state; False if none does in time.

        It is called while the event is read: some states last a millisecond.
        """
        acted = asyncio.Event()

        def fire() -> None:
            del self._aims[state]
            act()
            acted.set()

        self._aims[state] = fire
        try:
            async with asyncio.timeout(timeout_s):
                await acted.wait()
        except TimeoutError:
            pass
        finally:
            self._aims.pop(state, None)  # who is cancelled shoots at nobody later
        return acted.is_set()

    # --- following -----------------------------------------------------------------------------------

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                data = await reader.readuntil(b"\r\n\r\n")
                pairs = [line.partition(": ") for line in data.decode(errors="replace").split("\r\n") if line]
                self.seen({name: value for name, _, value in pairs})

    def seen(self, frame: Frame) -> None:
        """Follow one event."""
        uid, kind = frame.get("Uniqueid", ""), frame.get("Event", "")
        if kind == "Newchannel" and frame.get("Channel", "").startswith("PJSIP/trunk-"):
            self._put(uid, GREETED)
        elif kind == "Hangup":
            self.states.pop(uid, None)
            self._phones.pop(uid, None)
        elif kind == "UserEvent":
            state = {"ACDWaiting": WAITING, "ACDDegraded": DEGRADED, "ACDClosed": CLOSING}.get(
                frame.get("UserEvent", "")
            )
            if state and frame.get("Call", uid) in self.states:
                self._put(frame.get("Call", uid), state)
        elif kind == "DialBegin" and uid in self.states:
            self._phones[frame.get("DestUniqueid", "")] = uid
            if frame.get("Context") == "acd-connect":
                self._put(uid, OFFERED)
        elif kind == "DialState" and self.states.get(caller := frame.get("Uniqueid", "")) == OFFERED:
            self._put(caller, RINGING)
        elif kind == "BridgeEnter" and frame.get("BridgeNumChannels") == "2":
            caller = uid if uid in self.states else self._phones.get(uid, "")
            if caller in self.states:
                self._put(caller, TALKING)

        elif kind == "BridgeLeave" and self.states.get(caller := self._phones.get(uid, "")) == TALKING:
            self._put(caller, PARTING)

    def _put(self, uid: str, state: str) -> None:
        self.states[uid] = state
        if state in self._aims:
            self._aims[state]()
