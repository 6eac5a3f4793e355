"""Who is let in, for pages without a store: a program by its token, people by their cookie."""

from typing import Any

from acd.identity import Action, Asker, Role, granted
from acd.people.local import FORMER_MAY

TOKEN = "test"
PROGRAM = Asker("test", "test", "program:test", frozenset(), FORMER_MAY)
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def person(id: str, *roles: Role, agent: str = "") -> Asker:
    """Somebody with these roles, whose forms carry "csrf-ID"."""
    rights = granted(frozenset(roles))
    return Asker(id, id.title(), f"person:{id}", frozenset(roles), rights, agent, f"s-{id}", f"csrf-{id}")


class Admits:
    """What pages ask of acd.identity.People for each request; `denials` and `doings` are what was told."""

    def __init__(self, **people: Asker) -> None:
        self.people = people
        self.denials: list[tuple[str, Action, str]] = []
        self.doings: list[tuple[str, str, str]] = []

    async def program(self, token: str, address: str) -> Asker | None:
        return PROGRAM if token == TOKEN else None

    async def asker(self, cookie: str, address: str) -> Asker | None:
        return self.people.get(cookie)

    async def denied(self, by: Asker | None, action: Action, subject: str, address: str) -> None:
        self.denials.append((by.actor if by else "", action, subject))

    async def done(self, by: Asker, action: str, subject: str, reason: str, address: str) -> None:
        self.doings.append((by.actor, action, subject))

    def oidc_name(self) -> str:
        return ""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)
