"""The API's bearer token: made at the first start in a file that only its owner can read."""

import hmac
import os
import secrets
from pathlib import Path


class TokenExposed(Exception):
    """Others can read the token's file; the message says what to do."""


def own(path: Path) -> str:
    """The token in `path`, made if there is none. Raises TokenExposed."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
        ) as file:
            file.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    if path.stat().st_mode & 0o077:
        raise TokenExposed(f"{path}: others can read it; delete it, and a new one is made at the next start")
    return path.read_text(encoding="ascii").strip()


def same(given: str, expected: str) -> bool:
    """Whether a given token is the right one, in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())
