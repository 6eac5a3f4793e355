"""Passwords: argon2id as OWASP recommends it, which ones are too easily guessed, first ones made by us.

A few are worked on at a time, in threads; who comes while too many wait is told to come later.
"""

import asyncio
import re
import secrets
from collections.abc import Callable, Iterable
from typing import Final, Literal, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError

from acd.identity import Refusal

T = TypeVar("T")

SHORTEST: Final = 12
LONGEST: Final = 256
MEMORY_KIB, ITERATIONS, LANES = 19_456, 2, 1
"""The OWASP password storage cheat sheet's for argon2id."""
AT_ONCE: Final = 2
WAITING_MAX: Final = 50
GUESSES: Final = 1e8
"""Who may try a few a minute finds none that takes more guesses; fewer: it is a common one."""
REST: Final = 8
"""Characters that are left of one without such names and words."""
JUDGED: Final = 72
"""Characters that are judged: what is easily guessed of a longer one is a weakness of its begin."""
FIRST_BYTES: Final = 12
LOCAL_WORDS: Final = [
    "passwort",
    "kennwort",
    "geheim",
    "hallo",
    "willkommen",
    "welcome",
    "welcomecenter",
    "anmeldung",
    "zugang",
    "rathaus",
    "stadt",
    "essen",
    "ausland",
    "buero",
    "sommer",
    "winter",
    "herbst",
    "fruehling",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "januar",
    "februar",
    "april",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "dezember",
    "schalke",
    "borussia",
    "ruhrgebiet",
    "deutschland",
]
"""Common where German is spoken, and here; zxcvbn's own lists are English."""


def fault(password: str, about: Iterable[str]) -> Literal["", "weak_password", "common_password"]:
    """Why it cannot be one. about: names of the person and of the centre, which it must not be made of."""
    if not SHORTEST <= len(password) <= LONGEST:
        return "weak_password"
    from zxcvbn import zxcvbn  # its lists take longer to load than most commands to run

    own = [part.lower() for each in about for part in (each, *re.split(r"\W+", each)) if len(part) > 2]
    words = sorted({*own, *LOCAL_WORDS}, key=len, reverse=True)
    rest = re.sub("|".join(map(re.escape, words)), "", password, flags=re.IGNORECASE)
    if len(rest) < REST or zxcvbn(password[:JUDGED], words)["guesses"] < GUESSES:
        return "common_password"
    return ""


def first() -> str:
    """One that is good for a first sign-in, in groups that can be read out."""
    made = secrets.token_hex(FIRST_BYTES)
    return "-".join(made[at : at + 6] for at in range(0, len(made), 6))


class Passwords:
    """Makes and verifies hashes. The loop never waits for it."""

    def __init__(
        self, memory_kib: int = MEMORY_KIB, iterations: int = ITERATIONS, lanes: int = LANES
    ) -> None:
        self._hasher = PasswordHasher(iterations, memory_kib, lanes, type=Type.ID)
        self._nobodys = self._hasher.hash(secrets.token_hex(16))
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def made(self, password: str) -> str:
        """What is kept of a password. Raises Refusal: later."""
        return await self._apart(lambda: self._hasher.hash(password))

    async def fault(self, password: str, about: Iterable[str]) -> str:
        """As `fault`. Raises Refusal: later."""
        names = list(about)
        return await self._apart(lambda: fault(password, names))

    async def fits(self, kept: str, password: str) -> bool:
        """Whether it is the password. kept: "" for an account without one, or that is none: as long as with
        one, nothing fits. Raises Refusal: later."""
        usable = kept if len(password) <= LONGEST else ""
        return await self._apart(lambda: self._fits(usable, password[:LONGEST]))

    def is_old(self, kept: str) -> bool:
        """Whether a hash was made with lesser parameters than today's: made anew at the next sign-in."""
        return self._hasher.check_needs_rehash(kept)

    def _fits(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept or self._nobodys, password) and bool(kept)
        except (Argon2Error, InvalidHashError):
            return False

    async def _apart(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING_MAX:
            raise Refusal("later")
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1
