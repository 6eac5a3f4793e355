"""One AMI connection, used once: panoramisk with a guard for each of its known faults.

It never reconnects and never sends anything twice. When it is lost, every waiter fails at once with the
first cause. The numbers in brackets are those of the list of panoramisk 1.4's faults in docs/panoramisk.md.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from panoramisk import Manager
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from acd.pbx.codec import Frame, FrameReader, FrameTooLarge, check
from acd.pbx.correlate import Correlator, Listing

LOGIN_S = 5.0
ASK_S = 10.0
LIST_S = 15.0
PING_S = 5.0
LOOKS = 20
"""So often in that time it is looked whether the PBX has fallen silent."""
FIFO_MAX = 20_000
UNFOLLOWED_MAX = 16
NEVER_S = 86_400.0

Reply = Callable[[str], None]
"""Told once what became of an action: "" for success, else why not."""

Answered = Callable[[float, str, float], None]
"""Told of each answer to a ping: when it was asked, the PBX's stamp, when it was read (loop time)."""


MOVES = "Redirect"
"""The action that takes a caller somewhere."""


def patience(ping_s: float, hurried: bool) -> tuple[float, float]:
    """After how long a silence is asked about, and how long the answer may take, in seconds. hurried: offers
    are open, which nobody hears of while the PBX is silent, or a caller's redirect is on its way, which may
    come too late."""
    return (ping_s / 5, 2 * ping_s / 5) if hurried else (ping_s, ping_s)


class LinkLost(ConnectionError):
    """The connection is gone; the message is the first cause."""


class LoginRefused(Exception):
    """Asterisk does not accept the user or secret: see manager.conf and the secrets file."""


class AskFailed(Exception):
    """The PBX answered with an error, or not in time."""


class _Everything:
    """Contains everything: no unanswered action is kept for a next connection [1]."""

    def __contains__(self, _: object) -> bool:
        return True


class _Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """Hands on whole frames only [3, 14, 17], and loses the connection once [8, 10]."""

    link: "AmiLink"

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.frames = FrameReader()

    def data_received(self, data: bytes) -> None:
        try:
            for frame in self.frames.feed(data):
                self.link.took(frame)
        except FrameTooLarge as fault:
            self.link.lose(str(fault))

    def connection_lost(self, exc: Exception | None) -> None:
        self.link.lose(f"the PBX closed the connection{f': {exc}' if exc else ''}")


class _Manager(Manager):  # type: ignore[misc]  # panoramisk has no types
    """A manager that does nothing by itself: no reconnecting [11, 12], no dispatch [4], no blind ping [8]."""

    def login(self, future: "asyncio.Future[Any]") -> bool:
        self.authenticated_future = None
        self.authenticated = not future.cancelled() and not future.exception() and future.result().success
        return bool(self.authenticated)

    def connection_lost(self, exc: object) -> None:
        self.authenticated = False

    def dispatch(self, event: object) -> list[str]:
        return []


