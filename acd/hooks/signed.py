"""The signature of a web hook, as the specification Standard Webhooks has it. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

PREFIX: Final = "whsec_"
SECRET_MIN: Final = 24
SECRET_MAX: Final = 64
"""Bytes of a secret."""


def secret(text: str) -> bytes:
    """A secret as its file has it. Raises ValueError, which never holds it."""
    body = text.strip()
    try:
        if not body.startswith(PREFIX):
            raise ValueError
        found = base64.b64decode(body.removeprefix(PREFIX), validate=True)
    except ValueError:
        raise ValueError(f"holds no secret: {PREFIX} and base64 are right") from None
    if not SECRET_MIN <= len(found) <= SECRET_MAX:
        raise ValueError(f"holds a secret of {len(found)} bytes; {SECRET_MIN} to {SECRET_MAX} are right")
    return found


def headers(key: bytes, message: str, at_s: int, body: bytes) -> Mapping[str, str]:
    """What goes along with a body. message: its id, the same at every try; at_s: now, epoch seconds."""
    signed = hmac.new(key, f"{message}.{at_s}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
        "content-type": "application/json",
    }
