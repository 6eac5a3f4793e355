"""An OpenID provider as it is reached: what it says of itself, its keys, a code changed into tokens."""

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

import httpx
from joserfc.jwk import KeySet

from acd.people.id_token import Untrusted
from config.tables.house import is_loopback
from config.tables.people import OpenId

PATIENCE_S: Final = 5.0
ANSWER_MAX: Final = 500_000
FRESH_MS: Final = 3_600_000
"""What it says of itself, and its keys, are asked for anew after so long."""
RENEW_MS: Final = 10_000
"""An unknown key makes us ask for the keys no more often."""
WELL_KNOWN: Final = "/.well-known/openid-configuration"
ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Away(Exception):
    """The provider does not answer, or with nothing that can be used; the message says what."""


class Provider:
    """One, as configured. Never follows a redirect; trusts the certificates that the system trusts."""

    def __init__(self, settings: OpenId, now_ms: Callable[[], int]) -> None:
        self.settings = settings
        self._now_ms = now_ms
        self._said: Mapping[str, Any] = {}
        self._said_ms = 0
        self._keys: KeySet | None = None
        self._keys_ms = 0
        self._trusted: ssl.SSLContext | None = None

    async def said(self) -> Mapping[str, Any]:
        """What it says of itself, each endpoint an address that may be used. Raises Away, Untrusted."""
        if self._said and self._now_ms() < self._said_ms + FRESH_MS:
            return self._said
        issuer = self.settings.issuer
        status, found = await self._json("GET", issuer.rstrip("/") + WELL_KNOWN)
        if status != 200:
            raise Away(f"its description is not there: status {status}")
        if found.get("issuer") != issuer:
            raise Untrusted("it calls itself by another name than `issuer` in [people.oidc]")
        for each in ENDPOINTS:
            if not _usable(found.get(each), issuer):
                raise Untrusted(f"its {each} is no address by https")
        self._said, self._said_ms = found, self._now_ms()
        return found

    async def keys(self, *, renewed: bool = False) -> KeySet:
        """Its public keys. renewed: one was not among them; they are asked for anew unless that was just
        done. Raises Away, Untrusted."""
        age = self._now_ms() - self._keys_ms
        if self._keys is not None and age < (RENEW_MS if renewed else FRESH_MS):
            return self._keys
        status, found = await self._json("GET", (await self.said())["jwks_uri"])
        try:
            keys = KeySet.import_key_set({"keys": found["keys"]})
        except Exception as fault:  # noqa: BLE001 whatever is wrong with them
            raise Away(f"its keys cannot be read: status {status}, {type(fault).__name__}") from None
        self._keys, self._keys_ms = keys, self._now_ms()
        return keys

    async def tokens(self, code: str, verifier: str, back: str, secret: str) -> Mapping[str, Any]:
        """What it gives for a code. Raises Away, Untrusted."""
        said, client = await self.said(), self.settings.client_id
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        known = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        auth: httpx.Auth | None = None
        if "client_secret_basic" in known:
            auth = httpx.BasicAuth(quote_plus(client), quote_plus(secret))
        elif "client_secret_post" in known:
            form |= {"client_id": client, "client_secret": secret}
        else:
            raise Away("it takes no client_secret_basic and no client_secret_post")
        status, found = await self._json("POST", said["token_endpoint"], data=form, auth=auth)
        if status == 400:
            raise Untrusted(f"it does not take the code: {str(found.get('error', ''))[:40]!r}")
        if status != 200:
            raise Away(f"it gives no token: status {status}, {str(found.get('error', ''))[:40]!r}")
        return found

    async def _json(self, method: str, url: str, **more: Any) -> tuple[int, dict[str, Any]]:
        if self._trusted is None:
            self._trusted = await asyncio.to_thread(ssl.create_default_context)
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        body = bytearray()
        try:
            async with (
                asyncio.timeout(PATIENCE_S),
                httpx.AsyncClient(verify=self._trusted, timeout=PATIENCE_S) as client,
                client.stream(method, url, headers=headers, **more) as answer,
            ):
                async for piece in answer.aiter_raw():
                    body += piece
                    if len(body) > ANSWER_MAX:
                        raise Away("it answers with too much")
                status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as fault:
            raise Away(f"it does not answer: {type(fault).__name__}") from None
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Away(f"its answer is no JSON object: status {status}")
        return status, found


def _usable(address: object, issuer: str) -> bool:
    """Whether it keeps a secret on the way: by https, or on this machine like the issuer."""
    if not isinstance(address, str) or not address.isprintable():
        return False
    try:
        said = urlsplit(address)
        return bool(said.hostname) and (
            said.scheme == "https" or (is_loopback(issuer) and is_loopback(address))
        )
    except ValueError:
        return False
