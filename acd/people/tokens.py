"""Tokens of programs as they are kept: a hash each, its rights, its end. Each is shown once."""

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.identity import Action, Program, Refusal, Role, granted
from acd.people import secret
from acd.people.accounts import roles_of, written
from acd.store.tables import program_tokens

PREFIX: Final = "acd_"
"""By which who searches for secrets that have leaked finds ours."""
DAYS_MAX: Final = 730
DAY_MS: Final = 86_400_000
USED_MS: Final = 60_000
"""When one was used last is written down no more often."""
RESERVED: Final = frozenset({"acd"})
"""The local commands' (acd.people.local)."""
NOT_PROGRAMS: Final = frozenset({Action.OWN_ACCOUNT, Action.OWN_DESK})
"""No program has a desk or an account."""
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,39}")


def may(roles: frozenset[Role], actions: frozenset[Action]) -> frozenset[Action]:
    """What a program with these may."""
    return (granted(roles) | actions) - NOT_PROGRAMS


def _program(row: Any) -> Program:
    known = {str(action) for action in Action}
    actions = frozenset(Action(each) for each in row.actions.split() if each in known)
    roles = roles_of(row.roles)
    return Program(row.name, roles, may(roles, actions), row.expires_ms, row.made_by, row.used_ms)


async def add(
    connection: AsyncConnection,
    name: str,
    roles: frozenset[Role],
    actions: frozenset[Action],
    expires_ms: int,
    made_by: str,
    given: str = "",
) -> str:
    """A new one's secret, which is kept nowhere; `given`, if that is its secret. Raises Refusal."""
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise Refusal("bad_name")
    if not may(roles, actions):
        raise Refusal("unknown_role")
    made = given or PREFIX + secret.made()
    row = {
        "name": name,
        "digest": secret.digest(made),
        "roles": written(roles),
        "actions": written(actions),
        "expires_ms": expires_ms,
        "made_by": made_by[:80],
        "used_ms": 0,
    }
    try:
        await connection.execute(insert(program_tokens), row)
    except IntegrityError:
        raise Refusal("token_taken") from None
    return made


def expires_ms(days: int, now_ms: int) -> int:
    """Raises Refusal for what is no number of days that a token may last."""
    if not 1 <= days <= DAYS_MAX:
        raise Refusal("bad_expiry")
    return now_ms + days * DAY_MS


async def find(connection: AsyncConnection, digest: str) -> Program | None:
    """Expired or not."""
    query = select(program_tokens).where(program_tokens.c.digest == digest)
    row = (await connection.execute(query)).first()
    return None if row is None or not secret.same(row.digest, digest) else _program(row)


async def used(connection: AsyncConnection, name: str, now_ms: int) -> None:
    """It was shown now."""
    await connection.execute(
        update(program_tokens).where(program_tokens.c.name == name).values(used_ms=now_ms)
    )


async def listed(connection: AsyncConnection) -> Sequence[Program]:
    """By name, the expired too."""
    query = select(program_tokens).order_by(program_tokens.c.name)
    return [_program(row) for row in await connection.execute(query)]


async def revoke(connection: AsyncConnection, name: str) -> None:
    """Raises Refusal if there is none."""
    query = delete(program_tokens).where(program_tokens.c.name == name[:40])
    if not (await connection.execute(query)).rowcount:
        raise Refusal("unknown_token")
