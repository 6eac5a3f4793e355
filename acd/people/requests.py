"""Each request: who asks, by a session's cookie or a program's token, with the rights they have now."""

from collections import OrderedDict
from typing import Final, TypeVar

import structlog

from acd.identity import Action, Asker, Program, Refusal, granted
from acd.people import local, secret, sessions, tokens
from acd.people.around import Around
from acd.people.sessions import Open

READ_S: Final = 2.0
AWAY_MS: Final = 1_000
"""The records have so long for an answer; without one, they are not asked for so long."""
REMEMBERED: Final = 1_000
"""Sessions, and tokens, with which it goes on while the records are away: those that asked last."""

log = structlog.get_logger(__name__)

T = TypeVar("T", Open, Program)


class Requests:
    """The records are asked each time. While they are away, who has asked before goes on as they were."""

    def __init__(self, around: Around, local_token: str) -> None:
        self._around = around
        self._local = secret.digest(local_token) if local_token else ""
        self._sessions: OrderedDict[str, Open] = OrderedDict()
        self._programs: OrderedDict[str, Program] = OrderedDict()
        self._away_until_ms = 0

    async def asker(self, cookie: str, address: str) -> Asker | None:
        """None: has to sign in. Raises Refusal, "later"."""
        if not cookie:
            return None
        digest = secret.digest(cookie)
        found = await self._session(digest)
        now = self._around.now_ms()
        if found is None or found.step != sessions.IN or found.is_over(self._around.limits(), now):
            self._sessions.pop(digest, None)
            return None
        account = found.account
        if account.disabled or (self._around.needs_factor(account.roles) and not found.factor):
            return None
        await self._seen(found, now, address)
        return Asker(
            account.id,
            account.name,
            f"person:{account.id}",
            account.roles,
            granted(account.roles),
            account.agent,
            found.id,
            found.csrf,
        )

    async def program(self, token: str, address: str) -> Asker | None:
        """None: unknown or expired. Raises Refusal, "later"."""
        if not token:
            return None
        digest = secret.digest(token)
        if self._local and secret.same(digest, self._local):
            return local.asker()
        found = await self._token(digest)
        now = self._around.now_ms()
        if found is None or now >= found.expires_ms:
            self._programs.pop(digest, None)
            return None
        if now >= found.used_ms + tokens.USED_MS and not self._is_away():
            self._programs[digest] = found._replace(used_ms=now)
            try:
                async with self._around.writing(READ_S) as connection:
                    await tokens.used(connection, found.name, now)
            except Refusal:
                self._away()
        return Asker(found.name, found.name, f"program:{found.name}", found.roles, found.may)

    async def denied(self, by: Asker | None, action: Action, subject: str, address: str) -> None:
        """It is said in the log where the audit is away."""
        try:
            async with self._around.writing() as connection:
                actor = by.actor if by else ""
                await self._around.audit.denied(connection, actor, action, subject, address=address)
        except Refusal:
            log.warning("a denied attempt is not in the audit", action=str(action))

    async def done(self, by: Asker, action: str, subject: str, reason: str, address: str) -> None:
        """It is said in the log where the audit is away."""
        try:
            async with self._around.writing() as connection:
                await self._around.audit.done(connection, by.actor, action, subject, reason, address)
        except Refusal:
            log.warning("what was done is not in the audit", actor=by.actor, action=action)

    async def _session(self, digest: str) -> Open | None:
        if self._is_away():
            return self._last_known(self._sessions, digest)
        try:
            async with self._around.reading(READ_S) as connection:
                found = await sessions.find(connection, digest)
        except Refusal:
            self._away()
            return self._last_known(self._sessions, digest)
        if found is not None and (before := self._sessions.get(digest)) is not None:
            found = found._replace(seen_ms=max(found.seen_ms, before.seen_ms))
        _remember(self._sessions, digest, found)
        return found

    async def _token(self, digest: str) -> Program | None:
        if self._is_away():
            return self._last_known(self._programs, digest)
        try:
            async with self._around.reading(READ_S) as connection:
                found = await tokens.find(connection, digest)
        except Refusal:
            self._away()
            return self._last_known(self._programs, digest)
        if found is not None and (before := self._programs.get(digest)) is not None:
            found = found._replace(used_ms=max(found.used_ms, before.used_ms))
        _remember(self._programs, digest, found)
        return found

    async def _seen(self, found: Open, now: int, address: str) -> None:
        if self._is_away():
            self._sessions[found.digest] = found._replace(seen_ms=now)
            return
        if now < found.seen_ms + sessions.SEEN_MS:
            return
        self._sessions[found.digest] = found._replace(seen_ms=now)
        try:
            async with self._around.writing(READ_S) as connection:
                await sessions.seen(connection, found.digest, now, address)
        except Refusal:
            self._away()

    def _last_known(self, known: "OrderedDict[str, T]", digest: str) -> T:
        """Raises Refusal: who was not here before cannot be told from a stranger."""
        if (found := known.get(digest)) is None:
            raise Refusal("later")
        return found

    def _away(self) -> None:
        self._away_until_ms = self._around.now_ms() + AWAY_MS

    def _is_away(self) -> bool:
        return self._around.now_ms() < self._away_until_ms


def _remember(known: "OrderedDict[str, T]", digest: str, found: T | None) -> None:
    known.pop(digest, None)
    if found is not None:
        known[digest] = found
        if len(known) > REMEMBERED:
            known.popitem(last=False)
