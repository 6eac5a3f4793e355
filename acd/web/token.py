"""The API's bearer token: made at the first start in a file that only its owner can read."""

import hmac
import os
import re
import secrets
from pathlib import Path

from acd.ownership import as_its_folder

AGAIN = "move it away, and a new one is made at the next start"
SHORTEST = 32


class TokenExposed(Exception):
    """Others can read the token's file, or it cannot be used; the message says what to do."""


def own(path: Path) -> str:
    """The token in `path`, made if there is none. Raises TokenExposed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make(path)
        if path.stat().st_mode & 0o077:
            raise TokenExposed(f"{path}: others can read it; {AGAIN}")
        kept = path.read_bytes().strip()
    except OSError as fault:
        raise TokenExposed(f"{path}: cannot be used: {fault.strerror}; {AGAIN}") from None
    if len(kept) < SHORTEST or not re.fullmatch(rb"[A-Za-z0-9_-]+", kept):
        raise TokenExposed(f"{path}: is damaged; {AGAIN}")
    return kept.decode("ascii")


def _make(path: Path) -> None:
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(made, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(SHORTEST))
    as_its_folder(path)


def same(given: str, expected: str) -> bool:
    """Whether a given token is the right one, in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())
