"""Accounts over a store, at a time that the test says, with passwords that are hashed in no time."""

from collections.abc import Callable

import pyotp
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.identity import Asker, Role, SignIn
from acd.people.passwords import Passwords
from acd.people.service import StoredPeople, operator
from config.load import SHIPPED, load
from config.schema import Centre
from config.tables.people import People as Settings

HERE = "192.0.2.7"
BROWSER = "Firefox/140"
GOOD = "tarnow-kiesel-1955"
OTHER = "moorhuhn-tinte-8812"
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


class House:
    """`people` is what is tested; `now_ms` is theirs."""

    def __init__(self, engine: AsyncEngine, local_token: str = "") -> None:
        self.engine = engine
        self.now_ms = 1_800_000_000_000
        self.centre: Centre = load(SHIPPED)
        self.people = StoredPeople(
            engine, lambda: self.centre, lambda: {"amal", "cem"}, lambda: self.now_ms, local_token, CHEAP()
        )

    def configured(self, **settings: object) -> None:
        """From now on [people] says this."""
        self.centre = self.centre.model_copy(update={"people": Settings.model_validate(settings)})

    def passes(self, ms: int) -> None:
        self.now_ms += ms

    def code(self, secret: str) -> str:
        """What an authenticator shows now."""
        return pyotp.TOTP(secret).at(self.now_ms // 1000)

    async def member(self, id: str = "anna", *roles: Role, password: str = GOOD, agent: str = "") -> str:
        """A person who has signed in once, with a password of their own; a second factor's secret if their
        roles need one, else ""."""
        first = await self.people.add(operator(), id, id.title(), frozenset(roles or (Role.STAFF,)), agent)
        began = await self.people.sign_in(id, first, HERE, BROWSER)
        signed = await self.people.change_first(began.cookie, password, HERE)
        if signed.step == "in":
            return ""
        found = await self.people.enrolment(signed.cookie)
        await self.people.enrol(signed.cookie, self.code(found.secret), HERE)
        self.passes(MINUTE_MS)
        return found.secret

    async def signed_in(self, id: str = "anna", secret: str = "", password: str = GOOD) -> str:
        """The cookie of a new session."""
        signed = await self.people.sign_in(id, password, HERE, BROWSER)
        if secret:
            signed = await self.people.second_factor(signed.cookie, self.code(secret), HERE)
            self.passes(MINUTE_MS)
        assert signed.step == "in", signed
        return signed.cookie

    async def asker(self, cookie: str) -> Asker:
        found = await self.people.asker(cookie, HERE)
        assert found is not None
        return found

    async def tries(self, id: str, password: str, address: str = HERE) -> SignIn:
        return await self.people.sign_in(id, password, address, BROWSER)


CHEAP: Callable[[], Passwords] = lambda: Passwords(memory_kib=8, iterations=1)  # noqa: E731
