"""Passwords: how they are kept, which are refused, that who waits is bounded; codes of the second factor."""

import asyncio
import threading

import pyotp
import pytest
from argon2 import extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from acd.identity import Refusal
from acd.people import passwords, second_factor
from acd.people.passwords import AT_ONCE, WAITING_MAX, Passwords, fault

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


async def test_a_hash_has_the_recommended_parameters() -> None:
    """OWASP's password storage cheat sheet: argon2id, 19 MiB, two iterations, one lane."""
    kept = await Passwords().made("tarnow-kiesel-1955")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert extract_parameters(kept).salt_len == 16


async def test_a_hash_of_lesser_parameters_is_old() -> None:
    kept = await Passwords(memory_kib=8, iterations=1).made("tarnow-kiesel-1955")
    assert Passwords().is_old(kept)
    assert await Passwords().fits(kept, "tarnow-kiesel-1955")
    assert not Passwords().is_old(await Passwords().made("tarnow-kiesel-1955"))


async def test_without_a_hash_nothing_fits() -> None:
    cheap = Passwords(memory_kib=8, iterations=1)
    assert not await cheap.fits("", "")
    assert not await cheap.fits("no hash", "no hash")


async def test_a_password_is_taken_as_it_is_and_never_cut() -> None:
    cheap, longest = Passwords(memory_kib=8, iterations=1), "ä" * passwords.LONGEST
    kept = await cheap.made(longest)
    assert await cheap.fits(kept, longest)
    for other in (longest + "x", longest.upper(), f" {longest}", longest[:-1]):
        assert not await cheap.fits(kept, other)


async def test_the_loop_goes_on_and_who_comes_too_many_comes_later() -> None:
    """Two are worked on, in threads; fifty may wait."""
    cheap = Passwords(memory_kib=8, iterations=1)
    go, at_work, most = threading.Event(), 0, 0
    lock = threading.Lock()

    def work() -> int:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        go.wait(60)
        with lock:
            at_work -= 1
        return 1

    waiting = [asyncio.ensure_future(cheap._apart(work)) for _ in range(WAITING_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(Refusal, match="later"):
        await cheap.made("tarnow-kiesel-1955")
    go.set()
    assert sum(await asyncio.gather(*waiting)) == WAITING_MAX
    assert most <= AT_ONCE
    assert await cheap.made("tarnow-kiesel-1955")


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "123456789012",
        "qwertzuiopasdf",
        "aaaaaaaaaaaaaaaa",
        "iloveyouiloveyou",
        "Passwort2026!",
        "Willkommen1!",
        "Sommer2026Sommer",
        "Anna.Muster.1",
        "annamuster2026",
        "Universitätsstadt!",
        "rathaus-rathaus",
    ],
)
def test_common_ones_and_those_made_of_names_are_refused(password: str) -> None:
    assert (
        fault(password, ["anna", "Anna Muster", "", "Welcomecenter Universitätsstadt"]) == "common_password"
    )


@pytest.mark.parametrize(
    "password", ["tarnow-kiesel-1955", "vier Pferde im Regen", "правильна кобила", "🐴🐴 batterie klammer"]
)
def test_others_are_taken_whatever_they_are_made_of(password: str) -> None:
    assert fault(password, ["anna", "Anna Muster"]) == ""


@given(st.text(max_size=300))
def test_length_is_all_that_is_asked_of_the_form(password: str) -> None:
    weak = fault(password, ["anna"]) == "weak_password"
    assert weak == (not passwords.SHORTEST <= len(password) <= passwords.LONGEST)


def test_a_first_password_is_one_that_would_be_taken() -> None:
    made = {passwords.first() for _ in range(50)}
    assert len(made) == 50
    assert {fault(each, ["anna"]) for each in made} == {""}


@given(st.integers(100, 10**8), st.integers(-3, 3), st.integers(-3, 3))
def test_a_code_is_taken_within_a_step_and_only_after_the_last_one(now: int, off: int, last: int) -> None:
    code = pyotp.TOTP(SECRET).generate_otp(now + off)
    found = second_factor.step_of(SECRET, code, now * 30_000, now + last)
    near = {pyotp.TOTP(SECRET).generate_otp(now + each): now + each for each in (-1, 0, 1)}
    assert found == (near[code] if code in near and near[code] > now + last else None)


@given(st.text(max_size=100))
def test_no_text_upsets_the_second_factor(text: str) -> None:
    second_factor.step_of(SECRET, text, 1_800_000_000_000, 0)
    second_factor.typed(text)


def test_recovery_codes_are_read_as_they_are_shown() -> None:
    for code in second_factor.recovery_codes():
        assert second_factor.typed(code) == second_factor.typed(code.lower().replace("-", "")) == code
