"""OpenID Connect where no provider is needed: what may be configured, and which attempts are kept."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from acd.identity import Role
from acd.people.attempts import KEPT_MS, Attempts
from acd.people.id_token import ALGORITHMS, Untrusted
from acd.people.provider import Provider
from config.load import SHIPPED, load
from config.tables.house import Web
from config.tables.people import OpenId, PersonRole

GOOD: dict[str, Any] = {
    "name": "City",
    "issuer": "https://login.example.org/realms/city",
    "client_id": "hotline",
    "client_secret_file": "oidc.secret",
    "groups": {"Hotline": ["staff"]},
}


def faults(web: dict[str, Any], **oidc: Any) -> list[str]:
    centre = load(SHIPPED)
    people = centre.people.model_copy(update={"oidc": OpenId.model_validate(GOOD | oidc)})
    changed = centre.model_copy(update={"people": people, "web": Web.model_validate(web)})
    return [key for key, _ in changed.faults()]


def test_a_group_gives_every_role_but_a_screens() -> None:
    assert set(get_args(PersonRole)) == set(Role) - {Role.WALL}


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://login.example.org"},
        {"issuer": "https://"},
        {"issuer": "https://a@login.example.org"},
        {"issuer": "https://login.example.org?x"},
        {"issuer": "ftp://127.0.0.1"},
        {"groups": {}},
        {"groups": {"Hotline": ["wall"]}},
        {"scopes": ["open id"]},
        {"client_id": ""},
        {"client_secret_file": ""},
        {"claims": "x"},
    ],
)
def test_what_would_not_protect_is_no_configuration(wrong: dict[str, Any]) -> None:
    OpenId.model_validate(GOOD)
    with pytest.raises(ValidationError):
        OpenId.model_validate(GOOD | wrong)


def test_a_directory_needs_to_know_where_to_send_people_back_to() -> None:
    there = {"hosts": ["hotline.example.org"], "public_url": "https://hotline.example.org"}
    assert faults(there) == []
    assert faults({}) == ["web.public_url"]
    assert faults({"public_url": "https://hotline.example.org"}) == ["web.public_url"]
    assert faults(there, scopes=["profile"]) == ["people.oidc.scopes"]
    for wrong in ("http://hotline.example.org", "https://hotline.example.org/x", "hotline.example.org"):
        with pytest.raises(ValidationError):
            Web.model_validate({"public_url": wrong})


def test_who_begins_many_attempts_drives_out_their_own() -> None:
    now = 0
    attempts = Attempts(lambda: now, most=4, of_one=2)
    mine, made = attempts.begin("/", "192.0.2.1")
    others = [attempts.begin("/", "192.0.2.2") for _ in range(5)]
    assert len(attempts) == 3
    assert attempts.take(others[0][0], others[0][1].state) is None
    assert attempts.take(mine, "x") is None
    assert attempts.take(mine, made.state) == made
    assert attempts.take(mine, made.state) is None
    for host in range(3, 9):
        attempts.begin("/", f"192.0.2.{host}")
    assert len(attempts) == 4
    now = KEPT_MS
    attempts.begin("/", "192.0.2.1")
    assert len(attempts) == 1


def test_no_signature_by_a_shared_secret_and_none_by_nobody() -> None:
    assert not any(each == "none" or each.startswith("HS") for each in ALGORITHMS)


@pytest.mark.parametrize(
    "address", [None, 7, "", "http://login.example.org/keys", "https://", "http://[", "x\n"]
)
async def test_an_endpoint_without_tls_is_not_used(address: object, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Provider(OpenId.model_validate(GOOD), lambda: 0)
    said = dict.fromkeys(("authorization_endpoint", "token_endpoint"), "https://login.example.org/x")

    async def answered(*_: object) -> tuple[int, dict[str, object]]:
        return 200, {"issuer": GOOD["issuer"], **said, "jwks_uri": address}

    monkeypatch.setattr(provider, "_json", answered)
    with pytest.raises(Untrusted, match="jwks_uri"):
        await provider.said()
