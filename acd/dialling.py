"""Whom we may call: a number as somebody gave it becomes one to dial, or a reason why it is not called."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberType

from acd.numbering import REGION, read

WITHHELD: Final = "withheld"
"""None was given."""
NOT_A_NUMBER: Final = "not_a_number"
NOT_CALLED: Final = "not_called"
"""A number that nobody is called at: premium rate, shared cost, a service, the emergency services."""
ELSEWHERE: Final = "elsewhere"
"""Outside what the centre allows to be dialled, mostly abroad."""
REASONS: Final = (WITHHELD, NOT_A_NUMBER, NOT_CALLED, ELSEWHERE)

NOBODY: Final = frozenset({"", "anonymous", "unknown", "unavailable", "withheld", "<unknown>", "restricted"})
PERSONAL: Final = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.PERSONAL_NUMBER,
    }
)
"""Kinds of numbers at which people are called. Everything else may cost whoever calls it."""
HELP: Final = ("110", "112", "115", "19222")
"""Subscriber numbers that belong to nobody else."""


class Dialled(NamedTuple):
    """number: E.164, or "" where why (one of REASONS) says why not."""

    number: str
    why: str = ""


def dialled(given: str, prefixes: Sequence[str], ours: Iterable[str] = ()) -> Dialled:
    """What is dialled for a number as given. prefixes: of E.164 numbers that may be. ours: numbers of our
    own, at which nobody is called."""
    text = given.strip()
    if text.lower() in NOBODY:
        return Dialled("", WITHHELD)
    found = read(text)
    if found is None:
        return Dialled("", NOT_A_NUMBER)
    if phonenumbers.number_type(found) not in PERSONAL:
        known = phonenumbers.is_valid_number(found) or _short(text)
        return Dialled("", NOT_CALLED if known else NOT_A_NUMBER)
    number = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    if _is_help(found) or number in {written_as for each in ours if (written_as := _whole(each))}:
        return Dialled("", NOT_CALLED)
    if not any(number.startswith(each) for each in prefixes):
        return Dialled("", ELSEWHERE)
    return Dialled(number)


def written(number: str) -> str:
    """A number of ours as people read it; as it is where it is none."""
    try:
        parsed = phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException:
        return number
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def _whole(number: str) -> str:
    """A number of our own as E.164, "" where it is only the end of one."""
    found = read(number.strip())
    if found is None or not phonenumbers.is_valid_number(found):
        return ""
    return str(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164))


def _is_help(number: phonenumbers.PhoneNumber) -> bool:
    """Whether it rings at the emergency services, behind an area code too."""
    national = phonenumbers.national_significant_number(number)
    return national[phonenumbers.length_of_geographical_area_code(number) :] in HELP


def _short(text: str) -> bool:
    digits = re.sub(r"[^0-9]", "", text)
    return 0 < len(digits) <= 6
