"""Signing in from the city's directory by OpenID Connect: authorization code with PKCE, groups to roles.

Who comes back is who began, in the same browser (state, nonce); what the provider says is checked in
`id_token`; which roles somebody has is said by their groups at each sign-in, and by nothing else.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import structlog
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from acd.identity import Refusal, Role, SignIn
from acd.people.around import Around
from acd.people.attempts import Attempt, Attempts
from acd.people.entry import Entry
from acd.people.id_token import Expected, UnknownKey, Untrusted, checked
from acd.people.provider import Away, Provider
from acd.store.plain import plain
from config.tables.people import OpenId

BACK: Final = "/sign-in/oidc/back"
"""Where the provider sends the browser back to, below `public_url`."""
CODE_MAX: Final = 4_000
GROUPS_MAX: Final = 5_000

log = structlog.get_logger(__name__)


class Vouched(NamedTuple):
    """Whom the provider vouches for. subject: who, among all of all issuers; factor: two were shown there."""

    subject: str
    id: str
    name: str
    roles: frozenset[Role]
    agent: str
    factor: bool


class Directory:
    """Implements what acd.identity.People says of OpenID Connect. [people.oidc] is asked each time."""

    def __init__(self, around: Around, entry: Entry) -> None:
        self._around = around
        self._entry = entry
        self._attempts = Attempts(around.now_ms)
        self._provider: Provider | None = None

    def oidc_name(self) -> str:
        """What the directory is called; "" for none."""
        settings = self._around.centre().people.oidc
        return settings.name if settings else ""

    async def oidc_begin(self, next: str, address: str) -> tuple[str, str]:
        """Where the browser goes now, and the cookie that binds the attempt to it. Raises Refusal,
        "provider_away"."""
        provider = self._asked()
        settings = provider.settings
        try:
            where = (await provider.said())["authorization_endpoint"]
        except (Away, Untrusted) as fault:
            raise self._gone(str(fault)) from None
        cookie, attempt = self._attempts.begin(next, address)
        url = prepare_grant_uri(
            where,
            settings.client_id,
            "code",
            redirect_uri=self._back(),
            scope=" ".join(settings.scopes),
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
            **({"acr_values": " ".join(settings.factor_acr)} if settings.factor_acr else {}),
        )
        return str(url), cookie

    async def oidc_end(
        self, cookie: str, query: Mapping[str, str], address: str, browser: str
    ) -> tuple[SignIn, str]:
        """What became of it, and where to go after. Raises Refusal: "unknown_session" where this browser
        began nothing of the kind, "provider_away", "not_vouched"."""
        attempt = self._attempts.take(cookie, query.get("state", "")) if cookie else None
        if attempt is None:
            raise Refusal("unknown_session")
        provider = self._asked()
        try:
            said = await self._claims(provider, attempt, query)
            vouched = self._vouched(provider.settings, said)
        except Away as fault:
            raise self._gone(str(fault)) from None
        except Untrusted as fault:
            await self._denied(str(fault), address)
            raise Refusal("not_vouched") from None
        try:
            signed = await self._entry.admit(*vouched[:5], address, browser, factor=vouched.factor)
        except Refusal as fault:
            if fault.code == "later":
                raise
            await self._denied(f"no account can be made of it: {fault.code}", address)
            raise Refusal("not_vouched") from None
        return signed, attempt.next

    async def _claims(
        self, provider: Provider, attempt: Attempt, query: Mapping[str, str]
    ) -> Mapping[str, Any]:
        said, settings = await provider.said(), provider.settings
        from_whom = query.get("iss", "")
        if from_whom != settings.issuer and (
            from_whom or said.get("authorization_response_iss_parameter_supported") is True
        ):
            raise Untrusted("the answer is another provider's")
        if "error" in query:
            raise Untrusted(f"it says {query['error'][:40]!r}")
        code = query.get("code", "")
        if not 0 < len(code) <= CODE_MAX:
            raise Untrusted("the answer has no code")
        found = await provider.tokens(code, attempt.verifier, self._back(), await self._secret(settings))
        token, access = str(found.get("id_token", "")), str(found.get("access_token", ""))
        expected = Expected(settings.issuer, settings.client_id, attempt.nonce, access)
        try:
            return checked(token, await provider.keys(), expected, self._around.now_ms() // 1000)
        except UnknownKey:
            keys = await provider.keys(renewed=True)
            return checked(token, keys, expected, self._around.now_ms() // 1000)

    def _vouched(self, settings: OpenId, said: Mapping[str, Any]) -> Vouched:
        called = str(said.get(settings.account_claim, "")).partition("@")[0].lower()
        agent = str(said.get(settings.agent_claim, "")) if settings.agent_claim else ""
        return Vouched(
            f"{settings.issuer} {said['sub']}"[:300],
            called,
            plain(str(said.get(settings.name_claim) or called)[:120]).strip(),
            _roles(settings, said.get(settings.groups_claim)),
            agent if agent in self._around.agents() else "",
            said.get("acr") in settings.factor_acr
            or any(each in settings.factor_amr for each in said.get("amr") or ()),
        )

    def _asked(self) -> Provider:
        """The provider as it is configured now. Raises Refusal."""
        settings = self._around.centre().people.oidc
        if settings is None:
            raise Refusal("provider_away")
        if self._provider is None or self._provider.settings != settings:
            self._provider = Provider(settings, self._around.now_ms)
        return self._provider

    def _back(self) -> str:
        return self._around.centre().web.public_url.rstrip("/") + BACK

    async def _secret(self, settings: OpenId) -> str:
        """Read each time, so that a new one counts at once. Raises Away."""
        file = self._around.centre().path(settings.client_secret_file)
        try:
            return (await asyncio.to_thread(file.read_text, "utf-8")).strip()
        except (OSError, ValueError) as fault:
            why = getattr(fault, "strerror", None) or "is no text"
            raise Away(f"people.oidc.client_secret_file: {file.name} cannot be read: {why}") from None

    def _gone(self, why: str) -> Refusal:
        log.warning("nobody can sign in from the directory", why=why)
        return Refusal("provider_away")

    async def _denied(self, why: str, address: str) -> None:
        async with self._around.writing() as connection:
            await self._around.audit.denied(connection, "oidc", "sign_in", "", why, address)


def _roles(settings: OpenId, groups: object) -> frozenset[Role]:
    """Those that these groups give."""
    named = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    known = (settings.groups.get(each, ()) for each in named[:GROUPS_MAX] if isinstance(each, str))
    return frozenset(Role(role) for roles in known for role in roles)