class AmiLink:
    """A live, logged-in connection. Make one with `connect`."""

    def __init__(self, manager: _Manager, fifo_max: int = FIFO_MAX) -> None:
        self._manager = manager
        self._protocol: _Protocol | None = None
        self._events: deque[Frame] = deque()
        self._events_max = fifo_max
        self._taken = 0
        self._unfollowed: deque[Listing] = deque(maxlen=UNFOLLOWED_MAX)
        self._more = asyncio.Event()
        self._lists = Correlator()
        self._waiters: dict[str, asyncio.Future[None]] = {}
        self._fired: dict[str, tuple[float, Reply]] = {}
        self._redirects: set[str] = set()
        self._ids = itertools.count(1)
        self._booted = asyncio.Event()
        self._gone = asyncio.Event()
        self._heard = 0.0
        self._asked = 0.0
        self._ping = ""
        self._ping_s = PING_S
        self._pinger: asyncio.Task[None] | None = None
        self.cause = ""
        self.hurried = False
        self.answered: Answered = lambda _asked, _stamp, _read: None

    # --- life ----------------------------------------------------------------------------------------

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        user: str,
        secret: str,
        *,
        login_s: float = LOGIN_S,
        ping_s: float = PING_S,
        fifo_max: int = FIFO_MAX,
    ) -> "AmiLink":
        """Connect, log in and wait until the PBX is booted.

        Raises OSError, LoginRefused, LinkLost, TimeoutError.
        """
        loop = asyncio.get_running_loop()
        manager = _Manager(
            loop=loop, username=user, secret=secret, ping_delay=NEVER_S, forgetable_actions=_Everything()
        )
        link = cls(manager, fifo_max)

        def protocol() -> _Protocol:
            made = _Protocol()
            made.link = link
            return made

        async with asyncio.timeout(login_s):
            pair = await loop.create_connection(protocol, host, port)
            link._protocol = pair[1]
            connected: asyncio.Future[Any] = loop.create_future()
            connected.set_result(pair)
            manager.connection_made(connected)
            manager.pinger.cancel()
            try:
                answer = await cast("asyncio.Future[Any]", manager.authenticated_future)
                if not answer.success:
                    raise LoginRefused(
                        f"Asterisk at {host}:{port} refuses the AMI user {user!r}: wrong secret?"
                    )
                await link._unless_gone(link._booted.wait())
            except asyncio.CancelledError:
                if link.cause and not asyncio.current_task().cancelling():  # type: ignore[union-attr]
                    raise LinkLost(link.cause) from None
                link.lose("login not finished in time")
                raise
            except BaseException:
                link.lose("login failed")
                raise
        link._ping_s = ping_s
        link._pinger = loop.create_task(link._watch(), name="ami ping")
        return link

    def lose(self, cause: str) -> None:
        """The connection is gone: everybody who waits is told the first cause."""
        if self.cause:
            return
        self.cause = cause
        self._gone.set()
        self._more.set()
        self._manager.authenticated = False
        if self._pinger is not None:
            self._pinger.cancel()
        if self._protocol is not None:
            for action in list(self._protocol.responses.values()):
                if not action.future.done():
                    action.future.cancel()
            self._protocol.responses.clear()
            self._protocol.closed = True
            self._protocol.transport.abort()
        for waiter in self._waiters.values():
            if not waiter.done():
                waiter.set_exception(LinkLost(cause))
        fired, self._fired = self._fired, {}
        self._redirects.clear()
        for _, reply in fired.values():
            reply(cause)

    async def aclose(self) -> None:
        """Close on purpose."""
        self.lose("closed by us")
        if self._pinger is not None:
            await asyncio.gather(self._pinger, return_exceptions=True)

    async def _unless_gone(self, what: Any) -> None:
        task, gone = asyncio.ensure_future(what), asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()
            gone.cancel()
        if self.cause:
            raise LinkLost(self.cause)

    async def _watch(self) -> None:
        """Any traffic is life; silence is asked about, and then it is death. Old questions are dropped."""
        loop = asyncio.get_running_loop()
        look_s = self._ping_s / LOOKS
        while not self.cause:
            await asyncio.sleep(look_s)
            now = loop.time()
            for key, (deadline, reply) in list(self._fired.items()):
                if now > deadline:
                    self._forget(key)
                    reply("no answer in time")
            ask_s, wait_s = patience(self._ping_s, self.hurried or bool(self._redirects))
            if self._asked and now - self._asked >= wait_s:
                self.lose(f"the PBX said nothing for {now - self._heard:.1f} s")
            elif not self._asked and now - self._heard >= ask_s:
                self._asked = now
                self._ping = self._fire({"Action": "Ping"})

    def _fire(self, action: Mapping[str, str]) -> str:
        """Send an action whose answer is looked at as it comes; its id."""
        wanted = self._action(action)
        self._fired[wanted.id] = (asyncio.get_running_loop().time() + ASK_S, lambda _why: None)
        self._write([wanted])
        return str(wanted.id)

    async def spoken(self) -> None:
        """Return once the PBX has answered a question that was asked now: what it had sent before has been
        read by then. A PBX that says nothing at all for two fifths of `ping_s` is dead, one that says other
        things only is asked once more. Raises LinkLost.
        """
        loop = asyncio.get_running_loop()
        _, wait_s = patience(self._ping_s, True)
        for last in (False, True):
            asked = loop.time()
            try:
                answer = await self.ask({"Action": "Ping"}, wait_s)
            except AskFailed as fault:
                if last or self._heard < asked:
                    self.lose(f"the PBX does not answer: {fault}")
                    raise LinkLost(self.cause) from None
            else:
                self.answered(asked, answer.get("Timestamp"), loop.time())
                return

    # --- in ------------------------------------------------------------------------------------------

    def took(self, frame: Frame) -> None:
        """A frame arrived: an answer to its asker, an event to the queue in order."""
        self._heard = asyncio.get_running_loop().time()
        self._asked, asked = 0.0, self._asked
        key = frame.get("ActionID")
        listing = self._lists.take(frame)
        if listing is not None:
            if listing.place < 0:
                listing.place, listing.began = self._taken, self._heard
                self._unfollowed.append(listing)
            if listing.whole and (waiter := self._waiters.get(key)) and not waiter.done():
                waiter.set_result(None)
            return
        if frame.get("Response") and not frame.get("Event"):
            if self._protocol is not None and key in self._protocol.responses:
                self._protocol.handle_message(Message(dict(frame)))
            self._answer_fired(key, frame)
            if asked and key == self._ping:
                self.answered(asked, frame.get("Timestamp"), self._heard)
            return
        if not frame.get("Event"):
            return
        if frame.get("Event") == "FullyBooted":
            self._booted.set()
            return
        if frame.get("Event") == "Shutdown":
            self.lose("the PBX shuts down")
            return
        if len(self._events) >= self._events_max:
            self.lose(f"{self._events_max} events wait to be read")
            return
        self._events.append(frame)
        self._taken += 1
        while self._unfollowed:
            self._unfollowed.pop().followed = frame.get("Timestamp")
        self._more.set()

    @property
    def heard(self) -> float:
        """When the PBX last said anything (loop time)."""
        return self._heard

    @property
    def unread(self) -> bool:
        """Whether events wait for `next`."""
        return bool(self._events)

    @property
    def taken(self) -> int:
        """How many events have been read."""
        return self._taken

    @property
    def given(self) -> int:
        """How many events have been given out, by `next` or `until`."""
        return self._taken - len(self._events)

    def until(self, place: int) -> list[Frame]:
        """Give out the events before this place in the stream, as far as they were not yet."""
        return [self._events.popleft() for _ in range(min(place - self.given, len(self._events)))]

    def _answer_fired(self, key: str, frame: Frame) -> None:
        self._redirects.discard(key)
        fired = self._fired.pop(key, None)
        if fired is not None:
            fired[1]("" if frame.get("Response") == "Success" else frame.get("Message") or "refused")

    async def next(self) -> Frame:
        """The next event in order. Raises LinkLost once there is none left and the link is gone."""
        while not self._events:
            if self.cause:
                raise LinkLost(self.cause)
            self._more.clear()
            await self._more.wait()
        return self._events.popleft()

    # --- out -----------------------------------------------------------------------------------------

    def _action(self, action: Mapping[str, str]) -> Any:
        """panoramisk's Action: one answer each [5, 6, 7], values that stay in their line [15]."""
        check(action)
        if self.cause:
            raise LinkLost(self.cause)
        wanted = dict(action) | {"ActionID": f"acd-{next(self._ids)}"}
        if wanted["Action"] == "Originate":
            wanted["Async"] = "true"
        return Action(wanted, as_list=False)

    def _forget(self, key: str) -> None:
        """Nothing stays behind for an answer that will not come [13]."""
        self._redirects.discard(key)
        self._fired.pop(key, None)
        if self._protocol is not None:
            self._protocol.responses.pop(key, None)

    async def ask(self, action: Mapping[str, str], deadline_s: float = ASK_S) -> Frame:
        """Send one action and wait for its answer. Raises AskFailed, LinkLost, BadValue."""
        wanted = self._action(action)
        try:
            async with asyncio.timeout(deadline_s):
                message = await self._manager.send_action(wanted, as_list=False)
        except TimeoutError:
            raise AskFailed(f"{action['Action']}: no answer within {deadline_s:.0f} s") from None
        except asyncio.CancelledError:
            if self.cause and not asyncio.current_task().cancelling():  # type: ignore[union-attr]
                raise LinkLost(self.cause) from None
            raise
        finally:
            self._forget(wanted.id)
        if not message.success:
            raise AskFailed(f"{action['Action']}: {message.message}")
        return Frame(tuple((str(name), str(value)) for name, value in message.items()))

    async def ask_list(self, action: Mapping[str, str], deadline_s: float = LIST_S) -> list[Frame]:
        """Send one action whose answer is a list of events. Raises AskFailed, LinkLost, BadValue."""
        return (await self.ask_listing(action, deadline_s)).items

    async def ask_listing(self, action: Mapping[str, str], deadline_s: float = LIST_S) -> Listing:
        """The same, with its place among the events. Raises AskFailed, LinkLost, BadValue."""
        wanted = self._action(action)
        key = wanted.id
        listing: Listing = self._lists.open(key)
        waiter = self._waiters[key] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(deadline_s):
                self._write([wanted])
                await waiter
        except TimeoutError:
            raise AskFailed(f"{action['Action']}: the list did not end within {deadline_s:.0f} s") from None
        finally:
            del self._waiters[key]
            self._lists.close(key)
        if listing.fault:
            raise AskFailed(f"{action['Action']}: {listing.fault}")
        return listing

    def send(self, actions: Sequence[tuple[Mapping[str, str], Reply]]) -> None:
        """Send actions in one write without waiting; each Reply is told what became of its action."""
        made = [(self._action(action), reply) for action, reply in actions]
        deadline = asyncio.get_running_loop().time() + ASK_S
        for action, reply in made:
            self._fired[action.id] = (deadline, reply)
            if action["Action"] == MOVES:
                self._redirects.add(action.id)
        self._write([action for action, _ in made])

    def _write(self, actions: Sequence[Any]) -> None:
        if self._protocol is not None:
            self._protocol.transport.write("".join(map(str, actions)).encode())
