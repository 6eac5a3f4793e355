"""Accounts, sessions, tokens and the audit keep their promises; on PostgreSQL too (integration)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from acd.identity import Action, Refusal, Role, granted
from acd.people import accounts, around, local, requests, secret
from acd.people.service import operator
from acd.people.sessions import EACH_MAX
from acd.store import tables
from acd.store.open import ready, unchecked, urls
from tests.fakes.people import BROWSER, GOOD, HERE, HOUR_MS, MINUTE_MS, OTHER, House

STAFF = frozenset({Role.STAFF})
ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    opened = await ready("records", urls(tmp_path, {})["records"])
    yield opened
    await opened.dispose()


@pytest.fixture
def house(engine: AsyncEngine) -> House:
    return House(engine)


async def lines(house: House) -> list[tuple[str, str, str, bool]]:
    return [
        (each.actor, each.action, each.subject, each.allowed) for each in await house.people.audit(0, 500)
    ]


# --- signing in ------------------------------------------------------------------------------------


async def test_a_first_password_lets_in_only_to_be_changed(house: House) -> None:
    first = await house.people.add(operator(), "anna", "Anna Muster", STAFF, "amal")
    began = await house.tries("anna", first)
    assert began.step == "change"
    assert await house.people.asker(began.cookie, HERE) is None
    signed = await house.people.change_first(began.cookie, GOOD, HERE)
    asker = await house.asker(signed.cookie)
    assert (signed.step, asker.id, asker.actor, asker.agent) == ("in", "anna", "person:anna", "amal")
    assert (asker.roles, asker.may) == (STAFF, granted([Role.STAFF]))
    assert (await house.tries("anna", first)).step == "refused"
    assert (await house.tries(" ANNA ", GOOD)).step == "in"


async def test_a_first_password_is_worth_nothing_after_a_week(house: House) -> None:
    first = await house.people.add(operator(), "anna", "Anna", STAFF, "")
    house.passes(7 * 24 * HOUR_MS)
    assert (await house.tries("anna", first)).step == "refused"


async def test_the_cookie_of_each_step_is_a_new_one_and_the_last_is_worth_nothing(house: House) -> None:
    first = await house.people.add(operator(), "chef", "Chef", ADMINISTRATOR, "")
    one = await house.tries("chef", first)
    two = await house.people.change_first(one.cookie, GOOD, HERE)
    assert two.step == "enrol"
    found = await house.people.enrolment(two.cookie)
    three, codes = await house.people.enrol(two.cookie, house.code(found.secret), HERE)
    assert three.step == "in"
    assert len({one.cookie, two.cookie, three.cookie}) == 3
    assert len(set(codes)) == 10
    for old in (one, two):
        assert await house.people.asker(old.cookie, HERE) is None
        assert (await house.people.second_factor(old.cookie, "000000", HERE)).step == "refused"


async def test_unknown_names_wrong_passwords_and_who_may_not_get_one_answer(house: House) -> None:
    """The delays too, and the work: each verifies exactly one hash."""
    await house.member("anna")
    await house.member("cem")
    await house.people.disable(operator(), "cem", True)
    looked: list[str] = []
    passwords = house.people._around.passwords
    hasher = passwords._hasher

    class Watched:
        def verify(self, kept: str, password: str) -> bool:
            looked.append(kept)
            return hasher.verify(kept, password)

    passwords._hasher = Watched()  # type: ignore[assignment]
    told = {}
    for number, (id, password) in enumerate([("anna", OTHER), ("nobody", OTHER), ("cem", GOOD)]):
        address = f"198.51.100.{number}"
        told[id] = [await house.tries(id, password, address) for _ in range(6)]
        told[id] += [await house.people.second_factor("", "123456", address)]
    assert told["anna"] == told["nobody"] == told["cem"]
    assert {each.step for each in told["anna"]} == {"refused", "later"}
    assert len(looked) == 3 * 4, "who is told to wait costs nothing"


async def test_what_was_typed_as_an_unknown_name_is_written_down_nowhere(house: House) -> None:
    """It may be a password, typed into the wrong field."""
    with capture_logs() as said:
        await house.tries(GOOD, "anna")
    assert await lines(house) == [("", "sign_in", "", False)]
    assert GOOD not in str(said)


# --- the second factor -----------------------------------------------------------------------------


async def test_a_code_is_taken_once_and_none_before_it(house: House) -> None:
    totp = await house.member("chef", Role.ADMINISTRATOR)
    codes = [house.code(totp)]
    began = await house.tries("chef", GOOD)
    assert began.step == "second_factor"
    assert (await house.people.second_factor(began.cookie, codes[0], HERE)).step == "in"
    again = await house.tries("chef", GOOD)
    assert (await house.people.second_factor(again.cookie, codes[0], HERE)).step == "refused"
    house.passes(30_000)
    newer = house.code(totp)
    assert (await house.people.second_factor(again.cookie, newer, HERE)).step == "in"
    assert ("person:chef", "second_factor", "chef", False) in await lines(house)


async def test_of_two_that_saw_the_same_one_takes_it(house: House) -> None:
    """A code, a recovery code, the session at a step: who comes second, from another process, has none."""
    first = await house.people.add(operator(), "chef", "Chef", ADMINISTRATOR, "")
    began = await house.tries("chef", first)
    found = await house.people._open(began.cookie, "change")
    async with house.engine.begin() as connection:
        assert (await house.people._on(connection, found, False, HERE)).step == "change"
    with pytest.raises(Refusal, match="unknown_session"):
        async with house.engine.begin() as connection:
            await house.people._on(connection, found, False, HERE)
    async with house.engine.begin() as connection:
        await accounts.put_recovery_codes(connection, "chef", ["A", "B"])
        taken = [await accounts.take_recovery_code(connection, "chef", code) for code in "AAB"]
        assert taken == [True, False, True]
        steps = [await accounts.take_step(connection, "chef", step) for step in (7, 7, 6, 8)]
        assert steps == [True, False, False, True]


async def test_what_was_begun_before_password_or_second_factor_changed_is_over(house: House) -> None:
    """Else who knew the first password could go on where they were."""
    first = await house.people.add(operator(), "chef", "Chef", ADMINISTRATOR, "")
    one, two = await house.tries("chef", first), await house.tries("chef", first)
    one = await house.people.change_first(one.cookie, GOOD, HERE)
    with pytest.raises(Refusal, match="unknown_session"):
        await house.people.change_first(two.cookie, OTHER, HERE)
    two = await house.tries("chef", GOOD)
    for each in (one, two):
        found = await house.people.enrolment(each.cookie)
    assert (await house.people.enrol(two.cookie, house.code(found.secret), HERE))[0].step == "in"
    with pytest.raises(Refusal, match="unknown_session"):
        await house.people.enrolment(one.cookie)


async def test_of_two_at_once_one_gets_in_with_a_code(house: House) -> None:
    totp = await house.member("chef", Role.ADMINISTRATOR)
    began = [await house.tries("chef", GOOD) for _ in range(2)]
    code, beside = house.code(totp), House(house.engine)
    beside.now_ms = house.now_ms
    said = await asyncio.gather(
        house.people.second_factor(began[0].cookie, code, HERE),
        beside.people.second_factor(began[1].cookie, code, "192.0.2.8"),
        house.people.second_factor(began[0].cookie, code, "192.0.2.9"),
    )
    assert sorted(each.step for each in said) == ["in", "refused", "refused"]


async def test_many_guesses_at_once_gain_nothing(house: House) -> None:
    await house.member("anna")
    said = await asyncio.gather(*(house.tries("anna", OTHER) for _ in range(20)))
    assert [each.step for each in said].count("refused") == 4


async def test_a_code_may_be_one_step_off_and_no_more(house: House) -> None:
    totp = await house.member("chef", Role.ADMINISTRATOR)
    house.passes(10 * MINUTE_MS)
    for off, step in ((-60_000, "refused"), (60_000, "refused"), (-30_000, "in"), (30_000, "in")):
        house.passes(off)
        code = house.code(totp)
        house.passes(-off)
        began = await house.tries("chef", GOOD)
        assert (await house.people.second_factor(began.cookie, code, HERE)).step == step, off


async def test_a_recovery_code_is_taken_once_however_it_is_typed(house: House) -> None:
    first = await house.people.add(operator(), "chef", "Chef", ADMINISTRATOR, "")
    began = await house.people.change_first((await house.tries("chef", first)).cookie, GOOD, HERE)
    found = await house.people.enrolment(began.cookie)
    signed, codes = await house.people.enrol(began.cookie, house.code(found.secret), HERE)
    by = await house.asker(signed.cookie)
    for step in ("in", "refused"):
        began = await house.tries("chef", GOOD)
        typed = codes[3].lower().replace("-", " ")
        assert (await house.people.second_factor(began.cookie, typed, HERE)).step == step
    assert await house.people.recovery_codes_left(by) == 9
    house.passes(MINUTE_MS)
    new = await house.people.new_recovery_codes(by, house.code(found.secret))
    assert not set(new) & set(codes)
    assert (await house.people.second_factor(began.cookie, codes[4], HERE)).step == "refused"
    assert (await house.people.second_factor(began.cookie, new[0], HERE)).step == "in"


async def test_who_gets_a_role_that_needs_a_second_factor_sets_it_up_first(house: House) -> None:
    await house.member("anna")
    cookie = await house.signed_in("anna")
    await house.people.change(operator(), "anna", "Anna", STAFF | {Role.SUPERVISOR}, "")
    assert await house.people.asker(cookie, HERE) is None
    assert (await house.tries("anna", GOOD)).step == "enrol"


async def test_the_centre_may_ask_a_second_factor_of_everybody(house: House) -> None:
    await house.member("anna")
    cookie = await house.signed_in("anna")
    house.configured(staff_second_factor=True)
    assert await house.people.asker(cookie, HERE) is None
    assert (await house.tries("anna", GOOD)).step == "enrol"


async def test_another_second_factor_is_set_up_by_who_shows_the_present_one(house: House) -> None:
    totp = await house.member("chef", Role.ADMINISTRATOR)
    cookie = await house.signed_in("chef", totp)
    for proof in ("", GOOD, "000000"):
        with pytest.raises(Refusal, match="wrong_code"):
            await house.people.enrolment(cookie, proof, HERE)
    found = await house.people.enrolment(cookie, house.code(totp), HERE)
    signed, _ = await house.people.enrol(cookie, house.code(found.secret), HERE)
    assert signed.step == "in"
    house.passes(MINUTE_MS)
    assert await house.signed_in("chef", found.secret)


async def test_a_second_factor_of_ones_own_will_needs_the_password(house: House) -> None:
    await house.member("anna")
    cookie = await house.signed_in("anna")
    with pytest.raises(Refusal, match="wrong_password"):
        await house.people.enrolment(cookie, OTHER, HERE)
    found = await house.people.enrolment(cookie, GOOD, HERE)
    assert (await house.people.enrol(cookie, "000000", HERE))[0].step == "refused"
    assert await house.people.enrolment(cookie) == found, "the picture was read already"
    house.passes(10 * MINUTE_MS)
    assert (await house.people.enrol(cookie, house.code(found.secret), HERE))[0].step == "refused"
    with pytest.raises(Refusal, match="wrong_password"):
        await house.people.enrolment(cookie)
    found = await house.people.enrolment(cookie, GOOD, HERE)
    assert (await house.people.enrol(cookie, house.code(found.secret), HERE))[0].step == "in"
    assert (await house.tries("anna", GOOD)).step == "second_factor"


async def test_codes_are_not_guessed(house: House) -> None:
    """Growing delays; who has the password again does not shorten them."""
    await house.member("chef", Role.ADMINISTRATOR)
    began = await house.tries("chef", GOOD)
    steps = [(await house.people.second_factor(began.cookie, "000000", HERE)).step for _ in range(5)]
    assert steps == ["refused"] * 4 + ["later"]
    again = await house.tries("chef", GOOD)
    assert (await house.people.second_factor(again.cookie, "000000", HERE)).step == "later"


async def test_a_step_that_is_missing_has_ten_minutes(house: House) -> None:
    totp = await house.member("chef", Role.ADMINISTRATOR)
    began = await house.tries("chef", GOOD)
    house.passes(10 * MINUTE_MS)
    assert (await house.people.second_factor(began.cookie, house.code(totp), HERE)).step == "refused"


# --- sessions --------------------------------------------------------------------------------------


async def test_a_session_ends_when_idle_and_at_the_latest_after_its_hours(house: House) -> None:
    await house.member("anna")
    house.configured(idle_minutes=30, session_hours=2)
    cookie = await house.signed_in("anna")
    house.passes(30 * MINUTE_MS - 1)
    await house.asker(cookie)
    for _ in range(4):
        house.passes(20 * MINUTE_MS)
        await house.asker(cookie)
    assert len(await house.people.sessions("anna")) == 1
    house.passes(10 * MINUTE_MS + 1)
    assert await house.people.asker(cookie, HERE) is None, "two hours are over"
    other = await house.signed_in("anna")
    house.passes(30 * MINUTE_MS)
    assert await house.people.asker(other, HERE) is None, "idle for half an hour"
    assert await house.people.sessions(None) == []


async def test_a_session_goes_on_in_another_process(house: House) -> None:
    await house.member("anna")
    cookie = await house.signed_in("anna")
    assert (await House(house.engine).people.asker(cookie, HERE)) is not None


async def test_what_is_taken_away_counts_at_the_next_request(house: House) -> None:
    """Whichever process takes it away: the command does it beside the daemon."""
    totp = await house.member("chef", Role.ADMINISTRATOR)
    await house.member("zoe", Role.ADMINISTRATOR, Role.STAFF)
    cookie = await house.signed_in("chef", totp)
    assert Action.MANAGE_PEOPLE in (await house.asker(cookie)).may
    beside = House(house.engine).people
    await beside.change(operator(), "chef", "Chef", frozenset({Role.PLANNER}), "")
    now = await house.asker(cookie)
    assert (now.roles, now.may) == ({Role.PLANNER}, granted([Role.PLANNER]))
    await beside.disable(operator(), "chef", True)
    assert await house.people.asker(cookie, HERE) is None
    await beside.disable(operator(), "chef", False)
    assert await house.people.asker(cookie, HERE) is None, "its sessions are over"


async def test_a_disabled_account_is_out_by_whatever_hand_it_was_disabled(house: House) -> None:
    await house.member("anna")
    cookie = await house.signed_in("anna")
    async with house.engine.begin() as connection:
        await accounts.put(connection, "anna", disabled=True)
    assert await house.people.asker(cookie, HERE) is None


async def test_one_ends_ones_own_sessions_and_an_administrator_all(house: House) -> None:
    await house.member("anna")
    await house.member("cem")
    anna, cem = await house.signed_in("anna"), await house.signed_in("cem")
    by, other = await house.asker(anna), await house.asker(cem)
    with pytest.raises(Refusal, match="unknown_session"):
        await house.people.end_session(by, other.session)
    await house.people.end_session(operator(), other.session)
    assert await house.people.asker(cem, HERE) is None
    second = await house.signed_in("anna")
    assert {each.account for each in await house.people.sessions("anna")} == {"anna"}
    await house.people.end_other_sessions(by)
    assert await house.people.asker(second, HERE) is None
    await house.people.sign_out(by)
    assert await house.people.asker(anna, HERE) is None


async def test_a_session_is_listed_with_address_and_browser_cleaned(house: House) -> None:
    await house.member("anna")
    await house.people.sign_in("anna", GOOD, HERE, "Fire\x00fox\n" + "x" * 500)
    [*_, one] = sorted(await house.people.sessions("anna"), key=lambda each: len(each.browser))
    assert (one.account, one.address, one.browser) == ("anna", HERE, "Fire fox " + "x" * 111)


async def test_of_too_many_sessions_the_one_not_used_longest_ends(house: House) -> None:
    await house.member("anna")
    await house.people.end_other_sessions(operator()._replace(id="anna"))
    cookies = []
    for _ in range(EACH_MAX + 1):
        house.passes(1_000)
        cookies.append(await house.signed_in("anna"))
    assert await house.people.asker(cookies[0], HERE) is None
    assert [bool(await house.people.asker(each, HERE)) for each in cookies[1:]] == [True] * EACH_MAX


async def test_sessions_that_are_over_are_forgotten(house: House) -> None:
    await house.member("anna")
    house.passes(13 * HOUR_MS)
    cookie = await house.signed_in("anna")
    await house.people.tidy()
    async with house.engine.connect() as connection:
        kept = (await connection.execute(select(tables.sessions.c.digest))).scalars().all()
    assert kept == [secret.digest(cookie)]


async def test_while_the_records_are_away_who_is_in_goes_on_and_nobody_else_comes(house: House) -> None:
    await house.member("anna")
    cookie, unseen = await house.signed_in("anna"), await house.signed_in("anna")
    token = await house.people.add_token(operator(), "wall", frozenset({Role.WALL}), frozenset(), 30)
    await house.asker(cookie)
    assert await house.people.program(token, HERE)
    async with house.engine.begin() as connection:
        for table in ("session", "account", "program_token", "audit"):
            await connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_away"))
    house.passes(2_000)
    with capture_logs() as said:
        assert (await house.asker(cookie)).id == "anna"
        assert await house.people.program(token, HERE)
        await house.people.denied(None, Action.PLAN, "", HERE)
    assert [each["log_level"] for each in said] == ["warning"]
    for stranger in (house.people.asker(unseen, HERE), house.people.program("acd_x", HERE)):
        with pytest.raises(Refusal, match="later"):
            await stranger
    began = await house.tries("anna", GOOD)
    assert (began.step, began.wait_s > 0) == ("later", True)
    house.passes(59 * MINUTE_MS)
    await house.asker(cookie)
    async with house.engine.begin() as connection:
        for table in ("session", "account", "program_token", "audit"):
            await connection.execute(text(f"ALTER TABLE {table}_away RENAME TO {table}"))
    house.passes(59 * MINUTE_MS)
    await house.asker(cookie)
    assert await house.people.asker(unseen, HERE) is None, "idle for two hours"
    house.passes(60 * MINUTE_MS)
    assert await house.people.asker(cookie, HERE) is None, "idle for an hour"


# --- accounts --------------------------------------------------------------------------------------


async def test_what_an_account_cannot_be_is_refused(house: House) -> None:
    people, by = house.people, operator()
    await people.add(by, "anna", "Anna", STAFF, "")
    for code, id, name, roles, agent in (
        ("name_taken", "anna", "Another", STAFF, ""),
        ("bad_name", "Anna Muster", "Anna", STAFF, ""),
        ("bad_name", "x" * 41, "Anna", STAFF, ""),
        ("bad_name", "x", "", STAFF, ""),
        ("bad_name", "x", "An\u202ena", STAFF, ""),
        ("unknown_role", "x", "X", frozenset(), ""),
        ("unknown_role", "x", "X", frozenset({Role.WALL}), ""),
        ("unknown_agent", "x", "X", STAFF, "nobody"),
    ):
        with pytest.raises(Refusal, match=code):
            await people.add(by, id, name, roles, agent)
    for code, doing in (
        ("unknown_account", people.change(by, "x", "X", STAFF, "")),
        ("unknown_account", people.disable(by, "x", True)),
        ("unknown_account", people.reset(by, "x")),
        ("unknown_agent", people.change(by, "anna", "Anna", STAFF, "nobody")),
    ):
        with pytest.raises(Refusal, match=code):
            await doing
    assert [each.id for each in await people.accounts()] == ["anna"]


async def test_the_last_administrator_stays(house: House) -> None:
    people, by = house.people, operator()
    await people.add(by, "one", "One", ADMINISTRATOR, "")
    await people.add(by, "two", "Two", ADMINISTRATOR, "")
    await people.disable(by, "two", True)
    with pytest.raises(Refusal, match="last_administrator"):
        await people.change(by, "one", "One", STAFF, "")
    with pytest.raises(Refusal, match="last_administrator"):
        await people.disable(by, "one", True)
    assert [(each.id, each.disabled, each.roles) for each in await people.accounts()] == [
        ("one", False, ADMINISTRATOR),
        ("two", True, ADMINISTRATOR),
    ]
    await people.disable(by, "two", False)
    await people.change(by, "one", "One", STAFF, "")


async def test_a_reset_takes_everything_but_the_account(house: House) -> None:
    totp = await house.member("chef", Role.ADMINISTRATOR)
    cookie = await house.signed_in("chef", totp)
    first = await house.people.reset(operator(), "chef")
    assert await house.people.asker(cookie, HERE) is None
    assert (await house.tries("chef", GOOD)).step == "refused"
    assert (await house.tries("chef", first)).step == "change"


async def test_ones_own_password_is_changed_by_who_knows_it(house: House) -> None:
    await house.member("anna")
    one, two = await house.signed_in("anna"), await house.signed_in("anna")
    by = await house.asker(one)
    for code, old, new in (
        ("wrong_password", OTHER, OTHER),
        ("weak_password", GOOD, "short"),
        ("weak_password", GOOD, "x" * 257),
        ("common_password", GOOD, "password1234"),
        ("common_password", GOOD, "Willkommen2026!"),
        ("common_password", GOOD, "anna-anna-anna"),
        ("same_password", GOOD, GOOD),
    ):
        with pytest.raises(Refusal, match=code):
            await house.people.change_password(by, old, new)
    await house.people.change_password(by, GOOD, OTHER)
    await house.asker(one)
    assert await house.people.asker(two, HERE) is None, "all other sessions end"
    assert (await house.tries("anna", GOOD)).step == "refused"
    assert (await house.tries("anna", OTHER)).step == "in"


async def test_whom_a_provider_vouches_for_is_what_it_says(house: House) -> None:
    people = house.people
    supervisor = frozenset({Role.SUPERVISOR})
    signed = await people.admit("sub-1", "anna", "Anna", STAFF, "amal", HERE, BROWSER, factor=True)
    assert (await house.asker(signed.cookie)).roles == STAFF
    again = await people.admit("sub-1", "anna", "Anna M.", supervisor, "amal", HERE, BROWSER, factor=True)
    assert (await house.asker(again.cookie)).may == granted([Role.SUPERVISOR])
    assert (await house.tries("anna", "")).step == "refused"
    await house.member("cem")
    assert (
        await people.admit("sub-2", "cem", "Cem", STAFF, "", HERE, BROWSER, factor=True)
    ).step == "refused"
    await people.disable(operator(), "anna", True)
    assert (
        await people.admit("sub-1", "anna", "Anna", STAFF, "", HERE, BROWSER, factor=True)
    ).step == "refused"
    with pytest.raises(Refusal, match="not_local"):
        await people.change_password(operator()._replace(id="anna"), "", OTHER)


async def test_without_a_role_a_directorys_account_is_out_and_its_factor_can_be_taken_away(
    house: House,
) -> None:
    people, supervisor = house.people, frozenset({Role.SUPERVISOR})
    began = await people.admit("sub-1", "anna", "Anna", supervisor, "", HERE, BROWSER, factor=False)
    made = await people.enrolment(began.cookie)
    signed, _ = await people.enrol(began.cookie, house.code(made.secret), HERE)
    assert (began.step, signed.step) == ("enrol", "in")
    house.passes(MINUTE_MS)
    assert (
        await people.admit("sub-1", "anna", "Anna", supervisor, "", HERE, BROWSER, factor=False)
    ).step == ("second_factor")
    assert await people.reset(operator(), "anna") == ""
    again = await people.admit("sub-1", "anna", "Anna", STAFF, "", HERE, BROWSER, factor=False)
    with pytest.raises(Refusal, match="not_local"):  # nothing here could prove who asks
        await people.enrolment(again.cookie)
    assert (await people.admit("sub-1", "anna", "Anna", frozenset(), "", HERE, BROWSER, factor=True)) == (
        "refused",
        "",
        0,
    )
    assert await people.asker(again.cookie, HERE) is None


# --- tokens of programs ----------------------------------------------------------------------------


async def test_a_token_has_its_rights_until_it_expires(house: House) -> None:
    may = frozenset({Action.KEEP_CASES, Action.OWN_ACCOUNT})
    token = await house.people.add_token(operator(), "casework", frozenset({Role.WALL}), may, 30)
    found = await house.people.program(token, HERE)
    assert found is not None
    assert (found.actor, found.may) == ("program:casework", {Action.SEE_BOARD, Action.KEEP_CASES})
    assert await house.people.program(token[:-1], HERE) is None
    [listed] = await house.people.tokens()
    assert (listed.name, listed.may, listed.used_ms) == ("casework", found.may, house.now_ms)
    house.passes(30 * 24 * HOUR_MS)
    assert await house.people.program(token, HERE) is None


async def test_a_revoked_token_is_worth_nothing_at_the_next_request(house: House) -> None:
    token = await house.people.add_token(operator(), "wall", frozenset({Role.WALL}), frozenset(), 30)
    assert await house.people.program(token, HERE)
    await House(house.engine).people.revoke_token(operator(), "wall")
    assert await house.people.program(token, HERE) is None
    with pytest.raises(Refusal, match="unknown_token"):
        await house.people.revoke_token(operator(), "wall")


async def test_what_a_token_cannot_be_is_refused(house: House) -> None:
    wall = frozenset({Role.WALL})
    await house.people.add_token(operator(), "wall", wall, frozenset(), 30)
    for code, name, roles, may, days in (
        ("token_taken", "wall", wall, frozenset(), 30),
        ("bad_name", "acd", wall, frozenset(), 30),
        ("bad_name", "A B", wall, frozenset(), 30),
        ("bad_expiry", "x", wall, frozenset(), 0),
        ("bad_expiry", "x", wall, frozenset(), 731),
        ("unknown_role", "x", frozenset(), frozenset({Action.OWN_DESK}), 30),
    ):
        with pytest.raises(Refusal, match=code):
            await house.people.add_token(operator(), name, roles, may, days)


async def test_the_local_commands_have_a_token_of_their_own(house: House, tmp_path: Path) -> None:
    file = tmp_path / "acd.token"
    old, new = local.made(file), local.made(file)
    assert (file.stat().st_mode & 0o777, local.read(file), old != new) == (0o600, new, True)
    assert [each.name for each in tmp_path.glob("*.new")] == []
    people = House(house.engine, new).people
    found = await people.program(new, HERE)
    assert found is not None
    assert (found.actor, found.may) == ("program:acd", local.MAY)
    assert await people.program(old, HERE) is None
    with pytest.raises(local.TokenFault, match="see to the rights"):
        local.made(tmp_path / "acd.token" / "x")


async def test_the_one_token_of_former_releases_becomes_a_programs(house: House, tmp_path: Path) -> None:
    file, token = tmp_path / "api.token", "T" * 43
    file.write_text(token)
    file.chmod(0o600)
    with capture_logs() as said:
        await house.people.take_over(file)
        await house.people.take_over(file)
    assert not file.exists()
    assert [(each["program"], each["days"]) for each in said] == [("former-api-token", 90)]
    assert token not in str(said)
    found = await house.people.program(token, HERE)
    assert found is not None
    assert (found.actor, found.may) == ("program:former-api-token", local.FORMER_MAY)
    house.passes(90 * 24 * HOUR_MS)
    assert await house.people.program(token, HERE) is None


async def test_one_that_others_could_read_is_not_taken_over(house: House, tmp_path: Path) -> None:
    file = tmp_path / "api.token"
    file.write_text("T" * 43)
    file.chmod(0o644)
    await house.people.take_over(tmp_path)
    assert tmp_path.exists(), "what cannot be used is told of, and stays"
    await house.people.take_over(file)
    assert not file.exists()
    assert await house.people.program("T" * 43, HERE) is None


# --- the audit -------------------------------------------------------------------------------------


async def test_the_audit_says_who_did_what_to_whom(house: House) -> None:
    await house.member("anna")
    by = await house.asker(await house.signed_in("anna"))
    await house.people.done(by, "announce", "emergency", "fire drill", HERE)
    await house.people.denied(by, Action.PLAN, "/plan", HERE)
    await house.people.denied(None, Action.SEE_AUDIT, "/audit", HERE)
    newest = await house.people.audit(0, 3)
    assert [(e.actor, e.action, e.subject, e.reason, e.allowed, e.address) for e in newest] == [
        ("", "see_audit", "/audit", "", False, HERE),
        ("person:anna", "plan", "/plan", "", False, HERE),
        ("person:anna", "announce", "emergency", "fire drill", True, HERE),
    ]
    older = await house.people.audit(newest[-1].id, 500)
    assert [each.action for each in older][::-1] == ["add", "password_changed", "sign_in", "sign_in"]
    assert older[-1].actor.startswith("command:")


async def test_what_the_audit_says_cannot_be_changed(house: House) -> None:
    await house.people.add(operator(), "anna", "Anna", STAFF, "")
    before = await house.people.audit(0, 9)
    row = f"({before[0].id}, 0, '', '', '', '', true, '')"
    columns = "(id, at_ms, actor, action, subject, reason, allowed, address)"
    statements = [
        "UPDATE audit SET actor = 'x'",
        "DELETE FROM audit",
        f"INSERT INTO audit {columns} VALUES {row}",
    ]
    if house.engine.dialect.name == "sqlite":
        statements.append(f"INSERT OR REPLACE INTO audit {columns} VALUES {row}")
    else:
        statements.append("TRUNCATE audit")
    for statement in statements:
        with pytest.raises(DBAPIError):
            async with house.engine.begin() as connection:
                await connection.execute(text(statement))
    assert await house.people.audit(0, 9) == before


async def test_the_audit_goes_after_its_days_and_not_before(house: House) -> None:
    house.now_ms = 1_500_000_000_000
    await house.people.denied(None, Action.PLAN, "old", HERE)
    house.passes(1095 * 24 * HOUR_MS)
    await house.people.denied(None, Action.PLAN, "new", HERE)
    await house.people.tidy()
    assert [each.subject for each in await house.people.audit(0, 9)] == ["new", "old"]
    house.passes(1)
    await house.people.tidy()
    await house.people.tidy()
    told = [(e.actor, e.action, e.subject, e.reason) for e in await house.people.audit(0, 9)]
    assert told == [("daemon", "purge", "audit", "1 lines older than 1095 days"), ("", "plan", "new", "")]


async def test_nobody_fills_the_disk_with_what_is_denied(house: House) -> None:
    for _ in range(100):
        await house.people.denied(None, Action.PLAN, "", HERE)
    house.passes(MINUTE_MS)
    await house.people.denied(None, Action.PLAN, "", HERE)
    told = await house.people.audit(0, 500)
    assert len(told) == 62
    assert told[1].reason == "40 more left out"


async def test_no_secret_is_kept_or_said(house: House, engine: AsyncEngine) -> None:
    """But the authenticator's own, which has to be known to check its codes."""
    with capture_logs() as said:
        first = await house.people.add(operator(), "chef", "Chef", ADMINISTRATOR, "")
        one = await house.tries("chef", first)
        two = await house.people.change_first(one.cookie, GOOD, HERE)
        found = await house.people.enrolment(two.cookie)
        three, codes = await house.people.enrol(two.cookie, house.code(found.secret), HERE)
        token = await house.people.add_token(operator(), "wall", frozenset({Role.WALL}), frozenset(), 30)
        await house.tries("chef", OTHER)
        await house.people.program(token, HERE)
        await house.people.asker(three.cookie, HERE)
    held = str(said)
    async with engine.connect() as connection:
        for table in tables.RECORDS.tables.values():
            held += str((await connection.execute(select(table))).all())
    secrets = [first, GOOD, OTHER, one.cookie, two.cookie, three.cookie, token, *codes]
    assert [each for each in secrets if each in held] == []
    assert found.secret in held, "the search finds what is there"


def test_who_works_on_the_machine_is_named() -> None:
    assert operator().actor.startswith("command:")


# --- a server that is away -------------------------------------------------------------------------


async def away(url: str) -> None:
    """Signing in works later, and a stranger is not taken for one who has no session."""
    opened = unchecked("records", url)
    house = House(opened, "local")
    try:
        assert (await house.tries("anna", GOOD)).step == "later"
        for stranger in (house.people.asker("cookie", HERE), house.people.program("token", HERE)):
            with pytest.raises(Refusal, match="later"):
                await stranger
        assert await house.people.program("local", HERE), "the local commands need no records"
        with pytest.raises(Refusal, match="later"):
            await house.people.accounts()
    finally:
        await opened.dispose()


async def test_a_server_that_refuses_is_away() -> None:
    await away("postgresql+asyncpg://acd@127.0.0.1:1/acd")


async def test_a_server_that_says_nothing_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "READ_S", 0.05)
    monkeypatch.setattr(around, "PATIENCE_S", 0.05)
    gone = asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        await away(f"postgresql+asyncpg://acd@127.0.0.1:{port}/acd")
    finally:
        gone.set()
        server.close()
        await server.wait_closed()
