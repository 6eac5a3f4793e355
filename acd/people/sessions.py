"""Sessions as they are kept: the hash of each secret, what step is missing, since when, until when."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.identity import Session
from acd.people import secret
from acd.people.accounts import Kept, kept
from acd.store.plain import plain
from acd.store.tables import accounts, sessions

IN: Final = "in"
SECOND_FACTOR: Final = "second_factor"
CHANGE: Final = "change"
ENROL: Final = "enrol"
"""Steps: as SignIn has them."""
ATTEMPT_MS: Final = 10 * 60_000
"""A step that is missing has to be taken by then."""
EACH_MAX: Final = 10
"""Of one account; when full, the one that was not used for the longest time ends."""
SEEN_MS: Final = 60_000
"""When one was used last is written down no more often."""


class Limits(NamedTuple):
    """How long a session lasts: without a request, and at most."""

    idle_ms: int
    most_ms: int


class Open(NamedTuple):
    """A session with its account as it is now. factor: a second factor was shown. totp: one that is being
    set up, since totp_ms."""

    digest: str
    id: str
    step: str
    factor: bool
    totp: str
    totp_ms: int
    began_ms: int
    seen_ms: int
    csrf: str
    account: Kept

    def setting_up(self, now_ms: int) -> str:
        """The second factor that is being set up; "" for none, or one that was begun too long ago."""
        return self.totp if now_ms < self.totp_ms + ATTEMPT_MS else ""

    def is_over(self, limits: Limits, now_ms: int) -> bool:
        """Whether it has ended by itself."""
        if self.step != IN:
            return now_ms >= self.began_ms + ATTEMPT_MS
        return now_ms >= min(self.seen_ms + limits.idle_ms, self.began_ms + limits.most_ms)


_OPEN = (
    sessions.c.digest,
    sessions.c.id,
    sessions.c.step,
    sessions.c.factor,
    sessions.c.totp,
    sessions.c.totp_ms,
    sessions.c.began_ms,
    sessions.c.seen_ms,
    sessions.c.csrf,
)


async def begin(
    connection: AsyncConnection,
    account: str,
    step: str,
    factor: bool,
    now_ms: int,
    address: str,
    browser: str,
) -> str:
    """A new session; returns its secret, which is kept nowhere."""
    mine = select(sessions.c.digest).where(sessions.c.account == account).order_by(sessions.c.seen_ms.desc())
    old = (await connection.execute(mine)).scalars().all()[EACH_MAX - 1 :]
    if old:
        await connection.execute(delete(sessions).where(sessions.c.digest.in_(old)))
    cookie = secret.made()
    row = {
        "digest": secret.digest(cookie),
        "id": secret.public(),
        "account": account,
        "step": step,
        "factor": factor,
        "totp": "",
        "totp_ms": 0,
        "began_ms": now_ms,
        "seen_ms": now_ms,
        "address": plain(address, 60),
        "browser": shown(browser),
        "csrf": secret.made(),
    }
    await connection.execute(insert(sessions), row)
    return cookie


def shown(browser: str) -> str:
    """What a browser says of itself, shortened, without what does not print."""
    return plain("".join(each if each.isprintable() else " " for each in browser[:120]))


async def find(connection: AsyncConnection, digest: str) -> Open | None:
    """With its account; over or not."""
    query = select(*_OPEN, accounts).join(accounts, accounts.c.id == sessions.c.account)
    row = (await connection.execute(query.where(sessions.c.digest == digest))).first()
    if row is None:
        return None
    values: Sequence[Any] = tuple(row)
    return Open._make([*values[: len(_OPEN)], kept(values[len(_OPEN) :])])


async def browser_of(connection: AsyncConnection, digest: str) -> str:
    """As it is listed."""
    query = select(sessions.c.browser).where(sessions.c.digest == digest)
    return str((await connection.execute(query)).scalar() or "")


async def seen(connection: AsyncConnection, digest: str, now_ms: int, address: str) -> None:
    """It was used now, from there."""
    values = {"seen_ms": now_ms, "address": plain(address, 60)}
    await connection.execute(update(sessions).where(sessions.c.digest == digest).values(values))


async def put_totp(connection: AsyncConnection, digest: str, totp: str, now_ms: int) -> None:
    """The second factor that is being set up in it, from now on."""
    values = {"totp": totp, "totp_ms": now_ms}
    await connection.execute(update(sessions).where(sessions.c.digest == digest).values(values))


async def end(connection: AsyncConnection, digest: str) -> bool:
    """Whether this call ended it: of two at once, one did."""
    return bool((await connection.execute(delete(sessions).where(sessions.c.digest == digest))).rowcount)


async def account_of(connection: AsyncConnection, id: str) -> str:
    """Whose the session with this public id is; "" if there is none."""
    query = select(sessions.c.account).where(sessions.c.id == id[:32])
    return str((await connection.execute(query)).scalar() or "")


async def end_by_id(connection: AsyncConnection, id: str) -> None:
    """The one with this public id."""
    await connection.execute(delete(sessions).where(sessions.c.id == id[:32]))


async def end_all(connection: AsyncConnection, account: str, but: str = "") -> None:
    """All of an account but the one with this public id."""
    await connection.execute(delete(sessions).where(sessions.c.account == account, sessions.c.id != but))


async def listed(
    connection: AsyncConnection, account: str | None, limits: Limits, now_ms: int
) -> Sequence[Session]:
    """Those that are open: of one account, or all; who was seen last first."""
    query = select(sessions).where(
        sessions.c.step == IN,
        sessions.c.seen_ms > now_ms - limits.idle_ms,
        sessions.c.began_ms > now_ms - limits.most_ms,
    )
    if account is not None:
        query = query.where(sessions.c.account == account)
    rows = await connection.execute(query.order_by(sessions.c.seen_ms.desc(), sessions.c.id))
    return [Session(row.id, row.account, row.began_ms, row.seen_ms, row.address, row.browser) for row in rows]


async def purge(connection: AsyncConnection, limits: Limits, now_ms: int) -> None:
    """Those that are over go."""
    over = or_(
        sessions.c.began_ms <= now_ms - limits.most_ms,
        sessions.c.seen_ms <= now_ms - limits.idle_ms,
        (sessions.c.step != IN) & (sessions.c.began_ms <= now_ms - ATTEMPT_MS),
    )
    await connection.execute(delete(sessions).where(over))
