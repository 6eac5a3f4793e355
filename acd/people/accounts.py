"""Accounts as they are kept: read and changed in a transaction of the caller's."""

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.identity import SECOND_FACTOR, Account, Refusal, Role
from acd.people import secret
from acd.store.tables import accounts, recovery_codes
from config.cells import harm

LOCAL: Final = "local"
OIDC: Final = "oidc"
_ID = re.compile(r"[a-z][a-z0-9._-]{0,39}")
NAME_MAX: Final = 120


class Kept(NamedTuple):
    """A row. password, totp: "" for none; subject: what an OpenID provider calls them."""

    id: str
    name: str
    roles: frozenset[Role]
    agent: str
    source: str
    subject: str | None
    password: str
    first_until_ms: int
    must_change: bool
    totp: str
    totp_step: int
    disabled: bool
    last_ms: int

    def shown(self) -> Account:
        """Without what nobody has to see."""
        return Account(
            self.id,
            self.name,
            self.roles,
            self.agent,
            self.source,
            bool(self.totp),
            self.disabled,
            self.must_change,
            self.last_ms,
        )


def kept(values: Sequence[Any]) -> Kept:
    """A row of the table, in its order. A role of another release is none."""
    row = Kept(*values)
    return row._replace(roles=roles_of(str(row.roles)))


def roles_of(text: str) -> frozenset[Role]:
    """As they are written down; what this release does not know is left out."""
    known = {str(role) for role in Role}
    return frozenset(Role(each) for each in text.split() if each in known)


def written(names: frozenset[Any]) -> str:
    """Roles or actions as they are written down."""
    return " ".join(sorted(str(each) for each in names))


def needs_factor(roles: frozenset[Role], everybody: bool) -> bool:
    """Whether who has these roles has to show a second factor."""
    return everybody or bool(roles & SECOND_FACTOR)


def check(id: str, name: str, roles: frozenset[Role]) -> None:
    """Raises Refusal for what an account cannot be."""
    if not _ID.fullmatch(id) or not 0 < len(name) <= NAME_MAX or harm(name):
        raise Refusal("bad_name")
    if not roles or Role.WALL in roles:
        raise Refusal("unknown_role")


async def find(connection: AsyncConnection, id: str) -> Kept | None:
    """None if there is none."""
    row = (await connection.execute(select(accounts).where(accounts.c.id == id[:40]))).first()
    return kept(row) if row else None


async def known(connection: AsyncConnection, id: str) -> Kept:
    """Raises Refusal if there is none."""
    if (found := await find(connection, id)) is None:
        raise Refusal("unknown_account")
    return found


async def by_subject(connection: AsyncConnection, subject: str) -> Kept | None:
    """Whom an OpenID provider calls so."""
    row = (await connection.execute(select(accounts).where(accounts.c.subject == subject))).first()
    return kept(row) if row else None


async def everybody(connection: AsyncConnection) -> list[Kept]:
    """By id."""
    return [kept(row) for row in await connection.execute(select(accounts).order_by(accounts.c.id))]


async def add(connection: AsyncConnection, new: Kept) -> None:
    """Raises Refusal, also where the name or the subject is taken."""
    check(new.id, new.name, new.roles)
    try:
        await connection.execute(insert(accounts), new._asdict() | {"roles": written(new.roles)})
    except IntegrityError:
        raise Refusal("name_taken") from None


async def put(connection: AsyncConnection, id: str, **values: Any) -> None:
    """Change columns of an account. Raises Refusal if there is none, or if no administrator would be left."""
    if "roles" in values:
        values["roles"] = written(values["roles"])
    changed = await connection.execute(update(accounts).where(accounts.c.id == id).values(values))
    if not changed.rowcount:
        raise Refusal("unknown_account")


async def administrators(connection: AsyncConnection, *, alone: bool = False) -> int:
    """How many may sign in. alone: until the end of this transaction nobody else changes one of them."""
    query = select(accounts.c.roles).where(accounts.c.disabled.is_(False))
    rows = await connection.execute(query.with_for_update() if alone else query)
    return sum(Role.ADMINISTRATOR in roles_of(row.roles) for row in rows)


async def take_step(connection: AsyncConnection, id: str, step: int) -> bool:
    """Whether the code of this step of time is taken now: each is taken once, in order."""
    query = update(accounts).where(accounts.c.id == id, accounts.c.totp_step < step)
    return bool((await connection.execute(query.values(totp_step=step))).rowcount)


async def put_recovery_codes(connection: AsyncConnection, id: str, codes: Sequence[str]) -> None:
    """These are the account's, and no others."""
    await connection.execute(delete(recovery_codes).where(recovery_codes.c.account == id))
    if codes:
        rows = [{"digest": secret.digest(each), "account": id} for each in codes]
        await connection.execute(insert(recovery_codes), rows)


async def take_recovery_code(connection: AsyncConnection, id: str, code: str) -> bool:
    """Whether it is one of theirs; it is none any more then."""
    mine = recovery_codes.c.account == id
    query = delete(recovery_codes).where(mine, recovery_codes.c.digest == secret.digest(code))
    return bool((await connection.execute(query)).rowcount)


async def recovery_codes_left(connection: AsyncConnection, id: str) -> int:
    """How many of theirs are not used."""
    query = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.account == id)
    return int((await connection.execute(query)).scalar_one())
