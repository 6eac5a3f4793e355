"""A form's own mark: when it was given out, signed, so that nobody is quicker than a person."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections import OrderedDict
from typing import Final

USED_MAX: Final = 20_000
"""Marks that were used are remembered until they are too old; beyond so many the oldest is forgotten."""

GOOD: Final = ""
FORGED: Final = "forged"
EARLY: Final = "early"
LATE: Final = "late"
USED: Final = "used"


class Marks:
    """Gives marks out and judges them. key: known to this process alone. Times in seconds."""

    def __init__(self, key: bytes, least_s: float, most_s: float) -> None:
        self._key = key
        self._least_s = least_s
        self._most_s = most_s
        self._used: OrderedDict[str, float] = OrderedDict()

    def made(self, now: float) -> str:
        """For a form that is given out now."""
        body = round(now * 1000).to_bytes(8, "big") + secrets.token_bytes(12)
        return urlsafe_b64encode(body + self._signature(body)).decode()

    def judged(self, mark: str, now: float) -> str:
        """Why a form is not taken: one of the words above, GOOD if it is."""
        try:
            whole = urlsafe_b64decode(mark.encode("ascii"))
        except (Error, ValueError, UnicodeEncodeError):
            return FORGED
        body, signature = whole[:20], whole[20:]
        if urlsafe_b64encode(whole).decode() != mark or len(body) != 20:
            return FORGED
        if not hmac.compare_digest(self._signature(body), signature):
            return FORGED
        age = now - int.from_bytes(body[:8], "big") / 1000
        if age < self._least_s:
            return EARLY
        if age > self._most_s:
            return LATE
        return USED if mark in self._used else GOOD

    def use(self, mark: str, now: float) -> None:
        """A form that was taken is not taken again."""
        while self._used and next(iter(self._used.values())) < now - self._most_s:
            self._used.popitem(last=False)
        self._used[mark] = now
        if len(self._used) > USED_MAX:
            self._used.popitem(last=False)

    def _signature(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()
