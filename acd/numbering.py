"""Telephone numbers as people and telephone systems write them, read as in Germany, where ours stand.

Source: ITU-T E.164, E.123; the national numbering plan: 11 digits at most after the leading 0.
"""

import re
import unicodedata
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumber

REGION: Final = "DE"
LONGEST: Final = 40
"""What is longer is no number."""
_COUNTRY = "49"
_NATIONAL_MOST = 11
"""So many digits a German number has after its leading 0 (older ones and extensions may have more)."""
_SHORT_MOST = 6
_LEFT_OUT = re.compile(r"[\s()/.\-\u2010-\u2015]+")
_TRUNK_ZERO = "(0)"
_PREFIXES_ONLY = re.compile(r"\+?(0|00)?(49)?0*")


def read(given: str) -> PhoneNumber | None:
    """The number that is meant, valid or not; None where it is none, or could be two people's.

    A prefix may stand twice (+49 0049, 0049 +49, 49 49), a 0 before it, one without a plus. Digits of any
    script, with the marks of writing direction that are copied with them.
    """
    national = _national(_plain(given)) if len(given) <= LONGEST else ""
    try:
        return phonenumbers.parse(national, REGION) if national else None
    except phonenumbers.NumberParseException:
        return None


def _plain(given: str) -> str:
    text = unicodedata.normalize("NFKC", given).replace(_TRUNK_ZERO, "")
    kept = (each for each in text if unicodedata.category(each) != "Cf")
    return _LEFT_OUT.sub("", "".join(str(unicodedata.decimal(each, each)) for each in kept))


def _national(plain: str) -> str:
    """As +49 and what follows, as +CC of elsewhere, or as it is dialled within the country; "" for none."""
    before, _, behind = plain.rpartition("+")
    if not re.fullmatch(r"[0-9]{2,25}", behind) or not _PREFIXES_ONLY.fullmatch(before):
        return ""
    if "+" in plain:
        return _abroad(behind)
    if behind.startswith("00"):
        return _abroad(behind.lstrip("0"))
    if behind.startswith(_COUNTRY) and len(behind) > _SHORT_MOST:
        return _abroad(behind)
    if not behind.startswith("0"):
        # without a leading 0 it could be anybody's in any town
        return behind if len(behind) <= _SHORT_MOST else ""
    within = behind[1:]
    if not within.startswith(_COUNTRY) or len(within) < _NATIONAL_MOST:
        return behind
    # somebody's in an area 049.., or ours with a 0 before: where both can be, a stranger would be called
    return "" if len(within) == _NATIONAL_MOST else _abroad(within)


def _abroad(digits: str) -> str:
    """digits: behind a + or what stands for it."""
    if not digits.startswith(_COUNTRY):
        return f"+{digits}"
    rest = digits.removeprefix(_COUNTRY)
    rest = rest.removeprefix("00" + _COUNTRY).removeprefix("0")
    if rest.startswith(_COUNTRY) and len(rest) > _NATIONAL_MOST:
        rest = rest.removeprefix(_COUNTRY).removeprefix("0")
    return f"+{_COUNTRY}{rest}"
