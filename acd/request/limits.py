"""How often one address, one number and everybody may ask: counted by keyed hashes alone."""

import hashlib
from collections import OrderedDict, deque
from typing import Final

KEPT_MAX: Final = 20_000


class Limit:
    """So many in a span. key: hashes whoever asks, so that no table of addresses or numbers can be read."""

    def __init__(self, key: bytes, most: int, span_s: float) -> None:
        self._key = key[:64]
        self._most = most
        self._span_s = span_s
        self._seen: OrderedDict[bytes, deque[float]] = OrderedDict()

    def allows(self, who: str, now: float) -> bool:
        """Whether they may ask now; nothing is counted."""
        return len(self._lately(self._hash(who), now)) < self._most

    def count(self, who: str, now: float) -> None:
        """They have asked. Beyond KEPT_MAX whoever asked longest ago is forgotten."""
        hashed = self._hash(who)
        times = self._lately(hashed, now)
        times.append(now)
        self._seen[hashed] = times
        self._seen.move_to_end(hashed)
        if len(self._seen) > KEPT_MAX:
            self._seen.popitem(last=False)

    def _lately(self, hashed: bytes, now: float) -> deque[float]:
        times = self._seen.get(hashed, deque[float](maxlen=self._most))
        while times and times[0] <= now - self._span_s:
            times.popleft()
        return times

    def _hash(self, who: str) -> bytes:
        return hashlib.blake2b(who.encode(), key=self._key, digest_size=16).digest()
