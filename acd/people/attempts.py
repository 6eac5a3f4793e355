"""Sign-ins under way at an OpenID provider: each bound to one browser, good once, for ten minutes."""

import hmac
from collections.abc import Callable
from typing import Final, NamedTuple

from acd.people import secret

KEPT_MS: Final = 10 * 60_000
MOST: Final = 5_000
OF_ONE_ADDRESS: Final = 100


class Attempt(NamedTuple):
    """What was sent along, and what has to come back. next: where to go after."""

    state: str
    nonce: str
    verifier: str
    next: str
    address: str
    until_ms: int


class Attempts:
    """In memory, by the hash of the browser's cookie. When full, the oldest of the same address goes, else
    the oldest: who begins many drives out their own first."""

    def __init__(self, now_ms: Callable[[], int], most: int = MOST, of_one: int = OF_ONE_ADDRESS) -> None:
        self._now_ms = now_ms
        self._most = most
        self._of_one = of_one
        self._open: dict[str, Attempt] = {}

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, next: str, address: str) -> tuple[str, Attempt]:
        """The browser's cookie, and the attempt."""
        self._forget(address)
        cookie = secret.made()
        made = Attempt(secret.made(), secret.made(), secret.made(), next, address, self._now_ms() + KEPT_MS)
        self._open[secret.digest(cookie)] = made
        return cookie, made

    def take(self, cookie: str, state: str) -> Attempt | None:
        """The one that this browser began with this state; it is none any more then. None: there is none."""
        found = self._open.get(secret.digest(cookie))
        if found is None or self._now_ms() >= found.until_ms:
            return None
        if not hmac.compare_digest(found.state.encode(), state.encode(errors="replace")):
            return None
        return self._open.pop(secret.digest(cookie))

    def _forget(self, address: str) -> None:
        now = self._now_ms()
        for key in [key for key, each in self._open.items() if now >= each.until_ms]:
            del self._open[key]
        mine = [key for key, each in self._open.items() if each.address == address]
        if len(mine) >= self._of_one:
            del self._open[mine[0]]
        elif len(self._open) >= self._most:
            del self._open[next(iter(self._open))]
