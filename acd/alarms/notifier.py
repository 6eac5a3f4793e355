"""Sends the news of the alarms to the addresses of [notify], and again to whom they did not reach.

Each message is sent by a process of its own, from a bounded queue: neither the library nor a slow service
has anything to do with deciding.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import structlog
from pydantic import TypeAdapter, ValidationError

from acd.alarmed import TEST_S, News
from acd.alarms.wording import Message, message
from config.schema import Centre

QUEUE_MAX: Final = 50
"""Messages that wait; of more the oldest is given up."""
ADDRESSES_MAX: Final = 50
FILE_MAX: Final = 100_000
SEND_S: Final = 45.0
PROCESS_S: Final = 15.0
"""How long an address may take, and how much longer the process for all of them."""
RETRY_S: Final = (10.0, 60.0, 300.0, 900.0)
"""So long after a failure it is tried again, and then given up."""
OK: Final = "ok"
_ANSWER: Final = TypeAdapter(list[str])

log = structlog.get_logger(__name__)


class AddressFault(Exception):
    """The file of addresses cannot be used; the reason is the message."""


class Waiting(NamedTuple):
    """A message, and the how manieth. left: to which addresses of the file, by number from 1; None: to all.
    tries: so far. due_s: of the loop's clock, when it is sent."""

    number: int
    message: Message
    left: tuple[int, ...] | None = None
    tries: int = 0
    due_s: float = 0.0


def addresses(path: Path) -> tuple[str, ...]:
    """Those of a file, one a line; # begins a remark. Raises AddressFault, which never holds one."""
    try:
        if path.stat().st_mode & 0o077:
            raise AddressFault(
                f"notify.addresses_file: {path.name} holds passwords and others may read it: chmod 600"
            )
        with path.open(encoding="utf-8") as file:
            text = file.read(FILE_MAX + 1)
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or "is no text"
        raise AddressFault(f"notify.addresses_file: {path.name} cannot be read: {why}") from None
    lines = [each.strip() for each in text.splitlines()]
    found = tuple(each for each in lines if each and not each.startswith("#"))
    if not found or len(found) > ADDRESSES_MAX or len(text) > FILE_MAX:
        raise AddressFault(
            f"notify.addresses_file: {path.name} holds {len(found)} addresses; 1 to {ADDRESSES_MAX} are right"
        )
    return found


class Notifier:
    """Implements alarmed.Way. trouble: what is wrong, or ""."""

    name = "notify"

    def __init__(self, centre: Callable[[], Centre], retry_s: Sequence[float] = RETRY_S) -> None:
        self._centre = centre
        self._retry_s = tuple(retry_s)
        self._queue: list[Waiting] = []
        self._more = asyncio.Event()
        self._number = 0
        self.trouble = ""
        self.given_up = 0

    def tell(self, news: News) -> None:
        """Without [notify] nobody is told."""
        centre = self._centre()
        if centre.notify is not None:
            self._number += 1
            self._put(Waiting(self._number, message(news, centre, centre.notify.language)))

    async def tried(self, news: News) -> str:
        centre = self._centre()
        if centre.notify is None:
            return ""
        waiting = Waiting(0, message(news, centre, centre.notify.language))
        _, why = await self._send(waiting, within_s=TEST_S)
        return why or OK

    async def run(self) -> None:
        """Send for ever, what is due first. What did not reach an address is tried again, and only there do
        later messages wait for it: nobody hears that it is over before that it was raised."""
        now = asyncio.get_running_loop().time
        while True:
            self._more.clear()
            first = min(self._queue, key=lambda each: each.due_s, default=None)
            if first is None or first.due_s > now():
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(first.due_s if first is not None else None):
                        await self._more.wait()
                continue
            self._queue.remove(first)
            earlier = [each for each in self._queue if each.number < first.number]
            until_s = max((each.due_s for each in earlier), default=0.0)
            if any(each.left is None for each in earlier):
                self._put(first._replace(due_s=until_s))
                continue
            behind = frozenset(number for each in earlier for number in each.left or ())
            left, why = await self._send(first, behind)
            self.trouble = why or (self.trouble if behind else "")
            if left is not None and behind.issuperset(left):
                if left:
                    self._put(first._replace(left=left, due_s=until_s))
            elif first.tries == len(self._retry_s):
                self._give_up(why)
            else:
                due_s = now() + self._retry_s[first.tries]
                self._put(first._replace(left=left, tries=first.tries + 1, due_s=due_s))

    def _put(self, waiting: Waiting) -> None:
        self._queue.append(waiting)
        if len(self._queue) > QUEUE_MAX:
            self._queue.remove(min(self._queue, key=lambda each: each.number))
            self._give_up("too many messages wait")
        self._more.set()

    def _give_up(self, why: str) -> None:
        self.given_up += 1
        self.trouble = f"{why}; messages given up since the start: {self.given_up}"
        log.warning("a message of the alarms was given up", why=why)

    async def _send(
        self, waiting: Waiting, behind: frozenset[int] = frozenset(), within_s: float = SEND_S
    ) -> tuple[tuple[int, ...] | None, str]:
        """To whom it is still to be sent (as Waiting.left), and why. behind: not to these, this time."""
        centre = self._centre()
        if centre.notify is None:
            return (), ""
        try:
            known = await asyncio.to_thread(addresses, centre.path(centre.notify.addresses_file))
        except AddressFault as fault:
            return waiting.left, str(fault)
        wanted = [n for n in range(1, len(known) + 1) if waiting.left is None or n in waiting.left]
        numbers = [each for each in wanted if each not in behind]
        said = await _apprised([known[number - 1] for number in numbers], waiting.message, within_s)
        missed = [(number, each) for number, each in zip(numbers, said, strict=True) if each != OK]
        words = {"unknown": "is none that Apprise knows", "late": f"took more than {within_s:.0f} s"}
        why = "; ".join(f"address {number} {words.get(each, 'was not reached')}" for number, each in missed)
        return tuple(sorted({number for number, _ in missed} | (behind & set(wanted)))), why


async def _apprised(to: Sequence[str], what: Message, within_s: float) -> list[str]:
    """By address "ok", or what came of it. They stand on no command line and in no log."""
    if not to:
        return []
    asked = {"addresses": list(to), "title": what.title, "text": what.text, "seconds": within_s}
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "acd.alarms.apprising",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return ["failed"] * len(to)
    try:
        async with asyncio.timeout(within_s + PROCESS_S):
            answer, _ = await process.communicate(json.dumps(asked).encode())
        found = _ANSWER.validate_json(answer)
    except TimeoutError:
        return ["late"] * len(to)
    except ValidationError:
        found = []
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return found if len(found) == len(to) else ["failed"] * len(to)
