"""One's own account, everybody's accounts, tokens of programs, sessions, and the audit that tells of it."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from acd.identity import Account, Asker, Audited, Program, Refusal, Role, Session
from acd.identity import Action as Right
from acd.people import accounts, audit, passwords, second_factor, sessions, tokens
from acd.people.accounts import LOCAL, Kept
from acd.people.around import Around
from acd.people.entry import Entry

FIRST_MS: Final = 7 * 86_400_000
"""A first password can be used for so long."""


class Administration:
    """Who may what is asked before: this does it, and writes it down."""

    def __init__(self, around: Around, entry: Entry) -> None:
        self._around = around
        self._entry = entry

    # --- one's own ---

    async def change_password(self, by: Asker, old: str, new: str, address: str = "") -> None:
        """One's own; all one's other sessions end. Raises Refusal."""
        account = await self._known(by.id)
        if account.source != LOCAL:
            raise Refusal("not_local")
        await self._entry.password_shown(account, old, address)
        made = await self._entry.made_password(account, new)
        async with self._around.writing() as connection:
            await accounts.put(connection, by.id, password=made, must_change=False, first_until_ms=0)
            await sessions.end_all(connection, by.id, but=by.session)
            await self._around.audit.done(connection, by.actor, "password_changed", by.id, address=address)

    async def new_recovery_codes(self, by: Asker, code: str, address: str = "") -> Sequence[str]:
        """In place of those from before. Raises Refusal."""
        await self._entry.code_shown(await self._known(by.id), code, address)
        made = second_factor.recovery_codes()
        async with self._around.writing() as connection:
            await accounts.put_recovery_codes(connection, by.id, made)
            await self._around.audit.done(connection, by.actor, "recovery_codes", by.id, address=address)
        return made

    async def recovery_codes_left(self, by: Asker) -> int:
        """How many are not used."""
        async with self._around.reading() as connection:
            return await accounts.recovery_codes_left(connection, by.id)

    async def sign_out(self, by: Asker) -> None:
        """The session ends."""
        async with self._around.writing() as connection:
            await sessions.end_by_id(connection, by.session)
            await self._around.audit.done(connection, by.actor, "sign_out", by.id)

    async def sessions(self, account: str | None) -> Sequence[Session]:
        """The open ones; None: of everybody."""
        async with self._around.reading() as connection:
            return await sessions.listed(connection, account, self._around.limits(), self._around.now_ms())

    async def end_session(self, by: Asker, session: str) -> None:
        """One's own, or with the right to manage people anybody's. Raises Refusal."""
        async with self._around.writing() as connection:
            owner = await sessions.account_of(connection, session)
            if not owner or (owner != by.id and Right.MANAGE_PEOPLE not in by.may):
                raise Refusal("unknown_session")
            await sessions.end_by_id(connection, session)
            await self._around.audit.done(connection, by.actor, "end_session", owner, session)

    async def end_other_sessions(self, by: Asker) -> None:
        """All one's own but this one."""
        async with self._around.writing() as connection:
            await sessions.end_all(connection, by.id, but=by.session)
            await self._around.audit.done(connection, by.actor, "end_sessions", by.id)

    # --- accounts ---

    async def accounts(self) -> Sequence[Account]:
        """By id."""
        async with self._around.reading() as connection:
            return [each.shown() for each in await accounts.everybody(connection)]

    async def add(self, by: Asker, id: str, name: str, roles: frozenset[Role], agent: str) -> str:
        """Returns a first password, which is shown this once and has to be changed. Raises Refusal."""
        self._check_agent(agent)
        first = passwords.first()
        made = await self._around.passwords.made(first)
        until = self._around.now_ms() + FIRST_MS
        new = Kept(id, name, roles, agent, LOCAL, None, made, until, True, "", 0, False, 0)
        async with self._around.writing() as connection:
            await accounts.add(connection, new)
            await self._around.audit.done(connection, by.actor, "add", id, _said(roles, agent))
        return first

    async def change(self, by: Asker, id: str, name: str, roles: frozenset[Role], agent: str) -> None:
        """What they are, from their next request on. Raises Refusal."""
        async with self._around.writing() as connection:
            before = await accounts.known(connection, id)
            if agent != before.agent:
                self._check_agent(agent)
            accounts.check(id, name, roles)
            await accounts.administrators(connection, alone=True)
            await accounts.put(connection, id, name=name, roles=roles, agent=agent)
            await self._guard_last(connection, before)
            await self._around.audit.done(connection, by.actor, "change", id, _said(roles, agent))

    async def disable(self, by: Asker, id: str, disabled: bool) -> None:
        """They are out at their next request, and come in no more; or may again. Raises Refusal."""
        async with self._around.writing() as connection:
            before = await accounts.known(connection, id)
            await accounts.administrators(connection, alone=True)
            await accounts.put(connection, id, disabled=disabled)
            await self._guard_last(connection, before)
            if disabled:
                await sessions.end_all(connection, id)
            action = "disable" if disabled else "enable"
            await self._around.audit.done(connection, by.actor, action, id)

    async def reset(self, by: Asker, id: str) -> str:
        """A new first password ("" where the directory has it), no second factor, no open session. Raises
        Refusal."""
        first = passwords.first()
        made = await self._around.passwords.made(first)
        until = self._around.now_ms() + FIRST_MS
        async with self._around.writing() as connection:
            if (await accounts.known(connection, id)).source == LOCAL:
                await accounts.put(connection, id, password=made, must_change=True, first_until_ms=until)
            else:
                first = ""
            await accounts.put(connection, id, totp="", totp_step=0)
            await accounts.put_recovery_codes(connection, id, ())
            await sessions.end_all(connection, id)
            await self._around.audit.done(connection, by.actor, "reset", id)
        return first

    # --- programs, audit ---

    async def tokens(self) -> Sequence[Program]:
        """By name."""
        async with self._around.reading() as connection:
            return await tokens.listed(connection)

    async def add_token(
        self, by: Asker, name: str, roles: frozenset[Role], may: frozenset[Right], days: int
    ) -> str:
        """Returns the token, which is shown this once. Raises Refusal."""
        expires = tokens.expires_ms(days, self._around.now_ms())
        async with self._around.writing() as connection:
            made = await tokens.add(connection, name, roles, may, expires, by.actor)
            reason = f"{accounts.written(roles | may)} for {days} days"
            await self._around.audit.done(connection, by.actor, "add_token", name, reason)
        return made

    async def revoke_token(self, by: Asker, name: str) -> None:
        """It is worth nothing from now on. Raises Refusal."""
        async with self._around.writing() as connection:
            await tokens.revoke(connection, name)
            await self._around.audit.done(connection, by.actor, "revoke_token", name)

    async def audit(self, before: int, limit: int) -> Sequence[Audited]:
        """The newest first, from below this id; 0: from the newest."""
        async with self._around.reading() as connection:
            return await audit.lines(connection, before, limit)

    async def _known(self, id: str) -> Kept:
        async with self._around.reading() as connection:
            return await accounts.known(connection, id)

    def _check_agent(self, agent: str) -> None:
        if agent and agent not in self._around.agents():
            raise Refusal("unknown_agent")

    async def _guard_last(self, connection: AsyncConnection, before: Kept) -> None:
        """What leaves nobody who could manage accounts is undone."""
        was = Role.ADMINISTRATOR in before.roles and not before.disabled
        if was and not await accounts.administrators(connection):
            raise Refusal("last_administrator")


def _said(roles: frozenset[Role], agent: str) -> str:
    return f"{accounts.written(roles)}; agent {agent}" if agent else accounts.written(roles)
