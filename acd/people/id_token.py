"""What an OpenID provider's ID token says, once all of it is checked. Pure: no clock, no network."""

import hmac
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
)
"""Signatures by a key that the provider alone has: never "none", never one by a secret that two know."""
LEEWAY_S: Final = 60
"""So far two clocks may be apart."""
OLDEST_S: Final = 600
"""A token was made for this sign-in, so not longer ago."""
LONGEST: Final = 50_000
SUBJECT_MAX: Final = 255


class Untrusted(Exception):
    """The provider, or who pretends to be it, vouches for nobody; the message says why, without the token."""


class UnknownKey(Untrusted):
    """Signed with a key that is not among those that are known."""


class Expected(NamedTuple):
    """What a token has to be: whose, for whom, for which attempt, beside which access token ("": none)."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str


def checked(token: str, keys: KeySet, expected: Expected, now_s: int) -> Mapping[str, Any]:
    """Its claims. Raises Untrusted, UnknownKey."""
    if not 0 < len(token) <= LONGEST or not token.isascii():
        raise Untrusted("no ID token, or one that is too long")
    try:
        found = jwt.decode(token, keys, algorithms=ALGORITHMS)
    except InvalidKeyIdError:
        raise UnknownKey("signed with an unknown key") from None
    except (JoseError, ValueError, TypeError, KeyError) as fault:
        raise Untrusted(f"not signed as it should be: {type(fault).__name__}") from None
    header, claims = found.header, found.claims
    if str(header.get("typ") or "JWT").upper() != "JWT":
        raise Untrusted("a token of another type")
    told = CodeIDToken(
        claims,
        header,
        {
            "iss": {"essential": True, "value": expected.issuer},
            "aud": {"essential": True, "value": expected.client_id},
            "sub": {"essential": True},
            "nonce": {"essential": True},
        },
        {"client_id": expected.client_id, "nonce": expected.nonce, "access_token": expected.access_token},
    )
    try:
        told.validate(now_s, LEEWAY_S)
    except (JoseError, ValueError, TypeError) as fault:
        raise Untrusted(f"a claim is not as it should be: {str(fault)[:120]}") from None
    _strictly(claims, expected, now_s)
    return claims


def _strictly(claims: Mapping[str, Any], expected: Expected, now_s: int) -> None:
    """Where the standard leaves a choice, the narrower one."""
    if claims["aud"] not in (expected.client_id, [expected.client_id]):
        raise Untrusted("for others too")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_MAX or not subject.isprintable():
        raise Untrusted("names nobody")
    if claims["iat"] < now_s - OLDEST_S:
        raise Untrusted("made too long ago")
    if not hmac.compare_digest(str(claims["nonce"]).encode(), expected.nonce.encode()):
        raise Untrusted("made for another attempt")
    if claims.get("at_hash") and not expected.access_token:
        raise Untrusted("made beside another access token")
