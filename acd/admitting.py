"""The commands `acd people`: who may sign in, which programs may ask, who is in, and what was done."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from acd import opening
from acd.identity import Action, Asker, Audited, Program, Refusal, Role
from acd.people import accounts
from acd.people.service import StoredPeople, operator
from acd.saying import DEFAULT, ConfigFile, centre_of, fail, saying
from acd.store import open as stores
from acd.store import roster
from acd.store.open import StoreFault
from config.schema import Centre

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Who may sign in, and which programs may ask.")
programs = typer.Typer(no_args_is_help=True, help="Tokens of programs.")
app.add_typer(programs, name="tokens")

WHY: Final = {
    "unknown_account": "nobody has that id; acd people list names them",
    "name_taken": "that id is taken",
    "bad_name": "an id is a small letter and up to 39 more, digits, dots, dashes; a name 1 to 120 characters",
    "unknown_agent": "no member of staff has that id; acd staff list names them",
    "unknown_role": "name at least one role; wall is for tokens, one's own desk and account are not",
    "last_administrator": "nobody could manage accounts any more; make somebody else administrator first",
    "unknown_session": "no session has that id; acd people sessions names them",
    "unknown_token": "no token has that name; acd people tokens list names them",
    "token_taken": "a token of that name is there; revoke it first",
    "bad_expiry": "a token lasts 1 to 730 days",
    "not_local": "the city's directory knows them; change it there",
    "later": "the records are away; try again",
}

Id = Annotated[str, typer.Argument(help="The name they sign in with.")]
Name = Annotated[str, typer.Option("--name", help="As others read it.")]
Roles = Annotated[list[Role], typer.Option("--role", help="Once for each.")]
Agent = Annotated[str, typer.Option("--agent", help="Which member of staff they are (acd staff list).")]


def _asked(
    config: Path, ask: Callable[[StoredPeople, Asker], Awaitable[T]], subject: str = ""
) -> tuple[T, Centre]:
    """What the accounts answer. They are read where they are kept, whether the daemon runs or not."""
    centre = centre_of(config)
    with saying(StoreFault):
        try:
            return asyncio.run(_answered(centre, ask)), centre
        except Refusal as refusal:
            why = WHY.get(refusal.code, refusal.code)
            raise fail(f"{subject[:60]!r}: {why}" if subject else why) from None


async def _answered(centre: Centre, ask: Callable[[StoredPeople, Asker], Awaitable[T]]) -> T:
    engine = await stores.ready("records", opening.store_urls(centre)["records"])
    try:
        staff = await roster.in_force(engine, centre)
        agents = {each.id for each in staff.team.agents}
        people = StoredPeople(engine, lambda: centre, lambda: agents, lambda: round(time.time() * 1000))
        return await ask(people, operator())
    finally:
        await engine.dispose()


def _when(at_ms: int, centre: Centre) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, centre.centre.zone):%Y-%m-%d %H:%M}" if at_ms else "never"


def _first(password: str) -> None:
    if not password:
        typer.echo("the second factor is taken away; the password is the directory's")
        return
    typer.echo(f"first password, shown this once: {password}")
    typer.echo("it has to be changed at the first sign-in, within 7 days")


@app.command()
def add(id: Id, name: Name, role: Roles, config: ConfigFile = DEFAULT, agent: Agent = "") -> None:
    """Let somebody sign in. Their first password is printed once and has to be changed."""
    found, _ = _asked(config, lambda people, by: people.add(by, id, name, frozenset(role), agent), id)
    _first(found)


@app.command("list")
def listing(config: ConfigFile = DEFAULT) -> None:
    """List who may sign in: roles, which member of staff, second factor, when they signed in last."""
    found, centre = _asked(config, lambda people, _: people.accounts())
    for each in found:
        state = [f"last in {_when(each.last_ms, centre)}"]
        state += [f"agent {each.agent}"] if each.agent else []
        state += ["second factor"] if each.second_factor else []
        state += ["first password"] if each.must_change else []
        state += [each.source] if each.source != accounts.LOCAL else []
        state += ["disabled"] if each.disabled else []
        typer.echo(f"{each.id}  {each.name}  {accounts.written(each.roles)}  {', '.join(state)}")


@app.command()
def change(
    id: Id,
    config: ConfigFile = DEFAULT,
    name: Annotated[str | None, typer.Option("--name", help="As others read it.")] = None,
    role: Annotated[
        list[Role] | None, typer.Option("--role", help="Once for each: all they have then.")
    ] = None,
    agent: Annotated[str | None, typer.Option("--agent", help="Which member of staff; empty: none.")] = None,
) -> None:
    """Change what somebody is; what is left out stays. In force at their next request."""

    async def changed(people: StoredPeople, by: Asker) -> None:
        before = {each.id: each for each in await people.accounts()}.get(id)
        if before is None:
            raise Refusal("unknown_account")
        await people.change(
            by,
            id,
            before.name if name is None else name,
            frozenset(role) if role else before.roles,
            before.agent if agent is None else agent,
        )

    _asked(config, changed, id)


@app.command()
def disable(id: Id, config: ConfigFile = DEFAULT) -> None:
    """Let somebody in no more; their sessions end."""
    _asked(config, lambda people, by: people.disable(by, id, True), id)


@app.command()
def enable(id: Id, config: ConfigFile = DEFAULT) -> None:
    """Let somebody in again."""
    _asked(config, lambda people, by: people.disable(by, id, False), id)


@app.command()
def reset(id: Id, config: ConfigFile = DEFAULT) -> None:
    """Give somebody a new first password who has lost password or second factor; their sessions end."""
    found, _ = _asked(config, lambda people, by: people.reset(by, id), id)
    _first(found)


@app.command()
def sessions(
    id: Annotated[str | None, typer.Argument(help="Whose; without it everybody's.")] = None,
    config: ConfigFile = DEFAULT,
) -> None:
    """List who is in: session, account, since when, last seen, address, browser."""
    found, centre = _asked(config, lambda people, _: people.sessions(id))
    for each in found:
        since, seen = _when(each.began_ms, centre), _when(each.seen_ms, centre)
        typer.echo(f"{each.id}  {each.account}  since {since}  seen {seen}  {each.address}  {each.browser}")


@app.command()
def end(
    session: Annotated[str, typer.Argument(help="As acd people sessions lists it.")],
    config: ConfigFile = DEFAULT,
) -> None:
    """End a session."""
    _asked(config, lambda people, by: people.end_session(by, session), session)


@app.command()
def audit(
    config: ConfigFile = DEFAULT,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most.")] = 50,
    before: Annotated[int, typer.Option("--before", min=0, help="Only lines below this number.")] = 0,
) -> None:
    """List who did what to whom when and why, and what was denied; the newest last."""
    found, centre = _asked(config, lambda people, _: people.audit(before, limit))
    for each in reversed(found):
        typer.echo(_line(each, centre))


def _line(each: Audited, centre: Centre) -> str:
    parts = [str(each.id), _when(each.at_ms, centre), each.actor or "somebody", each.action, each.subject]
    parts += [each.reason, each.address, "" if each.allowed else "DENIED"]
    return "  ".join(part for part in parts if part)


# --- tokens ---


@programs.command("add")
def tokens_add(
    name: Annotated[str, typer.Argument(help="Of the program.")],
    config: ConfigFile = DEFAULT,
    role: Annotated[list[Role] | None, typer.Option("--role", help="Once for each.")] = None,
    may: Annotated[list[Action] | None, typer.Option("--may", help="One action; once for each.")] = None,
    days: Annotated[int, typer.Option("--days", help="How long it lasts: 1 to 730.")] = 365,
) -> None:
    """Make a token for a program. It is printed once."""
    rights = frozenset(role or ()), frozenset(may or ())
    found, _ = _asked(config, lambda people, by: people.add_token(by, name, *rights, days), name)
    typer.echo(f"token, shown this once: {found}")


@programs.command("list")
def tokens_list(config: ConfigFile = DEFAULT) -> None:
    """List tokens: what each may, until when, who made it, when it was used last."""
    found, centre = _asked(config, lambda people, _: people.tokens())
    for each in found:
        typer.echo(_token(each, centre))


def _token(each: Program, centre: Centre) -> str:
    over = each.expires_ms <= time.time() * 1000
    until = f"{'expired' if over else 'until'} {_when(each.expires_ms, centre)}"
    may = accounts.written(each.may)
    return f"{each.name}  {may}  {until}  by {each.made_by}  used {_when(each.used_ms, centre)}"


@programs.command("revoke")
def tokens_revoke(
    name: Annotated[str, typer.Argument(help="Of the program.")], config: ConfigFile = DEFAULT
) -> None:
    """Make a token worthless, at its next request."""
    _asked(config, lambda people, by: people.revoke_token(by, name), name)
