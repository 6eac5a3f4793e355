"""The second factor: codes of an authenticator (TOTP, RFC 6238), each taken once, and recovery codes."""

import base64
import re
import secrets
from typing import Final

import pyotp

from acd.people.secret import same

STEP_S: Final = 30
RECOVERY: Final = 10
RECOVERY_BYTES: Final = 15
"""120 bits: enough for a plain hash to be kept."""


def made() -> str:
    """A new secret, in base32."""
    return pyotp.random_base32()


def uri(secret: str, account: str, centre: str) -> str:
    """What an authenticator reads from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=centre)


def step_of(secret: str, code: str, now_ms: int, last: int) -> int | None:
    """The step of time whose code this is: the present one, or its neighbour; None if it is none of these, or
    not after `last`, the step whose code was taken last."""
    typed = re.sub(r"\s", "", code[:20])
    present = now_ms // 1000 // STEP_S
    found = None
    for step in (present - 1, present, present + 1):
        if same(pyotp.TOTP(secret).generate_otp(step), typed) and step > last:
            found = step
    return found


def recovery_codes() -> list[str]:
    """New ones, as they are shown once."""
    return [_recovery_code() for _ in range(RECOVERY)]


def _recovery_code() -> str:
    made = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode("ascii")
    return "-".join(made[at : at + 6] for at in range(0, len(made), 6))


def typed(code: str) -> str:
    """A recovery code as it was shown, however it was typed."""
    letters = re.sub(r"[^A-Z2-7]", "", code[:60].upper())
    return "-".join(letters[at : at + 6] for at in range(0, len(letters), 6))
