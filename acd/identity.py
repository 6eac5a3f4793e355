"""Who asks, and what they may: roles, actions and the one table of rights; what pages need of accounts.

A right is a pair of role and action. Every route asks for one; what no role has, nobody may.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple, Protocol


class Role(StrEnum):
    """What a person is here; one may be several."""

    STAFF = "staff"
    SUPERVISOR = "supervisor"
    PLANNER = "planner"
    EDITOR = "editor"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    """Staff council, data protection: settings, audit and privacy report; no figures of a single person."""
    WALL = "wall"
    """A screen on a wall: counts without names. A token's role, never a person's."""


class Action(StrEnum):
    """What can be asked of the house."""

    SEE_BOARD = "see_board"
    """Counts of the hotline, nobody by name."""
    SEE_STAFF = "see_staff"
    """Who is ready, not ready or on a call, by name."""
    OWN_DESK = "own_desk"
    """One's own desk: one's state, calls, notes, day in numbers."""
    OWN_ACCOUNT = "own_account"
    """One's own password, second factor and sessions."""
    STEER_STAFF = "steer_staff"
    """Log others in or out, make them ready or not."""
    STEER_CALLS = "steer_calls"
    """Put a caller into a class, elsewhere in line, to somebody; announce to all; lift a caller's block."""
    STEER_HOTLINE = "steer_hotline"
    """Close or open by hand, reserves, overflow, drain."""
    LISTEN = "listen"
    """Be in a talk, where the agreement allows it and the caller said yes."""
    SEE_LEAD = "see_lead"
    """Who waits and who works, one by one, with the reasons."""
    SEE_DECISIONS = "see_decisions"
    """Why each caller waits and each person is free; what a shadow policy would decide."""
    SEE_OUTLOOK = "see_outlook"
    """What callers who wait have to expect, and "what if"."""
    SEE_HISTORY = "see_history"
    """Figures of what was, by time and need; of no single person."""
    SEE_VISITS = "see_visits"
    """Single visits that ended, with their offers and reasons; persons only as a service agreement allows."""
    FIND_CALLER = "find_caller"
    """The visits of a telephone number; each time it is in the audit."""
    SEE_CASES = "see_cases"
    KEEP_CASES = "keep_cases"
    PLAN = "plan"
    READ_KNOWLEDGE = "read_knowledge"
    EDIT_KNOWLEDGE = "edit_knowledge"
    SEE_METRICS = "see_metrics"
    OPERATE = "operate"
    """Read the configuration again, compare with the PBX."""
    SEE_SETTINGS = "see_settings"
    MANAGE_PEOPLE = "manage_people"
    """Accounts, roles, program tokens, everybody's sessions."""
    SEE_AUDIT = "see_audit"
    SET_SKILLS = "set_skills"
    """What somebody can do, for good."""


_ONE = frozenset({Action.OWN_ACCOUNT, Action.SEE_BOARD})
"""What every person may."""

RIGHTS: Final[Mapping[Role, frozenset[Action]]] = {
    Role.STAFF: _ONE
    | {Action.SEE_STAFF, Action.OWN_DESK, Action.SEE_CASES, Action.KEEP_CASES, Action.READ_KNOWLEDGE},
    Role.SUPERVISOR: _ONE
    | {
        Action.SEE_STAFF,
        Action.STEER_STAFF,
        Action.STEER_CALLS,
        Action.STEER_HOTLINE,
        Action.LISTEN,
        Action.SEE_LEAD,
        Action.SEE_DECISIONS,
        Action.SEE_OUTLOOK,
        Action.SEE_HISTORY,
        Action.SEE_VISITS,
        Action.FIND_CALLER,
        Action.SEE_CASES,
        Action.KEEP_CASES,
        Action.READ_KNOWLEDGE,
    },
    Role.PLANNER: _ONE | {Action.PLAN, Action.SEE_OUTLOOK, Action.SEE_HISTORY, Action.SEE_DECISIONS},
    Role.EDITOR: _ONE | {Action.READ_KNOWLEDGE, Action.EDIT_KNOWLEDGE},
    Role.ADMINISTRATOR: _ONE
    | {
        Action.MANAGE_PEOPLE,
        Action.SET_SKILLS,
        Action.SEE_AUDIT,
        Action.SEE_SETTINGS,
        Action.OPERATE,
        Action.SEE_METRICS,
        Action.SEE_DECISIONS,
    },
    Role.AUDITOR: _ONE | {Action.SEE_SETTINGS, Action.SEE_AUDIT},
    Role.WALL: frozenset({Action.SEE_BOARD}),
}
"""Role -> what it may. docs/security.md shows this table; a test holds both equal."""

SECOND_FACTOR: Final = frozenset({Role.SUPERVISOR, Role.EDITOR, Role.ADMINISTRATOR})
"""Roles that need a second factor always; the others as configured."""


def granted(roles: Sequence[Role] | frozenset[Role]) -> frozenset[Action]:
    """Everything that these roles may."""
    return frozenset().union(*(RIGHTS[role] for role in roles))


class Asker(NamedTuple):
    """Whoever sent a request, as it is now: roles are read anew for each.

    id: the account's, or the name of a program's token. actor: as the journal has it, "person:ID" or
    "program:NAME". may: the actions. agent: the member of staff they are, "" for none. session: the
    session's public id, "" for a program. csrf: what forms and scripts of this session have to send back.
    """

    id: str
    name: str
    actor: str
    roles: frozenset[Role]
    may: frozenset[Action]
    agent: str = ""
    session: str = ""
    csrf: str = ""


