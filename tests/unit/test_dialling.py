"""Whom we may call: numbers as people and telephone systems give them, and those that are never called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.dialling import ELSEWHERE, NOT_A_NUMBER, NOT_CALLED, REASONS, WITHHELD, dialled

GERMANY = ("+49",)


@pytest.mark.parametrize(
    "given_as",
    [
        "+4920112345678",
        "004920112345678",
        "020112345678",
        "0201 / 123 456-78",
        "+49 (0) 201 12345678",
        "+49 0201 12345678",
        "+49004920112345678",
        "0049 49 201 12345678",
        "4920112345678",
        "04920112345678",
    ],
)
def test_one_number_however_it_is_written(given_as: str) -> None:
    assert dialled(given_as, GERMANY) == ("+4920112345678", "")


@pytest.mark.parametrize("given_as", ["", "anonymous", "unknown", " Restricted "])
def test_a_withheld_number_is_none(given_as: str) -> None:
    assert dialled(given_as, GERMANY) == ("", WITHHELD)


HELP = ["112", "110", "115", "118 33", "0201112", "0201 110", "+4920119222"]
DEAR = ["0900 1234567", "+49 900 1234567", "0180 5 123456", "0137 7123456"]


@pytest.mark.parametrize("given_as", [*HELP, *DEAR])
def test_premium_service_and_emergency_numbers_are_never_called(given_as: str) -> None:
    found = dialled(given_as, ("+",))
    assert found.number == ""
    assert found.why in (NOT_CALLED, NOT_A_NUMBER)


@pytest.mark.parametrize("given_as", ["+380501234567", "00905321234567", "+12125550123"])
def test_a_number_elsewhere_is_called_only_where_that_is_allowed(given_as: str) -> None:
    assert dialled(given_as, GERMANY).why == ELSEWHERE
    prefix = "+" + given_as.removeprefix("+").removeprefix("00")[:2]
    assert dialled(given_as, (prefix,)).number.startswith(prefix)


@pytest.mark.parametrize("given_as", ["hello", "12", "+", "0201-12345678;1", "sip:x@y", "0" * 60])
def test_what_is_no_number_is_not_called(given_as: str) -> None:
    assert dialled(given_as, GERMANY).number == ""


@given(st.text(max_size=60))
def test_whatever_is_given_only_digits_of_an_allowed_prefix_are_dialled(given_as: str) -> None:
    found = dialled(given_as, GERMANY)
    assert bool(found.number) != bool(found.why)
    assert found.number == "" or (found.number[1:].isdigit() and found.number.startswith("+49"))
    assert found.why in ("", *REASONS)


@pytest.mark.parametrize("given_as", ["8812345", "88000000", "201123456"])
def test_a_number_without_its_area_is_nobody_s(given_as: str) -> None:
    """It would be somebody else's, in another town."""
    assert dialled(given_as, GERMANY).number == ""


def test_our_own_numbers_are_not_called() -> None:
    ours = ("4920188000000", "020188000000", "88000000")
    assert dialled("0201 88000000", GERMANY, ours) == ("", NOT_CALLED)
    assert dialled("0201 88000001", GERMANY, ours).number == "+4920188000001"
