"""[desk], [people], [[staff]]: who works here, signs in, and what they choose from."""

import re
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
)

from agents.model import CONCERN_MAX, CONCERN_MIN, Cefr
from config.tables.house import Protected
from config.tables.kinds import Code, Key, Level, Name, OneLine, Phone, Table


def _template(url: str) -> str:
    if not url:
        return url
    if not url.startswith("https://"):
        raise ValueError("is no address that begins with https://")
    head, mark, tail = url.partition(REFERENCE)
    host, slash, path = head.removeprefix("https://").partition("/")
    if not mark or REFERENCE in tail or not slash or "{" in path + tail or "}" in path + tail:
        raise ValueError(f"names {REFERENCE} not exactly once, behind the host, and nothing else in braces")
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?", host):
        raise ValueError("has no plain host, like files.example.org, which never comes from a reference")
    if not re.fullmatch(r"[!-~]*", path + tail):
        raise ValueError("holds blanks or letters that an address writes otherwise")
    return url


REFERENCE = "{reference}"
"""Where the case's reference stands in case_url."""


class Coded(Table):
    """Something of the house that has a code in the records and a name on pages."""

    code: Key
    de: Name
    en: Name


class Desk(Table):
    """[desk]: what staff choose from and see at their desk.

    reasons: why somebody is not ready. outcomes: what a call came to. case_url: where a case's digital file
    is, {reference} filled in (encoded). show_number: what of the caller's number the phone's display shows.
    note_days: free text is forgotten after so many. quiet_minutes: times between two calls that may be asked
    for. block_hours: who threatened is not served for so long.
    """

    reasons: Annotated[list[Coded], Field(max_length=30)] = []
    outcomes: Annotated[list[Coded], Field(max_length=30)] = []
    case_url: Annotated[str, Field(max_length=400), AfterValidator(_template)] = ""
    show_number: Literal["none", "last4", "full"] = "none"
    note_days: Annotated[int, Field(ge=1, le=3650)] = 90
    quiet_minutes: Annotated[list[Annotated[int, Field(ge=1, le=240)]], Field(max_length=8)] = [10, 20, 30]
    block_hours: Annotated[int, Field(ge=1, le=168)] = 24

    def case_link(self, reference: str) -> str:
        """Where the file of a case is; "" where there is no such place, or no reference."""
        return self.case_url.replace(REFERENCE, quote(reference, safe="")) if reference else ""


PersonRole = Literal["staff", "supervisor", "planner", "editor", "administrator", "auditor"]
"""What acd.identity calls the roles of people."""


Claim = Annotated[OneLine, StringConstraints(min_length=1, max_length=100)]


class OpenId(Table):
    """[people.oidc]: the city's directory, by OpenID Connect. name: as the page calls it.

    groups: a group there -> its roles here; who is in none of them does not come in. account_claim: the name
    of a new account (what stands before an @); agent_claim: which member of staff they are (an id of
    [[staff]]), "" for nobody. factor_amr, factor_acr: what the directory says where it has asked for a second
    factor; where it does not say so, ours is asked for.
    """

    name: Name
    issuer: Protected
    client_id: Annotated[OneLine, StringConstraints(min_length=1, max_length=200)]
    client_secret_file: Annotated[OneLine, StringConstraints(min_length=1)]
    scopes: list[Annotated[str, StringConstraints(pattern=r"^[!#-\[\]-~]{1,80}$")]] = ["openid", "profile"]
    groups_claim: Claim = "groups"
    groups: Annotated[dict[OneLine, list[PersonRole]], Field(min_length=1, max_length=500)]
    account_claim: Claim = "preferred_username"
    name_claim: Claim = "name"
    agent_claim: Literal[""] | Claim = ""
    factor_amr: list[OneLine] = []
    factor_acr: list[OneLine] = []


class People(Table):
    """[people]: who signs in. A session ends after so long without a request, and so long after it began.

    staff_second_factor: everybody needs a second factor; else supervisors, editors and administrators do.
    audit_days: how long the audit is kept; the database itself keeps it for a year.
    """

    staff_second_factor: bool = False
    idle_minutes: Annotated[int, Field(ge=5, le=720)] = 60
    session_hours: Annotated[int, Field(ge=1, le=24)] = 12
    audit_days: Annotated[int, Field(ge=366, le=3650)] = 1095
    oidc: OpenId | None = None


class StaffMember(Table):
    """[[staff]]: a person, their phone and their skills."""

    id: Key
    name: Name
    phone: Phone
    languages: Annotated[dict[Code, Level], Field(min_length=1)]
    concerns: dict[Key, Annotated[int, Field(ge=CONCERN_MIN, le=CONCERN_MAX)]]


def cefr(level: str) -> Cefr:
    """The level of agents.model for a level as the file writes it."""
    return Cefr[level.upper()]
