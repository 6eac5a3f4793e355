"""Whom we may call: numbers as people and telephone systems give them, and those that are never called."""

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from acd.dialling import ELSEWHERE, NOT_A_NUMBER, NOT_CALLED, REASONS, WITHHELD, dialled
from acd.store.vault import normal

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
        "0049 +49 201 12345678",
        "+49 +49 201 12345678",
        "0 0049 201 12345678",
        "\u200e+49 201 12345678",
        "\u202a+49 201 12345678\u202c",
        "٠٢٠١١٢٣٤٥٦٧٨",
        "۰۰۴۹۲۰۱۱۲۳۴۵۶۷۸",
        "＋49 201 12345678",
    ],
)
def test_one_number_however_it_is_written(given_as: str) -> None:
    assert dialled(given_as, GERMANY) == ("+4920112345678", "")


FORMS = ("+{}", "00{}", "{}", "+49{}", "+4900{}", "0049{}", "0049+{}", "+49+{}", "0+{}", "000{}", "0{}")


@st.composite
def germans(draw: st.DrawFn) -> str:
    """A number at which people are called, behind its leading 0: in towns of ours, by the sea, mobile."""
    starts = ("201", "2054", "30", "4921", "491", "4961", "151", "160", "171", "176", "1590")
    start = draw(st.sampled_from(starts))
    most = 11 if start.startswith("1") else 10
    rest = draw(st.integers(4, most - len(start)))
    return start + str(draw(st.integers(10 ** (rest - 1), 10**rest - 1)))


@given(germans(), st.sampled_from(FORMS))
def test_nobody_else_is_called_however_the_country_s_prefix_was_put_before_it(
    national: str, form: str
) -> None:
    """What could be a number in an area 049.. as well is not called, rather than a stranger."""
    right = phonenumbers.parse(f"+49{national}")
    assume(phonenumbers.is_valid_number(right))
    found = dialled(form.format(f"49{national}"), GERMANY)
    doubled = form in ("+49{}", "0049{}", "0{}")
    if doubled and len(national) + 2 <= 11:
        assert found.number in ("", f"+4949{national}")
    else:
        assert found.number == f"+49{national}"
    assert dialled(f"0{national}", GERMANY).number in (f"+49{national}", "")
    assert found.number in ("", normal(form.format(f"49{national}"))), "one token for one telephone"


@pytest.mark.parametrize("given_as", ["0491 12345", "04921 123456", "0492112345", "+49 4921 1234567"])
def test_by_the_sea_area_codes_begin_with_49_and_are_no_prefix(given_as: str) -> None:
    assert dialled(given_as, GERMANY).number.startswith("+49491" if "0491" in given_as else "+494921")


def test_who_could_be_two_people_is_not_called() -> None:
    assert dialled("0 49 201 234567", GERMANY) == ("", NOT_A_NUMBER)
    assert dialled("+49 201 234567", GERMANY).number == "+49201234567"


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
