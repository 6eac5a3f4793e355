"""Secrets that we make: long and random, so a plain hash of them is all that needs to be kept."""

import hashlib
import hmac
import secrets

BYTES = 32
LONGEST = 200
"""No secret of ours is longer; what is longer is not looked at."""


def made() -> str:
    """256 random bits as text of a URL."""
    return secrets.token_urlsafe(BYTES)


def public() -> str:
    """A random name for something that has a secret: it may be shown and gives nothing away."""
    return secrets.token_hex(8)


def digest(secret: str) -> str:
    """What is kept of it."""
    return hashlib.sha256(secret[:LONGEST].encode(errors="replace")).hexdigest()


def same(one: str, other: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
