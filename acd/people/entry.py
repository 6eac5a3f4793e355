"""Signing in, step by step: password, second factor, a first password changed, a second factor set up."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from acd.identity import Enrolment, Refusal, Role, SignIn
from acd.people import accounts, second_factor, secret, sessions
from acd.people.accounts import LOCAL, OIDC, Kept
from acd.people.around import Around
from acd.people.sessions import CHANGE, ENROL, IN, SECOND_FACTOR, Open
from acd.people.throttle import Kind

LATER_S: Final = 5
REFUSED: Final = SignIn("refused")
LATER: Final = SignIn("later", wait_s=LATER_S)


class Entry:
    """An unknown name, a wrong password, an account that may not: one answer, after the same work."""

    def __init__(self, around: Around) -> None:
        self._around = around

    async def sign_in(self, name: str, password: str, address: str, browser: str) -> SignIn:
        """The first step."""
        id = name.strip().lower()[:60]
        if wait_s := self._around.throttle.wait_s("password", id, address):
            return SignIn("later", wait_s=wait_s)
        self._around.throttle.failed("password", id, address)
        try:
            return await self._sign_in(id, password, address, browser)
        except Refusal:
            self._around.throttle.untried("password", id, address)
            return LATER

    async def _sign_in(self, id: str, password: str, address: str, browser: str) -> SignIn:
        around = self._around
        async with around.reading() as connection:
            found = await accounts.find(connection, id)
        fits = await around.passwords.fits(self._usable(found), password)
        if found is None or not fits:
            async with around.writing() as connection:
                # what was typed as a name may be a password: only names that are known are written down
                subject = found.id if found else ""
                await around.audit.denied(connection, "", "sign_in", subject, address=address)
            return REFUSED
        renewed = await around.passwords.made(password) if around.passwords.is_old(found.password) else ""
        async with around.writing() as connection:
            if renewed:
                await accounts.put(connection, found.id, password=renewed)
            signed = await self._go_on(connection, found, False, address, browser)
        around.throttle.succeeded("password", id, address)
        return signed

    def _usable(self, found: Kept | None) -> str:
        """The hash of an account that may sign in by password now, else ""."""
        if found is None or found.disabled or found.source != LOCAL:
            return ""
        late = found.first_until_ms and self._around.now_ms() >= found.first_until_ms
        return "" if late else found.password

    async def second_factor(self, cookie: str, code: str, address: str) -> SignIn:
        """A code of the authenticator, or a recovery code."""
        try:
            found = await self._open(cookie, SECOND_FACTOR)
            await self._prove(found.account, code, address)
            async with self._around.writing() as connection:
                return await self._on(connection, found, True, address)
        except Refusal as fault:
            return self._refused(fault, cookie)

    async def enrolment(self, cookie: str, proof: str = "", address: str = "") -> Enrolment:
        """A second factor to be set up, which holds once `enrol` has seen a code of it; for ten minutes the
        same again, so that a picture needs to be read once. Raises Refusal."""
        found = await self._open(cookie, ENROL, IN)
        if found.account.source != LOCAL and found.step == IN and not found.account.totp:
            raise Refusal("not_local")
        now, centre = self._around.now_ms(), self._around.centre().centre.name
        if begun := found.setting_up(now):
            return Enrolment(begun, second_factor.uri(begun, found.account.id, centre))
        if found.step == IN and found.account.totp:
            await self._prove(found.account, proof, address)
        elif found.step == IN:
            await self.password_shown(found.account, proof, address)
        made = second_factor.made()
        async with self._around.writing() as connection:
            await sessions.put_totp(connection, found.digest, made, now)
        return Enrolment(made, second_factor.uri(made, found.account.id, centre))

    async def enrol(self, cookie: str, code: str, address: str) -> tuple[SignIn, Sequence[str]]:
        """The first code of a new second factor; returns recovery codes too, which are shown this once."""
        around = self._around
        try:
            found = await self._open(cookie, ENROL, IN)
            begun, now = found.setting_up(around.now_ms()), around.now_ms()
            step = second_factor.step_of(begun, code, now, 0) if begun else None
            if step is None:
                raise Refusal("wrong_code")
            codes = second_factor.recovery_codes()
            async with around.writing() as connection:
                id = found.account.id
                await accounts.put(connection, id, totp=begun, totp_step=step)
                await accounts.put_recovery_codes(connection, id, codes)
                await sessions.end_all(connection, id, but=found.id)
                await around.audit.done(connection, f"person:{id}", "second_factor_set", id, address=address)
                return await self._on(connection, found, True, address), codes
        except Refusal as fault:
            return self._refused(fault, cookie), ()

    async def change_first(self, cookie: str, password: str, address: str) -> SignIn:
        """A password in place of a first one. Raises Refusal."""
        found = await self._open(cookie, CHANGE)
        made = await self.made_password(found.account, password)
        async with self._around.writing() as connection:
            id = found.account.id
            await accounts.put(connection, id, password=made, must_change=False, first_until_ms=0)
            await sessions.end_all(connection, id, but=found.id)
            await self._around.audit.done(connection, f"person:{id}", "password_changed", id, address=address)
            return await self._on(connection, found, found.factor, address)

    async def admit(
        self,
        subject: str,
        id: str,
        name: str,
        roles: frozenset[Role],
        agent: str,
        address: str,
        browser: str,
        *,
        factor: bool,
    ) -> SignIn:
        """Whom an OpenID provider vouches for: their account is made or brought to what it says. factor: they
        showed a second one there. "refused": disabled, without a role any more (what they are here goes, and
        their sessions with it), or the id is another account's. Raises Refusal."""
        around = self._around
        async with around.writing() as connection:
            found = await accounts.by_subject(connection, subject)
            if found is None and roles and await accounts.find(connection, id) is None:
                found = Kept(id, name, roles, agent, OIDC, subject, "", 0, False, "", 0, False, 0)
                await accounts.add(connection, found)
                await around.audit.done(connection, "oidc", "add", id, accounts.written(roles), address)
            if found is not None and roles:
                accounts.check(found.id, name, roles)
            if found is not None and (name, roles, agent) != (found.name, found.roles, found.agent):
                await accounts.put(connection, found.id, name=name, roles=roles, agent=agent)
                await around.audit.done(
                    connection, "oidc", "change", found.id, accounts.written(roles), address
                )
            if found is None or found.disabled or not roles:
                if found is not None:
                    await sessions.end_all(connection, found.id)
                told = found.id if found else ""
                await around.audit.denied(connection, "oidc", "sign_in", told, address=address)
                return REFUSED
            found = found._replace(name=name, roles=roles, agent=agent)
            return await self._go_on(connection, found, factor, address, browser)

    # --- what the other parts of the accounts need of this one ---

    async def made_password(self, account: Kept, password: str) -> str:
        """The hash of a new password for an account. Raises Refusal for one that is none."""
        about = (account.id, account.name, account.agent, self._around.centre().centre.name)
        if why := await self._around.passwords.fault(password, about):
            raise Refusal(why)
        if await self._around.passwords.fits(account.password, password):
            raise Refusal("same_password")
        return await self._around.passwords.made(password)

    async def password_shown(self, account: Kept, password: str, address: str) -> None:
        """Raises Refusal unless it is the account's."""
        await self._tried("password", account, address)
        if not await self._around.passwords.fits(account.password, password):
            await self._failed(account, "password", address)
            raise Refusal("wrong_password")
        self._around.throttle.succeeded("password", account.id, address)

    async def _prove(self, account: Kept, code: str, address: str) -> None:
        """Take a code of the second factor, or a recovery code. Raises Refusal unless it is one."""
        around = self._around
        await self._tried("code", account, address)
        step = second_factor.step_of(account.totp, code, around.now_ms(), account.totp_step)
        async with around.writing() as connection:
            if step is not None:
                taken = await accounts.take_step(connection, account.id, step)
            else:
                taken = await accounts.take_recovery_code(connection, account.id, second_factor.typed(code))
                if taken:
                    actor = f"person:{account.id}"
                    await around.audit.done(connection, actor, "recovery_code", account.id, address=address)
        if not taken:
            await self._failed(account, "second_factor", address)
            raise Refusal("wrong_code")
        around.throttle.succeeded("code", account.id, address)

    async def code_shown(self, account: Kept, code: str, address: str) -> None:
        """Raises Refusal unless it is a code of the second factor, or a recovery code; it is used up then."""
        if not account.totp:
            raise Refusal("second_factor_needed")
        await self._prove(account, code, address)

    async def _tried(self, kind: Kind, account: Kept, address: str) -> None:
        if wait_s := self._around.throttle.wait_s(kind, account.id, address):
            raise Wait(wait_s)
        self._around.throttle.failed(kind, account.id, address)

    async def _failed(self, account: Kept, action: str, address: str) -> None:
        async with self._around.writing() as connection:
            await self._around.audit.denied(
                connection, f"person:{account.id}", action, account.id, address=address
            )

    # --- steps ---

    async def _open(self, cookie: str, *steps: str) -> Open:
        """The session at one of these steps. Raises Refusal."""
        async with self._around.reading() as connection:
            found = await sessions.find(connection, secret.digest(cookie)) if cookie else None
        if found is None or found.step not in steps or found.account.disabled:
            raise Refusal("unknown_session")
        if found.is_over(self._around.limits(), self._around.now_ms()):
            raise Refusal("unknown_session")
        return found

    def _refused(self, fault: Refusal, cookie: str) -> SignIn:
        if isinstance(fault, Wait):
            return SignIn("later", cookie, fault.wait_s)
        return SignIn("later", cookie, LATER_S) if fault.code == "later" else REFUSED

    def _next(self, account: Kept, factor: bool) -> str:
        if account.totp and not factor:
            return SECOND_FACTOR
        if account.must_change:
            return CHANGE
        return ENROL if self._around.needs_factor(account.roles) and not factor else IN

    async def _on(self, connection: AsyncConnection, found: Open, factor: bool, address: str) -> SignIn:
        """The next step of an attempt, or in; in another session than before, which ends. Raises Refusal."""
        browser = await sessions.browser_of(connection, found.digest)
        if not await sessions.end(connection, found.digest):
            raise Refusal("unknown_session")
        account = await accounts.known(connection, found.account.id)
        return await self._go_on(connection, account, factor, address, browser)

    async def _go_on(
        self, connection: AsyncConnection, account: Kept, factor: bool, address: str, browser: str
    ) -> SignIn:
        step, now = self._next(account, factor), self._around.now_ms()
        cookie = await sessions.begin(connection, account.id, step, factor, now, address, browser)
        if step == IN:
            await accounts.put(connection, account.id, last_ms=now)
            await self._around.audit.done(
                connection, f"person:{account.id}", "sign_in", account.id, address=address
            )
        return SignIn(step, cookie)


class Wait(Refusal):
    """Nothing is tried for wait_s seconds: "later"."""

    def __init__(self, wait_s: int) -> None:
        super().__init__("later")
        self.wait_s = wait_s
