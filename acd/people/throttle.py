"""How long nothing is tried after failures: growing by account and by address, kept in memory, bounded."""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, Literal, NamedTuple

KEYS_MAX: Final = 10_000
FORGOTTEN_MS: Final = 15 * 60_000
"""Failures count for so long after the last one and its delay."""


class Delay(NamedTuple):
    """free: failures without a delay; the next costs 1 s, each further one twice that, up to most_s."""

    free: int
    most_s: int

    def after(self, failures: int) -> int:
        """Seconds."""
        over = failures - self.free
        return min(2 ** min(over - 1, 20), self.most_s) if over > 0 else 0


KINDS: Final = {
    "password": Delay(3, 60),  # little enough that nobody can keep another out for long
    "code": Delay(3, 900),  # only who has the password comes here
    "address": Delay(20, 900),  # a whole office may ask from one address
}
Kind = Literal["password", "code"]
_Key = tuple[str, str]


class _Failures(NamedTuple):
    times: int
    last_ms: int
    until_ms: int


class Throttle:
    """Says when who has failed may try again. When full, who has failed least is forgotten, of these the one
    whose last failure is oldest: made-up names do not drive out the one that is attacked."""

    def __init__(self, now_ms: Callable[[], int], keys_max: int = KEYS_MAX) -> None:
        self._now_ms = now_ms
        self._keys_max = keys_max
        self._failed: dict[_Key, _Failures] = {}

    def __len__(self) -> int:
        return len(self._failed)

    def wait_s(self, kind: Kind, account: str, address: str) -> int:
        """Seconds until something is tried for this account from this address; 0: now."""
        until = max(self._known(key).until_ms for key in _keys(kind, account, address))
        return max(0, -(-(until - self._now_ms()) // 1000))

    def failed(self, kind: Kind, account: str, address: str) -> None:
        """Said before it is tried: many at once gain nothing. Taken back by `succeeded` and `untried`."""
        now = self._now_ms()
        for key in _keys(kind, account, address):
            count = self._known(key).times + 1
            if key not in self._failed and len(self._failed) >= self._keys_max:
                self._forget()
            self._failed[key] = _Failures(count, now, now + KINDS[key[0]].after(count) * 1000)

    def succeeded(self, kind: Kind, account: str, address: str) -> None:
        """The account's failures are forgotten, the address's stay but for this one."""
        mine, by_address = _keys(kind, account, address)
        self._failed.pop(mine, None)
        self._less(by_address)

    def untried(self, kind: Kind, account: str, address: str) -> None:
        """It came to nothing, and not by who asked."""
        for key in _keys(kind, account, address):
            self._less(key)

    def _less(self, key: _Key) -> None:
        before = self._known(key)
        if before.times <= 1:
            self._failed.pop(key, None)
            return
        count = before.times - 1
        until = before.last_ms + KINDS[key[0]].after(count) * 1000
        self._failed[key] = _Failures(count, before.last_ms, until)

    def _known(self, key: _Key) -> _Failures:
        found = self._failed.get(key, _NONE)
        if found is not _NONE and max(found.last_ms, found.until_ms) + FORGOTTEN_MS <= self._now_ms():
            del self._failed[key]
            return _NONE
        return found

    def _forget(self) -> None:
        del self._failed[min(self._failed, key=lambda key: self._failed[key][:2])]


_NONE = _Failures(0, 0, 0)


def _keys(kind: Kind, account: str, address: str) -> tuple[_Key, _Key]:
    return (kind, account[:60]), ("address", _network(address))


def _network(address: str) -> str:
    """An IPv6 address stands for its /64: who has one has all of it."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:60]
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(ip_network((found, 64), strict=False))
    return str(found)