class SignIn(NamedTuple):
    """What became of an attempt to sign in.

    step: "in", "second_factor" (a code is asked for), "enrol" (a second factor has to be set up), "change"
    (the password has to be changed), "refused", or "later". cookie: the session's secret, or while a step is
    still missing that of the attempt; "" where refused. wait_s: for "later", so long nothing is tried.
    """

    step: str
    cookie: str = ""
    wait_s: int = 0


class Account(NamedTuple):
    """A person who may sign in. agent: which member of staff they are, or "". source: "local" or "oidc".

    second_factor: whether one is set up. disabled: may not sign in. must_change: the password is a first one.
    last_ms: when they signed in last, 0: never.
    """

    id: str
    name: str
    roles: frozenset[Role]
    agent: str
    source: str
    second_factor: bool
    disabled: bool
    must_change: bool
    last_ms: int


class Session(NamedTuple):
    """An open session, as it is listed: never its secret. agent_name: the browser, shortened and cleaned."""

    id: str
    account: str
    began_ms: int
    seen_ms: int
    address: str
    browser: str


class Program(NamedTuple):
    """A token of a program, without its secret. expires_ms: epoch ms; used_ms: 0: never."""

    name: str
    roles: frozenset[Role]
    may: frozenset[Action]
    expires_ms: int
    made_by: str
    used_ms: int


class Enrolment(NamedTuple):
    """A second factor to be set up: the secret in base32, and the otpauth URI that a picture shows."""

    secret: str
    uri: str


class Audited(NamedTuple):
    """One line of the audit: who did what to whom when and why, and whether it was allowed."""

    id: int
    at_ms: int
    actor: str
    action: str
    subject: str
    reason: str
    allowed: bool
    address: str


class Refusal(Exception):
    """What was asked of the accounts cannot be done. code: stable, the pages have words for it.

    Codes: unknown_account, name_taken, bad_name, weak_password, common_password, wrong_password, wrong_code,
    unknown_agent, unknown_role, last_administrator, unknown_session, unknown_token, token_taken, bad_expiry,
    second_factor_needed, not_local, same_password (the new one is the old one), later (the records are away,
    or too many ask at once), provider_away (the directory does not answer, or there is none), not_vouched
    (what came back from the directory proves nothing).
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class People(Protocol):
    """Accounts, sessions, tokens and the audit, as pages and API see them. All times are epoch ms.

    `by` is who asks; what is done, and what is refused, is in the audit. All may raise Refusal, with "later"
    too; `sign_in`, `second_factor` and `enrol` say "later" as a step.

    enrolment: in an open session `proof` is the code of the present second factor, a recovery code, or, where
    there is none, the password; for ten minutes the same is given again without.

    oidc_name: what the directory is called, "" for none. oidc_begin: where the browser goes (an address of
    the directory), and a cookie of its own for the attempt. oidc_end: with that cookie and what the directory
    sent along; the second value is oidc_begin's `next`.
    """

    # --- each request ---
    async def asker(self, cookie: str, address: str) -> Asker | None: ...
    async def program(self, token: str, address: str) -> Asker | None: ...
    async def denied(self, by: Asker | None, action: Action, subject: str, address: str) -> None: ...
    async def done(self, by: Asker, action: str, subject: str, reason: str, address: str) -> None: ...

    # --- signing in and out ---
    async def sign_in(self, name: str, password: str, address: str, browser: str) -> SignIn: ...
    async def second_factor(self, cookie: str, code: str, address: str) -> SignIn: ...
    async def enrolment(self, cookie: str, proof: str = "", address: str = "") -> Enrolment: ...
    async def enrol(self, cookie: str, code: str, address: str) -> tuple[SignIn, Sequence[str]]: ...
    async def change_first(self, cookie: str, password: str, address: str) -> SignIn: ...
    async def sign_out(self, by: Asker) -> None: ...

    # --- one's own ---
    async def change_password(self, by: Asker, old: str, new: str, address: str = "") -> None: ...
    async def new_recovery_codes(self, by: Asker, code: str, address: str = "") -> Sequence[str]: ...
    async def recovery_codes_left(self, by: Asker) -> int: ...
    async def end_other_sessions(self, by: Asker) -> None: ...
    async def sessions(self, account: str | None) -> Sequence[Session]: ...
    async def end_session(self, by: Asker, session: str) -> None: ...

    # --- administrators ---
    async def accounts(self) -> Sequence[Account]: ...
    async def add(self, by: Asker, id: str, name: str, roles: frozenset[Role], agent: str) -> str: ...
    async def change(self, by: Asker, id: str, name: str, roles: frozenset[Role], agent: str) -> None: ...
    async def disable(self, by: Asker, id: str, disabled: bool) -> None: ...
    async def reset(self, by: Asker, id: str) -> str: ...
    async def tokens(self) -> Sequence[Program]: ...
    async def add_token(
        self, by: Asker, name: str, roles: frozenset[Role], may: frozenset[Action], days: int
    ) -> str: ...
    async def revoke_token(self, by: Asker, name: str) -> None: ...
    async def audit(self, before: int, limit: int) -> Sequence[Audited]: ...

    # --- from the city's directory, by OpenID Connect ---
    def oidc_name(self) -> str: ...
    async def oidc_begin(self, next: str, address: str) -> tuple[str, str]: ...
    async def oidc_end(
        self, cookie: str, query: Mapping[str, str], address: str, browser: str
    ) -> tuple[SignIn, str]: ...
